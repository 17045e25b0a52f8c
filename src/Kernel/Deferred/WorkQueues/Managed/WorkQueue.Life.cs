// How managed queues come and go, change and freeze. They are pooled, with a limit; a rescuer is a thread, which may not be had.
// Contexts: process; may sleep. Lock: WorkQueues.List orders creating, destroying, changing and freezing.
// Linux: alloc_workqueue(), alloc_ordered_workqueue(), destroy_workqueue(), workqueue_set_max_active(), freeze_workqueues_begin().
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Deferred.WorkQueues;

public sealed partial class WorkQueue
{
    private Links<WorkQueue> _poolLinks, _listLinks;

    /// <summary>Where queues come from. Made by <see cref="WorkQueues.Init"/>.</summary>
    public static Pool<WorkQueue, Pooled> Pool { get; internal set; } = null!;

    /// <summary>Makes a queue. May sleep.</summary>
    /// <param name="name">At most <see cref="NameBytes"/> bytes count.</param>
    /// <param name="flags">Ordered is for <see cref="CreateOrdered"/>.</param>
    /// <param name="maxActive">Items that may be active at once, per CPU or (unbound) in all; zero: <see cref="UsualActive"/>; cut to <see cref="MostActive"/>.</param>
    /// <returns>EINVAL: no name, a negative number, unknown flags; ENOMEM: too many queues; EAGAIN or ENOMEM: no rescuer could be made.</returns>
    public static Result<WorkQueue> Create(ReadOnlySpan<byte> name, WorkQueueFlags flags = WorkQueueFlags.None, int maxActive = 0)
    {
        const WorkQueueFlags Known = WorkQueueFlags.Unbound | WorkQueueFlags.Freezable | WorkQueueFlags.MemoryReclaim
            | WorkQueueFlags.HighPriority | WorkQueueFlags.CpuIntensive | WorkQueueFlags.PowerEfficient;
        if ((flags & ~Known) != 0)
            return Errno.EINVAL;
        if ((flags & WorkQueueFlags.PowerEfficient) != 0 && WorkQueues.SavesPower)
            flags |= WorkQueueFlags.Unbound;
        return Make(name, flags, maxActive == 0 ? UsualActive : maxActive);
    }

    /// <summary>Makes a queue that runs one item at a time, in the order of queueing, on any CPU. Freezable and MemoryReclaim may be given. May sleep.</summary>
    /// <returns>As <see cref="Create"/>.</returns>
    public static Result<WorkQueue> CreateOrdered(ReadOnlySpan<byte> name, WorkQueueFlags flags = WorkQueueFlags.None)
    {
        if ((flags & ~(WorkQueueFlags.Freezable | WorkQueueFlags.MemoryReclaim | WorkQueueFlags.HighPriority)) != 0)
            return Errno.EINVAL;
        return Make(name, flags | WorkQueueFlags.Unbound | WorkQueueFlags.Ordered, 1);
    }

    private static Result<WorkQueue> Make(ReadOnlySpan<byte> name, WorkQueueFlags flags, int maxActive)
    {
        if (name.Length == 0 || maxActive < 0)
            return Errno.EINVAL;
        if (!Pool.TryTake(out var queue))
            return Errno.ENOMEM;
        queue.Begin(name, flags, Math.Min(maxActive, MostActive));
        var error = queue.GetThreads();
        if (error != Errno.None)
        {
            Pool.Give(queue);
            return error;
        }

        using (WorkQueues.LockList())
        {
            if (WorkQueues.IsFrozen)
                queue.Freeze();
            WorkQueues.All.AddLast(queue);
        }

        return queue;
    }

    private Errno GetThreads()
    {
        if (IsUnbound && (Flags & WorkQueueFlags.HighPriority) != 0)
        {
            using (WorkQueues.LockList())
            {
                var error = WorkQueues.WantRarePool();
                if (error != Errno.None)
                    return error;
            }
        }

        if ((Flags & WorkQueueFlags.MemoryReclaim) == 0)
            return Errno.None;
        var result = Helper.Start(this);
        Rescuer = result == Errno.None ? Helper : null;
        return result;
    }

