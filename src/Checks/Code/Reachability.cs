// What can run when one of some methods runs, with the shortest way to each as proof.
using System;
using System.Collections.Generic;
using System.Linq;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Jiffy.Checks.Code;

internal sealed class Reachability
{
    private readonly Dictionary<MethodDefinition, (MethodDefinition? From, Instruction? At)> _reached = [];

    /// <param name="enters">Asked before a method is entered, roots too: false cuts there.</param>
    public Reachability(CallGraph graph, IEnumerable<MethodDefinition> roots, Func<MethodDefinition, bool> enters)
    {
        var queue = new Queue<MethodDefinition>();
        foreach (var root in roots.Where(enters))
        {
            if (_reached.TryAdd(root, default))
                queue.Enqueue(root);
        }
        while (queue.TryDequeue(out var method))
        {
            foreach (var edge in graph.From(method))
            {
                if (enters(edge.Target) && _reached.TryAdd(edge.Target, (method, edge.At)))
                    queue.Enqueue(edge.Target);
            }
        }
    }

    public IEnumerable<MethodDefinition> Methods => _reached.Keys;

    public bool Contains(MethodDefinition method) => _reached.ContainsKey(method);

    /// <summary>The way from a root, one line per call.</summary>
    public IReadOnlyList<string> PathTo(MethodDefinition method)
    {
        var lines = new List<string>();
        for (MethodDefinition? step = method; step is not null; step = _reached[step].From)
        {
            var (from, at) = _reached[step];
            var place = from is null ? Names.Place(step) : Names.Place(from, at);
            lines.Add(from is null ? $"from {Names.Readable(step)} ({place})" : $"  -> {Names.Readable(step)} ({place})");
        }
        lines.Reverse();
        return lines;
    }
}
