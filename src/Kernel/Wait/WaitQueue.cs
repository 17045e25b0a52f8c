// Tasks that sleep until a condition may have become true.
// Contexts: sleeping in process context only; waking from any, hardirq included.
// Locks: _lock guards _sleepers; the waker holds nothing else but, inside, a run queue's lock.
// No wake-up is lost: a sleeper is queued, then publishes its state with a full barrier, then tests the
// condition; a waker makes the condition true before it takes _lock. Whoever comes second sees the first.
// Linux: wait_queue_head_t, prepare_to_wait(), __wake_up().
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Wait;

public sealed partial class WaitQueue
{
    private SpinLock<Rank, IrqsOff> _lock;
    private LinkedRing<WaitEntry, WaitEntry.QueueLinks> _sleepers;

    private readonly struct Rank : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.WaitQueue;
    }

    /// <summary>True when nobody is queued; only a hint unless the caller has its own ordering.</summary>
    public bool IsEmpty => _sleepers.IsEmpty;

    /// <summary>Sleeps until <paramref name="condition"/> holds for <paramref name="subject"/>. May sleep.</summary>
    /// <remarks>Pass a <c>static</c> lambda: a capturing one would allocate.</remarks>
    /// <returns>None, or ERESTARTSYS when a signal came first (Interruptible and Killable states only).</returns>
    public Errno WaitEvent<T>(T subject, Func<T, bool> condition, TaskState state = TaskState.Interruptible, bool exclusive = false)
    {
        if (condition(subject))
            return Errno.None;
        var task = Task.Current;
        var entry = task.OwnWait;
        entry.IsExclusive = exclusive;
        var result = Errno.None;
        while (true)
        {
            PrepareToWait(entry, state);
            if (condition(subject))
                break;
            if (Scheduler.IsSleepInterrupted(task, state))
            {
                result = Errno.ERESTARTSYS;
                break;
            }

            Scheduler.Schedule();
        }

        FinishWait(entry);
        return result;
    }

    /// <summary>Like <see cref="WaitEvent"/>, but gives up at <paramref name="deadline"/> (monotonic nanoseconds; long.MaxValue: never).</summary>
    /// <returns>None; ERESTARTSYS; or ETIMEDOUT with the condition still false.</returns>
    public Errno WaitEventUntil<T>(T subject, Func<T, bool> condition, long deadline, TaskState state = TaskState.Interruptible)
    {
        if (condition(subject))
            return Errno.None;
        var task = Task.Current;
        var entry = task.OwnWait;
        entry.IsExclusive = false;
        var result = Errno.None;
        var late = false;
        while (true)
        {
            PrepareToWait(entry, state);
            if (condition(subject))
                break;
            if (Scheduler.IsSleepInterrupted(task, state))
            {
                result = Errno.ERESTARTSYS;
                break;
            }

            if (late)
            {
                result = Errno.ETIMEDOUT;
                break;
            }

            late = Scheduler.ScheduleUntil(deadline);
        }

        FinishWait(entry);
        return result;
    }

    /// <summary>Queues the entry, if it is not queued, and sets the task's state. Any number of times in a loop.</summary>
    public void PrepareToWait(WaitEntry entry, TaskState state)
    {
        using (_lock.Acquire())
        {
            if (!entry.IsQueued)
                Insert(entry);
            entry.Task.SetState(state);
        }
    }

    /// <summary>Queues an entry without touching its task's state (poll). Any context.</summary>
    public void Add(WaitEntry entry)
    {
        using (_lock.Acquire())
            Insert(entry);
    }

    /// <summary>Takes an entry off if it is on.</summary>
    public void Remove(WaitEntry entry)
    {
        using (_lock.Acquire())
        {
            if (entry.IsQueued)
                _sleepers.Remove(entry);
        }
    }

    public void FinishWait(WaitEntry entry)
    {
        entry.Task.SetStateRelaxed(TaskState.Running);
        Remove(entry);
    }

    /// <summary>Wakes every plain sleeper and at most <paramref name="exclusive"/> exclusive ones. Any context.</summary>
    /// <returns>How many were woken.</returns>
    public int WakeUp(int exclusive = 1, TaskState states = TaskState.Normal, WakeKey key = default)
    {
        var woken = 0;
        using (_lock.Acquire())
        {
            for (var entry = _sleepers.First; entry is not null;)
            {
                var next = LinkedRing<WaitEntry, WaitEntry.QueueLinks>.After(entry);
                if (entry.Wake(states, key))
                {
                    if (entry.RemoveWhenWoken && entry.IsQueued)
                        _sleepers.Remove(entry);
                    woken++;
                    if (entry.IsExclusive && --exclusive == 0)
                        break;
                }

                entry = next;
            }
        }

        return woken;
    }

    /// <summary>Wakes all, exclusive ones too.</summary>
    public int WakeUpAll(TaskState states = TaskState.Normal, WakeKey key = default) => WakeUp(int.MaxValue, states, key);

    private void Insert(WaitEntry entry)
    {
        if (entry.IsExclusive)
            _sleepers.AddLast(entry);
        else
            _sleepers.AddFirst(entry);
    }
}
