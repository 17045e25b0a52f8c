// One sleeper on one queue, or one observer told of wake-ups (poll, epoll). Linux: wait_queue_entry_t.
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Wait;

/// <summary>What a wake-up is about, as poll's event bits; zero: anything.</summary>
public readonly struct WakeKey
{
    public readonly uint Events;

    public WakeKey(uint events) => Events = events;

    public static WakeKey Any => default;
}

public class WaitEntry
{
    internal Links<WaitEntry> QueueLinksField; // guarded by the queue's lock

    public WaitEntry(Task task) => Task = task;

    public Task Task { get; }

    /// <summary>Set by the sleeper before it queues: only one of these is woken at a time.</summary>
    public bool IsExclusive;

    /// <summary>A wake-up that wakes it also takes it off the queue. Linux: autoremove_wake_function().</summary>
    public bool RemoveWhenWoken = true;

    public bool IsQueued => QueueLinksField.IsLinked;

    /// <summary>The wake function: called under the queue's lock, any context. True: it was woken (counts as exclusive wake-up).</summary>
    public virtual bool Wake(TaskState states, WakeKey key) => Scheduler.TryToWakeUp(Task, states);

    internal readonly struct QueueLinks : ILinksOf<WaitEntry>
    {
        public static ref Links<WaitEntry> Of(WaitEntry entry) => ref entry.QueueLinksField;
    }
}
