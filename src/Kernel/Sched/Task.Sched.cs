// What the scheduler knows of a task. Guards: [wake] WakeLock; [queue] the lock of the run queue named by Cpu, held by the one who changes
// it; [self] only the task itself while it runs. A reader without the lock gets a hint.
// Linux: the scheduling part of struct task_struct, struct sched_entity.
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Machine;

namespace Jiffy.Kernel.Tasks;

public readonly struct TaskWakeRank : ILockRank
{
    public static LockRank Rank => LockRank.TaskWake;
}

/// <summary>Where a task stands with respect to run queues.</summary>
public enum QueueState
{
    /// <summary>On none: sleeping, new, or ended.</summary>
    Off,

    /// <summary>Running on its CPU, or waiting there for its turn.</summary>
    On,

    /// <summary>Runnable, but between two CPUs: whoever took it off puts it on again.</summary>
    Moving,
}

public sealed partial class Task
{
    /// <summary>Serialises wake-ups, moves and changes of policy of this task.</summary>
    internal SpinLock<TaskWakeRank, IrqsOff> WakeLock;

    /// <summary>The CPU it runs on, waits for, or ran on last. [queue, wake]</summary>
    public int CpuIndex { get; internal set; }

    internal QueueState QueueState;      // [queue]
    internal SchedulingClass Class = null!; // [queue, wake]

    /// <summary>SCHED_*. [queue, wake]</summary>
    public int Policy { get; internal set; }

    /// <summary>-20 (most CPU) to 19. [queue, wake]</summary>
    public int Nice { get; internal set; }

    /// <summary>1 to 99 (best) for SCHED_FIFO and SCHED_RR, else 0. [queue, wake]</summary>
    public int RealTimePriority { get; internal set; }

    /// <summary>
    /// What counts now, on the scale of <see cref="Priorities"/>: its own priority, or a better one lent by a task that waits for a lock it holds.
    /// The policy stays what it is. [queue, wake]
    /// </summary>
    public int EffectivePriority { get; internal set; }

    /// <summary>Children start with SCHED_OTHER and no negative nice. [wake]</summary>
    public bool ResetOnFork { get; internal set; }

    /// <summary>The CPUs it may run on. [queue, wake]</summary>
    public CpuSet Affinity { get; internal set; }

    /// <summary>User space may not change its affinity (a kernel thread that belongs to a CPU).</summary>
    public bool IsBound { get; internal set; }

    // The fair class's share. [queue]
    internal TreeLinks<Task> FairLinks;
    internal long VirtualRunTime;
    internal int Weight;

    // The O(1) policy's share. [queue]
    private Links<Task> _ordinaryLinks;
    internal int OrderOneLevel, OrderOneList;
    internal long AverageSleep; // nanoseconds
    internal long TurnLeft;     // nanoseconds
    internal bool HasExpired;   // it waits, or will when it is put back, for the arrays to change their roles
    internal bool IsFirstTurn;  // what is left of the turn came from the parent

    // The real-time class's share. [queue]
    private Links<Task> _realTimeLinks;
    internal long SliceLeft;

    /// <summary>Nanoseconds of CPU time up to the last update. [queue]</summary>
    internal long RunTime;

    /// <summary>When <see cref="RunTime"/> was last brought up to date while it ran. [queue]</summary>
    internal long RunningSince;

    /// <summary>RunTime when it was last given the CPU. [queue]</summary>
    internal long RunTimeAtPick;

    /// <summary>Times the task was found in user mode and in kernel mode by the tick. [self, tick]</summary>
    internal long UserTicks, SystemTicks;

    // What UserTime and SystemTime told last: they never go back.
    internal long UserTimeTold, SystemTimeTold;

    /// <summary>Switches away because it slept, and because another was better. [queue]</summary>
    public long VoluntarySwitches { get; internal set; }
    public long InvoluntarySwitches { get; internal set; }

    /// <summary>When it was made, in monotonic nanoseconds. Set by fork.</summary>
    public long StartTime { get; internal set; }

    /// <summary>CPU time used in user mode, in nanoseconds. Any context.</summary>
    public long UserTime
    {
        get
        {
            CpuTime.Split(this, out var user, out _);
            return user;
        }
    }

    /// <summary>CPU time used in the kernel, in nanoseconds. Any context.</summary>
    public long SystemTime
    {
        get
        {
            CpuTime.Split(this, out _, out var system);
            return system;
        }
    }

    /// <summary>CPU time used so far, exact also while it runs, in nanoseconds. Any context.</summary>
    public long TotalRunTime => CpuTime.Total(this);

    /// <summary>True for the task that a CPU runs when it has nothing to do.</summary>
    public bool IsIdle => Class == IdleClass.Instance;

    internal readonly struct InFairTree : ITreeItem<Task>
    {
        public static ref TreeLinks<Task> Links(Task item) => ref item.FairLinks;

        // By difference: virtual time may wrap.
        public static int Compare(Task a, Task b) => (a.VirtualRunTime - b.VirtualRunTime) < 0 ? -1 : 1;

        public static bool IsAugmented => false;

        public static void Augment(Task item, Task? left, Task? right)
        {
        }
    }

    internal readonly struct InOrdinaryList : ILinksOf<Task>
    {
        public static ref Links<Task> Of(Task item) => ref item._ordinaryLinks;
    }

    internal readonly struct InRealTimeList : ILinksOf<Task>
    {
        public static ref Links<Task> Of(Task item) => ref item._realTimeLinks;
    }
}
