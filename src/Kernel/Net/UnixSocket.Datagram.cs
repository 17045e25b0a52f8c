// Datagrams, and packets of a connection (SOCK_SEQPACKET): messages that arrive whole or not at all. Between two sockets that are connected with each
// other only the sender's buffer is a limit; a socket that others send to holds eleven messages, and more senders wait.
// Waiting: a sender sleeps exclusively on the receiver's _roomWait. One in poll is listed in the receiver's _waiting and woken through its own
// _writeWait, so that a poller is on queues of its own file only. Guard of the list: the receiver's lock, under which it takes messages out.
// Linux: unix_dgram_sendmsg(), unix_dgram_recvmsg(), unix_dgram_connect(), unix_dgram_peer_wake_me().
using System;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Net;

using static SocketConstants;

internal sealed partial class UnixSocket
{
    /// <summary>What a message's own costs leave of the sender's buffer.</summary>
    private const int MessageOverhead = 32;

    /// <summary>As many bytes as one frame of frames' numbers can hold.</summary>
    private const int LongestMessage = Frames.Size / sizeof(uint) * Frames.Size;

    private UnixSocket? _waitsFor; // whose _waiting this is in; guard: that socket's lock

    /// <summary>Whom datagrams go to from now on, and who alone may send some; <paramref name="hasName"/> false: nobody, and anybody.</summary>
    public Errno ConnectDatagram(ReadOnlySpan<byte> name, bool hasName)
    {
        UnixSocket? next = null;
        if (hasName)
        {
            var error = PassesCredentials && !HasName ? BindAutomatically() : Errno.None;
            if (error == Errno.None)
                error = UnixNames.Find(name, Type, out next);
            if (error == Errno.None)
                error = CheckPeer(next!);
            if (error != Errno.None)
            {
                next?.DropUser();
                return error;
            }
        }

        var old = ExchangePeer(next);
        if (old is not null)
            Leave(old, next);
        return Errno.None;
    }

    // EPERM: it is connected with another; ECONNREFUSED: it has been closed meanwhile.
    private Errno CheckPeer(UnixSocket next)
    {
        using (next._lock.Acquire())
            return next._isDead ? Errno.ECONNREFUSED : !next.MayReceiveFrom(this) ? Errno.EPERM : Errno.None;
    }

    private UnixSocket? ExchangePeer(UnixSocket? next)
    {
        using (_lock.Acquire())
        {
            var old = _peer;
            _peer = next;
            _state = next is null ? UnixState.Unconnected : UnixState.Connected;
            return old;
        }
    }

    // The socket that this one was connected with: its messages that are still unread are lost, and it is told if it sends here only.
    private void Leave(UnixSocket old, UnixSocket? next)
    {
        if (old != next)
        {
            old.ForgetWaiting(this);
            _writeWait.WakeUpAll(key: s_writable);
            if (HasData)
            {
                using (_reading.Acquire())
                    DropQueue();
                _roomWait.WakeUpAll();
                old.TellReset(this);
            }
        }

        old.DropUser();
    }

    private void TellReset(UnixSocket by)
    {
        using (_lock.Acquire())
        {
            if (_isDead || _peer != by)
                return;
            Volatile.Write(ref _error, (int)Errno.ECONNRESET);
        }

        StateChanged();
    }

    private bool MayReceiveFrom(UnixSocket sender) => _peer is null || _peer == sender;

    // With the receiver's lock held. EAGAIN: it is full.
    private Errno CheckAccepts(UnixSocket sender)
    {
        if (!MayReceiveFrom(sender) && !_isDead)
            return Errno.EPERM;
        if (_isDead)
            return Type == SOCK_DGRAM ? Errno.ECONNREFUSED : Errno.EPIPE;
        if (IsDeaf)
            return Errno.EPIPE;
        return IsFull && LimitsQueueOf(sender) ? Errno.EAGAIN : Errno.None;
    }

