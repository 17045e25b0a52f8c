// The three timers of a process: one counts real time (SIGALRM), one its time in user mode (SIGVTALRM), one its CPU time (SIGPROF).
// The real one is a high-resolution timer; the others are counted down by the tick that finds a thread running, so they are as exact as
// ticks are. Contexts: Set and Get in process context; Fire and CountTicks in hardirq. Lock: TaskTree.Lock guards the fields.
// Linux: itimer.c. man 2 setitimer.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Time;

/// <summary>What is left, and what it starts with again; nanoseconds, zero: off.</summary>
internal struct CpuIntervalTimer
{
    public long Left, Interval;

    /// <summary>Counts down; true: it ran out.</summary>
    public bool Count(long nanoseconds)
    {
        if (Left == 0)
            return false;
        Left -= nanoseconds;
        if (Left > 0)
            return false;
        Left = Interval;
        return true;
    }
}

internal static class IntervalTimers
{
    /// <summary>Sets a timer of a process and tells what it was. Values in nanoseconds; <paramref name="which"/> is valid.</summary>
    public static void Set(ThreadGroup process, int which, long value, long interval, out long oldValue, out long oldInterval)
    {
        using (TaskTree.Lock.Acquire())
        {
            GetLocked(process, which, out oldValue, out oldInterval);
            if (which == ClockId.ITIMER_REAL)
                SetReal(process, value, interval);
            else
                CpuTimerOf(process, which) = new CpuIntervalTimer { Left = value, Interval = interval };
        }
    }

    public static void Get(ThreadGroup process, int which, out long value, out long interval)
    {
        using (TaskTree.Lock.Acquire())
            GetLocked(process, which, out value, out interval);
    }

    private static void SetReal(ThreadGroup process, long value, long interval)
    {
        process.RealInterval = interval;
        process.IsRealTimerOn = value != 0;
        if (value == 0)
            process.RealTimer.TryCancel(); // a callback that waits for the lock sees that it is off
        else
            process.RealTimer.Start(Deadline.After(TimeKeeper.Monotonic, value), ClockBase.Monotonic);
    }

    private static void GetLocked(ThreadGroup process, int which, out long value, out long interval)
    {
        if (which != ClockId.ITIMER_REAL)
        {
            ref var timer = ref CpuTimerOf(process, which);
            value = timer.Left;
            interval = timer.Interval;
            return;
        }

        interval = process.RealInterval;
        value = 0;
        if (!process.IsRealTimerOn)
            return;
        var remaining = process.RealTimer.Remaining;
        value = remaining > 0 ? remaining : 1; // it is on: never zero
    }

    private static ref CpuIntervalTimer CpuTimerOf(ThreadGroup process, int which)
    {
        if (which == ClockId.ITIMER_VIRTUAL)
            return ref process.VirtualTimer;
        return ref process.ProfileTimer;
    }

    /// <summary>The real timer went off.</summary>
    internal static TimerRestart Fire(HighResolutionTimer timer)
    {
        var process = (ThreadGroup)timer.Owner!;
        using (TaskTree.Lock.Acquire())
        {
            // Set again, or off, or the process has ended while this waited for the lock.
            if (!process.IsRealTimerOn || timer.IsQueued || process.LiveThreads == 0)
                return TimerRestart.No;
            SignalSender.SendToProcessLocked(process, SignalInfo.FromKernel(SignalNumber.SIGALRM));
            if (process.RealInterval == 0)
            {
                process.IsRealTimerOn = false;
                return TimerRestart.No;
            }

            timer.Forward(TimeKeeper.Monotonic, process.RealInterval);
            return TimerRestart.Yes;
        }
    }

    /// <summary>A tick found a thread of the process running. Hardirq.</summary>
    internal static void CountTicks(ThreadGroup process, long nanoseconds, bool fromUser)
    {
        if (process.VirtualTimer.Left == 0 && process.ProfileTimer.Left == 0)
            return;
        using (TaskTree.Lock.Acquire())
        {
            if (process.LiveThreads == 0)
                return;
            if (fromUser && process.VirtualTimer.Count(nanoseconds))
                SignalSender.SendToProcessLocked(process, SignalInfo.FromKernel(SignalNumber.SIGVTALRM));
            if (process.ProfileTimer.Count(nanoseconds))
                SignalSender.SendToProcessLocked(process, SignalInfo.FromKernel(SignalNumber.SIGPROF));
        }
    }
}
