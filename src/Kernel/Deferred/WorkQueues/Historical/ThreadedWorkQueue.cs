// Work queues as they were from 2.6.0 to 2.6.35: each has threads of its own, one per CPU (NAME/0, NAME/1, ...) or one for all. Built with their three
// faults, which the managed queues beside them do not have: threads multiply with queues and CPUs, whether there is work or not; an item that
// waits for one behind it on the same thread waits for ever (FlushWaits tells); each queue wakes its own thread, so that CPUs switch needlessly.
// An item may run on two CPUs at once when it is queued on the second while it runs on the first.
// Contexts: queueing in any; the rest in process context. Locks: each thread's. Linux 2.6: create_workqueue(), queue_work(), flush_workqueue(),
// cancel_work_sync(), destroy_workqueue().
using System;
using System.Runtime.CompilerServices;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Deferred.WorkQueues;

public sealed class ThreadedWorkQueue
{
    /// <summary>The most queues there may be.</summary>
    public const int MostQueues = 128;

    private readonly WorkThread[] _threads; // by CPU; a queue with one thread uses the first
    private Links<ThreadedWorkQueue> _poolLinks, _listLinks;
    private TaskName _name;
    private int _nameLength;

    private ThreadedWorkQueue()
    {
        _threads = new WorkThread[Cpu.Count];
        for (var cpu = 0; cpu < _threads.Length; cpu++)
            _threads[cpu] = new WorkThread(this, cpu);
    }

    /// <summary>Where queues come from. Made by Init.</summary>
    public static Pool<ThreadedWorkQueue, Pooled> Pool { get; private set; } = null!;

    /// <summary>All queues. Guard: WorkQueues.LockList.</summary>
    internal static LinkedRing<ThreadedWorkQueue, InAll> All;

    public ReadOnlySpan<byte> Name
    {
        get
        {
            ReadOnlySpan<byte> all = _name;
            return all.Slice(0, _nameLength);
        }
    }

    /// <summary>One thread for all CPUs.</summary>
    public bool IsSingleThreaded { get; private set; }

    /// <summary>Threads it has.</summary>
    public int ThreadCount => IsSingleThreaded ? 1 : _threads.Length;

    internal WorkThread ThreadAt(int index) => _threads[index];

    /// <summary>Items that its threads have run. A hint.</summary>
    public long Runs
    {
        get
        {
            var runs = 0L;
            for (var i = 0; i < ThreadCount; i++)
                runs += _threads[i].Runs;
            return runs;
        }
    }

    internal static void Init()
    {
        Pool = new Pool<ThreadedWorkQueue, Pooled>("threaded_workqueue", MostQueues);
        All = default;
        HistoricalEvents.Init();
    }

    /// <summary>Makes a queue with a thread per CPU. May sleep. EINVAL: no name; ENOMEM, EAGAIN: too many queues or threads; nothing is left behind.</summary>
    public static Result<ThreadedWorkQueue> Create(ReadOnlySpan<byte> name) => Make(name, isSingleThreaded: false, hasThreads: true);

    /// <summary>Makes a queue with one thread for all CPUs. As <see cref="Create"/>. Linux 2.6: create_singlethread_workqueue().</summary>
    public static Result<ThreadedWorkQueue> CreateSingleThreaded(ReadOnlySpan<byte> name) => Make(name, isSingleThreaded: true, hasThreads: true);

    /// <summary>A queue without threads: takes items, runs none until <see cref="StartThreads"/>.</summary>
    internal static Result<ThreadedWorkQueue> Make(ReadOnlySpan<byte> name, bool isSingleThreaded, bool hasThreads)
    {
        if (name.Length == 0)
            return Errno.EINVAL;
        if (!Pool.TryTake(out var queue))
            return Errno.ENOMEM;
        queue.Begin(name, isSingleThreaded);
        var error = hasThreads ? queue.StartThreads() : Errno.None;
        if (error != Errno.None)
        {
            Pool.Give(queue);
            return error;
        }

        using (WorkQueues.LockList())
            All.AddLast(queue);
        return queue;
    }

    private void Begin(ReadOnlySpan<byte> name, bool isSingleThreaded)
    {
        _nameLength = Math.Min(name.Length, TaskName.Capacity - 1);
        Span<byte> to = _name;
        name.Slice(0, _nameLength).CopyTo(to);
        IsSingleThreaded = isSingleThreaded;
        for (var i = 0; i < _threads.Length; i++)
            _threads[i].Reset();
    }

    /// <summary>Makes the threads. May sleep. On failure none is left.</summary>
    internal Errno StartThreads()
    {
        Span<byte> name = stackalloc byte[TaskName.Capacity + 4];
        for (var i = 0; i < ThreadCount; i++)
        {
            var text = new TextWriter(name);
            text.Append(Name);
            if (!IsSingleThreaded)
                text.Append($"/{i}");
            var error = _threads[i].Start(text.Written, !IsSingleThreaded);
            if (error == Errno.None)
                continue;
            StopThreads();
            return error;
        }

        return Errno.None;
    }

