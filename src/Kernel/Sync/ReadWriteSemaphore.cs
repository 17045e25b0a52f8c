// A sleeping lock for many readers or one writer. Taken free, it costs one atomic operation; while anybody sleeps for it, it is granted in the
// order of the queue (GrantQueue), so neither side starves: when a writer gives it back all readers that sleep then get it, when the last
// reader gives it back the first writer does. While a writer that runs has it and nobody sleeps, who wants it spins first (OwnerSpin).
// Contexts: process only. Lock: _inner (rank SleepingLock) guards the queue and every grant.
// No wake-up is lost: with the bit Sleepers set, nothing is taken but by a grant. A sleeper sets it and then looks whether the lock is free;
// whoever makes the lock free looks at the bit afterwards, in the same atomic operation. Whoever comes second grants.
// Linux: struct rw_semaphore; down_read(), down_read_killable(), down_read_trylock(), down_write(), up_read(), up_write(), downgrade_write().
using System.Runtime.CompilerServices;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sync;

public sealed class ReadWriteSemaphore<TRank> where TRank : struct, ILockRank
{
    private const int Writer = 1, Sleepers = 2, Reader = 4;

    private SpinLock<SleepingLockRank, IrqsOff> _inner; // guards the queue and every grant
    private GrantQueue _queue;
    private int _state;
    private Task? _writer;

    public bool IsHeld => (Volatile.Read(ref _state) & ~Sleepers) != 0;
    public bool IsWriteHeld => (Volatile.Read(ref _state) & Writer) != 0;

    /// <summary>Somebody sleeps for it: who comes now does not get in before. Linux: rwsem_is_contended().</summary>
    public bool IsContended => (Volatile.Read(ref _state) & Sleepers) != 0;

    /// <summary>Takes a share; may sleep.</summary>
    public ReadGuard AcquireRead()
    {
        TakeRead(TaskState.Uninterruptible);
        return new ReadGuard(this);
    }

    /// <summary>Takes a share unless a signal comes first (<paramref name="state"/>: Interruptible or Killable). On None <see cref="ReleaseRead"/> must follow.</summary>
    /// <returns>None or ERESTARTSYS.</returns>
    public Errno AcquireReadInterruptible(TaskState state = TaskState.Interruptible) => TakeRead(state);

    /// <summary>Takes a share unless a fatal signal comes first. On None <see cref="ReleaseRead"/> must follow.</summary>
    public Errno AcquireReadKillable() => TakeRead(TaskState.Killable);

    /// <summary>Takes a share if no writer has it or waits for it. <see cref="ReleaseRead"/> must follow. Does not sleep; process context.</summary>
    public bool TryAcquireRead()
    {
        if (!TryShare())
            return false;
        LockChecks.TakingNested(TRank.Rank, LockUse.Sleeping | LockUse.Shared);
        Task.Current.SleepingLocks++;
        return true;
    }

    /// <summary>Takes the whole; may sleep.</summary>
    public WriteGuard AcquireWrite()
    {
        TakeWrite(TaskState.Uninterruptible);
        return new WriteGuard(this);
    }

    /// <summary>Takes the whole unless a signal comes first (<paramref name="state"/>: Interruptible or Killable). On None <see cref="ReleaseWrite"/> must follow.</summary>
    /// <returns>None or ERESTARTSYS.</returns>
    public Errno AcquireWriteInterruptible(TaskState state = TaskState.Interruptible) => TakeWrite(state);

    /// <summary>Takes the whole unless a fatal signal comes first. On None <see cref="ReleaseWrite"/> must follow.</summary>
    public Errno AcquireWriteKillable() => TakeWrite(TaskState.Killable);

    /// <summary>Takes the whole if nobody has or wants any of it. <see cref="ReleaseWrite"/> must follow. Does not sleep; process context.</summary>
    public bool TryAcquireWrite()
    {
        if (!TryWhole())
            return false;
        LockChecks.TakingNested(TRank.Rank);
        OwnWhole();
        return true;
    }

    /// <summary>Turns the writer's whole into a share without letting another writer in between. <see cref="ReleaseRead"/> must follow.</summary>
    public void Downgrade()
    {
        if ((GiveWhole(Reader - Writer) & Sleepers) != 0)
            GrantWhatIsFree();
    }

    public void ReleaseRead()
    {
        LockChecks.Releasing(TRank.Rank);
        Task.Current.SleepingLocks--;
        if (Interlocked.Add(ref _state, -Reader) == Sleepers)
            GrantWhatIsFree();
    }

    public void ReleaseWrite()
    {
        LockChecks.Releasing(TRank.Rank);
        Task.Current.SleepingLocks--;
        if (GiveWhole(-Writer) == Sleepers)
            GrantWhatIsFree();
    }

    private Errno TakeRead(TaskState state)
    {
        Context.MightSleep();
        LockChecks.Taking(TRank.Rank, LockUse.Sleeping | LockUse.Shared);
        if (!TryShare() && WaitFor(state, wantsShare: true) is var error && error != Errno.None)
            return GiveUp(error);
        Task.Current.SleepingLocks++;
        return Errno.None;
    }

