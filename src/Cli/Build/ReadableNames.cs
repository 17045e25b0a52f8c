// Turns the compiler's symbol names back into names as they stand in the sources.
// The compiler joins assembly, namespace, type and method with underscores and replaces everything that is no letter or digit
// by one, so a symbol alone is ambiguous: the types and methods of the compiled assemblies decide.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;
using System.Text.RegularExpressions;

namespace Jiffy.Cli.Build;

internal sealed partial class ReadableNames
{
    private static readonly Dictionary<string, string> Keywords = new()
    {
        ["Boolean"] = "bool",
        ["Char"] = "char",
        ["Int8"] = "sbyte",
        ["UInt8"] = "byte",
        ["Int16"] = "short",
        ["UInt16"] = "ushort",
        ["Int32"] = "int",
        ["UInt32"] = "uint",
        ["Int64"] = "long",
        ["UInt64"] = "ulong",
        ["IntPtr"] = "nint",
        ["UIntPtr"] = "nuint",
        ["Object"] = "object",
        ["String"] = "string",
        ["System___Canon"] = "class",
    };

    private readonly Dictionary<string, TypeNames> _types = [];

    public ReadableNames(IEnumerable<string> assemblies)
    {
        foreach (var assembly in assemblies)
            Add(assembly);
    }

    private sealed record TypeNames(string Name, Dictionary<string, string> Methods);

    /// <summary>Such as Jiffy.Kernel.Sched.Scheduler.Schedule; the symbol itself where it is not a method's.</summary>
    public string Of(string symbol)
    {
        var name = symbol.StartsWith("unbox_", StringComparison.Ordinal) ? symbol["unbox_".Length..] : symbol;
        for (var end = name.LastIndexOf("__", StringComparison.Ordinal); end > 0; end = name.LastIndexOf("__", end, StringComparison.Ordinal))
        {
            var typeEnd = name[end - 1] == '>' ? OpeningOf(name, end - 1) : end;
            if (typeEnd <= 0 || !_types.TryGetValue(name[..typeEnd], out var type))
                continue;
            if (MethodName(type, name[(end + 2)..]) is { } method)
                return type.Name + Arguments(name[typeEnd..end]) + "." + method;
        }
        return symbol;
    }

    private string? MethodName(TypeNames type, string mangled)
    {
        var bracket = mangled.IndexOf('<');
        var plain = bracket < 0 ? mangled : mangled[..bracket];
        var arguments = bracket < 0 ? "" : Arguments(mangled[bracket..]);
        if (type.Methods.TryGetValue(plain, out var name) || type.Methods.TryGetValue(OverloadSuffix().Replace(plain, ""), out name))
            return name + arguments;
        return null;
    }

    // <A__B> becomes <A,B> with the types' simple names; what is not understood stays.
    private string Arguments(string mangled)
    {
        if (mangled.Length < 2)
            return "";
        var result = new StringBuilder("<");
        var rest = mangled[1..^1];
        while (rest.Length > 0)
        {
            var end = ArgumentEnd(rest);
            if (result.Length > 1)
                result.Append(',');
            result.Append(Argument(rest[..end]));
            rest = end + 2 <= rest.Length ? rest[(end + 2)..] : "";
        }
        return result.Append('>').ToString();
    }

    private string Argument(string mangled)
    {
        if (Keywords.TryGetValue(mangled, out var keyword))
            return keyword;
        var bracket = mangled.IndexOf('<');
        var plain = bracket < 0 ? mangled : mangled[..bracket];
        var arguments = bracket < 0 ? "" : Arguments(mangled[bracket..]);
        if (!_types.TryGetValue(plain, out var type))
            return mangled;
        return type.Name[(type.Name.LastIndexOf('.') + 1)..] + arguments;
    }

    // The first place where a known type ends and another argument may start.
    private int ArgumentEnd(string text)
    {
        var depth = 0;
        for (var i = 0; i < text.Length; i++)
        {
            depth += text[i] switch { '<' => 1, '>' => -1, _ => 0 };
            var atBorder = depth == 0 && string.CompareOrdinal(text, i, "__", 0, 2) == 0;
            if (atBorder && IsType(text[..i]))
                return i;
        }
        return text.Length;
    }

    private bool IsType(string mangled)
    {
        var bracket = mangled.IndexOf('<');
        return Keywords.ContainsKey(mangled) || _types.ContainsKey(bracket < 0 ? mangled : mangled[..bracket]);
    }

    private static int OpeningOf(string text, int closing)
    {
        var depth = 0;
        for (var i = closing; i >= 0; i--)
        {
            depth += text[i] switch { '>' => 1, '<' => -1, _ => 0 };
            if (depth == 0)
                return i;
        }
        return -1;
    }

    private void Add(string assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly));
        var metadata = file.GetMetadataReader();
        var prefix = Mangle(metadata.GetString(metadata.GetAssemblyDefinition().Name));
        foreach (var handle in metadata.TypeDefinitions)
        {
            var type = metadata.GetTypeDefinition(handle);
            var fullName = FullName(metadata, type);
            var names = new TypeNames(Readable(fullName), MethodsOf(metadata, type));
            _types[prefix + "_" + Mangle(fullName)] = names;
            // Types that every program knows have no prefix.
            if (fullName.StartsWith("System.", StringComparison.Ordinal) && fullName.LastIndexOf('.') == 6)
                _types.TryAdd(fullName[7..], names);
        }
    }

    private static Dictionary<string, string> MethodsOf(MetadataReader metadata, TypeDefinition type)
    {
        var methods = new Dictionary<string, string>();
        foreach (var handle in type.GetMethods())
        {
            var name = metadata.GetString(metadata.GetMethodDefinition(handle).Name);
            methods.TryAdd(Mangle(name), Readable(name));
        }
        return methods;
    }

    private static string FullName(MetadataReader metadata, TypeDefinition type)
    {
        var name = metadata.GetString(type.Name);
        var outer = type.GetDeclaringType();
        if (!outer.IsNil)
            return FullName(metadata, metadata.GetTypeDefinition(outer)) + "." + name;
        var space = metadata.GetString(type.Namespace);
        return space.Length == 0 ? name : space + "." + name;
    }

    private static string Mangle(string name) =>
        string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));

    // Names that the C# compiler made up: lambdas, local functions, closures; and the arity of generic types.
    private static string Readable(string name)
    {
        name = Arity().Replace(name, "");
        name = Closure().Replace(name, "");
        name = LocalFunction().Replace(name, "$1.$2");
        return Lambda().Replace(name, "$1.lambda$2");
    }

    [GeneratedRegex(@"_\d+$")]
    private static partial Regex OverloadSuffix();

    [GeneratedRegex(@"`\d+")]
    private static partial Regex Arity();

    [GeneratedRegex(@"\.<>c(__DisplayClass[0-9_]+)?$")]
    private static partial Regex Closure();

    [GeneratedRegex(@"^<(.*)>g__(\w+)\|[0-9_]+$")]
    private static partial Regex LocalFunction();

    [GeneratedRegex(@"^<(.*)>b__([0-9_]+)$")]
    private static partial Regex Lambda();
}
