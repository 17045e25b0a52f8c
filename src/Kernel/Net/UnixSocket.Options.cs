// What can be set and asked of a socket. Single words, read bare by who needs them. Linux: sock_setsockopt(). socket(7), unix(7).
using System;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;

namespace Jiffy.Kernel.Net;

internal sealed partial class UnixSocket
{
    private const int LeastSendBuffer = 4608, LeastReceiveBuffer = 2304;
    private const uint Nobody = uint.MaxValue;

    /// <summary>What programs see of a user whom nobody knows: overflowuid.</summary>
    private const uint UnknownId = 65534;

    private int _sendBuffer;
    private int _peekOffset;
    private SocketCredentials _own, _peerCredentials; // as they were when it listened or connected

    /// <summary>Nanoseconds; long.MaxValue: for ever.</summary>
    public long ReceiveTimeout, SendTimeout;

    /// <summary>SO_LINGER's two numbers, and the flags that mean nothing to this family: they are kept and told.</summary>
    public int LingerOn, LingerSeconds;

    public uint Flags;

    /// <summary>SO_RCVLOWAT: a stream's readers wait for so many bytes.</summary>
    public int LowMark = 1;

    public int ReceiveBuffer { get; private set; }

    public int SendBuffer => _sendBuffer;

    /// <summary>SO_PASSCRED: whoever receives here is told who sent.</summary>
    public bool PassesCredentials;

    /// <summary>SO_PEEK_OFF: where MSG_PEEK looks next; -1: always at the start.</summary>
    public int PeekOffset
    {
        get => Volatile.Read(ref _peekOffset);
        set => Volatile.Write(ref _peekOffset, value);
    }

    /// <summary>Who is on the other side: who it was when the connection was made.</summary>
    public SocketCredentials PeerCredentials => _peerCredentials;

    private void ResetOptions()
    {
        _sendBuffer = ReceiveBuffer = DefaultBuffer;
        ReceiveTimeout = SendTimeout = long.MaxValue;
        LowMark = 1;
        PeekOffset = -1;
        PassesCredentials = false;
        LingerOn = LingerSeconds = 0;
        Flags = 0;
        _lacksRoom = false;
        _own = _peerCredentials = new SocketCredentials { UserId = Nobody, GroupId = Nobody };
    }

    /// <summary>SO_SNDBUF: twice what is asked for, as the memory that messages cost is counted. <paramref name="force"/>: beyond the usual most.</summary>
    public void SetSendBuffer(int bytes, bool force)
    {
        _sendBuffer = Doubled(bytes, force, LeastSendBuffer);
        _writeWait.WakeUpAll(key: s_writable);
    }

    /// <summary>SO_RCVBUF: kept and told; what is on its way is charged to its sender.</summary>
    public void SetReceiveBuffer(int bytes, bool force) => ReceiveBuffer = Doubled(bytes, force, LeastReceiveBuffer);

    /// <summary>SO_ERROR: the error that waits, which is told with this.</summary>
    public Errno TakePendingError() => TakeError();

    public long ReceiveDeadline(bool isNonBlocking) => DeadlineOf(ReceiveTimeout, isNonBlocking);

    public long SendDeadline(bool isNonBlocking) => DeadlineOf(SendTimeout, isNonBlocking);

    private static long DeadlineOf(long timeout, bool isNonBlocking)
    {
        if (isNonBlocking || timeout == 0)
            return 0;
        return timeout == long.MaxValue ? long.MaxValue : Deadline.After(TimeKeeper.Monotonic, timeout);
    }

    private static int Doubled(int bytes, bool force, int least)
    {
        var wanted = force ? Math.Clamp(bytes, 0, int.MaxValue / 2) : (int)Math.Min((uint)bytes, DefaultBuffer);
        return Math.Max(wanted * 2, least);
    }

    private static SocketCredentials CurrentCredentials(bool effective)
    {
        var current = Task.Current;
        return new SocketCredentials
        {
            ProcessId = current.IsKernelThread ? 0 : current.Group.Id,
            UserId = effective ? current.Credentials.EffectiveUserId : current.Credentials.UserId,
            GroupId = effective ? current.Credentials.EffectiveGroupId : current.Credentials.GroupId,
        };
    }
}
