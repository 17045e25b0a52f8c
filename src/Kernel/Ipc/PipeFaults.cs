// Deliberate mistakes of pipes, switched on by tests on the simulated machine to see that they are caught. On hardware there are none: the
// test is a constant there. Context: set before a machine boots.
using Jiffy.Machine;

namespace Jiffy.Kernel.Ipc;

internal enum PipeFault
{
    None,

    /// <summary>A writer wakes the reader before its bytes are there.</summary>
    WakesBeforeData,

    /// <summary>tee gives the second pipe a slot without a reference to its frame.</summary>
    DropsReference,

    /// <summary>A splice that found room takes no promise of it, and fills a slot that is not free any more.</summary>
    PromisesNothing,
}

internal static class PipeFaults
{
    private static PipeFault s_on;

    internal static void Set(PipeFault on) => s_on = on;

    internal static bool Has(PipeFault fault) => MachineTraits.ChecksLocks && s_on == fault;
}
