// System calls that make sockets, name and connect them: socket, socketpair, bind, listen, accept, connect, getsockname, getpeername, shutdown.
// There is the family AF_UNIX. man 2 of each, unix(7).
using System;
using System.Runtime.CompilerServices;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Net;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Syscalls;

using static SocketConstants;

internal static class SocketCalls
{
    private const int LongestAddress = 128; // sizeof(struct sockaddr_storage)

    public static long Make(int family, int type, int protocol)
    {
        var error = CheckKind(family, ref type, protocol, out var flags);
        if (error != Errno.None)
            return SyscallResult.From(error);
        if (UnixSocket.Create(type) is not { } socket)
            return -(long)Errno.ENOMEM;
        var opened = Open(socket, flags);
        if (!opened.TryGet(out var file))
            return SyscallResult.From(opened.Error);
        var descriptor = Task.Current.Files!.Install(file, (flags & SOCK_CLOEXEC) != 0);
        if (!descriptor.IsOk)
            file.Drop();
        return SyscallResult.From(descriptor);
    }

    public static long MakePair(int family, int type, int protocol, ulong to)
    {
        var error = CheckKind(family, ref type, protocol, out var flags);
        if (error != Errno.None)
            return SyscallResult.From(error);
        error = UnixSocket.CreatePair(type, out var one, out var other);
        if (error != Errno.None)
            return SyscallResult.From(error);
        var first = Open(one!, flags);
        var second = Open(other!, flags);
        if (first.IsOk && second.IsOk)
            return PipeCalls.InstallBoth(first.Value, second.Value, (flags & SOCK_CLOEXEC) != 0, to);
        if (first.IsOk)
            first.Value.Drop();
        if (second.IsOk)
            second.Value.Drop();
        return SyscallResult.From(first.IsOk ? second.Error : first.Error);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long Bind(int descriptor, ulong address, int length)
    {
        var error = Find(descriptor, out var borrowed, out var socket);
        if (error != Errno.None)
            return SyscallResult.From(error);
        Span<byte> buffer = stackalloc byte[LongestAddress];
        error = ReadAddress(address, length, ref buffer);
        if (error == Errno.None)
            error = UnixName.Parse(buffer, out _);
        if (error == Errno.None)
            error = socket!.Bind(NameIn(buffer));
        borrowed.Return();
        return SyscallResult.From(error);
    }

    public static long Listen(int descriptor, int backlog)
    {
        var error = Find(descriptor, out var borrowed, out var socket);
        if (error != Errno.None)
            return SyscallResult.From(error);
        error = socket!.Listen(backlog);
        borrowed.Return();
        return SyscallResult.From(error);
    }

    public static long Accept(int descriptor, ulong address, ulong length, int flags)
    {
        if ((flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)) != 0)
            return -(long)Errno.EINVAL;
        var error = Find(descriptor, out var borrowed, out var socket);
        if (error != Errno.None)
            return SyscallResult.From(error);
        error = Task.Current.Files!.CheckRoom();
        var result = error == Errno.None ? Accept(socket!, borrowed.File!.IsNonBlocking, address, length, flags) : SyscallResult.From(error);
        borrowed.Return();
        return result;
    }

