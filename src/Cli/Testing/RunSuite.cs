// `jiffy run` from the outside: scripts of the host in tests/Run that call it and check output and exit status.
// They have the header of guest tests (tests/Guest/README.md). $JIFFY is the command, $RUN the command with `run` and the
// options of this test run; the working directory is empty and goes away. Their error stream is shown but not compared.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using Jiffy.Cli.Commands;
using Jiffy.Cli.Host;
using Jiffy.Cli.Testing.Guest;

namespace Jiffy.Cli.Testing;

internal sealed class RunSuite : TestSuite
{
    private static readonly string Cases = Repository.In("tests", "Run");

    public override string Name => "run";

    public override string Description => "the command `jiffy run` on the host";

    public override bool Exists => Directory.Exists(Cases);

    public override IReadOnlyList<string> List(TestRequest request) => Select(request).Select(FullName).ToArray();

    public override IEnumerable<Prerequisite> Needs(TestRequest request) =>
        Select(request).Any() ? [.. Prerequisites.ForRun, .. request.Machine.Kernel is null ? Prerequisites.ForBuild : []] : [];

    public override void Run(TestRequest request, Action<TestResult> report)
    {
        var cases = Select(request).ToArray();
        if (cases.Length == 0)
            return;
        if (request.Machine.Kernel is null)
            BuildCommand.BuildImage();
        foreach (var item in cases)
        {
            var watch = Stopwatch.StartNew();
            var problem = RunCase(item, request.Machine);
            report(new TestResult(FullName(item), problem is null, watch.Elapsed, problem ?? ""));
        }
    }

    private static string? RunCase(GuestCase item, MachineOptions machine)
    {
        using var scratch = new ScratchDirectory();
        var errors = scratch.File("errors");
        var work = Directory.CreateDirectory(scratch.File("work")).FullName;
        var options = machine.Kernel is null ? "" : $" --kernel {machine.Kernel}";
        var environment = new Dictionary<string, string>
        {
            ["JIFFY"] = Repository.In("jiffy"),
            ["RUN"] = $"{Repository.In("jiffy")} run{options}",
            ["ERRORS"] = errors,
        };
        string[] command = ["--default-signal", "bash", "-c", "exec bash \"$1\" 2>\"$ERRORS\" </dev/null", "bash", item.File];
        var result = HostCommand.Run("/usr/bin/env", command, work, TimeSpan.FromSeconds(item.Timeout), environment);
        var verdict = result.TimedOut ? $"no end within {item.Timeout} s" : item.Judge(result.Status, result.Output);
        return verdict is null ? null : $"{verdict}\n--- output\n{result.Output}\n--- errors\n{File.ReadAllText(errors)}";
    }

    private static IEnumerable<GuestCase> Select(TestRequest request) =>
        Directory.GetFiles(Cases, "*.sh").Order(StringComparer.Ordinal)
            .Select(file => CaseHeader.Read(file).ToCase(Path.GetFileNameWithoutExtension(file), CaseKind.Shell, usualCpus: "2"))
            .Where(item => (request.IncludesLong || !item.IsLong) && request.Wants(FullName(item)));

    private static string FullName(GuestCase item) => $"run/{item.Name}";
}
