// sched_setattr and sched_getattr: the extensible form of the scheduling calls. man 2 sched_setattr.
using System;
using System.Buffers.Binary;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Syscalls;

internal static class SchedulingAttributeCalls
{
    // struct sched_attr: sizes of its first and of its present version, and where its fields lie.
    private const uint FirstBytes = 48, Bytes = 56;
    private const int PolicyAt = 4, FlagsAt = 8, NiceAt = 16, PriorityAt = 20;
    private const ulong FlagResetOnFork = 1, FlagReclaim = 2, FlagOverrun = 4, FlagKeepPolicy = 8, FlagKeepParams = 16;
    private const ulong KnownFlags = FlagResetOnFork | FlagReclaim | FlagOverrun | FlagKeepPolicy | FlagKeepParams;

    public static long Set(int id, ulong from, uint flags)
    {
        if (id < 0 || from == 0 || flags != 0)
            return -(long)Errno.EINVAL;
        Span<byte> attributes = stackalloc byte[(int)Bytes];
        attributes.Clear();
        var error = Read(from, attributes);
        if (error != Errno.None)
            return -(long)error;
        var asked = BinaryPrimitives.ReadUInt64LittleEndian(attributes.Slice(FlagsAt));
        var policy = BinaryPrimitives.ReadInt32LittleEndian(attributes.Slice(PolicyAt));
        var nice = BinaryPrimitives.ReadInt32LittleEndian(attributes.Slice(NiceAt));
        var priority = BinaryPrimitives.ReadInt32LittleEndian(attributes.Slice(PriorityAt));
        if ((asked & ~KnownFlags) != 0)
            return -(long)Errno.EINVAL;
        nice = nice < SchedulingPolicy.MinNice ? SchedulingPolicy.MinNice : nice > SchedulingPolicy.MaxNice ? SchedulingPolicy.MaxNice : nice;
        using (TaskTree.Lock.Acquire())
        {
            if (Find(id) is not { } task)
                return -(long)Errno.ESRCH;
            if ((asked & FlagKeepPolicy) != 0)
                policy = task.Policy;
            var keeps = (asked & FlagKeepParams) != 0;
            var usesNice = !keeps && policy is SchedulingPolicy.SCHED_OTHER or SchedulingPolicy.SCHED_BATCH;
            return -(long)SchedulingChange.SetPolicy(
                task, policy, keeps ? task.RealTimePriority : priority, usesNice ? nice : null, (asked & FlagResetOnFork) != 0);
        }
    }

    // A longer structure than ours is fine as long as what we do not know is zero. E2BIG tells our size.
    private static Errno Read(ulong from, Span<byte> to)
    {
        if (!UserAccess.TryRead(from, out uint bytes))
            return Errno.EFAULT;
        if (bytes == 0)
            bytes = FirstBytes;
        if (bytes is < FirstBytes or > Frames.Size)
            return TellSize(from);
        var known = bytes < Bytes ? bytes : Bytes;
        if (!UserMemory.TryRead(from, to.Slice(0, (int)known)))
            return Errno.EFAULT;
        for (var at = known; at < bytes; at++)
        {
            if (!UserAccess.TryRead(from + at, out byte rest))
                return Errno.EFAULT;
            if (rest != 0)
                return TellSize(from);
        }

        return Errno.None;
    }

    private static Errno TellSize(ulong at) => UserAccess.TryWrite(at, Bytes) ? Errno.E2BIG : Errno.EFAULT;

    public static long Get(int id, ulong to, uint bytes, uint flags)
    {
        if (id < 0 || to == 0 || flags != 0 || bytes is < FirstBytes or > Frames.Size)
            return -(long)Errno.EINVAL;
        Span<byte> attributes = stackalloc byte[(int)Bytes];
        attributes.Clear();
        var written = bytes < Bytes ? bytes : Bytes;
        BinaryPrimitives.WriteUInt32LittleEndian(attributes, written);
        using (TaskTree.Lock.Acquire())
        {
            if (Find(id) is not { } task)
                return -(long)Errno.ESRCH;
            BinaryPrimitives.WriteInt32LittleEndian(attributes.Slice(PolicyAt), task.Policy);
            BinaryPrimitives.WriteUInt64LittleEndian(attributes.Slice(FlagsAt), task.ResetOnFork ? FlagResetOnFork : 0);
            if (SchedulingPolicy.IsRealTime(task.Policy))
                BinaryPrimitives.WriteInt32LittleEndian(attributes.Slice(PriorityAt), task.RealTimePriority);
            else
                BinaryPrimitives.WriteInt32LittleEndian(attributes.Slice(NiceAt), task.Nice);
        }

        return UserMemory.TryWrite(to, attributes.Slice(0, (int)written)) ? 0 : -(long)Errno.EFAULT;
    }

    private static Task? Find(int id) => id == 0 ? Task.Current : TaskTree.Find(id);
}
