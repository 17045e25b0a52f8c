// What locks cost while counting is on: by class, which is a rank, and apart for those who share. Acquisitions with the time held, contentions
// with the time waited; a bounce is one on another CPU than the last. Times in nanoseconds.
// Contexts: any. Guard: atomic operations; a reader gets a hint. Off, nothing is done but a test of a flag. Linux: kernel/locking/lockdep.c, lock_stat.
using System;
using System.Runtime.CompilerServices;
using System.Threading;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sync;

/// <summary>How often something took how long.</summary>
public struct LockTimes
{
    private long _count, _total, _most, _leastPlusOne;

    public readonly long Count => Volatile.Read(in _count);
    public readonly long Total => Volatile.Read(in _total);
    public readonly long Most => Volatile.Read(in _most);
    public readonly long Least => _leastPlusOne == 0 ? 0 : Volatile.Read(in _leastPlusOne) - 1;
    public readonly long Average => Count == 0 ? 0 : Total / Count;

    internal void Add(long time)
    {
        Interlocked.Increment(ref _count);
        Interlocked.Add(ref _total, time);
        for (var most = _most; time > most; most = _most)
            Interlocked.CompareExchange(ref _most, time, most);
        for (var least = _leastPlusOne; least == 0 || time + 1 < least; least = _leastPlusOne)
            Interlocked.CompareExchange(ref _leastPlusOne, time + 1, least);
    }
}

public struct LockNumbers
{
    public LockTimes Waited, Held;
    public long ContentionBounces, AcquisitionBounces;
    internal int LastCpuPlusOne;
}

/// <summary>A place where somebody waited for a class of locks: return addresses, the innermost first, and how often.</summary>
public struct ContentionPoint
{
    private long _key; // of the addresses; zero: free. Claimed atomically, and then the place is written before the count.
    private long _count;
    private CallPlace _place;

    public readonly long Count => Volatile.Read(in _count);

    public int CopyTo(Span<ulong> addresses) => _place.CopyTo(addresses);

    internal bool TryCount(long key, in CallPlace place)
    {
        if (_key != key && (_key != 0 || Interlocked.CompareExchange(ref _key, key, 0) is var seen && seen != 0 && seen != key))
            return false;
        if (Count == 0)
            _place = place;
        Interlocked.Increment(ref _count);
        return true;
    }
}

public static class LockStatistics
{
    private const int MostClasses = 96, Ranks = 1024;

    /// <summary>Places that are told apart for each class; waiting elsewhere is counted without its place.</summary>
    public const int Points = 8;

    private static LockNumbers[] s_numbers = null!; // two for each class: exclusive, shared
    private static LockRank[] s_classes = null!;
    private static byte[] s_classOf = null!; // by rank, plus one
    private static ContentionPoint[] s_points = null!; // Points for each class
    private static int s_count;

    public static bool IsOn
    {
        get => LockChecks.Counts;
        set => LockChecks.SetCounting(value);
    }

    /// <summary>How many classes have been seen.</summary>
    public static int Classes => Volatile.Read(ref s_count) is var count && count < MostClasses ? count : MostClasses;

    internal static void Init()
    {
        s_numbers ??= new LockNumbers[2 * MostClasses];
        s_points ??= new ContentionPoint[Points * MostClasses];
        s_classes ??= new LockRank[MostClasses];
        s_classOf ??= new byte[Ranks];
        Clear();
        s_classOf.AsSpan().Clear();
        s_count = 0;
    }

    public static LockRank ClassAt(int index) => s_classes[index];

    public static ref readonly LockNumbers NumbersAt(int index, bool shared) => ref s_numbers[2 * index + (shared ? 1 : 0)];

    /// <summary>Begins to count anew. Process context.</summary>
    public static void Clear()
    {
        s_numbers.AsSpan().Clear();
        s_points.AsSpan().Clear();
    }

    public static ref ContentionPoint PointAt(int index, int point) => ref s_points[Points * index + point];

    /// <summary>Somebody finds a lock taken: the moment, for <see cref="EndWait"/>; zero: nothing is counted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static long BeginWait() => LockChecks.Counts ? Clock.Now : 0;

    /// <summary>It waits no more; <paramref name="isHeld"/>: it has the lock.</summary>
    internal static void EndWait(LockRank rank, LockUse use, long since, bool isHeld = true)
    {
        if (since == 0)
            return;
        ref var numbers = ref Of(rank, use);
        numbers.Waited.Add(Clock.Now - since);
        NotePlace(s_classOf[(int)rank] - 1);
        if (numbers.LastCpuPlusOne != 0 && numbers.LastCpuPlusOne != Cpu.Id + 1)
            Interlocked.Increment(ref numbers.ContentionBounces);
        if (isHeld)
            LockChecks.HasWaited(rank);
    }

    // Looking at the stack costs less than the wait that was.
    private static void NotePlace(int index)
    {
        var place = default(CallPlace);
        place.SetHere();
        var key = 1L;
        for (var i = 0; i < CallPlace.Depth; i++)
            key = key * 1_000_003 ^ (long)place[i];
        for (var point = 0; point < Points; point++)
        {
            if (PointAt(index, point).TryCount(key | 1, place))
                return;
        }
    }

    internal static void Held(LockRank rank, LockUse use, long time)
    {
        ref var numbers = ref Of(rank, use);
        numbers.Held.Add(time);
        var here = Cpu.Id + 1;
        if (numbers.LastCpuPlusOne != here && numbers.LastCpuPlusOne != 0)
            Interlocked.Increment(ref numbers.AcquisitionBounces);
        Volatile.Write(ref numbers.LastCpuPlusOne, here);
    }

    private static ref LockNumbers Of(LockRank rank, LockUse use)
    {
        var index = s_classOf[(int)rank] - 1;
        if (index < 0)
            index = Register(rank);
        return ref s_numbers[2 * index + ((use & LockUse.Shared) != 0 ? 1 : 0)];
    }

    // Two that see a rank for the first time at once make two classes of it, of which one stays at its first count. More ranks than classes:
    // the last class gets the rest.
    private static int Register(LockRank rank)
    {
        var index = Interlocked.Increment(ref s_count) - 1;
        if (index >= MostClasses)
            return MostClasses - 1;
        s_classes[index] = rank;
        Volatile.Write(ref s_classOf[(int)rank], (byte)(index + 1));
        return index;
    }
}
