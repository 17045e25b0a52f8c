// Self-test of high-resolution timers: never early, earliest first whatever the order of starting, restarted by their callback's answer,
// both clocks, and the three answers of trying to take one off. Guard: what callbacks write is read after they have run.
using System.Threading;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.SelfTests;

internal static class FineTimers
{
    private const int Count = 8;
    private const long Step = 300 * Helper.Microsecond;

    private static HighResolutionTimer[] s_timers = null!;
    private static HighResolutionTimer s_periodic = null!, s_slow = null!;
    private static int s_fired, s_early, s_disorder, s_periods, s_overruns;
    private static LongRun s_long = null!;
    private static long s_lastDeadline, s_mostLate;

    public static void AddTo(DriverFile tests)
    {
        s_long = new LongRun();
        s_timers = new HighResolutionTimer[Count];
        for (var i = 0; i < Count; i++)
            s_timers[i] = new HighResolutionTimer(static timer => Fire(timer), null);
        s_periodic = new HighResolutionTimer(static timer => FirePeriodically(timer), null);
        s_slow = new HighResolutionTimer(static _ => FireSlowly(), null);
        tests.Add("hrtimers", "1 2 4", "high-resolution timers: order, both clocks, restart, cancel and try to cancel", static report => Run(report));
    }

    private static void Run(Report report)
    {
        Helper.GoTo(Scheduler.Online.Count - 1);
        EarliestFirst(report, ClockBase.Monotonic, "monotonic clock");
        EarliestFirst(report, ClockBase.RealTime, "real-time clock");
        InThePast(report);
        Periodic(report);
        TakenOff(report);
        WhileItRuns(report);
        Helper.GoAnywhere();
    }

    private static long Now(ClockBase clock) => clock == ClockBase.RealTime ? TimeKeeper.RealTime : TimeKeeper.Monotonic;

    private static TimerRestart Fire(HighResolutionTimer timer)
    {
        var late = Now(timer.Clock) - timer.Deadline;
        if (late < 0)
            s_early++;
        if (late > s_mostLate)
            s_mostLate = late;
        if (timer.Deadline < s_lastDeadline)
            s_disorder++;
        s_lastDeadline = timer.Deadline;
        Volatile.Write(ref s_fired, s_fired + 1);
        return TimerRestart.No;
    }

    // Started latest first, so that each start must set the alarm anew.
    private static void EarliestFirst(Report report, ClockBase clock, string what)
    {
        s_fired = 0;
        s_early = 0;
        s_disorder = 0;
        s_lastDeadline = 0;
        s_mostLate = 0;
        var now = Now(clock);
        for (var i = Count - 1; i >= 0; i--)
            s_timers[i].Start(now + 3 * Helper.Millisecond + i * Step, clock);
        Helper.WaitFor(static () => Volatile.Read(ref s_fired) == Count);
        report.That(s_fired == Count, what);
        report.That(s_early == 0 && s_disorder == 0, "each once, none early, the earliest first");
        report.Text.Append($"# latest by {s_mostLate} ns\n");
    }

    private static void InThePast(Report report)
    {
        s_fired = 0;
        s_timers[0].Start(1, ClockBase.Monotonic);
        report.That(Helper.SpinFor(static () => Volatile.Read(ref s_fired) == 1), "a deadline in the past fires at once");
    }

    private static TimerRestart FirePeriodically(HighResolutionTimer timer)
    {
        s_overruns += (int)timer.Forward(TimeKeeper.Monotonic, Step);
        Volatile.Write(ref s_periods, s_periods + 1);
        return s_periods < 10 ? TimerRestart.Yes : TimerRestart.No;
    }

    private static void Periodic(Report report)
    {
        s_periods = 0;
        s_overruns = 0;
        var start = TimeKeeper.Monotonic;
        s_periodic.Start(start + Step, ClockBase.Monotonic);
        Helper.WaitFor(static () => Volatile.Read(ref s_periods) == 10);
        var elapsed = TimeKeeper.Monotonic - start;
        s_periodic.Cancel();
        report.Equal(s_periods, 10, "a callback that answers restart fires again");
        report.That(elapsed >= 10 * Step && s_overruns >= 10, "once in an interval, missed intervals counted");
    }

    private static void TakenOff(Report report)
    {
        s_fired = 0;
        var never = s_timers[0].TryCancel();
        s_timers[0].Start(TimeKeeper.Monotonic + Helper.Second, ClockBase.Monotonic);
        var queued = s_timers[0].TryCancel();
        s_timers[0].Start(TimeKeeper.Monotonic + Helper.Second, ClockBase.Monotonic);
        var first = s_timers[0].Cancel();
        var second = s_timers[0].Cancel();
        report.That(never == 0 && queued == 1, "trying to cancel answers 0 for an idle timer, 1 for a queued one");
        report.That(first && !second && s_fired == 0, "cancel tells whether it was queued");
    }

    private static TimerRestart FireSlowly()
    {
        s_long.Run();
        return TimerRestart.No;
    }

    private static void StartedWhileItRuns(Report report, int here)
    {
        s_long.Reset();
        s_slow.Start(TimeKeeper.Monotonic + 2 * Helper.Millisecond, ClockBase.Monotonic);
        Helper.GoTo(Helper.Other(here));
        var isRunning = s_long.WaitForStart();
        var wasQueued = s_slow.Start(TimeKeeper.Monotonic + Helper.Second, ClockBase.Monotonic);
        s_long.LetEnd();
        var wasTakenOff = s_slow.Cancel();
        Helper.GoTo(here);
        report.That(isRunning && !wasQueued && wasTakenOff, "started again while its callback runs, it is queued, and cancel says so");
    }

    private static void WhileItRuns(Report report)
    {
        if (Scheduler.Online.Count < 2)
            return;
        s_long.Reset();
        var here = Cpu.Id;
        s_slow.Start(TimeKeeper.Monotonic + 2 * Helper.Millisecond, ClockBase.Monotonic);
        Helper.GoTo(Helper.Other(here));
        var isRunning = s_long.WaitForStart();
        var answer = s_slow.TryCancel();
        s_long.LetEnd();
        s_slow.Cancel();
        var hasEnded = s_long.HasEnded;
        Helper.GoTo(here);
        report.That(isRunning && answer == -1, "trying to cancel answers -1 while the callback runs elsewhere");
        report.That(hasEnded, "cancel waits for it");
        StartedWhileItRuns(report, here);
    }
}
