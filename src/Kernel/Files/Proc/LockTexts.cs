// /proc/lock_stat: what locks cost, by class, the most contended first; counted while /proc/sys/kernel/lock_stat is 1. Writing 0 begins anew.
// A class is a rank; those who only share it (readers) stand apart with "-R". Then where it was waited for. Microseconds with two places. Process context; may sleep.
// Linux: kernel/locking/lockdep_proc.c, Documentation/locking/lockstat.rst.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sync;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files.Proc;

internal static class LockTexts
{
    private const int NameWidth = 38, NumberWidth = 14, Numbers = 12;
    private const int Depth = 8; // of the places that are kept
    private const long NanosecondsPerMicrosecond = 1000;

    public static void Write(PagedText text)
    {
        text.Append("lock_stat version 0.4\n"u8);
        WriteRule(text);
        text.Append($"{"class name",NameWidth} {"con-bounces",NumberWidth} {"contentions",NumberWidth} {"waittime-min",NumberWidth} {"waittime-max",NumberWidth} {"waittime-total",NumberWidth} {"waittime-avg",NumberWidth} ");
        text.Append($"{"acq-bounces",NumberWidth} {"acquisitions",NumberWidth} {"holdtime-min",NumberWidth} {"holdtime-max",NumberWidth} {"holdtime-total",NumberWidth} {"holdtime-avg",NumberWidth}\n");
        WriteRule(text);
        text.Append("\n"u8);
        // The classes by falling contentions: each round writes those of the greatest number below the last.
        for (var below = long.MaxValue; NextBelow(below) is var most && most >= 0; below = most)
        {
            for (var i = 0; i < LockStatistics.Classes; i++)
            {
                if (Contentions(i) == most)
                    WriteClass(text, i);
            }
        }
    }

    /// <summary>Begins anew.</summary>
    public static Errno Accept(ReadOnlySpan<byte> text)
    {
        if (text.Length > 0 && text[0] == (byte)'0')
            LockStatistics.Clear();
        return Errno.None;
    }

    private static long Contentions(int index) =>
        LockStatistics.NumbersAt(index, false).Waited.Count + LockStatistics.NumbersAt(index, true).Waited.Count;

    private static long NextBelow(long bound)
    {
        var most = -1L;
        for (var i = 0; i < LockStatistics.Classes; i++)
        {
            var contentions = Contentions(i);
            if (contentions < bound && contentions > most)
                most = contentions;
        }

        return most;
    }

    private static void WriteClass(PagedText text, int index)
    {
        var name = LockRankNames.Of(LockStatistics.ClassAt(index));
        ref readonly var shared = ref LockStatistics.NumbersAt(index, true);
        ref readonly var whole = ref LockStatistics.NumbersAt(index, false);
        var isShared = shared.Held.Count + shared.Waited.Count != 0;
        if (whole.Held.Count + whole.Waited.Count != 0)
            WriteNumbers(text, name, isShared ? "-W:" : ":", whole);
        if (isShared)
            WriteNumbers(text, name, "-R:", shared);
        if (Contentions(index) != 0)
            WritePoints(text, name, index);
    }

    // By what took the lock: one that waited by several ways stands once.
    private static void WritePoints(PagedText text, string name, int index)
    {
        Span<ulong> takers = stackalloc ulong[LockStatistics.Points];
        for (var i = 0; i < LockStatistics.Points; i++)
            takers[i] = LockStatistics.PointAt(index, i).Count == 0 ? 0 : TakerOf(ref LockStatistics.PointAt(index, i));
        for (var i = 0; i < LockStatistics.Points; i++)
        {
            if (takers[i] == 0 || takers.IndexOf(takers[i]) != i)
                continue;
            var count = 0L;
            for (var same = i; same < LockStatistics.Points; same++)
                count += takers[same] == takers[i] ? LockStatistics.PointAt(index, same).Count : 0;
            WritePoint(text, name, count, takers[i]);
        }
    }

    // The first on the stack that is no lock's own code.
    private static ulong TakerOf(ref ContentionPoint point)
    {
        Span<ulong> addresses = stackalloc ulong[Depth];
        var count = point.CopyTo(addresses);
        for (var i = 0; i < count; i++)
        {
            if (!Backtrace.TryDescribe(addresses[i], out var where) || where.File.IndexOf("Kernel/Sync/"u8) < 0)
                return addresses[i];
        }

        return count == 0 ? 0 : addresses[count - 1];
    }

    private static void WritePoint(PagedText text, string name, long count, ulong address)
    {
        text.Append($"{name,NameWidth} {count,NumberWidth}          [<{address:x16}>] ");
        if (Backtrace.TryDescribe(address, out var where))
            text.Append($"{where.Method}+0x{where.Offset:x} ({where.File}:{where.Line})");
        text.Append("\n"u8);
    }

    private static void WriteNumbers(PagedText text, string name, string kind, in LockNumbers numbers)
    {
        for (var i = name.Length + kind.Length; i < NameWidth + 1; i++)
            text.Append(" "u8);
        text.Append($"{name}{kind} ");
        text.Append($"{numbers.ContentionBounces,NumberWidth} {numbers.Waited.Count,NumberWidth}");
        WriteTimes(text, numbers.Waited);
        text.Append($" {numbers.AcquisitionBounces,NumberWidth} {numbers.Held.Count,NumberWidth}");
        WriteTimes(text, numbers.Held);
        text.Append("\n"u8);
    }

    private static void WriteTimes(PagedText text, in LockTimes times)
    {
        WriteTime(text, times.Least);
        WriteTime(text, times.Most);
        WriteTime(text, times.Total);
        WriteTime(text, times.Average);
    }

    private static void WriteTime(PagedText text, long nanoseconds)
    {
        var hundredths = nanoseconds % NanosecondsPerMicrosecond / 10;
        text.Append($" {nanoseconds / NanosecondsPerMicrosecond,NumberWidth - 3}.{hundredths / 10}{hundredths % 10}");
    }

    private static void WriteRule(PagedText text)
    {
        for (var i = 0; i < NameWidth + Numbers * (NumberWidth + 1) + 1; i++)
            text.Append("-"u8);
        text.Append("\n"u8);
    }
}
