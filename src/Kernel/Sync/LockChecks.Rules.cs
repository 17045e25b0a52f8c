// What LockChecks looks for, and what it keeps for the report (Observe/LockReport.cs): what was held or seen before, and where.
// Contexts: any. Guard: s_uses and s_places are written with atomic operations or by whoever first sees a use; a place lost to a race is only
// missing in a report. Linux: check_prev_add(), mark_lock(), save_trace().
using System;
using System.Threading;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sync;

public static partial class LockChecks
{
    // How locks of a rank and policy were taken: in which context, and with what left on.
    private const int InHardirq = 1, InSoftirq = 2, WithIrqsOn = 4, WithSoftirqsOn = 8;

    private const LockUse KindMask = LockUse.Sleeping;

    private const int Ranks = 1024, Kinds = 4, MostPlaces = 64;

    private static int[] s_uses = null!; // by rank and kind
    private static UsePlace[] s_places = null!;
    private static int s_placeCount;
    private static CallPlace s_held;

    private struct UsePlace
    {
        public int Class, Bit;
        public CallPlace Place;
    }

    /// <summary>The offending pair, for the fault report: what was held, or had been taken otherwise before; and what was wanted. Zero: none.</summary>
    public static LockRank Held { get; private set; }
    public static LockRank Wanted { get; private set; }

    private static void InitUses()
    {
        s_uses ??= new int[Ranks * Kinds];
        s_places ??= new UsePlace[MostPlaces];
        s_uses.AsSpan().Clear();
        s_placeCount = 0;
        Held = 0;
        Wanted = 0;
    }

    private static void CheckOrder(Task task, LockRank rank, LockUse use)
    {
        var at = Highest(task);
        if (at < 0)
            return;
        var highest = task.HeldLocks[at];
        if ((int)rank > highest.Rank || ((int)rank == highest.Rank && MayBeSecond(highest, use)))
            return;
        Fail("locks taken in the wrong order", (LockRank)highest.Rank, rank, task.HeldPlaces is { } places ? places.Of(at) : default);
    }

    // In an interrupt a share is to be had beside the one that the interrupted code has.
    private static bool MayBeSecond(HeldLock held, LockUse use) =>
        (use & LockUse.Nested) != 0 || ((use & LockUse.Shared) != 0 && ((LockUse)held.Use & LockUse.Shared) != 0 && Preemption.InInterrupt);

    private static int Highest(Task task)
    {
        var highest = -1;
        for (var i = 0; i < task.HeldCount; i++)
        {
            if (highest < 0 || task.HeldLocks[i].Rank > task.HeldLocks[highest].Rank)
                highest = i;
        }

        return highest;
    }

    private static void CheckContext(LockRank rank, LockUse use)
    {
        if (s_uses is null || !Scheduler.HasStarted)
            return;
        var count = Preemption.Count;
        var isHardirq = (count & Preemption.HardirqMask) != 0;
        var isSoftirq = (count & Preemption.SoftirqOne) != 0;
        if ((use & KindMask) == LockUse.Sleeping)
        {
            if (isHardirq || isSoftirq)
                Fail("a sleeping lock is taken in an interrupt", rank, rank, default);
            return;
        }

        if ((use & LockUse.Nested) != 0)
            return; // the first of the rank was looked at; or it is not waited for
        var irqsOn = Cpu.InterruptsOn;
        var bits = (isHardirq ? InHardirq : isSoftirq ? InSoftirq : 0)
            | (irqsOn && !isHardirq ? WithIrqsOn : 0)
            | (irqsOn && (count & Preemption.SoftirqMask) == 0 && !isHardirq ? WithSoftirqsOn : 0);
        // A reader may be interrupted by a reader: what it leaves on matters only to writers, which say so themselves.
        Note((int)rank * Kinds + (int)(use & KindMask), rank, (use & LockUse.Shared) != 0 ? bits & (InHardirq | InSoftirq) : bits);
    }

    private static void Note(int index, LockRank rank, int bits)
    {
        var before = Volatile.Read(ref s_uses[index]);
        var fresh = bits & ~before;
        if (fresh == 0)
            return;
        Interlocked.Or(ref s_uses[index], bits);
        for (var bit = 1; bit <= WithSoftirqsOn; bit <<= 1)
        {
            if ((fresh & bit) != 0 && KeepsPlaces)
                Keep(index, bit);
        }

        LookFor(index, rank, before | bits, fresh, InHardirq, WithIrqsOn, "a lock that interrupts take is held with interrupts on");
        LookFor(index, rank, before | bits, fresh, InSoftirq, WithSoftirqsOn, "a lock that softirqs take is held with softirqs on");
    }

    private static void LookFor(int index, LockRank rank, int bits, int fresh, int one, int other, string what)
    {
        if ((bits & one) == 0 || (bits & other) == 0)
            return;
        Fail(what, rank, rank, PlaceOf(index, (fresh & one) != 0 ? other : one));
    }

    private static void Keep(int index, int bit)
    {
        var slot = Interlocked.Increment(ref s_placeCount) - 1;
        if (slot >= MostPlaces)
            return;
        s_places[slot].Class = index;
        s_places[slot].Bit = bit;
        s_places[slot].Place.SetHere();
    }

    private static CallPlace PlaceOf(int index, int bit)
    {
        for (var i = 0; i < s_placeCount && i < MostPlaces; i++)
        {
            if (s_places[i].Class == index && s_places[i].Bit == bit)
                return s_places[i].Place;
        }

        return default;
    }

    private static void Fail(string what, LockRank held, LockRank wanted, CallPlace place)
    {
        Held = held;
        Wanted = wanted;
        s_held = place;
        Invariant.Fail(what);
    }

    /// <summary>Where <see cref="Held"/> was taken; zero: that was not kept.</summary>
    internal static int CopyHeldPlace(Span<ulong> addresses) => s_held.CopyTo(addresses);

    /// <summary>A report has told of it.</summary>
    internal static void Forget() => Wanted = 0;
}
