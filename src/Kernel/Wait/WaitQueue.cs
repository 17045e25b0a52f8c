// Tasks that sleep until a condition may have become true. Here: who is on the queue. Beside it: WaitQueue.Wake.cs (wake-ups),
// WaitQueue.Events.cs (the wait_event family), Waiting.cs (the loop they share), SleepOn.cs (how it was done once, and why no more).
// Contexts: sleeping in process context only; the rest in any, hardirq included.
// Locks: _lock guards _sleepers; the waker holds nothing else but, inside, a run queue's lock.
// No wake-up is lost: a sleeper is queued, then publishes its state with a full barrier, then tests the
// condition; a waker makes the condition true before it takes _lock. Whoever comes second sees the first.
// Linux: wait_queue_head_t, add_wait_queue(), prepare_to_wait(), finish_wait().
using System.Runtime.CompilerServices;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Wait;

public sealed partial class WaitQueue
{
    private SpinLock<Rank, IrqsOff> _lock;
    private LinkedRing<WaitEntry, WaitEntry.QueueLinks> _sleepers;

    public readonly struct Rank : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.WaitQueue;
    }

    /// <summary>What is made at boot: bookmarks for long wake-ups, and the shared queues. Boot, once.</summary>
    public static void Init()
    {
        InitBookmarks();
        WaitPlace.InitQueues(WaitPlace.UsualQueues);
    }

    /// <summary>True when nobody is queued; only a hint unless the caller has its own ordering.</summary>
    public bool IsEmpty => _sleepers.IsEmpty;

    /// <summary>
    /// Takes the queue's own lock, for who guards the condition with it: then the members whose names end in Locked are the ones to call. Any context.
    /// </summary>
    public SpinLock<Rank, IrqsOff>.Guard Lock() => _lock.Acquire();

    /// <summary>Queues the entry, if it is not queued, and sets the task's state. Any number of times in a loop.</summary>
    public void PrepareToWait(WaitEntry entry, TaskState state)
    {
        using (_lock.Acquire())
            PrepareToWaitLocked(entry, state);
    }

    /// <summary>The same at the queue's end, to be woken alone.</summary>
    public void PrepareToWaitExclusive(WaitEntry entry, TaskState state)
    {
        entry.IsExclusive = true;
        PrepareToWait(entry, state);
    }

    /// <summary><see cref="PrepareToWait"/> with the queue's lock held.</summary>
    public void PrepareToWaitLocked(WaitEntry entry, TaskState state)
    {
        AddLocked(entry);
        entry.Task.SetState(state); // a full barrier: what the caller tests next cannot have been read before
    }

    /// <summary>Queues an entry without touching its task's state (poll). Any context.</summary>
    public void Add(WaitEntry entry)
    {
        using (_lock.Acquire())
            AddLocked(entry);
    }

    /// <summary><see cref="Add"/> with the queue's lock held: plain ones at the head, exclusive ones at the tail, so that a wake-up meets all plain ones first.</summary>
    public void AddLocked(WaitEntry entry)
    {
        if (entry.IsQueued)
            return;
        if (entry.IsExclusive)
            _sleepers.AddLast(entry);
        else
            _sleepers.AddFirst(entry);
    }

    /// <summary>Takes an entry off if it is on; tells whether it was. Any context.</summary>
    public bool Remove(WaitEntry entry)
    {
        using (_lock.Acquire())
            return RemoveLocked(entry);
    }

    /// <summary><see cref="Remove"/> with the queue's lock held.</summary>
    public bool RemoveLocked(WaitEntry entry)
    {
        if (!entry.IsQueued)
            return false;
        _sleepers.Remove(entry);
        return true;
    }

    /// <summary>Takes all observers off without telling them: what they wait for is gone. Nobody may sleep here.</summary>
    public void Abandon()
    {
        if (IsEmpty)
            return;
        using (_lock.Acquire())
        {
            while (_sleepers.RemoveFirst() is not null)
            {
            }
        }
    }

    /// <summary>Ends a wait: the task runs, the entry is off. True: it was still queued, so no wake-up took it off.</summary>
    public bool FinishWait(WaitEntry entry)
    {
        entry.Task.SetStateRelaxed(TaskState.Running);
        return Remove(entry);
    }

    /// <summary><see cref="FinishWait"/> with the queue's lock held.</summary>
    public bool FinishWaitLocked(WaitEntry entry)
    {
        entry.Task.SetStateRelaxed(TaskState.Running);
        return RemoveLocked(entry);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static WaitEntry? After(WaitEntry entry) => LinkedRing<WaitEntry, WaitEntry.QueueLinks>.After(entry);
}
