// Which room of the kernel uses which. A method stands in the room of its source file (a type is split by behaviour over rooms),
// anything else in that of its namespace. Types that all rooms share, and what is declared with them, are in no room.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Mono.Cecil;

namespace Jiffy.Checks.Code;

/// <param name="Example">One place where the use stands, and what is used there.</param>
/// <param name="Type">The outermost type there that is used.</param>
internal sealed record RoomUse(string From, string To, string Type, int Count, string Example);

internal sealed class Rooms
{
    private readonly CodeBase _code;
    private readonly string _namespace;
    private readonly string _folder;
    private readonly HashSet<string> _shared;
    private readonly HashSet<string> _inner;
    private readonly Dictionary<(string From, string To, string Type), (int Count, string Example)> _uses = [];

    /// <param name="root">The namespace whose parts are the rooms, and the folder below src/ (or tests/) that holds them.</param>
    /// <param name="shared">Simple names of types that belong to all.</param>
    /// <param name="rooms">All rooms; one inside another is written Outer.Inner.</param>
    public Rooms(CodeBase code, string root, string folder, IEnumerable<string> shared, IEnumerable<string> rooms)
    {
        _inner = [.. rooms.Where(room => room.Contains('.'))];
        _code = code;
        _namespace = root + ".";
        _folder = folder + "/";
        _shared = [.. shared];
        foreach (var type in code.Types)
            Look(type);
    }

    public IEnumerable<RoomUse> Uses => _uses.Select(item => new RoomUse(item.Key.From, item.Key.To, item.Key.Type, item.Value.Count, item.Value.Example));

    private void Look(TypeDefinition type)
    {
        if (RoomOf(type) is { } room)
        {
            Use(room, type.BaseType, type, null);
            foreach (var item in type.Interfaces)
                Use(room, item.InterfaceType, type, null);
            foreach (var field in type.Fields)
                Use(room, field.FieldType, type, null);
        }
        foreach (var method in type.Methods)
            Look(method);
    }

    private void Look(MethodDefinition method)
    {
        if (RoomOf(method) is not { } room)
            return;
        Use(room, method.ReturnType, method, null);
        foreach (var parameter in method.Parameters)
            Use(room, parameter.ParameterType, method, null);
        if (!method.HasBody)
            return;
        foreach (var instruction in method.Body.Instructions)
        {
            switch (instruction.Operand)
            {
                case MethodReference called:
                    UseMethod(room, called, method, instruction);
                    break;
                case FieldReference field:
                    Use(room, field.DeclaringType, method, instruction);
                    break;
                case TypeReference type:
                    Use(room, type, method, instruction);
                    break;
            }
        }
    }

    private void UseMethod(string room, MethodReference called, MethodDefinition user, Mono.Cecil.Cil.Instruction at)
    {
        if (_code.Find(called) is { } target)
            Add(room, RoomOf(target), target.DeclaringType, $"{Names.Place(user, at)} uses {Names.Readable(target)}");
        foreach (var argument in Arguments(called.DeclaringType).Concat(called is GenericInstanceMethod generic ? generic.GenericArguments : []))
            Use(room, argument, user, at);
    }

    private void Use(string room, TypeReference? used, IMemberDefinition user, Mono.Cecil.Cil.Instruction? at)
    {
        if (used is null or GenericParameter)
            return;
        foreach (var argument in Arguments(used))
            Use(room, argument, user, at);
        var place = user is MethodDefinition method ? Names.Place(method, at) : user.FullName;
        if (CodeBase.TryResolve(used) is { } type)
            Add(room, RoomOf(type), type, $"{place} uses {Names.Of(type).Replace("Jiffy.Kernel.", "")}");
    }

    private void Add(string from, string? to, TypeDefinition type, string example)
    {
        if (to is null || to == from)
            return;
        var key = (from, to, Names.Short(Outermost(type)));
        var known = _uses.GetValueOrDefault(key, (0, example));
        _uses[key] = (known.Item1 + 1, known.Item2);
    }

    private static TypeReference[] Arguments(TypeReference type) => type is GenericInstanceType instance ? [.. instance.GenericArguments] : [];

    private string? RoomOf(MethodDefinition method)
    {
        var file = Names.FileOf(method);
        var at = file?.IndexOf(_folder, StringComparison.Ordinal) ?? -1;
        if (at < 0)
            return RoomOf(method.DeclaringType);
        var parts = file![(at + _folder.Length)..].Split('/');
        // What is declared in a shared type's own file is shared with it.
        return parts.Length < 2 || _shared.Contains(Path.GetFileNameWithoutExtension(parts[^1])) ? null : Innermost(parts[..^1]);
    }

    private string Innermost(string[] parts) => parts.Length > 1 && _inner.Contains($"{parts[0]}.{parts[1]}") ? $"{parts[0]}.{parts[1]}" : parts[0];

    private string? RoomOf(TypeDefinition type)
    {
        var outer = Outermost(type);
        if (!outer.Namespace.StartsWith(_namespace, StringComparison.Ordinal) || _shared.Contains(outer.Name))
            return null;
        return Innermost(outer.Namespace[_namespace.Length..].Split('.'));
    }

    private static TypeDefinition Outermost(TypeDefinition type) => type.DeclaringType is { } outer ? Outermost(outer) : type;
}