    // The file is made before a connection is taken; a connection that gets no descriptor is put back.
    private static long Accept(UnixSocket listener, bool isNonBlocking, ulong address, ulong length, int flags)
    {
        var made = SocketFileSystem.MakeFile(flags);
        if (!made.TryGet(out var file))
            return SyscallResult.From(made.Error);
        var error = listener.Accept(listener.ReceiveDeadline(isNonBlocking), out var connection);
        if (error == Errno.None && address != 0)
        {
            error = WritePeerName(connection!, address, length);
            if (error != Errno.None)
                connection!.Close();
        }

        Result<int> descriptor = error;
        if (error == Errno.None)
        {
            connection!.Attach(file);
            descriptor = Task.Current.Files!.Install(file, (flags & SOCK_CLOEXEC) != 0);
            if (descriptor.IsOk)
                return descriptor.Value;
            connection.Detach();
            listener.PutBack(connection);
        }

        file.Drop();
        return SyscallResult.From(descriptor);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long Connect(int descriptor, ulong address, int length)
    {
        var error = Find(descriptor, out var borrowed, out var socket);
        if (error != Errno.None)
            return SyscallResult.From(error);
        Span<byte> buffer = stackalloc byte[LongestAddress];
        error = ReadAddress(address, length, ref buffer);
        if (error == Errno.None)
            error = Connect(socket!, buffer, borrowed.File!.IsNonBlocking);
        borrowed.Return();
        return SyscallResult.From(error);
    }

    private static Errno Connect(UnixSocket socket, ReadOnlySpan<byte> address, bool isNonBlocking)
    {
        var isDatagram = socket.Type == SOCK_DGRAM;
        if (isDatagram && address.Length >= UnixName.FamilyBytes && UnixName.FamilyOf(address) == AF_UNSPEC)
            return socket.ConnectDatagram(default, hasName: false);
        var error = ParseDestination(address, out var name);
        if (error != Errno.None)
            return error;
        return isDatagram ? socket.ConnectDatagram(name, hasName: true) : socket.Connect(name, socket.SendDeadline(isNonBlocking));
    }

    public static long GetName(int descriptor, ulong address, ulong length)
    {
        var error = Find(descriptor, out var borrowed, out var socket);
        if (error != Errno.None)
            return SyscallResult.From(error);
        error = WriteName(socket!.Name, address, length);
        borrowed.Return();
        return SyscallResult.From(error);
    }

    public static long GetPeerName(int descriptor, ulong address, ulong length)
    {
        var error = Find(descriptor, out var borrowed, out var socket);
        if (error != Errno.None)
            return SyscallResult.From(error);
        error = WritePeerName(socket!, address, length);
        borrowed.Return();
        return SyscallResult.From(error);
    }

    public static long Shutdown(int descriptor, int how)
    {
        var error = Find(descriptor, out var borrowed, out var socket);
        if (error != Errno.None)
            return SyscallResult.From(error);
        if (how is < SHUT_RD or > SHUT_RDWR)
            error = Errno.EINVAL;
        else
            socket!.Shutdown(how != SHUT_WR, how != SHUT_RD);
        borrowed.Return();
        return SyscallResult.From(error);
    }

    /// <summary>The socket of a descriptor; on None the file is to be returned. EBADF, ENOTSOCK.</summary>
    internal static Errno Find(int descriptor, out BorrowedFile borrowed, out UnixSocket? socket)
    {
        socket = null;
        borrowed = BorrowedFile.Get(descriptor);
        if (borrowed.File is { IsPathOnly: false } file)
            socket = UnixSocket.TryGet(file);
        if (socket is not null)
            return Errno.None;
        var error = borrowed.File is { IsPathOnly: false } ? Errno.ENOTSOCK : Errno.EBADF;
        borrowed.Return();
        return error;
    }

    /// <summary>Copies an address in, and cuts <paramref name="buffer"/> to its length. EINVAL, EFAULT.</summary>
    internal static Errno ReadAddress(ulong address, int length, ref Span<byte> buffer)
    {
        if (length is < 0 or > LongestAddress)
            return Errno.EINVAL;
        buffer = buffer.Slice(0, length);
        return UserAccess.TryReadArray(address, buffer) ? Errno.None : Errno.EFAULT;
    }

    /// <summary>The name in an address to connect with or to send to. EINVAL.</summary>
    internal static Errno ParseDestination(ReadOnlySpan<byte> address, out ReadOnlySpan<byte> name)
    {
        var error = UnixName.Parse(address, out name);
        return error == Errno.None && address.Length <= UnixName.FamilyBytes ? Errno.EINVAL : error;
    }

    /// <summary>Copies an address out as far as there is room, and its whole length. EFAULT, EINVAL.</summary>
    internal static Errno WriteAddress(scoped ReadOnlySpan<byte> from, ulong address, ulong length)
    {
        if (!UserAccess.TryRead(length, out int room))
            return Errno.EFAULT;
        if (room < 0)
            return Errno.EINVAL;
        if (!UserAccess.TryWriteArray(address, from.Slice(0, Math.Min(room, from.Length))))
            return Errno.EFAULT;
        return UserAccess.TryWrite(length, from.Length) ? Errno.None : Errno.EFAULT;
    }

    private static Errno WriteName(ReadOnlySpan<byte> name, ulong address, ulong length)
    {
        Span<byte> buffer = stackalloc byte[UnixName.AddressCapacity];
        return WriteAddress(buffer.Slice(0, UnixName.WriteAddress(name, buffer)), address, length);
    }

    private static Errno WritePeerName(UnixSocket socket, ulong address, ulong length)
    {
        Span<byte> buffer = stackalloc byte[UnixName.AddressCapacity];
        var written = socket.GetPeerName(buffer);
        return written.TryGet(out var count) ? WriteAddress(buffer.Slice(0, count), address, length) : written.Error;
    }

    private static ReadOnlySpan<byte> NameIn(ReadOnlySpan<byte> address)
    {
        UnixName.Parse(address, out var name);
        return name;
    }

    private static Errno CheckKind(int family, ref int type, int protocol, out int flags)
    {
        flags = type & ~SOCK_TYPE_MASK;
        type &= SOCK_TYPE_MASK;
        if ((flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)) != 0)
            return Errno.EINVAL;
        if (family is < 0 or >= AF_MAX)
            return Errno.EAFNOSUPPORT;
        if (type >= SOCK_MAX)
            return Errno.EINVAL;
        if (family != AF_UNIX)
            return Errno.EAFNOSUPPORT;
        if (protocol != 0 && protocol != AF_UNIX)
            return Errno.EPROTONOSUPPORT;
        if (type == SOCK_RAW)
            type = SOCK_DGRAM;
        return type is SOCK_STREAM or SOCK_DGRAM or SOCK_SEQPACKET ? Errno.None : Errno.ESOCKTNOSUPPORT;
    }

    // A file for a socket; without one the socket is closed.
    private static Result<OpenFile> Open(UnixSocket socket, int flags)
    {
        var made = SocketFileSystem.MakeFile(flags);
        if (made.TryGet(out var file))
            socket.Attach(file);
        else
            socket.Close();
        return made;
    }
}
