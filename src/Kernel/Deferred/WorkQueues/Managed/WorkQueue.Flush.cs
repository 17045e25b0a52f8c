// Waiting for all items of a queue. A flush changes the colour of each place under its pool's lock: what was queued before has the old one, what
// comes later the new one; and waits until no place has items of the old. Flushes of a queue come one after the other (_flushLock), so the
// colours cannot be confused. That nobody is missed: a place is either empty of the old colour when looked at under the lock, or it is
// counted in _placesToFlush before the lock is let go, and counted out by whoever ends its last item.
// Contexts: process; may sleep. Linux: flush_workqueue(), drain_workqueue().
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Wait;

namespace Jiffy.Kernel.Deferred.WorkQueues;

public sealed partial class WorkQueue
{
    private readonly struct FlushRank : ILockRank
    {
        public static LockRank Rank => LockRank.WorkQueueFlush;
    }

    private const int RoundsToTellOf = 10;

    private Mutex<FlushRank> _flushLock; // lets one flush be under way at a time
    private readonly Completion _flushed = new();
    private int _placesToFlush; // and one for the flusher itself until it has counted all

    /// <summary>Waits until all items that were queued before the call have run. May sleep.</summary>
    /// <returns>None; EDEADLK, reported in the log, when one of the queue's own items asks.</returns>
    public Errno Flush()
    {
        Context.MightSleep();
        if (IsOwnHandler)
            return FlushWaits.ReportOwn(Name);
        using (_flushLock.Acquire())
            FlushOnce();
        return Errno.None;
    }

    /// <summary>
    /// Waits until the queue is empty. Meanwhile only items that the queue's own handlers queue are taken, so it ends if they end. May sleep.
    /// </summary>
    /// <returns>As <see cref="Flush"/>.</returns>
    public Errno Drain()
    {
        Context.MightSleep();
        if (IsOwnHandler)
            return FlushWaits.ReportOwn(Name);
        Interlocked.Increment(ref _drainers);
        for (var round = 1; ; round++)
        {
            // Whoever queues from outside has either done so before the flush takes the pool's lock, or sees that the queue is being drained.
            using (_flushLock.Acquire())
                FlushOnce();
            if (IsEmpty)
                break;
            if (round % RoundsToTellOf == 0)
                KernelLog.Write(LogLevel.Warning, $"workqueue {Name}: draining is not complete after {round} flushes");
        }

        Interlocked.Decrement(ref _drainers);
        return Errno.None;
    }

    /// <summary>Nothing is queued or running. A hint unless nobody queues.</summary>
    public bool IsEmpty
    {
        get
        {
            for (var i = 0; i < _placeCount; i++)
            {
                using (_places[i].Pool.Lock.Acquire())
                {
                    if (!_places[i].IsEmpty)
                        return false;
                }
            }

            return true;
        }
    }

    private void FlushOnce()
    {
        _flushed.Reset();
        _placesToFlush = 1;
        for (var i = 0; i < _placeCount; i++)
        {
            using (_places[i].Pool.Lock.Acquire())
            {
                if (_places[i].BeginFlush())
                    Interlocked.Increment(ref _placesToFlush);
            }
        }

        PlaceFlushed();
        _flushed.Wait();
    }

    /// <summary>A place has none of the old items left; the last one lets the flusher go.</summary>
    internal void PlaceFlushed()
    {
        if (Interlocked.Decrement(ref _placesToFlush) == 0)
            _flushed.Complete();
    }
}
