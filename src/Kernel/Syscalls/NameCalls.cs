// System calls that make, remove and move names: mkdir, mknod, link, symlink, unlink, rmdir, rename. man 2 of each.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Syscalls;

using static FileConstants;

public static class NameCalls
{
    public static long MkDirAt(int directory, ulong path, uint mode) =>
        Make(directory, path, S_IFDIR | mode & (0x1ff | S_ISVTX), default, default);

    public static long MkNodAt(int directory, ulong path, uint mode, ulong device)
    {
        var type = mode & S_IFMT;
        if (type == 0)
            type = S_IFREG;
        if (type is not (S_IFREG or S_IFCHR or S_IFBLK or S_IFIFO or S_IFSOCK))
            return type == S_IFDIR ? -(long)Errno.EPERM : -(long)Errno.EINVAL;
        if (type is S_IFCHR or S_IFBLK && !Permission.Has(Capability.CAP_MKNOD))
            return -(long)Errno.EPERM;
        var number = type is S_IFCHR or S_IFBLK ? DeviceNumber.Decode(device & uint.MaxValue) : default;
        return Make(directory, path, type | mode & ModeBits, number, default);
    }

    public static long SymLinkAt(ulong target, int directory, ulong path)
    {
        using var text = new UserPath();
        var error = text.Read(target);
        return error == Errno.None ? Make(directory, path, S_IFLNK | 0x1ff, default, text.Bytes) : SyscallResult.From(error);
    }

    public static long LinkAt(int oldDirectory, ulong oldPath, int newDirectory, ulong newPath, int flags)
    {
        if ((flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) != 0)
            return -(long)Errno.EINVAL;
        var follow = (flags & AT_SYMLINK_FOLLOW) != 0 ? 0 : AT_SYMLINK_NOFOLLOW;
        var resolved = StatCalls.Resolve(oldDirectory, oldPath, follow | flags & AT_EMPTY_PATH);
        if (!resolved.TryGet(out var file))
            return SyscallResult.From(resolved.Error);
        var error = Link(file, newDirectory, newPath);
        file.Drop();
        return SyscallResult.From(error);
    }

    public static long UnlinkAt(int directory, ulong address, int flags)
    {
        if ((flags & ~AT_REMOVEDIR) != 0)
            return -(long)Errno.EINVAL;
        var removesDirectory = (flags & AT_REMOVEDIR) != 0;
        using var path = new UserPath();
        using var walk = new PathWalk();
        var error = path.Read(address);
        if (error == Errno.None)
            error = walk.Start(directory, path.Bytes, mayBeEmpty: false);
        if (error == Errno.None)
            error = walk.ToParent();
        if (error != Errno.None)
            return SyscallResult.From(error);
        if (walk.Last != LastComponent.Name)
            return SyscallResult.From(NotRemovable(walk.Last, removesDirectory));
        return SyscallResult.From(NameRemoval.Remove(walk.At, walk.LastName, removesDirectory, walk.HasTrailingSlash));
    }

    public static long RenameAt(int oldDirectory, ulong oldAddress, int newDirectory, ulong newAddress, uint flags)
    {
        if ((flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE)) != 0 || flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
            return -(long)Errno.EINVAL;
        using var oldPath = new UserPath();
        using var newPath = new UserPath();
        using var from = new PathWalk();
        using var to = new PathWalk();
        var error = oldPath.Read(oldAddress);
        if (error == Errno.None)
            error = newPath.Read(newAddress);
        if (error == Errno.None)
            error = from.Start(oldDirectory, oldPath.Bytes, mayBeEmpty: false);
        if (error == Errno.None)
            error = from.ToParent();
        if (error == Errno.None)
            error = to.Start(newDirectory, newPath.Bytes, mayBeEmpty: false);
        if (error == Errno.None)
            error = to.ToParent();
        if (error != Errno.None)
            return SyscallResult.From(error);
        if (from.At.Mount != to.At.Mount)
            return -(long)Errno.EXDEV;
        if (from.Last != LastComponent.Name || to.Last != LastComponent.Name)
            return (flags & RENAME_NOREPLACE) != 0 && from.Last == LastComponent.Name ? -(long)Errno.EEXIST : -(long)Errno.EBUSY;
        var slash = from.HasTrailingSlash || to.HasTrailingSlash;
        return SyscallResult.From(NameRemoval.Move(from.At, from.LastName, to.At, to.LastName, flags, slash));
    }

    private static long Make(int directory, ulong address, uint mode, DeviceNumber device, ReadOnlySpan<byte> text)
    {
        using var path = new UserPath();
        using var walk = new PathWalk();
        var error = path.Read(address);
        if (error == Errno.None)
            error = walk.Start(directory, path.Bytes, mayBeEmpty: false);
        if (error == Errno.None)
            error = walk.ToParent();
        if (error != Errno.None)
            return SyscallResult.From(error);
        if (walk.Last != LastComponent.Name)
            return -(long)Errno.EEXIST;
        if (walk.HasTrailingSlash && (mode & S_IFMT) != S_IFDIR)
            return -(long)Errno.ENOENT;
        var made = NameMaking.Make(walk.At, walk.LastName, mode, device, text);
        if (made.IsOk)
            made.Value.Drop();
        return SyscallResult.From(made.Error);
    }

    private static Errno Link(in Location file, int directory, ulong address)
    {
        using var path = new UserPath();
        using var walk = new PathWalk();
        var error = path.Read(address);
        if (error == Errno.None)
            error = walk.Start(directory, path.Bytes, mayBeEmpty: false);
        if (error == Errno.None)
            error = walk.ToParent();
        if (error != Errno.None)
            return error;
        if (walk.Last != LastComponent.Name)
            return Errno.EEXIST;
        return walk.HasTrailingSlash ? Errno.ENOENT : NameMaking.Link(file, walk.At, walk.LastName);
    }

    private static Errno NotRemovable(LastComponent last, bool directory)
    {
        if (!directory)
            return Errno.EISDIR;
        return last switch { LastComponent.Dot => Errno.EINVAL, LastComponent.DotDot => Errno.ENOTEMPTY, _ => Errno.EBUSY };
    }
}
