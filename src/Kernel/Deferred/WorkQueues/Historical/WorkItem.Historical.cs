// What historical queues know of an item. Linux 2.6: get_wq_data(), work->entry.
namespace Jiffy.Kernel.Deferred.WorkQueues;

public partial class WorkItem
{
    /// <summary>The thread on whose list it is, or null. Guard: that thread's lock.</summary>
    internal WorkThread? QueuedAt;

    /// <summary>The thread it was queued on last. Written under that thread's lock by the owner of PENDING.</summary>
    internal WorkThread? Thread;
}