    private bool LimitsQueueOf(UnixSocket sender) => sender != this && _peer != sender;

    /// <summary>Sends one message. EMSGSIZE; ENOTCONN; EPERM: the receiver is connected with another; ECONNREFUSED; EPIPE.</summary>
    public Result<int> SendDatagram(ref IoBuffer from, ref UnixSend call)
    {
        if ((call.Flags & MSG_OOB) != 0)
            return Errno.EOPNOTSUPP;
        var error = CheckSend(ref call);
        if (error != Errno.None)
            return error;
        var length = from.Remaining;
        if (length > _sendBuffer - MessageOverhead || length > LongestMessage)
            return Errno.EMSGSIZE;
        error = WaitToSend(call.Deadline);
        if (error != Errno.None)
            return error;
        error = UnixMessage.Create(this, length, out var message);
        if (error != Errno.None)
            return error;
        error = message!.TryFill(ref from) ? Post(message, ref call) : Errno.EFAULT;
        if (error == Errno.None)
            return length;
        message.Rights = null;
        message.Drop();
        return error;
    }

    private Errno CheckSend(ref UnixSend call)
    {
        if (Type == SOCK_SEQPACKET)
        {
            call.HasTo = false; // a connection has its one receiver
            var waiting = TakeError();
            if (waiting != Errno.None)
                return waiting;
            if (!IsConnected)
                return Errno.ENOTCONN;
        }

        if (!call.HasTo && _peer is null)
            return Errno.ENOTCONN;
        return PassesCredentials && !HasName ? BindAutomatically() : Errno.None;
    }

    // Finds the receiver and puts the message into its queue, waiting for room there. Its files stay the caller's when that fails.
    private Errno Post(UnixMessage message, ref UnixSend call)
    {
        while (true)
        {
            var error = FindReceiver(ref call, out var receiver);
            if (error != Errno.None)
                return error;
            var rights = call.Rights;
            Address(message, receiver!, ref call);
            error = receiver!.Enqueue(message, this);
            if (error == Errno.None)
                receiver.WakeReader();
            else
                call.Rights = rights;
            var isAgain = false;
            if (error == Errno.EAGAIN && call.Deadline != 0)
            {
                error = receiver.WaitForRoom(call.Deadline);
                isAgain = error == Errno.None;
            }
            else if (error == Errno.ECONNREFUSED)
            {
                isAgain = call.HasTo; // another may have its name by now
                if (!isAgain)
                    Forget(receiver);
            }

            receiver.DropUser();
            if (!isAgain)
                return error;
        }
    }

    private Errno FindReceiver(ref UnixSend call, out UnixSocket? receiver)
    {
        if (call.HasTo)
            return UnixNames.Find(call.To, Type, out receiver);
        using (_lock.Acquire())
        {
            receiver = _peer;
            receiver?.AddUser();
            return receiver is null ? Errno.ENOTCONN : Errno.None;
        }
    }

    // The receiver has been closed: this socket is connected with nobody from now on, and says so once.
    private void Forget(UnixSocket dead)
    {
        using (_lock.Acquire())
        {
            if (_peer != dead)
                return;
            _peer = null;
            _state = UnixState.Unconnected;
        }

        dead.ForgetWaiting(this);
        dead.DropUser();
    }

    /// <summary>Receives one message; what does not fit is lost, and MSG_TRUNC found. Zero bytes may be a message, or the end of a connection.</summary>
    public Result<int> ReceiveDatagram(ref IoBuffer to, ref UnixReceive call)
    {
        if (Type == SOCK_SEQPACKET && !IsConnected)
            return Errno.ENOTCONN;
        if ((call.Flags & MSG_OOB) != 0)
            return Errno.EOPNOTSUPP;
        while (true)
        {
            var error = TakeError();
            if (error != Errno.None)
                return error;
            if (TryReceive(ref to, ref call, out var result))
                return result;
            if (call.Deadline == 0)
                return Type == SOCK_SEQPACKET && IsDeaf ? 0 : Errno.EAGAIN;
            if (IsDeaf && !HasData)
                return 0;
            error = WaitForData(call.Deadline);
            if (error != Errno.None)
                return error;
        }
    }

