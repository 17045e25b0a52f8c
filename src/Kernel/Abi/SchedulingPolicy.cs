// Scheduling policies and limits as sched(7) numbers them.
namespace Jiffy.Kernel.Abi;

public static class SchedulingPolicy
{
    public const int SCHED_OTHER = 0;
    public const int SCHED_FIFO = 1;
    public const int SCHED_RR = 2;
    public const int SCHED_BATCH = 3;
    public const int SCHED_IDLE = 5;
    public const int SCHED_DEADLINE = 6;

    /// <summary>Or-ed to the policy in sched_setscheduler: children start as ordinary tasks.</summary>
    public const int SCHED_RESET_ON_FORK = 0x40000000;

    public const int MinRealTimePriority = 1;
    public const int MaxRealTimePriority = 99;

    public const int MinNice = -20;
    public const int MaxNice = 19;

    public static bool IsRealTime(int policy) => policy is SCHED_FIFO or SCHED_RR;
    public static bool IsFair(int policy) => policy is SCHED_OTHER or SCHED_BATCH or SCHED_IDLE;
}
