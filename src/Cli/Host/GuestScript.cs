// One script run in a guest of its own, from boot to power-off, without a terminal: for what needs the kernel's word only.
using System;
using System.IO;
using System.Text;
using System.Threading;
using Jiffy.Cli.Root;

namespace Jiffy.Cli.Host;

/// <param name="Output">What the script printed, lines ending in \n.</param>
/// <param name="Problem">Why the output is not all there, or null.</param>
internal sealed record ScriptOutcome(string Output, string? Problem);

internal static class GuestScript
{
    /// <summary>Boots, runs the script with the guest's shell, and waits for the machine's end, at most until the limit.</summary>
    /// <param name="addFiles">Adds to the guest's root; null: nothing.</param>
    public static ScriptOutcome Run(MachineOptions options, string script, TimeSpan limit, Action<RootArchive>? addFiles = null)
    {
        using var scratch = new ScratchDirectory();
        var command = new[] { "sh", "-c", script };
        var root = GuestRoot.Create(new GuestPlan(Array.ConvertAll(command, Encoding.UTF8.GetBytes)) { Input = [] });
        addFiles?.Invoke(root);
        var archive = scratch.File("root.cpio");
        root.WriteTo(archive);
        using var guardian = new Guardian();
        using var machine = VirtualMachine.Start(options, new MachineFiles(archive, scratch.File("debug-console")), guardian);
        using var timer = new Timer(_ => machine.Kill(), null, limit, Timeout.InfiniteTimeSpan);
        var output = Collect(machine.Output);
        var end = machine.End();
        var problem = end.Outcome switch
        {
            MachineOutcome.PoweredOff => null,
            MachineOutcome.Killed => $"no end within {limit.TotalSeconds:0} s",
            _ => $"the machine ended as {end.Outcome} (QEMU status {end.QemuStatus})",
        };
        return new ScriptOutcome(output, problem is null ? null : $"{problem}\n{output}\n{end.DebugConsole}\n{end.Messages}".TrimEnd());
    }

    // What stands between the marks of the script's beginning and end; all of it when there are none.
    private static string Collect(Stream stream)
    {
        var marks = new ConsoleMarks();
        var text = new MemoryStream();
        var buffer = new byte[1 << 14];
        var isOver = false;
        for (int count; (count = stream.Read(buffer)) > 0;)
            foreach (var piece in marks.Take(buffer.AsMemory(0, count)))
            {
                if (piece.Mark == ConsoleMarks.Ready)
                    text.SetLength(0);
                else if (piece.Mark is { } mark)
                    isOver |= mark.StartsWith(ConsoleMarks.StatusPrefix, StringComparison.Ordinal);
                else if (!isOver)
                    text.Write(piece.Output.Span);
            }
        return Encoding.UTF8.GetString(text.ToArray()).Replace("\r\n", "\n", StringComparison.Ordinal);
    }
}
