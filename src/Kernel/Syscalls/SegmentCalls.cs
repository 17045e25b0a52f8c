// System calls of System V shared memory. man 2 shmget, shmop, shmctl.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Syscalls;

internal static class SegmentCalls
{
    public static long Get(int key, ulong size, int flags) => SyscallResult.From(SharedSegments.Get(key, size, flags));

    public static long Attach(int id, ulong address, int flags) => SyscallResult.From(SharedSegments.Attach(id, address, flags));

    public static long Detach(ulong address) =>
        MemoryLayout.IsAligned(address) ? SyscallResult.From(Task.Current.Memory!.Detach(address)) : -(long)Errno.EINVAL;

    public static long Control(int id, int command, ulong argument)
    {
        if (id < 0 || command < 0)
            return -(long)Errno.EINVAL;
        switch (command)
        {
            case SysVIpc.IPC_INFO:
                return UserAccess.TryWrite(argument, SharedSegments.Limits) ? SharedSegments.Table.HighestIndex : -(long)Errno.EFAULT;
            case SysVIpc.SHM_INFO:
                return UserAccess.TryWrite(argument, SharedSegments.Use) ? SharedSegments.Table.HighestIndex : -(long)Errno.EFAULT;
            case SysVIpc.IPC_STAT:
            case SysVIpc.SHM_STAT:
            case SysVIpc.SHM_STAT_ANY:
                return Describe(id, command, argument);
            case SysVIpc.IPC_SET:
                if (!UserAccess.TryRead(argument, out SegmentLayout wanted))
                    return -(long)Errno.EFAULT;
                return SyscallResult.From(SharedSegments.Table.SetPermission(id, wanted.Permission));
            case SysVIpc.IPC_RMID:
                return SyscallResult.From(SharedSegments.Remove(id));
            case SysVIpc.SHM_LOCK:
            case SysVIpc.SHM_UNLOCK:
                return SyscallResult.From(SharedSegments.SetLocked(id, command == SysVIpc.SHM_LOCK));
            default:
                return -(long)Errno.EINVAL;
        }
    }

    private static long Describe(int id, int command, ulong to)
    {
        var isStat = command == SysVIpc.IPC_STAT;
        var result = SharedSegments.Describe(id, byIndex: !isStat, checks: command != SysVIpc.SHM_STAT_ANY, out var description);
        if (!result.IsOk)
            return -(long)result.Error;
        if (!UserAccess.TryWrite(to, description))
            return -(long)Errno.EFAULT;
        return isStat ? 0 : result.Value;
    }
}
