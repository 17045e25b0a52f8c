// What a thread's end means for futexes: locks that it holds and told the kernel of (the robust list) are marked and a waiter is woken, locks that
// lend priority go to their first waiter, and the word that others join on is zeroed and woken. The list is user memory: bad pointers and
// cycles end the walk, no more. Who finds the ending thread's id in a word meanwhile waits until it has finished (FutexExit).
// Context: process, the ending thread, its memory still there; may sleep. Linux: futex_exit_release(), mm_release(). man 2 set_robust_list.
using System;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Ipc;

public readonly struct FutexExitRank : ILockRank
{
    public static LockRank Rank => LockRank.FutexExit;
}

public static partial class Futex
{
    private const int MostEntries = 2048;

    // struct robust_list_head, in words: the first entry, how far a lock's word lies from its entry, the entry being worked on.
    private const int FirstAt = 0, OffsetAt = 1, PendingAt = 2, HeadWords = 3;

    /// <summary>The lowest bit of an entry's address: its lock lends priority.</summary>
    private const ulong PiBit = 1;

    /// <summary>Makes a thread's end known to user memory: robust list, owned locks, clear_child_tid. The task itself, its memory still there.</summary>
    public static void OnTaskExit(Task current) => LeaveMemory(current, FutexLife.Dead);

    /// <summary>The program is about to be replaced: as at the end of a thread, which then goes on as a new one.</summary>
    public static void OnExec(Task current) => LeaveMemory(current, FutexLife.Alive);

    private static void LeaveMemory(Task current, FutexLife after)
    {
        if (current.Memory is not null)
        {
            using (current.FutexExit.Acquire())
            {
                SetLife(current, FutexLife.Ending);
                LetGoOfRobustLocks(current);
                if (!FutexFaults.Has(FutexFault.EndKeepsLocks))
                    LetGoOfPiLocks(current);
                SetLife(current, after);
            }

            ClearChildId(current);
        }
        else
        {
            SetLife(current, after);
        }
    }

    private static void SetLife(Task current, FutexLife life)
    {
        using (current.WakeLock.Acquire())
            current.FutexLife = life;
    }

    /// <summary>Waits until a thread has given back what it has; <paramref name="ending"/> is counted, and counted out here.</summary>
    private static void AwaitEnd(Task ending)
    {
        ending.FutexExit.AcquireUnguarded();
        ending.FutexExit.Release();
        ending.Drop();
    }

    private static void ClearChildId(Task current)
    {
        var address = current.ClearChildId;
        current.ClearChildId = 0;

        // When nobody else uses the memory nobody can look.
        if (address != 0 && current.Memory!.Users > 1 && UserAccess.TryWrite(address, 0u))
            Wake(address, isPrivate: false, 1, AllBits);
    }

    private static void LetGoOfRobustLocks(Task current)
    {
        var headAt = current.RobustList;
        current.RobustList = 0;
        Span<ulong> head = stackalloc ulong[HeadWords];
        if (headAt == 0 || !UserAccess.TryReadArray(headAt, head))
            return;
        var at = head[FirstAt];
        var pending = head[PendingAt];
        for (var entries = 0; (at & ~PiBit) != headAt && entries < MostEntries; entries++)
        {
            // The next one is read first: once its lock is let go the entry may be used for something else.
            var isReadable = UserAccess.TryRead(at & ~PiBit, out ulong next);
            if ((at & ~PiBit) != (pending & ~PiBit) && !LetGo(current, at, head[OffsetAt], isPending: false))
                return;
            if (!isReadable)
                return;
            at = next;
        }

        if ((pending & ~PiBit) != 0)
            LetGo(current, pending, head[OffsetAt], isPending: true);
    }

    /// <summary>Marks a lock that the dead thread owns, and wakes one who waits for it; those that lend priority wake by themselves. False: bad address.</summary>
    private static bool LetGo(Task current, ulong entry, ulong offset, bool isPending)
    {
        var word = (entry & ~PiBit) + offset;
        var isPi = (entry & PiBit) != 0;
        if ((word & 3) != 0 || !UserAccess.TryRead(word, out uint value))
            return false;

        // Between letting go and waking the thread was killed: somebody has to wake in its place.
        if (isPending && !isPi && (value & OwnerMask) == 0)
            Wake(word, isPrivate: false, 1, AllBits);
        while ((value & OwnerMask) == (uint)current.Id)
        {
            if (!UserMemory.TryCompareExchange(word, (value & HasWaiters) | OwnerDied, value, out var previous))
                return false;
            if (previous != value)
            {
                value = previous;
                continue;
            }

            if (!isPi && (value & HasWaiters) != 0)
                Wake(word, isPrivate: false, 1, AllBits);
            break;
        }

        return true;
    }

    // A state may go away, and its object be used for another lock, until the lock of its bucket is held.
    private static void LetGoOfPiLocks(Task current)
    {
        while (true)
        {
            FutexPiState? state;
            FutexKey key;
            using (current.WakeLock.Acquire())
            {
                state = current.PiStates.First;
                if (state is null)
                    return;
                key = state.Key;
            }

            using (BucketOf(key).Lock.Acquire())
            {
                if (IsStillFirst(current, state, key))
                {
                    using (state.Mutex.Inner.Acquire())
                    {
                        if (state.Mutex.Owner == current)
                            state.Mutex.LetGo(current);
                    }
                }
            }
        }
    }

    private static bool IsStillFirst(Task current, FutexPiState state, in FutexKey key)
    {
        using (current.WakeLock.Acquire())
        {
            if (current.PiStates.First != state || !state.Key.Equals(key))
                return false;
            state.LoseOwner();
            return true;
        }
    }
}
