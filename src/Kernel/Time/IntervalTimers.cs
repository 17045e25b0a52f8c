// The three timers of a process: one counts real time (SIGALRM), one its time in user mode (SIGVTALRM), one its CPU time (SIGPROF).
// The real one is a high-resolution timer. After it has fired it waits until its signal is delivered and only then starts again, past all the
// periods gone by: a short interval cannot flood the machine. The other two are alarms on CPU time, looked at by ticks.
// Contexts: Set and Get in process context; Fire in hardirq. Lock: TaskTree.Lock guards all.
// Linux: itimer.c. man 2 setitimer.
using System.Runtime.CompilerServices;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Time;

internal enum RealTimerState
{
    Off,
    Running,

    /// <summary>Periodic, has fired, and starts again when SIGALRM is delivered.</summary>
    AwaitsDelivery,
}

internal static class IntervalTimers
{
    /// <summary>Sets a timer of the current process and tells what it was. Values in nanoseconds; <paramref name="which"/> is valid.</summary>
    public static void Set(int which, long value, long interval, out long oldValue, out long oldInterval)
    {
        var process = Task.Current.Group;
        using (TaskTree.Lock.Acquire())
        {
            GetLocked(process, which, out oldValue, out oldInterval);
            if (which == ClockId.ITIMER_REAL)
                SetReal(process, value, interval);
            else
                SetCpu(process, which, value, interval);
        }
    }

    public static void Get(int which, out long value, out long interval)
    {
        using (TaskTree.Lock.Acquire())
            GetLocked(Task.Current.Group, which, out value, out interval);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SetReal(ThreadGroup process, long value, long interval)
    {
        process.RealInterval = value == 0 ? 0 : interval;
        process.RealTimerState = value == 0 ? RealTimerState.Off : RealTimerState.Running;
        if (value == 0)
            process.RealTimer.TryCancel(); // a callback that waits for the lock sees that it is off
        else
            process.RealTimer.Start(Deadline.After(TimeKeeper.Monotonic, value), ClockBase.Monotonic);
    }

    private static void SetCpu(ThreadGroup process, int which, long value, long interval)
    {
        if (which == ClockId.ITIMER_VIRTUAL)
            process.VirtualInterval = value == 0 ? 0 : interval;
        else
            process.ProfileInterval = value == 0 ? 0 : interval;
        var clock = ClockOf(process, which);
        var alarm = AlarmOf(process, which);
        if (value == 0)
            alarm.Remove();
        else
            alarm.Set(clock, Deadline.After(clock.Read(), value));
    }

    // A timer that is on never shows zero.
    private static void GetLocked(ThreadGroup process, int which, out long value, out long interval)
    {
        if (which != ClockId.ITIMER_REAL)
        {
            var alarm = AlarmOf(process, which);
            interval = which == ClockId.ITIMER_VIRTUAL ? process.VirtualInterval : process.ProfileInterval;
            value = alarm.IsSet ? AtLeastOne(alarm.Deadline - ClockOf(process, which).Read()) : 0;
            return;
        }

        interval = process.RealInterval;
        value = 0;
        if (process.RealTimerState == RealTimerState.Off)
            return;
        var deadline = process.RealTimer.Deadline;
        var now = TimeKeeper.Monotonic;
        if (process.RealTimerState == RealTimerState.AwaitsDelivery)
            Deadline.Forward(ref deadline, now, interval);
        value = AtLeastOne(deadline - now);
    }

    private static long AtLeastOne(long left) => left > 0 ? left : 1;

    private static CpuAlarm AlarmOf(ThreadGroup process, int which) => which == ClockId.ITIMER_VIRTUAL ? process.VirtualTimer : process.ProfileTimer;

    private static CpuClock ClockOf(ThreadGroup process, int which) => new(process, null, countsUser: which == ClockId.ITIMER_VIRTUAL);

    /// <summary>The real timer went off. Hardirq.</summary>
    internal static TimerRestart Fire(HighResolutionTimer timer)
    {
        var process = (ThreadGroup)timer.Owner!;
        using (TaskTree.Lock.Acquire())
        {
            // Set again, or off, or the process has ended while this waited for the lock.
            if (process.RealTimerState != RealTimerState.Running || timer.IsQueued || process.LiveThreads == 0)
                return TimerRestart.No;
            process.RealTimerState = process.RealInterval == 0 ? RealTimerState.Off : RealTimerState.AwaitsDelivery;
            SignalSender.SendToProcessLocked(process, SignalInfo.FromKernel(SignalNumber.SIGALRM));
        }

        return TimerRestart.No;
    }

    /// <summary>A SIGALRM of the process was delivered, or is no longer ignored: the periodic timer goes on. TaskTree.Lock held.</summary>
    internal static void GoOn(ThreadGroup process)
    {
        if (process.RealTimerState != RealTimerState.AwaitsDelivery)
            return;
        var deadline = process.RealTimer.Deadline;
        Deadline.Forward(ref deadline, TimeKeeper.Monotonic, process.RealInterval);
        if (PosixTimerFaults.Has(PosixTimerFault.PeriodsDrift))
            deadline = Deadline.After(TimeKeeper.Monotonic, process.RealInterval);
        process.RealTimerState = RealTimerState.Running;
        process.RealTimer.Start(deadline, ClockBase.Monotonic);
    }

    internal static void FireProfile(CpuAlarm alarm) =>
        FireCpu(alarm, ClockId.ITIMER_PROF, ((ThreadGroup)alarm.Owner).ProfileInterval, SignalNumber.SIGPROF);

    internal static void FireVirtual(CpuAlarm alarm) =>
        FireCpu(alarm, ClockId.ITIMER_VIRTUAL, ((ThreadGroup)alarm.Owner).VirtualInterval, SignalNumber.SIGVTALRM);

    // Past all periods gone by, so it fires once per tick at most.
    private static void FireCpu(CpuAlarm alarm, int which, long interval, int signal)
    {
        var process = (ThreadGroup)alarm.Owner;
        if (interval != 0)
        {
            var clock = ClockOf(process, which);
            var deadline = alarm.Deadline;
            Deadline.Forward(ref deadline, clock.ReadInTick(), interval);
            alarm.Set(clock, deadline);
        }

        SignalSender.SendToProcessLocked(process, SignalInfo.FromKernel(signal));
    }
}