    private Errno TakeWrite(TaskState state)
    {
        Context.MightSleep();
        LockChecks.Taking(TRank.Rank);
        if (!TryWhole() && WaitFor(state, wantsShare: false) is var error && error != Errno.None)
            return GiveUp(error);
        OwnWhole();
        return Errno.None;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Errno WaitFor(TaskState state, bool wantsShare)
    {
        var since = LockStatistics.BeginWait();
        var result = SpinForWriter(wantsShare) ? Errno.None : Sleep(state, wantsShare);
        LockStatistics.EndWait(TRank.Rank, wantsShare ? LockUse.Shared : LockUse.Sleeping, since, result == Errno.None);
        return result;
    }

    private static Errno GiveUp(Errno error)
    {
        LockChecks.Abandoned(TRank.Rank);
        return error;
    }

    private void OwnWhole()
    {
        Volatile.Write(ref _writer, Task.Current);
        Task.Current.SleepingLocks++;
    }

    // The state first: who spins for this task and sees that it is the writer no more finds the lock free, or another's.
    private int GiveWhole(int change)
    {
        var current = Task.Current;
        if (_writer != current)
            Invariant.Fail("semaphore given back by a task that does not write");
        var state = Interlocked.Add(ref _state, change);
        Cpu.Interleave();
        Interlocked.CompareExchange(ref _writer, null, current);
        return state;
    }

    private bool TryShare()
    {
        while (true)
        {
            var state = Volatile.Read(ref _state);
            if ((state & (Writer | Sleepers)) != 0)
                return false;
            if (Interlocked.CompareExchange(ref _state, state + Reader, state) == state)
                return true;
        }
    }

    private bool TryWhole() => Interlocked.CompareExchange(ref _state, Writer, 0) == 0;

    // Only while nobody sleeps: a spinner never passes a sleeper. And only for a writer that is known: one that has just come and not said who
    // it is may wait for this very CPU.
    private bool SpinForWriter(bool share)
    {
        while ((Volatile.Read(ref _state) & (Writer | Sleepers)) == Writer && Volatile.Read(ref _writer) is not null && OwnerSpin.UntilChange(ref _writer))
        {
            if (share ? TryShare() : TryWhole())
                return true;
        }

        return share ? TryShare() : TryWhole();
    }

    private Errno Sleep(TaskState state, bool wantsShare)
    {
        var current = Task.Current;
        using (_inner.Acquire())
        {
            if (LockFaults.Has(LockFault.SleeperLooksTooEarly))
            {
                Grant();
                Cpu.Interleave();
            }

            _queue.Add(current, wantsShare);
            Interlocked.Or(ref _state, Sleepers);
            Cpu.Interleave();
            if (!LockFaults.Has(LockFault.SleeperLooksTooEarly))
                Grant(); // it may have become free before the bit was set
        }

        var result = GrantQueue.Sleep(current, state, long.MaxValue);
        if (result == Errno.None)
            return result;
        using (_inner.Acquire())
        {
            if (!_queue.GiveUp(current))
                return Errno.None;
            if (!LockFaults.Has(LockFault.WriterGoesSilently))
                Grant(); // a writer that goes may have held readers back
            return result;
        }
    }

    private void GrantWhatIsFree()
    {
        Cpu.Interleave();
        using (_inner.Acquire())
            Grant();
    }

    // The first sleeper and, if it reads, all others that do; nothing while what it wants is not to be had. Under _inner.
    private void Grant()
    {
        var state = Volatile.Read(ref _state);
        if (_queue.First is { } first && (state & Writer) == 0)
        {
            if (first.LockWantsShare)
                GrantShares(first);
            else if (state < Reader)
                GrantWhole(first);
        }

        if (_queue.IsEmpty)
            Interlocked.And(ref _state, ~Sleepers);
    }

    private void GrantWhole(Task task)
    {
        Interlocked.Add(ref _state, Writer);
        Volatile.Write(ref _writer, task);
        _queue.Grant(task);
    }

    private void GrantShares(Task? task)
    {
        while (task is not null)
        {
            var next = GrantQueue.After(task);
            if (task.LockWantsShare)
            {
                Interlocked.Add(ref _state, Reader);
                _queue.Grant(task);
            }

            task = next;
        }
    }

    public readonly ref struct ReadGuard
    {
        private readonly ReadWriteSemaphore<TRank> _semaphore;

        internal ReadGuard(ReadWriteSemaphore<TRank> semaphore) => _semaphore = semaphore;

        public void Dispose() => _semaphore.ReleaseRead();
    }

    public readonly ref struct WriteGuard
    {
        private readonly ReadWriteSemaphore<TRank> _semaphore;

        internal WriteGuard(ReadWriteSemaphore<TRank> semaphore) => _semaphore = semaphore;

        public void Dispose() => _semaphore.ReleaseWrite();
    }
}
