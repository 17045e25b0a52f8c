// Deliberate mistakes in what waits for events of files, switched on by tests on the simulated machine to see that they are caught. On hardware
// there are none: the test is a constant there, and nothing of it is left. Context: set before a machine boots.
using Jiffy.Machine;

namespace Jiffy.Kernel.Files;

internal enum EventFault
{
    None,

    /// <summary>A counter looks for waiters before it changes the count.</summary>
    WaitersSoughtFirst,

    /// <summary>epoll_wait looks whether anything is ready before it queues itself, not after.</summary>
    ReadySoughtFirst,

    /// <summary>What becomes ready while events are handed out is forgotten.</summary>
    ReadyLostInTransfer,

    /// <summary>EPOLLONESHOT does not disarm.</summary>
    OneShotStaysArmed,

    /// <summary>A poller looks whether it was triggered before it says that it sleeps.</summary>
    PollerLooksFirst,

    /// <summary>A file that stands for a process looks whether that has ended before it registers the poller.</summary>
    AskedBeforeRegistering,

    /// <summary>An exclusive item uses a wake-up up although nobody waits on its epoll.</summary>
    ExclusiveSwallows,

    /// <summary>Who leaves ready items behind wakes nobody else.</summary>
    RestNotPassedOn,

    /// <summary>A call does not count the file it uses, though other threads may close it.</summary>
    SharedFileUncounted,

    /// <summary>A file that is closed for good stays on the list of those that are told by a signal.</summary>
    ListensWhenClosed,
}

internal static class EventFaults
{
    private static EventFault s_on;

    internal static void Set(EventFault on) => s_on = on;

    internal static bool Has(EventFault fault) => MachineTraits.ChecksLocks && s_on == fault;
}
