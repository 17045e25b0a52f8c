// How findings name code: as the sources do, with file and line where the symbols tell them.
using System;
using System.Linq;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Jiffy.Checks.Code;

internal static class Names
{
    /// <summary>Type.Method, nested types with a dot; the name by which allowances speak of a method.</summary>
    public static string Of(MethodReference method) => $"{Of(method.DeclaringType)}.{method.Name}";

    public static string Of(TypeReference type)
    {
        var element = type.GetElementType();
        var name = element.IsNested ? $"{Of(element.DeclaringType)}.{element.Name}" : element.FullName;
        var tick = name.LastIndexOf('`');
        return tick < 0 ? name : name[..tick];
    }

    /// <summary>Type with its arguments, short.</summary>
    public static string Short(TypeReference type) => type switch
    {
        GenericInstanceType instance => $"{Simple(instance.Name)}<{string.Join(", ", instance.GenericArguments.Select(Short))}>",
        ArrayType array => $"{Short(array.ElementType)}[]",
        _ => Simple(type.Name),
    };

    /// <summary>The method a reader would recognise: for code the compiler moved (lambdas, local functions) the one it stands in.</summary>
    public static string Readable(MethodReference method)
    {
        var name = Of(method).Replace("Jiffy.Kernel.", "").Replace("Jiffy.", "");
        return name.Replace(".<>c", "").Replace("__DisplayClass", "closure");
    }

    /// <summary>A source file from the repository's root on, or the bare name, and a line; empty without symbols.</summary>
    public static string Place(MethodDefinition method, Instruction? at = null)
    {
        var point = PointOf(method, at);
        return point is null ? "" : $"{FileOf(point.Document)}:{point.StartLine}";
    }

    /// <summary>The source file of a method, from src/ on; null without symbols.</summary>
    public static string? FileOf(MethodDefinition method) => PointOf(method, null) is { } point ? FileOf(point.Document) : null;

    private static string FileOf(Document document)
    {
        var path = document.Url.Replace('\\', '/');
        var at = Math.Max(path.LastIndexOf("/src/", StringComparison.Ordinal), path.LastIndexOf("/tests/", StringComparison.Ordinal));
        return at < 0 ? path : path[(at + 1)..];
    }

    private static SequencePoint? PointOf(MethodDefinition method, Instruction? at)
    {
        if (!method.HasBody || !method.DebugInformation.HasSequencePoints)
            return null;
        var points = method.DebugInformation.SequencePoints.Where(point => !point.IsHidden);
        return points.LastOrDefault(point => at is null || point.Offset <= at.Offset) is { } last && at is not null ? last : points.FirstOrDefault();
    }

    private static string Simple(string name)
    {
        var tick = name.IndexOf('`');
        return tick < 0 ? name : name[..tick];
    }
}
