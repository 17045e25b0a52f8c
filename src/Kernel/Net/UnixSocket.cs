// A socket of the family AF_UNIX. This file: what it is made of, its life and its memory. Naming, connecting, both ways of sending, polling and
// the files in flight stand in files of their own.
// Locks: _lock (spinning) guards state, peer, queue and everything without another note; two at once in the order of their numbers. _reading (sleeping)
// is held by who takes bytes out, so that what is at the head of the queue stays while it is copied; _binding while the socket gets its name.
// Life: users are the open file, peers that point here, and whoever found it by name. The object is given back when neither users nor messages
// that it sent are left: _charge counts the bytes of these, and one for all users. A reference may be stale for a moment; then it
// leads to another socket at worst, and to a needless wake-up, as everybody who is woken looks anew.
// Linux: struct unix_sock, unix_create1(), unix_release_sock(), sock_wfree().
using System;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;

namespace Jiffy.Kernel.Net;

using static FileConstants;
using static SocketConstants;

internal enum UnixState
{
    Unconnected,
    Listening,
    Connected,
}

internal sealed partial class UnixSocket
{
    /// <summary>What SO_SNDBUF and SO_RCVBUF are at first, and can be set to by anybody, before they are doubled.</summary>
    public const int DefaultBuffer = 212_992;

    /// <summary>So many datagrams and one more wait in a socket that its senders are not connected with.</summary>
    public const int DefaultBacklog = 10;

    private const int ShutReceive = 1, ShutSend = 2, ShutBoth = 3;

    private static readonly WakeKey s_readable = new(POLLIN | POLLRDNORM | POLLRDBAND);
    private static readonly WakeKey s_writable = new(POLLOUT | POLLWRNORM | POLLWRBAND);

    private SpinLock<UnixSocketRank, PreemptionOff> _lock;
    private Mutex<UnixReadRank> _reading;
    private Mutex<UnixBindRank> _binding;
    private readonly WaitQueue _readWait = new(), _writeWait = new();
    internal SignalListeners Listeners;
    private volatile bool _lacksRoom; // a sender found none: only then is it told by a signal that there is some again
    private readonly WaitQueue _roomWait = new(); // others, until there is room in this socket's queue
    private Links<UnixSocket> _poolLinks, _allLinks, _bucketLinks, _pendingLinks, _waitingLinks, _flightLinks, _workLinks;

    private LinkedRing<UnixMessage, UnixMessage.InQueue> _queue;
    private LinkedRing<UnixSocket, InPending> _pending; // connections that nobody has accepted yet
    private LinkedRing<UnixSocket, InWaiting> _waiting; // senders in poll that have found the queue full
    private int _queued;                                // messages, or pending connections
    private int _backlog;                               // the most of these but for one
    private UnixSocket? _peer;                          // counted
    private UnixState _state;
    private int _shutdown;
    private bool _isDead;
    private int _error; // an Errno that the next call tells
    private int _users;
    private int _charge;

    private UnixSocket()
    {
    }

    public static Pool<UnixSocket, Pooled> Pool { get; private set; } = null!;

    /// <summary>SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET.</summary>
    public int Type { get; private set; }

    /// <summary>Later sockets have higher ones.</summary>
    public long Number { get; internal set; }

    /// <summary>The open file; null: nobody has accepted it yet. It does not count as a user.</summary>
    public OpenFile? File { get; private set; }

    public bool IsStream => Type == SOCK_STREAM;
    public bool IsListening => _state == UnixState.Listening;
    private bool IsConnected => _state == UnixState.Connected;
    private bool IsDeaf => (Volatile.Read(ref _shutdown) & ShutReceive) != 0;
    private bool IsMute => (Volatile.Read(ref _shutdown) & ShutSend) != 0;
    private bool HasData => !_queue.IsEmpty;

    /// <summary>At most <paramref name="limit"/> sockets, and so many <paramref name="messages"/> on their way.</summary>
    public static void Init(int limit, int messages)
    {
        Pool = new Pool<UnixSocket, Pooled>("unix_socket", limit);
        UnixMessage.Init(messages);
        UnixRights.Init(limit / 4);
        UnixNames.Init();
        UnixInFlight.Init();
    }

    /// <summary>A new socket with one user, the caller. Null: out of memory.</summary>
    public static UnixSocket? Create(int type)
    {
        if (!Pool.TryTake(out var made))
            return null;
        made.Type = type;
        made.File = null;
        made._queued = 0;
        made._backlog = DefaultBacklog;
        made._peer = null;
        made._state = UnixState.Unconnected;
        made._shutdown = made._error = 0;
        made._isDead = false;
        made._users = made._charge = 1;
        made.InFlight = 0;
        made._nameLength = 0;
        made.Place = default;
        made._waitsFor = null;
        made.ResetOptions();
        UnixNames.Add(made);
        return made;
    }

    /// <summary>The socket of an open file; null: it is another kind of file.</summary>
    public static UnixSocket? TryGet(OpenFile file) => file.Private as UnixSocket;

    /// <summary>The socket belongs to an open file from now on, until <see cref="Close"/>.</summary>
    public void Attach(OpenFile file)
    {
        file.Private = this;
        File = file;
    }

    /// <summary>Undoes <see cref="Attach"/>: the file closes without the socket.</summary>
    public void Detach()
    {
        File!.Private = null;
        File = null;
    }

    /// <summary>The next call tells this error.</summary>
    public void KeepError(Errno error) => Volatile.Write(ref _error, (int)error);

    /// <summary>Sends as its kind does.</summary>
    public Result<int> Send(ref IoBuffer from, ref UnixSend call) => IsStream ? SendStream(ref from, ref call) : SendDatagram(ref from, ref call);

