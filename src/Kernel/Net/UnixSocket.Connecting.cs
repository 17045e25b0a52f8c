// Connections: pairs, listening, connecting and accepting. A connection is made whole by who connects: a socket for the other side is put among
// the listener's pending ones, connected already, and accept only takes it from there.
// Locks: the listener's and the connecting socket's together, in the order of their numbers, so that neither closes or connects meanwhile.
// No wake-up is lost: the connection is pending before the listener's readers are woken; there is room before its _roomWait is.
// Linux: unix_stream_connect(), unix_accept(), unix_listen(), unix_socketpair().
using System;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Net;

using static SocketConstants;

internal sealed partial class UnixSocket
{
    private bool IsFull => _queued > _backlog;

    /// <summary>Two sockets connected with each other. ENOMEM.</summary>
    public static Errno CreatePair(int type, out UnixSocket? one, out UnixSocket? other)
    {
        other = null;
        one = Create(type);
        if (one is null)
            return Errno.ENOMEM;
        other = Create(type);
        if (other is null)
        {
            one.Close();
            return Errno.ENOMEM;
        }

        one.Join(other);
        other.Join(one);
        return Errno.None;
    }

    // Both sockets are still their maker's alone.
    private void Join(UnixSocket peer)
    {
        peer.AddUser();
        _peer = peer;
        _state = UnixState.Connected;
        _own = _peerCredentials = CurrentCredentials(effective: true);
    }

    /// <summary>Takes connections from now on, at most <paramref name="backlog"/> and one waiting. EOPNOTSUPP, EINVAL: it has no name, or is connected.</summary>
    public Errno Listen(int backlog)
    {
        if (Type == SOCK_DGRAM)
            return Errno.EOPNOTSUPP;
        if (!HasName)
            return Errno.EINVAL;
        using (_lock.Acquire())
        {
            if (_state == UnixState.Connected || _isDead)
                return Errno.EINVAL;
            _backlog = (int)Math.Min((uint)backlog, SOMAXCONN);
            _state = UnixState.Listening;
            _own = _peerCredentials = CurrentCredentials(effective: true);
        }

        _roomWait.WakeUpAll();
        return Errno.None;
    }

    /// <summary>Connects a stream or a socket of packets with the one of a name. EAGAIN: its backlog is full.</summary>
    public Errno Connect(ReadOnlySpan<byte> name, long deadline)
    {
        if (PassesCredentials && !HasName)
        {
            var unnamed = BindAutomatically();
            if (unnamed != Errno.None)
                return unnamed;
        }

        if (Create(Type) is not { } connection)
            return Errno.ENOMEM;
        var error = Connect(name, deadline, connection);
        if (error != Errno.None)
            connection.Close();
        return error;
    }

    private Errno Connect(ReadOnlySpan<byte> name, long deadline, UnixSocket connection)
    {
        while (true)
        {
            var error = UnixNames.Find(name, Type, out var listener);
            if (error != Errno.None)
                return error;
            error = TryConnect(listener!, connection, out var isFull);
            if (error == Errno.None && !isFull)
            {
                listener!._readWait.WakeUp(key: s_readable);
                listener.Listeners.Signal(SignalCode.POLL_IN);
            }

            if (isFull && error == Errno.None)
                error = deadline == 0 ? Errno.EAGAIN : listener!.WaitForRoom(deadline);
            listener!.DropUser();
            if (error != Errno.None || !isFull)
                return error;
        }
    }

    // EINVAL, EISCONN are about this socket; ECONNREFUSED: the other one does not listen any more.
    private Errno TryConnect(UnixSocket listener, UnixSocket connection, out bool isFull)
    {
        isFull = false;
        LockBoth(this, listener);
        var error = listener._isDead || listener._state != UnixState.Listening || listener.IsDeaf ? Errno.ECONNREFUSED : Errno.None;
        isFull = error == Errno.None && listener.IsFull;
        if (error == Errno.None && !isFull)
        {
            error = _state switch
            {
                UnixState.Unconnected => Errno.None,
                UnixState.Connected => Errno.EISCONN,
                _ => Errno.EINVAL,
            };
            if (error == Errno.None)
                JoinPending(listener, connection);
        }

        UnlockBoth(this, listener);
        return error;
    }

