// The instructions of a method that take memory from the object heap, and those that only look as if they did.
using System.Collections.Generic;
using System.Linq;
using Jiffy.Checks.Code;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Jiffy.Checks.Rules;

/// <param name="What">What is made, as an allowance names it: `new Foo`, `new Foo[]`, `box Foo`, `call Foo.Bar`.</param>
/// <param name="IsCached">A static lambda or method group that the compiler keeps in a static field: made once.</param>
internal sealed record AllocationSite(Instruction At, string What, bool IsCached);

internal static class AllocationSites
{
    private static readonly HashSet<string> BoxingMethods = ["System.Object", "System.ValueType", "System.Enum"];

    public static IEnumerable<AllocationSite> In(MethodDefinition method, CodeBase code)
    {
        if (!method.HasBody)
            yield break;
        foreach (var instruction in method.Body.Instructions)
        {
            var what = instruction.OpCode.Code switch
            {
                Mono.Cecil.Cil.Code.Newobj => NewObject((MethodReference)instruction.Operand),
                Mono.Cecil.Cil.Code.Newarr => $"new {Names.Short((TypeReference)instruction.Operand)}[]",
                Mono.Cecil.Cil.Code.Box => Box((TypeReference)instruction.Operand, instruction),
                Mono.Cecil.Cil.Code.Call or Mono.Cecil.Cil.Code.Callvirt => Call((MethodReference)instruction.Operand, instruction, code),
                _ => null,
            };
            if (what is not null)
                yield return new AllocationSite(instruction, what, IsCached(instruction));
        }
    }

    private static string? NewObject(MethodReference constructor)
    {
        var type = constructor.DeclaringType;
        if (type.IsValueType || CodeBase.TryResolve(type) is { IsValueType: true })
            return null;
        var name = Names.Short(type);
        if (type.Name.Contains("DisplayClass"))
            return $"new {name} (a lambda that captures)";
        if (type.Name.Contains(">d__"))
            return $"new {name} (an iterator or async method)";
        return $"new {name}";
    }

    /// <summary>Boxing to test for null is left out by the compiler; boxing of what is a class anyway is none.</summary>
    private static string? Box(TypeReference type, Instruction at)
    {
        var isNullTest = at.Next?.OpCode.FlowControl == FlowControl.Cond_Branch || at.Next?.OpCode == OpCodes.Ldnull;
        if (type is GenericParameter { HasReferenceTypeConstraint: true } || isNullTest)
            return null;
        if (type is not GenericParameter && CodeBase.TryResolve(type) is { IsValueType: false })
            return null;
        return $"box {Names.Short(type)}";
    }

    /// <summary>Calls that box their value, and library code outside the check that makes strings or arrays.</summary>
    private static string? Call(MethodReference called, Instruction at, CodeBase code)
    {
        if (at.Previous?.OpCode == OpCodes.Constrained && BoxingMethods.Contains(called.DeclaringType.FullName)
            && CodeBase.TryResolve((TypeReference)at.Previous.Operand) is { IsValueType: true } type
            && !type.Methods.Any(own => own.IsVirtual && own.Name == called.Name && own.Parameters.Count == called.Parameters.Count))
            return $"box {Names.Short(type)}";
        if (code.Find(called) is not null || called.Name.StartsWith("get_"))
            return null;
        var result = called.ReturnType;
        var makes = result is ArrayType || result.FullName is "System.String" or "System.Delegate" || called.DeclaringType.Namespace == "System.Linq";
        return makes && called.DeclaringType is not ArrayType ? $"call {Names.Short(called.DeclaringType)}.{called.Name}" : null;
    }

    // newobj; dup; stsfld <>9__n of class <>c, or a field of class <>O.
    private static bool IsCached(Instruction at) =>
        at.OpCode == OpCodes.Newobj
        && at.Next?.OpCode == OpCodes.Dup
        && at.Next.Next is { } store && store.OpCode == OpCodes.Stsfld
        && store.Operand is FieldReference field
        && (field.Name.StartsWith("<>9__") || field.DeclaringType.Name.StartsWith("<>O"));
}
