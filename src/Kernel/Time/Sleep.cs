// Sleeping for a time, without anything else to wait for. Context: process, may sleep. Linux: schedule_timeout(), hrtimer_nanosleep(), msleep().
// No wake-up is lost: the sleeper publishes its state, then looks whether the timer is queued; the timer is taken off its queue, then its
// callback reads the state. (Whether the callback is still under way would be the wrong question: it may have read the state already.)
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Time;

public static class Sleep
{
    /// <summary>Sleeps until <paramref name="deadline"/> on <paramref name="clock"/> (nanoseconds).</summary>
    /// <returns>None; or ERESTARTSYS when <paramref name="state"/> allows signals and one came.</returns>
    public static Errno Until(long deadline, ClockBase clock = ClockBase.Monotonic, TaskState state = TaskState.Interruptible)
    {
        Context.MightSleep();
        var current = Task.Current;
        var timer = current.SleepTimer;
        var result = Errno.None;
        timer.Start(deadline, clock);
        while (true)
        {
            current.SetState(state);
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
        Until(TimeKeeper.Monotonic + nanoseconds, ClockBase.Monotonic, state);

    /// <summary>Sleeps at most <paramref name="ticks"/> in the state already set; returns the ticks left. Linux: schedule_timeout().</summary>
    public static long ScheduleTimeout(long ticks)
    {
        if (ticks == long.MaxValue)
        {
            Scheduler.Schedule();
            return ticks;
        }

        var end = Jiffies.Now + ticks;
        Scheduler.ScheduleUntil(Jiffies.ToNanoseconds(end));
        var left = end - Jiffies.Now;
        return left > 0 ? left : 0;
    }
}
