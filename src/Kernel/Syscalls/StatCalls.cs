// System calls that tell of files: stat and its forms, statx, statfs, access, readlink. man 2 stat, statx, statfs, access, readlink.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Syscalls;

using static FileConstants;

public static class StatCalls
{
    private const uint STATX_BASIC_STATS = 0x7ff;
    private const uint STATX_BTIME = 0x800;
    private const uint STATX_RESERVED = 0x80000000;

    public static long Stat(ulong path, ulong to) => StatAt(AT_FDCWD, path, to, 0);

    public static long LStat(ulong path, ulong to) => StatAt(AT_FDCWD, path, to, AT_SYMLINK_NOFOLLOW);

    public static long FStat(int descriptor, ulong to)
    {
        var borrowed = BorrowedFile.Get(descriptor);
        if (borrowed.File is not { } file)
            return -(long)Errno.EBADF;
        var result = Put(file.Inode, to);
        borrowed.Return();
        return result;
    }

    public static long StatAt(int directory, ulong path, ulong to, int flags)
    {
        if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE)) != 0)
            return -(long)Errno.EINVAL;
        var resolved = Resolve(directory, path, flags);
        if (!resolved.TryGet(out var place))
            return SyscallResult.From(resolved.Error);
        var result = Put(place.Inode, to);
        place.Drop();
        return result;
    }

    public static long StatX(int directory, ulong path, int flags, uint mask, ulong to)
    {
        if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE)) != 0
            || (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE || (mask & STATX_RESERVED) != 0)
            return -(long)Errno.EINVAL;
        var resolved = Resolve(directory, path, flags);
        if (!resolved.TryGet(out var place))
            return SyscallResult.From(resolved.Error);
        place.Inode.Operations.Refresh(place.Inode);
        var status = ExtendedStatus.Of(place, STATX_BASIC_STATS | STATX_BTIME);
        place.Drop();
        return UserAccess.TryWrite(to, status) ? 0 : -(long)Errno.EFAULT;
    }

    public static long StatFs(ulong path, ulong to)
    {
        var resolved = Resolve(AT_FDCWD, path, 0);
        if (!resolved.TryGet(out var place))
            return SyscallResult.From(resolved.Error);
        var result = PutFileSystem(place.Mount, to);
        place.Drop();
        return result;
    }

    public static long FStatFs(int descriptor, ulong to)
    {
        if (FileTable.GetCurrent(descriptor) is not { } file)
            return -(long)Errno.EBADF;
        var result = PutFileSystem(file.Location.Mount, to);
        file.Drop();
        return result;
    }

    /// <summary>access, faccessat, faccessat2: asks for the real user unless AT_EACCESS.</summary>
    public static long AccessAt(int directory, ulong path, int mode, int flags)
    {
        if ((mode & ~7) != 0 || (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0)
            return -(long)Errno.EINVAL;
        var current = Task.Current;
        var kept = current.Credentials;
        if ((flags & AT_EACCESS) == 0)
        {
            current.Credentials.FileUserId = kept.UserId;
            current.Credentials.FileGroupId = kept.GroupId;
            current.Credentials.Capabilities.BecomeReal(kept.UserId);
        }

        var error = CheckAccess(directory, path, mode, flags);
        current.Credentials.FileUserId = kept.FileUserId;
        current.Credentials.FileGroupId = kept.FileGroupId;
        current.Credentials.Capabilities.Effective = kept.Capabilities.Effective;
        return SyscallResult.From(error);
    }

    public static long ReadLink(ulong path, ulong to, int size) => ReadLinkAt(AT_FDCWD, path, to, size);

    public static long ReadLinkAt(int directory, ulong path, ulong to, int size)
    {
        if (size <= 0)
            return -(long)Errno.EINVAL;
        var resolved = Resolve(directory, path, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, emptyIsError: Errno.ENOENT);
        if (!resolved.TryGet(out var place))
            return SyscallResult.From(resolved.Error);
        var result = place.Inode.IsSymbolicLink ? CopyLink(place.Inode, to, size) : -(long)Errno.EINVAL;
        place.Drop();
        return result;
    }

    /// <summary>The place of a path argument, counted; an empty path with AT_EMPTY_PATH means the descriptor itself.</summary>
    internal static Result<Location> Resolve(int directory, ulong address, int flags, Errno emptyIsError = Errno.None)
    {
        using var path = new UserPath();
        var error = path.Read(address, (flags & AT_EMPTY_PATH) != 0);
        if (error == Errno.None && path.Bytes.Length == 0 && directory == AT_FDCWD)
            error = emptyIsError;
        return error == Errno.None ? PathLookup.Resolve(directory, path.Bytes, flags) : error;
    }

    private static Errno CheckAccess(int directory, ulong path, int mode, int flags)
    {
        var resolved = Resolve(directory, path, flags);
        if (!resolved.TryGet(out var place))
            return resolved.Error;
        var error = Permission.CheckMount(place, mode);
        if (error == Errno.None && (mode & X_OK) != 0 && place.Inode.IsRegular && (place.Mount.Flags & MS_NOEXEC) != 0)
            error = Errno.EACCES;
        if (error == Errno.None)
            error = Permission.Check(place.Inode, mode);
        place.Drop();
        return error;
    }

    private static long CopyLink(Inode inode, ulong to, int size)
    {
        if (!FrameAllocator.TryTake(out var frame))
            return -(long)Errno.ENOMEM;
        var text = Frames.Bytes(frame);
        var read = inode.Operations.ReadLink(inode, text);
        if (read.TryGet(out var length))
        {
            length = Math.Min(length, size);
            if (!UserMemory.TryWrite(to, text.Slice(0, length)))
                read = Errno.EFAULT;
        }

        FrameAllocator.Give(frame);
        return read.IsOk ? length : SyscallResult.From(read.Error);
    }

    private static long Put(Inode inode, ulong to)
    {
        inode.Operations.Refresh(inode);
        return UserAccess.TryWrite(to, FileStatus.Of(inode)) ? 0 : -(long)Errno.EFAULT;
    }

    private static long PutFileSystem(Mount mount, ulong to) =>
        UserAccess.TryWrite(to, FileSystemStatus.Of(mount)) ? 0 : -(long)Errno.EFAULT;
}
