// One step of the build, and the stamps that tell whether it must run. A stamp is a hash over the step's command line and its
// inputs' names, lengths and contents; it is written after the step succeeded.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using Jiffy.Cli.Host;

namespace Jiffy.Cli.Build;

/// <summary>A program to run, or an action, that makes <paramref name="Outputs"/> from <paramref name="Inputs"/>.</summary>
internal sealed record Step(string Name, string Detail, IEnumerable<string> Inputs, IReadOnlyList<string> Outputs)
{
    public string? Program { get; init; }

    public IReadOnlyList<string> Arguments { get; init; } = [];

    public Action? Action { get; init; }
}

internal sealed class StepRunner(string stampDirectory, Action<BuildEvent> progress)
{
    /// <summary>Runs the step unless its outputs are there and its stamp fits.</summary>
    public void Run(Step step)
    {
        var clock = Stopwatch.StartNew();
        var stampFile = Path.Combine(stampDirectory, step.Name.Replace(' ', '-').Replace('/', '-'));
        var stamp = StampOf(step);
        if (step.Outputs.All(File.Exists) && File.Exists(stampFile) && File.ReadAllText(stampFile) == stamp)
        {
            progress(new BuildEvent(step.Name, step.Detail, clock.Elapsed, Skipped: true));
            return;
        }

        Directory.CreateDirectory(stampDirectory);
        File.Delete(stampFile);
        progress(new BuildEvent(step.Name, step.Detail, TimeSpan.Zero, Skipped: false) { IsStart = true });
        Execute(step);
        var missing = step.Outputs.FirstOrDefault(output => !File.Exists(output));
        if (missing is not null)
            throw new CliFailure($"{step.Name}: {Repository.Relative(missing)} was not made");
        File.WriteAllText(stampFile, stamp);
        progress(new BuildEvent(step.Name, step.Detail, clock.Elapsed, Skipped: false));
    }

    private static void Execute(Step step)
    {
        step.Action?.Invoke();
        if (step.Program is null)
            return;
        var result = HostCommand.Run(step.Program, step.Arguments, Repository.Root, TimeSpan.FromMinutes(10));
        if (!result.Succeeded)
            throw new CliFailure($"{step.Detail} ({step.Name}) failed:\n{result.Output.TrimEnd()}");
    }

    private static string StampOf(Step step)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{step.Program}\0{string.Join('\0', step.Arguments)}\0"));
        foreach (var input in step.Inputs)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{input}\0"));
            hash.AppendData(Contents(input));
        }
        return Convert.ToHexString(hash.GetHashAndReset());
    }

    // Large files are told apart by time and length, small ones by what is in them.
    private static byte[] Contents(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
            return [];
        return file.Length > 1 << 20
            ? Encoding.UTF8.GetBytes($"{file.Length} {file.LastWriteTimeUtc.Ticks}")
            : SHA256.HashData(File.ReadAllBytes(path));
    }
}
