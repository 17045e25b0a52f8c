// Tests inside a guest: the files of tests/Guest/cases and the programs of user/, gathered by the machine they need.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Jiffy.Cli.Commands;
using Jiffy.Cli.Host;
using Jiffy.Cli.Root;

namespace Jiffy.Cli.Testing.Guest;

internal sealed class GuestSuite : TestSuite
{
    public const string PartName = "guest";

    // Fewer cases than this are not worth a boot of their own.
    private const int SmallBatch = 10;

    public override string Name => PartName;

    public override string Description => "programs on the booted kernel";

    public override IReadOnlyList<string> List(TestRequest request) => Select(request).Select(run => run.FullName).ToArray();

    public override IEnumerable<Prerequisite> Needs(TestRequest request)
    {
        var runs = Select(request);
        if (runs.Length == 0)
            return [];
        Prerequisite[] compilers = runs.Any(run => run.Case.Binaries.Any()) ? [Prerequisites.MuslCompiler, Prerequisites.Compiler] : [];
        Prerequisite[] builders = request.Machine.Kernel is null ? Prerequisites.ForBuild : [];
        return request.OnHost ? [Prerequisites.BusyBox, .. compilers] : [.. Prerequisites.ForRun, .. builders, .. compilers];
    }

    public override void Run(TestRequest request, Action<TestResult> report)
    {
        var runs = Select(request);
        if (runs.Length == 0)
            return;
        var failures = CasePrograms.Build(runs.Select(run => run.Case));
        foreach (var run in runs)
            if (run.Case.Binaries.FirstOrDefault(failures.ContainsKey) is { } broken)
                report(new TestResult(run.FullName, false, TimeSpan.Zero, failures[broken]));
        runs = runs.Where(run => !run.Case.Binaries.Any(failures.ContainsKey)).ToArray();
        if (request.OnHost)
            new HostRunner(report).Run(runs.Select(run => run.Case).Where(item => item.RunsOnHost).Distinct());
        else
            RunInGuests(request, runs, report);
    }

    private static void RunInGuests(TestRequest request, IReadOnlyList<CaseRun> runs, Action<TestResult> report)
    {
        if (request.Machine.Kernel is null)
            BuildCommand.BuildImage();
        var accelerated = request.Machine with { Acceleration = Accelerator.Choose(request.Machine.Acceleration) };
        var machines = new List<GuestMachine>();
        foreach (var batch in runs.GroupBy(run => new BatchMachine(run.Cpus, run.Case.Memory, run.Case.Append, run.Case.Packages, run.Case.CountsInstructions)))
        {
            if (MissingPackages(batch.Key.Packages) is { } problem)
            {
                foreach (var run in batch)
                    report(new TestResult(run.FullName, false, TimeSpan.Zero, problem));
                continue;
            }
            var machine = accelerated with
            {
                Cpus = batch.Key.Cpus,
                Memory = batch.Key.Memory,
                Append = $"{request.Machine.Append} {batch.Key.Append}".Trim(),
                CountsInstructions = batch.Key.CountsInstructions,
                Acceleration = batch.Key.CountsInstructions ? Acceleration.Tcg : accelerated.Acceleration,
            };
            machines.AddRange(Share(batch.ToArray(), machine.Cpus).Select(part => new GuestMachine(machine, part)));
        }
        new GuestQueue(machines, report).Run();
    }

    // Cases for one small machine that would leave most of the host idle are spread over several of them.
    private static IEnumerable<CaseRun[]> Share(CaseRun[] runs, int cpus)
    {
        var parts = runs.Length < SmallBatch ? 1 : Math.Max(1, Environment.ProcessorCount / cpus);
        return runs.Select((run, index) => (run, index)).GroupBy(pair => pair.index % parts, pair => pair.run).Select(part => part.ToArray());
    }

    /// <summary>Why they cannot be had, or null. A test that could not run has not passed.</summary>
    private static string? MissingPackages(string packages)
    {
        try
        {
            DebianPackages.Fetch(packages.Split(' ', StringSplitOptions.RemoveEmptyEntries));
            return null;
        }
        catch (CliFailure failure)
        {
            return $"not run, its packages are missing: {failure.Message}";
        }
    }

    private static CaseRun[] Select(TestRequest request) =>
        AllCases()
            .Where(item => request.IncludesLong || !item.IsLong)
            .SelectMany(item => item.Cpus.Where(cpus => request.Cpus is null || request.Cpus == cpus).Select(cpus => new CaseRun(item, cpus)))
            .Where(run => request.Wants(run.FullName))
            .OrderBy(run => run.Cpus)
            .ToArray();

    private static IEnumerable<GuestCase> AllCases() => ScriptCases().Concat(CasePrograms.Cases());

    private static IEnumerable<GuestCase> ScriptCases()
    {
        var directory = Repository.In("tests", "Guest", "cases");
        var files = Directory.Exists(directory) ? Directory.GetFiles(directory).Order(StringComparer.Ordinal) : Enumerable.Empty<string>();
        foreach (var file in files)
        {
            var header = CaseHeader.Read(file);
            var name = Path.GetFileNameWithoutExtension(file);
            switch (Path.GetExtension(file))
            {
                case ".sh":
                    var item = header.ToCase(name, CaseKind.Shell, usualCpus: "1 2 4");
                    if (item.Output is null && item.Matches.Count == 0)
                        throw header.Wrong("expects nothing: give expect, expect-match or a file of the same name that ends in .out");
                    yield return item;
                    break;
                case ".tty":
                    TerminalScript.Read(header);
                    yield return header.ToCase(name, CaseKind.Terminal, usualCpus: "1 2 4") with { Output = null };
                    break;
                case ".out":
                    break;
                default:
                    throw header.Wrong("is neither .sh, .tty nor .out");
            }
        }
    }
}
