// Streams: bytes in order, in pieces of at most a page. Who reads holds _reading, so nobody else takes the head of the queue away while it is copied;
// only taking it off needs the lock, which senders take too.
// Readers sleep exclusively: a piece wakes one, and who leaves bytes behind wakes the next. Writers sleep until three quarters of their buffer are free.
// No wake-up is lost: a piece is queued, then a full barrier, then the sender looks for sleepers; these queue themselves before they look for data.
// Linux: unix_stream_sendmsg(), unix_stream_read_generic().
using System;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Net;

using static SocketConstants;

internal sealed partial class UnixSocket
{
    private static bool HasMuchRoom(int charge, int buffer) => (charge - 1L) * 4 <= buffer;

    private bool HasMuchRoom(int charge) => HasMuchRoom(charge, _sendBuffer);

    private bool MaySend => Volatile.Read(ref _charge) <= _sendBuffer;

    /// <summary>Sends all bytes, waiting for room as often as needed; the files go with the first.</summary>
    public Result<int> SendStream(ref IoBuffer from, ref UnixSend call)
    {
        if ((call.Flags & MSG_OOB) != 0)
            return Errno.EOPNOTSUPP;
        if (call.HasTo)
            return IsConnected ? Errno.EISCONN : Errno.EOPNOTSUPP;
        if (_peer is not { } peer)
            return Errno.ENOTCONN;
        var sent = 0;
        var error = IsMute ? Errno.EPIPE : Errno.None;
        while (error == Errno.None && from.Remaining > 0)
        {
            var size = Math.Min(Math.Min(from.Remaining, Frames.Size), Math.Max((_sendBuffer >> 1) - 64, 1));
            error = SendPiece(peer, ref from, size, ref call);
            if (error == Errno.None)
                sent += size;
        }

        if (error == Errno.EPIPE && sent == 0 && (call.Flags & MSG_NOSIGNAL) == 0)
            SignalSender.SendToCurrent(SignalNumber.SIGPIPE);
        return sent > 0 || error == Errno.None ? sent : error;
    }

    private Errno SendPiece(UnixSocket peer, ref IoBuffer from, int size, ref UnixSend call)
    {
        if (!MaySend || IsMute || _error != 0)
        {
            var wait = WaitToSend(call.Deadline);
            if (wait != Errno.None)
                return wait;
        }

        var error = UnixMessage.Create(this, size, out var piece);
        if (error != Errno.None)
            return error;
        if (!piece!.TryFill(ref from))
        {
            piece.Drop();
            return Errno.EFAULT;
        }

        Address(piece, peer, ref call);
        if (UnixFaults.Has(UnixFault.WokenBeforeData))
            peer.WakeReader();
        error = peer.Enqueue(piece, this);
        if (error == Errno.None)
        {
            if (!UnixFaults.Has(UnixFault.WokenBeforeData))
                peer.WakeReader();
            return Errno.None;
        }

        call.Rights = piece.Rights;
        piece.Rights = null;
        piece.Drop();
        return error;
    }

    // Files and identity go with the message: the identity only where one side has asked for it, as it is its own when the caller gives none.
    private void Address(UnixMessage message, UnixSocket to, ref UnixSend call)
    {
        if (call.Rights is not null)
        {
            message.Rights = call.Rights;
            call.Rights = null;
        }

        if (!call.HasCredentials && !PassesCredentials && !to.PassesCredentials)
            return;
        message.HasCredentials = true;
        message.Credentials = call.HasCredentials ? call.Credentials : CurrentCredentials(effective: false);
    }

    // Puts a message of another socket, or of its own, into this one's queue. Errors as in CheckAccepts.
    private Errno Enqueue(UnixMessage message, UnixSocket sender)
    {
        if (message.Rights is not null)
            return EnqueueCarrier(message, sender);
        using (_lock.Acquire())
            return EnqueueLocked(message, sender);
    }

