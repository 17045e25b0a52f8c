// /proc/interrupts and /proc/softirqs: how often each came, on each CPU. Process context. Linux: show_interrupts(), show_softirqs().
using System;
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
        WriteRow(text, "NMI", "Non-maskable interrupts", static cpu => MachineInterrupts.CountOf(MachineInterrupt.NonMaskable, cpu));
        WriteRow(text, "LOC", "Local timer interrupts", static cpu =>
            InterruptTable.CountOf(InterruptKind.Timer, cpu) + MachineInterrupts.CountOf(MachineInterrupt.AlarmStep, cpu));
        WriteRow(text, "SPU", "Spurious interrupts", static cpu => MachineInterrupts.CountOf(MachineInterrupt.Spurious, cpu));
        WriteRow(text, "RES", "Rescheduling interrupts", static cpu => InterruptTable.CountOf(InterruptKind.Reschedule, cpu));
        WriteRow(text, "CAL", "Function call interrupts", static cpu => InterruptTable.CountOf(InterruptKind.Call, cpu));
        WriteRow(text, "TLB", "TLB shootdowns", static cpu => MachineInterrupts.CountOf(MachineInterrupt.Shootdown, cpu));
        WriteErrors(text);
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

    private static void WriteRow(PagedText text, string shortName, string name, Func<int, long> countOf)
    {
        text.Append($"{shortName}: ");
        for (var cpu = 0; cpu < Cpu.Count; cpu++)
            text.Append($"{countOf(cpu),10} ");
        text.Append($"  {name}\n");
    }

    // ERR: interrupts that nobody expected. MIS, what a faulty I/O APIC delivered wrongly, cannot be on a machine whose lines are all edges.
    private static void WriteErrors(PagedText text)
    {
        var sum = 0L;
        for (var cpu = 0; cpu < Cpu.Count; cpu++)
            sum += MachineInterrupts.CountOf(MachineInterrupt.Unexpected, cpu);
        text.Append($"ERR: {sum,10}\nMIS: {0,10}\n");
    }

    // The numbers that lines have on a PC.
    public static int NumberOf(InterruptLine line) => line == InterruptLine.Serial ? 4 : 16 + (int)line;
}
