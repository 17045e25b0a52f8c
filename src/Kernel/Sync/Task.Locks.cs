// Which locks a task holds, in the order taken: what LockChecks looks at. Written by the task and by interrupts nested on it.
using System.Runtime.CompilerServices;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;

namespace Jiffy.Kernel.Tasks;

internal struct HeldLock
{
    public short Rank;
    public byte Use;   // LockUse
    public long Since; // nanoseconds; zero: not counted
}

[InlineArray(Depth)]
internal struct HeldLocks
{
    /// <summary>The most locks one task and the interrupts on it may hold at once.</summary>
    public const int Depth = 24;

    private HeldLock _first;
}

/// <summary>Where they were taken; only made where that is kept.</summary>
internal sealed class HeldPlaces
{
    public const int Bytes = HeldLocks.Depth * CallPlace.Depth * sizeof(ulong) + 32;

    private readonly CallPlace[] _places = new CallPlace[HeldLocks.Depth];

    public void Note(int index) => _places[index].SetHere();

    public CallPlace Of(int index) => _places[index];

    public void Forget(int index, int count)
    {
        for (var i = index + 1; i < count; i++)
            _places[i - 1] = _places[i];
    }
}

public sealed partial class Task
{
    internal HeldLocks HeldLocks;
    internal int HeldCount, HeldEpoch;

    internal HeldPlaces? HeldPlaces { get; }

    private static HeldPlaces? CreateHeldPlaces() => LockChecks.KeepsPlaces ? new HeldPlaces() : null;

    /// <summary>A fault report runs on this task: what it takes and gives back is not looked at.</summary>
    internal bool SkipsLockChecks;

    /// <summary>Mutexes and semaphores this task holds: it must not be ended by force then. Written by the task alone.</summary>
    internal int SleepingLocks;

    // Links of the queue of the one sleeping lock this task waits for, and what it wants there; guarded by that lock's inner lock.
    private Links<Task> _lockLinks;
    internal bool LockWantsShare;

    /// <summary>Not zero: it was given the lock it sleeps for.</summary>
    internal int LockGranted;

    internal readonly struct InLockQueue : ILinksOf<Task>
    {
        public static ref Links<Task> Of(Task item) => ref item._lockLinks;
    }
}
