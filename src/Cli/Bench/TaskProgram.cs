// The program that measures, user/bench/task.c: compiled once, static, so that the same bytes run on every kernel; and its rows.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Jiffy.Cli.Host;
using Jiffy.Cli.Root;

namespace Jiffy.Cli.Bench;

/// <summary>A row: one basic operation.</summary>
/// <param name="Cpus">How many CPUs it needs.</param>
internal sealed record TaskRow(string Name, int Cpus, string Operation);

internal static class TaskProgram
{
    public const string InGuest = "bench/task";

    /// <summary>The compiled program's path. It is linked where no other program of the guest is: the profiler stops at its addresses.</summary>
    public static string Build()
    {
        var source = Repository.In("user", "bench", "task.c");
        var output = Path.Combine(Repository.UserPrograms, "task.bench");
        if (File.Exists(output) && File.GetLastWriteTimeUtc(output) > File.GetLastWriteTimeUtc(source))
            return output;
        Report.Progress("compiling user/bench/task.c");
        string[] words = ["-static", "-O2", "-Wall", "-Wextra", "-Werror", "-Wl,-Ttext-segment=0x10000000", "-o", output, source];
        var result = HostCommand.Run("musl-gcc", words, limit: TimeSpan.FromMinutes(2));
        return result.Succeeded ? output : throw new CliFailure($"user/bench/task.c does not compile:\n{result.Output}");
    }

    /// <summary>All rows, as the program itself tells them.</summary>
    public static IReadOnlyList<TaskRow> Rows(string program)
    {
        var list = HostCommand.Run(program, ["--list"], limit: TimeSpan.FromSeconds(20));
        if (!list.Succeeded)
            throw new CliFailure($"{program} --list failed:\n{list.Output}");
        return list.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('\t'))
            .Select(words => new TaskRow(words[0], int.Parse(words[1]), words[2]))
            .ToArray();
    }

    /// <summary>A guest that runs these rows and ends. Returns the archive's path.</summary>
    public static string Archive(ScratchDirectory scratch, string program, int rounds, int scale, IReadOnlyList<string> rows)
    {
        string[] words = [$"/{InGuest}", "--rounds", $"{rounds}", "--scale", $"{scale}", .. rows];
        var root = GuestRoot.Create(new GuestPlan(words.Select(System.Text.Encoding.UTF8.GetBytes).ToArray()));
        root.AddFile(InGuest, File.ReadAllBytes(program), executable: true);
        if (rows.Any(row => row.StartsWith("hackbench", StringComparison.Ordinal)))
            AddHackbench(root);
        var archive = scratch.File("root.cpio");
        root.WriteTo(archive);
        return archive;
    }

    // Debian's own, with the libraries it needs. Where it cannot be had, the program says so and leaves its rows out.
    private static void AddHackbench(RootArchive root)
    {
        try
        {
            DebianPackages.AddTo(root, ["rt-tests", "-python3"]);
        }
        catch (CliFailure failure)
        {
            Report.Progress($"no hackbench: {failure.Message}");
        }
    }
}
