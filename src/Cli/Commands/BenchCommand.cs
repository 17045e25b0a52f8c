// `jiffy bench`: measurements of the kernel that can be repeated, some beside Linux on the same machine.
using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using Jiffy.Cli.Bench;
using Jiffy.Cli.Host;
using Spectre.Console;

namespace Jiffy.Cli.Commands;

internal static class BenchCommand
{
    public static Command Create()
    {
        var command = new Command("bench", "Measure the kernel.");
        command.Subcommands.Add(CreateBoot());
        command.Subcommands.Add(BenchTaskCommand.Create());
        return command.WithExamples("jiffy bench task --icount --against linux", "jiffy bench boot", "jiffy bench boot --against linux --runs 9");
    }

    private static Command CreateBoot()
    {
        var runs = CommandLine.Number("--runs", "Number of boots of each kernel.", 1, 1000, 5);
        var cpus = CommandLine.Number("--cpus", "Number of CPUs.", 1, MachineOptions.LargestCpus, MachineOptions.DefaultCpus);
        var against = new Option<string?>("--against")
        {
            Description = "Also measure this kernel: a file, or `linux` for Debian's, which is downloaded with apt-get.",
            HelpName = "linux|FILE",
        };
        var only = new Option<bool>("--only-other") { Description = "Leave Jiffy out and measure only the kernel given by --against." };
        var command = new Command("boot",
            """
            Measure the time from the kernel's first instruction to the first instruction of the first program, under emulation.

            Linux is counted from its 32-bit entry on: its decompression is part of its start.
            """);
        foreach (var option in new Option[] { runs, cpus, against, only })
            command.Options.Add(option);
        command.SetAction(result => Boot(result.GetValue(runs), result.GetValue(cpus), result.GetValue(against), result.GetValue(only)));
        return command.WithExamples("jiffy bench boot --against linux");
    }

    private static int Boot(int runs, int cpus, string? against, bool onlyOther)
    {
        if (onlyOther && against is null)
            throw new CliFailure("--only-other needs --against", ExitStatus.Usage);
        Prerequisites.Require([.. Prerequisites.ForRun, .. onlyOther ? [] : Prerequisites.ForBuild]);
        var kernels = new List<(string Name, string? File)>();
        if (!onlyOther)
        {
            BuildCommand.BuildImage();
            kernels.Add(("Jiffy", null));
        }
        if (against is not null)
            kernels.Add((against, MachineOptionSet.KernelFile(against)));

        var table = new Table().Border(TableBorder.Simple).AddColumn("Kernel");
        foreach (var heading in new[] { "least ms", "median ms", "most ms", "median ms of processor time" })
            table.AddColumn(new TableColumn(heading).RightAligned());
        foreach (var (name, file) in kernels)
        {
            Report.Progress($"{name}: {runs} boots on {cpus} CPUs");
            var times = BootBench.Measure(file, cpus, MachineOptions.DefaultMemory, runs);
            var elapsed = times.Select(time => time.Elapsed.TotalMilliseconds).Order().ToArray();
            var processor = times.Select(time => time.Processor.TotalMilliseconds).Order().ToArray();
            table.AddRow(name, $"{elapsed[0]:0}", $"{elapsed[elapsed.Length / 2]:0}", $"{elapsed[^1]:0}", $"{processor[processor.Length / 2]:0}");
        }
        AnsiConsole.Write(table);
        return ExitStatus.Success;
    }
}
