// System calls of resource limits and usage. man 2 getrlimit, prlimit, getrusage, times.
using System;
using System.Buffers.Binary;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;
using Resource = Jiffy.Kernel.Tasks.Resource;

namespace Jiffy.Kernel.Syscalls;

internal static class LimitCalls
{
    private const int RUSAGE_SELF = 0, RUSAGE_CHILDREN = -1, RUSAGE_THREAD = 1;

    // Unlike with prlimit64, NULL is a bad address here.
    public static long GetRLimit(int resource, ulong to) =>
        to == 0 && (uint)resource < (uint)Resource.Count ? -(long)Errno.EFAULT : PrLimit(0, resource, 0, to);

    public static long SetRLimit(int resource, ulong from) => from == 0 ? -(long)Errno.EFAULT : PrLimit(0, resource, from, 0);

    public static long PrLimit(int id, int resource, ulong newAt, ulong oldAt)
    {
        if ((uint)resource >= (uint)Resource.Count)
            return -(long)Errno.EINVAL;
        var wanted = default(ResourceLimit);
        if (newAt != 0)
        {
            if (!UserAccess.TryRead(newAt, out wanted))
                return -(long)Errno.EFAULT;
            if (wanted.Soft > wanted.Hard)
                return -(long)Errno.EINVAL;
        }

        ResourceLimit old;
        using (TaskTree.Lock.Acquire())
        {
            var task = id == 0 ? Task.Current : TaskTree.Find(id);
            if (task is null)
                return -(long)Errno.ESRCH;
            if (task != Task.Current && !MayChange(task))
                return -(long)Errno.EPERM;
            ref var limit = ref task.Group.Limits[resource];
            old = limit;
            if (newAt != 0)
            {
                if (wanted.Hard > old.Hard && !Task.Current.Credentials.Has(Capability.CAP_SYS_RESOURCE))
                    return -(long)Errno.EPERM;
                if (resource == (int)Resource.NOFILE && wanted.Hard > Files.FileTable.Capacity)
                    return -(long)Errno.EPERM;
                limit = wanted;
            }
        }

        return oldAt != 0 && !UserAccess.TryWrite(oldAt, old) ? -(long)Errno.EFAULT : 0;
    }

    private static bool MayChange(Task task)
    {
        ref var mine = ref Task.Current.Credentials;
        ref var theirs = ref task.Credentials;
        return mine.Has(Capability.CAP_SYS_RESOURCE)
            || (mine.UserId == theirs.UserId && mine.UserId == theirs.EffectiveUserId && mine.UserId == theirs.SavedUserId
                && mine.GroupId == theirs.GroupId && mine.GroupId == theirs.EffectiveGroupId && mine.GroupId == theirs.SavedGroupId);
    }

    public static long GetRUsage(int who, ulong to)
    {
        ResourceUsage usage;
        var current = Task.Current;
        switch (who)
        {
            case RUSAGE_SELF:
                usage = current.Group.TotalUsage();
                break;
            case RUSAGE_CHILDREN:
                using (TaskTree.Lock.Acquire())
                    usage = current.Group.DeadChildren;
                break;
            case RUSAGE_THREAD:
                usage = current.Usage;
                break;
            default:
                return -(long)Errno.EINVAL;
        }

        return TryWriteUsage(to, usage) ? 0 : -(long)Errno.EFAULT;
    }

    /// <summary>Writes struct rusage: 144 bytes.</summary>
    public static bool TryWriteUsage(ulong to, in ResourceUsage usage)
    {
        Span<byte> bytes = stackalloc byte[144];
        bytes.Clear();
        PutTime(bytes, usage.UserTime);
        PutTime(bytes.Slice(16), usage.SystemTime);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.Slice(32), usage.MaxResident);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.Slice(64), usage.MinorFaults);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.Slice(72), usage.MajorFaults);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.Slice(128), usage.VoluntarySwitches);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.Slice(136), usage.InvoluntarySwitches);
        return UserMemory.TryWrite(to, bytes);
    }

    private static void PutTime(Span<byte> to, long nanoseconds)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to, nanoseconds / 1_000_000_000);
        BinaryPrimitives.WriteInt64LittleEndian(to.Slice(8), nanoseconds % 1_000_000_000 / 1000);
    }
}
