// Advisory locks of fcntl and flock: setting, testing, waiting, and letting go when descriptors close.
// Lock: s_lock (spin) guards all lists; an inode has at most 4096 locks, so that work under it is bounded. Sleepers wait on one
// queue and test again after every release. Linux: fs/locks.c.
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Wait;

namespace Jiffy.Kernel.Files;

using static FileConstants;

public static class FileLocks
{
    private const int MaxPerInode = 4096;
    private const int LongestChain = 10;

    private static SpinLock<FileLocksRank, PreemptionOff> s_lock;
    private static LinkedRing<FileLock, FileLock.InList> s_waiting;
    private static WaitQueue s_released = null!;
    private static int s_releases; // counted so that a sleeper sees that something was released since it looked

    public static void Init(int limit)
    {
        FileLock.Init(limit);
        s_lock = default;
        s_waiting = default;
        s_released = new WaitQueue();
        s_releases = 0;
    }

    /// <summary>Sets or takes away a lock. <paramref name="wait"/>: until nobody conflicts.</summary>
    /// <returns>EAGAIN, EDEADLK, ENOLCK, ERESTARTSYS.</returns>
    public static Errno Set(Inode inode, in FileLockRange wanted, bool wait)
    {
        FileLock? waiter = null;
        while (true)
        {
            var seen = Volatile.Read(ref s_releases);
            Errno error;
            using (s_lock.Acquire())
            {
                error = TrySetLocked(inode, wanted, out var blocker);
                if (error == Errno.EAGAIN && wait && wanted.Kind == FileLockKind.Process)
                    error = NoteWaiting(ref waiter, wanted, blocker!);
                else if (waiter is not null && error != Errno.EAGAIN)
                    ForgetWaiting(ref waiter);
            }

            if (error != Errno.EAGAIN || !wait)
            {
                if (error == Errno.None)
                    Released();
                return error;
            }

            error = s_released.WaitEvent(seen, static before => Volatile.Read(ref s_releases) != before);
            if (error == Errno.None)
                continue;
            using (s_lock.Acquire())
                ForgetWaiting(ref waiter);
            return error;
        }
    }

    /// <summary>The first lock that would be in the way; false: none.</summary>
    public static bool TryFindConflict(Inode inode, in FileLockRange wanted, out FileLockRange conflict)
    {
        using (s_lock.Acquire())
        {
            var found = FindConflict(inode, wanted);
            conflict = found?.Range ?? default;
            return found is not null;
        }
    }

    /// <summary>Takes away everything an owner holds on a file.</summary>
    public static void ReleaseAll(Inode inode, object owner)
    {
        if (inode.LockCount == 0)
            return;
        var any = false;
        using (s_lock.Acquire())
        {
            for (var held = inode.Locks.First; held is not null;)
            {
                var next = LinkedRing<FileLock, FileLock.InList>.After(held);
                if (held.Range.Owner == owner)
                {
                    Remove(inode, held);
                    any = true;
                }

                held = next;
            }
        }

        if (any)
            Released();
    }

    private static void Released()
    {
        Interlocked.Increment(ref s_releases);
        s_released.WakeUpAll();
    }

    private static Errno TrySetLocked(Inode inode, in FileLockRange wanted, out object? blocker)
    {
        blocker = null;
        if (wanted.Type != F_UNLCK && FindConflict(inode, wanted) is { } conflict)
        {
            blocker = conflict.Range.Owner;
            return Errno.EAGAIN;
        }

        // A lock in the middle of another leaves two pieces: two new ones at most.
        if (inode.LockCount >= MaxPerInode || !FileLock.Pool.TryTake(out var first))
            return Errno.ENOLCK;
        if (!FileLock.Pool.TryTake(out var second))
        {
            FileLock.Pool.Give(first);
            return Errno.ENOLCK;
        }

        FileLock? spare = first, other = second;
        CutOut(inode, wanted, ref spare);
        if (wanted.Type != F_UNLCK)
            Add(inode, ref other, wanted);
        if (spare is not null)
            FileLock.Pool.Give(spare);
        if (other is not null)
            FileLock.Pool.Give(other);
        return Errno.None;
    }

    private static FileLock? FindConflict(Inode inode, in FileLockRange wanted)
    {
        for (var held = inode.Locks.First; held is not null; held = LinkedRing<FileLock, FileLock.InList>.After(held))
        {
            if (held.Range.ConflictsWith(wanted))
                return held;
        }

        return null;
    }

