// `jiffy run`: from nothing to a shell in the guest, or to the exit status of one command there.
using System;
using System.Collections.Generic;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.IO;
using System.Linq;
using System.Text;
using Jiffy.Cli.Host;
using Jiffy.Cli.Root;

namespace Jiffy.Cli.Commands;

internal sealed class RunCommand
{
    private readonly MachineOptionSet _machine = new();

    private readonly Option<string[]> _initrd = new("--initrd")
    {
        Description = "Add these files to the guest's root: a directory tree, or a cpio archive (newc, plain or gzip). May be repeated.",
        HelpName = "DIR|FILE",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<string[]> _packages = new("--packages")
    {
        Description = "Add these Debian packages to the guest's root, with all they depend on. Fetched with the host's apt-get, kept, and not "
            + "installed on the host. -NAME leaves one out.",
        HelpName = "NAME,...",
        DefaultValueFactory = _ => [],
    };

    private readonly Option<int> _timeout = CommandLine.Number(
        "--timeout", "End the machine after this many seconds, with status 124. 0: never.", 0, 1_000_000, 0);

    private readonly Argument<string[]> _command = new("command")
    {
        Description = "After --: a command to run in place of the shell. Its output and exit status become jiffy's.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public static Command Create()
    {
        var self = new RunCommand();
        var command = new Command("run",
            """
            Boot the kernel with BusyBox on the serial console. Installs what is missing and builds what has changed.

            Without a command you get a shell; leaving it powers the machine off. All keys go to the guest, ^C and ^Z too;
            ^] typed three times in a row switches the machine off.

            Exit status: the command's; 101 after a kernel panic, 124 after the time limit, 2 for wrong options, 1 for other failures.
            """);
        self._machine.AddTo(command);
        self._initrd.Validators.Add(CheckFiles);
        command.Options.Add(self._initrd);
        command.Options.Add(self._packages);
        command.Options.Add(self._timeout);
        command.Arguments.Add(self._command);
        command.SetAction(self.Run);
        return command.WithExamples(
            "jiffy run                                a shell on two CPUs",
            "jiffy run -- sh -c 'ps; ls /proc'        one command",
            "jiffy run --cpus 4 --memory 1G -- nproc",
            "jiffy run --initrd ./files -- /my/program --its-option",
            "jiffy run --packages rt-tests,-python3 -- cyclictest -q -m -p 80 -i 1000 -l 1000",
            "jiffy run --icount --timeout 60 -- dmesg",
            "echo hello | jiffy run -- tr a-z A-Z");
    }

    private int Run(ParseResult result)
    {
        var words = CommandWords(result);
        var options = _machine.Read(result);
        Prerequisites.Require([.. Prerequisites.ForRun, .. options.Kernel is null ? Prerequisites.ForBuild : []]);
        if (options.Kernel is null)
            BuildCommand.BuildImage();
        options = options with { Acceleration = Accelerator.Choose(options.Acceleration) };

        using var scratch = new ScratchDirectory();
        var input = Descriptors.ReadRegularInput();
        var terminal = Terminal.Open();
        var root = GuestRoot.Create(new GuestPlan(words, TerminalSettings(terminal), TerminalType()) { Input = input });
        DebianPackages.AddTo(root, (result.GetValue(_packages) ?? []).SelectMany(words => words.Split(',', StringSplitOptions.RemoveEmptyEntries)).ToArray());
        foreach (var files in result.GetValue(_initrd) ?? [])
            root.AddFrom(files);
        var archive = scratch.File("root.cpio");
        root.WriteTo(archive);

        var session = new GuestSession(options, archive, scratch)
        {
            Limit = TimeSpan.FromSeconds(result.GetValue(_timeout)),
            Input = input is null ? new GuestInput(terminal) : null,
        };
        return StatusOf(session.Run(), $"the machine was ended after {result.GetValue(_timeout)} seconds (--timeout)");
    }

    private static void CheckFiles(OptionResult result)
    {
        foreach (var path in result.Tokens.Select(token => token.Value).Where(path => !Path.Exists(path)))
            result.AddError($"{path}: no such file or directory");
    }

    /// <summary>The guest's command, or null for a shell. Any word before the -- must be an option.</summary>
    private IReadOnlyList<byte[]>? CommandWords(ParseResult result)
    {
        var words = result.GetValue(_command) ?? [];
        var separator = result.Tokens.ToList().FindIndex(token => token.Type == TokenType.DoubleDash);
        var after = separator < 0 ? 0 : result.Tokens.Count - separator - 1;
        if (words.Length > after)
            throw new CliFailure(
                words[0].StartsWith('-')
                    ? $"unknown option '{words[0]}' (see `jiffy run --help`)"
                    : $"'{words[0]}' is not an option; a command for the guest stands after --, as in: jiffy run -- {words[0]}",
                ExitStatus.Usage);
        return words.Length > 0 ? RawArguments.Last(words.Length) : null;
    }

    /// <param name="overdue">What to say when the time limit ended it.</param>
    internal static int StatusOf(SessionEnd end, string overdue)
    {
        if (end.Signal != 0)
            return ExitStatus.OfSignal(end.Signal);
        if (end.TimedOut)
        {
            Report.Error(overdue);
            return ExitStatus.TimedOut;
        }
        switch (end.Machine.Outcome)
        {
            case MachineOutcome.Panicked:
                Report.Error("the kernel panicked");
                return ExitStatus.Panic;
            case MachineOutcome.PoweredOff when end.ExitStatus is { } status:
                return status;
            case MachineOutcome.PoweredOff:
                Report.Error("the machine ended without an exit status: it was reset, or the first program did not come to its end");
                return ExitStatus.Panic;
            case MachineOutcome.Killed:
                Report.Error("the machine was switched off");
                return ExitStatus.Failure;
            default:
                Report.Error($"QEMU failed (status {end.Machine.QemuStatus})");
                return ExitStatus.Failure;
        }
    }

    /// <summary>
    /// With a terminal on both ends the guest's does what a terminal does. What goes to a file or a pipe must arrive
    /// byte for byte, and what comes from one must not come back as echo.
    /// </summary>
    private static string TerminalSettings(Terminal? terminal)
    {
        var (rows, columns) = Terminal.Size();
        List<string> settings = ["sane", "rows", $"{rows}", "cols", $"{columns}"];
        if (terminal is null)
            settings.AddRange(["-echo", "-icrnl"]);
        if (terminal is null || !Descriptors.IsTerminal(Descriptors.StandardOutput))
            settings.Add("-onlcr");
        return string.Join(' ', settings);
    }

    private static string TerminalType()
    {
        var type = Environment.GetEnvironmentVariable("TERM");
        return string.IsNullOrWhiteSpace(type) || type == "dumb" ? "linux" : type;
    }
}

/// <summary>The words of this process's command line as the bytes they are; .NET's strings lose what is not valid UTF-8.</summary>
internal static class RawArguments
{
    public static IReadOnlyList<byte[]> Last(int count)
    {
        var words = new List<byte[]>();
        var all = File.ReadAllBytes("/proc/self/cmdline");
        for (var start = 0; start < all.Length;)
        {
            var end = Array.IndexOf(all, (byte)0, start);
            end = end < 0 ? all.Length : end;
            words.Add(all[start..end]);
            start = end + 1;
        }
        return words.TakeLast(count).ToArray();
    }
}
