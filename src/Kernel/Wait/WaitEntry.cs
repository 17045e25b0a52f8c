// One sleeper on one queue, or one observer told of wake-ups (poll, epoll). A kind of its own overrides the wake function.
// Locks: what is marked [queue] is guarded by the lock of the queue it is on; the rest is set before it is queued. Linux: wait_queue_entry_t.
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Wait;

/// <summary>What a wake-up is about: poll's event bits, and on a shared queue the place it is for. Zero: anything.</summary>
public readonly struct WakeKey
{
    public readonly uint Events;

    /// <summary>See <see cref="WaitPlace"/>; zero: whoever is on the queue.</summary>
    internal readonly ulong Place;

    public WakeKey(uint events) => Events = events;

    internal WakeKey(ulong place) => Place = place;

    public static WakeKey Any => default;
}

public class WaitEntry
{
    internal Links<WaitEntry> QueueLinksField; // [queue]

    public WaitEntry(Task task) => Task = task;

    public Task Task { get; }

    /// <summary>Set by the sleeper before it queues: only one of these is woken at a time.</summary>
    public bool IsExclusive;

    /// <summary>A wake-up that wakes it also takes it off the queue. Linux: autoremove_wake_function().</summary>
    public bool RemoveWhenWoken = true;

    /// <summary>On a shared queue: what it waits for, so that wake-ups for others pass it by.</summary>
    internal ulong Place;

    public bool IsQueued => QueueLinksField.IsLinked;

    /// <summary>
    /// The wake function: called under the queue's lock, any context. True: it was woken (counts as exclusive wake-up). It may take its own
    /// entry off the queue, but no other.
    /// </summary>
    public virtual bool Wake(TaskState states, WakeKey key) =>
        (key.Place == 0 || key.Place == Place) && Scheduler.TryToWakeUp(Task, states);

    internal readonly struct QueueLinks : ILinksOf<WaitEntry>
    {
        public static ref Links<WaitEntry> Of(WaitEntry entry) => ref entry.QueueLinksField;
    }
}
