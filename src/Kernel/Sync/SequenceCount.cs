// Data that is read often and written rarely: readers take no lock, and read again when a writer came between.
// Contexts: reading in any; writing with the writers' own lock held and with all off that may read on this CPU, so that no reader waits for
// the writer it interrupted. Ordering: the counter is odd while the data change; x86 keeps stores and loads in order.
// Linux: seqcount_t; read_seqcount_begin(), read_seqcount_retry(), write_seqcount_begin(), write_seqcount_end().
using System.Threading;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sync;

public struct SequenceCount
{
    private int _sequence;

    /// <summary>Starts a reading; the answer goes to <see cref="MustRetry"/>.</summary>
    public readonly int BeginRead()
    {
        while (true)
        {
            var sequence = Volatile.Read(in _sequence);
            if ((sequence & 1) == 0)
                return sequence;
            Cpu.Relax();
        }
    }

    /// <summary>Starts a reading that does not wait for a writer under way, but will have to be repeated. Linux: raw_seqcount_begin().</summary>
    public readonly int BeginReadAtOnce() => Volatile.Read(in _sequence) & ~1;

    /// <summary>True when what was read since <see cref="BeginRead"/> may be torn.</summary>
    public readonly bool MustRetry(int sequence)
    {
        Cpu.Interleave();
        return Volatile.Read(in _sequence) != sequence;
    }

    public void BeginWrite()
    {
        Interlocked.Increment(ref _sequence);
        Cpu.Interleave();
    }

    public void EndWrite() => Interlocked.Increment(ref _sequence);
}
