// A pipe or FIFO: bytes from writers to readers, in order. Writes of up to PIPE_BUF bytes are never mixed with others.
// Locks: Contents (sleeping) guards the ring; the inode's Contents guards the counts of ends and the pipe's coming and going.
// Wake-ups: sleepers are exclusive, so one event wakes one; a reader that leaves bytes behind, or a writer that leaves room, wakes the
// next. No wake-up is lost: ring and counts change before the queue is woken, and sleepers test them after they are queued.
// Files with O_ASYNC are told by a signal of every write and read, whoever sleeps.
// What somebody who only reads the ring may do without the lock is said in PipeRing. Linux: fs/pipe.c.
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Wait;

namespace Jiffy.Kernel.Ipc;

using static FileConstants;

public readonly struct PipeContentsRank : ILockRank
{
    public static LockRank Rank => LockRank.PipeContents;
}

public sealed partial class Pipe
{
    private readonly PipeRing _ring = new();
    private readonly WaitQueue _readWait = new(), _writeWait = new();
    private Mutex<PipeContentsRank> _contents;
    private Links<Pipe> _poolLinks;
    internal SignalListeners Listeners;
    private int _readers, _writers;
    private int _readerOpens, _writerOpens; // how often an end was opened, for opens that wait for the other end
    private volatile bool _isPolled;        // somebody has polled it: told of every write, as edge-triggered epoll needs
    private int _users;                     // open files and opens in progress; guard: the inode's Contents

    private Pipe()
    {
    }

    public static Pool<Pipe, Pooled> Pool { get; private set; } = null!;

    /// <summary>Bytes to be read.</summary>
    public int Count
    {
        get
        {
            using (_contents.Acquire())
                return _ring.Count;
        }
    }

    private bool HasReaders => Volatile.Read(ref _readers) > 0;
    private bool HasWriters => Volatile.Read(ref _writers) > 0;

    /// <summary>Reads what there is; waits for the first byte. Zero: no writer is left.</summary>
    /// <returns>EAGAIN when it would have to wait and <paramref name="nonBlocking"/>; ERESTARTSYS; EFAULT.</returns>
    public Result<int> Read(ref IoBuffer to, bool nonBlocking)
    {
        if (to.Remaining == 0)
            return 0;
        for (var hasSlept = false; ; hasSlept = true)
        {
            var result = TryRead(ref to, out var isDone);
            if (isDone && hasSlept)
                PassOnReading();
            if (isDone)
                return result;
            if (nonBlocking)
                return Errno.EAGAIN;
            var error = _readWait.WaitEvent(this, static pipe => !pipe._ring.IsEmpty || !pipe.HasWriters, TaskState.Interruptible, exclusive: true);
            if (error != Errno.None)
            {
                PassOnReading();
                return error;
            }
        }
    }

    /// <summary>Writes all, waiting for room as often as needed. With <paramref name="packets"/> each page, and what is left, is one.</summary>
    /// <returns>EPIPE, with SIGPIPE sent, when no reader is left; EAGAIN, ERESTARTSYS, EFAULT, ENOMEM when nothing was written.</returns>
    public Result<int> Write(ref IoBuffer from, bool nonBlocking, bool packets)
    {
        var written = 0;
        var hasSlept = false;
        var error = Errno.None;
        while (from.Remaining > 0)
        {
            error = TryWrite(ref from, packets, out var count);
            written += count;
            if (error != Errno.EAGAIN || nonBlocking)
                break;
            hasSlept = true;
            error = _writeWait.WaitEvent(this, static pipe => !pipe._ring.IsFull || !pipe.HasReaders, TaskState.Interruptible, exclusive: true);
            if (error != Errno.None)
                break;
        }

        if (error == Errno.None && from.HasFaulted)
            error = Errno.EFAULT;
        if (error == Errno.EPIPE)
            SignalSender.SendToCurrent(SignalNumber.SIGPIPE);
        if (hasSlept)
            PassOnWriting();
        return written > 0 || error == Errno.None ? written : error;
    }

