// Work queues as they are at one moment, for /proc/workqueues: each piece is copied under the lock that guards it, and written out without. A pool's
// numbers fit each other; so do a queue's at one pool; between two pools time goes by. No lock is held for longer than one of these copies.
// Contexts: process; may sleep. Locks: WorkQueues.LockList around queues, so that none goes; pools' and threads' one at a time.
// Linux: show_all_workqueues(), tools/workqueue/wq_dump.py.
using System;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Deferred.WorkQueues;

/// <summary>A managed queue, its places added up.</summary>
public struct QueueNumbers
{
    public int Active, Inactive, Places, FlushingPlaces, MaxActive;
    public long Queued, Rescued;

    /// <summary>Id of its rescuer's thread, or 0.</summary>
    public int Rescuer;
    public bool IsDraining;
}

public struct PoolNumbers
{
    public int Workers, Idle, Running, Waiting;
    public bool IsManaged;
}

/// <summary>A thread of either kind, and what it runs.</summary>
public struct ThreadNumbers
{
    public int Id, Waiting;
    public long Runs;

    /// <summary>It runs an item, for so many nanoseconds.</summary>
    public bool IsBusy;
    public long BusyFor;
    public bool IsBarrier;
}

public static class WorkQueueReport
{
    private const int MostCounted = 10_000;

    /// <summary>Calls <paramref name="show"/>, a static lambda, for each managed queue. May sleep, in the call too.</summary>
    public static void ForEachQueue<T>(T subject, Action<T, WorkQueue> show)
    {
        using (WorkQueues.LockList())
        {
            for (var queue = WorkQueues.All.First; queue is not null; queue = LinkedRing<WorkQueue, WorkQueue.InAll>.After(queue))
                show(subject, queue);
        }
    }

    /// <summary>The same for the historical ones.</summary>
    public static void ForEachThreaded<T>(T subject, Action<T, ThreadedWorkQueue> show)
    {
        using (WorkQueues.LockList())
        {
            for (var queue = ThreadedWorkQueue.All.First; queue is not null; queue = LinkedRing<ThreadedWorkQueue, ThreadedWorkQueue.InAll>.After(queue))
                show(subject, queue);
        }
    }

    /// <summary>A queue's numbers; the list is locked, or the caller knows that the queue stays.</summary>
    public static QueueNumbers Of(WorkQueue queue)
    {
        var numbers = new QueueNumbers { Places = queue.PlaceCount, MaxActive = queue.MaxActive, IsDraining = queue.IsDraining };
        numbers.Rescuer = queue.Rescuer?.Task.Id ?? 0;
        for (var i = 0; i < queue.PlaceCount; i++)
        {
            var place = queue.PlaceAt(i);
            using (place.Pool.Lock.Acquire())
            {
                numbers.Active += place.Active;
                numbers.Inactive += place.Inactive;
                numbers.Queued += place.Queued;
                numbers.Rescued += place.Rescued;
                numbers.FlushingPlaces += place.IsFlushing ? 1 : 0;
            }
        }

        return numbers;
    }

    /// <summary>A pool's numbers, all of one moment; more than ten thousand waiting items are not counted.</summary>
    public static PoolNumbers Of(WorkerPool pool)
    {
        using (pool.Lock.Acquire())
        {
            var numbers = new PoolNumbers { Workers = pool.Workers, Idle = pool.Idle, Running = pool.Running, IsManaged = pool.IsManaged };
            for (var item = pool.Items.First; item is not null && numbers.Waiting < MostCounted; item = LinkedRing<WorkItem, WorkItem.InList>.After(item))
                numbers.Waiting++;
            return numbers;
        }
    }

    /// <summary>What worker number <paramref name="id"/> of a pool does; false: there is none. <paramref name="queue"/> gets the queue's name.</summary>
    public static bool TryGetWorker(WorkerPool pool, int id, Span<byte> queue, out int nameLength, out ThreadNumbers numbers)
    {
        numbers = default;
        nameLength = 0;
        using (pool.Lock.Acquire())
        {
            if (pool.WorkerAt(id) is not { IsStarted: true } worker)
                return false;
            numbers.Id = worker.Task.Id;
            numbers.IsBusy = worker.CurrentItem is not null;
            numbers.IsBarrier = worker.CurrentItem is { IsBarrier: true };
            if (worker.CurrentPlace is { } place)
            {
                numbers.BusyFor = Clock.Now - worker.CurrentSince;
                nameLength = Math.Min(place.Queue.Name.Length, queue.Length);
                place.Queue.Name.Slice(0, nameLength).CopyTo(queue);
            }

            return true;
        }
    }

    /// <summary>What a thread of a historical queue does. The list is locked.</summary>
    public static ThreadNumbers Of(ThreadedWorkQueue queue, int index)
    {
        var thread = queue.ThreadAt(index);
        using (thread.Lock.Acquire())
        {
            return new ThreadNumbers
            {
                Id = thread.Task?.Id ?? 0,
                Waiting = thread.Waiting,
                Runs = thread.Runs,
                IsBusy = thread.CurrentItem is not null,
                BusyFor = thread.CurrentItem is null ? 0 : Clock.Now - thread.CurrentSince,
            };
        }
    }
}
