// A sleeping lock whose owner runs with the priority of its best waiter, so that tasks of middling priority cannot keep a good one waiting:
// the machinery, without ranks. Kernel code uses RtMutex<TRank>; futexes use this with owners and waiters that user memory names.
// Contexts: process for taking and giving back; may sleep where said so. Locks: Inner guards owner and waiters, the tasks' WakeLocks (one at
// a time, below it) what they lend and what they wait for.
// Uncontended it is one word, changed without Inner: null is free, a task owns it. Whoever has to wait first puts the mutex itself into the word,
// after which all look at _owner under Inner. No wake-up is lost: a waiter sets its state and looks at the owner under Inner; the owner lets
// go and wakes under Inner. Invariant: with an owner and waiters, the first waiter is among the owner's lenders.
// Linux: struct rt_mutex_base; try_to_take_rt_mutex(), rt_mutex_slowunlock(), mark_wakeup_next_waiter().
using System.Threading;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sync;

internal readonly struct RtMutexRank : ILockRank
{
    public static LockRank Rank => LockRank.RtMutex;
}

internal sealed partial class RtMutex
{
    private object? _word;
    private Task? _owner;                                        // guard: Inner; counts while _word is the mutex itself
    private RedBlackTree<RtWaiter, RtWaiter.InMutex> _waiters;   // guard: Inner
    internal SpinLock<RtMutexRank, IrqsOff> Inner;

    public bool IsHeld => Owner is not null;

    /// <summary>Who has it: exact with Inner held or for the owner itself, else a hint.</summary>
    public Task? Owner
    {
        get
        {
            var word = Volatile.Read(ref _word);
            return word == this ? _owner : (Task?)word;
        }
    }

    /// <summary>The best waiter. Inner held.</summary>
    public RtWaiter? First => _waiters.First;

    /// <summary>Takes it if it is free and no equal or better task waits for it.</summary>
    public bool TryLock(Task current)
    {
        Cpu.Interleave();
        var seen = Interlocked.CompareExchange(ref _word, current, null);
        if (seen != this)
            return seen is null;
        using (Inner.Acquire())
        {
            var taken = TryTake(current, waiter: null);
            Settle();
            return taken;
        }
    }

    /// <summary>Gives it back; the first waiter is woken, to take it.</summary>
    public void Unlock(Task current)
    {
        Cpu.Interleave();
        if (Interlocked.CompareExchange(ref _word, null, current) == current)
            return;
        if (RtMutexFaults.Has(RtMutexFault.WakesBeforeRelease))
            WakeFirstTooEarly();
        using (Inner.Acquire())
        {
            LetGo(current);
            Settle();
        }
    }

    private void WakeFirstTooEarly()
    {
        if (First is { } first)
            Scheduler.TryToWakeUp(first.Task, AnySleep);
        Cpu.Interleave();
    }

    private const TaskState AnySleep = TaskState.Normal | TaskState.WakeKill;

    /// <summary>
    /// Makes the mutex free: what its waiters lent goes back before any of them is woken. It is not handed over: until the woken task runs a better
    /// one may take it. Inner held.
    /// </summary>
    internal void LetGo(Task owner)
    {
        if (First is not { } first)
        {
            SetOwner(null);
            return;
        }

        using (owner.WakeLock.Acquire())
        {
            owner.RemoveLender(first);
            if (!RtMutexFaults.Has(RtMutexFault.KeepsLentPriority))
                Scheduler.LentPriorityChanged(owner);
        }

        SetOwner(null);
        if (!RtMutexFaults.Has(RtMutexFault.WakesBeforeRelease))
            Scheduler.TryToWakeUp(first.Task, AnySleep);
    }

    /// <summary>
    /// Takes a free mutex for a task: the first waiter, or one that does not wait and is better than all that do. Equals wait for their turn.
    /// Inner held.
    /// </summary>
    private bool TryTake(Task task, RtWaiter? waiter)
    {
        MarkContended();
        if (_owner is not null)
            return false;
        var first = First;
        if (waiter is not null ? waiter != first : first is not null && !IsBetter(task, first))
            return false;
        using (task.WakeLock.Acquire())
        {
            if (waiter is not null)
                Dequeue(waiter);
            if (First is { } next)
            {
                task.AddLender(next);
                Scheduler.LentPriorityChanged(task);
            }
        }

        _owner = task;
        return true;
    }

    private static bool IsBetter(Task task, RtWaiter than) => RtWaiter.OrderOf(task.EffectivePriority) < RtWaiter.OrderOf(than.Priority);

    private void MarkContended()
    {
        var seen = Interlocked.Exchange(ref _word, this);
        if (seen != this)
            _owner = (Task?)seen;
    }

    private void SetOwner(Task? owner)
    {
        MarkContended();
        _owner = owner;
    }

    /// <summary>Without waiters it is one word again. Inner held.</summary>
    private void Settle()
    {
        if (_word == this && _waiters.IsEmpty)
            Volatile.Write<object?>(ref _word, _owner);
    }

    // The task's WakeLock held, too.
    private void Enqueue(RtWaiter waiter, int priority)
    {
        waiter.Mutex = this;
        waiter.Priority = priority;
        waiter.Turn = PriorityChain.NextTurn();
        waiter.Task.BlockedOn = waiter;
        _waiters.Insert(waiter);
    }

    private void Dequeue(RtWaiter waiter)
    {
        _waiters.Remove(waiter);
        waiter.Task.BlockedOn = null;
        waiter.Mutex = null;
    }

    /// <summary>The waiter's task has another priority: it takes its new place. Inner and the task's WakeLock held.</summary>
    internal void Reorder(RtWaiter waiter, int priority)
    {
        _waiters.Remove(waiter);
        waiter.Priority = priority;
        _waiters.Insert(waiter);
    }
}
