// The scheduler's part of the freezer: a task that sleeps, and says that it may be frozen so, is frozen where it is. It runs nothing; wake-ups for
// its event find it in another state and leave it alone (an exclusive one goes to the next), and thawing wakes it, to look for itself.
// Context: any. Locks: the task's WakeLock, then its run queue's. Linux: __set_task_frozen().
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sched;

public static partial class Scheduler
{
    /// <summary>Freezes a task that has wholly gone to sleep in a freezable state. False: it runs, or may not be frozen as it is.</summary>
    internal static bool TryToFreezeAsleep(Task task)
    {
        Cpu.Interleave();
        using (task.WakeLock.Acquire())
        {
            if ((task.State & TaskState.Freezable) == 0)
                return false;
            var queue = LockQueueOf(task);
            var state = task.State;
            var isAsleep = task.QueueState == QueueState.Off && (state & TaskState.Freezable) != 0;
            if (isAsleep)
            {
                if (CountsAsLoad(state))
                    queue.Uninterruptible--;
                task.ChangeState(TaskState.Frozen, Who.Freezer);
            }

            queue.Lock.Release(false);
            return isAsleep;
        }
    }
}
