// A pipe or FIFO: bytes from writers to readers, in order. Writes of up to PIPE_BUF bytes are never mixed with others.
// Locks: Contents (sleeping) guards the ring; the inode's Contents guards the counts of ends and the pipe's coming and going.
// Wake-ups: sleepers are exclusive, so one event wakes one; a reader that leaves bytes behind, or a writer that leaves room, wakes the
// next. No wake-up is lost: ring and counts change before the queue is woken, and sleepers test them after they are queued.
// Linux: fs/pipe.c.
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
    /// <summary>Writes of up to so many bytes are atomic.</summary>
    public const int AtomicBytes = 4096;

    private readonly PipeRing _ring = new();
    private readonly WaitQueue _readWait = new(), _writeWait = new();
    private Mutex<PipeContentsRank> _contents;
    private Links<Pipe> _poolLinks;
    private int _readers, _writers;
    private int _readerOpens, _writerOpens; // how often an end was opened, for opens that wait for the other end
    private int _users;                     // open files and opens in progress; guard: the inode's Contents

    private Pipe()
    {
    }

    public static Pool<Pipe, Pooled> Pool { get; private set; } = null!;

    /// <summary>Bytes to be read.</summary>
    public int Count => _ring.Count;

    private bool HasReaders => Volatile.Read(ref _readers) > 0;
    private bool HasWriters => Volatile.Read(ref _writers) > 0;

    /// <summary>Reads what there is; waits for the first byte. Zero: no writer is left.</summary>
    /// <returns>EAGAIN when it would have to wait and <paramref name="nonBlocking"/>; ERESTARTSYS; EFAULT.</returns>
    public Result<int> Read(ref IoBuffer to, bool nonBlocking)
    {
        if (to.Remaining == 0)
            return 0;
        while (true)
        {
            var result = TryRead(ref to, out var isDone);
            if (isDone)
                return result;
            if (nonBlocking)
                return Errno.EAGAIN;
            var error = _readWait.WaitEvent(this, static pipe => pipe.Count > 0 || !pipe.HasWriters, TaskState.Interruptible, exclusive: true);
            if (error != Errno.None)
            {
                PassOnReading();
                return error;
            }
        }
    }

    /// <summary>Writes all, waiting for room as often as needed.</summary>
    /// <returns>EPIPE, with SIGPIPE sent, when no reader is left; EAGAIN, ERESTARTSYS, EFAULT, ENOMEM when nothing was written.</returns>
    public Result<int> Write(ref IoBuffer from, bool nonBlocking)
    {
        var written = 0;
        var error = Errno.None;
        var atomic = from.Remaining <= AtomicBytes;
        while (from.Remaining > 0)
        {
            error = TryWrite(ref from, atomic, out var count);
            written += count;
            if (error != Errno.EAGAIN)
                break;
            if (nonBlocking)
                break;
            error = WaitForRoom(atomic ? from.Remaining : 1);
            if (error != Errno.None)
                break;
        }

        if (error == Errno.None && from.HasFaulted)
            error = Errno.EFAULT;
        if (error == Errno.EPIPE)
            SignalSender.SendToTask(Task.Current, SignalInfo.FromKernel(SignalNumber.SIGPIPE));
        PassOnWriting();
        return written > 0 || error == Errno.None ? written : error;
    }

    /// <summary>Poll bits of an end.</summary>
    public uint Poll(OpenFile file, PollTable? table)
    {
        var events = 0u;
        if (file.CanRead)
        {
            table?.Register(_readWait);
            if (Count > 0)
                events |= POLLIN | POLLRDNORM;
            if (!HasWriters && file.PrivateNumber != Volatile.Read(ref _writerOpens))
                events |= POLLHUP;
        }

        if (file.CanWrite)
        {
            table?.Register(_writeWait);
            if (_ring.Room >= AtomicBytes)
                events |= POLLOUT | POLLWRNORM;
            if (!HasReaders)
                events |= POLLERR;
        }

        return events;
    }

    /// <summary>F_GETPIPE_SZ.</summary>
    public int Capacity => _ring.Capacity;

    /// <summary>F_SETPIPE_SZ: rounds up to a power of two of pages. EBUSY when more is in; EINVAL, EPERM beyond a mebibyte.</summary>
    public Result<int> SetCapacity(ulong bytes)
    {
        if (bytes == 0 || bytes > int.MaxValue)
            return Errno.EINVAL;
        var pages = 1;
        while ((ulong)pages << 12 < bytes && pages < PipeRing.MaxPages)
            pages <<= 1;
        if ((ulong)pages << 12 < bytes)
            return Errno.EPERM;
        bool isDone;
        using (_contents.Acquire())
            isDone = _ring.TryResize(pages);
        _writeWait.WakeUpAll(key: new WakeKey(POLLOUT | POLLWRNORM));
        return isDone ? Capacity : Errno.EBUSY;
    }

    // One go at reading. Not done: empty, and writers are left.
    private Result<int> TryRead(ref IoBuffer to, out bool isDone)
    {
        int count;
        bool wasFull;
        using (_contents.Acquire())
        {
            if (Count == 0)
            {
                isDone = !HasWriters;
                return 0;
            }

            wasFull = _ring.Room < AtomicBytes;
            count = _ring.Read(ref to);
        }

        isDone = true;
        if (wasFull && _ring.Room >= AtomicBytes)
            _writeWait.WakeUp(key: new WakeKey(POLLOUT | POLLWRNORM));
        PassOnReading();
        return count == 0 && to.HasFaulted ? Errno.EFAULT : count;
    }

    // One go at writing. EAGAIN: not all fitted.
    private Errno TryWrite(ref IoBuffer from, bool atomic, out int count)
    {
        count = 0;
        bool wasEmpty, outOfMemory;
        using (_contents.Acquire())
        {
            if (!HasReaders)
                return Errno.EPIPE;
            if (atomic && _ring.Room < from.Remaining)
                return Errno.EAGAIN;
            wasEmpty = Count == 0;
            count = _ring.Write(ref from, out outOfMemory);
        }

        if (wasEmpty && count > 0)
            _readWait.WakeUp(key: new WakeKey(POLLIN | POLLRDNORM));
        return outOfMemory ? Errno.ENOMEM : from.Remaining > 0 ? Errno.EAGAIN : Errno.None;
    }

    private Errno WaitForRoom(int bytes) => _writeWait.WaitEvent(
        (Pipe: this, Bytes: bytes),
        static wanted => wanted.Pipe._ring.Room >= wanted.Bytes || !wanted.Pipe.HasReaders,
        TaskState.Interruptible,
        exclusive: true);

    // Whoever leaves bytes for others wakes the next reader: a wake-up may have been meant for it.
    private void PassOnReading()
    {
        if (Count > 0 && !_readWait.IsEmpty)
            _readWait.WakeUp(key: new WakeKey(POLLIN | POLLRDNORM));
    }

    private void PassOnWriting()
    {
        if (_ring.Room >= AtomicBytes && !_writeWait.IsEmpty)
            _writeWait.WakeUp(key: new WakeKey(POLLOUT | POLLWRNORM));
    }

    public readonly struct Pooled : IPooled<Pipe>
    {
        public static ref Links<Pipe> Of(Pipe item) => ref item._poolLinks;
        public static Pipe Create() => new();
        public static int Bytes => 1536;
    }
}
