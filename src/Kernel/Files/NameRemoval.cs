// Removing and moving names. Lock: the tree lock of the file system, taken here. Linux: vfs_unlink(), vfs_rmdir(), vfs_rename().
using System;
using Jiffy.Kernel.Abi;

namespace Jiffy.Kernel.Files;

using static FileConstants;

public static class NameRemoval
{
    /// <summary>Removes a name; <paramref name="directory"/> true for rmdir. ENOENT, EISDIR, ENOTDIR, ENOTEMPTY, EBUSY, EACCES, EPERM, EROFS.</summary>
    public static Errno Remove(in Location parent, ReadOnlySpan<byte> name, bool directory, bool trailingSlash)
    {
        using (parent.Inode.FileSystem.Tree.Acquire())
        {
            var found = DirectoryTree.LookupLocked(parent.Entry, name);
            if (!found.TryGet(out var entry))
                return found.Error;
            var error = CheckRemove(parent, entry, directory, trailingSlash);
            if (error == Errno.None)
            {
                DirectoryTree.Remove(entry);
                if (!directory)
                    FileNotify.LinksChanged(entry.Inode);
            }

            entry.Drop();
            if (error == Errno.None)
                FileNotify.Deleted(parent.Inode, name, directory);
            return error;
        }
    }

    /// <summary>
    /// Moves a name, replacing what stands under the new one as rename(2) says. <paramref name="flags"/>: RENAME_NOREPLACE, RENAME_EXCHANGE.
    /// </summary>
    public static Errno Move(in Location from, ReadOnlySpan<byte> oldName, in Location to, ReadOnlySpan<byte> newName, uint flags, bool trailingSlash)
    {
        if (from.Mount != to.Mount || from.Inode.FileSystem != to.Inode.FileSystem)
            return Errno.EXDEV;
        using (from.Inode.FileSystem.Tree.Acquire())
        {
            var found = DirectoryTree.LookupLocked(from.Entry, oldName);
            if (!found.TryGet(out var entry))
                return found.Error;
            var there = DirectoryTree.LookupLocked(to.Entry, newName);
            var error = there.IsOk || there.Error == Errno.ENOENT ? Errno.None : there.Error;
            if (error == Errno.None)
                error = MoveLocked(from, entry, to, newName, there.IsOk ? there.Value : null, flags, trailingSlash);
            if (there.IsOk)
                there.Value.Drop();
            entry.Drop();
            return error;
        }
    }

    private static Errno MoveLocked(in Location from, DirectoryEntry entry, in Location to, ReadOnlySpan<byte> name, DirectoryEntry? target, uint flags, bool trailingSlash)
    {
        if (trailingSlash && !entry.Inode.IsDirectory)
            return Errno.ENOTDIR;
        if (target is not null && (flags & RENAME_NOREPLACE) != 0)
            return Errno.EEXIST;
        if (target is null && (flags & RENAME_EXCHANGE) != 0)
            return Errno.ENOENT;
        var error = CheckMove(from, entry, to, target);
        if (error != Errno.None)
            return error;
        if (target is not null && target.Inode == entry.Inode)
            return Errno.None;
        if ((flags & RENAME_EXCHANGE) != 0)
            return Exchange(from, entry, to, target!);
        if (target is not null)
        {
            error = CheckReplace(to, entry, target);
            if (error != Errno.None)
                return error;
            DirectoryTree.Remove(target);
        }

        Span<byte> oldName = stackalloc byte[NAME_MAX];
        var oldLength = DirectoryTree.CopyName(entry, oldName);
        DirectoryTree.Move(entry, to.Entry, name);
        FileNotify.Moved(from.Inode, oldName.Slice(0, oldLength), to.Inode, name, entry.Inode, target?.Inode);
        return Errno.None;
    }

    private static Errno Exchange(in Location from, DirectoryEntry entry, in Location to, DirectoryEntry target)
    {
        if (target.Inode.IsDirectory && DirectoryTree.IsWithin(from.Entry, target))
            return Errno.EINVAL;
        var error = Permission.CheckRemove(to, target.Inode);
        if (error != Errno.None)
            return error;
        Span<byte> oldName = stackalloc byte[NAME_MAX];
        Span<byte> newName = stackalloc byte[NAME_MAX];
        var oldLength = DirectoryTree.CopyName(entry, oldName);
        var newLength = DirectoryTree.CopyName(target, newName);
        oldName = oldName.Slice(0, oldLength);
        newName = newName.Slice(0, newLength);
        DirectoryTree.Exchange(entry, target, oldName, newName);
        FileNotify.Moved(from.Inode, oldName, to.Inode, newName, entry.Inode, null);
        FileNotify.Moved(to.Inode, newName, from.Inode, oldName, target.Inode, null);
        return Errno.None;
    }

    private static Errno CheckMove(in Location from, DirectoryEntry entry, in Location to, DirectoryEntry? target)
    {
        if (!from.Inode.Operations.CanMoveNames || !to.Inode.Operations.CanMoveNames)
            return Errno.EPERM;
        if (to.Entry.IsRemoved)
            return Errno.ENOENT;
        var error = Permission.CheckRemove(from, entry.Inode);
        if (error == Errno.None)
            error = Permission.CheckAdd(to);
        if (error != Errno.None)
            return error;
        if (entry.MountsHere > 0 || target is { MountsHere: > 0 })
            return Errno.EBUSY;
        if (entry.Inode.IsDirectory && DirectoryTree.IsWithin(to.Entry, entry))
            return Errno.EINVAL;
        if (entry.Inode.IsDirectory && from.Entry != to.Entry)
            return Permission.Check(entry.Inode, W_OK);
        return Errno.None;
    }

    private static Errno CheckReplace(in Location to, DirectoryEntry entry, DirectoryEntry target)
    {
        var error = Permission.CheckRemove(to, target.Inode);
        if (error != Errno.None)
            return error;
        if (entry.Inode.IsDirectory && !target.Inode.IsDirectory)
            return Errno.ENOTDIR;
        if (!target.Inode.IsDirectory)
            return Errno.None;
        if (!entry.Inode.IsDirectory)
            return Errno.EISDIR;
        return target.Inode.Children.IsEmpty ? Errno.None : Errno.ENOTEMPTY;
    }

    private static Errno CheckRemove(in Location parent, DirectoryEntry entry, bool directory, bool trailingSlash)
    {
        var inode = entry.Inode;
        var error = Permission.CheckRemove(parent, inode);
        if (error != Errno.None)
            return error;
        if (!parent.Inode.Operations.CanChangeNames)
            return Errno.EPERM;
        if (directory && !inode.IsDirectory)
            return Errno.ENOTDIR;
        if (!directory && inode.IsDirectory)
            return Errno.EISDIR;
        if (trailingSlash && !inode.IsDirectory)
            return Errno.ENOTDIR;
        if (entry.MountsHere > 0)
            return Errno.EBUSY;
        return directory && !inode.Children.IsEmpty ? Errno.ENOTEMPTY : Errno.None;
    }
}
