// A pool of workers that many queues share: one per CPU and priority, whose workers are bound to the CPU, and one per priority for unbound queues.
// Per CPU, one worker computes at a time: Running counts the workers that are neither idle nor asleep nor excepted (long computations,
// managers), and as long as there is one no other is woken. A worker that goes to sleep in a handler counts itself out and wakes the next;
// so items go on while some wait, without more threads at work than CPUs. Workers of unbound pools never count: there an item wakes a worker.
// No item is forgotten: whoever makes "items wait and nobody runs" true under Lock (queueing, the last runner's sleep or change of kind) wakes an
// idle worker under the same lock; an idle worker, before it sleeps, looks for items and sets its state under that lock, too.
// Contexts: any (queueing); workers in process context. Lock: Lock guards all fields but those that never change.
// Linux: struct worker_pool, need_more_worker(), kick_pool().
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.Deferred.WorkQueues;

internal readonly struct WorkPoolRank : ILockRank
{
    public static LockRank Rank => LockRank.WorkPool;
}

public sealed partial class WorkerPool
{
    /// <summary>The CPU number of a pool whose workers run anywhere.</summary>
    public const int NoCpu = -1;

    /// <summary>Guards items, workers and places.</summary>
    internal SpinLock<WorkPoolRank, IrqsOff> Lock;

    private LinkedRing<WorkItem, WorkItem.InList> _items;
    private LinkedRing<Worker, Worker.InIdle> _idle; // the one that became idle last is first
    private readonly Worker?[] _workers = new Worker?[MostWorkers];

    internal WorkerPool(int id, int cpu, int nice)
    {
        Id = id;
        Cpu = cpu;
        Nice = nice;
        _idleTimer = new Timer(static timer => ((WorkerPool)timer.Owner!).EndIdleWorkers(), this);
        _maydayTimer = new Timer(static timer => ((WorkerPool)timer.Owner!).CallRescuers(), this);
        _stallTimer = new Timer(static timer => ((WorkerPool)timer.Owner!).LookForStall(), this);
    }

    public int Id { get; }

    /// <summary>Its workers' CPU, or <see cref="NoCpu"/>.</summary>
    public int Cpu { get; }

    /// <summary>Its workers' nice value.</summary>
    public int Nice { get; }

    public bool IsUnbound => Cpu == NoCpu;

    /// <summary>Workers it has; those of them that have nothing to do; those that compute. Hints without the lock.</summary>
    public int Workers { get; private set; }
    public int Idle { get; private set; }
    public int Running { get; private set; }

    /// <summary>Items that no worker has taken yet.</summary>
    internal ref LinkedRing<WorkItem, WorkItem.InList> Items => ref _items;

    // The rules of concurrency. Lock held.
    internal bool NeedsWorker => !_items.IsEmpty && Running == 0;
    private bool KeepsWorking => !_items.IsEmpty && Running <= 1;
    private bool NeedsToMakeWorker => NeedsRescue;

    /// <summary>Items wait, nobody computes and nobody is idle. Lock held.</summary>
    internal bool NeedsRescue => NeedsWorker && Idle == 0;

    /// <summary>Adds an item that is to be run. Lock held, interrupts off.</summary>
    internal void Append(WorkItem item)
    {
        if (_items.IsEmpty)
            BeginWatch();
        _items.AddLast(item);
        Kick();
    }

    /// <summary>Wakes an idle worker if items wait and nobody computes. Lock held.</summary>
    /// <remarks>
    /// A worker stays on the idle list until it runs: several calls may wake the same one, which then finds all items. One that was made just now
    /// and never ran looks for items when it starts.
    /// </remarks>
    internal void Kick()
    {
        if (NeedsWorker && _idle.First is { } worker)
            Scheduler.TryToWakeUp(worker.Task, TaskState.Normal);
    }

    /// <summary>The worker that runs an item now, or null. Lock held.</summary>
    internal Worker? WorkerOf(WorkItem item) =>
        item.LastWorker is { } worker && worker.CurrentItem == item && worker.Pool == this ? worker : null;

    /// <summary>The list an item of this pool is on. Lock held.</summary>
    internal ref LinkedRing<WorkItem, WorkItem.InList> RingOf(WorkItem item)
    {
        if (item.IsInactive)
            return ref item.Place!.InactiveItems;
        if (item.Holder is { } holder)
            return ref holder.Taken;
        return ref _items;
    }

    /// <summary>Puts a barrier behind what a worker runs now. Lock held.</summary>
    internal bool InsertBarrier(FlushBarrier barrier, Worker worker)
    {
        InitBarrier(barrier, worker.CurrentPlace!, worker.CurrentColor);
        barrier.Holder = worker;
        worker.Taken.AddFirst(barrier);
        return true;
    }

    /// <summary>Puts a barrier behind an item that is on a list of this pool; it goes where that goes. Lock held.</summary>
    internal bool InsertBarrier(FlushBarrier barrier, WorkItem target)
    {
        InitBarrier(barrier, target.Place!, target.Color);
        barrier.HasFollower = target.HasFollower;
        barrier.IsInactive = target.IsInactive;
        barrier.Holder = target.Holder;
        target.HasFollower = true;
        RingOf(target).InsertAfter(target, barrier);
        return true;
    }

    private void InitBarrier(FlushBarrier barrier, QueuePlace place, int color)
    {
        barrier.Place = place;
        barrier.LastPool = this;
        barrier.Color = color;
        barrier.HasFollower = false;
        barrier.IsInactive = false;
        barrier.Holder = null;
        place.CountBarrier(color);
    }

    /// <summary>
    /// Gives an item of the pool's list, with the barriers behind it, to a worker that will run it; or, when it is running already, to the worker
    /// that runs it, after which it is that one's turn again: so no item runs twice at once. Lock held. False: it went to another worker.
    /// </summary>
    internal bool Assign(WorkItem item, Worker worker)
    {
        var taker = BrokenTwin.Is(Mistake.RunsTwiceAtOnce) ? worker : WorkerOf(item) ?? worker;
        for (var moved = item; moved is not null;)
        {
            var next = moved.HasFollower ? LinkedRing<WorkItem, WorkItem.InList>.After(moved) : null;
            _items.Remove(moved);
            moved.Holder = taker;
            taker.Taken.AddLast(moved);
            moved = next;
        }

        return taker == worker;
    }

    /// <summary>A running worker stops counting: it sleeps, is idle, or computes long. Lock held.</summary>
    internal void CountOut()
    {
        Running--;
        Kick();
    }

    /// <summary>A worker counts again. Lock held.</summary>
    internal void CountIn() => Running++;
}
