// Spin locks whose type says their rank and what they shut out while held. Fair: QueuedSpin.cs.
// Taking a free lock and giving it back are inlined: 25 instructions in place of 60.
// Contexts: any that the policy allows. Holding one: no sleeping, bounded time.
// Linux: spinlock_t. spin_lock(), spin_lock_bh() and spin_lock_irqsave() are the policies PreemptionOff, SoftirqsOff and IrqsOff; where
// interrupts are known to be on, spin_unlock_irq() is Release(true), and where they are known to be off, spin_unlock() is Release(false).
// spin_trylock() and its forms: TryAcquire; spin_is_locked(): IsHeld; spin_unlock_wait(): WaitUntilFree.
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Jiffy.Kernel.Sync;

public struct SpinLock<TRank, TPolicy>
    where TRank : struct, ILockRank
    where TPolicy : struct, IInterruptPolicy
{
    private QueuedSpin _spin;

    /// <summary>True while somebody holds it.</summary>
    public readonly bool IsHeld => _spin.IsTaken;

    /// <summary>True while somebody waits for it. Linux: spin_is_contended().</summary>
    public readonly bool IsContended => _spin.IsContended;

    /// <summary>Takes the lock; <c>using</c> gives it back.</summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Guard Acquire()
    {
        var token = TPolicy.Enter();
        LockChecks.Taking(TRank.Rank, TPolicy.Use);
        if (!_spin.TryTake())
            Wait();
        return new Guard(ref this, token);
    }

    /// <summary>Takes the lock if it is free. On true <see cref="Release"/> must follow, with the same token.</summary>
    public bool TryAcquire(out bool token)
    {
        token = TPolicy.Enter();
        if (_spin.TryTake())
        {
            LockChecks.Taking(TRank.Rank, TPolicy.Use);
            return true;
        }

        TPolicy.Leave(token);
        return false;
    }

    /// <summary>The unpaired form, for where a lock crosses functions (the run queue's across a switch).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool AcquireUnguarded()
    {
        var token = TPolicy.Enter();
        LockChecks.Taking(TRank.Rank, TPolicy.Use);
        if (!_spin.TryTake())
            Wait();
        return token;
    }

    /// <summary>
    /// Takes a second lock of the same rank. The rank's declaration states the order between them (run queues: by CPU index).
    /// </summary>
    public bool AcquireNested()
    {
        var token = TPolicy.Enter();
        LockChecks.TakingNested(TRank.Rank, TPolicy.Use);
        if (!_spin.TryTake())
            Wait();
        return token;
    }

    /// <summary>Like <see cref="AcquireNested"/>, but in any order, since it does not wait. On true <see cref="Release"/> must follow.</summary>
    public bool TryAcquireNested(out bool token)
    {
        token = TPolicy.Enter();
        if (_spin.TryTake())
        {
            LockChecks.TakingNested(TRank.Rank, TPolicy.Use);
            return true;
        }

        TPolicy.Leave(token);
        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Release(bool token)
    {
        LockChecks.Releasing(TRank.Rank);
        _spin.Give();
        TPolicy.Leave(token);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Wait()
    {
        var since = LockStatistics.BeginWait();
        _spin.Wait();
        LockStatistics.EndWait(TRank.Rank, TPolicy.Use, since);
    }

    /// <summary>Spins until nobody holds it, without taking it: then whoever held it when this was called is out. Linux: spin_unlock_wait().</summary>
    public readonly void WaitUntilFree() => _spin.WaitUntilFree();

    public readonly ref struct Guard
    {
        private readonly ref SpinLock<TRank, TPolicy> _lock;
        private readonly bool _token;

        internal Guard(ref SpinLock<TRank, TPolicy> owner, bool token)
        {
            _lock = ref owner;
            _token = token;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Dispose() => _lock.Release(_token);
    }
}
