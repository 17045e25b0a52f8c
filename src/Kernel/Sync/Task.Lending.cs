// What a task keeps for priority inheritance. Guard: WakeLock. Linux: pi_waiters, pi_blocked_on.
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;

namespace Jiffy.Kernel.Tasks;

public sealed partial class Task
{
    // The first waiter of each priority-inheriting mutex that it owns.
    private RedBlackTree<RtWaiter, RtWaiter.InOwner> _lenders;

    /// <summary>Its entry in the queue of the mutex it waits for; null: it waits for none.</summary>
    internal RtWaiter? BlockedOn;

    /// <summary>The entry with which it waits.</summary>
    internal RtWaiter RtWaiter { get; }

    /// <summary>The best priority that a waiter lends it.</summary>
    internal int LentPriority => _lenders.First is { } first ? first.Lent : Priorities.None;

    internal bool HasLenders => !_lenders.IsEmpty;

    /// <summary>A waiter is from now on the first for a mutex of this task.</summary>
    internal void AddLender(RtWaiter waiter)
    {
        waiter.Lent = waiter.Priority;
        _lenders.Insert(waiter);
    }

    internal void RemoveLender(RtWaiter waiter) => _lenders.Remove(waiter);
}
