// /proc/stat, uptime and loadavg: what the CPUs did since boot. Times in hundredths of a second. Process context; no locks of its own.
// Linux: fs/proc/stat.c, uptime.c, loadavg.c. man 5 proc.
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files.Proc;

internal static class StatisticsTexts
{
    /// <summary>What a CPU, or all, spent its time on; nanoseconds.</summary>
    private struct CpuTimes
    {
        public long User, Nice, System, Idle, Irq, Softirq;

        public void Add(CpuStatistics of)
        {
            User += of.User;
            Nice += of.Nice;
            System += of.System;
            Idle += of.Idle;
            Irq += of.Irq;
            Softirq += of.Softirq;
        }

        // Columns for waiting for devices, and for guests and their hosts, are always zero here.
        public readonly void Write(PagedText text)
        {
            text.Append($" {User / TaskStat.ClockTick} {Nice / TaskStat.ClockTick} {System / TaskStat.ClockTick} {Idle / TaskStat.ClockTick}");
            text.Append($" 0 {Irq / TaskStat.ClockTick} {Softirq / TaskStat.ClockTick} 0 0 0\n");
        }
    }

    public static void WriteStat(PagedText text)
    {
        WriteCpus(text);
        WriteInterrupts(text);
        text.Append($"ctxt {CpuStatistics.TotalSwitches}\nbtime {TimeKeeper.BootSeconds}\nprocesses {TaskTree.ForkCount}\n");
        text.Append($"procs_running {CpuStatistics.TotalRunnable}\nprocs_blocked {CpuStatistics.TotalUninterruptible}\n");
        WriteSoftirqs(text);
    }

    public static void WriteUptime(PagedText text)
    {
        var all = default(CpuTimes);
        for (var cpu = 0; cpu < Cpu.Count; cpu++)
            all.Add(CpuStatistics.Of(cpu));
        WriteSeconds(text, TimeKeeper.BootTime);
        text.AppendByte((byte)' ');
        WriteSeconds(text, all.Idle);
        text.AppendByte((byte)'\n');
    }

    public static void WriteLoad(PagedText text)
    {
        LoadAverage.Get(out var one, out var five, out var fifteen);
        WriteLoad(text, one);
        WriteLoad(text, five);
        WriteLoad(text, fifteen);
        text.Append($"{CpuStatistics.TotalRunnable}/{TaskTree.ThreadCount} {TaskTree.LastId}\n");
    }

    /// <summary>A load in fixed point with two decimals, rounded, and a space.</summary>
    internal static void WriteLoad(PagedText text, long load)
    {
        var hundredths = (load * 100 + LoadAverage.One / 2) / LoadAverage.One;
        text.Append($"{hundredths / 100}.{hundredths % 100:d2} ");
    }

    private static void WriteSeconds(PagedText text, long nanoseconds)
    {
        var hundredths = nanoseconds / TaskStat.ClockTick;
        text.Append($"{hundredths / 100}.{hundredths % 100:d2}");
    }

    private static void WriteCpus(PagedText text)
    {
        var all = default(CpuTimes);
        for (var cpu = 0; cpu < Cpu.Count; cpu++)
            all.Add(CpuStatistics.Of(cpu));
        text.Append("cpu "u8);
        all.Write(text);
        for (var cpu = 0; cpu < Cpu.Count; cpu++)
        {
            var one = default(CpuTimes);
            one.Add(CpuStatistics.Of(cpu));
            text.Append($"cpu{cpu}");
            one.Write(text);
        }
    }

    // All interrupts, then those of each line at the place of its number.
    private static void WriteInterrupts(PagedText text)
    {
        text.Append($"intr {InterruptTable.Total}");
        var column = 0;
        for (var line = 0; line < (int)InterruptLine.Count; line++)
        {
            for (; column < InterruptTexts.NumberOf((InterruptLine)line); column++)
                text.Append(" 0"u8);
            column++;
            var sum = 0L;
            for (var cpu = 0; cpu < Cpu.Count; cpu++)
                sum += InterruptTable.CountOf((InterruptLine)line, cpu);
            text.Append($" {sum}");
        }

        text.AppendByte((byte)'\n');
    }

    private static void WriteSoftirqs(PagedText text)
    {
        var total = 0L;
        for (var vector = 0; vector < (int)SoftirqVector.Count; vector++)
            total += SumOf((SoftirqVector)vector);
        text.Append($"softirq {total}");
        for (var vector = 0; vector < (int)SoftirqVector.Count; vector++)
            text.Append($" {SumOf((SoftirqVector)vector)}");
        text.AppendByte((byte)'\n');
    }

    private static long SumOf(SoftirqVector vector)
    {
        var sum = 0L;
        for (var cpu = 0; cpu < Cpu.Count; cpu++)
            sum += Softirq.CountOf(vector, cpu);
        return sum;
    }
}
