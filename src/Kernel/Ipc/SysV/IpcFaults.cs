// Deliberate mistakes in interprocess communication, switched on by tests on the simulated machine to see that they are caught. On
// hardware there are none: the test is a constant there, and nothing of it is left. Context: set before a machine boots.
using Jiffy.Machine;

namespace Jiffy.Kernel.Ipc;

internal enum IpcFault
{
    None,

    /// <summary>Those who wait are looked at before the semaphores have their new values.</summary>
    WokenBeforeChange,

    /// <summary>An ending process applies its adjustments without the set's lock.</summary>
    UndoneOutsideLock,

    /// <summary>A sleeper that a signal wakes does not look whether it was served meanwhile.</summary>
    GiftSwallowed,

    /// <summary>A set is removed without telling those who wait.</summary>
    SleepersForgotten,

    /// <summary>A receiver makes room and does not look for senders that wait for it.</summary>
    RoomNotTold,

    /// <summary>A segment goes at its removal though somebody has begun to attach it.</summary>
    AttachNotCounted,
}

internal static class IpcFaults
{
    private static IpcFault s_on;

    internal static void Set(IpcFault on) => s_on = on;

    internal static bool Has(IpcFault fault) => MachineTraits.ChecksLocks && s_on == fault;
}
