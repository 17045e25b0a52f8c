// How a managed work queue behaves. Names follow Linux's WQ_*; WQ_SYSFS is left out, for there is no attribute of a queue that could be set there,
// and so is WQ_BH. Linux: enum wq_flags.
using System;

namespace Jiffy.Kernel.Deferred.WorkQueues;

[Flags]
public enum WorkQueueFlags
{
    None = 0,

    /// <summary>Items run on any CPU, as many at once as the queue allows: for long or CPU-bound work.</summary>
    Unbound = 1 << 1,

    /// <summary>Items wait while the system is frozen: <see cref="WorkQueues.FreezeBegin"/>.</summary>
    Freezable = 1 << 2,

    /// <summary>Work that frees memory may be queued here: a rescuer thread of its own guarantees progress when no worker can be made.</summary>
    MemoryReclaim = 1 << 3,

    /// <summary>Served by the pools whose workers have nice -20.</summary>
    HighPriority = 1 << 4,

    /// <summary>Items that compute long do not hold others of the CPU back. Means nothing with Unbound.</summary>
    CpuIntensive = 1 << 5,

    /// <summary>Per CPU, or unbound when the kernel was started with workqueue.power_efficient=1.</summary>
    PowerEfficient = 1 << 7,

    /// <summary>One item at a time, in the order of queueing. Set by <see cref="WorkQueue.CreateOrdered"/>.</summary>
    Ordered = 1 << 17,
}
