// What a task needs to sleep for a time, and to go on with an interrupted sleep. Owned by the task itself, but for the slack.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Time;

namespace Jiffy.Kernel.Tasks;

public sealed partial class Task
{
    /// <summary>By how much a sleep may last longer than asked for, until a program says otherwise. Nanoseconds, as on Linux.</summary>
    public const long UsualTimerSlack = 50_000;

    /// <summary>Wakes the task at the end of a bounded sleep.</summary>
    internal HighResolutionTimer SleepTimer { get; }

    /// <summary>Wakes the task at the end of a sleep that is counted in ticks.</summary>
    internal Timer TimeoutTimer { get; }

    /// <summary>What restart_syscall goes on with.</summary>
    public RestartBlock Restart;

    /// <summary>How much longer its sleeps may last, in nanoseconds. PR_SET_TIMERSLACK; a child starts with its parent's. Written by anyone.</summary>
    public long TimerSlack { get; internal set; } = UsualTimerSlack;

    /// <summary>What PR_SET_TIMERSLACK goes back to: the slack of the parent at fork.</summary>
    public long DefaultTimerSlack { get; internal set; } = UsualTimerSlack;

    /// <summary>The slack that counts: none for real-time priorities, own or lent.</summary>
    internal long SleepSlack => Priorities.IsRealTime(EffectivePriority) ? 0 : TimerSlack;

    private static HighResolutionTimer CreateSleepTimer(Task task) => new(static timer =>
    {
        Scheduler.TryToWakeUp((Task)timer.Owner!, TaskState.Normal);
        return TimerRestart.No;
    }, task, "hrtimer_wakeup");

    // Whatever the sleep's state: the sleeper looks again.
    private static Timer CreateTimeoutTimer(Task task) =>
        new(static timer => Scheduler.TryToWakeUp((Task)timer.Owner!, TaskState.Normal), task, name: "process_timeout");
}
