// Deliberate mistakes in priority inheritance, switched on by tests on the simulated machine to see that they are caught. On hardware there
// are none: the test is a constant there, and nothing of it is left. Context: set before a machine boots.
using Jiffy.Machine;

namespace Jiffy.Kernel.Sync;

internal enum RtMutexFault
{
    None,

    /// <summary>Only the owner inherits, not whom the owner waits for.</summary>
    NoChainWalk,

    /// <summary>An owner that lets go keeps what it was lent.</summary>
    KeepsLentPriority,

    /// <summary>A new policy for a task forgets what it is lent.</summary>
    PolicyEndsLending,

    /// <summary>The first waiter is woken before the mutex is free.</summary>
    WakesBeforeRelease,

    /// <summary>A wait that ends without the lock leaves the owner what it was lent.</summary>
    GivesUpSilently,

    /// <summary>A circle counts also when its links were not there at the same time.</summary>
    CountsLaterLinks,
}

internal static class RtMutexFaults
{
    private static RtMutexFault s_on;

    internal static void Set(RtMutexFault on) => s_on = on;

    internal static bool Has(RtMutexFault fault) => MachineTraits.ChecksLocks && s_on == fault;
}
