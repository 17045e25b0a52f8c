// Lists of functions to call later, as Linux had them until 2.5: a driver puts its entry on a queue in its top half, and the queue is run
// at a reconciliation point. Predefined: Immediate (with BottomHalf.Mark(BottomHalf.Immediate); run by a bottom half), Timer (run by the
// bottom half of the next timer interrupt), Scheduler (run by the next Schedule or way out of a system call). Own queues are run by their
// owner. For process context: ContextQueue. What succeeded them: tasklets and work queues.
// An entry is queued once: its sync flag is set by the first and cleared when the entry is off the list, before its function runs, so the function may
// queue it again. Run unlinks the whole list first: what is queued meanwhile is for the next run.
// Contexts: Queue in any; Run as it says. Lock: _lock guards list and count. Linux 2.4: struct tq_struct, queue_task(), run_task_queue().
using System.Threading;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Deferred;

public sealed class TaskQueue
{
    private SpinLock<DeferredRank, IrqsOff> _lock;
    private LinkedRing<TaskQueueEntry, TaskQueueEntry.InQueue> _entries;
    private long _queued, _run; // entries since boot; _queued is guarded by _lock, _run by whoever runs the queue

    /// <summary>Run by the bottom half <see cref="BottomHalf.Immediate"/>, which must be marked after queueing. Linux: tq_immediate.</summary>
    public static TaskQueue Immediate { get; private set; } = null!;

    /// <summary>Run after the next timer interrupt of some CPU, at most a tick away. Linux: tq_timer.</summary>
    public static TaskQueue Timer { get; private set; } = null!;

    /// <summary>Run when the running task next calls the scheduler or leaves the kernel; softirqs are off meanwhile. Linux 2.2: tq_scheduler.</summary>
    public static TaskQueue Scheduler { get; private set; } = null!;

    /// <summary>Something is queued: a hint. Linux: TQ_ACTIVE().</summary>
    public bool IsActive => !_entries.IsEmpty;

    internal static void Init()
    {
        Immediate = new TaskQueue();
        Timer = new TaskQueue();
        Scheduler = new TaskQueue();
    }

    /// <summary>Entries queued since boot.</summary>
    internal long Queued
    {
        get
        {
            using (_lock.Acquire())
                return _queued;
        }
    }

    /// <summary>Entries whose functions have returned.</summary>
    internal long Finished => Volatile.Read(ref _run);

    /// <summary>Puts an entry at the end; false: it is on a queue already, this or another, and will run once. Any context. Linux: queue_task().</summary>
    public bool Queue(TaskQueueEntry entry)
    {
        if (!entry.TrySetSync())
            return false;
        using (_lock.Acquire())
        {
            _entries.AddLast(entry);
            _queued++;
        }

        if (this == Scheduler)
            WorkFlag.Set(Cpu.Current, WorkFlag.BottomHalf);
        return true;
    }

    /// <summary>
    /// Runs what is queued now, in order, and no entry twice. Any context; the functions must not sleep, so entries made for process context are a broken
    /// invariant here. Linux: run_task_queue().
    /// </summary>
    public void Run()
    {
        var mine = TakeAll();
        while (Next(ref mine) is { } entry)
        {
            entry.Call();
            Count();
        }
    }

    /// <summary>The same in process context: the functions may sleep.</summary>
    [MaySleep]
    public void RunInProcess()
    {
        var mine = TakeAll();
        while (Next(ref mine) is { } entry)
        {
            entry.CallInProcess();
            Count();
        }
    }

    private LinkedRing<TaskQueueEntry, TaskQueueEntry.InQueue> TakeAll()
    {
        using (_lock.Acquire())
        {
            var all = _entries;
            _entries = default;
            return all;
        }
    }

    private static TaskQueueEntry? Next(ref LinkedRing<TaskQueueEntry, TaskQueueEntry.InQueue> list)
    {
        var entry = list.RemoveFirst();
        entry?.ClearSync();
        return entry;
    }

    private void Count() => Interlocked.Increment(ref _run);
}

/// <summary>What an entry calls in interrupt-like context: must not sleep.</summary>
public delegate void TaskQueueRoutine(object? data);

/// <summary>What an entry calls in process context: may sleep.</summary>
public delegate void ContextRoutine(object? data);

/// <summary>A function with its argument, to be put on one queue at a time. Made at start-up, or with the object that holds it. Linux: struct tq_struct.</summary>
public sealed class TaskQueueEntry
{
    private readonly TaskQueueRoutine? _routine;
    private readonly ContextRoutine? _contextRoutine;
    private Links<TaskQueueEntry> _links; // guarded by the queue's lock, then the runner's
    private int _sync;

    /// <summary>For any queue. The routine is a static lambda.</summary>
    public TaskQueueEntry([SoftirqContext] TaskQueueRoutine routine, object? data = null)
    {
        _routine = routine;
        Data = data;
    }

    private TaskQueueEntry(ContextRoutine routine, object? data)
    {
        _contextRoutine = routine;
        Data = data;
    }

    /// <summary>One that may sleep: for <see cref="ContextQueue"/>, or own queues run with <see cref="TaskQueue.RunInProcess"/>.</summary>
    public static TaskQueueEntry ForProcess(ContextRoutine routine, object? data = null) => new(routine, data);

    /// <summary>The routine's argument, read when it is called. To be changed only while the entry is not queued.</summary>
    public object? Data { get; set; }

    /// <summary>On a queue, or about to be called: a hint.</summary>
    public bool IsQueued => Volatile.Read(ref _sync) != 0;

    internal bool TrySetSync() => Interlocked.Exchange(ref _sync, 1) == 0;

    internal void ClearSync()
    {
        Interlocked.Exchange(ref _sync, 0);
        Cpu.Interleave();
    }

    internal void Call()
    {
        if (_routine is { } routine)
            routine(Data);
        else
            Invariant.Fail("a task queue entry that may sleep, in a context where it must not");
    }

    internal void CallInProcess()
    {
        if (_contextRoutine is { } routine)
            routine(Data);
        else
            _routine!(Data);
    }

    internal readonly struct InQueue : ILinksOf<TaskQueueEntry>
    {
        public static ref Links<TaskQueueEntry> Of(TaskQueueEntry item) => ref item._links;
    }
}
