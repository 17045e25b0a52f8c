// `jiffy stats`: how large each room is, and how much of what runs in the kernel must be trusted: assembly, the core
// library, and the machine's files that use unsafe code. Blank lines and comment lines do not count.
using System;
using System.Collections.Generic;
using System.CommandLine;
using System.IO;
using System.Linq;
using Jiffy.Cli.Host;
using Spectre.Console;

namespace Jiffy.Cli.Commands;

internal static class StatsCommand
{
    /// <summary>One room's files and lines. Trusted lines are counted only where they are part of the kernel.</summary>
    internal sealed record Room(string Name, int Files, int Lines, int Trusted, bool IsInKernel);

    public static Command Create()
    {
        var command = new Command("stats", "Print the lines of code of each room, the share of trusted lines, and the image's size.");
        command.SetAction(_ => Print());
        return command.WithExamples("jiffy stats");
    }

    /// <summary>Lines that are neither blank nor only comment.</summary>
    internal static int CodeLines(IEnumerable<string> lines, string commentMark) =>
        lines.Select(line => line.Trim()).Count(line => line.Length > 0 && !line.StartsWith(commentMark, StringComparison.Ordinal));

    private static int Print()
    {
        var rooms = Rooms().Where(room => room.Files > 0).ToArray();
        var table = new Table().Border(TableBorder.Simple);
        table.AddColumn("Room");
        foreach (var heading in new[] { "Files", "Lines", "Trusted" })
            table.AddColumn(new TableColumn(heading).RightAligned());
        foreach (var room in rooms)
            table.AddRow(room.Name, $"{room.Files}", $"{room.Lines}", room.IsInKernel ? $"{room.Trusted}" : "");
        AnsiConsole.Write(table);

        var kernel = rooms.Where(room => room.IsInKernel).ToArray();
        var (lines, trusted) = (kernel.Sum(room => room.Lines), kernel.Sum(room => room.Trusted));
        Say($"In the kernel image: {lines} lines, of which {trusted} trusted ({100.0 * trusted / Math.Max(lines, 1):0.0} %)");
        var image = new FileInfo(Repository.KernelImage);
        Say(image.Exists ? $"Image: {image.Length / 1024.0:0} KiB" : "Image: not built");
        return ExitStatus.Success;
    }

    private static IEnumerable<Room> Rooms()
    {
        foreach (var room in Below("src/Kernel"))
            yield return Measure(room, isInKernel: true);
        yield return Measure("src/Machine/Contract", isInKernel: true);
        foreach (var room in Below("src/Machine/X64"))
            yield return Measure(room, isInKernel: true, machine: true);
        yield return Measure("src/CoreLib", isInKernel: true, allTrusted: true);
        foreach (var room in new[] { "src/Modules", "src/Machine/Sim", "src/Checks", "src/Cli", "tests/Unit", "tests/Sim", "tests/Guest", "user" })
            yield return Measure(room, isInKernel: false);
    }

    private static Room Measure(string room, bool isInKernel, bool machine = false, bool allTrusted = false)
    {
        var (files, lines, trusted) = (0, 0, 0);
        foreach (var file in Files(room))
        {
            var text = File.ReadAllLines(file);
            var isAssembly = Path.GetExtension(file) is ".asm" or ".inc";
            var count = CodeLines(text, Path.GetExtension(file) switch { ".asm" or ".inc" => ";", ".sh" or ".tty" => "#", _ => "//" });
            files++;
            lines += count;
            if (isAssembly || allTrusted || machine && UsesUnsafe(text))
                trusted += count;
        }
        return new Room(room, files, lines, trusted, isInKernel);
    }

    private static bool UsesUnsafe(string[] lines) =>
        lines.Select(line => line.Trim()).Any(line => !line.StartsWith("//", StringComparison.Ordinal) && line.Split(' ', '(').Contains("unsafe"));

    private static string[] Files(string room) =>
        Directory.Exists(Repository.In(room))
            ? Directory.EnumerateFiles(Repository.In(room), "*", SearchOption.AllDirectories)
                .Where(file => Path.GetExtension(file) is ".cs" or ".asm" or ".inc" or ".c" or ".h" or ".sh" or ".tty")
                .ToArray()
            : [];

    private static IEnumerable<string> Below(string parent) =>
        Directory.Exists(Repository.In(parent))
            ? Directory.GetDirectories(Repository.In(parent)).Order(StringComparer.Ordinal).Select(Repository.Relative)
            : [];

    private static void Say(string text) => Descriptors.Write(Descriptors.StandardOutput, text + "\n");
}
