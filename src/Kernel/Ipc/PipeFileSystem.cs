// Where the inodes of pipes without names live: a file system that is mounted nowhere. Linux: pipefs.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Ipc;

public sealed class PipeFileSystem : FileSystemType
{
    private static readonly PipeFileSystem s_type = new();
    private static Mount s_mount = null!;

    public override string Name => "pipefs";
    public override uint Magic => 0x50495045;
    public override Result<FileSystem> Mount(ReadOnlySpan<byte> options) => Errno.EINVAL;

    public static void Init()
    {
        var made = AnonymousFiles.MakeFileSystem(s_type);
        Invariant.That(made.IsOk, "memory for the file system of pipes");
        s_mount = made.Value;
    }

    /// <summary>A new inode for a pipe and an entry for it, counted for the caller.</summary>
    public static Result<Location> MakeInode() =>
        AnonymousFiles.Make(s_mount, FileConstants.S_IFIFO | 0x180, FifoOperations.Instance, "pipe"u8);
}
