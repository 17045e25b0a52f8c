// The rules that can be proved on the compiled kernel and the documents: src/Checks, run on the image's IL.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using Jiffy.Cli.Commands;
using Jiffy.Cli.Host;

namespace Jiffy.Cli.Testing;

internal sealed class ChecksSuite : TestSuite
{
    private static readonly string[] Checks = ["allocation", "exceptions", "safety", "contexts", "layers", "locks", "context-table", "task-states", "documents"];

    public override string Name => "checks";

    public override string Description => "the rules of the house, on the compiled kernel";

    public override IReadOnlyList<string> List(TestRequest request) => Checks.Select(FullName).Where(request.Wants).ToArray();

    public override IEnumerable<Prerequisite> Needs(TestRequest request) => List(request).Count > 0 ? Prerequisites.ForBuild : [];

    public override void Run(TestRequest request, Action<TestResult> report)
    {
        var wanted = Checks.Where(check => request.Wants(FullName(check))).ToArray();
        if (wanted.Length == 0)
            return;
        var watch = Stopwatch.StartNew();
        BuildCommand.BuildImage();
        var result = Checker.Run(wanted);
        var found = Parse(result.Output).ToDictionary(item => item.Name);
        foreach (var check in wanted)
            report(found.GetValueOrDefault(FullName(check)) ?? new TestResult(FullName(check), false, watch.Elapsed, result.Output));
    }

    /// <summary>`ok NAME: ...` or `FAIL NAME: ...`, then indented lines.</summary>
    private static IEnumerable<TestResult> Parse(string output)
    {
        foreach (var block in output.Split('\n').Aggregate(new List<List<string>>(), Group))
        {
            var words = block[0].Split((char[])[' ', ':'], StringSplitOptions.RemoveEmptyEntries);
            if (words is ["ok" or "FAIL", var name, ..])
                yield return new TestResult(FullName(name), words[0] == "ok", TimeSpan.Zero, string.Join('\n', block));
        }
    }

    private static List<List<string>> Group(List<List<string>> blocks, string line)
    {
        if (line.StartsWith(' ') && blocks.Count > 0)
            blocks[^1].Add(line);
        else
            blocks.Add([line]);
        return blocks;
    }

    private static string FullName(string check) => $"checks/{check}";
}
