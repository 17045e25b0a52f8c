// Where a row's instructions go: QEMU's debugger stops the machine at the program's marks around a round, and in between QEMU writes
// down every instruction's address. Exact, not sampled; counted by kernel method, or by source line.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using Jiffy.Cli.Build;
using Jiffy.Cli.Host;

namespace Jiffy.Cli.Bench;

/// <summary>A place in the kernel and how many of a round's instructions were there.</summary>
/// <param name="Entries">How often it was come to from elsewhere: by calls, and by returns from what it called.</param>
internal sealed record ProfileLine(string Place, long Instructions, long Entries);

/// <summary>One round of a row.</summary>
internal sealed record ProfileResult(long Operations, long Instructions, IReadOnlyList<ProfileLine> Lines);

internal static class TaskProfile
{
    public const string UserMode = "(user mode)";

    public static ProfileResult Measure(string row, bool byLine)
    {
        var program = TaskProgram.Build();
        var marks = new ElfImage(program);
        using var scratch = new ScratchDirectory();
        using var guardian = new Guardian();
        var archive = TaskProgram.Archive(scratch, program, rounds: 1, scale: 1, [row]);
        var subject = TaskBench.Subject("Jiffy", null, cpus: 1, counts: true, Acceleration.Tcg);
        var port = BootBench.FreePort();
        using var machine = VirtualMachine.Start(subject.Machine, new MachineFiles(archive, scratch.File("debug-console"), port), guardian);
        using var console = new MemoryStream();
        var copy = machine.Output.CopyToAsync(console);
        using var remote = GdbRemote.Connect(port, TimeSpan.FromSeconds(10));
        var (begin, end) = (marks.AddressOf("profile_begin"), marks.AddressOf("profile_end"));
        RunTo(remote, begin);
        RunTo(remote, end);     // the round that warms up
        RunTo(remote, begin);
        var log = scratch.File("instructions");
        // One instruction in each translated block, and each block told, not chained to the next.
        remote.Command($"logfile {log}");
        remote.Command("singlestep on");
        remote.Command("log exec,nochain");
        RunTo(remote, end);
        remote.Command("log none");
        remote.Command("singlestep off");
        remote.Continue();
        machine.WaitForEnd(TimeSpan.FromSeconds(60));
        machine.Kill();
        copy.Wait(TimeSpan.FromSeconds(2));
        return Count(log, Operations(Encoding.UTF8.GetString(console.ToArray()), row), byLine ? Lines() : Methods());
    }

    private static void RunTo(GdbRemote remote, ulong address)
    {
        remote.SetBreakpoint(address);
        remote.RunToBreakpoint();
        remote.RemoveBreakpoint(address);
    }

    private static long Operations(string console, string row)
    {
        var round = Regex.Match(console, $"round {Regex.Escape(row)} ([0-9]+) ");
        return round.Success
            ? long.Parse(round.Groups[1].ValueSpan, CultureInfo.InvariantCulture)
            : throw new CliFailure($"the row {row} was not measured:\n{console}");
    }

    // A line of the log: Trace 0: 0x7f12... [0000000000000000/PC/flags/cflags] name
    private static ProfileResult Count(string log, long operations, (ulong[] Starts, string[] Places) code)
    {
        var counts = new Dictionary<string, (long Instructions, long Entries)>();
        var (total, last) = (0L, "");
        foreach (var line in File.ReadLines(log))
        {
            var slash = line.IndexOf('/');
            if (!line.StartsWith("Trace", StringComparison.Ordinal) || slash < 0)
                continue;
            var address = ulong.Parse(line.AsSpan(slash + 1, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            var place = PlaceOf(address, code);
            var count = counts.GetValueOrDefault(place);
            counts[place] = (count.Instructions + 1, count.Entries + (place == last ? 0 : 1));
            (total, last) = (total + 1, place);
        }
        return new ProfileResult(operations, total,
            counts.Select(count => new ProfileLine(count.Key, count.Value.Instructions, count.Value.Entries))
                .OrderByDescending(line => line.Instructions).ToArray());
    }

    private static string PlaceOf(ulong address, (ulong[] Starts, string[] Places) code)
    {
        if (address >> 63 == 0)
            return UserMode;
        var index = Array.BinarySearch(code.Starts, address);
        if (index < 0)
            index = ~index - 1;
        return index < 0 ? $"{address:x}" : code.Places[index];
    }

    private static (ulong[] Starts, string[] Places) Methods()
    {
        var names = new ReadableNames(ImageBuilder.AssembliesIn(new BuildOptions()));
        var methods = new ElfImage(new BuildOptions().DebugImage).Symbols
            .Where(symbol => symbol.Name.Length > 0 && !symbol.Name.Contains('.') && symbol.Kind is ElfImage.FunctionKind or ElfImage.NoKind)
            .GroupBy(symbol => symbol.Address)
            .Select(same => same.OrderByDescending(symbol => symbol.Kind).ThenByDescending(symbol => symbol.Name.Contains("__")).First())
            .OrderBy(symbol => symbol.Address).ToArray();
        return (methods.Select(method => method.Address).ToArray(), methods.Select(method => names.Of(method.Name)).ToArray());
    }

    private static (ulong[] Starts, string[] Places) Lines()
    {
        var rows = DwarfLines.Read(new ElfImage(new BuildOptions().DebugImage).Contents(".debug_line")).OrderBy(row => row.Address).ToArray();
        return (rows.Select(row => row.Address).ToArray(), rows.Select(row => $"{Path.GetFileName(row.File)}:{row.Line}").ToArray());
    }
}
