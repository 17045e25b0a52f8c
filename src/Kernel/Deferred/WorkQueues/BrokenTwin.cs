// Wrong ways to do it, which tests on the simulated machine switch on to see that the explorer catches them. On a machine that does not
// check, IsOn is the constant false and nothing of this is left in the kernel.
using Jiffy.Machine;

namespace Jiffy.Kernel.Deferred.WorkQueues;

internal enum Mistake
{
    None,

    /// <summary>PENDING is cleared when the handler has run: what is asked for meanwhile is lost.</summary>
    ClearsPendingLate,

    /// <summary>A flush looks whether anything is queued, in place of waiting behind what runs.</summary>
    FlushesWithoutBarrier,

    /// <summary>Cancelling takes the item off, and does not wait for the handler.</summary>
    CancelsWithoutWaiting,

    /// <summary>A worker that sleeps still counts as running.</summary>
    SleepsUncounted,

    /// <summary>Queueing does not look where the item runs now.</summary>
    RunsTwiceAtOnce,
}

internal static class BrokenTwin
{
    internal static Mistake Mistake { get; set; }

    internal static bool Is(Mistake mistake) => MachineTraits.ChecksLocks && Mistake == mistake;
}
