// Spreads waiting tasks over CPUs: a CPU about to idle takes one, a busy one evens out now and then, and a crowded one wakes an idle fellow.
// Contexts: PullWhenIdle in the scheduler, its queue locked; Balance in softirq; the rest in any. Locks: one run queue's is held, the other is
// only tried, so the order between two does not matter and nobody waits; what fails now is tried again at the next tick or halt.
// Linux: newidle_balance(), rebalance_domains(), nohz_balancer_kick().
using System.Threading;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sched;

internal static class Balancer
{
    /// <summary>Takes one waiting task from the busiest CPU that can spare one. <paramref name="queue"/> is this CPU's, locked, and has none.</summary>
    public static void PullWhenIdle(RunQueue queue)
    {
        var online = Scheduler.Online.Without(queue.Index);
        if (!Scheduler.HasStarted || online.IsEmpty)
            return;
        var busiest = FindBusiest(online, fewest: 2);
        if (busiest is not null && TryPull(queue, busiest))
            return;
        for (var cpu = online.Next(0); cpu >= 0; cpu = online.Next(cpu + 1))
        {
            var other = RunQueue.Of(cpu);
            if (other != busiest && HasWaiting(other) && TryPull(queue, other))
                return;
        }
    }

    /// <summary>Another CPU has, or may have, a waiting task which this one may run. A queue that is busy just now counts: look again soon.</summary>
    public static bool CanPull(RunQueue queue)
    {
        var online = Scheduler.Online.Without(queue.Index);
        for (var cpu = online.Next(0); cpu >= 0; cpu = online.Next(cpu + 1))
        {
            var other = RunQueue.Of(cpu);
            if (!HasWaiting(other))
                continue;
            if (!other.Lock.TryAcquire(out var token))
            {
                Cpu.Relax();
                return true;
            }

            var found = FindMovable(other, queue.Index) is not null;
            other.Lock.Release(token);
            if (found)
                return true;
        }

        return false;
    }

    /// <summary>Evens out: takes a task from a CPU that has clearly more to do than this one. Softirq context.</summary>
    public static void Balance()
    {
        var wereOn = Cpu.DisableInterrupts();
        var queue = RunQueue.Here;
        var busiest = FindBusiest(Scheduler.Online.Without(queue.Index), fewest: queue.Runnable + 2);
        if (busiest is not null)
        {
            queue.Lock.AcquireUnguarded();
            if (TryPull(queue, busiest))
                Scheduler.Reschedule(queue);
            queue.Lock.Release(false);
        }

        Cpu.RestoreInterrupts(wereOn);
    }

    /// <summary>More than one task here: an idle CPU is told to come for one. Hardirq context.</summary>
    public static void KickIdle(RunQueue queue)
    {
        var online = Scheduler.Online.Without(queue.Index);
        for (var cpu = online.Next(0); cpu >= 0; cpu = online.Next(cpu + 1))
        {
            var other = RunQueue.Of(cpu);
            if (!other.IsIdle || Interlocked.Exchange(ref other.WantsBalance, 1) != 0)
                continue;
            Cpu.SendReschedule(cpu);
            return;
        }
    }

    private static bool HasWaiting(RunQueue queue) => queue.Runnable > 1 || (queue.Runnable == 1 && queue.Running == queue.Idle);

    private static RunQueue? FindBusiest(CpuSet cpus, int fewest)
    {
        RunQueue? busiest = null;
        for (var cpu = cpus.Next(0); cpu >= 0; cpu = cpus.Next(cpu + 1))
        {
            var queue = RunQueue.Of(cpu);
            if (queue.Runnable < fewest)
                continue;
            busiest = queue;
            fewest = queue.Runnable + 1;
        }

        return busiest;
    }

    private static Task? FindMovable(RunQueue from, int toCpu) =>
        RealTimeClass.Instance.FindMovable(from, toCpu) ?? Scheduler.Ordinary.FindMovable(from, toCpu);

    private static bool TryPull(RunQueue to, RunQueue from)
    {
        if (!from.Lock.TryAcquireNested(out var token))
            return false;
        var task = FindMovable(from, to.Index);
        if (task is not null)
            Move(task, from, to);
        from.Lock.Release(token);
        return task is not null;
    }

    // Both queues are locked: whoever looks for the task under one of them finds it on the other.
    private static void Move(Task task, RunQueue from, RunQueue to)
    {
        task.Class.Dequeue(from, task, QueueReason.Move);
        from.CountRunnable(-1);
        task.CpuIndex = to.Index;
        task.Class.Enqueue(to, task, QueueReason.Move);
        to.CountRunnable(1);
    }
}
