// Deliberate mistakes in futexes, switched on by tests on the simulated machine to see that they are caught. On hardware there are none: the
// test is a constant there, and nothing of it is left. Context: set before a machine boots.
using Jiffy.Machine;

namespace Jiffy.Kernel.Ipc;

internal enum FutexFault
{
    None,

    /// <summary>The word is looked at before the waiter is queued, without the bucket's lock.</summary>
    TestsBeforeQueueing,

    /// <summary>A requeue takes one waiter too many off its queue.</summary>
    RequeueDropsWaiter,

    /// <summary>A waiter that times out does not look whether it was woken meanwhile.</summary>
    TimeOutSwallowsWakeUp,

    /// <summary>Who takes a lock before the one it was meant for leaves that one's id in the word.</summary>
    WordKeepsOldOwner,

    /// <summary>A task ends without letting go of the locks others wait for.</summary>
    EndKeepsLocks,
}

internal static class FutexFaults
{
    private static FutexFault s_on;

    internal static void Set(FutexFault on) => s_on = on;

    internal static bool Has(FutexFault fault) => MachineTraits.ChecksLocks && s_on == fault;
}
