// System calls that send and receive: sendto, recvfrom, sendmsg, recvmsg and their forms for several messages. man 2 of each.
using System;
using System.Runtime.CompilerServices;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Net;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Time;

namespace Jiffy.Kernel.Syscalls;

using static SocketConstants;

internal static class SocketDataCalls
{
    private const int LongestAddress = 128;

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long SendTo(int descriptor, ulong bytes, ulong count, int flags, ulong address, int length)
    {
        if (!UserAccess.IsUserRange(bytes, count))
            return -(long)Errno.EFAULT;
        var error = SocketCalls.Find(descriptor, out var borrowed, out var socket);
        if (error != Errno.None)
            return SyscallResult.From(error);
        scoped var from = new IoBuffer(bytes, count);
        Span<byte> buffer = stackalloc byte[LongestAddress];
        scoped var call = new UnixSend { Flags = flags, Deadline = socket!.SendDeadline(IsNonBlocking(borrowed.File!, flags)) };
        if (address != 0)
            error = SetDestination(address, length, buffer, ref call);
        var result = error == Errno.None ? socket.Send(ref from, ref call) : error;
        borrowed.Return();
        return SyscallResult.From(result);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long ReceiveFrom(int descriptor, ulong bytes, ulong count, int flags, ulong address, ulong length)
    {
        if (!UserAccess.IsUserRange(bytes, count))
            return -(long)Errno.EFAULT;
        var error = SocketCalls.Find(descriptor, out var borrowed, out var socket);
        if (error != Errno.None)
            return SyscallResult.From(error);
        scoped var to = new IoBuffer(bytes, count);
        Span<byte> name = stackalloc byte[UnixName.Capacity];
        scoped var call = new UnixReceive { Flags = flags, Deadline = socket!.ReceiveDeadline(IsNonBlocking(borrowed.File!, flags)) };
        if (address != 0)
            call.From = name;
        var result = socket.Receive(ref to, ref call);
        call.Rights?.Drop();
        borrowed.Return();
        if (result.IsOk && address != 0)
            error = WriteSource(ref call, address, length);
        return error == Errno.None ? SyscallResult.From(result) : SyscallResult.From(error);
    }

    public static long SendMessage(int descriptor, ulong header, int flags)
    {
        var error = SocketCalls.Find(descriptor, out var borrowed, out var socket);
        if (error != Errno.None)
            return SyscallResult.From(error);
        var result = Send(borrowed.File!, socket!, header, flags);
        borrowed.Return();
        return SyscallResult.From(result);
    }

    public static long ReceiveMessage(int descriptor, ulong header, int flags)
    {
        var error = SocketCalls.Find(descriptor, out var borrowed, out var socket);
        if (error != Errno.None)
            return SyscallResult.From(error);
        var result = Receive(borrowed.File!, socket!, header, flags);
        borrowed.Return();
        return SyscallResult.From(result);
    }

    /// <summary>sendmmsg: how many messages were sent; an error only when it was none.</summary>
    public static long SendMessages(int descriptor, ulong headers, uint count, int flags)
    {
        var error = SocketCalls.Find(descriptor, out var borrowed, out var socket);
        if (error != Errno.None)
            return SyscallResult.From(error);
        count = Math.Min(count, UIO_MAXIOV);
        uint done = 0;
        while (done < count)
        {
            var at = headers + (ulong)done * MessageHeader.VectorBytes;
            var result = Send(borrowed.File!, socket!, at, flags);
            error = result.IsOk && !UserAccess.TryWrite(at + MessageHeader.LengthOffset, result.Value) ? Errno.EFAULT : result.Error;
            if (error != Errno.None)
                break;
            done++;
        }

        borrowed.Return();
        return done > 0 || error == Errno.None ? done : SyscallResult.From(error);
    }

    /// <summary>recvmmsg: how many messages were received; an error after the first is told by the next call.</summary>
    public static long ReceiveMessages(int descriptor, ulong headers, uint count, int flags, ulong timeout)
    {
        var deadline = long.MaxValue;
        if (timeout != 0)
        {
            if (!UserAccess.TryRead(timeout, out TimeSpec time))
                return -(long)Errno.EFAULT;
            if (!time.IsValid)
                return -(long)Errno.EINVAL;
            deadline = Deadline.After(TimeKeeper.Monotonic, time.ToNanoseconds());
        }

        var error = SocketCalls.Find(descriptor, out var borrowed, out var socket);
        if (error != Errno.None)
            return SyscallResult.From(error);
        error = socket!.TakePendingError();
        var result = error == Errno.None ? ReceiveUntil(borrowed.File!, socket, headers, Math.Min(count, UIO_MAXIOV), flags, deadline) : SyscallResult.From(error);
        borrowed.Return();
        if (timeout != 0 && result > 0)
        {
            var left = TimeSpec.From(Math.Max(0, deadline - TimeKeeper.Monotonic));
            return UserAccess.TryWrite(timeout, left) ? result : -(long)Errno.EFAULT;
        }

        return result;
    }

    // The time is looked at after each message only, as Linux does.
    private static long ReceiveUntil(OpenFile file, UnixSocket socket, ulong headers, uint count, int flags, long deadline)
    {
        var error = Errno.None;
        uint done = 0;
        while (done < count)
        {
            var at = headers + (ulong)done * MessageHeader.VectorBytes;
            var result = Receive(file, socket, at, flags & ~MSG_WAITFORONE);
            error = result.IsOk && !UserAccess.TryWrite(at + MessageHeader.LengthOffset, result.Value) ? Errno.EFAULT : result.Error;
            if (error != Errno.None)
                break;
            done++;
            if ((flags & MSG_WAITFORONE) != 0)
                flags |= MSG_DONTWAIT;
            if (TimeKeeper.Monotonic >= deadline)
                break;
        }

        if (done > 0 && !IsOfThisCallOnly(error))
            socket.KeepError(error);
        return done > 0 || error == Errno.None ? done : SyscallResult.From(error);
    }

    // A signal that ended this call says nothing of the socket. (Linux keeps it there, and another caller is told an errno that no program knows.)
    private static bool IsOfThisCallOnly(Errno error) => error is Errno.None or Errno.EAGAIN or Errno.EINTR or Errno.ERESTARTSYS;

    private static Result<int> Send(OpenFile file, UnixSocket socket, ulong at, int flags)
    {
        var error = ReadHeader(at, out var header, out var vectors);
        if (error != Errno.None)
            return error;
        scoped var from = vectors;
        Span<byte> buffer = stackalloc byte[LongestAddress];
        scoped var call = new UnixSend { Flags = flags, Deadline = socket.SendDeadline(IsNonBlocking(file, flags)) };
        if (header.Name != 0 && header.NameLength != 0)
            error = SetDestination(header.Name, Math.Min(header.NameLength, LongestAddress), buffer, ref call);
        if (error == Errno.None && header.ControlLength != 0)
            error = SocketControl.Read(header.Control, header.ControlLength, ref call);
        var result = error == Errno.None ? socket.Send(ref from, ref call) : error;
        call.Rights?.Drop();
        return result;
    }

    private static Result<int> Receive(OpenFile file, UnixSocket socket, ulong at, int flags)
    {
        var error = ReadHeader(at, out var header, out var vectors);
        if (error != Errno.None)
            return error;
        scoped var to = vectors;
        Span<byte> name = stackalloc byte[UnixName.Capacity];
        scoped var call = new UnixReceive { Flags = flags, Deadline = socket.ReceiveDeadline(IsNonBlocking(file, flags)) };
        if (header.Name != 0)
            call.From = name;
        var result = socket.Receive(ref to, ref call);
        if (!result.IsOk)
        {
            call.Rights?.Drop();
            return result;
        }

        scoped var control = new SocketControl(header.Control, header.ControlLength);
        control.Write(ref call, socket.PassesCredentials);
        if (header.Name != 0)
            error = WriteSource(ref call, header.Name, at + HeaderOffset.NameLength);
        else if (!UserAccess.TryWrite(at + HeaderOffset.NameLength, 0))
            error = Errno.EFAULT;
        var found = call.Found | control.Found | flags & MSG_CMSG_CLOEXEC;
        if (error == Errno.None && !(UserAccess.TryWrite(at + HeaderOffset.Flags, found) && UserAccess.TryWrite(at + HeaderOffset.ControlLength, control.Used)))
            error = Errno.EFAULT;
        return error == Errno.None ? result : error;
    }

    // Where struct msghdr has what a receiver is told.
    private static class HeaderOffset
    {
        public const ulong NameLength = 8, ControlLength = 40, Flags = 48;
    }

    private static Errno ReadHeader(ulong at, out MessageHeader header, out IoBuffer buffer)
    {
        buffer = default;
        if (!UserAccess.TryRead(at, out header))
            return Errno.EFAULT;
        if (header.Name == 0)
            header.NameLength = 0;
        if (header.NameLength < 0)
            return Errno.EINVAL;
        if (header.VectorCount > FileConstants.IOV_MAX)
            return Errno.EMSGSIZE;
        return IoBuffer.FromVectors(header.Vectors, (int)header.VectorCount, out buffer);
    }

    private static Errno SetDestination(ulong address, int length, Span<byte> buffer, ref UnixSend call)
    {
        var bytes = buffer;
        var error = SocketCalls.ReadAddress(address, length, ref bytes);
        if (error != Errno.None || length == 0)
            return error;
        call.HasTo = true;
        error = SocketCalls.ParseDestination(bytes, out var name);
        call.To = name;
        return error;
    }

    // A sender without a name has an address of no bytes.
    private static Errno WriteSource(ref UnixReceive call, ulong address, ulong length)
    {
        Span<byte> buffer = stackalloc byte[UnixName.AddressCapacity];
        var count = call.FromLength == 0 ? 0 : UnixName.WriteAddress(call.From.Slice(0, call.FromLength), buffer);
        return SocketCalls.WriteAddress(buffer.Slice(0, count), address, length);
    }

    private static bool IsNonBlocking(OpenFile file, int flags) => file.IsNonBlocking || (flags & MSG_DONTWAIT) != 0;
}
