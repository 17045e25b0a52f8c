// A task that waits for a priority-inheriting mutex: one per task, part of it, since a task waits for one at a time. It stands among the
// mutex's waiters, and, while it is the first of them, among those that lend priority to the mutex's owner.
// Guards: [mutex] the mutex's Inner; [owner] the WakeLock of the mutex's owner. Linux: struct rt_mutex_waiter.
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Sync;

internal sealed class RtWaiter
{
    private TreeLinks<RtWaiter> _inMutex, _inOwner;

    public RtWaiter(Task task) => Task = task;

    public Task Task { get; }

    /// <summary>What it waits for; changed with both the mutex and the task's WakeLock held.</summary>
    public RtMutex? Mutex;

    /// <summary>When its wait began, among all waits for such mutexes: later ones have higher numbers. The task's WakeLock.</summary>
    public long Turn;

    /// <summary>Its place among the waiters: the task's effective priority when that was last looked at. [mutex]</summary>
    public int Priority;

    /// <summary>The same, as the owner knows it. [owner]</summary>
    public int Lent;

    public bool IsQueued => _inMutex.IsLinked;

    // Fair tasks wait in the order of arrival, whatever their nice values: nice is a share of CPU time, no claim to be first.
    public static int OrderOf(int priority) => Priorities.IsRealTime(priority) ? priority : Priorities.Default;

    internal readonly struct InMutex : ITreeItem<RtWaiter>
    {
        public static ref TreeLinks<RtWaiter> Links(RtWaiter item) => ref item._inMutex;

        public static int Compare(RtWaiter a, RtWaiter b) => OrderOf(a.Priority) - OrderOf(b.Priority);

        public static bool IsAugmented => false;

        public static void Augment(RtWaiter item, RtWaiter? left, RtWaiter? right)
        {
        }
    }

    internal readonly struct InOwner : ITreeItem<RtWaiter>
    {
        public static ref TreeLinks<RtWaiter> Links(RtWaiter item) => ref item._inOwner;

        public static int Compare(RtWaiter a, RtWaiter b) => a.Lent - b.Lent;

        public static bool IsAugmented => false;

        public static void Augment(RtWaiter item, RtWaiter? left, RtWaiter? right)
        {
        }
    }
}
