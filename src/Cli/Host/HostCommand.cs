// Runs other programs of the host and finds them.
// A program that runs longer than its limit is killed with all its children, so that no command can hang on it.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;

namespace Jiffy.Cli.Host;

/// <summary>What a program printed, both streams in order of arrival, and how it ended.</summary>
internal sealed record HostResult(int Status, string Output, bool TimedOut)
{
    public bool Succeeded => Status == 0 && !TimedOut;
}

internal static class HostCommand
{
    private static readonly string[] SystemDirectories = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"];

    /// <summary>The full path of a program, or null. System directories are searched even when PATH lacks them.</summary>
    public static string? Find(string program)
    {
        var path = Environment.GetEnvironmentVariable("PATH") ?? "";
        return path.Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Concat(SystemDirectories)
            .Select(directory => Path.Combine(directory, program))
            .FirstOrDefault(File.Exists);
    }

    public static string FindOrFail(string program, string package) =>
        Find(program) ?? throw new CliFailure($"the program {program} is missing (package {package})");

    /// <summary>Runs a program with no input and gathers its output.</summary>
    /// <param name="onLine">Called with every line as it comes, from another thread.</param>
    public static HostResult Run(
        string program,
        IEnumerable<string> arguments,
        string? directory = null,
        TimeSpan? limit = null,
        IReadOnlyDictionary<string, string>? environment = null,
        Action<string>? onLine = null)
    {
        using var process = new Process { StartInfo = StartInfo(program, arguments, directory, environment) };
        var output = new StringBuilder();
        void Take(object sender, DataReceivedEventArgs line)
        {
            if (line.Data is null)
                return;
            lock (output)
                output.Append(line.Data).Append('\n');
            onLine?.Invoke(line.Data);
        }

        process.OutputDataReceived += Take;
        process.ErrorDataReceived += Take;
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var inTime = process.WaitForExit(limit ?? TimeSpan.FromMinutes(30));
        if (!inTime)
            process.Kill(entireProcessTree: true);
        process.WaitForExit();
        lock (output)
            return new HostResult(process.ExitCode, output.ToString(), !inTime);
    }

    /// <summary>Runs a program on this terminal and returns its exit status.</summary>
    public static int RunHere(string program, IEnumerable<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false })
            ?? throw new CliFailure($"cannot start {program}");
        process.WaitForExit();
        return process.ExitCode;
    }

    private static ProcessStartInfo StartInfo(
        string program, IEnumerable<string> arguments, string? directory, IReadOnlyDictionary<string, string>? environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory ?? "",
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return start;
    }
}
