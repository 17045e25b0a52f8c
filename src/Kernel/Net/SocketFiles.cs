// Sockets as files: where their inodes live (a file system that is mounted nowhere), and what read, write and the rest do to an open one.
// Context: process; may sleep. Linux: sockfs, socket_file_ops, net/socket.c.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Net;

using static FileConstants;

internal sealed class SocketFileSystem : FileSystemType
{
    private static readonly SocketFileSystem s_type = new();
    private static Mount s_mount = null!;

    public override string Name => "sockfs";
    public override uint Magic => 0x534f434b;
    public override Result<FileSystem> Mount(ReadOnlySpan<byte> options) => Errno.EINVAL;

    public static void Init()
    {
        var made = AnonymousFiles.MakeFileSystem(s_type);
        Invariant.That(made.IsOk, "memory for the file system of sockets");
        s_mount = made.Value;
    }

    /// <summary>An open file for a socket that <see cref="UnixSocket.Attach"/> gives it. ENFILE, ENOMEM.</summary>
    public static Result<OpenFile> MakeFile(int flags)
    {
        var made = AnonymousFiles.Make(s_mount, S_IFSOCK | 0x1ff, SocketOperations.Instance, "socket"u8);
        if (!made.TryGet(out var place))
            return made.Error;
        var opened = OpenFile.Create(place, O_RDWR | (flags & O_NONBLOCK));
        place.Drop();
        return opened;
    }
}

internal sealed class SocketOperations : FileOperations
{
    public static readonly SocketOperations Instance = new();

    public override bool IsSeekable => false;
    public override Result<long> Seek(OpenFile file, long offset, int whence) => Errno.ESPIPE;
    public override uint Poll(OpenFile file, PollTable? table) => SocketOf(file).Poll(table);

    /// <summary>A file that never got its socket has none to close.</summary>
    public override void Release(OpenFile file) => UnixSocket.TryGet(file)?.Close();

    /// <summary>The last descriptor of a socket in flight leaves it, and what it holds, to messages alone.</summary>
    public override void Flush(OpenFile file)
    {
        if (UnixSocket.TryGet(file) is { InFlight: > 0 })
            UnixInFlight.Collect(file);
    }

    public override Result<int> Read(OpenFile file, ref IoBuffer to, ref long position)
    {
        if (to.Remaining == 0)
            return 0;
        var socket = SocketOf(file);
        var call = new UnixReceive { Deadline = socket.ReceiveDeadline(file.IsNonBlocking) };
        var result = socket.Receive(ref to, ref call);
        call.Rights?.Drop();
        return result;
    }

    public override Result<int> Write(OpenFile file, ref IoBuffer from, ref long position)
    {
        var socket = SocketOf(file);
        var call = new UnixSend { Deadline = socket.SendDeadline(file.IsNonBlocking) };
        return socket.Send(ref from, ref call);
    }

    public override Errno SetListening(OpenFile file, int descriptor, bool on) => SocketOf(file).Listeners.Set(file, descriptor, on);

    public override Result<int> Ioctl(OpenFile file, uint command, ulong argument)
    {
        switch (command)
        {
            case FileConstants.FIOSETOWN or FileConstants.SIOCSPGRP:
                return UserAccess.TryRead(argument, out int owner) ? file.SetOwner(owner) : Errno.EFAULT;
            case FileConstants.FIOGETOWN or FileConstants.SIOCGPGRP:
                return UserAccess.TryWrite(argument, file.OwnerId) ? 0 : Errno.EFAULT;
        }

        var count = command switch
        {
            SocketConstants.SIOCINQ => SocketOf(file).CountReadable(),
            SocketConstants.SIOCOUTQ => SocketOf(file).Unreceived,
            _ => Errno.ENOTTY,
        };
        if (!count.TryGet(out var bytes))
            return count.Error;
        return UserAccess.TryWrite(argument, bytes) ? 0 : Errno.EFAULT;
    }

    private static UnixSocket SocketOf(OpenFile file) => (UnixSocket)file.Private!;
}
