// Tasks that sleep until a condition may have become true.
// Contexts: sleeping in process context only; waking from any, hardirq included.
// Locks: _lock guards _sleepers; the waker holds nothing else but, inside, a run queue's lock.
// No wake-up is lost: a sleeper is queued, then publishes its state with a full barrier, then tests the
// condition; a waker makes the condition true before it takes _lock. Whoever comes second sees the first.
// Linux: wait_queue_head_t, prepare_to_wait(), __wake_up().
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

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
    /// <remarks>
    /// Pass a <c>static</c> lambda: a capturing one would allocate. The condition must not sleep: it runs while the task's state says so already.
    /// An <paramref name="exclusive"/> sleeper is woken alone; its condition may take what it waited for.
    /// </remarks>
    /// <returns>None, or ERESTARTSYS when a signal came first (Interruptible and Killable states only).</returns>
    public Errno WaitEvent<T>(T subject, Func<T, bool> condition, TaskState state = TaskState.Interruptible, bool exclusive = false) =>
        WaitEventUntil(subject, condition, long.MaxValue, state, exclusive);

    /// <summary>Like <see cref="WaitEvent"/>, but gives up at <paramref name="deadline"/> (monotonic nanoseconds; long.MaxValue: never).</summary>
    /// <returns>None; ERESTARTSYS; or ETIMEDOUT with the condition still false.</returns>
    public Errno WaitEventUntil<T>(T subject, Func<T, bool> condition, long deadline, TaskState state = TaskState.Interruptible, bool exclusive = false)
    {
        Context.MightSleep();
        if (condition(subject))
            return Errno.None;
        var task = Task.Current;
        var entry = task.OwnWait;
        entry.IsExclusive = exclusive;
        var result = Errno.None;
        for (var late = false; ; late = Scheduler.ScheduleUntil(deadline))
        {
            PrepareToWait(entry, state);
            if (condition(subject))
                break;
            result = late ? Errno.ETIMEDOUT : Scheduler.IsSleepInterrupted(task, state) ? Errno.ERESTARTSYS : Errno.None;
            if (result != Errno.None)
                break;
        }

        var wasWoken = !FinishWait(entry);

        // A wake-up meant for one sleeper must not die with a sleeper that gives up: it goes to the next.
        if (exclusive && wasWoken && result != Errno.None)
            WakeUp();
        return result;
    }

    /// <summary>Queues the entry, if it is not queued, and sets the task's state. Any number of times in a loop.</summary>
    public void PrepareToWait(WaitEntry entry, TaskState state)
    {
        using (_lock.Acquire())
        {
            if (!entry.IsQueued)
                Insert(entry);
            entry.Task.SetState(state); // a full barrier: what the caller tests next cannot have been read before
        }
    }

    /// <summary>Queues an entry without touching its task's state (poll). Any context.</summary>
    public void Add(WaitEntry entry)
    {
        using (_lock.Acquire())
            Insert(entry);
    }

    /// <summary>Takes an entry off if it is on; tells whether it was. Any context.</summary>
    public bool Remove(WaitEntry entry)
    {
        using (_lock.Acquire())
        {
            if (!entry.IsQueued)
                return false;
            _sleepers.Remove(entry);
            return true;
        }
    }

    /// <summary>Ends a wait: the task runs, the entry is off. True: it was still queued, so no wake-up took it off.</summary>
    public bool FinishWait(WaitEntry entry)
    {
        entry.Task.SetStateRelaxed(TaskState.Running);
        return Remove(entry);
    }

    /// <summary>Wakes every plain sleeper and at most <paramref name="exclusive"/> exclusive ones. Any context.</summary>
    /// <returns>How many were woken.</returns>
    public int WakeUp(int exclusive = 1, TaskState states = TaskState.Normal, WakeKey key = default)
    {
        var woken = 0;
        Cpu.Interleave(); // what was made true before is seen before the queue is
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
