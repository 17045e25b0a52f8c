// The kernel is safe C#: no pointers, no native code, nothing of Unsafe, and of MemoryMarshal only what keeps types and bounds.
// Code of the compiler's own (inline arrays) is not looked at.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Jiffy.Checks.Code;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Jiffy.Checks.Rules;

internal static class SafetyCheck
{
    public const string Rule = "safety";

    // Safe when their type arguments hold no reference; all check bounds.
    private static readonly HashSet<string> SafeMarshalling = ["AsBytes", "Cast", "Read", "TryRead", "Write", "TryWrite", "AsRef"];

    private static readonly HashSet<string> Forbidden =
    [
        "System.Runtime.CompilerServices.Unsafe", "System.Runtime.InteropServices.Marshal", "System.Runtime.InteropServices.NativeMemory",
        "System.Runtime.InteropServices.CollectionsMarshal", "Internal.Runtime",
    ];

    /// <param name="projects">Project files that must disallow unsafe code.</param>
    public static CheckReport Run(CodeBase code, Allowances allowed, params IEnumerable<string> projects)
    {
        var findings = projects.Where(project => !File.ReadAllText(project).Contains("<AllowUnsafeBlocks>false</AllowUnsafeBlocks>"))
            .Select(project => $"{Path.GetFileName(project)} does not disallow unsafe code").ToList();
        var methods = code.Methods.Where(method => !method.DeclaringType.Name.StartsWith("<PrivateImplementationDetails>")).ToArray();
        foreach (var method in methods)
        {
            foreach (var (at, what) in Breaches(method))
            {
                if (!allowed.Allows(Rule, Names.Of(method), what))
                    findings.Add($"{Names.Readable(method)} ({Names.Place(method, at)}): {what}\n  [{Names.Of(method)} | {what}]");
            }
        }
        foreach (var field in code.Types.SelectMany(type => type.Fields).Where(field => IsPointer(field.FieldType)))
            findings.Add($"{Names.Of(field.DeclaringType)}.{field.Name}: a pointer");
        findings.AddRange(allowed.Unused(Rule));
        return new CheckReport(Rule, $"{methods.Length} methods, none steps outside type safety", findings);
    }

    private static IEnumerable<(Instruction? At, string What)> Breaches(MethodDefinition method)
    {
        if (method.IsPInvokeImpl || method.IsInternalCall)
            yield return (null, "native code");
        if (IsPointer(method.ReturnType) || method.Parameters.Any(parameter => IsPointer(parameter.ParameterType)))
            yield return (null, "a pointer in its signature");
        if (!method.HasBody)
            yield break;
        foreach (var instruction in method.Body.Instructions)
        {
            if (instruction.OpCode.Code == Mono.Cecil.Cil.Code.Calli)
                yield return (instruction, "a call through a pointer");
            if (instruction.Operand is MethodReference called && Breach(called) is { } what)
                yield return (instruction, what);
        }
    }

    private static string? Breach(MethodReference called)
    {
        var type = called.DeclaringType.FullName;
        if (Forbidden.Contains(type) || Forbidden.Contains(called.DeclaringType.Namespace))
            return $"{called.DeclaringType.Name}.{called.Name}";
        if (type != "System.Runtime.InteropServices.MemoryMarshal")
            return null;
        var isSafe = SafeMarshalling.Contains(called.Name) && called is GenericInstanceMethod generic && generic.GenericArguments.All(HoldsNoReference);
        return isSafe ? null : $"MemoryMarshal.{called.Name}";
    }

    private static bool HoldsNoReference(TypeReference type)
    {
        if (type is GenericParameter parameter)
            return parameter.HasNotNullableValueTypeConstraint && parameter.Constraints.Any(item => item.ConstraintType.FullName.Contains("UnmanagedType"))
                || parameter.CustomAttributes.Any(item => item.AttributeType.Name == "IsUnmanagedAttribute");
        if (type.IsPrimitive)
            return true;
        return CodeBase.TryResolve(type) is { IsValueType: true } value && value.Fields.Where(field => !field.IsStatic).All(field => HoldsNoReference(field.FieldType));
    }

    private static bool IsPointer(TypeReference type) => type switch
    {
        PointerType or FunctionPointerType => true,
        TypeSpecification wrapped => IsPointer(wrapped.ElementType),
        _ => false,
    };
}
