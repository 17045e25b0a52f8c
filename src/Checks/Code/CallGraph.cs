// Who calls whom, over the IL: direct calls, every override of a virtual one, every target of a delegate's type.
// Type initialisers are no part of it: in the kernel they hold only what the compiler computes (the image check sees to that).
using System.Collections.Generic;
using System.Linq;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Jiffy.Checks.Code;

/// <summary>One call: where it stands, and what it may reach.</summary>
internal readonly record struct CallEdge(Instruction At, MethodDefinition Target);

internal sealed class CallGraph
{
    private readonly CodeBase _code;
    private readonly Dictionary<MethodDefinition, IReadOnlyList<CallEdge>> _edges = [];

    public CallGraph(CodeBase code)
    {
        _code = code;
        Delegates = new DelegateTargets(code);
    }

    public DelegateTargets Delegates { get; }

    public IReadOnlyList<CallEdge> From(MethodDefinition method)
    {
        if (!_edges.TryGetValue(method, out var edges))
            _edges[method] = edges = method.HasBody ? method.Body.Instructions.SelectMany(Edges).Distinct().ToArray() : [];
        return edges;
    }

    /// <summary>What one instruction may call.</summary>
    public IEnumerable<CallEdge> Edges(Instruction instruction)
    {
        if (instruction.Operand is not MethodReference called || !IsCall(instruction))
            return [];
        return Targets(instruction, called).Select(target => new CallEdge(instruction, target));
    }

    public static bool IsCall(Instruction instruction) =>
        instruction.OpCode.Code is Mono.Cecil.Cil.Code.Call or Mono.Cecil.Cil.Code.Callvirt or Mono.Cecil.Cil.Code.Newobj or Mono.Cecil.Cil.Code.Jmp;

    private IEnumerable<MethodDefinition> Targets(Instruction instruction, MethodReference called)
    {
        var direct = _code.Find(called);
        if (direct is not null)
            yield return direct;
        if (instruction.OpCode == OpCodes.Newobj)
            yield break;
        if (called.Name == "Invoke" && IsDelegate(called.DeclaringType))
        {
            foreach (var target in Delegates.Of(called.DeclaringType))
                yield return target;
        }
        var isConstrained = instruction.Previous?.OpCode == OpCodes.Constrained;
        if (instruction.OpCode != OpCodes.Callvirt && !isConstrained)
            yield break;
        var only = isConstrained ? (TypeReference)instruction.Previous!.Operand : null;
        foreach (var target in Among(_code.Overrides.Of(called), only))
            yield return target;
    }

    /// <summary>A constrained call on a type that is no parameter reaches that type's own method, if it has one.</summary>
    private static IEnumerable<MethodDefinition> Among(IReadOnlyList<MethodDefinition> overrides, TypeReference? type)
    {
        if (type is null or GenericParameter)
            return overrides;
        var own = overrides.Where(method => method.DeclaringType.FullName == type.GetElementType().FullName).ToArray();
        return own.Length > 0 ? own : overrides;
    }

    public static bool IsDelegate(TypeReference type) => CodeBase.TryResolve(type) is { BaseType.FullName: "System.MulticastDelegate" };
}
