// A managed work queue: only a name, rules and counts; the threads belong to pools that all queues share. Queueing never sleeps nor allocates.
// Beside it: WorkQueue.Flush.cs (waiting for items), WorkQueue.Life.cs (create, destroy, freeze).
// An item is never run by two workers at once for the same queue: it goes to the pool where it runs, and there to the worker that runs it.
// Contexts: Queue and QueueOn in any, hardirq too; the delayed ones likewise; ModifyDelayed not in hardirq.
// Locks: one pool's at a time. Linux: struct workqueue_struct, queue_work_on(), __queue_work(), queue_delayed_work_on(), mod_delayed_work_on().
using System;
using System.Runtime.CompilerServices;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Deferred.WorkQueues;

public sealed partial class WorkQueue
{
    /// <summary>The most items of a queue that may be active (per CPU, unless it is unbound), and how many are when nothing is said.</summary>
    public const int MostActive = 512, UsualActive = 256;

    /// <summary>Bytes of a name that count.</summary>
    public const int NameBytes = 32;

    /// <summary>In place of a CPU: the one where the caller runs.</summary>
    public const int AnyCpu = -1;

    [InlineArray(NameBytes)]
    private struct NameText
    {
        private byte _first;
    }

    private readonly QueuePlace[] _places; // by CPU; an unbound queue uses the first
    private NameText _name;
    private int _nameLength, _placeCount;
    private volatile int _drainers; // above zero: only items of this queue's own handlers are taken
    private volatile bool _isDestroyed;

    private WorkQueue()
    {
        _places = new QueuePlace[Cpu.Count];
        for (var i = 0; i < _places.Length; i++)
            _places[i] = new QueuePlace(this);
        Helper = new Rescuer();
    }

    public ReadOnlySpan<byte> Name
    {
        get
        {
            ReadOnlySpan<byte> all = _name;
            return all.Slice(0, _nameLength);
        }
    }

    public WorkQueueFlags Flags { get; private set; }

    /// <summary>Items that may be active, per CPU or (unbound) in all.</summary>
    public int MaxActive { get; private set; }

    public bool IsUnbound => (Flags & WorkQueueFlags.Unbound) != 0;
    public bool IsOrdered => (Flags & WorkQueueFlags.Ordered) != 0;
    internal bool IsCpuIntensive => (Flags & (WorkQueueFlags.CpuIntensive | WorkQueueFlags.Unbound)) == WorkQueueFlags.CpuIntensive;
    public bool IsDraining => _drainers != 0;

    private Rescuer Helper { get; }

    /// <summary>The thread that helps when workers cannot be made, or null.</summary>
    internal Rescuer? Rescuer { get; private set; }

    /// <summary>How many places it has: one per CPU, or one. The places' fields are guarded by their pools' locks.</summary>
    internal int PlaceCount => _placeCount;
    internal QueuePlace PlaceAt(int index) => _places[index];

    /// <summary>Queues an item, on this CPU unless the queue is unbound. False: it is pending already, or disabled. Any context.</summary>
    public bool Queue(WorkItem item) => QueueOn(AnyCpu, item);

    /// <summary>
    /// Queues an item on a CPU, or on this one if that one does not run; unbound queues ignore the CPU. While it runs elsewhere for this queue it
    /// is queued there. Any context.
    /// </summary>
    public bool QueueOn(int cpu, WorkItem item)
    {
        var wereOn = Cpu.DisableInterrupts();
        var done = item.TryClaim() && Insert(item, cpu);
        Restore(wereOn);
        return done;
    }

    /// <summary>Queues an item when so many ticks have passed (at once for none). False: it is pending already, or disabled. Any context.</summary>
    public bool QueueDelayed(DelayedWork item, long ticks) => QueueDelayedOn(AnyCpu, item, ticks);

    public bool QueueDelayedOn(int cpu, DelayedWork item, long ticks)
    {
        var wereOn = Cpu.DisableInterrupts();
        var done = item.TryClaim() && InsertDelayed(item, cpu, ticks);
        Restore(wereOn);
        return done;
    }

    /// <summary>
    /// Lets the item be queued so many ticks from now, whether it is pending or not. False: it was not pending; disabled, it stays so.
    /// Process or softirq context.
    /// </summary>
    public bool ModifyDelayed(DelayedWork item, long ticks) => ModifyDelayedOn(AnyCpu, item, ticks);

    public bool ModifyDelayedOn(int cpu, DelayedWork item, long ticks)
    {
        var wasPending = item.Grab(out var wereOn);
        if (item.IsDisabled)
            item.ReleaseClaim();
        else
            InsertDelayed(item, cpu, ticks);
        Restore(wereOn);
        return wasPending;
    }

    private bool InsertDelayed(DelayedWork item, int cpu, long ticks)
    {
        if (ticks <= 0)
            return Insert(item, cpu);
        item.StartTimer(this, null, cpu, ticks);
        return true;
    }

    /// <summary>Queues an item whose PENDING is the caller's. Interrupts off. False: the queue takes nothing; the item is not pending any more.</summary>
    internal bool Insert(WorkItem item, int cpu)
    {
        var place = LockPlace(item, cpu);
        var isTaken = _drainers == 0 ? !_isDestroyed : IsOwnHandler;
        if (isTaken)
            place.Add(item);
        place.Pool.Lock.Release(false);
        if (!isTaken)
            item.ReleaseClaim();
        return isTaken;
    }

    // Where the item goes, its pool locked: the place where it runs for this queue, else the one that was asked for.
    private QueuePlace LockPlace(WorkItem item, int cpu)
    {
        var place = PlaceFor(cpu);
        if (item.LastPool is { } last && last != place.Pool && !IsOrdered && !BrokenTwin.Is(Mistake.RunsTwiceAtOnce))
        {
            last.Lock.AcquireUnguarded();
            if (last.WorkerOf(item) is { } worker && worker.CurrentPlace!.Queue == this)
                return worker.CurrentPlace;
            last.Lock.Release(false);
        }

        place.Pool.Lock.AcquireUnguarded();
        return place;
    }

    private QueuePlace PlaceFor(int cpu)
    {
        if (IsUnbound)
            return _places[0];
        return _places[(uint)cpu < (uint)_placeCount && Scheduler.Online.Contains(cpu) ? cpu : Cpu.Id];
    }

    /// <summary>An item of this queue is running in this context. Its queueing of others is part of draining.</summary>
    private bool IsOwnHandler => Worker.Current?.CurrentPlace is { } place && place.Queue == this;

    // Whoever was woken may be better than the caller.
    private static void Restore(bool wereOn)
    {
        Cpu.RestoreInterrupts(wereOn);
        if (wereOn)
            Preemption.Check();
    }
}
