// What work queues know of a task. Written by the task itself; Worker is looked at by the scheduler on every sleep.
// Linux: PF_WQ_WORKER, kthread_data().
using Jiffy.Kernel.Deferred.WorkQueues;

namespace Jiffy.Kernel.Tasks;

public sealed partial class Task
{
    /// <summary>Set while the task is a worker of the managed work queues. [self]</summary>
    internal Worker? Worker;

    /// <summary>Set while the task is the thread of a historical work queue. [self]</summary>
    internal WorkThread? WorkThread;

    /// <summary>What the task waits behind when it flushes: a task flushes one thing at a time.</summary>
    internal FlushBarrier FlushBarrier { get; }

    /// <summary>A new task is no worker.</summary>
    internal void ResetWork()
    {
        Worker = null;
        WorkThread = null;
    }
}
