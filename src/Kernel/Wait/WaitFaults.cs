// Deliberate mistakes in waiting, switched on by tests on the simulated machine to see that they are caught. On hardware
// there are none: the test is a constant there, and nothing of it is left. Context: set before a machine boots.
using Jiffy.Machine;

namespace Jiffy.Kernel.Wait;

internal enum WaitFault
{
    None,

    /// <summary>The condition is looked at before the task is queued.</summary>
    TestedBeforeQueueing,

    /// <summary>The task is queued, the condition is looked at, and then the task says that it sleeps.</summary>
    StateSetAfterTest,

    /// <summary>An exclusive sleeper that gives up keeps the wake-up that was meant for one.</summary>
    WakeUpSwallowed,

    /// <summary>A task looks whether it must freeze before it says that it is frozen.</summary>
    FrozenTooLate,

    /// <summary>A task that was frozen where it slept goes on sleeping when it thaws.</summary>
    ThawForgotten,
}

internal static class WaitFaults
{
    private static WaitFault s_on;

    internal static void Set(WaitFault on) => s_on = on;

    internal static bool Has(WaitFault fault) => MachineTraits.ChecksLocks && s_on == fault;
}
