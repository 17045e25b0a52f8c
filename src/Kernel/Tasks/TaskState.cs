// The states of a task. Linux: TASK_*, EXIT_*.
using System;

namespace Jiffy.Kernel.Tasks;

[Flags]
public enum TaskState
{
    /// <summary>On a run queue, or running.</summary>
    Running = 0,

    /// <summary>Asleep; a signal wakes it.</summary>
    Interruptible = 1,

    /// <summary>Asleep; only its event wakes it.</summary>
    Uninterruptible = 2,

    /// <summary>Stopped by job control.</summary>
    Stopped = 4,

    /// <summary>Stopped by its tracer.</summary>
    Traced = 8,

    /// <summary>Has ended; its last switch away frees it or has made it a zombie.</summary>
    Dead = 0x10,

    /// <summary>A kernel thread set aside until unparked.</summary>
    Parked = 0x40,

    /// <summary>Made, never run.</summary>
    New = 0x80,

    /// <summary>With Uninterruptible or Stopped: a fatal signal wakes it.</summary>
    WakeKill = 0x100,

    /// <summary>With Uninterruptible: does not count for the load average.</summary>
    NoLoad = 0x200,

    Killable = Uninterruptible | WakeKill,
    Idle = Uninterruptible | NoLoad,

    /// <summary>What an ordinary wake-up wakes.</summary>
    Normal = Interruptible | Uninterruptible,
}
