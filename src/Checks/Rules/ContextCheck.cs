// Nothing sleeps where it must not: no way leads from a top half, a softirq handler or a held spin lock to what may sleep. A lock is held
// inside `using (spinLock.Acquire())`; and, where it is taken without a guard, from the taking to the next giving back as they are written,
// or from a method's beginning where the giving back comes first. Handlers are known by the mark on the parameter they are given to, too.
// Not followed: what asks for its context by itself ([AsksContext]), and what does not return (a panic is past all rules).
using System.Collections.Generic;
using System.Linq;
using Jiffy.Checks.Code;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Jiffy.Checks.Rules;

internal sealed class ContextCheck
{
    public const string Rule = "contexts";
    private const string Lock = "Jiffy.Kernel.Sync.SpinLock", Guard = $"{Lock}.Guard";

    private readonly CallGraph _graph;
    private readonly ContextFacts _facts;

    private ContextCheck(CallGraph graph)
    {
        _graph = graph;
        _facts = new ContextFacts(graph);
    }

    /// <summary>Code that must not sleep: the methods it calls, and how to name it.</summary>
    private sealed record Region(string What, MethodDefinition Method, IReadOnlyList<MethodDefinition> Calls);

    public static CheckReport Run(CodeBase code, CallGraph graph, Allowances allowed)
    {
        var check = new ContextCheck(graph);
        var regions = code.Methods.Where(method => method.HasBody).SelectMany(check.Regions).ToArray();
        var findings = new HashSet<string>();
        foreach (var region in regions)
        {
            var reached = new Reachability(graph, region.Calls, method => !check._facts.Ends(method));
            foreach (var leaf in reached.Methods.Where(check._facts.Sleeps))
            {
                if (!allowed.Allows(Rule, Names.Of(region.Method), Names.Of(leaf)))
                    findings.Add(Describe(region, leaf, reached));
            }
        }
        var all = findings.Concat(allowed.Unused(Rule)).ToArray();
        return new CheckReport(Rule, $"{regions.Length} regions that must not sleep, {code.Methods.Count(check._facts.Sleeps)} methods that may", all);
    }

    private IEnumerable<Region> Regions(MethodDefinition method)
    {
        foreach (var (context, handler) in HandlerArguments.In(method, _graph.Delegates))
            yield return new Region($"{context} handler given at {Names.Place(method)}", handler, [handler]);
        if (ContextFacts.Has(method, "HardirqContextAttribute"))
            yield return new Region("hardirq", method, [method]);
        if (ContextFacts.Has(method, "SoftirqContextAttribute"))
            yield return new Region("softirq", method, [method]);
        if (!Names.Of(method.DeclaringType).StartsWith(Lock) && UnguardedRegion(method) is { } unguarded)
            yield return unguarded;
        foreach (var handler in method.Body.ExceptionHandlers.Where(IsGuarded))
        {
            var inside = method.Body.Instructions.Where(at => at.Offset >= handler.TryStart.Offset && at.Offset < handler.TryEnd.Offset);
            var calls = inside.SelectMany(_graph.Edges).Select(edge => edge.Target).Distinct().ToArray();
            yield return new Region($"a spin lock is held from {Names.Place(method, handler.TryStart)} on", method, calls);
        }
    }

    /// <summary>The calls between taking and giving back a spin lock without a guard; null when the method does neither.</summary>
    private Region? UnguardedRegion(MethodDefinition method)
    {
        var steps = method.Body.Instructions.Select(at => (At: at, Change: LockChange(at))).ToArray();
        var first = steps.FirstOrDefault(step => step.Change != 0);
        if (first.Change == 0)
            return null;
        var isHeld = first.Change < 0;
        var inside = new List<Instruction>();
        foreach (var (at, change) in steps)
        {
            if (change != 0)
                isHeld = change > 0;
            else if (isHeld)
                inside.Add(at);
        }

        var calls = inside.SelectMany(_graph.Edges).Select(edge => edge.Target).Distinct().ToArray();
        return new Region($"a spin lock is held without a guard, see {Names.Place(method, first.At)},", method, calls);
    }

    /// <summary>1: the instruction takes a spin lock for more than a guard's life; -1: it gives one back.</summary>
    private static int LockChange(Instruction at) =>
        at.Operand is not MethodReference called || GuardName(called.DeclaringType) != Lock ? 0
        : called.Name == "Release" ? -1
        : called.Name is "AcquireUnguarded" or "AcquireNested" or "TryAcquire" or "TryAcquireNested" ? 1 : 0;

    /// <summary>The `finally` of a `using` that gives a spin lock back.</summary>
    private static bool IsGuarded(ExceptionHandler handler)
    {
        if (handler.HandlerType != ExceptionHandlerType.Finally)
            return false;
        for (var at = handler.HandlerStart; at is not null && at != handler.HandlerEnd; at = at.Next)
        {
            if (at.Operand is MethodReference { Name: "Dispose" } called && GuardName(called.DeclaringType) == Guard)
                return true;
        }
        return false;
    }

    // Names.Of cuts the outer type's parameters only at the end of a name.
    private static string GuardName(TypeReference type) => Names.Of(type).Replace("`2", "");

    private static string Describe(Region region, MethodDefinition leaf, Reachability reached) =>
        $"{Names.Readable(leaf)} may sleep, but {region.What} in {Names.Readable(region.Method)}\n  [{Names.Of(region.Method)} | {Names.Of(leaf)}]\n  "
        + string.Join("\n  ", reached.PathTo(leaf));
}
