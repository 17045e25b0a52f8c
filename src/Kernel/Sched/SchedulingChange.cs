// Changes of scheduling that a program asks for: what is checked, and who may. The target is found and changed under TaskTree.Lock.
// Context: process. Linux: __sched_setscheduler()'s checks, can_nice(). man 7 sched, 2 setpriority.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Sched;

internal static class SchedulingChange
{
    /// <summary>Whether a policy exists, and the priority fits it.</summary>
    public static bool IsValid(int policy, int priority)
    {
        if (SchedulingPolicy.IsRealTime(policy))
            return priority is >= SchedulingPolicy.MinRealTimePriority and <= SchedulingPolicy.MaxRealTimePriority;
        return SchedulingPolicy.IsFair(policy) && priority == 0;
    }

    /// <summary>Sets policy and priority; <paramref name="nice"/> null leaves it. EINVAL, EPERM. TaskTree.Lock held.</summary>
    public static Errno SetPolicy(Task task, int policy, int priority, int? nice, bool resetOnFork)
    {
        if (!IsValid(policy, priority))
            return Errno.EINVAL;
        var wantedNice = nice ?? task.Nice;
        if (!MaySetPolicy(task, policy, priority, wantedNice, resetOnFork))
            return Errno.EPERM;
        Scheduler.SetPolicy(task, policy, priority, wantedNice, resetOnFork);
        return Errno.None;
    }

    /// <summary>Sets the nice value, cut to its range. EPERM: not the caller's task; EACCES: better than it may be. TaskTree.Lock held.</summary>
    public static Errno SetNice(Task task, int nice)
    {
        if (!TaskAccess.MayControl(task))
            return Errno.EPERM;
        nice = nice < SchedulingPolicy.MinNice ? SchedulingPolicy.MinNice : nice > SchedulingPolicy.MaxNice ? SchedulingPolicy.MaxNice : nice;
        if (nice < task.Nice && !MayHaveNice(task, nice))
            return Errno.EACCES;
        Scheduler.SetNice(task, nice);
        return Errno.None;
    }

    private static bool MaySetPolicy(Task task, int policy, int priority, int nice, bool resetOnFork)
    {
        if (Task.Current.Credentials.Has(Capability.CAP_SYS_NICE))
            return true;
        if (!TaskAccess.MayControl(task) || (task.ResetOnFork && !resetOnFork))
            return false;
        if (nice < task.Nice && !MayHaveNice(task, nice))
            return false;
        if (!SchedulingPolicy.IsRealTime(policy))
            return task.Policy != SchedulingPolicy.SCHED_IDLE || policy == SchedulingPolicy.SCHED_IDLE || MayHaveNice(task, task.Nice);
        var most = task.Group.SoftLimit(Resource.RTPRIO);
        return most > 0 && ((ulong)priority <= most || priority <= task.RealTimePriority);
    }

    // RLIMIT_NICE counts the other way round: 1 (nice 19) to 40 (nice -20).
    private static bool MayHaveNice(Task task, int nice) =>
        Task.Current.Credentials.Has(Capability.CAP_SYS_NICE) || (ulong)(20 - nice) <= task.Group.SoftLimit(Resource.NICE);
}
