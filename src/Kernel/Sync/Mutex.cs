// A sleeping lock with one owner: for process context, held across anything that may itself sleep.
// Contexts: process only; taking may sleep. Locks: _inner (rank SleepingLock) guards the queue and the hand-over.
// No wake-up is lost: a waiter queues itself, publishes its state with a full barrier, then tries to take; the owner makes the lock
// free with a full barrier, then looks for waiters. Whoever comes second sees the first.
// Fair enough: the lock is free for anybody when it is released, but a waiter that was woken and found it taken again has it handed
// over next time, so nobody waits for more than one thief. Before it queues a task spins while the owner runs (OwnerSpin), one at a time:
// two would fight for the line that the owner is about to write.
// Linux: struct mutex; mutex_lock(), mutex_lock_interruptible(), mutex_lock_killable(), mutex_trylock(), mutex_lock_nested().
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sync;

internal readonly struct SleepingLockRank : ILockRank
{
    public static LockRank Rank => LockRank.SleepingLock;
}

/// <summary>Use as a field that is not readonly; <c>using (lock.Acquire())</c>. Its default value is a free lock.</summary>
public struct Mutex<TRank> where TRank : struct, ILockRank
{
    private Task? _owner;
    private SpinLock<SleepingLockRank, IrqsOff> _inner;
    private LinkedRing<Task, Task.InLockQueue> _waiters; // guard: _inner
    private int _waiterCount;                            // guard: _inner; read without it as a hint
    private int _handOver;                               // guard: _inner; the first waiter wants the lock given to it

    private int _isSpunFor;                              // a task spins before it queues

    public readonly bool IsHeld => _owner is not null;
    public readonly bool IsHeldByCurrent => _owner == Task.Current;

    /// <summary>Takes the lock; <c>using</c> gives it back. May sleep, whatever signals come.</summary>
    [UnscopedRef]
    public Guard Acquire()
    {
        AcquireUnguarded();
        return new Guard(ref this);
    }

    /// <summary>A second lock of the same rank, in the order that rank states. <see cref="Release"/> must follow.</summary>
    public void AcquireNested()
    {
        Context.MightSleep();
        LockChecks.TakingNested(TRank.Rank);
        Take(TaskState.Uninterruptible);
    }

    /// <summary>Takes the lock without a guard. <see cref="Release"/> must follow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AcquireUnguarded()
    {
        Context.MightSleep();
        LockChecks.Taking(TRank.Rank);
        Take(TaskState.Uninterruptible);
    }

    /// <summary>Takes the lock unless a fatal signal comes first. On None <see cref="Release"/> must follow.</summary>
    /// <returns>None or ERESTARTSYS.</returns>
    public Errno AcquireKillable() => AcquireInterruptible(TaskState.Killable);

    /// <summary>Takes the lock unless a signal comes first (<paramref name="state"/>: Interruptible or Killable). On None <see cref="Release"/> must follow.</summary>
    /// <returns>None or ERESTARTSYS.</returns>
    public Errno AcquireInterruptible(TaskState state = TaskState.Interruptible)
    {
        Context.MightSleep();
        LockChecks.Taking(TRank.Rank);
        if (Take(state))
            return Errno.None;
        LockChecks.Abandoned(TRank.Rank);
        return Errno.ERESTARTSYS;
    }

    /// <summary>Takes the lock if it is free. On true <see cref="Release"/> must follow. Does not sleep; process context.</summary>
    public bool TryAcquire()
    {
        var current = Task.Current;
        if (!TryTake(current))
            return false;
        LockChecks.TakingNested(TRank.Rank);
        current.SleepingLocks++;
        return true;
    }

