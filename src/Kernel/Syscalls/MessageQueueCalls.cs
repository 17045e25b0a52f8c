// System calls of POSIX message queues. man 2 of each; what man 3 says of names' slashes is the C library's.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.Syscalls;

internal static class MessageQueueCalls
{
    public static long Open(ulong nameAt, int flags, uint mode, ulong attributesAt)
    {
        QueueAttributes attributes = default;
        if (attributesAt != 0 && !UserAccess.TryRead(attributesAt, out attributes))
            return -(long)Errno.EFAULT;
        if (!FrameAllocator.TryTake(out var frame))
            return -(long)Errno.ENOMEM;
        var name = Frames.Bytes(frame);
        var length = UserAccess.ReadPath(nameAt, name);
        var opened = length.IsOk
            ? MessageQueueFileSystem.Open(name.Slice(0, length.Value), flags, mode, attributes, attributesAt != 0) : length.Error;
        FrameAllocator.Give(frame);
        if (!opened.TryGet(out var file))
            return -(long)opened.Error;
        var descriptor = Task.Current.Files!.Install(file, closeOnExec: true);
        if (!descriptor.IsOk)
            file.Drop();
        return SyscallResult.From(descriptor);
    }

    public static long Unlink(ulong nameAt)
    {
        if (!FrameAllocator.TryTake(out var frame))
            return -(long)Errno.ENOMEM;
        var name = Frames.Bytes(frame);
        var length = UserAccess.ReadPath(nameAt, name);
        var error = length.IsOk ? MessageQueueFileSystem.Unlink(name.Slice(0, length.Value)) : length.Error;
        FrameAllocator.Give(frame);
        return -(long)error;
    }

    public static long Send(int descriptor, ulong from, ulong length, uint priority, ulong deadlineAt)
    {
        var error = ReadDeadline(deadlineAt, out var deadline);
        if (error != Errno.None)
            return -(long)error;
        if (priority >= PosixQueues.MQ_PRIO_MAX)
            return -(long)Errno.EINVAL;
        error = Find(descriptor, forWrite: true, out var file, out var queue);
        if (error != Errno.None)
            return -(long)error;
        error = Send(file!, queue!, from, length, priority, deadline);
        file!.Drop();
        return -(long)error;
    }

    private static Errno Send(OpenFile file, MessageQueue queue, ulong from, ulong length, uint priority, long deadline)
    {
        if (length > (ulong)queue.MessageBytes)
            return Errno.EMSGSIZE;
        var read = Message.Read(from, (int)length);
        if (!read.TryGet(out var message))
            return read.Error;
        message.Type = priority;
        var error = queue.Send(message, !file.IsNonBlocking, deadline);
        if (error != Errno.None)
            message.Free();
        else
            FileTime.Modified(file.Inode);
        return error;
    }

    public static long Receive(int descriptor, ulong to, ulong room, ulong priorityAt, ulong deadlineAt)
    {
        var error = ReadDeadline(deadlineAt, out var deadline);
        if (error != Errno.None)
            return -(long)error;
        error = Find(descriptor, forWrite: false, out var file, out var queue);
        if (error != Errno.None)
            return -(long)error;
        var result = room < (ulong)queue!.MessageBytes ? Errno.EMSGSIZE : Receive(file!, queue, to, priorityAt, deadline);
        file!.Drop();
        return SyscallResult.From(result);
    }

    private static Result<int> Receive(OpenFile file, MessageQueue queue, ulong to, ulong priorityAt, long deadline)
    {
        var received = queue.Receive(!file.IsNonBlocking, deadline);
        if (!received.TryGet(out var message))
            return received.Error;
        FileTime.Modified(file.Inode);
        var length = message.Length;
        var error = priorityAt == 0 || UserAccess.TryWrite(priorityAt, (uint)message.Type) ? message.Write(to, length) : Errno.EFAULT;
        message.Free();
        return error == Errno.None ? length : error;
    }

    public static long Notify(int descriptor, ulong eventAt)
    {
        Span<byte> bytes = stackalloc byte[SignalEvent.Bytes];
        SignalEvent wanted = default;
        if (eventAt != 0)
        {
            if (!UserMemory.TryRead(eventAt, bytes))
                return -(long)Errno.EFAULT;
            wanted = SignalEvent.Decode(bytes);
            var refusal = CheckEvent(wanted);
            if (refusal != Errno.None)
                return -(long)refusal;
        }

        var error = Find(descriptor, forWrite: null, out var file, out var queue);
        if (error != Errno.None)
            return -(long)error;
        if (eventAt != 0)
            error = queue!.Register(wanted);
        else
            queue!.Unregister();
        file!.Drop();
        return -(long)error;
    }

    // A thread is started by the C library, which learns of the message on a netlink socket whose descriptor is in the signal's place: there are
    // none here, so the library does not get as far as this call.
    private static Errno CheckEvent(in SignalEvent wanted)
    {
        if (wanted.Notify == SignalEvent.SIGEV_THREAD)
        {
            if (FileTable.GetCurrent(wanted.Signal) is not { } file)
                return Errno.EBADF;
            file.Drop();
            return Errno.ENOTSOCK;
        }

        var isKnown = wanted.Notify == SignalEvent.SIGEV_NONE
            || (wanted.Notify == SignalEvent.SIGEV_SIGNAL && wanted.Signal is >= 0 and <= SignalNumber.Count);
        return isKnown ? Errno.None : Errno.EINVAL;
    }

    public static long GetSetAttributes(int descriptor, ulong newAt, ulong oldAt)
    {
        QueueAttributes wanted = default;
        if (newAt != 0)
        {
            if (!UserAccess.TryRead(newAt, out wanted))
                return -(long)Errno.EFAULT;
            if ((wanted.Flags & ~FileConstants.O_NONBLOCK) != 0)
                return -(long)Errno.EINVAL;
        }

        var error = Find(descriptor, forWrite: null, out var file, out var queue);
        if (error != Errno.None)
            return -(long)error;
        var old = new QueueAttributes
        {
            Flags = file!.Flags & FileConstants.O_NONBLOCK,
            MaxMessages = queue!.MaxMessages,
            MessageBytes = queue.MessageBytes,
            Messages = queue.Count,
        };
        if (newAt != 0)
            file.Flags = (file.Flags & ~FileConstants.O_NONBLOCK) | (int)wanted.Flags;
        file.Drop();
        return oldAt == 0 || UserAccess.TryWrite(oldAt, old) ? 0 : -(long)Errno.EFAULT;
    }

    // Absolute, on the real-time clock; without one, never.
    private static Errno ReadDeadline(ulong at, out long deadline)
    {
        deadline = long.MaxValue;
        if (at == 0)
            return Errno.None;
        if (!UserAccess.TryRead(at, out TimeSpec time))
            return Errno.EFAULT;
        if (!time.IsValid)
            return Errno.EINVAL;
        deadline = time.ToNanoseconds();
        return Errno.None;
    }

    // The file is counted for the caller. forWrite null: whatever it was opened for. EBADF.
    private static Errno Find(int descriptor, bool? forWrite, out OpenFile? file, out MessageQueue? queue)
    {
        queue = null;
        file = FileTable.GetCurrent(descriptor);
        if (file is null)
            return Errno.EBADF;
        queue = file.IsPathOnly ? null : MessageQueueOperations.TryGet(file);
        var mayUse = forWrite is not { } writes || (writes ? file.CanWrite : file.CanRead);
        if (queue is not null && mayUse)
            return Errno.None;
        file.Drop();
        return Errno.EBADF;
    }
}
