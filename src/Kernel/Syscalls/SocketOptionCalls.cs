// getsockopt and setsockopt: what the level SOL_SOCKET knows and this family heeds. man 2 getsockopt, socket(7), unix(7).
using System;
using System.Runtime.InteropServices;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Net;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;

namespace Jiffy.Kernel.Syscalls;

using static SocketConstants;

internal static class SocketOptionCalls
{
    private const int LingerBytes = 2 * sizeof(int);
    private const int TimeBytes = 2 * sizeof(long);

    public static long Set(int descriptor, int level, int option, ulong from, int length)
    {
        if (length < 0)
            return -(long)Errno.EINVAL;
        var error = SocketCalls.Find(descriptor, out var borrowed, out var socket);
        if (error != Errno.None)
            return SyscallResult.From(error);
        error = level == SOL_SOCKET ? Set(socket!, option, from, length) : Errno.EOPNOTSUPP;
        borrowed.Return();
        return SyscallResult.From(error);
    }

    public static long Get(int descriptor, int level, int option, ulong to, ulong lengthAt)
    {
        var error = SocketCalls.Find(descriptor, out var borrowed, out var socket);
        if (error != Errno.None)
            return SyscallResult.From(error);
        error = level == SOL_SOCKET ? Get(socket!, option, to, lengthAt) : Errno.EOPNOTSUPP;
        borrowed.Return();
        return SyscallResult.From(error);
    }

    private static Errno Set(UnixSocket socket, int option, ulong from, int length)
    {
        if (length < sizeof(int))
            return Errno.EINVAL;
        if (!UserAccess.TryRead(from, out int value))
            return Errno.EFAULT;
        switch (option)
        {
            case SO_RCVTIMEO or SO_SNDTIMEO:
                return SetTimeout(socket, option, from, length);
            case SO_LINGER:
                return SetLinger(socket, from, length);
            case SO_SNDBUFFORCE or SO_RCVBUFFORCE when !Task.Current.Credentials.Has(Capability.CAP_NET_ADMIN):
                return Errno.EPERM;
            case SO_SNDBUF or SO_SNDBUFFORCE:
                socket.SetSendBuffer(value, option == SO_SNDBUFFORCE);
                return Errno.None;
            case SO_RCVBUF or SO_RCVBUFFORCE:
                socket.SetReceiveBuffer(value, option == SO_RCVBUFFORCE);
                return Errno.None;
            case SO_PASSCRED:
                socket.PassesCredentials = value != 0;
                return Errno.None;
            case SO_RCVLOWAT:
                socket.LowMark = value < 0 ? int.MaxValue : Math.Max(value, 1);
                return Errno.None;
            case SO_PEEK_OFF:
                socket.PeekOffset = value;
                return Errno.None;
            case SO_DEBUG when value != 0 && !Task.Current.Credentials.Has(Capability.CAP_NET_ADMIN):
                return Errno.EACCES;
            default:
                if (!IsKeptFlag(option))
                    return Errno.ENOPROTOOPT;
                socket.Flags = value != 0 ? socket.Flags | 1u << option : socket.Flags & ~(1u << option);
                return Errno.None;
        }
    }

    // What other families heed; here it is kept and told.
    private static bool IsKeptFlag(int option) =>
        option is SO_DEBUG or SO_REUSEADDR or SO_REUSEPORT or SO_DONTROUTE or SO_BROADCAST or SO_KEEPALIVE or SO_OOBINLINE;

    private static Errno SetTimeout(UnixSocket socket, int option, ulong from, int length)
    {
        if (length < TimeBytes)
            return Errno.EINVAL;
        if (!UserAccess.TryRead(from, out TimeValue time))
            return Errno.EFAULT;
        if (time.Microseconds is < 0 or >= 1_000_000)
            return Errno.EDOM;
        var timeout = time.Seconds < 0 ? 0
            : time.Seconds == 0 && time.Microseconds == 0 || time.Seconds > long.MaxValue / TimeKeeper.NanosecondsPerSecond - 1 ? long.MaxValue
            : time.Seconds * TimeKeeper.NanosecondsPerSecond + time.Microseconds * 1000;
        if (option == SO_RCVTIMEO)
            socket.ReceiveTimeout = timeout;
        else
            socket.SendTimeout = timeout;
        return Errno.None;
    }

    private static Errno SetLinger(UnixSocket socket, ulong from, int length)
    {
        if (length < LingerBytes)
            return Errno.EINVAL;
        if (!UserAccess.TryRead(from + sizeof(int), out int seconds) || !UserAccess.TryRead(from, out int isOn))
            return Errno.EFAULT;
        socket.LingerOn = isOn != 0 ? 1 : 0;
        if (isOn != 0)
            socket.LingerSeconds = seconds;
        return Errno.None;
    }

    private static Errno Get(UnixSocket socket, int option, ulong to, ulong lengthAt)
    {
        if (!UserAccess.TryRead(lengthAt, out int room))
            return Errno.EFAULT;
        if (room < 0)
            return Errno.EINVAL;
        Span<long> words = stackalloc long[2];
        words.Clear();
        var bytes = MemoryMarshal.AsBytes(words);
        var got = GetValue(socket, option, words);
        if (!got.TryGet(out var length))
            return got.Error;
        length = Math.Min(room, length);
        return UserAccess.TryWriteArray<byte>(to, bytes.Slice(0, length)) && UserAccess.TryWrite(lengthAt, length) ? Errno.None : Errno.EFAULT;
    }

    // How many bytes of the value there are.
    private static Result<int> GetValue(UnixSocket socket, int option, Span<long> value)
    {
        var ints = MemoryMarshal.Cast<long, int>(value);
        switch (option)
        {
            case SO_RCVTIMEO or SO_SNDTIMEO:
                var timeout = option == SO_RCVTIMEO ? socket.ReceiveTimeout : socket.SendTimeout;
                var time = TimeValue.From(timeout == long.MaxValue ? 0 : timeout);
                value[0] = time.Seconds;
                value[1] = time.Microseconds;
                return TimeBytes;
            case SO_LINGER:
                ints[0] = socket.LingerOn;
                ints[1] = socket.LingerSeconds;
                return LingerBytes;
            case SO_PEERCRED:
                MemoryMarshal.Cast<long, SocketCredentials>(value)[0] = socket.PeerCredentials;
                return SocketCredentials.Bytes;
        }

        var one = GetNumber(socket, option);
        ints[0] = one.Value;
        return one.IsOk ? sizeof(int) : one.Error;
    }

    private static Result<int> GetNumber(UnixSocket socket, int option) => option switch
    {
        SO_TYPE => socket.Type,
        SO_DOMAIN => AF_UNIX,
        SO_PROTOCOL => 0,
        SO_ERROR => (int)socket.TakePendingError(),
        SO_ACCEPTCONN => socket.IsListening ? 1 : 0,
        SO_SNDBUF => socket.SendBuffer,
        SO_RCVBUF => socket.ReceiveBuffer,
        SO_PASSCRED => socket.PassesCredentials ? 1 : 0,
        SO_RCVLOWAT => socket.LowMark,
        SO_SNDLOWAT => 1,
        SO_PEEK_OFF => socket.PeekOffset,
        _ when IsKeptFlag(option) => (int)(socket.Flags >> option & 1),
        _ => Errno.ENOPROTOOPT,
    };
}
