// Who may use whom: the references in the compiled kernel, and the `using` lines of its sources, against docs/Layers.md.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Jiffy.Checks.Code;

namespace Jiffy.Checks.Rules;

internal static class LayerCheck
{
    public const string Rule = "layers";
    private const string Using = "using Jiffy.Kernel.";

    public static CheckReport Run(CodeBase code, string root)
    {
        var table = LayerTable.Read(Path.Combine(root, "docs", "Layers.md"));
        var uses = new Rooms(code, "Jiffy.Kernel", "src/Kernel", table.Shared, table.Rooms).Uses.ToArray();
        var findings = Judge(table, uses);
        findings.AddRange(Usings(table, Path.Combine(root, "src", "Kernel")));
        return new CheckReport(Rule, $"{uses.Select(use => (use.From, use.To)).Distinct().Count()} pairs of rooms, {table.Upward} types used upward", findings);
    }

    public static List<string> Judge(LayerTable table, IEnumerable<RoomUse> uses)
    {
        var findings = new List<string>(table.Faults);
        var all = uses.ToArray();
        findings.AddRange(all.Select(use => use.From).Distinct().Where(room => !table.Knows(room)).Select(room => $"room {room} is not in docs/Layers.md"));
        findings.AddRange(all
            .Where(use => table.Knows(use.From) && !table.Allows(use.From, use.To, use.Type))
            .Select(use => $"{use.From} may not use {use.To}.{use.Type}\n  {use.Example} ({use.Count} in all)"));
        findings.AddRange(table.UnusedUpward().Select(use => $"docs/Layers.md: no longer so: {use}"));
        return findings;
    }

    private static IEnumerable<string> Usings(LayerTable table, string kernel)
    {
        foreach (var file in Directory.EnumerateFiles(kernel, "*.cs", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var path = Path.GetRelativePath(kernel, file);
            var room = table.RoomOf(path.Split('/')[..^1]);
            foreach (var line in File.ReadLines(file).Where(line => line.StartsWith(Using)))
            {
                var other = table.RoomOf(line[Using.Length..].TrimEnd(';').Split('.'));
                // The shared types live in Tasks.
                if (other != "Tasks" && !table.AllowsAny(room, other))
                    yield return $"{path}: {room} may not use {other}";
            }
        }
    }
}
