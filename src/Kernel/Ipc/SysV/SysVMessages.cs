// System V message queues: getting one, sending, receiving, controlling.
// Contexts: process; Send and Receive may sleep. Locks: the queue's; none is held where memory is taken or user memory is copied.
// Linux: ipc/msg.c. man 2 msgget, msgop, msgctl.
using System;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Ipc;

internal static class SysVMessages
{
    private const int UsualQueues = 32000, UsualMessage = 8192, UsualQueueBytes = 16384;

    private static long s_messages, s_bytes;

    public static IpcTable Table { get; private set; } = null!;

    /// <summary>The longest message, and what a new queue holds: /proc/sys/kernel/msgmax, msgmnb.</summary>
    public static int MaxMessage, MaxQueueBytes;

    /// <summary>Start-up.</summary>
    public static void Init()
    {
        var limit = (int)Math.Clamp(FrameAllocator.TotalFrames / 2, 1024, IpcTable.Capacity);
        Table = new IpcTable(UsualQueues);
        MaxMessage = UsualMessage;
        MaxQueueBytes = UsualQueueBytes;
        s_messages = s_bytes = 0;
        SysVQueue.Init(limit);
        Message.Init((int)Math.Clamp(2L * FrameAllocator.TotalFrames, 8192, 1 << 20));
    }

    internal static void CountMessage(long messages, long bytes)
    {
        Interlocked.Add(ref s_messages, messages);
        Interlocked.Add(ref s_bytes, bytes);
    }

    /// <summary>msgget. ENOENT, EEXIST, EACCES, ENOSPC, ENOMEM.</summary>
    public static Result<int> Get(int key, int flags)
    {
        while (true)
        {
            var error = Table.TryLockToGet(key, flags, out var found, out var token);
            if (error == Errno.None)
            {
                error = found.CheckAccess(flags);
                Result<int> result = error == Errno.None ? found.Id : error;
                found.Unlock(token);
                return result;
            }

            if (error != Errno.EAGAIN)
                return error;
            var made = SysVQueue.Create(key, flags, MaxQueueBytes);
            if (!made.TryGet(out var queue))
                return made.Error;
            var added = Table.Add(queue);
            if (added.IsOk)
                return added;
            queue.Free();
            if (added.Error != Errno.EEXIST)
                return added;
        }
    }

    /// <summary>msgsnd. The message is the queue's when it succeeds, else still the caller's. May sleep.</summary>
    /// <returns>EINVAL, EACCES, EAGAIN; EIDRM: the queue was removed; ERESTARTNOHAND.</returns>
    public static Errno Send(int id, Message message, bool waits)
    {
        Context.MightSleep();
        var waiter = Task.Current.IpcWaiter;
        waiter.ProcessId = IpcObject.CurrentProcess;
        var error = Table.TryLock(id, out var found, out var token);
        if (error != Errno.None)
            return error;
        var queue = (SysVQueue)found;
        do
        {
            error = queue.CheckAccess(IpcObject.WriteAccess);
            if (error != Errno.None)
                break;
            if (queue.Fits(message))
            {
                queue.Enter(message, waiter.ProcessId);
                break;
            }

            error = waits ? WaitForRoom(queue, waiter, message, ref token) : Errno.EAGAIN;
        }
        while (waits && error == Errno.EAGAIN);

        queue.Unlock(token);
        return error;
    }

    // EAGAIN: try again, if the queue is still there.
    private static Errno WaitForRoom(SysVQueue queue, IpcWaiter waiter, Message message, ref bool token)
    {
        waiter.Message = message;
        waiter.QueueId = queue.Id;
        queue.QueueSender(waiter);
        var isServed = waiter.Sleep(queue, ref token) == IpcWaitEnd.Served;
        if (!isServed)
            queue.GiveUpSender(waiter);
        waiter.Message = null;
        return Check(waiter, isServed, queue);
    }

    private static Errno Check(IpcWaiter waiter, bool isServed, SysVQueue queue)
    {
        if (!isServed)
            return Errno.ERESTARTNOHAND;
        return waiter.Result == Errno.EAGAIN && queue.Id != waiter.QueueId ? Errno.EIDRM : waiter.Result;
    }

    /// <summary>
    /// msgrcv: the message, or with MSG_COPY a copy, is the caller's. <paramref name="spare"/>: for the copy, as long as the caller has room;
    /// freed here or returned. May sleep.
    /// </summary>
    /// <returns>EINVAL, EACCES, E2BIG, ENOMSG; EIDRM: the queue was removed; ERESTARTNOHAND.</returns>
    public static Result<Message> Receive(int id, long room, long type, int flags, Message? spare)
    {
        Context.MightSleep();
        var waiter = Task.Current.IpcWaiter;
        waiter.ProcessId = IpcObject.CurrentProcess;
        waiter.Choose(type, flags);
        waiter.Room = (flags & SysVIpc.MSG_NOERROR) != 0 ? long.MaxValue : room;
        Result<Message> result = Table.TryLock(id, out var found, out var token);
        if (result.Error == Errno.None)
        {
            var waits = (flags & SysVIpc.IPC_NOWAIT) == 0;
            do
            {
                result = ReceiveLocked((SysVQueue)found, waiter, spare, waits, ref token);
            }
            while (result.Error == Errno.EAGAIN);

            found.Unlock(token);
        }

        if (!result.IsOk)
            spare?.Free();
        return result;
    }

