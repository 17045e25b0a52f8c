// Files that have no name in any tree but can be opened: pipes, memory files. Their entries are named as /proc/PID/fd shows them.
// Linux: alloc_file_pseudo(), anon_inode.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Files;

public static class AnonymousFiles
{
    /// <summary>An instance of a kind that is mounted nowhere, for ever. ENOMEM.</summary>
    public static Result<Mount> MakeFileSystem(FileSystemType type)
    {
        var made = FileSystem.Create(type);
        if (!made.TryGet(out var fileSystem))
            return made.Error;
        var inode = Inode.Create(fileSystem, FileConstants.S_IFDIR | 0x1ed, NoNames.Instance, NoDeviceOperations.Instance);
        if (!inode.IsOk)
            return inode.Error;
        var root = DirectoryEntry.Create(null, "/"u8, inode.Value);
        if (!root.IsOk)
            return root.Error;
        fileSystem.Root = root.Value;
        return Mount.Create(fileSystem, root.Value, 0, default);
    }

    /// <summary>A new file and its entry "KIND:[number]", counted for the caller. ENFILE, ENOMEM.</summary>
    public static Result<Location> Make(Mount mount, uint mode, FileOperations operations, ReadOnlySpan<byte> kind) =>
        Make(mount, mode, NoNames.Instance, operations, kind, numbered: true);

    /// <summary>The same with names' operations of its own; <paramref name="numbered"/>: with the inode's number in the name.</summary>
    public static Result<Location> Make(Mount mount, uint mode, InodeOperations names, FileOperations operations, ReadOnlySpan<byte> kind, bool numbered)
    {
        var made = Inode.Create(mount.FileSystem, mode, names, operations);
        if (!made.TryGet(out var inode))
            return made.Error;
        Span<byte> buffer = stackalloc byte[FileConstants.NAME_MAX];
        var name = new TextWriter(buffer);
        name.Append(kind);
        if (numbered)
            name.Append($":[{inode.Number}]");
        var entry = DirectoryEntry.Create(null, name.Written, inode);
        if (!entry.IsOk)
        {
            inode.Drop();
            return entry.Error;
        }

        entry.Value.IsRemoved = true;
        mount.AddUser();
        return new Location(mount, entry.Value);
    }

    private sealed class NoNames : InodeOperations
    {
        public static readonly NoNames Instance = new();
    }
}
