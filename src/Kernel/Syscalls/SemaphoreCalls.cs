// System calls of System V semaphores. man 2 semget, semop, semctl.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.Syscalls;

internal static class SemaphoreCalls
{
    public static long Get(int key, int count, int flags) => SyscallResult.From(Semaphores.Get(key, count, flags));

    public static long Operate(int id, ulong operations, uint count) => Operate(id, operations, count, long.MaxValue);

    public static long OperateUntil(int id, ulong operations, uint count, ulong timeoutAt)
    {
        if (timeoutAt == 0)
            return Operate(id, operations, count, long.MaxValue);
        if (!UserAccess.TryRead(timeoutAt, out TimeSpec timeout))
            return -(long)Errno.EFAULT;
        if (!timeout.IsValid)
            return -(long)Errno.EINVAL;
        return Operate(id, operations, count, Deadline.After(TimeKeeper.Monotonic, timeout.ToNanoseconds()));
    }

    private static long Operate(int id, ulong operations, uint count, long deadline)
    {
        if (count < 1 || id < 0)
            return -(long)Errno.EINVAL;
        if (count > (uint)Semaphores.MaxPerCall)
            return -(long)Errno.E2BIG;
        var wanted = Task.Current.IpcWaiter;
        var error = wanted.ReadOperations(operations, (int)count);
        if (error != Errno.None)
            return -(long)error;
        error = Semaphores.Operate(id, wanted, deadline);
        wanted.FreeOperations();
        return -(long)error;
    }

    public static long Control(int id, int number, int command, ulong argument)
    {
        if (id < 0)
            return -(long)Errno.EINVAL;
        switch (command)
        {
            case SysVIpc.IPC_INFO:
            case SysVIpc.SEM_INFO:
                var information = Semaphores.Information(ofUse: command == SysVIpc.SEM_INFO);
                return UserAccess.TryWrite(argument, information) ? Semaphores.Table.HighestIndex : -(long)Errno.EFAULT;
            case SysVIpc.IPC_STAT:
            case SysVIpc.SEM_STAT:
            case SysVIpc.SEM_STAT_ANY:
                return Describe(id, command, argument);
            case SysVIpc.GETALL:
                return ReadAll(id, argument);
            case SysVIpc.SETALL:
                return WriteAll(id, argument);
            case SysVIpc.GETVAL:
            case SysVIpc.GETPID:
            case SysVIpc.GETNCNT:
            case SysVIpc.GETZCNT:
                return SyscallResult.From(Semaphores.Read(id, number, command));
            case SysVIpc.SETVAL:
                return SyscallResult.From(Semaphores.Write(id, number, (int)argument));
            case SysVIpc.IPC_SET:
                return SetPermission(id, argument);
            case SysVIpc.IPC_RMID:
                return SyscallResult.From(Semaphores.Remove(id));
            default:
                return -(long)Errno.EINVAL;
        }
    }

    private static long Describe(int id, int command, ulong to)
    {
        var isStat = command == SysVIpc.IPC_STAT;
        var result = Semaphores.Describe(id, byIndex: !isStat, checks: command != SysVIpc.SEM_STAT_ANY, out var description);
        if (!result.IsOk)
            return -(long)result.Error;
        if (!UserAccess.TryWrite(to, description))
            return -(long)Errno.EFAULT;
        return isStat ? 0 : result.Value;
    }

    private static long SetPermission(int id, ulong from) =>
        UserAccess.TryRead(from, out SemaphoreSetLayout wanted) ? SyscallResult.From(Semaphores.Table.SetPermission(id, wanted.Permission)) : -(long)Errno.EFAULT;

    private static long ReadAll(int id, ulong to)
    {
        var count = Semaphores.CountOf(id, forWrite: false);
        if (!count.IsOk)
            return -(long)count.Error;
        if (!FrameArray<ushort>.TryCreate(count.Value, out var values))
            return -(long)Errno.ENOMEM;
        var error = Semaphores.ReadAll(id, values);
        for (var at = 0; error == Errno.None && at < values.Length;)
        {
            var part = values.From(at);
            if (!UserAccess.TryWriteArray<ushort>(to, part))
                error = Errno.EFAULT;
            to += (ulong)part.Length * sizeof(ushort);
            at += part.Length;
        }

        values.Free();
        return -(long)error;
    }

    private static long WriteAll(int id, ulong from)
    {
        var count = Semaphores.CountOf(id, forWrite: true);
        if (!count.IsOk)
            return -(long)count.Error;
        if (!FrameArray<ushort>.TryCreate(count.Value, out var values))
            return -(long)Errno.ENOMEM;
        var error = Errno.None;
        for (var at = 0; error == Errno.None && at < values.Length;)
        {
            var part = values.From(at);
            error = UserAccess.TryReadArray(from, part) ? CheckValues(part) : Errno.EFAULT;
            from += (ulong)part.Length * sizeof(ushort);
            at += part.Length;
        }

        if (error == Errno.None)
            error = Semaphores.WriteAll(id, values);
        values.Free();
        return -(long)error;
    }

    private static Errno CheckValues(System.ReadOnlySpan<ushort> values)
    {
        foreach (var value in values)
        {
            if (value > SysVIpc.SEMVMX)
                return Errno.ERANGE;
        }

        return Errno.None;
    }
}
