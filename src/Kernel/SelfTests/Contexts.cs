// Self-test: which context holds where. A task, a softirq handler, a top half, a top half that interrupts a softirq handler, and a task that
// keeps softirqs off look at the one counter that tells. Guard: the probes' findings are read after they have run.
using System.Threading;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.SelfTests;

internal static class Contexts
{
    private const SoftirqVector Vector = SoftirqVector.IrqPoll;

    private static HighResolutionTimer s_timer = null!;
    private static Levels s_inTimer, s_inSoftirq;
    private static int s_timersFired;

    /// <summary>What code sees of the context it runs in.</summary>
    private struct Levels
    {
        public bool Hardirq, Softirq, Serving, Process, MaySleep, InterruptsOn;

        public static Levels Here => new()
        {
            Hardirq = Context.InHardirq,
            Softirq = Context.InSoftirq,
            Serving = Context.ServingSoftirq,
            Process = Context.InProcess,
            MaySleep = Context.MaySleep,
            InterruptsOn = Cpu.InterruptsOn,
        };

        public readonly bool Is(bool hardirq, bool softirq, bool serving) =>
            Hardirq == hardirq && Softirq == softirq && Serving == serving && Process == !(hardirq || softirq);
    }

    public static void AddTo(DriverFile tests)
    {
        s_timer = new HighResolutionTimer(static _ => Fire(), null);
        tests.Add("contexts", "1 2 4", "process, softirq and hardirq context: which holds where, and how levels nest", static report => Run(report));
    }

    private static TimerRestart Fire()
    {
        s_inTimer = Levels.Here;
        Volatile.Write(ref s_timersFired, s_timersFired + 1);
        return TimerRestart.No;
    }

    private static void FireOnce()
    {
        var before = Volatile.Read(ref s_timersFired);
        s_timer.Start(Clock.Now, ClockBase.Monotonic);
        while (Volatile.Read(ref s_timersFired) == before)
            Cpu.Relax();
    }

    private static void Run(Report report)
    {
        Helper.GoTo(0);
        s_timersFired = 0;
        InTask(report);
        WithPreemptionOff(report);
        InHardirq(report);
        InSoftirq(report);
        WithSoftirqsOff(report);
        report.Equal(Preemption.Count, 0, "the counter is back at zero");
        Helper.GoAnywhere();
    }

    private static void InTask(Report report)
    {
        var here = Levels.Here;
        report.That(here.Is(hardirq: false, softirq: false, serving: false) && here.MaySleep, "a task is in process context and may sleep");
        var wereOn = Cpu.DisableInterrupts();
        here = Levels.Here;
        Cpu.RestoreInterrupts(wereOn);
        report.That(here.Process && !here.MaySleep, "with interrupts off it must not sleep");
    }

    private static void WithPreemptionOff(Report report)
    {
        Preemption.Disable();
        Preemption.Disable();
        var twice = Preemption.Count;
        Preemption.Enable();
        var here = Levels.Here;
        var once = Preemption.Count;
        Preemption.Enable();
        report.That(twice == 2 && once == 1, "turning preemption off nests");
        report.That(here.Process && !here.MaySleep, "with preemption off it is process context, but must not sleep");
    }

    private static void InHardirq(Report report)
    {
        FireOnce();
        report.That(s_inTimer.Is(hardirq: true, softirq: false, serving: false), "a top half is in hardirq context only");
        report.That(!s_inTimer.InterruptsOn && !s_inTimer.MaySleep, "with interrupts off, and must not sleep");
    }

    private static void InSoftirq(Report report)
    {
        Softirq.Register(Vector, static () =>
        {
            s_inSoftirq = Levels.Here;
            FireOnce();
        });
        Softirq.Disable();
        Softirq.Raise(Vector);
        Softirq.Enable();
        report.That(s_inSoftirq.Is(hardirq: false, softirq: true, serving: true), "a softirq handler is in softirq context only");
        report.That(s_inSoftirq.InterruptsOn && !s_inSoftirq.MaySleep, "with interrupts on, and must not sleep");
        report.That(s_inTimer.Is(hardirq: true, softirq: true, serving: true), "a top half that interrupts a softirq handler is in both");
    }

    private static void WithSoftirqsOff(Report report)
    {
        Softirq.Disable();
        var here = Levels.Here;
        FireOnce();
        Softirq.Enable();
        report.That(here.Is(hardirq: false, softirq: true, serving: false) && !here.MaySleep, "with softirqs off a task counts as softirq context, serving none");
        report.That(s_inTimer.Is(hardirq: true, softirq: true, serving: false), "a top half that comes then sees that none is being served");
    }
}
