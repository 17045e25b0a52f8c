// Deliberate mistakes in locks, switched on by tests on the simulated machine to see that they are caught. On hardware there are none: the test
// is a constant there, and nothing of it is left. Context: set before a machine boots.
using Jiffy.Machine;

namespace Jiffy.Kernel.Sync;

internal enum LockFault
{
    None,

    /// <summary>The first waiter of a spin lock takes it without a look whether another is behind it.</summary>
    SpinForgetsNext,

    /// <summary>A spin lock's holder clears the whole word, and with it the queue.</summary>
    SpinClearsQueue,

    /// <summary>A reader in an interrupt queues behind a writer that waits.</summary>
    InterruptReaderQueues,

    /// <summary>A writer takes a spin lock that readers still have.</summary>
    WriterOverlooksReaders,

    /// <summary>A mutex's owner wakes the first waiter before the mutex is free.</summary>
    MutexWakesBeforeRelease,

    /// <summary>A mutex is never handed over.</summary>
    MutexHandsNothingOver,

    /// <summary>A task that gives up waiting for a mutex does not look whether it was handed over in that moment.</summary>
    MutexGivesUpBlindly,

    /// <summary>A sleeper is woken before it is told that the lock is its.</summary>
    GrantAfterWake,

    /// <summary>A sleeper that gives up does not look whether it was granted the lock in that moment.</summary>
    GrantGivenUpBlindly,

    /// <summary>A sleeper looks whether the semaphore is free before it says that it sleeps.</summary>
    SleeperLooksTooEarly,

    /// <summary>A writer that gives up leaves the readers behind it asleep.</summary>
    WriterGoesSilently,

    /// <summary>A callback runs before its grace period has ended.</summary>
    RcuRunsTooEarly,

    /// <summary>A reader does not say that it reads.</summary>
    RcuReaderNotCounted,

    /// <summary>A grace period ends without a look at the other CPUs.</summary>
    RcuWaitsForNobody,
}

internal static class LockFaults
{
    private static LockFault s_on;

    internal static void Set(LockFault on) => s_on = on;

    internal static bool Has(LockFault fault) => MachineTraits.ChecksLocks && s_on == fault;
}