    // The owner's locks lose what overlaps; one that is cut in two takes the spare for its upper part.
    private static void CutOut(Inode inode, in FileLockRange hole, ref FileLock? spare)
    {
        for (var held = inode.Locks.First; held is not null;)
        {
            var next = LinkedRing<FileLock, FileLock.InList>.After(held);
            ref var range = ref held.Range;
            if (range.IsSameOwner(hole) && range.Overlaps(hole))
            {
                if (range.Start < hole.Start && range.End > hole.End)
                {
                    spare!.Range = range;
                    spare.Range.Start = hole.End + 1;
                    Link(inode, spare);
                    spare = null;
                    range.End = hole.Start - 1;
                }
                else if (range.Start < hole.Start)
                {
                    range.End = hole.Start - 1;
                }
                else if (range.End > hole.End)
                {
                    range.Start = hole.End + 1;
                }
                else
                {
                    Remove(inode, held);
                }
            }

            held = next;
        }
    }

    // Neighbours of the same owner and type become one with it.
    private static void Add(Inode inode, ref FileLock? spare, FileLockRange wanted)
    {
        for (var held = inode.Locks.First; held is not null;)
        {
            var next = LinkedRing<FileLock, FileLock.InList>.After(held);
            ref var range = ref held.Range;
            if (range.IsSameOwner(wanted) && range.Type == wanted.Type && Touches(range, wanted))
            {
                wanted.Start = System.Math.Min(wanted.Start, range.Start);
                wanted.End = System.Math.Max(wanted.End, range.End);
                Remove(inode, held);
            }

            held = next;
        }

        spare!.Range = wanted;
        Link(inode, spare);
        spare = null;
    }

    private static bool Touches(in FileLockRange a, in FileLockRange b) =>
        a.Start > 0 && b.End == a.Start - 1 || b.Start > 0 && a.End == b.Start - 1;

    // EDEADLK: the one that is in the way waits, perhaps over others, for this owner.
    private static Errno NoteWaiting(ref FileLock? waiter, in FileLockRange wanted, object blocker)
    {
        var at = blocker;
        for (var steps = 0; steps < LongestChain && at is not null; steps++)
        {
            if (at == wanted.Owner)
            {
                ForgetWaiting(ref waiter);
                return Errno.EDEADLK;
            }

            at = BlockerOf(at);
        }

        if (waiter is null)
        {
            if (!FileLock.Pool.TryTake(out waiter))
                return Errno.ENOLCK;
            s_waiting.AddLast(waiter);
        }

        waiter.Range = wanted;
        waiter.BlockedBy = blocker;
        return Errno.EAGAIN;
    }

    private static object? BlockerOf(object owner)
    {
        for (var waiter = s_waiting.First; waiter is not null; waiter = LinkedRing<FileLock, FileLock.InList>.After(waiter))
        {
            if (waiter.Range.Owner == owner)
                return waiter.BlockedBy;
        }

        return null;
    }

    private static void ForgetWaiting(ref FileLock? waiter)
    {
        if (waiter is null)
            return;
        s_waiting.Remove(waiter);
        waiter.BlockedBy = null;
        waiter.Range = default;
        FileLock.Pool.Give(waiter);
        waiter = null;
    }

    private static void Link(Inode inode, FileLock held)
    {
        inode.Locks.AddLast(held);
        inode.LockCount++;
    }

    private static void Remove(Inode inode, FileLock held)
    {
        inode.Locks.Remove(held);
        inode.LockCount--;
        held.Range = default;
        FileLock.Pool.Give(held);
    }
}

public sealed partial class Inode
{
    /// <summary>What programs hold on it. Guard: FileLocks' lock; the count is read bare as a hint.</summary>
    internal LinkedRing<FileLock, FileLock.InList> Locks;
    internal int LockCount;

    private void ResetLocks()
    {
        Locks = default;
        LockCount = 0;
    }
}

public sealed partial class OpenFile
{
    private void ReleaseLocks() => FileLocks.ReleaseAll(Inode, this);

    /// <summary>A descriptor of a process's table is closed: its locks on the file go, whichever descriptor they came by.</summary>
    internal void ReleaseOwnerLocks(FileTable owner) => FileLocks.ReleaseAll(Inode, owner);
}
