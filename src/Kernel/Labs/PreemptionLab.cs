// Experiment: a thread of the highest priority is woken by a timer while the kernel works in sections of some length during which preemption,
// softirqs or interrupts are off, or nothing is. Measured: from the timer's deadline to the thread's first step.
// Guard: samples are the woken thread's; all on one CPU.
using System;
using System.Threading;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.SelfTests;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.Labs;

internal static class PreemptionLab
{
    private const int PreemptionIsOff = 1, SoftirqsAreOff = 2, InterruptsAreOff = 3;

    private static int s_count;
    private static long s_spread; // wake-ups fall evenly into the sections

    public static void AddTo(DriverFile labs)
    {
        labs.Add("preemption", "1", "mode= length= (us) count=: wake-up latency with preemption (1), softirqs (2), interrupts (3) off in sections, or nothing (0)",
            static report => Run(report));
    }

    private static void Run(Report report)
    {
        var mode = (int)report.Number("mode"u8, PreemptionIsOff);
        var length = report.Number("length"u8, 100) * Helper.Microsecond;
        s_count = (int)Math.Min(report.Number("count"u8, 200), Samples.Most);
        s_spread = Math.Max(2 * length, Helper.Millisecond);
        Helper.GoTo(0);
        Samples.First.Clear();
        Helper.Start("woken"u8, 0, 80, static _ => Sleeper());
        while (Volatile.Read(ref s_count) > 0)
        {
            Section(mode, length);
            Helper.Spin(Helper.Microsecond);
        }

        report.Text.Append($"row mode={mode} length={length}");
        Samples.First.WriteTo(report.Text, "late");
        report.Text.Append("\n"u8);
        Helper.GoAnywhere();
    }

    private static int Sleeper()
    {
        var deadline = TimeKeeper.Monotonic;
        while (s_count > 0)
        {
            deadline += Helper.Millisecond + Helper.Phase(Samples.First.Count, s_spread); // another phase each time
            Sleep.Until(deadline, ClockBase.Monotonic, TaskState.Uninterruptible);
            var now = TimeKeeper.Monotonic;
            Samples.First.Add(now - deadline);
            deadline = now;
            Volatile.Write(ref s_count, s_count - 1);
        }

        return 0;
    }

    private static void Section(int mode, long length)
    {
        switch (mode)
        {
            case PreemptionIsOff:
                Preemption.Disable();
                Helper.Spin(length);
                Preemption.Enable();
                break;
            case SoftirqsAreOff:
                Softirq.Disable();
                Helper.Spin(length);
                Softirq.Enable();
                break;
            case InterruptsAreOff:
                var wereOn = Cpu.DisableInterrupts();
                Helper.Spin(length);
                Cpu.RestoreInterrupts(wereOn);
                break;
            default:
                Helper.Spin(length);
                break;
        }
    }
}
