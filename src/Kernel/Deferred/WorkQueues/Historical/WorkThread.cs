// One thread of a historical work queue, and its list: takes the items in the order they came, one at a time. An item that sleeps holds all
// behind it up; that is the price of this kind, which the managed kind was made to avoid.
// No item is forgotten: it is put on the list under Lock, then the thread is woken; the thread queues itself to sleep, then looks at the list.
// Contexts: Insert in any; the life in process context. Lock: Lock guards list and CurrentItem. Linux 2.6: struct cpu_workqueue_struct,
// worker_thread(), run_workqueue(), insert_wq_barrier().
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;

namespace Jiffy.Kernel.Deferred.WorkQueues;

internal sealed class WorkThread
{
    internal SpinLock<WorkPoolRank, IrqsOff> Lock; // guards the items of one thread, and what it runs

    private readonly WaitQueue _more = new();
    private LinkedRing<WorkItem, WorkItem.InList> _items;

    internal WorkThread(ThreadedWorkQueue queue, int cpu)
    {
        Queue = queue;
        Cpu = cpu;
    }

    public ThreadedWorkQueue Queue { get; }
    public int Cpu { get; }

    /// <summary>The thread; null: not made.</summary>
    public Task? Task { get; private set; }

    public ReadOnlySpan<byte> Name => Task is { } task ? task.Name : default;

    /// <summary>What its handler waits for in a flush. Guard: FlushWaits.Lock.</summary>
    internal WorkThread? WaitsFor;

    /// <summary>What it runs, since when (nanoseconds), how many it has run, how many wait. [Lock]</summary>
    internal WorkItem? CurrentItem { get; private set; }
    internal long CurrentSince { get; private set; }
    internal long Runs { get; private set; }
    internal int Waiting { get; private set; }

    internal void Reset()
    {
        Task = null;
        _items = default;
        WaitsFor = null;
        CurrentItem = null;
        Runs = 0;
        Waiting = 0;
    }

    /// <summary>Makes the thread, bound to the CPU unless there is but one for all. May sleep. EAGAIN, ENOMEM.</summary>
    internal Errno Start(ReadOnlySpan<byte> name, bool isBound)
    {
        var result = isBound
            ? KernelThread.CreateOn(Cpu, name, static thread => ((WorkThread)thread!).Live(), this)
            : KernelThread.Create(name, static thread => ((WorkThread)thread!).Live(), this);
        if (!result.TryGet(out var task))
            return result.Error;
        Task = task;
        Sched.Scheduler.WakeUpNew(task);
        return Errno.None;
    }

    /// <summary>Ends the thread; what is still queued stays undone. May sleep.</summary>
    internal void Stop()
    {
        if (Task is { } task)
            KernelThread.Stop(task);
        Task = null;
    }

    /// <summary>Queues an item whose PENDING is the caller's. Any context.</summary>
    internal void Insert(WorkItem item)
    {
        using (Lock.Acquire())
        {
            item.QueuedAt = this;
            item.Thread = this;
            _items.AddLast(item);
            Waiting++;
        }

        _more.WakeUp();
    }

    /// <summary>Takes an item off if it waits here.</summary>
    internal bool TryTakeOff(WorkItem item)
    {
        using (Lock.Acquire())
        {
            if (item.QueuedAt != this)
                return false;
            Unlink(item);
            return true;
        }
    }

    /// <summary>Waits until everything that was queued here before has run. EDEADLK: never.</summary>
    internal Errno Flush() => WaitBehind(null, onlyRunning: false);

    /// <summary>Waits for an item of this thread (null: for all); with <paramref name="onlyRunning"/> only if it runs now. EDEADLK: would never end.</summary>
    internal Errno WaitBehind(WorkItem? item, bool onlyRunning)
    {
        var barrier = Tasks.Task.Current.FlushBarrier;
        var endless = false;
        barrier.Prepare();
        using (FlushWaits.Lock.Acquire())
        using (Lock.Acquire())
        {
            if (!MustWait(item, onlyRunning))
            {
                barrier.ReleaseClaim();
                return Errno.None;
            }

            endless = !FlushWaits.TryBegin(this);
            if (!endless || !FlushWaits.Refuses)
                InsertBarrier(barrier, item);
        }

        if (endless && FlushWaits.Report(this) == Errno.EDEADLK && FlushWaits.Refuses)
        {
            barrier.ReleaseClaim();
            return Errno.EDEADLK;
        }

        _more.WakeUp();
        barrier.Wait();
        FlushWaits.End();
        return Errno.None;
    }

    private bool MustWait(WorkItem? item, bool onlyRunning)
    {
        if (item is null)
            return !_items.IsEmpty || (CurrentItem is not null && !BrokenTwin.Is(Mistake.FlushesWithoutBarrier));
        return CurrentItem == item || (!onlyRunning && item.QueuedAt == this);
    }

    // Behind the item where it waits, before all others when it runs, behind all when it is about all.
    private void InsertBarrier(FlushBarrier barrier, WorkItem? item)
    {
        barrier.QueuedAt = this;
        barrier.Thread = this;
        if (item is null)
            _items.AddLast(barrier);
        else if (item.QueuedAt == this)
            _items.InsertAfter(item, barrier);
        else
            _items.AddFirst(barrier);
        Waiting++;
    }

    private int Live()
    {
        Tasks.Task.Current.WorkThread = this;
        while (true)
        {
            _more.WaitEvent(this, static thread => !thread._items.IsEmpty || KernelThread.ShouldStop, TaskState.Idle);
            if (KernelThread.ShouldStop)
                break;
            RunAll();
        }

        Tasks.Task.Current.WorkThread = null;
        return 0;
    }

    private void RunAll()
    {
        while (BeginNext() is { } item)
        {
            item.Run();
            if (BrokenTwin.Is(Mistake.ClearsPendingLate))
                item.ReleaseClaim();
        }
    }

    // The last item has run; nothing of it is touched, for it may be somebody else's.
    private WorkItem? BeginNext()
    {
        using (Lock.Acquire())
        {
            CurrentItem = _items.First;
            if (CurrentItem is not { } item)
                return null;
            Unlink(item);
            CurrentSince = Clock.Now;
            Runs++;
            if (!BrokenTwin.Is(Mistake.ClearsPendingLate))
                item.ReleaseClaim(); // before the handler: see WorkItem
            return item;
        }
    }

    private void Unlink(WorkItem item)
    {
        _items.Remove(item);
        item.QueuedAt = null;
        Waiting--;
    }
}
