// A worker: a kernel thread of a pool that runs items, one after the other, and is idle in between. The scheduler tells its pool when it sleeps.
// Guards: [pool] the lock of Pool; [self] the worker's thread. Kind is changed by the worker under the pool's lock, so it reads it without.
// Contexts: process. Linux: struct worker, worker_thread(), process_one_work(), wq_worker_sleeping(), wq_worker_running().
using System;
using System.Threading;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Deferred.WorkQueues;

/// <summary>Reasons why a worker does not count as running in its pool.</summary>
[Flags]
internal enum WorkerKind
{
    Counts = 0,

    /// <summary>Idle, or getting ready; a rescuer always.</summary>
    Preparing = 1,

    /// <summary>Runs an item of a CPU-intensive queue.</summary>
    CpuIntensive = 2,

    /// <summary>Belongs to an unbound pool.</summary>
    Unbound = 4,
}

public sealed partial class Worker
{
    private Links<Worker> _poolLinks, _idleLinks;
    private WorkerKind _kind;  // [pool], [self]
    private bool _isCountedOut; // [self] asleep in a handler

    internal LinkedRing<WorkItem, WorkItem.InList> Taken; // [pool] items it will run next

    /// <summary>Where workers come from. Made by Init.</summary>
    internal static Pool<Worker, Pooled> Store = null!;

    internal WorkerPool? Pool { get; private set; } // [pool] for rescuers
    internal Task Task { get; set; } = null!;
    internal int Id { get; private set; }

    /// <summary>Took too long a rest: its thread ends. [pool]</summary>
    internal bool IsDying { get; set; }

    /// <summary>Tick at which it became idle. [pool]</summary>
    internal long IdleSince { get; set; }

    /// <summary>What it runs, for which place and generation, since when (nanoseconds). [pool]</summary>
    internal WorkItem? CurrentItem;
    internal QueuePlace? CurrentPlace { get; private set; }
    internal int CurrentColor { get; private set; }
    internal long CurrentSince { get; private set; }

    /// <summary>The worker whose process context this is, or null: also in interrupts.</summary>
    internal static Worker? Current => Context.InProcess ? Task.Current.Worker : null;

    /// <summary>Makes it new, for a pool or (null) as a rescuer.</summary>
    internal void Begin(WorkerPool? pool, int id)
    {
        Pool = pool;
        Id = id;
        _kind = WorkerKind.Preparing | (pool is { IsUnbound: true } ? WorkerKind.Unbound : 0);
        _isCountedOut = false;
        Taken = default;
        IsDying = false;
        CurrentItem = null;
        CurrentPlace = null;
        _descriptionLength = 0;
    }

    /// <summary>A rescuer works for a pool for a while; null: it has left. Its own thread.</summary>
    internal void MoveTo(WorkerPool? pool) => Pool = pool;

    /// <summary>The life of a pool's worker.</summary>
    internal int Live()
    {
        var current = Task.Current;
        var pool = Pool!;
        current.Worker = this;
        while (true)
        {
            pool.Lock.AcquireUnguarded();
            if (IsDying)
                break;
            pool.LeaveIdle(this);
            if (pool.MayWork())
                Work(pool);
            pool.EnterIdle(this);
            current.SetState(TaskState.Idle); // under the lock under which others wake it
            pool.Lock.Release(true);
            Scheduler.Schedule();
        }

        pool.Lock.Release(true);
        current.SetStateRelaxed(TaskState.Running);
        using (TaskTree.Lock.Acquire())
            current.Worker = null;
        pool.Leave(this);
        Store.Give(this);
        return 0;
    }

    // Lock held at entry and exit.
    private void Work(WorkerPool pool)
    {
        Remove(WorkerKind.Preparing);
        while (pool.NextItem is { } item)
        {
            if (pool.Assign(item, this))
                RunTaken();
        }

        Add(WorkerKind.Preparing);
    }

    /// <summary>Runs what it has taken, and what others put there meanwhile. The pool's lock held at entry and exit.</summary>
    internal void RunTaken()
    {
        while (Taken.First is { } item)
            RunOne(item);
    }

    private void RunOne(WorkItem item)
    {
        var pool = Pool!;
        var place = item.Place!;
        var isCounted = !item.IsBarrier;
        BeginItem(item, place);
        if (place.Queue.IsCpuIntensive)
            Add(WorkerKind.CpuIntensive);
        pool.NoteProgress();
        pool.Kick(); // unbound pools: one worker wakes the next as long as items wait

        if (!BrokenTwin.Is(Mistake.ClearsPendingLate))
            item.ReleaseClaim(); // before the handler: see WorkItem
        pool.Lock.Release(true);
        item.Run();
        if (BrokenTwin.Is(Mistake.ClearsPendingLate))
            item.ReleaseClaim();
        CheckHandler();

        // From here on the item is not touched: it may be somebody else's.
        pool.Lock.AcquireUnguarded();
        if ((_kind & WorkerKind.CpuIntensive) != 0)
            Remove(WorkerKind.CpuIntensive);
        CurrentItem = null;
        CurrentPlace = null;
        place.ItemEnded(CurrentColor, isCounted);
    }

    private void BeginItem(WorkItem item, QueuePlace place)
    {
        Taken.Remove(item);
        item.Place = null;
        item.Holder = null;
        Volatile.Write(ref item.LastWorker, this);
        Volatile.Write(ref CurrentItem, item);
        CurrentPlace = place;
        CurrentColor = item.Color;
        CurrentSince = Clock.Now;
        Describe(place.Queue.Name);
    }

    private static void CheckHandler()
    {
        if (Preemption.Count != 0 || !Cpu.InterruptsOn || Task.Current.SleepingLocks != 0)
            Invariant.Fail("a work item's handler left a lock taken, or preemption or interrupts off");
    }

    // The kind changes under the pool's lock, and with it whether the worker counts.
    private void Add(WorkerKind kind)
    {
        var counted = _kind == WorkerKind.Counts;
        _kind |= kind;
        if (counted)
            Pool!.CountOut();
    }

    private void Remove(WorkerKind kind)
    {
        _kind &= ~kind;
        if (_kind == WorkerKind.Counts)
            Pool!.CountIn();
    }

    /// <summary>
    /// The worker's task is about to sleep, its state says so already: it stops counting, and when it was the last one the next is woken. Called by
    /// the scheduler before the switch, preemption on. If somebody wakes it before it has left the CPU, <see cref="Woke"/> follows just so.
    /// </summary>
    internal void FallsAsleep()
    {
        if (_kind != WorkerKind.Counts || _isCountedOut || BrokenTwin.Is(Mistake.SleepsUncounted))
            return;
        _isCountedOut = true;
        using (Pool!.Lock.Acquire())
            Pool.CountOut();
    }

    /// <summary>The worker's task runs again, on its way out of the scheduler.</summary>
    internal void Woke()
    {
        if (!_isCountedOut)
            return;
        using (Pool!.Lock.Acquire())
            Pool.CountIn();
        _isCountedOut = false;
    }

    internal readonly struct Pooled : IPooled<Worker>
    {
        public static ref Links<Worker> Of(Worker item) => ref item._poolLinks;
        public static Worker Create() => new();
        public static int Bytes => 384;
    }

    internal readonly struct InIdle : ILinksOf<Worker>
    {
        public static ref Links<Worker> Of(Worker item) => ref item._idleLinks;
    }
}
