// Reader-writer spin locks whose type says their rank and what they shut out: for readers and for writers apart, because a lock that interrupts
// only read must keep interrupts from its writers and not from its readers. Fair: QueuedReadWrite.cs. A reader may be interrupted by another
// of the same lock, but must not take it twice itself.
// Contexts: any that the policies allow. Holding one: no sleeping, bounded time.
// Linux: rwlock_t; read_lock(), write_lock() and their _irqsave, _irq and _bh forms as with SpinLock; read_trylock(), write_trylock().
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Jiffy.Kernel.Sync;

public struct ReadWriteSpinLock<TRank, TReadPolicy, TWritePolicy>
    where TRank : struct, ILockRank
    where TReadPolicy : struct, IInterruptPolicy
    where TWritePolicy : struct, IInterruptPolicy
{
    private QueuedReadWrite _state;

    /// <summary>Somebody reads or writes.</summary>
    public readonly bool IsHeld => _state.IsTaken;

    public readonly bool IsWriteHeld => _state.IsWritten;

    /// <summary>A writer waits for readers to leave: who would read now waits behind it.</summary>
    public readonly bool IsWanted => _state.IsWanted;

    /// <summary>Takes a share; <c>using</c> gives it back.</summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadGuard AcquireRead() => new(ref this, AcquireReadUnguarded());

    /// <summary>The unpaired form. <see cref="ReleaseRead"/> must follow, with the same token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool AcquireReadUnguarded()
    {
        var token = TReadPolicy.Enter();
        LockChecks.Taking(TRank.Rank, TReadPolicy.Use | LockUse.Shared);
        if (!_state.JoinReaders())
            WaitToRead();
        return token;
    }

    /// <summary>Takes a share if nobody writes or waits to. On true <see cref="ReleaseRead"/> must follow.</summary>
    public bool TryAcquireRead(out bool token)
    {
        token = TReadPolicy.Enter();
        if (_state.TryRead())
        {
            LockChecks.Taking(TRank.Rank, TReadPolicy.Use | LockUse.Shared);
            return true;
        }

        TReadPolicy.Leave(token);
        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ReleaseRead(bool token)
    {
        LockChecks.Releasing(TRank.Rank);
        _state.EndRead();
        TReadPolicy.Leave(token);
    }

    /// <summary>Takes the whole; <c>using</c> gives it back.</summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public WriteGuard AcquireWrite() => new(ref this, AcquireWriteUnguarded());

    /// <summary>The unpaired form. <see cref="ReleaseWrite"/> must follow, with the same token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool AcquireWriteUnguarded()
    {
        var token = TWritePolicy.Enter();
        LockChecks.Taking(TRank.Rank, TWritePolicy.Use);
        if (!_state.TryWrite())
            WaitToWrite();
        return token;
    }

    /// <summary>Takes the whole if nobody has any of it. On true <see cref="ReleaseWrite"/> must follow.</summary>
    public bool TryAcquireWrite(out bool token)
    {
        token = TWritePolicy.Enter();
        if (_state.TryWrite())
        {
            LockChecks.Taking(TRank.Rank, TWritePolicy.Use);
            return true;
        }

        TWritePolicy.Leave(token);
        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ReleaseWrite(bool token)
    {
        LockChecks.Releasing(TRank.Rank);
        _state.EndWrite();
        TWritePolicy.Leave(token);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void WaitToRead()
    {
        var since = LockStatistics.BeginWait();
        _state.WaitToRead();
        LockStatistics.EndWait(TRank.Rank, LockUse.Shared, since);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void WaitToWrite()
    {
        var since = LockStatistics.BeginWait();
        _state.WaitToWrite();
        LockStatistics.EndWait(TRank.Rank, TWritePolicy.Use, since);
    }

    public readonly ref struct ReadGuard
    {
        private readonly ref ReadWriteSpinLock<TRank, TReadPolicy, TWritePolicy> _lock;
        private readonly bool _token;

        internal ReadGuard(ref ReadWriteSpinLock<TRank, TReadPolicy, TWritePolicy> owner, bool token)
        {
            _lock = ref owner;
            _token = token;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Dispose() => _lock.ReleaseRead(_token);
    }

    public readonly ref struct WriteGuard
    {
        private readonly ref ReadWriteSpinLock<TRank, TReadPolicy, TWritePolicy> _lock;
        private readonly bool _token;

        internal WriteGuard(ref ReadWriteSpinLock<TRank, TReadPolicy, TWritePolicy> owner, bool token)
        {
            _lock = ref owner;
            _token = token;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Dispose() => _lock.ReleaseWrite(_token);
    }
}
