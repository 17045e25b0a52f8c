// POSIX timers: their expiry, the delivery of their signal, and what is in between. TaskTree.Lock held unless the remark says otherwise.
// Contexts: hardirq for expiry; delivery in the context of the task that takes the signal.
// Linux: posix_timer_fn(), posixtimer_rearm(), common_timer_get(), common_timer_set().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Time;

internal static partial class PosixTimers
{
    /// <summary>The real timer went off. Hardirq; takes the lock.</summary>
    internal static TimerRestart Fire(HighResolutionTimer real)
    {
        var timer = (PosixTimer)real.Owner!;
        Cpu.Interleave(); // what others do to the timer before this has the lock
        using (TaskTree.Lock.Acquire())
        {
            // Set anew while this waited for the lock: that one counts.
            if (!real.IsQueued || PosixTimerFaults.Has(PosixTimerFault.StaleExpiryCounts))
                FireLocked(timer);
        }

        return TimerRestart.No;
    }

    /// <summary>An expiration. One that is not wanted any more is none.</summary>
    internal static void FireLocked(PosixTimer timer)
    {
        if (timer.State != PosixTimerState.Armed)
            return;
        timer.State = timer.Interval == 0 ? PosixTimerState.Off : PosixTimerState.AwaitsDelivery;
        switch (SignalSender.SendTimer(timer))
        {
            case TimerSignal.WasQueued:
                // It still tells of an expiration before the timer was last set.
                timer.Overruns++;
                break;
            case TimerSignal.Ignored when timer.Interval != 0:
                timer.State = PosixTimerState.Ignored;
                timer.Process.IgnoredPosixTimers++;
                break;
            case TimerSignal.NobodyThere:
                timer.State = PosixTimerState.Off;
                break;
        }
    }

    /// <summary>The timer's signal is taken for delivery: fills in the overruns, and the timer goes on.</summary>
    internal static void Delivered(PosixTimer timer, ref SignalInfo info)
    {
        var overruns = timer.Overruns;
        timer.Overruns = 0;
        if (timer.State == PosixTimerState.AwaitsDelivery)
        {
            var periods = GoOn(timer);
            if (periods > 1 && !PosixTimerFaults.Has(PosixTimerFault.OverrunsLost))
                overruns += periods - 1;
        }

        timer.OverrunsTold = overruns > int.MaxValue ? int.MaxValue : (int)overruns;
        info.UserId = (uint)timer.OverrunsTold; // si_overrun lies where a sender's user id would
    }

    /// <summary>The timer's signal was taken off its queue undelivered: it became ignored, its opposite was sent, or its thread ended.</summary>
    internal static void Dropped(PosixTimer timer)
    {
        timer.Overruns = 0;
        if (timer.State == PosixTimerState.AwaitsDelivery)
            GoOn(timer);
    }

    /// <summary>Signals of <paramref name="set"/> are no longer ignored, or blocked from now on: timers that stood still for it go on.</summary>
    internal static void Wanted(ThreadGroup process, SignalSet set)
    {
        if (set.Contains(SignalNumber.SIGALRM))
            IntervalTimers.GoOn(process);
        if (process.IgnoredPosixTimers == 0)
            return;
        for (var timer = process.PosixTimers.First; timer is not null; timer = RedBlackTree<PosixTimer, PosixTimer.ById>.Next(timer))
        {
            if (timer.State == PosixTimerState.Ignored && set.Contains(timer.Signal))
                GoOn(timer);
        }
    }

    // Past the periods gone by; returns how many. A timer whose CPU clock is gone is off.
    private static long GoOn(PosixTimer timer)
    {
        SetState(timer, PosixTimerState.Armed);
        if (timer.CountsCpuTime && !TryFindCpuClock(timer, out _))
        {
            timer.State = PosixTimerState.Off;
            return 0;
        }

        var periods = Deadline.Forward(ref timer.Deadline, Now(timer), timer.Interval);
        Start(timer);
        return periods;
    }

    private static void Start(PosixTimer timer)
    {
        if (timer.IsSilent)
            return; // nobody is told; who asks is told the time left
        if (!timer.CountsCpuTime)
            timer.Real.Start(timer.Deadline, timer.Base);
        else if (TryFindCpuClock(timer, out var clock))
            timer.CpuTime.Set(clock, timer.Deadline);
    }

    private static void Disarm(PosixTimer timer)
    {
        SetState(timer, PosixTimerState.Off);
        timer.Interval = 0;
        timer.CpuTime.Remove();
        timer.Real.TryCancel(); // a callback that waits for the lock finds the state changed, or the timer queued anew
    }

    private static void SetState(PosixTimer timer, PosixTimerState state)
    {
        if (timer.State == PosixTimerState.Ignored)
            timer.Process.IgnoredPosixTimers--;
        timer.State = state;
    }

    // A time span is measured on the monotonic clock whichever clock was named, so setting the clock does not change it.
    private static void SetDeadline(PosixTimer timer, bool isAbsolute, long value, in CpuClock clock)
    {
        timer.Base = isAbsolute ? Clocks.BaseOf(timer.Clock) : ClockBase.Monotonic;
        timer.Deadline = isAbsolute ? value : Deadline.After(timer.CountsCpuTime ? clock.Read() : TimeKeeper.Monotonic, value);
    }

    private static void GetLocked(PosixTimer timer, out long value, out long interval)
    {
        interval = timer.Interval;
        value = 0;
        if (timer.State == PosixTimerState.Off || (timer.CountsCpuTime && !TryFindCpuClock(timer, out _)))
            return;
        var now = Now(timer);
        var deadline = timer.Deadline;
        if (interval != 0 && (timer.State != PosixTimerState.Armed || timer.IsSilent))
            Deadline.Forward(ref deadline, now, interval);

        // One that is due and just about to be told of never shows zero; a silent one has had its time.
        value = deadline > now ? deadline - now : timer.IsSilent ? 0 : 1;
    }

    private static long Now(PosixTimer timer)
    {
        if (timer.CountsCpuTime)
            return TryFindCpuClock(timer, out var clock) ? clock.Read() : 0;
        return Clocks.Now(timer.Base);
    }

    private static bool TryFindCpuClock(PosixTimer timer, out CpuClock clock)
    {
        clock = default;
        if (TaskTree.Find(timer.CpuTaskId) is not { } task || task.Serial != timer.CpuTaskSerial)
            return false;
        var ofThread = CpuClock.IsOfThread(timer.Clock);
        if (ofThread ? task.HasNotified : task.Group.LiveThreads == 0)
            return false;
        clock = ofThread
            ? new CpuClock(null, task, CpuClock.CountsUserOnly(timer.Clock))
            : new CpuClock(task.Group, null, CpuClock.CountsUserOnly(timer.Clock));
        return true;
    }
}
