// The priority-inheriting mutex as kernel code uses it: with a rank, and a guard. A task ends with none held.
// Contexts: process only; taking may sleep. Locks: the mutex's Inner. Linux: struct rt_mutex; rt_mutex_lock(), rt_mutex_lock_interruptible(),
// rt_mutex_lock_killable(), rt_mutex_trylock(), rt_mutex_unlock().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Sync;

/// <summary>Made at boot, or with the pooled object it belongs to; <c>using (mutex.Acquire())</c>.</summary>
public sealed class RtMutex<TRank> where TRank : struct, ILockRank
{
    private readonly RtMutex _mutex = new();

    public bool IsHeld => _mutex.IsHeld;
    public bool IsHeldByCurrent => _mutex.Owner == Task.Current;

    /// <summary>Takes it; <c>using</c> gives it back. May sleep, whatever signals come.</summary>
    public Guard Acquire()
    {
        if (Take(TaskState.Uninterruptible, long.MaxValue) != Errno.None)
            Invariant.Fail("a priority-inheriting mutex is taken twice by one task");
        return new Guard(this);
    }

    /// <summary>Takes it unless a signal comes first (<paramref name="state"/>: Interruptible or Killable). On None <see cref="Release"/> must follow.</summary>
    /// <returns>None, ERESTARTSYS, or EDEADLK: the caller has it.</returns>
    public Errno AcquireInterruptible(TaskState state = TaskState.Interruptible) => Take(state, long.MaxValue);

    /// <summary>The same, or gives up at <paramref name="deadline"/> (monotonic nanoseconds) with ETIMEDOUT.</summary>
    public Errno AcquireUntil(long deadline, TaskState state = TaskState.Uninterruptible) => Take(state, deadline);

    /// <summary>Takes it if it is free and no better or equal task waits. On true <see cref="Release"/> must follow. Does not sleep.</summary>
    public bool TryAcquire()
    {
        var current = Task.Current;
        if (!_mutex.TryLock(current))
            return false;
        LockChecks.TakingNested(TRank.Rank);
        current.SleepingLocks++;
        return true;
    }

    /// <summary>Gives it back. The caller is its owner.</summary>
    public void Release()
    {
        var current = Task.Current;
        if (_mutex.Owner != current)
            Invariant.Fail("mutex released by a task that does not own it");
        LockChecks.Releasing(TRank.Rank);
        current.SleepingLocks--;
        _mutex.Unlock(current);
    }

    private Errno Take(TaskState state, long deadline)
    {
        Context.MightSleep();
        LockChecks.Taking(TRank.Rank);
        var current = Task.Current;
        var error = _mutex.Lock(current, state, deadline, detects: false);
        if (error == Errno.None)
            current.SleepingLocks++;
        else
            LockChecks.Releasing(TRank.Rank);
        return error;
    }

    public readonly ref struct Guard
    {
        private readonly RtMutex<TRank> _mutex;

        internal Guard(RtMutex<TRank> mutex) => _mutex = mutex;

        public void Dispose() => _mutex.Release();
    }
}
