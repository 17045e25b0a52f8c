// One scale for all policies: 0 (best) to 99 are real-time, 100 to 139 fair. A task has a normal priority, from its policy, and an effective
// one, which is better while a task waits for a lock that it holds. Linux: prio, normal_prio, rt_mutex_setprio().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Sched;

public static class Priorities
{
    /// <summary>The first that is not real-time.</summary>
    public const int FirstFair = SchedulingPolicy.MaxRealTimePriority + 1;

    /// <summary>Of a fair task with nice 0.</summary>
    public const int Default = FirstFair - SchedulingPolicy.MinNice;

    /// <summary>Worse than every task's.</summary>
    public const int None = FirstFair + SchedulingPolicy.MaxNice - SchedulingPolicy.MinNice + 1;

    public static bool IsRealTime(int priority) => priority < FirstFair;

    /// <summary>1 to 99 (best) as programs count, 0 for a fair priority.</summary>
    public static int ToRealTime(int priority) => IsRealTime(priority) ? SchedulingPolicy.MaxRealTimePriority - priority : 0;

    /// <summary>What a policy and its parameters amount to.</summary>
    public static int Of(int policy, int realTimePriority, int nice) => SchedulingPolicy.IsRealTime(policy)
        ? SchedulingPolicy.MaxRealTimePriority - realTimePriority
        : Default + nice;

    /// <summary>The task's own, without what others lend it.</summary>
    public static int NormalOf(Task task) => Of(task.Policy, task.RealTimePriority, task.Nice);
}
