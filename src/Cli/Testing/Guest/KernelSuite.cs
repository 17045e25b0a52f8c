// What the kernel shows of itself when asked (src/Kernel/SelfTests): each of its self-tests is a case for each number of CPUs on which it says
// something. The kernel itself has the list, so a list of names takes a build and a boot.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using Jiffy.Cli.Commands;
using Jiffy.Cli.Host;

namespace Jiffy.Cli.Testing.Guest;

internal sealed class KernelSuite : TestSuite
{
    private const string Part = "kernel";
    private const string DriverFile = "/sys/kernel/debug/jiffy/selftest";
    private const string KernelWords = "selftest panic_on_oops check_states";
    private const string LongTest = "torture"; // takes as long as it is told to
    private const int Memory = 512;

    // Beside the torture of the kernel's own locks these programs torture futexes that lend priority, and epoll. The last seconds it is alone, for
    // only then it can tell whether something is left in use.
    private static readonly string[] UserTorture = ["pichains.musl", "epolltorture.musl"];
    private const int Alone = 5;

    private IReadOnlyList<GuestCase>? _cases;

    public override string Name => Part;

    public override string Description => "the kernel's self-tests, in the booted kernel";

    public override bool ListsAtOnce => false;

    public override IReadOnlyList<string> List(TestRequest request) => Select(request).Select(run => run.FullName).ToArray();

    public override IEnumerable<Prerequisite> Needs(TestRequest request) =>
        MightWant(request) ? [.. Prerequisites.ForRun, .. Prerequisites.ForBuild, Prerequisites.MuslCompiler] : [];

    public override void Run(TestRequest request, Action<TestResult> report)
    {
        var watch = Stopwatch.StartNew();
        try
        {
            var runs = Select(request);
            if (CasePrograms.Build(runs.Select(run => run.Case)) is { Count: > 0 } failures)
                throw new CliFailure(string.Join('\n', failures.Values));
            foreach (var batch in runs.GroupBy(run => run.Cpus))
                new BatchRunner(Machine(request, batch.Key), batch.ToArray(), report, Part).Run();
        }
        catch (CliFailure failure)
        {
            report(new TestResult($"{Part}/list", false, watch.Elapsed, failure.Message));
        }
    }

    private static bool MightWant(TestRequest request) => !request.OnHost && request.Machine.Kernel is null && request.MightWantOf(Part);

    private CaseRun[] Select(TestRequest request)
    {
        if (!MightWant(request))
            return [];
        return (_cases ??= ReadCases(request))
            .SelectMany(item => item.Cpus.Where(cpus => request.Cpus is null || request.Cpus == cpus).Select(cpus => new CaseRun(item, cpus)))
            .Where(run => request.Wants(run.FullName))
            .OrderBy(run => run.Cpus)
            .ToArray();
    }

    private static MachineOptions Machine(TestRequest request, int cpus) => request.Machine with
    {
        Acceleration = Accelerator.Choose(request.Machine.Acceleration),
        Cpus = cpus,
        Memory = Memory,
        Append = $"{request.Machine.Append} {KernelWords}".Trim(),
    };

    private static GuestCase[] ReadCases(TestRequest request)
    {
        BuildCommand.BuildImage();
        var outcome = GuestScript.Run(Machine(request, cpus: 1), $"cat {DriverFile}", TimeSpan.FromSeconds(60));
        var cases = outcome.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => ToCase(line, request)).ToArray();
        if (outcome.Problem is not null || cases.Length == 0)
            throw new CliFailure($"the kernel does not tell its self-tests: {outcome.Problem ?? outcome.Output}");
        return cases;
    }

    /// <summary>From a line of the kernel's list: name, numbers of CPUs, what it shows.</summary>
    internal static GuestCase ToCase(string line, TestRequest request)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var name = words[0];
        var isLong = name == LongTest;
        var seed = request.Seed is { } given ? $" seed={given}" : "";
        return new GuestCase(name, CaseKind.Shell, "")
        {
            Part = Part,
            Cpus = words.Skip(1).TakeWhile(word => int.TryParse(word, out _)).Select(int.Parse).ToArray(),
            Timeout = 120 + (isLong ? request.Seconds : 0),
            Script = Encoding.ASCII.GetBytes(isLong ? TortureScript(request.Seconds, seed) : RunAndTell(name + seed)),
            Programs = isLong ? UserTorture : [],
            Matches = [new Regex("^passed: [1-9][0-9]* checks, 0 failures$", RegexOptions.Multiline)],
        };
    }

    private static string RunAndTell(string words) => $"echo {words} >{DriverFile} && cat {DriverFile} && grep -q ^passed {DriverFile}\n";

    private static string TortureScript(int seconds, string seed)
    {
        var script = new StringBuilder("set -e\n");
        foreach (var program in UserTorture)
            script.Append($"({program} {seconds} && echo passed) >beside.{program} 2>&1 &\n");
        script.Append(RunAndTell($"{LongTest} seconds={Math.Max(1, seconds - Alone)}{seed} beside=1")).Append("wait\n");
        foreach (var program in UserTorture)
            script.Append($"cat beside.{program}\ngrep -q ^passed beside.{program}\n");
        return script.Append(RunAndTell($"{LongTest} seconds={Alone}{seed}")).ToString();
    }
}
