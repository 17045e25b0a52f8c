// The sources are formatted as .editorconfig says: style in the projects of the solution, white space everywhere
// (the bare-metal projects are not in the solution, for they have no framework to analyse them against).
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using Jiffy.Cli.Host;

namespace Jiffy.Cli.Testing;

internal sealed class FormatSuite : TestSuite
{
    private static readonly (string Name, string[] Arguments)[] Checks =
    [
        ("format/style", ["format", "--verify-no-changes", "Jiffy.slnx"]),
        ("format/whitespace", ["format", "whitespace", "--folder", "--verify-no-changes", "--include", "src/", "tests/"]),
    ];

    public override string Name => "format";

    public override string Description => "the sources' form (dotnet format)";

    public override IReadOnlyList<string> List(TestRequest request) =>
        Checks.Select(check => check.Name).Where(request.Wants).ToArray();

    public override void Run(TestRequest request, Action<TestResult> report)
    {
        foreach (var (name, arguments) in Checks.Where(check => request.Wants(check.Name)))
        {
            var watch = Stopwatch.StartNew();
            var result = HostCommand.Run(DotNet.Program, arguments, Repository.Root, TimeSpan.FromMinutes(5));
            report(new TestResult(name, result.Succeeded, watch.Elapsed, result.Output));
        }
    }
}