    private bool TryReceive(ref IoBuffer to, ref UnixReceive call, out Result<int> result)
    {
        result = 0;
        if (!HasData)
            return false;
        using (_reading.Acquire())
        {
            var skip = call.IsPeek ? Math.Max(PeekOffset, 0) : 0;
            var message = _queue.First;
            while (message is not null && skip > 0 && skip >= message.Length)
            {
                skip -= message.Length;
                message = LinkedRing<UnixMessage, UnixMessage.InQueue>.After(message);
            }

            if (message is null)
                return false;
            if (call.IsPeek)
                result = Look(message, skip, ref to, ref call);
            else
                result = Take(message, ref to, ref call);
        }

        PassOnReading();
        return true;
    }

    private Result<int> Look(UnixMessage message, int skip, ref IoBuffer to, ref UnixReceive call)
    {
        var result = CopyOut(message, skip, ref to, ref call);
        if (!result.IsOk)
            return result;
        MovePeekOffset(Math.Min(message.Length - skip, to.Done));
        if (message.Rights is not null)
            CopyRights(message, ref call);
        return result;
    }

    private Result<int> Take(UnixMessage message, ref IoBuffer to, ref UnixReceive call)
    {
        if (message.Rights is not null)
            DetachRights(message, ref call);
        using (_lock.Acquire())
        {
            Unqueue(message);
            WakeWaiting();
        }

        if (!_roomWait.IsEmpty)
            _roomWait.WakeUp(key: s_writable);
        MovePeekOffset(-message.Length);
        var result = CopyOut(message, 0, ref to, ref call);
        message.Drop();
        return result;
    }

    private Result<int> CopyOut(UnixMessage message, int skip, ref IoBuffer to, ref UnixReceive call)
    {
        if (!call.From.IsEmpty)
            CopySender(message, ref call);
        if (PassesCredentials)
        {
            call.HasCredentials = true;
            call.Credentials = CredentialsOf(message);
        }

        var length = message.Length - skip;
        var count = Math.Min(length, to.Remaining);
        if (count < length)
            call.Found |= MSG_TRUNC;
        if (message.CopyTo(ref to, skip, count) < count)
            return Errno.EFAULT;
        return (call.Flags & MSG_TRUNC) != 0 ? length : count;
    }

    // For poll: is there room where datagrams of this socket go? If not, the receiver will tell.
    private bool HasReceiverRoom()
    {
        UnixSocket? receiver;
        using (_lock.Acquire())
        {
            receiver = _peer;
            receiver?.AddUser();
        }

        if (receiver is null)
            return true;
        LockBoth(this, receiver);
        var hasRoom = _peer != receiver || receiver.HasRoomFor(this);
        UnlockBoth(this, receiver);
        receiver.DropUser();
        return hasRoom;
    }

    // With both locks held, so that the sender is in the list of the socket it is connected with, if in any.
    private bool HasRoomFor(UnixSocket sender)
    {
        if (_isDead || !IsFull || !LimitsQueueOf(sender))
            return true;
        if (sender._waitsFor is null)
        {
            sender._waitsFor = this;
            _waiting.AddLast(sender);
        }

        return false;
    }

    private void ForgetWaiting(UnixSocket sender)
    {
        using (_lock.Acquire())
        {
            if (sender._waitsFor != this)
                return;
            sender._waitsFor = null;
            _waiting.Remove(sender);
        }
    }

    // With the lock held: senders in poll hear that there is room, or that there will be none.
    private void WakeWaiting()
    {
        while (_waiting.RemoveFirst() is { } sender)
        {
            sender._waitsFor = null;
            sender._writeWait.WakeUpAll(key: s_writable);
        }
    }
}
