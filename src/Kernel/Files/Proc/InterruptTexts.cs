// /proc/interrupts and /proc/softirqs: how often each came, on each CPU. Process context. Linux: show_interrupts(), show_softirqs().
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Irq;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files.Proc;

internal static class InterruptTexts
{
    public static void WriteInterrupts(PagedText text)
    {
        text.Append("          "u8);
        WriteHeads(text);
        for (var line = 0; line < (int)InterruptLine.Count; line++)
            WriteLine(text, (InterruptLine)line);
        WriteKind(text, InterruptKind.Timer, "LOC", "Local timer interrupts");
        WriteKind(text, InterruptKind.Reschedule, "RES", "Rescheduling interrupts");
        WriteKind(text, InterruptKind.Call, "CAL", "Function call interrupts");
    }

    public static void WriteSoftirqs(PagedText text)
    {
        text.Append("                    "u8);
        WriteHeads(text);
        for (var vector = 0; vector < (int)SoftirqVector.Count; vector++)
        {
            text.Append($"{SoftirqNames.Of((SoftirqVector)vector),12}:");
            for (var cpu = 0; cpu < Cpu.Count; cpu++)
                text.Append($" {Softirq.CountOf((SoftirqVector)vector, cpu),10}");
            text.AppendByte((byte)'\n');
        }
    }

    private static void WriteHeads(PagedText text)
    {
        for (var cpu = 0; cpu < Cpu.Count; cpu++)
        {
            text.Append($"CPU{cpu}");
            for (var width = cpu < 10 ? 4 : 5; width < 11; width++)
                text.AppendByte((byte)' ');
        }

        text.AppendByte((byte)'\n');
    }

    private static void WriteLine(PagedText text, InterruptLine line)
    {
        if (InterruptTable.NameOf(line) is not { } name)
            return;
        text.Append($"{NumberOf(line),3}: ");
        for (var cpu = 0; cpu < Cpu.Count; cpu++)
            text.Append($"{InterruptTable.CountOf(line, cpu),10} ");
        text.Append($"  IO-APIC {NumberOf(line),4}-edge      {name}\n");
    }

    private static void WriteKind(PagedText text, InterruptKind kind, string shortName, string name)
    {
        text.Append($"{shortName}: ");
        for (var cpu = 0; cpu < Cpu.Count; cpu++)
            text.Append($"{InterruptTable.CountOf(kind, cpu),10} ");
        text.Append($"  {name}\n");
    }

    // The numbers that lines have on a PC.
    private static int NumberOf(InterruptLine line) => line == InterruptLine.Serial ? 4 : 16 + (int)line;
}
