// What a thread's end means for futexes: locks that it holds and told the kernel of (the robust list) are marked and a waiter is woken, and
// the word that others join on is zeroed and woken. The list is user memory: bad pointers and cycles end the walk, no more.
// Context: process, the ending thread, its memory still there; may sleep. Linux: exit_robust_list(), mm_release(). man 2 set_robust_list.
using System;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Ipc;

public static partial class Futex
{
    private const int MostEntries = 2048;
    private const uint HasWaiters = 0x80000000, OwnerDied = 0x40000000, OwnerMask = 0x3fffffff;

    // struct robust_list_head, in words: the first entry, how far a lock's word lies from its entry, the entry being worked on.
    private const int FirstAt = 0, OffsetAt = 1, PendingAt = 2, HeadWords = 3;

    /// <summary>Makes a thread's end known to user memory: robust list, clear_child_tid. The task itself, its memory still there.</summary>
    public static void OnTaskExit(Task current)
    {
        if (current.Memory is null)
            return;
        LetGoOfLocks(current);
        ClearChildId(current);
    }

    /// <summary>The program is about to be replaced: as at the end of a thread.</summary>
    public static void OnExec(Task current) => OnTaskExit(current);

    private static void ClearChildId(Task current)
    {
        var address = current.ClearChildId;
        current.ClearChildId = 0;

        // When nobody else uses the memory nobody can look.
        if (address != 0 && current.Memory!.Users > 1 && UserAccess.TryWrite(address, 0u))
            Wake(address, isPrivate: false, 1, AllBits);
    }

    private static void LetGoOfLocks(Task current)
    {
        var headAt = current.RobustList;
        current.RobustList = 0;
        Span<ulong> head = stackalloc ulong[HeadWords];
        if (headAt == 0 || !UserAccess.TryReadArray(headAt, head))
            return;
        var at = head[FirstAt];
        var pending = head[PendingAt];
        for (var entries = 0; (at & ~1UL) != headAt && entries < MostEntries; entries++)
        {
            var isReadable = UserAccess.TryRead(at & ~1UL, out ulong next);
            if (at != pending && !LetGo(current, WordOf(at, head[OffsetAt])))
                return;
            if (!isReadable)
                return;
            at = next;
        }

        if (pending != 0)
            LetGo(current, WordOf(pending, head[OffsetAt]));
    }

    // The lowest bit of an entry's address says that its lock inherits priority.
    private static ulong WordOf(ulong entry, ulong offset) => (entry & ~1UL) + offset;

    /// <summary>Marks a lock that the dead thread owns, and wakes one who waits for it. False: bad address.</summary>
    private static bool LetGo(Task current, ulong word)
    {
        if ((word & 3) != 0 || !UserAccess.TryRead(word, out uint value))
            return false;
        while ((value & OwnerMask) == (uint)current.Id)
        {
            if (!UserMemory.TryCompareExchange(word, (value & HasWaiters) | OwnerDied, value, out var previous))
                return false;
            if (previous != value)
            {
                value = previous;
                continue;
            }

            if ((value & HasWaiters) != 0)
                Wake(word, isPrivate: false, 1, AllBits);
            break;
        }

        return true;
    }
}
