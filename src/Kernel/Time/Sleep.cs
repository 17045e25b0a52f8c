// Sleeping for a time, without anything else to wait for: by the high-resolution timer of the task to the nanosecond, and, the older way, by
// its coarse timer to the tick. Context: process, may sleep. Linux: schedule_timeout(), schedule_hrtimeout_range(), msleep(), usleep_range().
// No wake-up is lost: the sleeper publishes its state, then looks whether the timer is queued; the timer is taken off its queue, then its
// callback reads the state. (Whether the callback is still under way would be the wrong question: it may have read the state already.)
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Time;

public static class Sleep
{
    /// <summary>A number of ticks that never ends. Linux: MAX_SCHEDULE_TIMEOUT.</summary>
    public const long Forever = long.MaxValue;

    private const long Microsecond = 1000, Millisecond = 1_000_000;
    private const long ShortestSleep = 10 * Microsecond, LongestExact = 20 * Millisecond;

    /// <summary>Sleeps until <paramref name="deadline"/> on <paramref name="clock"/> (nanoseconds), and no longer than the task's slack beyond.</summary>
    /// <returns>None; or ERESTARTSYS when <paramref name="state"/> allows signals and one came.</returns>
    public static Errno Until(long deadline, ClockBase clock = ClockBase.Monotonic, TaskState state = TaskState.Interruptible) =>
        Until(deadline, clock, state, Task.Current.SleepSlack);

    /// <summary>The same with a slack in nanoseconds: so much later is as good.</summary>
    public static Errno Until(long deadline, ClockBase clock, TaskState state, long slack)
    {
        Context.MightSleep();
        var current = Task.Current;
        var timer = current.SleepTimer;
        var result = Errno.None;
        timer.Start(deadline, clock, slack);
        while (true)
        {
            current.SetState(state);
            Cpu.Interleave();
            if (!timer.IsQueued) // taken off to fire; the callback, which wakes this task if it sleeps by then, may be still to come
                break;
            if (Scheduler.IsSleepInterrupted(current, state))
            {
                result = Errno.ERESTARTSYS;
                break;
            }

            Scheduler.Schedule();
        }

        current.SetStateRelaxed(TaskState.Running);
        timer.Cancel();
        return result;
    }

    /// <summary>Sleeps for at least that many nanoseconds.</summary>
    public static Errno For(long nanoseconds, TaskState state = TaskState.Interruptible) =>
        Until(Deadline.After(TimeKeeper.Monotonic, nanoseconds), ClockBase.Monotonic, state);

    /// <summary>
    /// Sleeps in the state already set, once: a wake-up, a signal or the deadline ends it. Returns None when the deadline passed, else EINTR.
    /// Linux: schedule_hrtimeout_range_clock().
    /// </summary>
    public static Errno ScheduleUntil(long deadline, long slack, ClockBase clock)
    {
        var current = Task.Current;
        if (deadline == long.MaxValue)
        {
            Scheduler.Schedule();
            return Errno.EINTR;
        }

        var timer = current.SleepTimer;
        timer.Start(deadline, clock, slack);
        Scheduler.Schedule();
        timer.Cancel();
        current.SetStateRelaxed(TaskState.Running);
        return timer.Remaining <= 0 ? Errno.None : Errno.EINTR;
    }

    /// <summary>
    /// Sleeps for <paramref name="ticks"/> whole ticks in the state already set, unless woken before; returns the ticks left, zero when all
    /// have passed, <see cref="Forever"/> if that was asked for. Linux: schedule_timeout().
    /// </summary>
    public static long ScheduleTimeout(long ticks)
    {
        var current = Task.Current;
        if (ticks == Forever)
        {
            Scheduler.Schedule();
            return Forever;
        }

        if (ticks < 0)
        {
            current.SetStateRelaxed(TaskState.Running);
            return 0;
        }

        var now = Jiffies.Now;
        var end = Deadline.After(now, ticks);
        current.TimeoutTimer.Start(Deadline.After(end, 1)); // this tick has begun already
        Scheduler.Schedule();
        current.TimeoutTimer.CancelAndWait();
        var left = end - Jiffies.Now;
        return left > 0 ? left : 0;
    }

    /// <summary>Sets the state and sleeps as <see cref="ScheduleTimeout(long)"/> does. Linux: schedule_timeout_interruptible() and its like.</summary>
    public static long ScheduleTimeout(long ticks, TaskState state)
    {
        Task.Current.SetState(state);
        return ScheduleTimeout(ticks);
    }

    public static long ScheduleTimeoutInterruptible(long ticks) => ScheduleTimeout(ticks, TaskState.Interruptible);

    public static long ScheduleTimeoutUninterruptible(long ticks) => ScheduleTimeout(ticks, TaskState.Uninterruptible);

    public static long ScheduleTimeoutKillable(long ticks) => ScheduleTimeout(ticks, TaskState.Killable);

    public static long ScheduleTimeoutIdle(long ticks) => ScheduleTimeout(ticks, TaskState.Idle);

    /// <summary>Sleeps at least so many milliseconds, whatever comes; to the tick. Linux: msleep().</summary>
    public static void Milliseconds(long milliseconds)
    {
        for (var ticks = Jiffies.FromMilliseconds(milliseconds); ticks > 0;)
            ticks = ScheduleTimeoutUninterruptible(ticks);
    }

    /// <summary>The same, but a signal ends it; returns the milliseconds left. Linux: msleep_interruptible().</summary>
    public static long MillisecondsInterruptible(long milliseconds)
    {
        var ticks = Jiffies.FromMilliseconds(milliseconds);
        while (ticks > 0 && !Scheduler.IsSleepInterrupted(Task.Current, TaskState.Interruptible))
            ticks = ScheduleTimeoutInterruptible(ticks);
        return Jiffies.ToMilliseconds(ticks);
    }

    public static void Seconds(long seconds) => Milliseconds(seconds * 1000);

    /// <summary>Sleeps at least the first, at most about the second number of microseconds, whatever comes. Linux: usleep_range().</summary>
    public static void MicrosecondsRange(long least, long most) =>
        Until(Deadline.After(TimeKeeper.Monotonic, least * Microsecond), ClockBase.Monotonic, TaskState.Uninterruptible, (most - least) * Microsecond);

    /// <summary>Waits so many microseconds in the way that suits the length: spins, sleeps exactly, or to the tick. Linux: fsleep().</summary>
    public static void MicrosecondsFlexibly(long microseconds)
    {
        var nanoseconds = microseconds * Microsecond;
        if (nanoseconds <= ShortestSleep)
            Delay.Nanoseconds(nanoseconds);
        else if (nanoseconds <= LongestExact)
            MicrosecondsRange(microseconds, 2 * microseconds);
        else
            Milliseconds((nanoseconds + Millisecond - 1) / Millisecond);
    }
}
