// A sequence count with its writers' lock. The lock's policy keeps off the CPU of a writer whatever may read there.
// A reader that may not be sent back again and again (a long walk) takes the lock itself after its first failure.
// Contexts: reading in any; the others where the policy allows. Linux: seqlock_t; read_seqbegin(), read_seqretry(), write_seqlock(),
// read_seqlock_excl(), read_seqbegin_or_lock(), need_seqretry(), done_seqretry().
using System.Diagnostics.CodeAnalysis;

namespace Jiffy.Kernel.Sync;

public struct SequenceLock<TRank, TPolicy>
    where TRank : struct, ILockRank
    where TPolicy : struct, IInterruptPolicy
{
    private SequenceCount _count;
    private SpinLock<TRank, TPolicy> _writers;

    /// <summary>A writer or an excluding reader is inside.</summary>
    public readonly bool IsHeld => _writers.IsHeld;

    /// <summary>Starts a reading; waits for a writer under way. The answer goes to <see cref="MustRetry"/>.</summary>
    public readonly int BeginRead() => _count.BeginRead();

    /// <summary>True when what was read since may be torn: read again.</summary>
    public readonly bool MustRetry(int sequence) => _count.MustRetry(sequence);

    /// <summary>Writers wait for each other, readers will read again. <c>using</c> ends it.</summary>
    [UnscopedRef]
    public WriteGuard AcquireWrite()
    {
        var token = _writers.AcquireUnguarded();
        _count.BeginWrite();
        return new WriteGuard(ref this, token);
    }

    private void ReleaseWrite(bool token)
    {
        _count.EndWrite();
        _writers.Release(token);
    }

    /// <summary>Keeps writers out and disturbs no reader: for those who only read. <c>using</c> ends it.</summary>
    [UnscopedRef]
    public SpinLock<TRank, TPolicy>.Guard AcquireExclusive() => _writers.Acquire();

    /// <summary>
    /// Starts the first reading of a loop, which takes no lock, or the second, which keeps writers out. <see cref="MustReadAgain"/> follows, and
    /// after the loop <see cref="EndRead"/>.
    /// </summary>
    public void BeginReadOrLock(ref SequenceReading reading)
    {
        if (reading.IsSecond)
            reading.Token = _writers.AcquireUnguarded();
        else
            reading.Sequence = _count.BeginRead();
    }

    /// <summary>True when the reading must be done again, now with writers kept out.</summary>
    public readonly bool MustReadAgain(ref SequenceReading reading)
    {
        if (reading.IsSecond || !_count.MustRetry(reading.Sequence))
            return false;
        reading.IsSecond = true;
        return true;
    }

    public void EndRead(in SequenceReading reading)
    {
        if (reading.IsSecond)
            _writers.Release(reading.Token);
    }

    public readonly ref struct WriteGuard
    {
        private readonly ref SequenceLock<TRank, TPolicy> _lock;
        private readonly bool _token;

        internal WriteGuard(ref SequenceLock<TRank, TPolicy> owner, bool token)
        {
            _lock = ref owner;
            _token = token;
        }

        public void Dispose() => _lock.ReleaseWrite(_token);
    }
}

/// <summary>Where a loop of <see cref="SequenceLock{TRank, TPolicy}.BeginReadOrLock"/> stands; <c>default</c> at its start.</summary>
public struct SequenceReading
{
    internal int Sequence;
    internal bool IsSecond, Token;
}