    // EAGAIN: try again.
    private static Result<Message> ReceiveLocked(SysVQueue queue, IpcWaiter waiter, Message? spare, bool waits, ref bool token)
    {
        var error = queue.CheckAccess(IpcObject.ReadAccess);
        if (error != Errno.None)
            return error;
        if (queue.Find(waiter) is { } message)
        {
            if (waiter.Room < message.Length)
                return Errno.E2BIG;
            if (spare is not null)
                return Copy(message, spare);
            queue.Take(message, waiter.ProcessId);
            return message;
        }

        if (!waits)
            return Errno.ENOMSG;
        waiter.QueueId = queue.Id;
        queue.QueueReceiver(waiter);
        var isServed = waiter.Sleep(queue, ref token) == IpcWaitEnd.Served;
        if (!isServed)
            queue.GiveUpReceiver(waiter);
        error = Check(waiter, isServed, queue);
        if (error != Errno.None)
            return error;
        message = waiter.Message!;
        waiter.Message = null;
        return message;
    }

    private static Result<Message> Copy(Message message, Message spare)
    {
        if (message.Length > spare.Length)
            return Errno.EINVAL;
        spare.CopyFrom(message);
        return spare;
    }

    /// <summary>IPC_RMID. EINVAL, EIDRM, EPERM.</summary>
    public static Errno Remove(int id)
    {
        var error = Table.TryLockOwned(id, out var found, out var token);
        if (error != Errno.None)
            return error;
        var queue = (SysVQueue)found;
        queue.TurnAwayWaiters(Errno.EIDRM);
        var messages = queue.TakeAll();
        Table.Remove(queue);
        queue.Unlock(token);
        while (messages.RemoveFirst() is { } message)
            message.Free();
        queue.Free();
        return Errno.None;
    }

    /// <summary>IPC_SET. Who waits tries again: he may have room now, or no permission. EINVAL, EIDRM, EPERM.</summary>
    public static Errno Set(int id, in MessageQueueLayout wanted)
    {
        var error = Table.TryLockOwned(id, out var found, out var token);
        if (error != Errno.None)
            return error;
        var queue = (SysVQueue)found;
        if (wanted.MaxBytes > (ulong)MaxQueueBytes && !Task.Current.Credentials.Has(Capability.CAP_SYS_RESOURCE))
            error = Errno.EPERM;
        if (error == Errno.None)
            error = queue.SetPermission(wanted.Permission);
        if (error == Errno.None)
        {
            queue.MaxBytes = (long)Math.Min(wanted.MaxBytes, long.MaxValue / 2);
            queue.TurnAwayWaiters(Errno.EAGAIN);
        }

        queue.Unlock(token);
        return error;
    }

    /// <summary>IPC_STAT by id, or by index. Returns the id. EINVAL, EIDRM, EACCES.</summary>
    public static Result<int> Describe(int id, bool byIndex, bool checks, out MessageQueueLayout description)
    {
        description = default;
        var error = Table.TryLockToDescribe(id, byIndex, checks, out var found, out var token);
        if (error != Errno.None)
            return error;
        description = Describe((SysVQueue)found);
        var itsId = found.Id;
        found.Unlock(token);
        return itsId;
    }

    public static MessageQueueLayout Describe(SysVQueue queue) => new()
    {
        Permission = queue.Permission,
        SendTime = queue.SendTime,
        ReceiveTime = queue.ReceiveTime,
        ChangeTime = queue.ChangeTime,
        Bytes = (ulong)queue.Bytes,
        Messages = (ulong)queue.Count,
        MaxBytes = (ulong)queue.MaxBytes,
        LastSender = queue.LastSender,
        LastReceiver = queue.LastReceiver,
    };

    /// <summary>IPC_INFO, MSG_INFO.</summary>
    public static MessageInfoLayout Information(bool ofUse) => new()
    {
        Pool = ofUse ? Table.Count : UsualQueues * (UsualQueueBytes / 1024),
        Map = ofUse ? (int)Volatile.Read(ref s_messages) : UsualQueueBytes,
        MaxMessage = MaxMessage,
        MaxQueue = MaxQueueBytes,
        Queues = Table.Limit,
        SegmentBytes = 16,
        Headers = ofUse ? (int)Volatile.Read(ref s_bytes) : UsualQueueBytes,
        Segments = ushort.MaxValue,
    };
}
