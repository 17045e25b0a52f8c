// An item that a waiting task puts behind another: when it runs, the other has ended. Belongs to the task, so that a flush cannot run out of memory.
// Contexts: process (waiting). Ordering: queued under the lock under which the other was found, run by the same thread after it.
// Linux: struct wq_barrier.
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Wait;

namespace Jiffy.Kernel.Deferred.WorkQueues;

internal sealed class FlushBarrier : WorkItem
{
    private readonly Completion _done = new();

    public FlushBarrier()
        : base(static item => ((FlushBarrier)item)._done.Complete(), null)
    {
        IsBarrier = true;
    }

    /// <summary>Makes it new, claimed for the caller to insert. The task it belongs to.</summary>
    public void Prepare()
    {
        _done.Reset();
        TryClaim();
    }

    /// <summary>Sleeps until it has run. The task it belongs to.</summary>
    /// <remarks>The worker's last touch may come after this returns; it is a wake-up, which a task stands at any time.</remarks>
    public void Wait() => _done.Wait(TaskState.Uninterruptible);
}
