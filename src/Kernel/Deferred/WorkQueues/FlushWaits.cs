// Who waits for whom in flushes. The thread of a historical queue runs one item after the other: a handler that waits for an item behind its own,
// or for a queue whose thread waits for this one, waits for ever. Such a circle is found when its last link is about to be made; it is told in
// the log, and the flush gives up with EDEADLK in place of hanging. What a thread waits for is one thing at most, so the walk is short, and
// every circle has a last link: it is found. Managed queues have such a circle only with themselves: others' items get other workers.
// Contexts: process. Lock: Lock guards all WaitsFor. Linux: lockdep's annotations of work queues, check_flush_dependency().
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Deferred.WorkQueues;

public static class FlushWaits
{
    internal readonly struct Rank : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.WorkQueueWaits;
    }

    internal static SpinLock<Rank, PreemptionOff> Lock; // guards what the threads wait for

    /// <summary>Deadlocks that were found since boot.</summary>
    public static int Found { get; private set; }

    /// <summary>True, as at start: a flush that would never end returns EDEADLK. False: it is only told of, and then hangs as it did in history.</summary>
    public static bool Refuses { get; set; }

    internal static void Init()
    {
        Lock = default;
        Found = 0;
        Refuses = true;
    }

    /// <summary>
    /// The running task is about to wait behind an item of <paramref name="target"/>. True: it may; <see cref="End"/> follows the wait. False: the
    /// wait would never end. <see cref="Lock"/> held.
    /// </summary>
    internal static bool TryBegin(WorkThread target)
    {
        if (Task.Current.WorkThread is not { } self)
            return true;
        for (var waited = target; waited is not null; waited = waited.WaitsFor)
        {
            if (waited == self)
                return false;
        }

        self.WaitsFor = target;
        return true;
    }

    internal static void End()
    {
        if (Task.Current.WorkThread is not { } self)
            return;
        using (Lock.Acquire())
            self.WaitsFor = null;
    }

    /// <summary>Tells of a circle that a wait for <paramref name="target"/> would close: each thread of it, with the one it waits for.</summary>
    internal static Errno Report(WorkThread target)
    {
        Found++;
        var self = Task.Current.WorkThread!;
        KernelLog.Write(LogLevel.Warning, $"workqueue: deadlock: an item of {self.Queue.Name} on thread {self.Name} waits for {target.Queue.Name} on {target.Name}");
        for (var waiting = target; waiting != self && waiting.WaitsFor is { } waited; waiting = waited)
            KernelLog.Write(LogLevel.Warning, $"workqueue: deadlock: and {waiting.Queue.Name} on {waiting.Name} waits for {waited.Queue.Name} on {waited.Name}");
        return Errno.EDEADLK;
    }

    /// <summary>One of a managed queue's items waits for the queue, or for itself.</summary>
    internal static Errno ReportOwn(ReadOnlySpan<byte> queue)
    {
        Found++;
        KernelLog.Write(LogLevel.Warning, $"workqueue {queue}: deadlock: an item of it ({Task.Current.Name}) waits for itself");
        return Errno.EDEADLK;
    }
}