    /// <summary>Poll bits of an end.</summary>
    public uint Poll(OpenFile file, PollTable? table)
    {
        var events = 0u;
        if (table is not null)
            _isPolled = true;
        if (file.CanRead)
        {
            table?.Register(_readWait);
            if (!_ring.IsEmpty)
                events |= POLLIN | POLLRDNORM;
            if (!HasWriters && file.PrivateNumber != Volatile.Read(ref _writerOpens))
                events |= POLLHUP;
        }

        if (file.CanWrite)
        {
            table?.Register(_writeWait);
            if (!_ring.IsFull)
                events |= POLLOUT | POLLWRNORM;
            if (!HasReaders)
                events |= POLLERR;
        }

        return events;
    }

    // One go at reading. Not done: empty, and writers are left.
    private Result<int> TryRead(ref IoBuffer to, out bool isDone)
    {
        int count;
        bool wasFull;
        using (_contents.Acquire())
        {
            if (_ring.IsEmpty)
            {
                isDone = !HasWriters;
                return 0;
            }

            wasFull = _ring.IsFull;
            count = _ring.Read(ref to);
        }

        isDone = true;
        if (wasFull && !_ring.IsFull)
            WakeWriters();
        if (count > 0)
            Listeners.Signal(SignalCode.POLL_OUT);
        return count == 0 && to.HasFaulted ? Errno.EFAULT : count;
    }

    // One go at writing. EAGAIN: not all fitted.
    private Errno TryWrite(ref IoBuffer from, bool packets, out int count)
    {
        count = 0;
        bool wasEmpty, outOfMemory;
        using (_contents.Acquire())
        {
            if (!HasReaders)
                return Errno.EPIPE;
            wasEmpty = _ring.IsEmpty;
            if (PipeFaults.Has(PipeFault.WakesBeforeData) && wasEmpty)
            {
                WakeReaders();
                Machine.Cpu.Interleave();
            }

            count = _ring.Write(ref from, packets, out outOfMemory);
        }

        if ((wasEmpty || _isPolled) && count > 0 && !PipeFaults.Has(PipeFault.WakesBeforeData))
            WakeReaders();
        if (count > 0)
            Listeners.Signal(SignalCode.POLL_IN);
        return outOfMemory ? Errno.ENOMEM : from.Remaining > 0 ? Errno.EAGAIN : Errno.None;
    }

    // After the lock of the contents is given back, a full barrier: a sleeper that is not seen in the queue tests the ring later, and sees what
    // was put in. A poller has no such barrier of its own behind its queueing; but before it, it has said that it polls.
    private void WakeReaders()
    {
        if (_isPolled || !_readWait.IsEmpty)
            _readWait.WakeUp(key: new WakeKey(POLLIN | POLLRDNORM));
    }

    private void WakeWriters()
    {
        if (_isPolled || !_writeWait.IsEmpty)
            _writeWait.WakeUp(key: new WakeKey(POLLOUT | POLLWRNORM));
    }

    private void TellReaders()
    {
        WakeReaders();
        Listeners.Signal(SignalCode.POLL_IN);
    }

    private void TellWriters()
    {
        WakeWriters();
        Listeners.Signal(SignalCode.POLL_OUT);
    }

    // A reader that was woken alone and leaves bytes wakes the next one. One that has not slept was not woken, and has nothing to pass on.
    private void PassOnReading()
    {
        if (!_readWait.IsEmpty && !_ring.IsEmpty)
            WakeReaders();
    }

    private void PassOnWriting()
    {
        if (!_writeWait.IsEmpty && !_ring.IsFull)
            WakeWriters();
    }

    public readonly struct Pooled : IPooled<Pipe>
    {
        public static ref Links<Pipe> Of(Pipe item) => ref item._poolLinks;
        public static Pipe Create() => new();
        public static int Bytes => 896;
    }
}
