// docs/Contexts.md, generated: where each context begins, and for every public method of the rooms that manage tasks whether it may be called
// anywhere or only where the caller may sleep, as the calls in the compiled kernel have it. The rule itself is ContextCheck's.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Jiffy.Checks.Code;
using Mono.Cecil;

namespace Jiffy.Checks.Rules;

internal sealed class ContextDocument
{
    public const string Rule = "context-table";
    private const string Root = "Jiffy.Kernel.";
    private static readonly string[] Rooms = ["Sync", "Wait", "Sched", "Deferred", "Time", "Irq", "Tasks", "Memory", "Observe"];

    private readonly CodeBase _code;
    private readonly ContextFacts _facts;
    private readonly DelegateTargets _delegates;
    private readonly Reachability _hardirq, _softirq;

    private ContextDocument(CodeBase code, CallGraph graph)
    {
        _code = code;
        _facts = new ContextFacts(graph);
        _delegates = graph.Delegates;
        _hardirq = Reached(graph, "HardirqContextAttribute");
        _softirq = Reached(graph, "SoftirqContextAttribute");
    }

    public static CheckReport Run(CodeBase code, CallGraph graph, string root, bool writes)
    {
        var file = Path.Combine(root, "docs", "Contexts.md");
        var text = new ContextDocument(code, graph).Write(out var methods);
        if (writes)
            File.WriteAllText(file, text);
        var isSame = File.Exists(file) && File.ReadAllText(file) == text;
        return new CheckReport(Rule, $"{methods} public methods have their context in docs/Contexts.md",
            isSame ? [] : ["docs/Contexts.md is not what the code says: run `jiffy docs`"]);
    }

    private Reachability Reached(CallGraph graph, string attribute) =>
        new(graph, _code.Methods.Where(method => ContextFacts.Has(method, attribute)), method => !_facts.Ends(method));

    private string Write(out int methods)
    {
        var text = new StringBuilder(Head);
        foreach (var (context, attribute) in new[] { ("hardirq", "HardirqContextAttribute"), ("softirq", "SoftirqContextAttribute") })
        {
            foreach (var method in _code.Methods.Where(method => ContextFacts.Has(method, attribute)).OrderBy(Names.Readable, StringComparer.Ordinal))
                text.Append($"| {context} | `{Names.Readable(method)}` | {Names.FileOf(method)} |\n");
        }
        WriteHandlers(text);
        text.Append(Middle);
        methods = 0;
        foreach (var room in Rooms)
            methods += WriteRoom(text, room);
        return text.ToString();
    }

    // Those that are given away as arguments, by the method that does.
    private void WriteHandlers(StringBuilder text)
    {
        var given = _code.Methods.Where(method => method.HasBody)
            .SelectMany(method => HandlerArguments.In(method, _delegates).Select(item => $"| {item.Context} | what `{Names.Readable(method)}` gives | {Names.FileOf(method)} |\n"));
        foreach (var line in given.Distinct().Order(StringComparer.Ordinal))
            text.Append(line);
    }

    private int WriteRoom(StringBuilder text, string room)
    {
        var count = 0;
        text.Append($"\n### {room}\n\n| Type | Anywhere | Only where the caller may sleep |\n|---|---|---|\n");
        foreach (var type in _code.Types.Where(type => IsIn(type, room)).OrderBy(Names.Of, StringComparer.Ordinal))
        {
            var methods = type.Methods.Where(IsOffered).ToArray();
            var sleepers = methods.Where(MaySleep).Select(Name).Distinct().Order(StringComparer.Ordinal).ToArray();
            // Overloads may differ: a name that stands under "may sleep" is not promised anywhere.
            var others = methods.Where(method => !MaySleep(method)).Select(Mark).Distinct().Where(name => !sleepers.Contains(name.TrimEnd('¹', '²')))
                .Order(StringComparer.Ordinal).ToArray();
            if (sleepers.Length + others.Length == 0)
                continue;
            count += methods.Length;
            text.Append($"| `{Names.Of(type).Replace($"{Root}{room}.", "")}` | {string.Join(", ", others)} | {string.Join(", ", sleepers)} |\n");
        }
        return count;
    }

    private static bool IsIn(TypeDefinition type, string room) =>
        type.IsPublic && (type.Namespace == Root + room || type.Namespace.StartsWith($"{Root}{room}.", StringComparison.Ordinal)) && !type.IsEnum;

    private static bool IsOffered(MethodDefinition method) =>
        method is { IsPublic: true, HasBody: true, IsConstructor: false, IsGetter: false, IsSetter: false } && !method.Name.Contains('.') && !method.Name.StartsWith("op_", StringComparison.Ordinal)
        && method.Name is not ("Init" or "Equals" or "GetHashCode" or "ToString");

    private bool MaySleep(MethodDefinition method) => _facts.MaySleep(method);

    private static string Name(MethodDefinition method) => method.Name;

    private string Mark(MethodDefinition method) =>
        method.Name + (_hardirq.Contains(method) ? "¹" : _softirq.Contains(method) ? "²" : "");

    private const string Head =
        """
        # Contexts

        Generated by `jiffy docs` from the compiled kernel; `jiffy test checks` fails when it is out of date. One counter in each task
        (`src/Kernel/Sched/Preemption.cs`) tells which context runs:

        | Context | Begins | Interrupts | May sleep | May be preempted | Locks |
        |---|---|---|---|---|---|
        | process | a system call, an exception, a kernel thread | on | yes, while it holds no spin lock | yes, while the count is zero | all, in the order of Locks.md |
        | softirq | at the end of the outermost interrupt, when softirqs are turned on again, in ksoftirqd | on | no | by interrupts only | spin locks of policy SoftirqsOff or IrqsOff, or used in softirqs alone |
        | hardirq | an interrupt | off | no | no | spin locks of policy IrqsOff, or used in top halves alone |

        What must not sleep is proved: no way leads from a top half, a softirq handler or a held spin lock to a method that may sleep
        (`src/Checks/Rules/ContextCheck.cs`).

        ## Where contexts begin

        | Context | Method | File |
        |---|---|---|

        """;

    private const string Middle =
        """

        ## What may be called where

        Public methods, by room. One in the last column reaches a point that may give the CPU away. ¹ A way leads to it from a top half, ² from
        a softirq handler (by the calls as written; a delegate counts as every method of its type). "Anywhere" says nothing about a
        method's other conditions: interrupts off, a lock held; its comment does.

        """;
}
