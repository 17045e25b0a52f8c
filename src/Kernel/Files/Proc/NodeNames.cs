// Names and directories of the fixed part of generated file systems. An inode's Private is its node. Process context; no locks.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Files.Proc;

/// <summary>What every name in a generated file system has in common: nothing can be made, truncating does nothing.</summary>
internal abstract class GeneratedNames : InodeOperations
{
    public override Result<Inode> Create(Inode directory, uint mode, DeviceNumber device) => Errno.ENOENT;
    public override Errno Truncate(Inode inode, long size) => Errno.None;
    public override Errno CheckAttributeChange(Inode inode) => Errno.EPERM;
}

internal sealed class NodeNames : GeneratedNames
{
    public static readonly NodeNames Instance = new();

    public override Result<Inode> Lookup(Inode directory, ReadOnlySpan<byte> name) =>
        ((GeneratedNode)directory.Private!).Find(name) is { } node ? MakeInode(directory.FileSystem, node) : Errno.ENOENT;

    public override Result<int> ReadLink(Inode inode, Span<byte> to)
    {
        if (((GeneratedNode)inode.Private!).Target is not { } target)
            return Errno.EINVAL;
        var text = new TextWriter(to);
        text.Append(target);
        return text.Length;
    }

    /// <summary>An inode for a node, owned by the superuser, with one user. ENOMEM.</summary>
    internal static Result<Inode> MakeInode(FileSystem fileSystem, GeneratedNode node)
    {
        var made = Inode.Create(fileSystem, node.Mode, node.Names, node.Files);
        if (!made.TryGet(out var inode))
            return made.Error;
        inode.Private = node;
        inode.Number = node.Number;
        inode.UserId = inode.GroupId = 0;
        inode.LinkCount = inode.IsDirectory ? 2 : 1;
        return inode;
    }

    /// <summary>An instance whose top is <paramref name="top"/>. ENOMEM.</summary>
    internal static Result<FileSystem> MakeFileSystem(FileSystemType type, GeneratedNode top)
    {
        var made = FileSystem.Create(type);
        if (!made.TryGet(out var fileSystem))
            return made.Error;
        var inode = MakeInode(fileSystem, top);
        if (!inode.IsOk)
        {
            fileSystem.Drop();
            return inode.Error;
        }

        var root = DirectoryEntry.Create(null, "/"u8, inode.Value);
        if (!root.IsOk)
        {
            inode.Value.Drop();
            fileSystem.Drop();
            return root.Error;
        }

        fileSystem.Root = root.Value;
        return fileSystem;
    }
}

/// <summary>A directory of nodes. Position 2 + n is the n-th child.</summary>
internal sealed class NodeDirectory : FileOperations
{
    public static readonly NodeDirectory Instance = new();

    public override Result<int> Read(OpenFile file, ref IoBuffer to, ref long position) => Errno.EISDIR;

    public override Errno ReadDirectory(OpenFile file, ref DirectoryWriter to)
    {
        AddNodes(file, ref to);
        return Errno.None;
    }

    public override Result<long> Seek(OpenFile file, long offset, int whence) => SeekDirectory(file, offset, whence);

    /// <summary>Adds the dots and the nodes from the file's position on. False: full.</summary>
    internal static bool AddNodes(OpenFile file, ref DirectoryWriter to)
    {
        if (!to.AddDots())
            return false;
        var directory = (GeneratedNode)file.Inode.Private!;
        Span<byte> name = stackalloc byte[FileConstants.NAME_MAX];
        while (directory.At(file.Position - DirectoryWriter.FirstPosition) is { } node)
        {
            if (!to.Add(node.WriteName(name), node.Number, FileConstants.DirectoryType(node.Mode), file.Position + 1))
                return false;
        }

        return true;
    }

    /// <summary>lseek in a directory whose positions mean names.</summary>
    internal static Result<long> SeekDirectory(OpenFile file, long offset, int whence) => whence switch
    {
        FileConstants.SEEK_SET when offset >= 0 => offset,
        FileConstants.SEEK_CUR when offset >= -file.Position && offset <= long.MaxValue - file.Position => file.Position + offset,
        _ => Errno.EINVAL,
    };
}