    /// <summary>Receives as its kind does.</summary>
    public Result<int> Receive(ref IoBuffer to, ref UnixReceive call) => IsStream ? ReceiveStream(ref to, ref call) : ReceiveDatagram(ref to, ref call);

    public void AddUser() => Interlocked.Increment(ref _users);

    /// <summary>Counts a user out. Does not sleep.</summary>
    public void DropUser()
    {
        if (Interlocked.Decrement(ref _users) == 0)
            Uncharge(1);
    }

    /// <summary>A message of so many bytes is on its way from here.</summary>
    public void AddCharge(int bytes) => Interlocked.Add(ref _charge, bytes);

    /// <summary>It has gone: there is room again, which sleepers hear of when three quarters are free.</summary>
    public void Uncharge(int bytes)
    {
        var left = Interlocked.Add(ref _charge, -bytes);
        if (left == 0)
            Pool.Give(this);
        else if (HasMuchRoom(left))
            TellWriters();
    }

    private void TellWriters()
    {
        if (!_writeWait.IsEmpty)
            _writeWait.WakeUpAll(key: s_writable);
        if (!_lacksRoom)
            return;
        _lacksRoom = false;
        Listeners.Signal(SignalCode.POLL_OUT);
    }

    /// <summary>The file closes, or a connection that was never accepted goes with its listener. May sleep.</summary>
    public void Close()
    {
        UnixNames.Remove(this);
        UnixSocket? peer;
        bool wasCutOff;
        using (_lock.Acquire())
        {
            _isDead = true;
            _state = UnixState.Unconnected;
            Volatile.Write(ref _shutdown, ShutBoth);
            peer = _peer;
            _peer = null;
            wasCutOff = HasData || File is null;
            WakeWaiting();
        }

        Cpu.Interleave();
        _roomWait.WakeUpAll();
        if (peer is not null && !UnixFaults.Has(UnixFault.PeerForgotten))
            TellClosed(peer, wasCutOff);
        DropPending();
        DropQueue();
        Place.Drop();
        Place = default;
        peer?.DropUser();
        UnixInFlight.CollectSoon();
        DropUser();
    }

    // A connection ends on both sides; what one side has not read is lost, and the other is told. A datagram socket notices when it sends.
    private void TellClosed(UnixSocket peer, bool wasCutOff)
    {
        if (Type == SOCK_DGRAM)
        {
            peer.ForgetWaiting(this);
            return;
        }

        using (peer._lock.Acquire())
        {
            Volatile.Write(ref peer._shutdown, ShutBoth);
            if (wasCutOff)
                Volatile.Write(ref peer._error, (int)Errno.ECONNRESET);
        }

        peer.StateChanged();
        peer.Listeners.Signal(SignalCode.POLL_HUP);
    }

    private void StateChanged()
    {
        Cpu.Interleave();
        _readWait.WakeUpAll();
        _writeWait.WakeUpAll();
    }

    private void DropPending()
    {
        if (UnixFaults.Has(UnixFault.PendingForgotten))
            return;
        while (true)
        {
            UnixSocket? connection;
            using (_lock.Acquire())
                connection = _pending.RemoveFirst();
            if (connection is null)
                return;
            connection.Close();
        }
    }

    // The error that waits for somebody to be told, once.
    private Errno TakeError() =>
        Volatile.Read(ref _error) == 0 ? Errno.None : (Errno)Interlocked.Exchange(ref _error, 0);

    // What a sleep's end means for the call: with a time-out it cannot be restarted, as it would wait anew.
    private static Errno AfterWait(Errno error, long deadline) => error switch
    {
        Errno.ETIMEDOUT => Errno.EAGAIN,
        Errno.ERESTARTSYS when deadline != long.MaxValue => Errno.EINTR,
        _ => error,
    };

    /// <summary>Takes the locks of two sockets, which may be one.</summary>
    private static void LockBoth(UnixSocket one, UnixSocket other)
    {
        var first = one.Number < other.Number ? one : other;
        first._lock.AcquireUnguarded();
        if (one != other)
            (first == one ? other : one)._lock.AcquireNested();
    }

    private static void UnlockBoth(UnixSocket one, UnixSocket other)
    {
        var first = one.Number < other.Number ? one : other;
        if (one != other)
            (first == one ? other : one)._lock.Release(false);
        first._lock.Release(false);
    }

    internal readonly struct InAll : ILinksOf<UnixSocket>
    {
        public static ref Links<UnixSocket> Of(UnixSocket item) => ref item._allLinks;
    }

    internal readonly struct InBucket : ILinksOf<UnixSocket>
    {
        public static ref Links<UnixSocket> Of(UnixSocket item) => ref item._bucketLinks;
    }

    internal readonly struct InPending : ILinksOf<UnixSocket>
    {
        public static ref Links<UnixSocket> Of(UnixSocket item) => ref item._pendingLinks;
    }

    internal readonly struct InWaiting : ILinksOf<UnixSocket>
    {
        public static ref Links<UnixSocket> Of(UnixSocket item) => ref item._waitingLinks;
    }

    internal readonly struct InFlightRing : ILinksOf<UnixSocket>
    {
        public static ref Links<UnixSocket> Of(UnixSocket item) => ref item._flightLinks;
    }

    internal readonly struct InWork : ILinksOf<UnixSocket>
    {
        public static ref Links<UnixSocket> Of(UnixSocket item) => ref item._workLinks;
    }

    public readonly struct Pooled : IPooled<UnixSocket>
    {
        public static ref Links<UnixSocket> Of(UnixSocket item) => ref item._poolLinks;
        public static UnixSocket Create() => new();
        public static int Bytes => 1024;
    }
}
