// `jiffy fuzz`: random system calls from several threads, until something breaks or the time is over. The program is user/fuzz.c.
using System;
using System.CommandLine;
using System.IO;
using System.Linq;
using System.Text;
using Jiffy.Cli.Host;
using Jiffy.Cli.Root;
using Jiffy.Cli.Testing.Guest;

namespace Jiffy.Cli.Commands;

internal sealed class FuzzCommand
{
    private const string ProgramName = "fuzz", InGuest = "bin/fuzz";

    // A round that cannot be ended is told after a minute, and the counts need a while to come to rest.
    private const int Grace = 300;

    private readonly MachineOptionSet _machine = new();

    private readonly Option<long?> _seed = new("--seed")
    {
        Description = "Where the calls and their arguments come from. Default: another each time, printed.",
        HelpName = "N",
    };

    private readonly Option<int> _seconds = CommandLine.Number("--seconds", "How long, in the guest's time.", 1, 1_000_000, 60);
    private readonly Option<int> _threads = CommandLine.Number("--threads", "Threads of one process that make calls at the same time.", 1, 8, 3);

    public static Command Create()
    {
        var self = new FuzzCommand();
        var command = new Command("fuzz",
            """
            Make random system calls with good and bad arguments from several threads, in rounds, most of them as an ordinary user.

            Looked for: a fault or warning of the kernel, a process that cannot be killed, an errno that is not for programs, a frame,
            object or descriptor that is missing afterwards. The last calls of each thread are told where they help.
            With --icount a seed repeats the run to the instruction; on several CPUs only its calls.

            Exit status: 0 when nothing was found, 1 when something was, 101 after a kernel panic.
            """);
        foreach (var option in new Option[] { self._seed, self._seconds, self._threads })
            command.Options.Add(option);
        self._machine.AddTo(command);
        command.SetAction(self.Run);
        return command.WithExamples(
            "jiffy fuzz",
            "jiffy fuzz --seed 7 --seconds 3600 --cpus 4",
            "jiffy fuzz --seed 7 --icount --append panic_on_oops",
            "jiffy fuzz --kernel linux");
    }

    private int Run(ParseResult result)
    {
        var options = _machine.Read(result);
        Prerequisites.Require([.. Prerequisites.ForRun, .. options.Kernel is null ? Prerequisites.ForBuild : [], Prerequisites.MuslCompiler]);
        if (options.Kernel is null)
            BuildCommand.BuildImage();
        options = options with { Acceleration = Accelerator.Choose(options.Acceleration) };
        var seconds = result.GetValue(_seconds);
        var seed = result.GetValue(_seed) ?? Random.Shared.NextInt64(1, int.MaxValue);
        using var scratch = new ScratchDirectory();
        var session = new GuestSession(options, Archive(scratch, [$"/{InGuest}", $"{seconds}", $"{seed}", $"{result.GetValue(_threads)}"]), scratch)
        {
            // Guest time runs slower than the host's where the machine is emulated, and faster where it counts instructions.
            Limit = TimeSpan.FromSeconds(3L * seconds + Grace),
        };
        return RunCommand.StatusOf(session.Run(), $"the machine was ended: no end of the fuzzer (--seed {seed})");
    }

    private static string Archive(ScratchDirectory scratch, string[] words)
    {
        var program = CasePrograms.Cases().First(item => item.Name == ProgramName);
        if (CasePrograms.Build([program]).Values.FirstOrDefault() is { } message)
            throw new CliFailure(message);
        var root = GuestRoot.Create(new GuestPlan(words.Select(Encoding.UTF8.GetBytes).ToArray()) { Input = [] });
        root.AddFile(InGuest, File.ReadAllBytes(CasePrograms.BinaryPath(program.Binary)), executable: true);
        var archive = scratch.File("root.cpio");
        root.WriteTo(archive);
        return archive;
    }
}
