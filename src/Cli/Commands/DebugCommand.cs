// `jiffy debug`: the machine stopped before its first instruction, with gdb on the C# sources.
// gdb has the terminal; the guest's console goes to a file. With --attach it is the other way round.
using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using Jiffy.Cli.Build;
using Jiffy.Cli.Host;
using Jiffy.Cli.Root;

namespace Jiffy.Cli.Commands;

internal sealed class DebugCommand
{
    private readonly MachineOptionSet _machine = new();
    private readonly Option<int> _port = CommandLine.Number("--port", "TCP port of the debugger's protocol on this host.", 1, 65535, 1234);

    private readonly Option<bool> _attach = new("--attach")
    {
        Description = "Keep this terminal for the guest's console, and print the line that starts gdb in another.",
    };

    private readonly Option<string> _break = new("--break")
    {
        Description = "Where gdb lets the kernel run to first: FILE.cs:LINE or a symbol.",
        HelpName = "PLACE",
        DefaultValueFactory = _ => "Jiffy_Machine_Jiffy_Machine_BootEntry__Boot",
    };

    public static Command Create()
    {
        var self = new DebugCommand();
        var command = new Command("debug",
            """
            Boot the kernel under gdb, with breakpoints and steps in the C# sources.

            Write breakpoints with `hbreak File.cs:line`: they work before the kernel's pages are mapped, too.
            The guest's console goes to artifacts/debug/console.txt; follow it with `tail -f` in another terminal.
            """);
        self._machine.AddTo(command);
        foreach (var option in new Option[] { self._port, self._attach, self._break })
            command.Options.Add(option);
        command.SetAction(self.Run);
        return command.WithExamples(
            "jiffy debug",
            "jiffy debug --cpus 1 --break Scheduler.cs:100",
            "jiffy debug --attach");
    }

    private int Run(ParseResult result)
    {
        var attach = result.GetValue(_attach);
        var port = result.GetValue(_port);
        var options = _machine.Read(result) with { Acceleration = Acceleration.Tcg };
        Prerequisites.Require([.. Prerequisites.ForBuild, .. Prerequisites.ForRun, .. attach ? [] : new[] { Prerequisites.Debugger }]);
        BuildCommand.BuildImage();
        using var scratch = new ScratchDirectory();
        var archive = scratch.File("root.cpio");
        GuestRoot.Create(new GuestPlan(Command: null)).WriteTo(archive);
        var commands = WriteGdbCommands(port, result.GetValue(_break)!);
        return attach ? RunHere(options, archive, scratch, port, commands) : RunUnderGdb(options, archive, scratch, port, commands);
    }

    private static int RunHere(MachineOptions options, string archive, ScratchDirectory scratch, int port, string commands)
    {
        Report.Progress($"the machine waits for gdb; in another terminal:\n    gdb -q -x '{commands}'");
        var session = new GuestSession(options, archive, scratch) { GdbPort = port, Input = new GuestInput(Terminal.Open()) };
        var end = session.Run();
        return end.Machine.Outcome == MachineOutcome.Panicked ? ExitStatus.Panic : end.ExitStatus ?? ExitStatus.Success;
    }

    private static int RunUnderGdb(MachineOptions options, string archive, ScratchDirectory scratch, int port, string commands)
    {
        using var guardian = new Guardian();
        using var machine = VirtualMachine.Start(options, new MachineFiles(archive, scratch.File("debug-console"), port), guardian);
        var console = Path.Combine(Repository.Ensure("artifacts", "debug"), "console.txt");
        using var file = new FileStream(console, FileMode.Create, FileAccess.Write, FileShare.ReadWrite, bufferSize: 1);
        var copy = machine.Output.CopyToAsync(file);
        if (machine.WaitForEnd(TimeSpan.FromMilliseconds(300)))
            throw new CliFailure($"QEMU did not start:\n{machine.End().Messages}");
        // ^C belongs to gdb, which stops the guest with it.
        using var interrupt = System.Runtime.InteropServices.PosixSignalRegistration.Create(
            System.Runtime.InteropServices.PosixSignal.SIGINT, context => context.Cancel = true);
        var status = HostCommand.RunHere(Prerequisites.Debugger.Program, ["-q", "-x", commands]);
        machine.Kill();
        copy.Wait(TimeSpan.FromSeconds(2));
        return status;
    }

    private static string WriteGdbCommands(int port, string place)
    {
        var file = Path.Combine(Repository.Ensure("artifacts", "debug"), "commands.gdb");
        List<string> lines =
        [
            "set pagination off",
            "set confirm off",
            "set disassembly-flavor intel",
            "set print asm-demangle on",
            $"file \"{new BuildOptions().DebugImage}\"",
            $"directory \"{Repository.Root}\"",
            "# A task's stack may end in assembly: stop there instead of guessing on.",
            "set backtrace past-entry off",
            $"target remote 127.0.0.1:{port}",
            $"hbreak {place}",
            "continue",
        ];
        File.WriteAllLines(file, lines);
        return file;
    }
}
