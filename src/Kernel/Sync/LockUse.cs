// How a lock is taken, as the lock's code tells LockChecks: constants, so that nothing of it is left where nothing is checked.
using System;

namespace Jiffy.Kernel.Sync;

[Flags]
public enum LockUse
{
    /// <summary>A spin lock that keeps only preemption off; softirqs too; interrupts too.</summary>
    PreemptionOff = 0,
    SoftirqsOff = 1,
    IrqsOff = 2,

    /// <summary>A lock that tasks sleep for.</summary>
    Sleeping = 3,

    /// <summary>A share, which others may have at the same time.</summary>
    Shared = 4,

    /// <summary>In a stated order beside another of the same rank, or without waiting.</summary>
    Nested = 8,
}