    private Errno EnqueueCarrier(UnixMessage message, UnixSocket sender)
    {
        using (UnixInFlight.Lock.Acquire())
        {
            Errno error;
            using (_lock.Acquire())
                error = EnqueueLocked(message, sender);
            if (error == Errno.None)
                UnixInFlight.CountIn(message.Rights!);
            return error;
        }
    }

    private Errno EnqueueLocked(UnixMessage message, UnixSocket sender)
    {
        var error = IsStream ? (_isDead || IsDeaf ? Errno.EPIPE : Errno.None) : CheckAccepts(sender);
        if (error != Errno.None)
            return error;
        _queue.AddLast(message);
        _queued++;
        return Errno.None;
    }

    private void WakeReader()
    {
        Interlocked.MemoryBarrier();
        Cpu.Interleave();
        if (!_readWait.IsEmpty)
            _readWait.WakeUp(key: s_readable);
        Listeners.Signal(SignalCode.POLL_IN);
    }

    // EPIPE: sending has ended; EAGAIN; or the error that waits.
    private Errno WaitToSend(long deadline)
    {
        while (true)
        {
            var error = TakeError();
            if (error != Errno.None)
                return error;
            if (IsMute)
                return Errno.EPIPE;
            if (MaySend)
                return Errno.None;

            // Said before the last look: who makes room sees the one, or this sees the other.
            _lacksRoom = true;
            Interlocked.MemoryBarrier();
            if (deadline == 0)
                return MaySend ? Errno.None : Errno.EAGAIN;
            error = _writeWait.WaitEventUntil(this, static socket => socket.MaySend || socket.IsMute || socket._error != 0, deadline);
            if (error != Errno.None)
                return AfterWait(error, deadline);
        }
    }

    /// <summary>Receives what there is; waits for the first byte, or with MSG_WAITALL for all. Zero: the other side has ended.</summary>
    public Result<int> ReceiveStream(ref IoBuffer to, ref UnixReceive call)
    {
        if (!IsConnected)
            return Errno.EINVAL;
        if ((call.Flags & MSG_OOB) != 0)
            return Errno.EOPNOTSUPP;
        var target = Math.Max((call.Flags & MSG_WAITALL) != 0 ? to.Remaining : Math.Min(LowMark, to.Remaining), 1);
        var copied = 0;
        Errno error;
        var isInterrupted = false;
        _reading.AcquireUnguarded();
        while (true)
        {
            error = TakeQueued(ref to, ref call, ref copied, out var isDone);
            if (isDone || copied >= target)
                break;

            // An end or an error is told after what came before it: it is looked at first, as the data was there before.
            error = Volatile.Read(ref _error) != 0 && !HasData ? TakeError() : Errno.None;
            if (error != Errno.None || IsDeaf && !HasData)
                break;
            if (HasData)
                continue;
            error = Errno.EAGAIN;
            if (call.Deadline == 0)
                break;
            _reading.Release();
            error = WaitForData(call.Deadline);
            if (error == Errno.None && Scheduler.IsSleepInterrupted(Task.Current, TaskState.Interruptible))
                error = AfterWait(Errno.ERESTARTSYS, call.Deadline); // a stream's reader heeds the signal first, as on Linux
            isInterrupted = error != Errno.None;
            if (isInterrupted)
                break;
            _reading.AcquireUnguarded();
        }

        if (!isInterrupted)
            _reading.Release();
        PassOnReading();
        return copied > 0 || error == Errno.None ? copied : error;
    }

