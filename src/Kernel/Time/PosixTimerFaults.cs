// Deliberate mistakes in what programs see of timers, switched on by tests on the simulated machine to see that they are caught. On hardware
// there are none: the test is a constant there, and nothing of it is left. Context: set before a machine boots.
using Jiffy.Machine;

namespace Jiffy.Kernel.Time;

internal enum PosixTimerFault
{
    None,

    /// <summary>A deleted timer goes back to its pool while its callback may still run.</summary>
    FreedUnderCallback,

    /// <summary>A timer that goes on after its signal was delivered forgets the periods gone by.</summary>
    OverrunsLost,

    /// <summary>An expiry does not look whether the timer was set anew meanwhile.</summary>
    StaleExpiryCounts,

    /// <summary>A read of a timer's file clears the count after it has let go of the lock.</summary>
    CountClearedOutsideLock,

    /// <summary>A sleep that goes on after a stop begins anew.</summary>
    SleepStartsAnew,

    /// <summary>An interval timer goes on from its signal's delivery, not from its last expiry.</summary>
    PeriodsDrift,
}

internal static class PosixTimerFaults
{
    private static PosixTimerFault s_on;

    internal static void Set(PosixTimerFault on) => s_on = on;

    internal static bool Has(PosixTimerFault fault) => MachineTraits.ChecksLocks && s_on == fault;
}
