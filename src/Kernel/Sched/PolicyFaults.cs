// Deliberate mistakes in scheduling policies, switched on by tests on the simulated machine to see that they are caught. On hardware
// there are none: the test is a constant there, and nothing of it is left. Context: set before a machine boots.
using Jiffy.Machine;

namespace Jiffy.Kernel.Sched;

internal enum PolicyFault
{
    None,

    /// <summary>Interactive tasks go on however long others have waited in the expired array.</summary>
    ExpiredForgotten,

    /// <summary>A child starts with a whole turn, and its parent keeps its own.</summary>
    TurnNotDivided,
}

internal static class PolicyFaults
{
    private static PolicyFault s_on;

    internal static void Set(PolicyFault on) => s_on = on;

    internal static bool Has(PolicyFault fault) => MachineTraits.ChecksLocks && s_on == fault;
}
