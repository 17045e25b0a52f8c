// One CPU's runnable tasks. Lock: Lock guards everything here and the [queue] fields of its tasks; it is held across the context switch and
// released by the successor. Two at once: the lower CPU index first. Contexts: any; interrupts off while held. Linux: struct rq.
using System.Threading;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sched;

public readonly struct RunQueueRank : ILockRank
{
    public static LockRank Rank => LockRank.RunQueue;
}

public sealed class RunQueue
{
    private static RunQueue[] s_all = null!;

    internal SpinLock<RunQueueRank, IrqsOff> Lock;
    internal Task Current;
    internal readonly FairQueue Fair = new();
    internal readonly RealTimeQueue RealTime = new();

    // Runnable tasks, the running one too, the idle task not. Written under Lock, read by anyone as a hint.
    private int _runnable;

    internal RunQueue(int cpu, Task idle)
    {
        Index = cpu;
        Idle = idle;
        Current = idle;
    }

    /// <summary>Index of the CPU it belongs to.</summary>
    public int Index { get; }

    /// <summary>The task that runs when nothing else does.</summary>
    public Task Idle { get; }

    /// <summary>The run queue of a CPU that was found at start-up.</summary>
    public static RunQueue Of(int cpu) => s_all[cpu];

    /// <summary>This CPU's. Stays true only while preemption is off.</summary>
    public static RunQueue Here => s_all[Cpu.Id];

    public int Runnable => Volatile.Read(ref _runnable);

    /// <summary>Nothing runs and nothing waits: a hint.</summary>
    public bool IsIdle => Volatile.Read(ref Current) == Idle && Runnable == 0;

    /// <summary>The task on the CPU now: a hint unless Lock is held.</summary>
    public Task Running => Volatile.Read(ref Current);

    /// <summary>Context switches on this CPU. Written under Lock.</summary>
    public long Switches { get; internal set; }

    /// <summary>Times, beside the switches, that this CPU was seen in no reader of RCU. Written under Lock.</summary>
    internal long QuietPoints;

    /// <summary>Tasks that went to sleep uninterruptibly here less those that woke here: only the sum over all CPUs means something.</summary>
    internal int Uninterruptible;

    /// <summary>Another CPU asked this idle one to fetch work.</summary>
    internal int WantsBalance;

    /// <summary>The earliest time of the next periodic balancing.</summary>
    internal long NextBalance;

    internal static void InitAll(int count) => s_all = new RunQueue[count];

    internal static void Set(int cpu, RunQueue queue) => s_all[cpu] = queue;

    internal void SetCurrent(Task task) => Volatile.Write(ref Current, task);

    internal void CountRunnable(int change) => Volatile.Write(ref _runnable, _runnable + change);
}
