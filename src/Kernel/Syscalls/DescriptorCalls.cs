// System calls about descriptors: closing, copying, fcntl, ioctl, locks. man 2 close, dup, fcntl, ioctl, flock.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Syscalls;

using static FileConstants;

public static class DescriptorCalls
{
    private const uint CLOSE_RANGE_UNSHARE = 2;
    private const uint CLOSE_RANGE_CLOEXEC = 4;
    private const int ChangeableFlags = O_APPEND | O_NONBLOCK | O_NOATIME | O_DIRECT | O_ASYNC;

    public static long Close(int descriptor) => SyscallResult.From(Task.Current.Files!.Close(descriptor));

    public static long CloseRange(uint first, uint last, uint flags)
    {
        if (first > last || (flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)) != 0)
            return -(long)Errno.EINVAL;
        var current = Task.Current;
        if ((flags & CLOSE_RANGE_UNSHARE) != 0 && current.Files!.IsShared)
        {
            var copied = current.Files.Fork();
            if (!copied.TryGet(out var copy))
                return SyscallResult.From(copied.Error);
            current.ReplaceFiles(copy);
        }

        current.Files!.CloseRange(first, last, (flags & CLOSE_RANGE_CLOEXEC) != 0);
        return 0;
    }

    public static long Dup(int descriptor) => Copy(descriptor, 0, closeOnExec: false);

    public static long Dup2(int from, int to)
    {
        if (from != to)
            return Dup3(from, to, 0);
        if (FileTable.GetCurrent(from) is not { } file)
            return -(long)Errno.EBADF;
        file.Drop();
        return to;
    }

    public static long Dup3(int from, int to, int flags)
    {
        if ((flags & ~O_CLOEXEC) != 0 || from == to)
            return -(long)Errno.EINVAL;
        if (FileTable.GetCurrent(from) is not { } file)
            return -(long)Errno.EBADF;
        var result = Task.Current.Files!.InstallAt(to, file, (flags & O_CLOEXEC) != 0);
        if (!result.IsOk)
            file.Drop();
        return SyscallResult.From(result);
    }

    public static long FControl(int descriptor, int command, ulong argument)
    {
        switch (command)
        {
            case F_DUPFD:
                return Copy(descriptor, argument, closeOnExec: false);
            case F_DUPFD_CLOEXEC:
                return Copy(descriptor, argument, closeOnExec: true);
            case F_GETFD:
                return SyscallResult.From(Task.Current.Files!.GetCloseOnExec(descriptor));
            case F_SETFD:
                return SyscallResult.From(Task.Current.Files!.SetCloseOnExec(descriptor, (argument & FD_CLOEXEC) != 0));
        }

        if (FileTable.GetCurrent(descriptor) is not { } file)
            return -(long)Errno.EBADF;
        var result = file.IsPathOnly && command != F_GETFL ? -(long)Errno.EBADF : FControl(file, descriptor, command, argument);
        file.Drop();
        return result;
    }

    public static long IoControl(int descriptor, uint command, ulong argument)
    {
        if (FileTable.GetCurrent(descriptor) is not { } file)
            return -(long)Errno.EBADF;
        var result = file.IsPathOnly ? -(long)Errno.EBADF : IoControl(file, descriptor, command, argument);
        file.Drop();
        return result;
    }

    public static long FLock(int descriptor, int operation)
    {
        var type = (operation & ~LOCK_NB) switch { LOCK_SH => F_RDLCK, LOCK_EX => F_WRLCK, LOCK_UN => F_UNLCK, _ => (short)-1 };
        if (type < 0)
            return -(long)Errno.EINVAL;
        if (FileTable.GetCurrent(descriptor) is not { } file)
            return -(long)Errno.EBADF;
        var wanted = new FileLockRange { Kind = FileLockKind.Whole, Owner = file, Type = type, End = long.MaxValue };
        var error = file.IsPathOnly ? Errno.EBADF : FileLocks.Set(file.Inode, wanted, (operation & LOCK_NB) == 0);
        file.Drop();
        return SyscallResult.From(error);
    }

    private static long Copy(int descriptor, ulong from, bool closeOnExec)
    {
        if (FileTable.GetCurrent(descriptor) is not { } file)
            return -(long)Errno.EBADF;
        var result = from > int.MaxValue ? Errno.EINVAL : Task.Current.Files!.Install(file, closeOnExec, (int)from);
        if (!result.IsOk)
            file.Drop();
        return SyscallResult.From(result);
    }

    private static long FControl(OpenFile file, int descriptor, int command, ulong argument)
    {
        switch (command)
        {
            case F_GETFL:
                return file.Flags;
            case F_SETFL:
                return SetFlags(file, descriptor, (int)argument);
            case F_GETLK or F_SETLK or F_SETLKW or F_OFD_GETLK or F_OFD_SETLK or F_OFD_SETLKW:
                return LockCalls.FControl(file, command, argument);
            case F_SETOWN:
                return SyscallResult.From(file.SetOwner((int)argument));
            case F_GETOWN:
                return file.OwnerId;
            case F_SETOWN_EX:
                return SetOwner(file, argument);
            case F_GETOWN_EX:
                return GetOwner(file, argument);
            case F_SETSIG:
                if (argument > SignalNumber.Count)
                    return -(long)Errno.EINVAL;
                file.OwnerSignal = (int)argument;
                return 0;
            case F_GETSIG:
                return file.OwnerSignal;
            case F_GETPIPE_SZ:
                return FifoOperations.TryGet(file) is { } pipe ? pipe.Capacity : -(long)Errno.EBADF;
            case F_SETPIPE_SZ:
                return FifoOperations.TryGet(file) is { } resized ? SyscallResult.From(resized.SetCapacity(argument)) : -(long)Errno.EBADF;
            default:
                return -(long)Errno.EINVAL;
        }
    }

    // struct f_owner_ex: the kind and the id.
    private static long SetOwner(OpenFile file, ulong argument)
    {
        if (!UserAccess.TryRead(argument, out int kind) || !UserAccess.TryRead(argument + sizeof(int), out int id))
            return -(long)Errno.EFAULT;
        if (kind is < (int)FileOwnerKind.Thread or > (int)FileOwnerKind.Group)
            return -(long)Errno.EINVAL;
        return SyscallResult.From(file.SetOwner((FileOwnerKind)kind, id));
    }

    private static long GetOwner(OpenFile file, ulong argument)
    {
        var owner = file.SignalOwner;
        var id = System.Math.Abs(owner.LivingId);
        return UserAccess.TryWrite(argument, (int)owner.Kind) && UserAccess.TryWrite(argument + sizeof(int), id) ? 0 : -(long)Errno.EFAULT;
    }

    private static long SetFlags(OpenFile file, int descriptor, int flags)
    {
        if ((flags & ~file.Flags & O_NOATIME) != 0 && Permission.CheckOwner(file.Inode) != Errno.None)
            return -(long)Errno.EPERM;
        if (((flags ^ file.Flags) & O_ASYNC) != 0)
        {
            // Kinds that give no signals ignore the flag.
            var error = file.SetListening(descriptor, (flags & O_ASYNC) != 0);
            if (error == Errno.ENOTTY)
                flags ^= O_ASYNC;
            else if (error != Errno.None)
                return SyscallResult.From(error);
        }

        file.Flags = file.Flags & ~ChangeableFlags | flags & ChangeableFlags;
        return 0;
    }

    private static long IoControl(OpenFile file, int descriptor, uint command, ulong argument)
    {
        switch (command)
        {
            case FIOCLEX:
                return SyscallResult.From(Task.Current.Files!.SetCloseOnExec(descriptor, true));
            case FIONCLEX:
                return SyscallResult.From(Task.Current.Files!.SetCloseOnExec(descriptor, false));
            case FIONBIO:
                return UserAccess.TryRead(argument, out int nonBlocking) ? SetFlag(file, O_NONBLOCK, nonBlocking != 0) : -(long)Errno.EFAULT;
            case FIOASYNC:
                return UserAccess.TryRead(argument, out int listens) ? SetListening(file, descriptor, listens != 0) : -(long)Errno.EFAULT;
            case FIONREAD when file.Inode.IsRegular:
                var left = file.Inode.Size - file.Position;
                return UserAccess.TryWrite(argument, (int)System.Math.Clamp(left, 0, int.MaxValue)) ? 0 : -(long)Errno.EFAULT;
            default:
                return SyscallResult.From(file.Operations.Ioctl(file, command, argument));
        }
    }

    private static long SetListening(OpenFile file, int descriptor, bool on)
    {
        if (on == ((file.Flags & O_ASYNC) != 0))
            return 0;
        var error = file.SetListening(descriptor, on);
        return error == Errno.None ? SetFlag(file, O_ASYNC, on) : SyscallResult.From(error);
    }

    private static long SetFlag(OpenFile file, int flag, bool on)
    {
        file.Flags = on ? file.Flags | flag : file.Flags & ~flag;
        return 0;
    }
}
