// Who waits for a task that itself waits: a change of priority goes on from owner to owner, and a chain that leads back to its start is a
// deadlock. The walk holds the locks of one link at a time, so the chain may change beside it: then whoever changed it has looked at the
// priorities of that moment, and the walk ends. Nobody's object is kept alive: mutexes and tasks stay what they are when they are used anew.
// A circle is told of only if it is one: links seen one after another may never have been there together. Every wait has a number, and only
// waits older than the one that looks count. Who still waits has waited since that one began, and has let go of nothing: so at that moment
// all links of the circle were there. Of the waits of a circle the youngest finds it, and no other.
// Contexts: any. Locks: per step a mutex's Inner, and under it one task's WakeLock at a time. Linux: rt_mutex_adjust_prio_chain().
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sync;

internal static class PriorityChain
{
    /// <summary>No chain is followed further, unless it is set otherwise. Linux: max_lock_depth.</summary>
    public const int UsualMaxDepth = 1024;

    /// <summary>The limit in force: /proc/sys/kernel/max_lock_depth.</summary>
    public static int MaxDepth = UsualMaxDepth;

    /// <summary>Boot: as many as Linux follows.</summary>
    public static void Init()
    {
        MaxDepth = UsualMaxDepth;
        s_lastTurn = 0;
    }

    /// <summary>For <see cref="Walk"/>: it only brings priorities up to date.</summary>
    public const long DetectsNothing = 0;

    private static long s_lastTurn;

    /// <summary>The number of a wait that begins. The WakeLock of the task that waits is held from here until the task is queued.</summary>
    public static long NextTurn() => Interlocked.Increment(ref s_lastTurn);

    private enum Step
    {
        Ends,
        GoesOn,
        IsCircle,
    }

    /// <summary>The task's priority has changed: if it waits for a mutex, the owner is told. Any context, the task's WakeLock not held.</summary>
    public static void Follow(Task task)
    {
        if (task.BlockedOn is not null && !RtMutexFaults.Has(RtMutexFault.NoChainWalk))
            Walk(task, from: null, task, DetectsNothing);
    }

    /// <summary>Brings the chain that starts with what <paramref name="task"/> waits for up to date.</summary>
    /// <param name="from">The mutex the walk comes from.</param>
    /// <param name="starter">Who waits for that mutex; if it owns one further down, it waits for itself.</param>
    /// <param name="turn">The number of the starter's wait: the walk goes on to the end to look for a circle, also when no priority changes.</param>
    /// <returns>EDEADLK, only when it detects: a circle, or a chain of more than <see cref="MaxDepth"/>.</returns>
    public static Errno Walk(Task task, RtMutex? from, Task starter, long turn)
    {
        for (var depth = 0; depth < MaxDepth; depth++)
        {
            Cpu.Interleave();
            if (MutexOf(task) is not { } mutex)
                return Errno.None;
            Step step;
            using (mutex.Inner.Acquire())
                step = TakeStep(mutex, ref task, ref turn, from, starter);
            if (step == Step.Ends)
                return Errno.None;
            if (step == Step.IsCircle)
                break;
        }

        return turn == DetectsNothing ? Errno.None : Errno.EDEADLK;
    }

    private static RtMutex? MutexOf(Task task)
    {
        using (task.WakeLock.Acquire())
            return task.BlockedOn?.Mutex;
    }

    /// <summary>One link: from a task that waits for the mutex to the mutex's owner. Inner held.</summary>
    private static Step TakeStep(RtMutex mutex, ref Task task, ref long turn, RtMutex? from, Task starter)
    {
        var before = mutex.First;
        RtWaiter waiter;
        bool changes;
        using (task.WakeLock.Acquire())
        {
            if (task.BlockedOn is not { } its || its.Mutex != mutex)
                return Step.Ends;
            waiter = its;
            if (waiter.Turn > turn && !RtMutexFaults.Has(RtMutexFault.CountsLaterLinks))
                turn = DetectsNothing;
            if (mutex == from || mutex.Owner == starter)
                return Step.IsCircle;
            changes = waiter.Priority != task.EffectivePriority;
            if (changes)
                mutex.Reorder(waiter, task.EffectivePriority);
        }

        if (!changes && turn == DetectsNothing)
            return Step.Ends;
        if (mutex.Owner is not { } owner)
        {
            // It is free and its first waiter was woken; if another is first now, that one has to look.
            if (changes && mutex.First is { } first && first != before)
                Scheduler.TryToWakeUp(first.Task, TaskState.Normal | TaskState.WakeKill);
            return Step.Ends;
        }

        task = owner;
        var isLent = waiter == mutex.First || waiter == before;
        using (owner.WakeLock.Acquire())
        {
            if (changes && isLent)
                RtMutex.ChangeLender(owner, before, mutex.First);
            return owner.BlockedOn is not null && (turn != DetectsNothing || isLent) ? Step.GoesOn : Step.Ends;
        }
    }
}
