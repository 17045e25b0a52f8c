// Deliberate mistakes of sockets, switched on by tests on the simulated machine to see that they are caught. On hardware there are none: the
// test is a constant there, and nothing of it is left. Context: set before a machine boots.
using Jiffy.Machine;

namespace Jiffy.Kernel.Net;

internal enum UnixFault
{
    None,

    /// <summary>A reader looks for data, then queues itself and sleeps without a second look.</summary>
    TestedBeforeQueueing,

    /// <summary>A sender wakes the reader before its message is in the queue.</summary>
    WokenBeforeData,

    /// <summary>A socket that closes does not tell its peer.</summary>
    PeerForgotten,

    /// <summary>A reader that leaves data for others wakes none of them.</summary>
    NotPassedOn,

    /// <summary>A message is taken out while the collector looks: its files are counted out of flight before, without the lock.</summary>
    CountedOutsideLock,

    /// <summary>A listener that closes forgets the connections that nobody has accepted.</summary>
    PendingForgotten,
}

internal static class UnixFaults
{
    private static UnixFault s_on;

    internal static void Set(UnixFault on) => s_on = on;

    internal static bool Has(UnixFault fault) => MachineTraits.ChecksLocks && s_on == fault;
}
