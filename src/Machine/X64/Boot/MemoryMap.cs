// The machine's memory as the boot loader describes it, and the part of it that is free. Start-up takes frames from here (for
// page tables and the like) until the kernel has read what is left. Contexts: start-up, CPU 0.
namespace Jiffy.Machine;

internal readonly struct MemoryRange
{
    internal readonly ulong Start, End;

    internal MemoryRange(ulong start, ulong end)
    {
        Start = start;
        End = end;
    }

    internal ulong Bytes => End - Start;
}

/// <summary>A few ranges; more than there is room for are dropped, the last first.</summary>
internal sealed class RangeList
{
    internal const int Most = 32;

    private readonly MemoryRange[] _ranges = new MemoryRange[Most];

    internal int Count { get; private set; }

    internal MemoryRange this[int index] => _ranges[index];

    internal void Add(MemoryRange range)
    {
        if (range.Start < range.End && Count < Most)
            _ranges[Count++] = range;
    }

    internal void Replace(int index, MemoryRange range) => _ranges[index] = range;

    /// <summary>Cuts <paramref name="hole"/> out of all ranges.</summary>
    internal void Remove(MemoryRange hole)
    {
        var before = Count;
        for (var i = 0; i < before; i++)
        {
            var range = _ranges[i];
            if (hole.End <= range.Start || range.End <= hole.Start)
                continue;
            var left = new MemoryRange(range.Start, hole.Start);
            var right = new MemoryRange(hole.End, range.End);
            var keepLeft = range.Start < hole.Start;
            _ranges[i] = keepLeft ? left : new MemoryRange(right.Start, right.Start < right.End ? right.End : right.Start);
            if (keepLeft)
                Add(right);
        }
        DropEmpty();
    }

    private void DropEmpty()
    {
        var kept = 0;
        for (var i = 0; i < Count; i++)
        {
            if (_ranges[i].Start < _ranges[i].End)
                _ranges[kept++] = _ranges[i];
        }
        Count = kept;
    }
}

internal static unsafe class MemoryMap
{
    private const ulong FirstMegabyte = 1 << 20, FourGiB = 1UL << 32;

    /// <summary>What is memory, and tables of the firmware; for the direct map.</summary>
    internal static RangeList All = null!;

    /// <summary>Whole frames that nobody uses.</summary>
    internal static RangeList Free = null!;

    internal static int FrameLimit;
    internal static int TotalFrames;

    internal static void Init()
    {
        All = new RangeList();
        Free = new RangeList();
    }

    internal static void AddUsable(ulong start, ulong bytes)
    {
        All.Add(new MemoryRange(start, start + bytes));
        var first = AddressSpace.RoundUp(start, AddressSpace.PageBytes);
        var end = AddressSpace.RoundDown(start + bytes, AddressSpace.PageBytes);
        if (first >= end)
            return;
        Free.Add(new MemoryRange(first, end));
        TotalFrames += (int)((end - first) >> Frames.Shift);
        var limit = (int)(end >> Frames.Shift);
        if (limit > FrameLimit)
            FrameLimit = limit;
    }

    internal static void AddFirmware(ulong start, ulong bytes) => All.Add(new MemoryRange(start, start + bytes));

    /// <summary>Takes away what is in use: the first megabyte, the image, the ramdisk.</summary>
    internal static void Reserve(MemoryRange ramdisk)
    {
        Free.Remove(new MemoryRange(0, FirstMegabyte));
        Free.Remove(ImageLayout.Physical);
        Free.Remove(new MemoryRange(
            AddressSpace.RoundDown(ramdisk.Start, AddressSpace.PageBytes),
            AddressSpace.RoundUp(ramdisk.End, AddressSpace.PageBytes)));
    }

    /// <summary>A zeroed run of frames below 4 GiB, for ever. Its physical address.</summary>
    internal static ulong Take(int frames)
    {
        var bytes = (ulong)frames << Frames.Shift;
        var index = LargestBelow4GiB();
        var range = Free[index];
        Free.Replace(index, new MemoryRange(range.Start + bytes, range.End));
        for (ulong at = 0; at < bytes; at += AddressSpace.PageBytes)
            Instructions.ClearFrame((void*)(PageWalk.TableBase + range.Start + at));
        return range.Start;
    }

    private static int LargestBelow4GiB()
    {
        var best = 0;
        for (var i = 1; i < Free.Count; i++)
        {
            if (Free[i].Start < FourGiB && (Free[i].Bytes > Free[best].Bytes || Free[best].Start >= FourGiB))
                best = i;
        }
        return best;
    }
}
