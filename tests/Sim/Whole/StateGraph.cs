// A kernel's whole state, from its static fields on: every field of every object of the kernel's that can be reached, by path. Objects of the
// machine are its own affair, constants and delegates without a target have no state. For telling one kernel from the next in a process.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Runtime.CompilerServices;
using Jiffy.Kernel.Boot;

namespace Jiffy.Tests.Sim.Whole;

internal sealed class StateGraph
{
    private const BindingFlags Statics = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly Assembly s_kernel = typeof(JiffyKernel).Assembly;
    private static readonly Dictionary<Type, FieldInfo[]> s_fields = new();

    private readonly Dictionary<object, string> _paths = new(ReferenceEqualityComparer.Instance);
    private readonly Queue<(object Found, string Path)> _left = new();
    private readonly Dictionary<string, string> _values = new();

    /// <summary>As it is now.</summary>
    public static StateGraph Take()
    {
        var graph = new StateGraph();
        foreach (var type in s_kernel.GetTypes().Where(HasState).OrderBy(static type => type.FullName, StringComparer.Ordinal))
            graph.AddStatics(type);
        while (graph._left.TryDequeue(out var next))
            graph.AddObject(next.Found, next.Path);
        return graph;
    }

    public int Count => _values.Count;

    /// <summary>Changes every number that is a static field of the kernel's, for a boot that must set it right. Returns what sets it back.</summary>
    public static Action Spoil(Func<Type, bool> except)
    {
        var kept = new List<(FieldInfo Field, object Value)>();
        foreach (var field in s_kernel.GetTypes().Where(type => HasState(type) && !except(type)).SelectMany(static type => type.GetFields(Statics)))
        {
            if (field.IsLiteral || field.IsInitOnly || !(field.FieldType.IsPrimitive || field.FieldType.IsEnum))
                continue;
            var value = field.GetValue(null)!;
            kept.Add((field, value));
            field.SetValue(null, Another(field.FieldType, value));
        }

        return () => kept.ForEach(static entry => entry.Field.SetValue(null, entry.Value));
    }

    private static object Another(Type type, object value)
    {
        if (value is bool flag)
            return !flag;
        if (type.IsEnum)
            return Enum.ToObject(type, Convert.ToInt64(value) ^ 1);
        return Convert.ChangeType(Convert.ToDecimal(value) == 77 ? 78 : 77, type);
    }

    /// <summary>What is not the same in the other, with both values.</summary>
    public IEnumerable<string> DifferencesFrom(StateGraph other)
    {
        foreach (var (path, value) in _values)
        {
            var there = other._values.GetValueOrDefault(path, "(nothing)");
            if (there != value)
                yield return $"{path}: {value}, then {there}";
        }

        foreach (var (path, value) in other._values)
        {
            if (!_values.ContainsKey(path))
                yield return $"{path}: (nothing), then {value}";
        }
    }

    private static bool HasState(Type type) => !type.ContainsGenericParameters && !type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false);

    private void AddStatics(Type type)
    {
        foreach (var field in type.GetFields(Statics))
        {
            if (!field.IsLiteral)
                Add($"{type.FullName}.{field.Name}", field.FieldType, field.GetValue(null));
        }
    }

    private void AddObject(object found, string path)
    {
        if (found is Array array)
            AddArray(array, path);
        else
            AddFields(found, path);
    }

    private void AddArray(Array array, string path)
    {
        var type = array.GetType().GetElementType()!;
        var index = 0;
        foreach (var element in array)
            Add($"{path}[{index++}]", type, element);
    }

    private void AddFields(object found, string path)
    {
        foreach (var field in FieldsOf(found.GetType()))
            Add($"{path}.{field.Name}", field.FieldType, field.GetValue(found));
    }

    private void Add(string path, Type type, object? value)
    {
        if (value is null)
            return;
        if (type.IsPointer || type.IsByRefLike)
            return;
        if (type.IsPrimitive || type.IsEnum || value is string)
            AddValue(path, value);
        else if (type.IsValueType)
            AddFields(value, path);
        else if (value is Array || value.GetType().Assembly == s_kernel)
            AddReference(path, value);
    }

    // Zero is as good as nothing.
    private void AddValue(string path, object value)
    {
        var text = Convert.ToString(value is Enum ? Convert.ToInt64(value) : value, System.Globalization.CultureInfo.InvariantCulture)!;
        if (text is not ("0" or "False" or "\0"))
            _values[path] = text;
    }

    private void AddReference(string path, object value)
    {
        if (_paths.TryGetValue(value, out var there))
        {
            _values[path] = $"the same as {there}";
            return;
        }

        _paths.Add(value, path);
        _left.Enqueue((value, path));
    }

    private static FieldInfo[] FieldsOf(Type type)
    {
        if (!s_fields.TryGetValue(type, out var fields))
            s_fields[type] = fields = Find(type).ToArray();
        return fields;
    }

    // Declared by the kernel's types, or by those that are values in them.
    private static IEnumerable<FieldInfo> Find(Type type)
    {
        for (var at = type; at is not null && at != typeof(object) && (at.Assembly == s_kernel || at.IsValueType); at = at.BaseType)
        {
            foreach (var field in at.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
                yield return field;
        }
    }
}
