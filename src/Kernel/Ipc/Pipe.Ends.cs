// A pipe's ends: making, opening, waiting for the other end, closing. Guard of all counts: the inode's Contents.
// The pipe hangs on its inode while anybody has it open, and is given back with the last.
// A FIFO's open waits for the other side: it remembers how often that side was opened, so one that came and went is seen.
// Linux: fifo_open(), do_pipe2().
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Wait;

namespace Jiffy.Kernel.Ipc;

using static FileConstants;

public sealed partial class Pipe
{
    public static void Init(int limit)
    {
        Pool = new Pool<Pipe, Pooled>("pipe", limit);
        s_made = 0;
        PipeLimits.Init(limit);
    }

    /// <summary>Opens an end of the pipe of the file's inode, waiting for the other end unless O_NONBLOCK. ENXIO, ENFILE, ERESTARTSYS.</summary>
    public static Errno Open(OpenFile file)
    {
        var inode = file.Inode;
        var reads = file.CanRead;
        var writes = file.CanWrite;
        Pipe? pipe;
        int opens;
        bool mustWait;
        using (inode.Contents.Acquire())
        {
            pipe = inode.Private as Pipe;
            if (writes && !reads && file.IsNonBlocking && pipe is not { HasReaders: true })
                return Errno.ENXIO;
            if (pipe is null && !TryAttach(inode, out pipe))
                return Errno.ENFILE;
            pipe.AddEnd(reads, writes);
            mustWait = reads ? !pipe.HasWriters : !pipe.HasReaders;
            opens = reads ? pipe._writerOpens : pipe._readerOpens;
        }

        file.Private = pipe;
        file.PrivateNumber = -1;
        if (inode.FileSystem.Type is PipeFileSystem)
            return Errno.None; // a pipe without a name, opened once more through /proc: nobody is waited for
        pipe.WakeOpeners();
        var error = mustWait ? pipe.WaitForOtherEnd(file, reads, opens) : Errno.None;
        if (error != Errno.None)
            pipe.Close(inode, reads, writes);
        return error;
    }

    /// <summary>Closes an end that was opened.</summary>
    public void Close(Inode inode, bool reads, bool writes)
    {
        using (inode.Contents.Acquire())
        {
            if (reads)
                Volatile.Write(ref _readers, _readers - 1);
            if (writes)
                Volatile.Write(ref _writers, _writers - 1);
            if (--_users == 0)
            {
                inode.Private = null;
                PipeLimits.Close(_account, _ring.Slots);
                _ring.Clear();
                Pool.Give(this);
                return;
            }

            // Under the inode's lock, so that the pipe is not given back before.
            if (HasReaders != HasWriters)
            {
                Listeners.Signal(SignalCode.POLL_IN);
                Listeners.Signal(SignalCode.POLL_OUT);
            }

            if (!HasReaders)
                _writeWait.WakeUpAll(key: new WakeKey(POLLOUT | POLLWRNORM | POLLERR | POLLHUP));
            if (!HasWriters)
                _readWait.WakeUpAll(key: new WakeKey(POLLIN | POLLRDNORM | POLLERR | POLLHUP));
        }
    }

    /// <summary>Two open ends of a new pipe. EMFILE is the caller's business; ENFILE, ENOMEM.</summary>
    public static Errno Create(int flags, out OpenFile? reader, out OpenFile? writer)
    {
        reader = writer = null;
        var made = PipeFileSystem.MakeInode();
        if (!made.TryGet(out var place))
            return made.Error;
        var error = OpenEnds(place, flags, out reader, out writer);
        place.Drop();
        return error;
    }

    // A writer that does not exist stands in while the reader is opened, so that neither waits.
    private static Errno OpenEnds(in Location place, int flags, out OpenFile? reader, out OpenFile? writer)
    {
        reader = writer = null;
        Pipe? pipe;
        using (place.Inode.Contents.Acquire())
        {
            if (!TryAttach(place.Inode, out pipe))
                return Errno.ENFILE;
            pipe.AddEnd(reads: false, writes: true);
        }

        var first = OpenFile.Create(place, flags | O_RDONLY);
        if (first.IsOk)
        {
            var second = OpenFile.Create(place, flags | O_WRONLY);
            if (second.IsOk)
            {
                reader = first.Value;
                writer = second.Value;
            }
            else
            {
                first.Value.Drop();
                first = second;
            }
        }

        pipe.Close(place.Inode, reads: false, writes: true);
        return first.Error;
    }

    private static bool TryAttach(Inode inode, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Pipe? pipe)
    {
        pipe = null;
        if (!PipeLimits.TryOpen(out var account, out var slots))
            return false;
        if (!Pool.TryTake(out pipe))
        {
            PipeLimits.Close(account, slots);
            return false;
        }

        pipe._account = account;
        pipe._ring.Reset(slots);
        pipe._isPolled = false;
        pipe._readers = pipe._writers = pipe._readerOpens = pipe._writerOpens = pipe._users = 0;
        inode.Private = pipe;
        return true;
    }

    private void AddEnd(bool reads, bool writes)
    {
        _users++;
        if (reads)
        {
            Volatile.Write(ref _readers, _readers + 1);
            Interlocked.Increment(ref _readerOpens);
        }

        if (writes)
        {
            Volatile.Write(ref _writers, _writers + 1);
            Interlocked.Increment(ref _writerOpens);
        }
    }

    private void WakeOpeners()
    {
        _readWait.WakeUpAll();
        _writeWait.WakeUpAll();
    }

    // `opens`: how often the other end had been opened when this one was counted in.
    private Errno WaitForOtherEnd(OpenFile file, bool reads, int opens)
    {
        if (!reads)
            return _writeWait.WaitEvent((Pipe: this, Opens: opens), static seen => Volatile.Read(ref seen.Pipe._readerOpens) != seen.Opens);
        if (!file.IsNonBlocking)
            return _readWait.WaitEvent((Pipe: this, Opens: opens), static seen => Volatile.Read(ref seen.Pipe._writerOpens) != seen.Opens);
        file.PrivateNumber = opens; // no hang-up before a writer came
        return Errno.None;
    }
}
