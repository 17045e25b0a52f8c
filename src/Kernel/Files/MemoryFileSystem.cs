// File systems whose files live in frames: ramfs, tmpfs, and devtmpfs on top of the same. Linux: fs/ramfs, mm/shmem.c.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Files;

using static FileConstants;

/// <summary>ramfs: no limits but memory.</summary>
public sealed class RamFileSystem : FileSystemType
{
    public static readonly RamFileSystem Instance = new();

    public override string Name => "ramfs";
    public override uint Magic => 0x858458f6;
    public override Result<FileSystem> Mount(ReadOnlySpan<byte> options) => MemoryFileSystem.Create(this, options, limited: false);
}

/// <summary>tmpfs: limited to half of memory, or to what its options say (size=, nr_inodes=).</summary>
public sealed class TemporaryFileSystem : FileSystemType
{
    public static readonly TemporaryFileSystem Instance = new();

    public override string Name => "tmpfs";
    public override uint Magic => 0x01021994;
    public override Result<FileSystem> Mount(ReadOnlySpan<byte> options) => MemoryFileSystem.Create(this, options, limited: true);

    public override Errno Remount(FileSystem fileSystem, ReadOnlySpan<byte> options)
    {
        var parsed = MemoryOptions.Parse(options, fileSystem.PageLimit, fileSystem.InodeLimit);
        if (!parsed.TryGet(out var wanted))
            return parsed.Error;
        if (wanted.Pages < fileSystem.PagesUsed || wanted.Inodes < fileSystem.InodesUsed)
            return Errno.EINVAL;
        fileSystem.PageLimit = wanted.Pages;
        fileSystem.InodeLimit = wanted.Inodes;
        return Errno.None;
    }
}

public static class MemoryFileSystem
{
    /// <summary>A new instance with an empty root directory. EINVAL: bad options; ENOMEM.</summary>
    public static Result<FileSystem> Create(FileSystemType type, ReadOnlySpan<byte> options, bool limited)
    {
        var half = limited ? FrameAllocator.TotalFrames / 2 : long.MaxValue;
        var parsed = MemoryOptions.Parse(options, half, half);
        if (!parsed.TryGet(out var wanted))
            return parsed.Error;
        var made = FileSystem.Create(type);
        if (!made.TryGet(out var fileSystem))
            return made.Error;
        fileSystem.PageLimit = wanted.Pages;
        fileSystem.InodeLimit = wanted.Inodes;
        var error = MakeRoot(fileSystem, wanted);
        if (error == Errno.None)
            return fileSystem;
        fileSystem.Drop();
        return error;
    }

    /// <summary>What a file of <paramref name="mode"/>'s type is able to do in a file system of this kind.</summary>
    public static FileOperations OperationsFor(uint mode) => (mode & S_IFMT) switch
    {
        S_IFREG => PageFileOperations.Instance,
        S_IFDIR => MemoryDirectoryOperations.Instance,
        S_IFCHR => CharacterDevices.Opener,
        S_IFIFO => Ipc.FifoOperations.Instance,
        _ => NoDeviceOperations.Instance,
    };

    private static Errno MakeRoot(FileSystem fileSystem, in MemoryOptions wanted)
    {
        var made = Inode.Create(fileSystem, S_IFDIR | wanted.Mode, MemoryInodeOperations.Instance, MemoryDirectoryOperations.Instance);
        if (!made.TryGet(out var inode))
            return made.Error;
        inode.LinkCount = 2;
        inode.UserId = wanted.UserId;
        inode.GroupId = wanted.GroupId;
        var root = DirectoryEntry.Create(null, "/"u8, inode);
        if (!root.IsOk)
            inode.Drop();
        else
            fileSystem.Root = root.Value;
        return root.Error;
    }
}

/// <summary>Names in a memory file system: everything is allowed, and kept in the directory entries themselves.</summary>
public sealed class MemoryInodeOperations : InodeOperations
{
    public static readonly MemoryInodeOperations Instance = new();

    public override bool CanChangeNames => true;

    public override Result<Inode> Create(Inode directory, uint mode, DeviceNumber device)
    {
        var made = Inode.Create(directory.FileSystem, mode, this, MemoryFileSystem.OperationsFor(mode));
        if (made.TryGet(out var inode))
            inode.Device = device;
        return made;
    }

    public override Result<int> ReadLink(Inode inode, Span<byte> to) => inode.GetText(to);
    public override Errno Truncate(Inode inode, long size) => PageFile.Resize(inode, size);

    public override bool TryGetPage(Inode inode, long pageIndex, bool forWrite, out Machine.FrameNumber frame)
    {
        frame = Machine.FrameNumber.None;
        return inode.IsRegular && pageIndex << Machine.Frames.Shift < inode.Size && inode.MakePage(pageIndex, out frame) == Errno.None;
    }

}
