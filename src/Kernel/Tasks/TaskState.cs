// The states of a task, and those of its end. Which may follow which: TaskStateRules.cs, drawn in docs/TaskStates.md. Linux: TASK_*, EXIT_*.
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

    /// <summary>With a state of sleep: the freezer may freeze the sleeper as it is.</summary>
    Freezable = 0x400,

    /// <summary>Set aside by the freezer until the system thaws; no other wake-up ends it.</summary>
    Frozen = 0x800,

    Killable = Uninterruptible | WakeKill,
    Idle = Uninterruptible | NoLoad,

    /// <summary>What an ordinary wake-up wakes.</summary>
    Normal = Interruptible | Uninterruptible,
}

/// <summary>How far a task's end has come, beside its state: it may be a zombie before it has left the CPU for the last time.</summary>
public enum ExitState
{
    Alive,

    /// <summary>It has ended; its parent has not asked for it yet.</summary>
    Zombie,

    /// <summary>Nobody will ask for it (any more).</summary>
    Reaped,
}
