// New names: files, directories, nodes, links. Locks: the tree lock of the directory's file system is taken here.
// What was made is undone when a later step fails. Linux: vfs_create(), vfs_mkdir(), vfs_mknod(), vfs_symlink(), vfs_link().
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Files;

using static FileConstants;

public static class NameMaking
{
    private const int MaxLinks = 32000;

    /// <summary>
    /// Makes a file of <paramref name="mode"/> (type and bits; umask is applied here) in a directory; the entry is counted for the caller.
    /// <paramref name="text"/>: a symbolic link's target.
    /// </summary>
    /// <returns>EEXIST, ENOENT (directory removed), EACCES, EROFS, EPERM, ENOSPC, ENOMEM.</returns>
    public static Result<DirectoryEntry> Make(in Location directory, ReadOnlySpan<byte> name, uint mode, DeviceNumber device, ReadOnlySpan<byte> text)
    {
        using (directory.Inode.FileSystem.Tree.Acquire())
        {
            var error = CheckFree(directory.Entry, name);
            if (error == Errno.None)
                error = Permission.CheckAdd(directory);
            var made = error == Errno.None ? MakeLocked(directory.Entry, name, WithoutMask(mode), device, text) : error;
            if (made.IsOk)
                FileNotify.Created(directory.Inode, name, made.Value.Inode);
            return made;
        }
    }

    /// <summary>The same without checks and umask, tree lock held: for file systems' own entries and for unpacking.</summary>
    public static Result<DirectoryEntry> MakeLocked(DirectoryEntry directory, ReadOnlySpan<byte> name, uint mode, DeviceNumber device, ReadOnlySpan<byte> text)
    {
        var made = MakeInode(directory.Inode, mode, device);
        if (!made.TryGet(out var inode))
            return made.Error;
        var error = inode.IsSymbolicLink ? inode.SetText(text) : Errno.None;
        if (error == Errno.None)
        {
            var entry = DirectoryTree.Enter(directory, name, inode);
            if (entry.IsOk)
                return entry;
            error = entry.Error;
        }

        inode.Drop();
        return error;
    }

    /// <summary>A regular file without a name; its entry, not in the tree, is counted for the caller.</summary>
    public static Result<DirectoryEntry> MakeUnnamed(in Location directory, uint mode)
    {
        var error = Permission.CheckAdd(directory);
        if (error != Errno.None)
            return error;
        var made = MakeInode(directory.Inode, WithoutMask(mode), default);
        if (!made.TryGet(out var inode))
            return made.Error;
        Span<byte> name = stackalloc byte[32];
        var text = new TextWriter(name);
        text.Append($"#{inode.Number}");
        var entry = DirectoryEntry.Create(directory.Entry, text.Written, inode);
        if (entry.IsOk)
            entry.Value.IsRemoved = true;
        else
            inode.Drop();
        return entry;
    }

    /// <summary>A further name for a file. EXDEV, EPERM for directories, EMLINK, and as <see cref="Make"/>.</summary>
    public static Errno Link(in Location file, in Location directory, ReadOnlySpan<byte> name)
    {
        var inode = file.Inode;
        if (file.Mount != directory.Mount || inode.FileSystem != directory.Inode.FileSystem)
            return Errno.EXDEV;
        using (directory.Inode.FileSystem.Tree.Acquire())
        {
            var error = CheckFree(directory.Entry, name);
            if (error == Errno.None)
                error = Permission.CheckAdd(directory);
            if (error == Errno.None)
                error = CheckLink(file);
            if (error == Errno.None)
                error = EnterLink(directory.Entry, name, inode);
            if (error == Errno.None)
            {
                FileNotify.LinksChanged(inode);
                FileNotify.Created(directory.Inode, name, inode);
            }

            return error;
        }
    }

    private static Errno CheckLink(in Location file)
    {
        var inode = file.Inode;
        if (inode.IsDirectory || !inode.Operations.CanMoveNames)
            return Errno.EPERM;
        if (inode.LinkCount == 0 && !file.Entry.Name.StartsWith("#"u8))
            return Errno.ENOENT;
        return inode.LinkCount >= MaxLinks ? Errno.EMLINK : Errno.None;
    }

    private static Errno EnterLink(DirectoryEntry directory, ReadOnlySpan<byte> name, Inode inode)
    {
        inode.AddUser();
        var entry = DirectoryTree.Enter(directory, name, inode);
        if (!entry.IsOk)
        {
            inode.Drop();
            return entry.Error;
        }

        FileTime.Changed(inode);
        entry.Value.Drop();
        return Errno.None;
    }

    private static Errno CheckFree(DirectoryEntry directory, ReadOnlySpan<byte> name)
    {
        if (directory.IsRemoved)
            return Errno.ENOENT;
        var found = DirectoryTree.LookupLocked(directory, name);
        if (!found.IsOk)
            return found.Error == Errno.ENOENT ? Errno.None : found.Error;
        found.Value.Drop();
        return Errno.EEXIST;
    }

    // In a set-group-id directory new files get its group, and new directories the bit too.
    private static Result<Inode> MakeInode(Inode directory, uint mode, DeviceNumber device)
    {
        var made = directory.Operations.Create(directory, mode, device);
        if (!made.TryGet(out var inode) || (directory.Mode & S_ISGID) == 0)
            return made;
        inode.GroupId = directory.GroupId;
        if (inode.IsDirectory)
            inode.Mode |= S_ISGID;
        return made;
    }

    private static uint WithoutMask(uint mode) =>
        (mode & S_IFMT) == S_IFLNK ? mode : mode & ~((Task.Current.FileContext?.Mask ?? 0) & 0x1ff);
}
