// Where files live that are no more than an event to wait for: a file system that is mounted nowhere. Linux: anon_inodefs.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Files;

public sealed class EventFileSystem : FileSystemType
{
    private static readonly EventFileSystem s_type = new();
    private static Mount s_mount = null!;

    public override string Name => "anon_inodefs";
    public override uint Magic => 0x09041934;
    public override Result<FileSystem> Mount(ReadOnlySpan<byte> options) => Errno.EINVAL;

    public static void Init()
    {
        var made = AnonymousFiles.MakeFileSystem(s_type);
        Invariant.That(made.IsOk, "memory for the file system of event files");
        s_mount = made.Value;
    }

    /// <summary>A new file of a kind, "[KIND]", and its entry, counted for the caller. ENFILE, ENOMEM.</summary>
    public static Result<Location> MakeFile(ReadOnlySpan<byte> kind, FileOperations operations)
    {
        Span<byte> buffer = stackalloc byte[64];
        var name = new TextWriter(buffer);
        name.Append("anon_inode:"u8);
        name.Append(kind);
        return AnonymousFiles.Make(s_mount, Nothing | 0x180, NoNames.Instance, operations, name.Written, numbered: false);
    }

    /// <summary>An open file of a new file of a kind, for reading and writing; <paramref name="subject"/> becomes its Private. ENFILE, ENOMEM: the subject is still the caller's.</summary>
    public static Result<OpenFile> Open(ReadOnlySpan<byte> kind, EventFileOperations operations, object subject, int flags) =>
        Open(kind, operations, subject, FileConstants.O_RDWR, flags);

    /// <summary>The same for a file that can only be read, or written.</summary>
    public static Result<OpenFile> Open(ReadOnlySpan<byte> kind, EventFileOperations operations, object subject, int access, int flags)
    {
        var made = MakeFile(kind, operations);
        if (!made.TryGet(out var place))
            return made.Error;
        place.Inode.Private = subject;
        var opened = OpenFile.Create(place, access | (flags & FileConstants.O_NONBLOCK));
        if (!opened.IsOk)
            place.Inode.Private = null;
        place.Drop();
        return opened;
    }

    /// <summary>Neither regular nor anything else: what stat shows of them on Linux.</summary>
    private const uint Nothing = 0;

    private sealed class NoNames : InodeOperations
    {
        public static readonly NoNames Instance = new();
    }
}

/// <summary>A kind of such files: opened once, when it is made, and without a position.</summary>
public abstract class EventFileOperations : FileOperations
{
    public override bool IsSeekable => false;

    public override Result<long> Seek(OpenFile file, long offset, int whence) => Errno.ESPIPE;

    /// <summary>The one opening is that of its making; through /proc there is none. ENXIO.</summary>
    public sealed override Errno Open(OpenFile file)
    {
        file.Private = file.Inode.Private;
        file.Inode.Private = null;
        return file.Private is null ? Errno.ENXIO : Errno.None;
    }
}
