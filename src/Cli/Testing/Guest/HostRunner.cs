// Runs guest cases on this host's Linux, with the guest's BusyBox and nothing else in PATH: a case that fails here is
// wrong itself. Each gets a directory of its own; there is no other fence, so cases keep to that directory.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using Jiffy.Cli.Host;

namespace Jiffy.Cli.Testing.Guest;

internal sealed class HostRunner(Action<TestResult> report)
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);
    private readonly string _busyBox = Prerequisites.StaticBusyBox();

    public void Run(IEnumerable<GuestCase> cases)
    {
        using var scratch = new ScratchDirectory();
        var links = LinkApplets(scratch);
        foreach (var item in cases)
        {
            var directory = Directory.CreateDirectory(scratch.File($"case-{item.Name}")).FullName;
            var environment = new Dictionary<string, string>
            {
                ["PATH"] = $"{links}:{Repository.UserPrograms}:{CasePrograms.Tools}:/usr/bin",
                ["HOME"] = directory,
                ["PS1"] = @"jiffy:\w\$ ",
                ["TERM"] = "linux",
                ["LC_ALL"] = "C",
            };
            var watch = Stopwatch.StartNew();
            var failure = item.Kind == CaseKind.Terminal ? Play(item, directory, environment) : RunBatch(item, directory, environment);
            report(new TestResult($"host/{item.Name}", failure is null, watch.Elapsed, failure ?? ""));
        }
    }

    private string? RunBatch(GuestCase item, string directory, Dictionary<string, string> environment)
    {
        string[] command = item.Kind == CaseKind.Shell ? [_busyBox, "sh", item.File] : [CasePrograms.BinaryPath(item.Binary), .. item.Arguments];
        // A pipe for both streams through a shell: the order of what they carry is then the guest's.
        string[] words =
        [
            "--default-signal", // whoever started us may ignore some, and what is ignored stays ignored
            _busyBox, "timeout", "-k", "2", $"{item.Timeout}", _busyBox, "sh", "-c", "exec \"$@\" 2>&1", "sh", .. command,
        ];
        var result = HostCommand.Run("/usr/bin/env", words, directory, TimeSpan.FromSeconds(item.Timeout) + Grace, environment);
        var verdict = item.Judge(result.Status, result.Output);
        return verdict is null ? null : $"{verdict}\n{result.Output}";
    }

    /// <summary>`script` gives the shell a pseudo-terminal whose other end is our pipes.</summary>
    private string? Play(GuestCase item, string directory, Dictionary<string, string> environment)
    {
        var start = new ProcessStartInfo("/usr/bin/env", ["--default-signal", "script", "-qefc", $"stty rows 24 cols 80; exec {_busyBox} sh", "/dev/null"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = directory,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start) ?? throw new CliFailure("cannot start script (package bsdutils)");
        var keys = process.StandardInput.BaseStream;
        var console = new CaseConsole(process.StandardOutput.BaseStream, bytes =>
        {
            keys.Write(bytes);
            keys.Flush();
        });
        var transcript = new CaseTranscript();
        var deadline = DateTime.UtcNow + TimeSpan.FromSeconds(item.Timeout);
        var problem = new TerminalPlayer(console, transcript).Play(TerminalScript.Read(CaseHeader.Read(item.File)), deadline);
        if (problem is null)
        {
            while (console.TryTake(deadline, out var piece))
                transcript.Add(piece.Output.Span);
            problem = process.WaitForExit(Grace) ? item.Judge(process.ExitCode, transcript.ToString()) : "the script's end did not end the shell";
        }
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        return problem is null ? null : $"{problem}\n{transcript}";
    }

    private string LinkApplets(ScratchDirectory scratch)
    {
        var links = Directory.CreateDirectory(scratch.File("bin")).FullName;
        var list = HostCommand.Run(_busyBox, ["--list"]).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (var applet in list.Append("busybox").Distinct())
            File.CreateSymbolicLink(Path.Combine(links, applet), _busyBox);
        return links;
    }
}
