// What the periodic tick does for the scheduler: time accounts, the end of a task's turn, balancing. There is no tick on an idle CPU.
// Context: hardirq. Lock: takes the run queue's. Linux: scheduler_tick(), update_process_times().
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sched;

public static partial class Scheduler
{
    /// <summary>Nanoseconds between two periodic balancings of a busy CPU.</summary>
    private const long BalanceInterval = 64_000_000;

    /// <summary>Accounts <paramref name="ticks"/> ticks, the last of which found this CPU in user mode or in the kernel.</summary>
    internal static void Tick(long now, int ticks, bool fromUser)
    {
        var queue = RunQueue.Here;
        var current = queue.Current;
        CpuTime.CountTicks(queue, current, now, ticks, fromUser);
        queue.Lock.AcquireUnguarded();
        CpuTime.Update(queue, now);
        queue.RealTime.Refresh(now);
        Rcu.Tick(queue, current);
        if (current.Class.Tick(queue, current) || RealTimeMayReturn(queue, current))
            Reschedule(queue);
        queue.Lock.Release(false);

        CpuTimeWatch.Tick(current);
        LockupWatch.Tick(queue, current, fromUser);
        Rcu.LookForStall();
        LoadAverage.Update(now);
        if (queue.Runnable > 1)
            Balancer.KickIdle(queue);
        if (now >= queue.NextBalance)
        {
            queue.NextBalance = now + BalanceInterval;
            Softirq.Raise(SoftirqVector.Sched);
        }
    }

    // Real-time tasks that had to rest for the ordinary ones.
    private static bool RealTimeMayReturn(RunQueue queue, Task current) =>
        queue.RealTime.Waiting > 0 && !queue.RealTime.IsThrottled && !SchedulingPolicy.IsRealTime(current.Policy);
}
