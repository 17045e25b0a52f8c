// System calls of inotify. man 2 inotify_init, inotify_add_watch, inotify_rm_watch.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Syscalls;

using static NotifyFlags;

internal static class NotifyCalls
{
    private const uint AllBits = IN_ALL_EVENTS | IN_UNMOUNT | IN_Q_OVERFLOW | IN_IGNORED | IN_ISDIR
        | IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK | IN_MASK_CREATE | IN_MASK_ADD | IN_ONESHOT;

    public static long Init(int flags)
    {
        if ((flags & ~(IN_CLOEXEC | IN_NONBLOCK)) != 0)
            return -(long)Errno.EINVAL;
        return OpenCalls.Install(NotifyOperations.Make(flags), flags);
    }

    public static long AddWatch(int descriptor, ulong pathAt, uint mask)
    {
        if ((mask & AllBits) == 0 || (mask & (IN_MASK_ADD | IN_MASK_CREATE)) == (IN_MASK_ADD | IN_MASK_CREATE))
            return -(long)Errno.EINVAL;
        var error = Open(descriptor, out var file, out var queue);
        if (error != Errno.None)
            return -(long)error;
        var result = AddWatch(queue!, pathAt, mask);
        file!.Drop();
        return SyscallResult.From(result);
    }

    private static Result<int> AddWatch(NotifyQueue queue, ulong pathAt, uint mask)
    {
        using var path = new UserPath();
        var error = path.Read(pathAt);
        if (error != Errno.None)
            return error;
        var flags = (mask & IN_DONT_FOLLOW) != 0 ? FileConstants.AT_SYMLINK_NOFOLLOW : 0;
        var found = PathLookup.Resolve(FileConstants.AT_FDCWD, path.Bytes, flags);
        if (!found.TryGet(out var place))
            return found.Error;
        error = (mask & IN_ONLYDIR) != 0 && !place.Inode.IsDirectory ? Errno.ENOTDIR : Permission.Check(place.Inode, FileConstants.R_OK);
        var result = error == Errno.None ? FileNotify.Watch(queue, place.Inode, mask) : error;
        place.Drop();
        return result;
    }

    public static long RemoveWatch(int descriptor, int number)
    {
        var error = Open(descriptor, out var file, out var queue);
        if (error != Errno.None)
            return -(long)error;
        error = FileNotify.Unwatch(queue!, number);
        file!.Drop();
        return SyscallResult.From(error);
    }

    // The file is counted for the caller. EBADF; EINVAL: no instance.
    private static Errno Open(int descriptor, out OpenFile? file, out NotifyQueue? queue)
    {
        queue = null;
        file = FileTable.GetCurrent(descriptor);
        if (file is null)
            return Errno.EBADF;
        queue = NotifyOperations.TryGet(file);
        if (queue is not null)
            return Errno.None;
        var error = file.IsPathOnly ? Errno.EBADF : Errno.EINVAL;
        file.Drop();
        return error;
    }
}
