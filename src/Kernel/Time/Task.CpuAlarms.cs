// A thread's part of CPU-time clocks: the alarms on its own clock, and the one that ends its sleep on any. Guard: TaskTree.Lock.
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Time;

namespace Jiffy.Kernel.Tasks;

public sealed partial class Task
{
    /// <summary>Alarms on this thread's CPU time.</summary>
    internal CpuAlarms CpuAlarms;

    /// <summary>Wakes the task at the end of a sleep on a CPU-time clock.</summary>
    internal CpuAlarm SleepAlarm { get; }

    private static CpuAlarm CreateSleepAlarm(Task task) =>
        new(static alarm => Scheduler.TryToWakeUp((Task)alarm.Owner, TaskState.Normal), task);
}
