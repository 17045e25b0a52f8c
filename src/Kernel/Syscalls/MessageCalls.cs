// System calls of System V message queues. man 2 msgget, msgop, msgctl.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Memory;

namespace Jiffy.Kernel.Syscalls;

internal static class MessageCalls
{
    /// <summary>struct msgbuf: the type comes before the text.</summary>
    private const int TypeBytes = sizeof(long);

    public static long Get(int key, int flags) => SyscallResult.From(SysVMessages.Get(key, flags));

    public static long Send(int id, ulong from, long length, int flags)
    {
        if (!UserAccess.TryRead(from, out long type))
            return -(long)Errno.EFAULT;
        if (id < 0 || length < 0 || length > SysVMessages.MaxMessage || type < 1)
            return -(long)Errno.EINVAL;
        var read = Message.Read(from + TypeBytes, (int)length);
        if (!read.TryGet(out var message))
            return -(long)read.Error;
        message.Type = type;
        var error = SysVMessages.Send(id, message, waits: (flags & SysVIpc.IPC_NOWAIT) == 0);
        if (error != Errno.None)
            message.Free();
        return -(long)error;
    }

    public static long Receive(int id, ulong to, long room, long type, int flags)
    {
        if (id < 0 || room < 0)
            return -(long)Errno.EINVAL;
        Message? spare = null;
        if ((flags & SysVIpc.MSG_COPY) != 0)
        {
            if ((flags & SysVIpc.MSG_EXCEPT) != 0 || (flags & SysVIpc.IPC_NOWAIT) == 0)
                return -(long)Errno.EINVAL;
            var made = Message.Create((int)Math.Min(room, SysVMessages.MaxMessage));
            if (!made.TryGet(out spare))
                return -(long)made.Error;
        }

        var received = SysVMessages.Receive(id, room, type, flags, spare);
        if (!received.TryGet(out var message))
            return -(long)received.Error;
        var count = (int)Math.Min(room, message.Length);
        var error = UserAccess.TryWrite(to, message.Type) ? message.Write(to + TypeBytes, count) : Errno.EFAULT;
        message.Free();
        return error == Errno.None ? count : -(long)error;
    }

    public static long Control(int id, int command, ulong argument)
    {
        if (id < 0 || command < 0)
            return -(long)Errno.EINVAL;
        switch (command)
        {
            case SysVIpc.IPC_INFO:
            case SysVIpc.MSG_INFO:
                var information = SysVMessages.Information(ofUse: command == SysVIpc.MSG_INFO);
                return UserAccess.TryWrite(argument, information) ? SysVMessages.Table.HighestIndex : -(long)Errno.EFAULT;
            case SysVIpc.IPC_STAT:
            case SysVIpc.MSG_STAT:
            case SysVIpc.MSG_STAT_ANY:
                return Describe(id, command, argument);
            case SysVIpc.IPC_SET:
                return UserAccess.TryRead(argument, out MessageQueueLayout wanted) ? SyscallResult.From(SysVMessages.Set(id, wanted)) : -(long)Errno.EFAULT;
            case SysVIpc.IPC_RMID:
                return SyscallResult.From(SysVMessages.Remove(id));
            default:
                return -(long)Errno.EINVAL;
        }
    }

    private static long Describe(int id, int command, ulong to)
    {
        var isStat = command == SysVIpc.IPC_STAT;
        var result = SysVMessages.Describe(id, byIndex: !isStat, checks: command != SysVIpc.MSG_STAT_ANY, out var description);
        if (!result.IsOk)
            return -(long)result.Error;
        if (!UserAccess.TryWrite(to, description))
            return -(long)Errno.EFAULT;
        return isStat ? 0 : result.Value;
    }
}
