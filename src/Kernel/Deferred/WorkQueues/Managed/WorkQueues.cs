// The pools, the queues that the system has for everybody, and the list of all queues.
// Queueing works from Init on; items wait until StartWorkers has given each pool its first worker, as soon as threads can be made.
// Contexts: Init at boot; the rest in process context. Lock: s_listLock guards the list of queues and freezing.
// Linux: workqueue_init_early(), workqueue_init(), system_wq and its fellows, freeze_workqueues_begin(), thaw_workqueues().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.Deferred.WorkQueues;

public static class WorkQueues
{
    internal readonly struct ListRank : ILockRank
    {
        public static LockRank Rank => LockRank.WorkQueueList;
    }

    /// <summary>The most queues there may be.</summary>
    public const int MostQueues = 256;

    /// <summary>An idle worker above the number that is kept ends after so many ticks: five minutes.</summary>
    public const long UsualIdleTicks = 300L * Jiffies.PerSecond;

    private const int PoolsPerCpu = 2, HighNice = -20;

    private static Mutex<ListRank> s_listLock; // guards the list of queues, creating and freezing
    private static WorkerPool[] s_pools = null!;
    private static long s_idleTicks;
    private static bool s_hasWorkers;

    internal static LinkedRing<WorkQueue, WorkQueue.InAll> All;

    /// <summary>For short items of everybody.</summary>
    public static WorkQueue Events { get; private set; } = null!;

    /// <summary>The same at high priority.</summary>
    public static WorkQueue HighPriorityEvents { get; private set; } = null!;

    /// <summary>For items that may take long: whoever flushes <see cref="Events"/> does not wait for them.</summary>
    public static WorkQueue LongEvents { get; private set; } = null!;

    /// <summary>For items that may run anywhere, as many as there are.</summary>
    public static WorkQueue UnboundEvents { get; private set; } = null!;

    /// <summary>For items that must not run while the system is frozen.</summary>
    public static WorkQueue FreezableEvents { get; private set; } = null!;

    /// <summary>For items that an idle CPU need not be woken for; see <see cref="WorkQueueFlags.PowerEfficient"/>.</summary>
    public static WorkQueue PowerEfficientEvents { get; private set; } = null!;
    public static WorkQueue FreezablePowerEfficientEvents { get; private set; } = null!;

    /// <summary>Power-efficient queues are unbound.</summary>
    public static bool SavesPower { get; private set; }

    /// <summary>Ticks after which an idle worker too many ends; also for those that are idle already. Any context but hardirq.</summary>
    public static long IdleTicks
    {
        get => s_idleTicks;
        set
        {
            s_idleTicks = value;
            for (var i = 0; i < s_pools.Length; i++)
                s_pools[i].LookForIdleWorkers();
        }
    }

    /// <summary>Freezable queues begin no item.</summary>
    public static bool IsFrozen { get; private set; }

    /// <summary>Makes pools and system queues. Boot, after the scheduler's Init.</summary>
    /// <param name="savesPower">workqueue.power_efficient</param>
    /// <param name="stallSeconds">workqueue.watchdog_thresh: a pool that makes no progress for so long is told of in the log; zero: never.</param>
    public static void Init(bool savesPower = false, int stallSeconds = WorkerPool.UsualStallSeconds)
    {
        s_listLock = default;
        All = default;
        SavesPower = savesPower;
        s_idleTicks = UsualIdleTicks;
        IsFrozen = false;
        s_hasWorkers = false;
        BrokenTwin.Mistake = Mistake.None;
        WorkerPool.StallTicks = (long)stallSeconds * Jiffies.PerSecond;
        Rescuer.Init();
        FlushWaits.Init();
        MakePools();
        Worker.Store = new Pool<Worker, Worker.Pooled>("worker", TaskTree.MaxThreads);
        WorkQueue.Pool = new Pool<WorkQueue, WorkQueue.Pooled>("workqueue", MostQueues);
        MakeSystemQueues();
        ThreadedWorkQueue.Init();
    }

