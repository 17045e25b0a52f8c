// What a task needs to sleep for a time, and to go on with an interrupted sleep. Owned by the task itself.
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Time;

namespace Jiffy.Kernel.Tasks;

public sealed partial class Task
{
    /// <summary>Wakes the task at the end of a bounded sleep.</summary>
    internal HighResolutionTimer SleepTimer { get; }

    /// <summary>What restart_syscall goes on with.</summary>
    public RestartBlock Restart;

    private static HighResolutionTimer CreateSleepTimer(Task task) => new(static timer =>
    {
        Scheduler.TryToWakeUp((Task)timer.Owner!, TaskState.Normal);
        return TimerRestart.No;
    }, task);
}
