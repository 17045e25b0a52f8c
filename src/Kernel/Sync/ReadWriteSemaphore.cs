// A sleeping lock for many readers or one writer. A waiting writer holds new readers back, so writers do not starve.
// Contexts: process only. Locks: the queues' own. State: _state is the number of readers, or -1 for a writer.
// No wake-up is lost: see WaitQueue; every change that may let somebody in is followed by a wake-up.
// Linux: struct rw_semaphore; down_read(), down_write(), up_read(), up_write(), downgrade_write().
using System.Threading;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sync;

public sealed class ReadWriteSemaphore<TRank> where TRank : struct, ILockRank
{
    private readonly WaitQueue _readers = new();
    private readonly WaitQueue _writers = new();
    private int _state;
    private int _waitingWriters;

    public bool IsHeld => Volatile.Read(ref _state) != 0;
    public bool IsWriteHeld => Volatile.Read(ref _state) < 0;

    /// <summary>Takes a share; may sleep.</summary>
    public ReadGuard AcquireRead()
    {
        Context.MightSleep();
        LockChecks.Taking(TRank.Rank);
        _readers.WaitEvent(this, static s => Volatile.Read(ref s._waitingWriters) == 0 && s.TryShare(), TaskState.Uninterruptible);
        Task.Current.SleepingLocks++;
        return new ReadGuard(this);
    }

    /// <summary>Takes the whole; may sleep.</summary>
    public WriteGuard AcquireWrite()
    {
        Context.MightSleep();
        LockChecks.Taking(TRank.Rank);
        Interlocked.Increment(ref _waitingWriters);
        _writers.WaitEvent(this, static s => Interlocked.CompareExchange(ref s._state, -1, 0) == 0, TaskState.Uninterruptible, exclusive: true);
        Interlocked.Decrement(ref _waitingWriters);
        Task.Current.SleepingLocks++;
        return new WriteGuard(this);
    }

    /// <summary>Takes a share if no writer has it now. <see cref="ReleaseRead"/> must follow.</summary>
    public bool TryAcquireRead()
    {
        if (!TryShare())
            return false;
        LockChecks.TakingNested(TRank.Rank);
        Task.Current.SleepingLocks++;
        return true;
    }

    /// <summary>Turns the writer's whole into a share without letting another writer in between. <see cref="ReleaseRead"/> must follow.</summary>
    public void Downgrade()
    {
        Interlocked.Exchange(ref _state, 1);
        Cpu.Interleave();
        _readers.WakeUpAll();
    }

    public void ReleaseRead()
    {
        LockChecks.Releasing(TRank.Rank);
        Task.Current.SleepingLocks--;
        if (Interlocked.Decrement(ref _state) == 0)
            WakeNext();
    }

    public void ReleaseWrite()
    {
        LockChecks.Releasing(TRank.Rank);
        Task.Current.SleepingLocks--;
        Interlocked.Exchange(ref _state, 0);
        WakeNext();
    }

    private bool TryShare()
    {
        while (true)
        {
            var state = Volatile.Read(ref _state);
            if (state < 0)
                return false;
            if (Interlocked.CompareExchange(ref _state, state + 1, state) == state)
                return true;
        }
    }

    // Readers are woken too when a writer is: one that queued before the writer asked would otherwise be forgotten.
    private void WakeNext()
    {
        Cpu.Interleave();
        _writers.WakeUp();
        _readers.WakeUpAll();
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
