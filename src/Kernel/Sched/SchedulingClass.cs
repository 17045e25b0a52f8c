// The boundary behind which policies stand. The core asks the classes in order of rank; the first with a runnable task has the CPU.
// A class owns the structure its waiting tasks are kept in (per run queue); the running task is in none of them.
// Contexts: every method with the run queue's lock held, interrupts off. Linux: struct sched_class.
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sched;

/// <summary>Why a task comes to a run queue or leaves it.</summary>
public enum QueueReason
{
    /// <summary>It was asleep, or goes to sleep.</summary>
    Sleep,

    /// <summary>It is new.</summary>
    New,

    /// <summary>It comes from, or goes to, another CPU.</summary>
    Move,

    /// <summary>Its policy, priority or weight changes.</summary>
    Change,

    /// <summary>The same, and its priority falls: it stays the first among its new equals (man 7 sched).</summary>
    Lower,
}

public abstract class SchedulingClass
{
    /// <summary>Classes with a lower rank go first.</summary>
    public abstract int Rank { get; }

    public abstract string Name { get; }

    /// <summary>A task becomes runnable here. It is not the running one.</summary>
    public abstract void Enqueue(RunQueue queue, Task task, QueueReason reason);

    /// <summary>A waiting task leaves.</summary>
    public abstract void Dequeue(RunQueue queue, Task task, QueueReason reason);

    /// <summary>The running task will not run on (it sleeps, ends, or moves); <see cref="Account"/> was called.</summary>
    public abstract void Stop(RunQueue queue, Task task, QueueReason reason);

    /// <summary>Takes the best waiting task out of its structure to run it; null: none waits.</summary>
    public abstract Task? PickNext(RunQueue queue);

    /// <summary>Takes a task that was just enqueued out again, because it is the one that runs.</summary>
    public abstract void TakeRunning(RunQueue queue, Task task);

    /// <summary>The running task stays runnable and waits from now on.</summary>
    public abstract void PutBack(RunQueue queue, Task task);

    /// <summary>The running task has used <paramref name="nanoseconds"/> of the CPU since the last call.</summary>
    public abstract void Account(RunQueue queue, Task task, long nanoseconds);

    /// <summary>The periodic tick found the task running. True: another of this class should have the CPU.</summary>
    public abstract bool Tick(RunQueue queue, Task task);

    /// <summary>True when <paramref name="woken"/>, just enqueued, should have the CPU instead of <paramref name="running"/>, of the same class.</summary>
    public abstract bool Preempts(RunQueue queue, Task woken, Task running);

    /// <summary>The running task gives others of its class a turn (sched_yield).</summary>
    public abstract void Yield(RunQueue queue, Task task);

    /// <summary>A waiting task that another CPU may take, the best candidate first; null: none.</summary>
    public abstract Task? FindMovable(RunQueue queue, int toCpu);

    /// <summary>The CPU, among the allowed and running ones, where a waking task should go.</summary>
    public abstract int SelectCpu(Task task, CpuSet allowed);

    /// <summary>Sets a new child's share from its parent's. The child is known to nobody yet; no lock.</summary>
    public abstract void Fork(Task parent, Task child);
}
