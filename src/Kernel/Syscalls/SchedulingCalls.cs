// System calls of scheduling. man 2 sched_setscheduler, sched_setparam, sched_setattr, sched_setaffinity, sched_yield, sched_rr_get_interval,
// setpriority, getcpu.
using System.Runtime.CompilerServices;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.Syscalls;

internal static class SchedulingCalls
{
    /// <summary>Bytes of a CPU mask here: one bit for each CPU there may be.</summary>
    private const uint MaskBytes = Cpu.Max / 8;

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long Yield()
    {
        Scheduler.Yield();
        return 0;
    }

    public static long SetScheduler(int id, int policy, ulong parameterAt)
    {
        if (policy < 0)
            return -(long)Errno.EINVAL;
        var resets = (policy & SchedulingPolicy.SCHED_RESET_ON_FORK) != 0;
        return SetPolicy(id, policy & ~SchedulingPolicy.SCHED_RESET_ON_FORK, resets, parameterAt);
    }

    public static long SetParam(int id, ulong parameterAt) => SetPolicy(id, -1, false, parameterAt);

    // policy -1: the one it has.
    private static long SetPolicy(int id, int policy, bool resets, ulong parameterAt)
    {
        if (id < 0 || parameterAt == 0)
            return -(long)Errno.EINVAL;
        if (!UserAccess.TryRead(parameterAt, out int priority))
            return -(long)Errno.EFAULT;
        using (TaskTree.Lock.Acquire())
        {
            if (Find(id) is not { } task)
                return -(long)Errno.ESRCH;
            return policy < 0
                ? -(long)SchedulingChange.SetPolicy(task, task.Policy, priority, null, task.ResetOnFork)
                : -(long)SchedulingChange.SetPolicy(task, policy, priority, null, resets);
        }
    }

    public static long GetScheduler(int id)
    {
        if (id < 0)
            return -(long)Errno.EINVAL;
        using (TaskTree.Lock.Acquire())
        {
            if (Find(id) is not { } task)
                return -(long)Errno.ESRCH;
            return task.ResetOnFork ? task.Policy | SchedulingPolicy.SCHED_RESET_ON_FORK : task.Policy;
        }
    }

    public static long GetParam(int id, ulong to)
    {
        if (id < 0 || to == 0)
            return -(long)Errno.EINVAL;
        int priority;
        using (TaskTree.Lock.Acquire())
        {
            if (Find(id) is not { } task)
                return -(long)Errno.ESRCH;
            priority = task.RealTimePriority;
        }

        return UserAccess.TryWrite(to, priority) ? 0 : -(long)Errno.EFAULT;
    }

    public static long PriorityMax(int policy) => PriorityLimit(policy, SchedulingPolicy.MaxRealTimePriority);

    public static long PriorityMin(int policy) => PriorityLimit(policy, SchedulingPolicy.MinRealTimePriority);

    private static long PriorityLimit(int policy, int ofRealTime)
    {
        if (SchedulingPolicy.IsRealTime(policy))
            return ofRealTime;
        return SchedulingPolicy.IsFair(policy) || policy == SchedulingPolicy.SCHED_DEADLINE ? 0 : -(long)Errno.EINVAL;
    }

    public static long RoundRobinInterval(int id, ulong to)
    {
        if (id < 0)
            return -(long)Errno.EINVAL;
        long slice;
        using (TaskTree.Lock.Acquire())
        {
            if (Find(id) is not { } task)
                return -(long)Errno.ESRCH;
            slice = task.Policy == SchedulingPolicy.SCHED_RR ? RealTimeClass.RoundRobinSlice
                : task.Policy == SchedulingPolicy.SCHED_FIFO ? 0
                : Scheduler.Ordinary.SliceOf(task);
        }

        return UserAccess.TryWrite(to, TimeSpec.From(slice)) ? 0 : -(long)Errno.EFAULT;
    }

    public static long SetAffinity(int id, uint bytes, ulong maskAt)
    {
        ulong mask = 0;
        var count = (int)(bytes < MaskBytes ? bytes : MaskBytes);
        System.Span<byte> raw = stackalloc byte[(int)MaskBytes];
        raw.Clear();
        if (!UserMemory.TryRead(maskAt, raw.Slice(0, count)))
            return -(long)Errno.EFAULT;
        for (var i = 0; i < count; i++)
            mask |= (ulong)raw[i] << (8 * i);
        using (TaskTree.Lock.Acquire())
        {
            if (Find(id) is not { } task)
                return -(long)Errno.ESRCH;
            if (!TaskAccess.MayControl(task))
                return -(long)Errno.EPERM;
            if (task.IsBound)
                return -(long)Errno.EINVAL;
            return -(long)Scheduler.SetAffinity(task, new CpuSet(mask).And(CpuSet.FirstN(Cpu.Count)));
        }
    }

    /// <summary>Returns how many bytes of the mask were written, as the raw call does.</summary>
    public static long GetAffinity(int id, uint bytes, ulong maskAt)
    {
        if (bytes < MaskBytes || (bytes & 7) != 0)
            return -(long)Errno.EINVAL;
        CpuSet cpus;
        using (TaskTree.Lock.Acquire())
        {
            if (Find(id) is not { } task)
                return -(long)Errno.ESRCH;
            cpus = task.Affinity.And(Scheduler.Online);
        }

        return UserAccess.TryWrite(maskAt, cpus.Bits) ? MaskBytes : -(long)Errno.EFAULT;
    }

    public static long GetCpu(ulong cpuAt, ulong nodeAt)
    {
        var cpu = (uint)Cpu.Id;
        if (cpuAt != 0 && !UserAccess.TryWrite(cpuAt, cpu))
            return -(long)Errno.EFAULT;
        return nodeAt == 0 || UserAccess.TryWrite(nodeAt, 0u) ? 0 : -(long)Errno.EFAULT;
    }

    private static Task? Find(int id) => id == 0 ? Task.Current : id > 0 ? TaskTree.Find(id) : null;
}