    /// <summary>Gives each pool its first worker. Process context, once kthreadd is there; may sleep.</summary>
    public static void StartWorkers()
    {
        using (LockList())
        {
            s_hasWorkers = true;
            for (var i = 0; i < s_pools.Length; i++)
            {
                if (s_pools[i] != PoolFor(WorkerPool.NoCpu, isHighPriority: true) && s_pools[i].MakeWorker() != Errno.None)
                    Panic.Stop("No first worker for a pool");
            }
        }
    }

    /// <summary>Unbound queues of high priority are rare: their pool gets its first worker with the first of them. List locked; may sleep.</summary>
    internal static Errno WantRarePool()
    {
        var pool = PoolFor(WorkerPool.NoCpu, isHighPriority: true);
        return s_hasWorkers && pool.Workers == 0 ? pool.MakeWorker() : Errno.None;
    }

    /// <summary>How many pools there are.</summary>
    public static int PoolCount => s_pools.Length;

    public static WorkerPool PoolAt(int index) => s_pools[index];

    /// <summary>The pool of a CPU (<see cref="WorkerPool.NoCpu"/>: the unbound one) and priority.</summary>
    public static WorkerPool PoolFor(int cpu, bool isHighPriority) =>
        s_pools[(cpu == WorkerPool.NoCpu ? Cpu.Count : cpu) * PoolsPerCpu + (isHighPriority ? 1 : 0)];

    /// <summary>
    /// Items of freezable queues do not begin any more; those under way go on. Ended by <see cref="Thaw"/>. May sleep.
    /// </summary>
    public static void FreezeBegin()
    {
        using (LockList())
        {
            IsFrozen = true;
            for (var queue = All.First; queue is not null; queue = LinkedRing<WorkQueue, WorkQueue.InAll>.After(queue))
                queue.Freeze();
        }
    }

    /// <summary>Items of frozen queues are still under way. May sleep.</summary>
    public static bool IsFreezeBusy()
    {
        using (LockList())
        {
            for (var queue = All.First; queue is not null; queue = LinkedRing<WorkQueue, WorkQueue.InAll>.After(queue))
            {
                if ((queue.Flags & WorkQueueFlags.Freezable) != 0 && queue.HasActive())
                    return true;
            }
        }

        return false;
    }

    /// <summary>Frozen queues go on. May sleep.</summary>
    public static void Thaw()
    {
        using (LockList())
        {
            if (!IsFrozen)
                return;
            IsFrozen = false;
            for (var queue = All.First; queue is not null; queue = LinkedRing<WorkQueue, WorkQueue.InAll>.After(queue))
                queue.Thaw();
        }
    }

    internal static Mutex<ListRank>.Guard LockList() => s_listLock.Acquire();

    private static void MakePools()
    {
        s_pools = new WorkerPool[(Cpu.Count + 1) * PoolsPerCpu];
        for (var i = 0; i < s_pools.Length; i++)
        {
            var cpu = i / PoolsPerCpu;
            s_pools[i] = new WorkerPool(i, cpu == Cpu.Count ? WorkerPool.NoCpu : cpu, i % PoolsPerCpu == 0 ? 0 : HighNice);
        }
    }

    private static void MakeSystemQueues()
    {
        Events = Make("events"u8, WorkQueueFlags.None);
        HighPriorityEvents = Make("events_highpri"u8, WorkQueueFlags.HighPriority);
        LongEvents = Make("events_long"u8, WorkQueueFlags.None);
        UnboundEvents = Make("events_unbound"u8, WorkQueueFlags.Unbound);
        FreezableEvents = Make("events_freezable"u8, WorkQueueFlags.Freezable);
        PowerEfficientEvents = Make("events_power_efficient"u8, WorkQueueFlags.PowerEfficient);
        FreezablePowerEfficientEvents = Make("events_freezable_pwr_efficient"u8, WorkQueueFlags.Freezable | WorkQueueFlags.PowerEfficient);
    }

    private static WorkQueue Make(System.ReadOnlySpan<byte> name, WorkQueueFlags flags)
    {
        var made = WorkQueue.Create(name, flags);
        if (!made.TryGet(out var queue))
            Panic.Stop("No memory for a system work queue", (long)made.Error);
        return queue;
    }
}
