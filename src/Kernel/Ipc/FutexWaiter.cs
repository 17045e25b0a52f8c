// A task that sleeps on a futex: one per task, part of it. Guard: the lock of the bucket that Bucket names; changes of Bucket (requeue) are made
// with both buckets locked. Linux: struct futex_q.
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Ipc;

internal sealed class FutexWaiter
{
    private Links<FutexWaiter> _links;

    public FutexWaiter(Task task) => Task = task;

    public Task Task { get; }

    /// <summary>What it waits for.</summary>
    public FutexKey Key;

    /// <summary>Wakers whose bits meet none of these pass it over.</summary>
    public uint Bits;

    /// <summary>Where it is queued; null: it was woken.</summary>
    public volatile FutexBucket? Bucket;

    internal readonly struct InBucket : ILinksOf<FutexWaiter>
    {
        public static ref Links<FutexWaiter> Of(FutexWaiter item) => ref item._links;
    }
}
