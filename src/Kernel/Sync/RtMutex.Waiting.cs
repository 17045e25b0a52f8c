// Waiting for a priority-inheriting mutex: to lend one's priority, to sleep, and to take back what was lent when the wait ends without the lock.
// Contexts: process, may sleep. Locks: Inner at entry and exit where said so; it is let go while the chain of owners is walked.
// `wereOn` is what Inner's release needs. Linux: task_blocks_on_rt_mutex(), rt_mutex_slowlock(), remove_waiter().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;

namespace Jiffy.Kernel.Sync;

internal sealed partial class RtMutex
{
    /// <summary>Takes it, sleeping in <paramref name="state"/> until then.</summary>
    /// <returns>
    /// ERESTARTSYS: a signal that the state admits; ETIMEDOUT: <paramref name="deadline"/>, monotonic; EDEADLK: the caller has it, or, where
    /// <paramref name="detects"/> asks to look, waits for itself in the end.
    /// </returns>
    public Errno Lock(Task current, TaskState state, long deadline, bool detects)
    {
        if (TryLock(current))
            return Errno.None;
        var timer = deadline == long.MaxValue ? null : current.SleepTimer;
        timer?.Start(deadline, ClockBase.Monotonic, current.SleepSlack);
        var error = TakeOrQueue(current, detects, out var taken);
        if (error == Errno.None && !taken)
            error = Sleep(current, state, timer);
        if (error != Errno.None)
            Abandon(current.RtWaiter);
        timer?.Cancel();
        return error;
    }

    private Errno TakeOrQueue(Task current, bool detects, out bool taken)
    {
        var wereOn = Inner.AcquireUnguarded();
        taken = TryTake(current, waiter: null);
        var error = taken ? Errno.None : BlockOn(current, detects, ref wereOn);
        Settle();
        Inner.Release(wereOn);
        return error;
    }

    private void Abandon(RtWaiter waiter)
    {
        var wereOn = Inner.AcquireUnguarded();
        GiveUp(waiter, ref wereOn);
        Settle();
        Inner.Release(wereOn);
    }

    /// <summary>Queues the task and lends its priority down the chain. EDEADLK: the task may still be queued. Inner held.</summary>
    private Errno BlockOn(Task task, bool detects, ref bool wereOn)
    {
        MarkContended();
        var owner = _owner;
        if (owner == task)
            return Errno.EDEADLK;
        var waiter = task.RtWaiter;
        var before = First;
        using (task.WakeLock.Acquire())
            Enqueue(waiter, task.EffectivePriority);
        if (owner is null)
            return Errno.None;
        bool goesOn;
        using (owner.WakeLock.Acquire())
        {
            goesOn = owner.BlockedOn is not null && (detects || waiter == First);
            if (waiter == First)
                ChangeLender(owner, before, waiter);
        }

        if (!goesOn || RtMutexFaults.Has(RtMutexFault.NoChainWalk))
            return Errno.None;
        var turn = waiter.Turn;
        Inner.Release(wereOn);
        var error = PriorityChain.Walk(owner, this, task, detects ? turn : PriorityChain.DetectsNothing);
        wereOn = Inner.AcquireUnguarded();

        // A task that was queued by another may have given up meanwhile, and what it owns since then closes no circle.
        return waiter.Mutex == this && waiter.Turn == turn ? error : Errno.None;
    }

    /// <summary>Sleeps until the queued task, the caller, owns the mutex. On an error it is still queued.</summary>
    private Errno Sleep(Task current, TaskState state, HighResolutionTimer? timer)
    {
        Errno error;
        while (!IsOver(current, state, timer, out error))
            Scheduler.Schedule();
        current.SetStateRelaxed(TaskState.Running);
        return error;
    }

    private bool IsOver(Task current, TaskState state, HighResolutionTimer? timer, out Errno error)
    {
        error = Errno.None;
        using (Inner.Acquire())
        {
            current.SetState(state);
            if (Owner == current || TryTake(current, current.RtWaiter))
            {
                Settle();
                return true;
            }
        }

        if (timer is { IsQueued: false })
            error = Errno.ETIMEDOUT;
        else if (Scheduler.IsSleepInterrupted(current, state))
            error = Errno.ERESTARTSYS;
        return error != Errno.None;
    }

    /// <summary>
    /// Ends a wait without the lock: what was lent is taken back, down the chain. If it was woken to take the lock, the next one is. Inner held.
    /// </summary>
    private void GiveUp(RtWaiter waiter, ref bool wereOn)
    {
        if (!waiter.IsQueued)
            return;
        var wasFirst = waiter == First;
        using (waiter.Task.WakeLock.Acquire())
            Dequeue(waiter);
        if (!wasFirst)
            return;
        if (_owner is not { } owner)
        {
            if (First is { } next)
                Scheduler.TryToWakeUp(next.Task, AnySleep);
            return;
        }

        bool goesOn;
        using (owner.WakeLock.Acquire())
        {
            if (RtMutexFaults.Has(RtMutexFault.GivesUpSilently))
                owner.RemoveLender(waiter);
            else
                ChangeLender(owner, waiter, First);
            goesOn = owner.BlockedOn is not null;
        }

        if (!goesOn)
            return;
        Inner.Release(wereOn);
        PriorityChain.Walk(owner, this, waiter.Task, PriorityChain.DetectsNothing);
        wereOn = Inner.AcquireUnguarded();
    }

    /// <summary>Another waiter is the first. Inner and the owner's WakeLock held.</summary>
    internal static void ChangeLender(Task owner, RtWaiter? before, RtWaiter? after)
    {
        if (before is not null)
            owner.RemoveLender(before);
        if (after is not null)
            owner.AddLender(after);
        Scheduler.LentPriorityChanged(owner);
    }
}
