// What futexes need of the mutex: an owner and waiters that user memory names. A wait is begun by one function, for the caller or for another
// task that sleeps already, and ended by the waiter itself with another, so that between them the futex's own queue can be kept right.
// Contexts: process; Wait sleeps. Locks: Inner at entry and exit where said so. Linux: rt_mutex_init_proxy_locked(),
// __rt_mutex_start_proxy_lock(), rt_mutex_wait_proxy_lock(), rt_mutex_cleanup_proxy_lock().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;

namespace Jiffy.Kernel.Sync;

internal sealed partial class RtMutex
{
    /// <summary>Nobody waits yet, and <paramref name="owner"/> has it. Nobody else knows the mutex.</summary>
    public void BeginOwned(Task owner)
    {
        Invariant.That(_waiters.IsEmpty, "a mutex of the pool has waiters");
        _owner = owner;
        _word = this;
    }

    /// <summary>Takes it for a task, or queues the task and lends its priority. Inner held; the walk along the chain lets it go.</summary>
    /// <returns>EDEADLK: the task would wait for itself. Then, too, its wait must be ended.</returns>
    public Errno BeginWait(Task task, ref bool wereOn, out bool taken)
    {
        taken = TryTake(task, waiter: null);
        return taken ? Errno.None : BlockOn(task, detects: true, ref wereOn);
    }

    /// <summary>Sleeps until the mutex is the caller's, for which a wait was begun. ETIMEDOUT, ERESTARTSYS: the wait is still to be ended.</summary>
    public Errno Wait(Task current, HighResolutionTimer? timer) => Sleep(current, TaskState.Interruptible, timer);

    /// <summary>Ends a wait that has failed. True: the mutex was free in the last moment, and is the task's after all.</summary>
    public bool EndWait(Task task)
    {
        var wereOn = Inner.AcquireUnguarded();
        var waiter = task.RtWaiter;
        if (waiter.Mutex == this && Owner != task)
            TryTake(task, waiter);
        var isOwner = Owner == task;
        if (!isOwner && waiter.Mutex == this)
            GiveUp(waiter, ref wereOn);
        Inner.Release(wereOn);
        return isOwner;
    }

    /// <summary>The waiter's task was refused: its wait ends. Inner held.</summary>
    public void Refuse(Task task, ref bool wereOn)
    {
        if (task.RtWaiter.Mutex == this)
            GiveUp(task.RtWaiter, ref wereOn);
    }
}
