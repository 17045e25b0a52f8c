// `jiffy bench task`: what basic operations cost, beside Linux on the same machine, and where the instructions go.
using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using Jiffy.Cli.Bench;
using Jiffy.Cli.Host;
using Spectre.Console;

namespace Jiffy.Cli.Commands;

internal sealed class BenchTaskCommand
{
    private const int MostMethods = 30, MostLines = 100;

    private readonly Option<string?> _against = new("--against")
    {
        Description = "Also measure this kernel: a file, or `linux` for Debian's, which is downloaded with apt-get.",
        HelpName = "linux|FILE",
    };

    private readonly Option<bool> _icount = new("--icount")
    {
        Description = "Count instructions in place of time: every run gives the same numbers.",
    };

    private readonly Option<string[]> _row = new("--row")
    {
        Description = "Measure only this row. May be repeated.",
        HelpName = "NAME",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<int> _rounds = CommandLine.Number("--rounds", "Rounds of each row; their median is told.", 1, 99, 7);
    private readonly Option<string?> _json = new("--json") { Description = "Write the figures here, round by round.", HelpName = "FILE" };
    private readonly Option<string?> _csv = new("--csv") { Description = "Write the figures here, a line for each row and kernel.", HelpName = "FILE" };

    private readonly Option<string?> _profile = new("--profile")
    {
        Description = "Do not measure; tell where this row's instructions are spent in Jiffy, by method.",
        HelpName = "ROW",
    };

    private readonly Option<bool> _lines = new("--lines") { Description = "With --profile: by source line." };
    private readonly Option<bool> _list = new("--list") { Description = "List the rows and end." };

    public static Command Create()
    {
        var self = new BenchTaskCommand();
        var command = new Command("task",
            """
            Measure basic operations: calls, switches, locks, signals, sleep, memory, processes, threads, timers, events.

            One program, user/bench/task.c, runs unchanged on every kernel, on the same emulated machine. Without --icount the figures are
            nanoseconds of emulation, and only the ratio of two kernels in one run means something. With --icount they are instructions, user
            mode's own included, and the same at every run on the same build. Rows named -cross need two CPUs; with --icount two CPUs take turns,
            the count is the sum of both, and Linux does not start its second CPU.
            Rows named hackbench- run Debian's program of that name (rt-tests), fetched with apt-get; where it cannot be had they are left out.
            The exit status is 1 if a row failed.
            """);
        foreach (var option in new Option[] { self._against, self._icount, self._row, self._rounds, self._json, self._csv, self._profile, self._lines, self._list })
            command.Options.Add(option);
        command.Validators.Add(result =>
        {
            if (result.GetValue(self._lines) && result.GetValue(self._profile) is null)
                result.AddError("--lines needs --profile");
        });
        command.SetAction(self.Run);
        return command.WithExamples(
            "jiffy bench task --icount",
            "jiffy bench task --icount --against linux --json cost.json",
            "jiffy bench task --row pipe-same --row pipe-cross --against linux --rounds 21",
            "jiffy bench task --profile pipe-same");
    }

    private int Run(ParseResult result)
    {
        Prerequisites.Require([.. Prerequisites.ForBuild, .. Prerequisites.ForRun, Prerequisites.MuslCompiler]);
        var all = TaskProgram.Rows(TaskProgram.Build());
        if (result.GetValue(_list))
            return List(all);
        var names = result.GetValue(_row) ?? [];
        if (names.Append(result.GetValue(_profile)).FirstOrDefault(name => name is not null && all.All(row => row.Name != name)) is { } unknown)
            throw new CliFailure($"there is no row '{unknown}' (see `jiffy bench task --list`)", ExitStatus.Usage);
        BuildCommand.BuildImage();
        if (result.GetValue(_profile) is { } profiled)
            return Profile(profiled, result.GetValue(_lines));
        var rows = all.Where(row => names.Length == 0 || names.Contains(row.Name)).ToArray();
        return Measure(result, rows);
    }

    private static int List(IReadOnlyList<TaskRow> rows)
    {
        foreach (var row in rows)
            Descriptors.Write(Descriptors.StandardOutput, $"{row.Name,-18}{row.Operation}\n");
        return ExitStatus.Success;
    }

    private int Measure(ParseResult result, IReadOnlyList<TaskRow> rows)
    {
        var counts = result.GetValue(_icount);
        var kernels = new List<(string Name, string? File)> { ("Jiffy", null) };
        if (result.GetValue(_against) is { } against)
            kernels.Add((against == "linux" ? "Linux" : against, MachineOptionSet.KernelFile(against)));
        var report = new TaskReport(counts ? "instructions" : "ns", counts, kernels.Select(kernel => kernel.Name).ToArray(), rows);
        foreach (var (name, file) in kernels)
            MeasureKernel(report, name, file, rows, counts, result.GetValue(_rounds));
        report.Print();
        if (kernels.Count > 1)
            AnsiConsole.WriteLine(TaskBench.LinuxTerms);
        if (result.GetValue(_json) is { } json)
            report.WriteJson(json);
        if (result.GetValue(_csv) is { } csv)
            report.WriteCsv(csv);
        return report.HasFailures ? ExitStatus.Failure : ExitStatus.Success;
    }

    // Counting, the rows for one CPU get a machine with one: a second one's idle steps would be counted with them.
    private static void MeasureKernel(TaskReport report, string name, string? file, IReadOnlyList<TaskRow> rows, bool counts, int rounds)
    {
        var acceleration = counts ? Acceleration.Tcg : Accelerator.Choose(Acceleration.Auto);
        foreach (var machine in rows.GroupBy(row => counts ? row.Cpus : MachineOptions.DefaultCpus).OrderBy(machine => machine.Key))
        {
            var wanted = machine.Select(row => row.Name).ToArray();
            if (counts && file is not null && machine.Key > 1)
            {
                foreach (var row in wanted)
                    report.Add(name, new TaskResult(row, [], Omission: "not counted: it waits for ever for a second CPU that gets no turn"));
                continue;
            }
            Report.Progress($"{name}: {wanted.Length} rows on {machine.Key} CPU{(machine.Key > 1 ? "s" : "")}");
            TaskBench.Run(TaskBench.Subject(name, file, machine.Key, counts, acceleration), wanted, rounds, result =>
            {
                report.Add(name, result);
                Report.Progress($"{name}: {result.Row} {result.Failure ?? result.Omission ?? $"{result.Cost(counts):#,0.0}"}");
            });
        }
    }

    private static int Profile(string row, bool byLine)
    {
        Report.Progress($"following {row} instruction by instruction");
        var profile = TaskProfile.Measure(row, byLine);
        // Plain lines: names are long, and a table would break them.
        Say($"{"count",10}{"share",8}{"entered",9}  {(byLine ? "line" : "method")}");
        foreach (var line in profile.Lines.Take(byLine ? MostLines : MostMethods).Where(line => line.Instructions >= profile.Operations / 10))
            Say($"{(double)line.Instructions / profile.Operations,10:#,0.0}{100.0 * line.Instructions / profile.Instructions,6:0.0} %"
                + $"{(double)line.Entries / profile.Operations,9:0.0}  {line.Place.Replace("Jiffy.Kernel.", "").Replace("Jiffy.Machine.", "")}");
        Say($"{row}: {(double)profile.Instructions / profile.Operations:#,0.0} instructions, of {profile.Operations} operations the mean");
        return ExitStatus.Success;
    }

    private static void Say(string line) => Descriptors.Write(Descriptors.StandardOutput, line + "\n");
}
