// The sleepers of a lock that is granted: whoever gives the lock back decides under the lock's spin lock who has it next, takes that task off
// the queue and tells it. So nobody can come between, and who sleeps longest is served first.
// No grant is lost: the sleeper publishes its state with a full barrier, then looks whether it has been granted the lock; the granter says so
// before it wakes. One that gives up looks once more under the spin lock: a grant that came in that moment counts.
// Contexts: Add and Sleep in process context; Grant in any. Guard: the lock's spin lock, but for a task's own grant.
// Linux: struct semaphore_waiter, struct rwsem_waiter.
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Sync;

internal struct GrantQueue
{
    private LinkedRing<Task, Task.InLockQueue> _sleepers;

    public readonly bool IsEmpty => _sleepers.IsEmpty;

    public readonly Task? First => _sleepers.First;

    public static Task? After(Task task) => LinkedRing<Task, Task.InLockQueue>.After(task);

    /// <summary>The running task will sleep here. The spin lock is held.</summary>
    public void Add(Task current, bool wantsShare = false)
    {
        current.LockGranted = 0;
        current.LockWantsShare = wantsShare;
        _sleepers.AddLast(current);
    }

    /// <summary>A task gets what it sleeps for. The spin lock is held.</summary>
    public void Grant(Task task)
    {
        _sleepers.Remove(task);
        if (LockFaults.Has(LockFault.GrantAfterWake))
            Scheduler.TryToWakeUp(task, TaskState.Normal);
        Volatile.Write(ref task.LockGranted, 1);
        if (LockFaults.Has(LockFault.GrantAfterWake))
            return;
        Scheduler.TryToWakeUp(task, TaskState.Normal);
    }

    /// <summary>Sleeps until granted. The spin lock is not held.</summary>
    /// <returns>None; or ETIMEDOUT or ERESTARTSYS, and <see cref="GiveUp"/> must follow.</returns>
    public static Errno Sleep(Task current, TaskState state, long deadline)
    {
        var result = Errno.None;
        for (var late = false; ; late = Scheduler.ScheduleUntil(deadline))
        {
            current.SetState(state);
            if (Volatile.Read(ref current.LockGranted) != 0)
                break;
            result = late ? Errno.ETIMEDOUT : Scheduler.IsSleepInterrupted(current, state) ? Errno.ERESTARTSYS : Errno.None;
            if (result != Errno.None)
                break;
        }

        current.SetStateRelaxed(TaskState.Running);
        return result;
    }

    /// <summary>Leaves the queue without the lock. False: it was granted in that moment. The spin lock is held.</summary>
    public bool GiveUp(Task current)
    {
        if (current.LockGranted != 0)
            return LockFaults.Has(LockFault.GrantGivenUpBlindly);
        _sleepers.Remove(current);
        return true;
    }
}