    private void JoinPending(UnixSocket listener, UnixSocket connection)
    {
        connection.Join(this);
        connection.SetName(listener.Name);
        connection.AddUser();
        _peer = connection;
        _state = UnixState.Connected;
        _own = connection._own;
        _peerCredentials = listener._own;
        listener._pending.AddLast(connection);
        listener._queued++;
    }

    // The caller has counted this socket, so it may close meanwhile: then it does not count as full.
    private Errno WaitForRoom(long deadline) =>
        AfterWait(
            _roomWait.WaitEventUntil(this, static full => !full.IsFull || full._isDead || full.IsDeaf, deadline, TaskState.Interruptible, exclusive: true),
            deadline);

    /// <summary>Takes the connection that has waited longest; its one user is the caller. EINVAL: not listening; EAGAIN.</summary>
    public Errno Accept(long deadline, out UnixSocket? connection)
    {
        connection = null;
        if (Type == SOCK_DGRAM)
            return Errno.EOPNOTSUPP;
        if (!IsListening)
            return Errno.EINVAL;
        while (true)
        {
            using (_lock.Acquire())
            {
                connection = _pending.RemoveFirst();
                if (connection is not null)
                    _queued--;
            }

            if (connection is not null)
                break;
            if (IsDeaf)
                return Errno.EINVAL;
            if (deadline == 0)
                return Errno.EAGAIN;
            var error = _readWait.WaitEventUntil(
                this, static listener => !listener._pending.IsEmpty || listener.IsDeaf, deadline, TaskState.Interruptible, exclusive: true);
            if (error != Errno.None)
                return AfterWait(error, deadline);
        }

        Cpu.Interleave();
        _roomWait.WakeUp(key: s_writable);
        return Errno.None;
    }

    /// <summary>Puts a connection back that was accepted but could not be given to the caller: it is the next to be accepted.</summary>
    public void PutBack(UnixSocket connection)
    {
        using (_lock.Acquire())
        {
            _pending.AddFirst(connection);
            _queued++;
        }

        _readWait.WakeUp(key: s_readable);
    }

    /// <summary>Ends sending, receiving or both, here and, for a connection, as the other side sees it.</summary>
    public void Shutdown(bool receiving, bool sending)
    {
        var mode = (receiving ? ShutReceive : 0) | (sending ? ShutSend : 0);
        UnixSocket? peer;
        using (_lock.Acquire())
        {
            Volatile.Write(ref _shutdown, _shutdown | mode);
            peer = Type == SOCK_DGRAM ? null : _peer;
            peer?.AddUser();
        }

        StateChanged();
        _roomWait.WakeUpAll();
        if (peer is null)
            return;
        using (peer._lock.Acquire())
            Volatile.Write(ref peer._shutdown, peer._shutdown | (receiving ? ShutSend : 0) | (sending ? ShutReceive : 0));
        peer.StateChanged();
        if (peer.IsDeaf)
            peer.Listeners.Signal(peer.IsMute ? SignalCode.POLL_HUP : SignalCode.POLL_IN);
        peer.DropUser();
    }

    /// <summary>The other side's name into <paramref name="to"/>, and its length. ENOTCONN.</summary>
    public Result<int> GetPeerName(Span<byte> to)
    {
        UnixSocket? peer;
        using (_lock.Acquire())
        {
            peer = _peer;
            peer?.AddUser();
        }

        if (peer is null)
            return Errno.ENOTCONN;
        var length = UnixName.WriteAddress(peer.Name, to);
        peer.DropUser();
        return length;
    }
}
