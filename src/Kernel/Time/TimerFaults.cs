// Deliberate mistakes, switched on by tests on the simulated machine to see that they are caught. On hardware there are none: the test is a
// constant there, and nothing of it is left. Context: the flags are set before a machine boots.
using System;
using Jiffy.Machine;

namespace Jiffy.Kernel.Time;

[Flags]
internal enum TimerFault
{
    None = 0,

    /// <summary>A coarse timer is started on another CPU while its callback runs.</summary>
    MovesWhileFiring = 1,

    /// <summary>A new first high-resolution timer does not set the alarm.</summary>
    ForgetsAlarm = 2,

    /// <summary>Other CPUs' alarms are left alone when the clock is set.</summary>
    ForgetsClockSet = 4,
}

internal static class TimerFaults
{
    private static TimerFault s_on;

    internal static void Set(TimerFault on) => s_on = on;

    internal static bool Has(TimerFault fault) => MachineTraits.ChecksLocks && (s_on & fault) != 0;
}
