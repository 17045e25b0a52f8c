// Which locks a task holds, in the order taken: what LockChecks looks at. Written by the task and by interrupts nested on it.
using System.Runtime.CompilerServices;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;

namespace Jiffy.Kernel.Tasks;

[InlineArray(Depth)]
internal struct HeldRanks
{
    /// <summary>The most locks one task and the interrupts on it may hold at once.</summary>
    public const int Depth = 24;

    private short _first;
}

public sealed partial class Task
{
    internal HeldRanks HeldRanks;
    internal int HeldCount;

    /// <summary>A fault report runs on this task: what it takes and gives back is not looked at.</summary>
    internal bool SkipsLockChecks;

    /// <summary>Mutexes and semaphores this task holds: it must not be ended by force then. Written by the task alone.</summary>
    internal int SleepingLocks;

    // Links of the queue of the one sleeping lock this task waits for; guarded by that lock's inner lock.
    private Links<Task> _lockLinks;
    internal int LockWoken;

    internal readonly struct InLockQueue : ILinksOf<Task>
    {
        public static ref Links<Task> Of(Task item) => ref item._lockLinks;
    }
}
