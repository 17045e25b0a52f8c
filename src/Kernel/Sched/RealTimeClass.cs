// The real-time policies: the task with the highest priority runs; among equals first come first served (SCHED_FIFO), or in turns of a
// tenth of a second (SCHED_RR). A task of another policy is here while it is lent a real-time priority. So that a runaway cannot take the machine, ordinary tasks keep a twentieth of each second.
// Contexts and lock: see SchedulingClass. Linux: rt_sched_class; sched(7).
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sched;

public sealed class RealTimeClass : SchedulingClass
{
    /// <summary>A turn of SCHED_RR, in nanoseconds.</summary>
    public const long RoundRobinSlice = 100_000_000;

    public static RealTimeClass Instance { get; private set; } = null!;

    public override int Rank => 30;
    public override string Name => "real-time";

    internal static void Init() => Instance = new RealTimeClass();

    public override void Enqueue(RunQueue queue, Task task, QueueReason reason)
    {
        task.SliceLeft = RoundRobinSlice;
        queue.RealTime.Add(task, atEnd: reason != QueueReason.Lower);
    }

    public override void Dequeue(RunQueue queue, Task task, QueueReason reason) => queue.RealTime.Remove(task);

    public override void Stop(RunQueue queue, Task task, QueueReason reason)
    {
    }

    public override Task? PickNext(RunQueue queue)
    {
        var waiting = queue.RealTime;
        if (waiting.First is not { } first || MustRest(queue))
            return null;
        waiting.Remove(first);
        return first;
    }

    public override void TakeRunning(RunQueue queue, Task task) => queue.RealTime.Remove(task);

    /// <summary>A preempted task stays first of its priority; one whose turn is over, or that yields, goes last.</summary>
    public override void PutBack(RunQueue queue, Task task)
    {
        var turnIsOver = task.SliceLeft <= 0;
        if (turnIsOver)
            task.SliceLeft = RoundRobinSlice;
        queue.RealTime.Add(task, atEnd: turnIsOver);
    }

    public override void Account(RunQueue queue, Task task, long nanoseconds)
    {
        queue.RealTime.Use(Clock.Now, nanoseconds);
        if (task.Policy == SchedulingPolicy.SCHED_RR && task.SliceLeft > 0)
            task.SliceLeft = task.SliceLeft > nanoseconds ? task.SliceLeft - nanoseconds : 0;
    }

    public override bool Tick(RunQueue queue, Task task)
    {
        if (MustRest(queue))
            return true;
        if (task.SliceLeft > 0)
            return false;
        if (queue.RealTime.BestWaiting <= task.EffectivePriority)
            return true;
        task.SliceLeft = RoundRobinSlice;
        return false;
    }

    public override bool Preempts(RunQueue queue, Task woken, Task running) => woken.EffectivePriority < running.EffectivePriority;

    public override void Yield(RunQueue queue, Task task) => task.SliceLeft = 0;

    public override Task? FindMovable(RunQueue queue, int toCpu)
    {
        var task = queue.RealTime.First;
        while (task is not null && !task.Affinity.Contains(toCpu))
            task = RealTimeQueue.After(task);
        return task;
    }

    public override int SelectCpu(Task task, CpuSet allowed) => Placement.ByPriority(task, allowed);

    public override void Fork(Task parent, Task child) => child.SliceLeft = RoundRobinSlice;

    // The budget binds only while somebody else would use the time.
    private static bool MustRest(RunQueue queue) => queue.RealTime.IsThrottled && Scheduler.Ordinary.CountOf(queue) > 0;
}
