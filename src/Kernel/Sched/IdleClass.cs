// The last class: the idle task of each CPU, never queued, runs when no other class has a task. Linux: idle_sched_class.
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sched;

public sealed class IdleClass : SchedulingClass
{
    public static IdleClass Instance { get; private set; } = null!;

    public override int Rank => 100;
    public override string Name => "idle";

    internal static void Init() => Instance = new IdleClass();

    public override void Enqueue(RunQueue queue, Task task, QueueReason reason)
    {
    }

    public override void Dequeue(RunQueue queue, Task task, QueueReason reason)
    {
    }

    public override void Stop(RunQueue queue, Task task, QueueReason reason)
    {
    }

    public override Task? PickNext(RunQueue queue) => queue.Idle;

    public override void TakeRunning(RunQueue queue, Task task)
    {
    }

    public override void PutBack(RunQueue queue, Task task)
    {
    }

    public override void Account(RunQueue queue, Task task, long nanoseconds)
    {
    }

    public override bool Tick(RunQueue queue, Task task) => false;

    public override bool Preempts(RunQueue queue, Task woken, Task running) => false;

    public override void Yield(RunQueue queue, Task task)
    {
    }

    public override Task? FindMovable(RunQueue queue, int toCpu) => null;

    public override int SelectCpu(Task task, CpuSet allowed) => task.CpuIndex;

    public override void Fork(Task parent, Task child)
    {
    }
}
