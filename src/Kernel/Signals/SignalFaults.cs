// Deliberate mistakes with signals, switched on by tests on the simulated machine to see that they are caught. On hardware there are none:
// the test is a constant there. Context: set before a machine boots.
using Jiffy.Machine;

namespace Jiffy.Kernel.Signals;

internal enum SignalFault
{
    None,

    /// <summary>sigsuspend looks for signals with its mask, and sleeps with the old one.</summary>
    SuspendSleepsWithOldMask,

    /// <summary>sigtimedwait leaves blocked what it waits for, so that no sender wakes it.</summary>
    AwaitedStaysBlocked,

    /// <summary>SIGCONT leaves stopping signals pending.</summary>
    ContinueLeavesStops,

    /// <summary>SIGCONT does not undo a stop that was dequeued and has not begun.</summary>
    TakenStopBegins,

    /// <summary>A fork does not look for a signal, or a stop, that came meanwhile.</summary>
    ForkOverlooksSignal,
}

internal static class SignalFaults
{
    private static SignalFault s_on;

    internal static void Set(SignalFault on) => s_on = on;

    internal static bool Has(SignalFault fault) => MachineTraits.ChecksLocks && s_on == fault;
}
