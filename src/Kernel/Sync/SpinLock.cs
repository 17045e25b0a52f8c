// Spin locks whose type says their rank and what they shut out while held.
// Taking a free lock and giving it back are inlined: 25 instructions in place of 60.
// Contexts: any that the policy allows. Holding one: no sleeping, bounded time.
// Linux: spinlock_t; spin_lock(), spin_lock_bh(), spin_lock_irqsave().
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Threading;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sync;

public struct SpinLock<TRank, TPolicy>
    where TRank : struct, ILockRank
    where TPolicy : struct, IInterruptPolicy
{
    private int _held;

    /// <summary>True while somebody holds it.</summary>
    public readonly bool IsHeld => _held != 0;

    /// <summary>Takes the lock; <c>using</c> gives it back.</summary>
    [UnscopedRef]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Guard Acquire()
    {
        var token = TPolicy.Enter();
        LockChecks.Taking(TRank.Rank);
        if (Interlocked.CompareExchange(ref _held, 1, 0) != 0)
            Wait();
        return new Guard(ref this, token);
    }

    /// <summary>Takes the lock if it is free. On true <see cref="Release"/> must follow, with the same token.</summary>
    public bool TryAcquire(out bool token)
    {
        token = TPolicy.Enter();
        if (Interlocked.CompareExchange(ref _held, 1, 0) == 0)
        {
            LockChecks.Taking(TRank.Rank);
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
        LockChecks.Taking(TRank.Rank);
        if (Interlocked.CompareExchange(ref _held, 1, 0) != 0)
            Wait();
        return token;
    }

    /// <summary>
    /// Takes a second lock of the same rank. The rank's declaration states the order between them (run queues: by CPU index).
    /// </summary>
    public bool AcquireNested()
    {
        var token = TPolicy.Enter();
        LockChecks.TakingNested(TRank.Rank);
        if (Interlocked.CompareExchange(ref _held, 1, 0) != 0)
            Wait();
        return token;
    }

    /// <summary>Like <see cref="AcquireNested"/>, but in any order, since it does not wait. On true <see cref="Release"/> must follow.</summary>
    public bool TryAcquireNested(out bool token)
    {
        token = TPolicy.Enter();
        if (Interlocked.CompareExchange(ref _held, 1, 0) == 0)
        {
            LockChecks.TakingNested(TRank.Rank);
            return true;
        }

        TPolicy.Leave(token);
        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Release(bool token)
    {
        LockChecks.Releasing(TRank.Rank);
        Volatile.Write(ref _held, 0);
        TPolicy.Leave(token);
    }

    // Reads until the lock looks free, so that the line stays shared between the waiters; then tries to take it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Wait()
    {
        do
        {
            while (Volatile.Read(ref _held) != 0)
                Cpu.Relax();
        }
        while (Interlocked.CompareExchange(ref _held, 1, 0) != 0);
    }

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
