// How kernels up to 2.4 waited: sleep on a queue, without a condition. The caller tests its condition first, `while (!ready) SleepOn(queue)`, and a
// wake-up that comes after the test and before the task is queued wakes nobody: the sleeper then waits for the next, if there is one. With a
// time-out it loses no more than the time. Kept to be shown, measured and found by the explorer (tests/Sim/Wait, `jiffy lab lost-wake-up`); nothing
// else may call it, and the compiler says so.
// Context: process, may sleep. Lock: the queue's. Linux up to 3.14: sleep_on(), interruptible_sleep_on(), sleep_on_timeout().
using System;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Wait;

[Obsolete("sleep_on loses wake-ups that come between the caller's test and the sleep: use WaitQueue.WaitEvent")]
public static class SleepOn
{
    /// <summary>Sleeps until a wake-up. May sleep.</summary>
    public static void Uninterruptible(WaitQueue queue) => Sleep(queue, TaskState.Uninterruptible, Time.Sleep.Forever);

    /// <summary>Sleeps until a wake-up or a signal; the caller looks which. May sleep.</summary>
    public static void Interruptible(WaitQueue queue) => Sleep(queue, TaskState.Interruptible, Time.Sleep.Forever);

    /// <summary>Sleeps until a wake-up, for <paramref name="ticks"/> at most; returns the ticks left. May sleep.</summary>
    public static long UninterruptibleTimeout(WaitQueue queue, long ticks) => Sleep(queue, TaskState.Uninterruptible, ticks);

    /// <summary>Sleeps until a wake-up or a signal, for <paramref name="ticks"/> at most; returns the ticks left. May sleep.</summary>
    public static long InterruptibleTimeout(WaitQueue queue, long ticks) => Sleep(queue, TaskState.Interruptible, ticks);

    private static long Sleep(WaitQueue queue, TaskState state, long ticks)
    {
        Context.MightSleep();
        var entry = Task.Current.OwnWait;
        entry.IsExclusive = false;
        entry.Place = 0;
        Cpu.Interleave(); // here the caller has tested its condition already, and nobody can find it on the queue
        queue.PrepareToWait(entry, state);
        var left = Time.Sleep.ScheduleTimeout(ticks);
        queue.FinishWait(entry);
        return left;
    }
}
