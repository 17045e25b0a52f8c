// The fair policy: every runnable task gets CPU time in proportion to its weight. Each task has a clock, its virtual run time, that runs
// slower the heavier it is; the task whose clock is furthest behind runs next. A task that slept starts a little behind the others, so
// that it is served soon, but cannot save up sleep. While a task is on no queue its virtual time is kept relative to the queue's minimum.
// Contexts and lock: see SchedulingClass. Linux: the completely fair scheduler (before EEVDF).
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sched;

public sealed class FairClass : OrdinaryPolicy
{
    /// <summary>Every task should run once in this time, while there are few (nanoseconds).</summary>
    public const long Latency = 12_000_000;

    /// <summary>No task is preempted by its equals sooner.</summary>
    public const long MinimumSlice = 1_500_000;

    /// <summary>How far behind the running task a woken one must be to take the CPU at once.</summary>
    private const long WakeUpLead = 1_000_000;

    /// <summary>How far behind the minimum a task may be that slept long.</summary>
    private const long SleeperBonus = Latency / 2;

    /// <summary>How many waiting tasks are looked at for one that may move.</summary>
    private const int MostLookedAt = 32;

    public override string Name => "cfs";

    public override int CountOf(RunQueue queue) => queue.Fair.Count;

    public override long SliceOf(Task task) => Latency;

    public override void Enqueue(RunQueue queue, Task task, QueueReason reason)
    {
        var fair = queue.Fair;
        Add(fair, task);
        Place(fair, task, reason);
        fair.AddWaiting(task);
        fair.UpdateMinimum();
    }

    public override void Dequeue(RunQueue queue, Task task, QueueReason reason)
    {
        queue.Fair.RemoveWaiting(task);
        Leave(queue.Fair, task);
    }

    public override void Stop(RunQueue queue, Task task, QueueReason reason)
    {
        queue.Fair.Running = null;
        Leave(queue.Fair, task);
    }

    public override Task? PickNext(RunQueue queue)
    {
        var fair = queue.Fair;
        if (fair.FirstWaiting is not { } first)
            return null;
        fair.RemoveWaiting(first);
        fair.Running = first;
        return first;
    }

    public override void TakeRunning(RunQueue queue, Task task)
    {
        queue.Fair.RemoveWaiting(task);
        queue.Fair.Running = task;
    }

    public override void PutBack(RunQueue queue, Task task)
    {
        queue.Fair.Running = null;
        queue.Fair.AddWaiting(task);
    }

    public override void Account(RunQueue queue, Task task, long nanoseconds)
    {
        task.VirtualRunTime += FairWeights.ToVirtual(nanoseconds, task.Weight);
        queue.Fair.UpdateMinimum();
    }

    public override bool Tick(RunQueue queue, Task task)
    {
        var fair = queue.Fair;
        if (fair.FirstWaiting is not { } first)
            return false;
        if (task.Policy == SchedulingPolicy.SCHED_IDLE && first.Policy != SchedulingPolicy.SCHED_IDLE)
            return true;
        var ran = task.RunTime - task.RunTimeAtPick;
        var slice = SliceOf(fair, task);
        if (ran >= slice)
            return true;
        return ran >= MinimumSlice && task.VirtualRunTime - first.VirtualRunTime > slice;
    }

    public override bool Preempts(RunQueue queue, Task woken, Task running)
    {
        if (running.Policy == SchedulingPolicy.SCHED_IDLE && woken.Policy != SchedulingPolicy.SCHED_IDLE)
            return true;
        if (woken.Policy != SchedulingPolicy.SCHED_OTHER)
            return false;
        return running.VirtualRunTime - woken.VirtualRunTime > FairWeights.ToVirtual(WakeUpLead, woken.Weight);
    }

    public override void Yield(RunQueue queue, Task task)
    {
        if (queue.Fair.FirstWaiting is not { } first)
            return;
        var after = first.VirtualRunTime + FairWeights.ToVirtual(MinimumSlice, task.Weight);
        if (after - task.VirtualRunTime > 0)
            task.VirtualRunTime = after;
    }

    /// <summary>From the end: the task that would wait longest loses least by a move.</summary>
    public override Task? FindMovable(RunQueue queue, int toCpu)
    {
        var task = queue.Fair.LastWaiting;
        for (var looked = 0; task is not null && looked < MostLookedAt; looked++)
        {
            if (task.Affinity.Contains(toCpu))
                return task;
            task = FairQueue.BeforeWaiting(task);
        }

        return null;
    }

    public override int SelectCpu(Task task, CpuSet allowed) => Placement.Spread(task, allowed);

    public override void Fork(Task parent, Task child) => child.VirtualRunTime = 0;

    /// <summary>The slice that is due to a task: its share of the latency, or more when there are many tasks.</summary>
    internal static long SliceOf(FairQueue fair, Task task)
    {
        var period = fair.Count * MinimumSlice;
        if (period < Latency)
            period = Latency;
        var slice = period * task.Weight / (fair.TotalWeight > 0 ? fair.TotalWeight : task.Weight);
        return slice < MinimumSlice ? MinimumSlice : slice;
    }

    private static void Place(FairQueue fair, Task task, QueueReason reason)
    {
        switch (reason)
        {
            case QueueReason.New:
                // Starts one slice ahead: forking gains no time.
                task.VirtualRunTime = fair.MinimumTime + FairWeights.ToVirtual(MinimumSlice, task.Weight);
                break;
            case QueueReason.Sleep:
                var slept = Clock.Now - task.RunningSince;
                var relative = task.VirtualRunTime - (slept > 0 ? slept : 0);
                task.VirtualRunTime = fair.MinimumTime + (relative < -SleeperBonus ? -SleeperBonus : relative);
                break;
            case QueueReason.Move:
                task.VirtualRunTime += fair.MinimumTime;
                break;
            default:
                task.VirtualRunTime = fair.MinimumTime + (task.VirtualRunTime > 0 ? task.VirtualRunTime : 0);
                break;
        }
    }

    private static void Add(FairQueue fair, Task task)
    {
        task.Weight = task.Policy == SchedulingPolicy.SCHED_IDLE ? FairWeights.Idle : FairWeights.OfNice(task.Nice);
        fair.Count++;
        fair.TotalWeight += task.Weight;
    }

    private static void Leave(FairQueue fair, Task task)
    {
        fair.Count--;
        fair.TotalWeight -= task.Weight;
        task.VirtualRunTime -= fair.MinimumTime;
        fair.UpdateMinimum();
    }
}