    /// <summary>Gives the lock back. The caller is its owner.</summary>
    public void Release()
    {
        var current = Task.Current;
        if (_owner != current)
            Invariant.Fail("mutex released by a task that does not own it");
        LockChecks.Releasing(TRank.Rank);
        current.SleepingLocks--;
        if (Volatile.Read(ref _handOver) != 0 && TryHandOver())
            return;
        if (LockFaults.Has(LockFault.MutexWakesBeforeRelease))
            WakeFirst();
        Interlocked.Exchange(ref _owner, null);
        Cpu.Interleave();
        if (!LockFaults.Has(LockFault.MutexWakesBeforeRelease) && Volatile.Read(ref _waiterCount) != 0)
            WakeFirst();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Take(TaskState state)
    {
        var current = Task.Current;
        if (!TryTake(current) && !WaitFor(current, state))
            return false;
        current.SleepingLocks++;
        return true;
    }

    private bool TryTake(Task current) => Interlocked.CompareExchange(ref _owner, current, null) is null;

    /// <summary>Spins or sleeps until the lock is this task's. False: a signal came first.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool WaitFor(Task current, TaskState state)
    {
        var since = LockStatistics.BeginWait();
        var taken = SpinFor(current) || SleepFor(current, state);
        LockStatistics.EndWait(TRank.Rank, LockUse.Sleeping, since, taken);
        return taken;
    }

    private bool SpinFor(Task current)
    {
        if (Interlocked.Exchange(ref _isSpunFor, 1) != 0)
            return false;
        var taken = false;
        while (!taken && Volatile.Read(ref _handOver) == 0 && OwnerSpin.UntilChange(ref _owner))
            taken = TryTake(current);
        Volatile.Write(ref _isSpunFor, 0);
        return taken;
    }

    private bool SleepFor(Task current, TaskState state)
    {
        var taken = true;
        Queue(current);
        for (var woken = false; ; woken = true)
        {
            if (woken)
                AskForHandOver(current);
            current.SetState(state);
            if (_owner == current || TryTake(current))
                break;
            if (Scheduler.IsSleepInterrupted(current, state))
            {
                taken = false;
                break;
            }

            Scheduler.Schedule();
        }

        current.SetStateRelaxed(TaskState.Running);
        return Unqueue(current, taken);
    }

    private void Queue(Task current)
    {
        using (_inner.Acquire())
        {
            _waiters.AddLast(current);
            _waiterCount++;
        }
    }

    private void AskForHandOver(Task current)
    {
        using (_inner.Acquire())
        {
            if (_waiters.First == current && !LockFaults.Has(LockFault.MutexHandsNothingOver))
                _handOver = 1;
        }
    }

    // A waiter that gives up may have been handed the lock in that moment: then it has it after all.
    private bool Unqueue(Task current, bool taken)
    {
        using (_inner.Acquire())
        {
            if (_waiters.First == current)
                _handOver = 0;
            if (LinkedRing<Task, Task.InLockQueue>.IsLinked(current))
            {
                _waiters.Remove(current);
                _waiterCount--;
            }

            if (!taken && _owner is null && _waiters.First is { } next)
                Scheduler.TryToWakeUp(next, TaskState.Normal);
            return taken || (_owner == current && !LockFaults.Has(LockFault.MutexGivesUpBlindly));
        }
    }

    private bool TryHandOver()
    {
        using (_inner.Acquire())
        {
            if (_handOver == 0 || _waiters.RemoveFirst() is not { } first)
                return false;
            _handOver = 0;
            _waiterCount--;
            Interlocked.Exchange(ref _owner, first);
            Scheduler.TryToWakeUp(first, TaskState.Normal);
            return true;
        }
    }

    private void WakeFirst()
    {
        using (_inner.Acquire())
        {
            if (_waiters.First is { } first)
                Scheduler.TryToWakeUp(first, TaskState.Normal);
        }
    }

    public readonly ref struct Guard
    {
        private readonly ref Mutex<TRank> _mutex;

        internal Guard(ref Mutex<TRank> mutex) => _mutex = ref mutex;

        public void Dispose() => _mutex.Release();
    }
}