    // Takes from what is queued until the caller has enough. Not done: the queue is empty, and there is room left. EFAULT when nothing was copied.
    private Errno TakeQueued(ref IoBuffer to, ref UnixReceive call, ref int copied, out bool isDone)
    {
        var skip = call.IsPeek ? Math.Max(PeekOffset, 0) : 0;
        var piece = _queue.First;
        isDone = false;
        while (piece is not null)
        {
            if (skip >= piece.Left)
            {
                skip -= piece.Left;
                piece = LinkedRing<UnixMessage, UnixMessage.InQueue>.After(piece);
                continue;
            }

            isDone = true;
            if (PassesCredentials && !TryTakeCredentials(piece, ref call))
                return Errno.None;
            if (call.FromLength == 0 && !call.From.IsEmpty)
                CopySender(piece, ref call);
            var count = Math.Min(piece.Left - skip, to.Remaining);
            if (piece.CopyTo(ref to, piece.Taken + skip, count) < count)
                return copied == 0 ? Errno.EFAULT : Errno.None;
            copied += count;
            var isEnd = call.IsPeek ? IsPeekOver(piece, count, ref call) : IsPieceLast(piece, count, ref call);
            if (isEnd || to.Remaining == 0)
                return Errno.None;
            isDone = call.IsPeek; // who only looks does not wait for more
            skip = 0;
            piece = call.IsPeek ? LinkedRing<UnixMessage, UnixMessage.InQueue>.After(piece) : _queue.First;
        }

        return Errno.None;
    }

    // So many bytes of the piece are taken. True: reading ends here, as bytes are left in it or its files were taken.
    private bool IsPieceLast(UnixMessage piece, int count, ref UnixReceive call)
    {
        piece.Taken += count;
        MovePeekOffset(-count);
        var carries = piece.Rights is not null;
        if (carries)
            DetachRights(piece, ref call);
        if (piece.Left > 0)
            return true;
        using (_lock.Acquire())
            Unqueue(piece);
        piece.Drop();
        return carries;
    }

    private bool IsPeekOver(UnixMessage piece, int count, ref UnixReceive call)
    {
        MovePeekOffset(count);
        if (piece.Rights is null)
            return false;
        CopyRights(piece, ref call);
        return true;
    }

    private void MovePeekOffset(int bytes)
    {
        if (PeekOffset >= 0)
            PeekOffset = Math.Max(PeekOffset + bytes, 0);
    }

    // Bytes of different writers are not given out as one. False: this piece is another's than the one before.
    private static bool TryTakeCredentials(UnixMessage piece, ref UnixReceive call)
    {
        var credentials = CredentialsOf(piece);
        if (!call.HasCredentials)
        {
            call.HasCredentials = true;
            call.Credentials = credentials;
            return true;
        }

        return credentials.ProcessId == call.Credentials.ProcessId && credentials.UserId == call.Credentials.UserId
            && credentials.GroupId == call.Credentials.GroupId;
    }

    // What was sent before anybody asked for it has no identity.
    private static SocketCredentials CredentialsOf(UnixMessage message) =>
        message.HasCredentials ? message.Credentials : new SocketCredentials { UserId = UnknownId, GroupId = UnknownId };

    private static void CopySender(UnixMessage message, ref UnixReceive call)
    {
        var name = message.Sender.Name;
        name.CopyTo(call.From);
        call.FromLength = name.Length;
    }

    private Errno WaitForData(long deadline)
    {
        if (UnixFaults.Has(UnixFault.TestedBeforeQueueing))
        {
            Cpu.Interleave();
            var entry = Task.Current.OwnWait;
            _readWait.PrepareToWait(entry, TaskState.Interruptible);
            Scheduler.Schedule();
            _readWait.FinishWait(entry);
            return Errno.None;
        }

        var error = _readWait.WaitEventUntil(
            this, static socket => socket.HasData || socket.IsDeaf || socket._error != 0, deadline, TaskState.Interruptible, exclusive: true);
        return AfterWait(error, deadline);
    }

    // Whoever leaves data for others wakes the next reader: a wake-up may have been meant for it.
    private void PassOnReading()
    {
        if (HasData && !_readWait.IsEmpty && !UnixFaults.Has(UnixFault.NotPassedOn))
            _readWait.WakeUp(key: s_readable);
    }
}
