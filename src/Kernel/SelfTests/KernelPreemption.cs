// Self-test: kernel code gives way to a better task wherever the counter is zero, nowhere else, and at once where it becomes zero.
// A real-time thread on this CPU is woken by a timer while this task computes; who ran first is read from a flag.
// Guard: s_wokenAt is written by the thread, read here.
using System.Threading;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;

namespace Jiffy.Kernel.SelfTests;

internal static class KernelPreemption
{
    private const long Delay = 2 * Helper.Millisecond;
    private const long Section = 10 * Helper.Millisecond;

    private static HighResolutionTimer s_alarm = null!;
    private static Completion s_wake = null!;
    private static Task? s_sleeper;
    private static long s_wokenAt;

    public static void AddTo(DriverFile tests)
    {
        s_wake = new Completion();
        s_sleeper = null;
        s_alarm = new HighResolutionTimer(static _ => Wake(), null);
        tests.Add("preemption", "1 2 4", "kernel code is preempted where the counter is zero, and only there", static report => Run(report));
    }

    private static bool HasWoken => Volatile.Read(ref s_wokenAt) != 0;

    private static TimerRestart Wake()
    {
        s_wake.Complete();
        return TimerRestart.No;
    }

    /// <summary>Puts the better thread to sleep on this CPU.</summary>
    private static void StartSleeper()
    {
        s_wokenAt = 0;
        s_wake.Reset();
        s_sleeper = Helper.Start("preemptor"u8, Cpu.Id, 50, static _ =>
        {
            s_wake.Wait();
            Volatile.Write(ref s_wokenAt, Clock.Now);
            return 0;
        });
        Helper.WaitFor(static () => s_sleeper!.State == TaskState.Uninterruptible);
    }

    /// <summary>Computes for a while, in the middle of which an interrupt wakes the better thread.</summary>
    private static void Compute()
    {
        s_alarm.Start(Clock.Now + Delay, ClockBase.Monotonic);
        Helper.Spin(Section);
    }

    private static void Run(Report report)
    {
        Helper.GoTo(Scheduler.Online.Count - 1);
        Free(report);
        PreemptionOff(report);
        WithoutLooking(report);
        SoftirqsOff(report);
        InterruptsOff(report);
        Nested(report);
        Helper.GoAnywhere();
    }

    private static void Free(Report report)
    {
        StartSleeper();
        s_alarm.Start(Clock.Now + Delay, ClockBase.Monotonic);
        report.That(Helper.SpinFor(static () => HasWoken), "a busy loop in the kernel is preempted");
    }

    private static void PreemptionOff(Report report)
    {
        StartSleeper();
        Preemption.Disable();
        Compute();
        var during = HasWoken;
        Preemption.Enable();
        var after = HasWoken;
        report.That(!during, "not while preemption is off");
        report.That(after, "but before the call that turns it on again returns");
    }

    private static void WithoutLooking(Report report)
    {
        StartSleeper();
        Preemption.Disable();
        Compute();
        var wereOn = Cpu.DisableInterrupts(); // else an interrupt's end would be the preemption point
        Preemption.EnableNoReschedule();
        var after = HasWoken;
        Cpu.RestoreInterrupts(wereOn);
        Preemption.Check();
        report.That(!after, "the variant that does not reschedule does not");
        report.That(HasWoken, "the check does");
    }

    private static void SoftirqsOff(Report report)
    {
        StartSleeper();
        Softirq.Disable();
        Compute();
        var during = HasWoken;
        Softirq.Enable();
        report.That(!during && HasWoken, "the same with softirqs off");
    }

    private static void InterruptsOff(Report report)
    {
        StartSleeper();
        var wereOn = Cpu.DisableInterrupts();
        Compute();
        var during = HasWoken;
        Cpu.RestoreInterrupts(wereOn);
        report.That(!during && Helper.SpinFor(static () => HasWoken), "and with interrupts off");
    }

    private static void Nested(Report report)
    {
        StartSleeper();
        Preemption.Disable();
        Softirq.Disable();
        Preemption.Disable();
        Compute();
        Preemption.Enable();
        Softirq.Enable();
        var during = HasWoken;
        Preemption.Enable();
        report.That(!during && HasWoken, "only the outermost level's end is a preemption point");
    }
}
