// Waiters whose words hash alike: real-time tasks in the order of their priorities, then the others in order of arrival.
// Lock: Lock; two at once in order of Index. Linux: struct futex_hash_bucket.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Ipc;

public readonly struct FutexBucketRank : ILockRank
{
    public static LockRank Rank => LockRank.FutexBucket;
}

internal sealed class FutexBucket
{
    internal SpinLock<FutexBucketRank, PreemptionOff> Lock;
    private LinkedRing<FutexWaiter, FutexWaiter.InBucket> _waiters;

    public FutexBucket(int index) => Index = index;

    public int Index { get; }

    public void Add(FutexWaiter waiter)
    {
        waiter.Bucket = this;
        if (waiter.Order >= Priorities.FirstFair)
            _waiters.AddLast(waiter);
        else
            AddByOrder(waiter);
    }

    private void AddByOrder(FutexWaiter waiter)
    {
        FutexWaiter? before = null;
        for (var at = _waiters.First; at is not null && at.Order <= waiter.Order; at = After(at))
            before = at;
        if (before is null)
            _waiters.AddFirst(waiter);
        else
            _waiters.InsertAfter(before, waiter);
    }

    public void Remove(FutexWaiter waiter)
    {
        _waiters.Remove(waiter);
        waiter.Bucket = null;
    }

    /// <summary>The waiter of the word that comes first.</summary>
    public FutexWaiter? First(in FutexKey key) => Match(_waiters.First, key);

    /// <summary>The next waiter of the word. Ask before <paramref name="waiter"/> is taken off.</summary>
    public static FutexWaiter? Next(FutexWaiter waiter, in FutexKey key) => Match(After(waiter), key);

    private static FutexWaiter? Match(FutexWaiter? waiter, in FutexKey key)
    {
        while (waiter is not null && !waiter.Key.Equals(key))
            waiter = After(waiter);
        return waiter;
    }

    private static FutexWaiter? After(FutexWaiter waiter) => LinkedRing<FutexWaiter, FutexWaiter.InBucket>.After(waiter);

    /// <summary>Wakes waiters of the word whose bits meet: one, and up to <paramref name="most"/>. Returns how many.</summary>
    /// <returns>EINVAL: one of them waits for a lock that lends priority.</returns>
    public Result<int> Wake(in FutexKey key, int most, uint bits)
    {
        var woken = 0;
        for (var waiter = First(key); waiter is not null;)
        {
            var next = Next(waiter, key);
            if (waiter.IsPi)
                return Errno.EINVAL;
            if ((waiter.Bits & bits) != 0)
            {
                WakeOne(waiter);
                if (++woken >= most)
                    break;
            }

            waiter = next;
        }

        return woken;
    }

    /// <summary>Takes the waiter off and wakes it. It may return as soon as it is off, so its task is looked up first.</summary>
    public void WakeOne(FutexWaiter waiter)
    {
        var task = waiter.Task;
        Remove(waiter);
        Scheduler.TryToWakeUp(task, TaskState.Normal);
    }

    /// <summary>Makes a waiter wait for another word.</summary>
    public void Move(FutexWaiter waiter, FutexBucket target, in FutexKey to)
    {
        waiter.Key = to;
        if (target == this)
            return;
        _waiters.Remove(waiter);
        target.Add(waiter);
    }
}