    private void Begin(ReadOnlySpan<byte> name, WorkQueueFlags flags, int maxActive)
    {
        _nameLength = Math.Min(name.Length, NameBytes);
        Span<byte> to = _name;
        name.Slice(0, _nameLength).CopyTo(to);
        Flags = flags;
        MaxActive = maxActive;
        Rescuer = null;
        _drainers = 0;
        _placeCount = IsUnbound ? 1 : Cpu.Count;
        for (var i = 0; i < _placeCount; i++)
            _places[i].Reset(WorkQueues.PoolFor(IsUnbound ? WorkerPool.NoCpu : i, (flags & WorkQueueFlags.HighPriority) != 0), maxActive);
        _isDestroyed = false;
    }

    /// <summary>Runs what is queued, then gives the queue back. Nobody may queue on it any more; timers of delayed items are cancelled before. May sleep.</summary>
    /// <returns>EDEADLK, and the queue stays, when one of its own items asks; else None.</returns>
    public Errno Destroy()
    {
        var error = Drain();
        if (error != Errno.None)
            return error;
        using (WorkQueues.LockList())
            WorkQueues.All.Remove(this);
        _isDestroyed = true;
        var rescuer = Rescuer;
        Rescuer = null;
        WaitForLastTouch();
        rescuer?.Stop();
        Invariant.That(IsEmpty, "a work queue is destroyed that is in use");
        Pool.Give(this);
        return Errno.None;
    }

    // Who saw the rescuer, or a place that was not empty, did so under the pool's lock.
    private void WaitForLastTouch()
    {
        for (var i = 0; i < _placeCount; i++)
        {
            using (_places[i].Pool.Lock.Acquire())
            {
            }
        }
    }

    /// <summary>Changes how many items may be active; as <see cref="Create"/> has it. EINVAL: an ordered queue, or a number below one. May sleep.</summary>
    public Errno SetMaxActive(int maxActive)
    {
        if (IsOrdered || maxActive < 1)
            return Errno.EINVAL;
        using (WorkQueues.LockList())
        {
            MaxActive = Math.Min(maxActive, MostActive);
            if (!WorkQueues.IsFrozen || (Flags & WorkQueueFlags.Freezable) == 0)
                SetPlaces(MaxActive);
        }

        return Errno.None;
    }

    /// <summary>No item of a freezable queue begins any more. List locked.</summary>
    internal void Freeze()
    {
        if ((Flags & WorkQueueFlags.Freezable) != 0)
            SetPlaces(0);
    }

    /// <summary>Items go on. List locked.</summary>
    internal void Thaw() => SetPlaces(MaxActive);

    /// <summary>Items of a frozen queue that are still under way. List locked.</summary>
    internal bool HasActive()
    {
        for (var i = 0; i < _placeCount; i++)
        {
            using (_places[i].Pool.Lock.Acquire())
            {
                if (_places[i].Active != 0)
                    return true;
            }
        }

        return false;
    }

    private void SetPlaces(int maxActive)
    {
        for (var i = 0; i < _placeCount; i++)
        {
            using (_places[i].Pool.Lock.Acquire())
                _places[i].SetMaxActive(maxActive);
        }
    }

    public readonly struct Pooled : IPooled<WorkQueue>
    {
        public static ref Links<WorkQueue> Of(WorkQueue item) => ref item._poolLinks;
        public static WorkQueue Create() => new();
        public static int Bytes => 1024 + Cpu.Count * 256;
    }

    internal readonly struct InAll : ILinksOf<WorkQueue>
    {
        public static ref Links<WorkQueue> Of(WorkQueue item) => ref item._listLinks;
    }
}
