// The word of a fair reader-writer spin lock, without rank and policies: how many read, whether one writes, whether one waits to write; and a
// queue for all who find it taken. A writer that has come to the queue's head marks that it waits, and readers that come then queue behind
// it, so neither side starves. In an interrupt a reader waits only for a writer that is inside, never for one that waits: the reader that was
// interrupted may be what that writer waits for.
// Contexts: any, preemption off. A writer is let in by nobody but itself, at the head of the queue, when the word says that it alone is left.
// Linux: queued_read_lock(), queued_write_lock().
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using Jiffy.Kernel.Sched;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sync;

[StructLayout(LayoutKind.Explicit)]
internal struct QueuedReadWrite
{
    private const int Writes = 0xff, WantsToWrite = 0x100, Reads = 0x200;

    [FieldOffset(0)] private int _word;
    [FieldOffset(0)] private byte _writes; // the word's low byte
    [FieldOffset(4)] private QueuedSpin _queue;

    public readonly bool IsTaken => (Volatile.Read(in _word) & ~WantsToWrite) != 0;

    public readonly bool IsWritten => (Volatile.Read(in _word) & Writes) != 0;

    /// <summary>A writer waits for readers to leave.</summary>
    public readonly bool IsWanted => (Volatile.Read(in _word) & WantsToWrite) != 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryRead()
    {
        var word = Volatile.Read(ref _word);
        return (word & (Writes | WantsToWrite)) == 0 && EndTryRead();
    }

    private bool EndTryRead()
    {
        if ((Interlocked.Add(ref _word, Reads) & (Writes | WantsToWrite)) == 0)
            return true;
        Interlocked.Add(ref _word, -Reads);
        return false;
    }

    /// <summary>Joins the readers; true when that lets it in at once, else <see cref="WaitToRead"/> must follow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool JoinReaders() => (Interlocked.Add(ref _word, Reads) & (Writes | WantsToWrite)) == 0;

    [MethodImpl(MethodImplOptions.NoInlining)]
    public void WaitToRead()
    {
        if (Preemption.InInterrupt && !LockFaults.Has(LockFault.InterruptReaderQueues))
        {
            WaitForWriter();
            return;
        }

        Interlocked.Add(ref _word, -Reads);
        TakeQueue();
        Interlocked.Add(ref _word, Reads);
        Cpu.Interleave();
        WaitForWriter();
        _queue.Give();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryWrite() => Interlocked.CompareExchange(ref _word, Writes, 0) == 0;

    [MethodImpl(MethodImplOptions.NoInlining)]
    public void WaitToWrite()
    {
        TakeQueue();
        if (LockFaults.Has(LockFault.WriterOverlooksReaders))
        {
            while (IsWritten)
                Cpu.Relax();
            Interlocked.Or(ref _word, Writes);
        }
        else if (!TryWrite())
        {
            Interlocked.Or(ref _word, WantsToWrite);
            do
            {
                while (Volatile.Read(ref _word) != WantsToWrite)
                    Cpu.Relax();
                Cpu.Interleave(); // a reader in an interrupt may come in between
            }
            while (Interlocked.CompareExchange(ref _word, Writes, WantsToWrite) != WantsToWrite);
        }

        _queue.Give();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void EndRead() => Interlocked.Add(ref _word, -Reads);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void EndWrite() => Volatile.Write(ref _writes, 0);

    private void TakeQueue()
    {
        if (!_queue.TryTake())
            _queue.Wait();
    }

    private readonly void WaitForWriter()
    {
        while (IsWritten)
            Cpu.Relax();
    }
}