    private void StopThreads()
    {
        for (var i = 0; i < ThreadCount; i++)
            _threads[i].Stop();
    }

    /// <summary>Runs what is queued, ends the threads and gives the queue back. Nobody may queue on it any more. May sleep. EDEADLK: one of its items asks.</summary>
    public Errno Destroy()
    {
        var error = Flush();
        if (error != Errno.None)
            return error;
        using (WorkQueues.LockList())
            All.Remove(this);
        StopThreads();
        Pool.Give(this);
        return Errno.None;
    }

    /// <summary>Queues an item for this CPU's thread. False: it is pending already. Any context.</summary>
    public bool Queue(WorkItem item) => QueueOn(WorkQueue.AnyCpu, item);

    /// <summary>Queues an item for a CPU's thread. Any context.</summary>
    public bool QueueOn(int cpu, WorkItem item)
    {
        var wereOn = Cpu.DisableInterrupts();
        var done = item.TryClaim();
        if (done)
            Insert(item, cpu);
        Restore(wereOn);
        return done;
    }

    /// <summary>Queues an item when so many ticks have passed. False: it is pending already. Any context.</summary>
    public bool QueueDelayed(DelayedWork item, long ticks) => QueueDelayedOn(WorkQueue.AnyCpu, item, ticks);

    public bool QueueDelayedOn(int cpu, DelayedWork item, long ticks)
    {
        var wereOn = Cpu.DisableInterrupts();
        var done = item.TryClaim();
        if (done && ticks > 0)
            item.StartTimer(null, this, cpu, ticks);
        else if (done)
            Insert(item, cpu);
        Restore(wereOn);
        return done;
    }

    /// <summary>Queues an item whose PENDING is the caller's.</summary>
    internal void Insert(WorkItem item, int cpu) => ThreadFor(cpu).Insert(item);

    private WorkThread ThreadFor(int cpu) => IsSingleThreaded ? _threads[0] : _threads[(uint)cpu < (uint)_threads.Length ? cpu : Cpu.Id];

    private static void Restore(bool wereOn)
    {
        Cpu.RestoreInterrupts(wereOn);
        if (wereOn)
            Preemption.Check();
    }

    /// <summary>Waits until all items queued before the call have run, one thread after the other. May sleep.</summary>
    /// <returns>None; EDEADLK when that would never be, told in the log: <see cref="FlushWaits"/>.</returns>
    public Errno Flush()
    {
        Context.MightSleep();
        for (var i = 0; i < ThreadCount; i++)
        {
            var error = _threads[i].Flush();
            if (error != Errno.None)
                return error;
        }

        return Errno.None;
    }

    /// <summary>Waits until an item that was queued before the call has run, where it was queued last. May sleep. EDEADLK as <see cref="Flush"/>.</summary>
    public static Errno FlushItem(WorkItem item)
    {
        Context.MightSleep();
        return Volatile.Read(ref item.Thread) is { } thread ? thread.WaitBehind(item, onlyRunning: false) : Errno.None;
    }

    /// <summary>Stops a delayed item's timer. False: it had run out, and the item may be queued or running. Any context but hardirq. Linux: cancel_delayed_work().</summary>
    public static bool CancelDelayed(DelayedWork item)
    {
        if (!item.TryStopTimer())
            return false;
        item.ReleaseClaim();
        return true;
    }

    /// <summary>
    /// Takes an item off, timer and list, and waits for its handler wherever it runs. It cannot queue itself again meanwhile: it counts as
    /// pending to the end. From its own handler it does not wait. May sleep.
    /// </summary>
    /// <returns>True: it was pending.</returns>
    public static bool CancelAndWait(WorkItem item)
    {
        Context.MightSleep();
        var wasPending = false;
        while (!TryGrab(item, ref wasPending))
            Scheduler.Yield(); // somebody is about to queue it, or cancels it too
        if (item.Thread is { } last && !BrokenTwin.Is(Mistake.CancelsWithoutWaiting))
        {
            var queue = last.Queue;
            for (var i = 0; i < queue.ThreadCount; i++)
                queue._threads[i].WaitBehind(item, onlyRunning: true);
        }

        item.ReleaseClaim();
        return wasPending;
    }

    private static bool TryGrab(WorkItem item, ref bool wasPending)
    {
        wasPending = item is DelayedWork delayed && delayed.TryStopTimer();
        if (wasPending || item.TryClaim())
            return true;
        wasPending = Volatile.Read(ref item.Thread) is { } thread && thread.TryTakeOff(item);
        return wasPending;
    }

    public readonly struct Pooled : IPooled<ThreadedWorkQueue>
    {
        public static ref Links<ThreadedWorkQueue> Of(ThreadedWorkQueue item) => ref item._poolLinks;
        public static ThreadedWorkQueue Create() => new();
        public static int Bytes => 256 + Cpu.Count * 256;
    }

    internal readonly struct InAll : ILinksOf<ThreadedWorkQueue>
    {
        public static ref Links<ThreadedWorkQueue> Of(ThreadedWorkQueue item) => ref item._listLinks;
    }
}
