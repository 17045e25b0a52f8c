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
    private bool _isBarrier;    // [pool] what it runs is a flush's

    internal LinkedRing<WorkItem, WorkItem.InList> Taken; // [pool] items it will run next

    /// <summary>Where workers come from. Made by Init.</summary>
    internal static Pool<Worker, Pooled> Store = null!;

    internal WorkerPool? Pool { get; private set; } // [pool] for rescuers
    internal Task Task { get; set; } = null!;
    internal int Id { get; private set; }

    /// <summary>It has a thread. [pool]</summary>
    internal bool IsStarted { get; set; }

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
        IsStarted = false;
        CurrentItem = null;
        CurrentPlace = null;
        _descriptionLength = 0;
    }

    /// <summary>A rescuer works for a pool for a while; null: it has left. Its own thread.</summary>
    internal void MoveTo(WorkerPool? pool) => Pool = pool;

    /// <summary>The life of a pool's worker: what to do next is decided under the pool's lock, and done without.</summary>
    internal int Live()
    {
        Task.Current.Worker = this;
        while (true)
        {
            switch (Decide())
            {
                case Step.Run:
                    Run(CurrentItem!);
                    break;
                case Step.MakeWorker:
                    Pool!.MakeWorkerHowever();
                    break;
                case Step.Sleep:
                    Scheduler.Schedule();
                    break;
                default:
                    End();
                    return 0;
            }
        }
    }

    private enum Step
    {
        /// <summary>Run CurrentItem.</summary>
        Run,

        /// <summary>Make another worker: nobody would be idle when this one begins to work.</summary>
        MakeWorker,

        /// <summary>Idle; the task's state says so.</summary>
        Sleep,

        /// <summary>Idle for too long.</summary>
        End,
    }

    private Step Decide()
    {
        var pool = Pool!;
        using (pool.Lock.Acquire())
        {
            if (CurrentItem is not null)
                EndItem();
            if (IsDying)
                return Step.End;
            if (Taken.First is { } taken)
                return Begin(taken);
            if ((_kind & WorkerKind.Preparing) != 0 && GetReady(pool))
                return Step.MakeWorker;
            if ((_kind & WorkerKind.Preparing) == 0)
            {
                if (FindItem(pool) is { } item)
                    return Begin(item);
                Add(WorkerKind.Preparing);
            }

            pool.EnterIdle(this);
            Task.SetState(TaskState.Idle); // under the lock under which others wake it
            return Step.Sleep;
        }
    }

    // Leaves the idle ones, and counts as running if there is work. True: it must make another worker first. Lock held.
    private bool GetReady(WorkerPool pool)
    {
        Task.SetStateRelaxed(TaskState.Running);
        if (!pool.EndManaging(this))
            pool.LeaveIdle(this);
        if (!pool.NeedsWorker)
            return false;
        if (pool.TryBeginManaging(this))
            return true;
        Remove(WorkerKind.Preparing);
        return false;
    }

    // What is running elsewhere goes to the worker that runs it. Lock held.
    private WorkItem? FindItem(WorkerPool pool)
    {
        while (pool.NextItem is { } item)
        {
            if (pool.Assign(item, this))
                return Taken.First;
        }

        return null;
    }

    private Step Begin(WorkItem item)
    {
        BeginItem(item, item.Place!);
        return Step.Run;
    }

    private void End()
    {
        using (TaskTree.Lock.Acquire())
            Task.Current.Worker = null;
        Pool!.Leave(this);
        Store.Give(this);
    }

    /// <summary>For a rescuer: ends the item it has run, and begins the next of those it has taken; null: there is none. Takes the pool's lock.</summary>
    internal WorkItem? BeginNextTaken()
    {
        using (Pool!.Lock.Acquire())
        {
            if (CurrentItem is not null)
                EndItem();
            if (Taken.First is { } item)
                Begin(item);
            return CurrentItem;
        }
    }

    /// <summary>Runs the handler of the item that was begun. After that the item is not touched: it may be somebody else's.</summary>
    internal static void Run(WorkItem item)
    {
        item.Run();
        if (BrokenTwin.Is(Mistake.ClearsPendingLate))
            item.ReleaseClaim();
        if (Preemption.Count != 0 || !Cpu.InterruptsOn || Task.Current.SleepingLocks != 0)
            Invariant.Fail("a work item's handler left a lock taken, or preemption or interrupts off");
    }

    // Lock held. Who looks for the item from here on finds it running.
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
        _isBarrier = item.IsBarrier;
        Describe(place.Queue.Name);
        if (place.Queue.IsCpuIntensive)
            Add(WorkerKind.CpuIntensive);
        Pool!.NoteProgress();
        Pool.Kick(); // unbound pools: one worker wakes the next as long as items wait
        if (!BrokenTwin.Is(Mistake.ClearsPendingLate))
            item.ReleaseClaim(); // before the handler: see WorkItem
    }

    // Lock held. The item is compared with, no more.
    private void EndItem()
    {
        var place = CurrentPlace!;
        if ((_kind & WorkerKind.CpuIntensive) != 0)
            Remove(WorkerKind.CpuIntensive);
        CurrentItem = null;
        CurrentPlace = null;
        place.ItemEnded(CurrentColor, isCounted: !_isBarrier);
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
