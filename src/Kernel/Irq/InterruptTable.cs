// Who handles which interrupt line, and how often each interrupt came on each CPU, for /proc/interrupts.
// Contexts: Register at start-up; Handle and Count in hardirq. Counts are written by their own CPU only. Linux: request_irq(), irq_desc.
using System;
using Jiffy.Machine;

namespace Jiffy.Kernel.Irq;

/// <summary>Interrupts that are no device's.</summary>
public enum InterruptKind
{
    Timer,
    Reschedule,
    Call,
    Count,
}

public static class InterruptTable
{
    private const int Lines = (int)InterruptLine.Count;

    private static Action?[] s_handlers = null!;
    private static string?[] s_names = null!;
    private static long[][] s_counts = null!; // by CPU, then lines first, then kinds

    public static void Init()
    {
        s_handlers = new Action?[Lines];
        s_names = new string?[Lines];
        s_counts = new long[Cpu.Count][];
        for (var cpu = 0; cpu < s_counts.Length; cpu++)
            s_counts[cpu] = new long[Lines + (int)InterruptKind.Count];
    }

    /// <summary>Sets a line's top half, a static lambda: interrupts off, bounded time. Enable the line afterwards.</summary>
    public static void Register(InterruptLine line, string name, [HardirqContext] Action handler)
    {
        s_names[(int)line] = name;
        s_handlers[(int)line] = handler;
    }

    /// <summary>The name under which a line was registered, or null.</summary>
    public static string? NameOf(InterruptLine line) => s_names[(int)line];

    public static long CountOf(InterruptLine line, int cpu) => s_counts[cpu][(int)line];

    public static long CountOf(InterruptKind kind, int cpu) => s_counts[cpu][Lines + (int)kind];

    /// <summary>All interrupts since boot on all CPUs, also those that the machine serves by itself.</summary>
    public static long Total
    {
        get
        {
            var sum = 0L;
            for (var cpu = 0; cpu < s_counts.Length; cpu++)
            {
                for (var i = 0; i < s_counts[cpu].Length; i++)
                    sum += s_counts[cpu][i];
                for (var kind = MachineInterrupt.AlarmStep; kind <= MachineInterrupt.Unexpected; kind++)
                    sum += MachineInterrupts.CountOf(kind, cpu);
            }

            return sum;
        }
    }

    internal static void Count(InterruptKind kind) => s_counts[Cpu.Id][Lines + (int)kind]++;

    internal static void Handle(InterruptLine line)
    {
        s_counts[Cpu.Id][(int)line]++;
        s_handlers[(int)line]?.Invoke();
    }
}
