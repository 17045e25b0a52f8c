// Waiters whose words hash alike, in order of arrival. Lock: Lock; two at once in order of Index. Linux: struct futex_hash_bucket.
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
        _waiters.AddLast(waiter);
    }

    public void Remove(FutexWaiter waiter)
    {
        _waiters.Remove(waiter);
        waiter.Bucket = null;
    }

    /// <summary>Wakes at most <paramref name="most"/> waiters of the word whose bits meet; returns how many.</summary>
    public int Wake(in FutexKey key, int most, uint bits)
    {
        var woken = 0;
        for (var waiter = _waiters.First; waiter is not null && woken < most;)
        {
            var next = LinkedRing<FutexWaiter, FutexWaiter.InBucket>.After(waiter);
            if (waiter.Key.Equals(key) && (waiter.Bits & bits) != 0)
            {
                Remove(waiter); // from here on the waiter may return, so its task is taken first
                Scheduler.TryToWakeUp(waiter.Task, TaskState.Normal);
                woken++;
            }

            waiter = next;
        }

        return woken;
    }

    /// <summary>Makes at most <paramref name="most"/> waiters of one word wait for another, in <paramref name="target"/>; returns how many.</summary>
    public int Move(in FutexKey from, FutexBucket target, in FutexKey to, int most)
    {
        var moved = 0;
        for (var waiter = _waiters.First; waiter is not null && moved < most;)
        {
            var next = LinkedRing<FutexWaiter, FutexWaiter.InBucket>.After(waiter);
            if (waiter.Key.Equals(from))
            {
                waiter.Key = to;
                if (target != this)
                {
                    _waiters.Remove(waiter);
                    target.Add(waiter);
                }

                moved++;
            }

            waiter = next;
        }

        return moved;
    }
}
