// What poll and the queue's lengths tell of a socket. Linux: unix_poll(), unix_dgram_poll(), unix_inq_len(), unix_outq_len().
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Net;

using static FileConstants;
using static SocketConstants;

internal sealed partial class UnixSocket
{
    /// <summary>Bytes that have been sent and not been received yet, as the sender's buffer counts them: SIOCOUTQ.</summary>
    public int Unreceived => Volatile.Read(ref _charge) - 1;

    /// <summary>Poll bits; a poller is woken through this socket's own queues whatever it waits for.</summary>
    public uint Poll(PollTable? table)
    {
        table?.Register(_readWait);
        table?.Register(_writeWait);
        var shutdown = Volatile.Read(ref _shutdown);
        var events = 0u;
        if (Volatile.Read(ref _error) != 0)
            events |= POLLERR;
        if (shutdown == ShutBoth)
            events |= POLLHUP;
        if ((shutdown & ShutReceive) != 0)
            events |= POLLRDHUP | POLLIN | POLLRDNORM;
        if (HasData || !_pending.IsEmpty)
            events |= POLLIN | POLLRDNORM;
        if (Type != SOCK_DGRAM && _state == UnixState.Unconnected)
            events |= POLLHUP;
        if (IsWritable())
            events |= POLLOUT | POLLWRNORM | POLLWRBAND;
        return events;
    }

    private bool IsWritable()
    {
        if (_state == UnixState.Listening || !HasMuchRoom(Volatile.Read(ref _charge)))
            return false;
        return Type != SOCK_DGRAM || HasReceiverRoom();
    }

    /// <summary>Bytes that a stream can read now, or those of the next message: SIOCINQ. EINVAL: it listens.</summary>
    public Result<int> CountReadable()
    {
        if (IsListening)
            return Errno.EINVAL;
        var bytes = 0;
        using (_lock.Acquire())
        {
            for (var message = _queue.First; message is not null; message = LinkedRing<UnixMessage, UnixMessage.InQueue>.After(message))
            {
                bytes += message.Left;
                if (Type == SOCK_DGRAM)
                    break;
            }
        }

        return bytes;
    }

    /// <summary>What /proc/net/unix shows.</summary>
    public void Show(PagedText text)
    {
        const int AcceptsConnections = 0x10000;
        var users = Volatile.Read(ref _users);
        var state = IsConnected ? File is null ? 2 : 3 : 1;
        text.Append($"{Number:x16}: {users:x8} 00000000 {(IsListening ? AcceptsConnections : 0):x8} {Type:x4} {state:x2} {(long)(File?.Inode.Number ?? 0),5}");
        var name = Name;
        if (name.Length > 0)
        {
            text.AppendByte((byte)' ');
            foreach (var value in name)
                text.AppendByte(value == 0 ? (byte)'@' : value);
        }

        text.AppendByte((byte)'\n');
    }
}
