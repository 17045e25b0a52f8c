// A task that sleeps on a futex: one per task, part of it, and more from a pool for those who wait for several. Guard: the lock of the bucket
// that Bucket names; changes of Bucket (requeue) are made with both buckets locked. Linux: struct futex_q.
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Ipc;

internal sealed class FutexWaiter
{
    private Links<FutexWaiter> _links, _inVector;

    public FutexWaiter(Task? task) => Task = task!;

    public Task Task { get; private set; }

    /// <summary>What it waits for.</summary>
    public FutexKey Key;

    /// <summary>Wakers whose bits meet none of these pass it over.</summary>
    public uint Bits;

    /// <summary>Real-time tasks are woken in the order of their priorities, before all others, who are woken in the order of arrival.</summary>
    public int Order { get; private set; }

    /// <summary>Where it is queued; null: it was woken.</summary>
    public volatile FutexBucket? Bucket;

    /// <summary>The lock it waits for, if its word is one that lends priority.</summary>
    public volatile FutexPiState? Pi;

    /// <summary>It waits to be made a waiter of the priority-inheriting lock <see cref="Target"/> (FUTEX_WAIT_REQUEUE_PI).</summary>
    public bool IsForPi;

    public FutexKey Target;

    /// <summary>For one of several: its word and the value it must have.</summary>
    public ulong Address;
    public uint Expected;
    public int Index;
    public bool IsVectorPrivate;

    /// <summary>True for those that plain waking and requeueing must not touch.</summary>
    public bool IsPi => IsForPi || Pi is not null;

    /// <summary>A new wait of <paramref name="task"/>.</summary>
    public void Begin(Task task, uint bits)
    {
        Task = task;
        Bits = bits;
        Pi = null;
        IsForPi = false;
        var priority = Priorities.NormalOf(task);
        Order = priority < Priorities.FirstFair ? priority : Priorities.FirstFair;
    }

    internal readonly struct InBucket : ILinksOf<FutexWaiter>
    {
        public static ref Links<FutexWaiter> Of(FutexWaiter item) => ref item._links;
    }

    /// <summary>In the list of those with which one task waits; the pool uses the same links.</summary>
    internal readonly struct InVector : IPooled<FutexWaiter>
    {
        public static ref Links<FutexWaiter> Of(FutexWaiter item) => ref item._inVector;
        public static FutexWaiter Create() => new(null);
        public static int Bytes => 256;
    }
}
