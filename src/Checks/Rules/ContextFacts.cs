// What a method says of itself about contexts: that it may sleep, that a check need not go beyond it.
using System.Collections.Generic;
using System.Linq;
using Jiffy.Checks.Code;
using Mono.Cecil;

namespace Jiffy.Checks.Rules;

internal sealed class ContextFacts(CallGraph graph)
{
    private const string Assertion = "Jiffy.Kernel.Irq.Context.MightSleep";

    private readonly Dictionary<MethodDefinition, bool> _sleeps = [];
    private readonly Dictionary<MethodDefinition, bool> _ends = [];

    /// <summary>It asserts that it may sleep, or is marked so.</summary>
    public bool Sleeps(MethodDefinition method)
    {
        if (!_sleeps.TryGetValue(method, out var sleeps))
            _sleeps[method] = sleeps = Has(method, "MaySleepAttribute") || graph.From(method).Any(edge => Names.Of(edge.Target) == Assertion);
        return sleeps;
    }

    /// <summary>What it calls is its own affair: it asks for its context, or does not return.</summary>
    public bool Ends(MethodDefinition method)
    {
        if (!_ends.TryGetValue(method, out var ends))
            _ends[method] = ends = Has(method, "AsksContextAttribute") || Has(method, "DoesNotReturnAttribute");
        return ends;
    }

    /// <summary>It, or what it calls, sleeps.</summary>
    public bool MaySleep(MethodDefinition method) =>
        !Ends(method) && new Reachability(graph, [method], target => !Ends(target)).Methods.Any(Sleeps);

    public static bool Has(MethodDefinition method, string attribute) => method.CustomAttributes.Any(item => item.AttributeType.Name == attribute);
}
