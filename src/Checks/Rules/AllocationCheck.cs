// No hidden allocation after boot: nothing that can run once the machine runs takes memory from the object heap, which is never
// given back. What may run then: the doors of KernelEntry but the two of boot, what the entry assembly calls (machine_...), and
// whatever is made a delegate. Not entered: what fills a pool (IPooled<T>.Create), and what Allowed.txt says is over when boot
// is ("boot").
using System;
using System.Collections.Generic;
using System.Linq;
using Jiffy.Checks.Code;
using Mono.Cecil;

namespace Jiffy.Checks.Rules;

internal static class AllocationCheck
{
    public const string Rule = "allocation";
    private const string Boot = "boot";
    private const string Door = "Jiffy.Machine.KernelEntry";
    private const string Pooled = "Jiffy.Kernel.Structures.IPooled";

    private static readonly string[] BootDoors = ["BootPrimary", "CreateIdle"];

    public static CheckReport Run(CodeBase code, CallGraph graph, Allowances allowed)
    {
        var fills = code.Methods.Where(method => Implements(method, Pooled, "Create")).ToHashSet();
        var boot = code.Methods.Where(method => allowed.Allows(Boot, Names.Of(method), "*")).ToHashSet();
        var reached = new Reachability(graph, Roots(code, graph), method => !fills.Contains(method) && !boot.Contains(method));
        var findings = new List<string>();
        var cached = 0;
        foreach (var method in reached.Methods)
        {
            foreach (var site in AllocationSites.In(method, code))
            {
                if (site.IsCached)
                    cached++;
                else if (!allowed.Allows(Rule, Names.Of(method), site.What))
                    findings.Add(Describe(method, site, reached));
            }
        }
        findings.AddRange(allowed.Unused(Rule));
        findings.AddRange(allowed.Unused(Boot));
        var summary = $"{reached.Methods.Count()} methods can run after boot; {cached} static lambdas are made once each; {fills.Count} pools are filled";
        return new CheckReport(Rule, summary, findings);
    }

    private static IEnumerable<MethodDefinition> Roots(CodeBase code, CallGraph graph) =>
        code.Methods.Where(method => IsRunTimeDoor(method) || IsMachineEntry(method)).Concat(graph.Delegates.All.Select(site => site.Target)).Distinct();

    private static bool IsRunTimeDoor(MethodDefinition method) =>
        method.IsVirtual && !method.IsNewSlot && method.DeclaringType.BaseType?.FullName == Door && !BootDoors.Contains(method.Name);

    private static bool IsMachineEntry(MethodDefinition method) =>
        method.CustomAttributes.Any(item => item.AttributeType.Name == "RuntimeExportAttribute"
            && item.ConstructorArguments is [{ Value: string name }] && name.StartsWith("machine_"));

    private static bool Implements(MethodDefinition method, string type, string name) =>
        method.Overrides.Any(slot => slot.Name == name && Names.Of(slot.DeclaringType) == type);

    private static string Describe(MethodDefinition method, AllocationSite site, Reachability reached) =>
        $"{Names.Readable(method)} ({Names.Place(method, site.At)}): {site.What}\n  [{Names.Of(method)} | {site.What}]\n  "
        + string.Join("\n  ", reached.PathTo(method));
}
