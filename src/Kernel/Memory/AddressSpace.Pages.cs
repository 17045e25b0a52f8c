// Entries of the page table: what they say, and taking them away.
// An entry carries two marks of the kernel's: OwnPage (a frame of the space's own, as opposed to one that a file or a shared object
// holds) and ZeroPage (the one frame of zeros that all read, neither counted nor referenced). An area without any permission keeps its
// entries, not present. Each entry but the zero page's holds one reference to its frame.
// A frame is given up only after every CPU that may have its entry cached was told; so it is never another's while still written here.
// Lock: _lock, held by every caller, or nobody else knows the space any more. Linux: zap_pte_range(), struct mmu_gather.
using System;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Memory;

public sealed partial class AddressSpace
{
    private const PageFlags OwnPageMark = PageFlags.Software1;
    private const PageFlags ZeroPageMark = PageFlags.Software2;
    private const PageFlags Marks = OwnPageMark | ZeroPageMark;
    private const int BatchFrames = 64;

    private static FrameNumber s_zeroPage;

    private static void InitZeroPage()
    {
        if (!FrameAllocator.TryTakeClear(out s_zeroPage))
            Invariant.Fail("the first frame can be taken");
    }

    // What an entry of the area lets the processor do, but for writing, which depends on the page.
    private static PageFlags BaseFlags(Area area)
    {
        if (!area.IsReadable)
            return PageFlags.None;
        return area.IsExecutable ? PageFlags.Present | PageFlags.Executable : PageFlags.Present;
    }

    // Maps a frame at a page that has no entry; the entry takes over the caller's reference. False: no memory for a table.
    private bool TryEnter(Area area, ulong page, FrameNumber frame, PageFlags more)
    {
        var flags = BaseFlags(area) | PageFlags.Accessed | more;
        if (!_table.TryWrite(page, new PageEntry(frame, flags)))
            return false;
        CountPage(area, flags, 1);
        if ((flags & OwnPageMark) != 0)
            area.HasAnonymous = true;
        return true;
    }

    // Takes all entries of [start, end), within one area, away; flush: tell the CPUs before frames are given up.
    private void RemovePages(Area area, ulong start, ulong end, bool flush = true)
    {
        Span<FrameNumber> batch = stackalloc FrameNumber[BatchFrames];
        var count = 0;
        var from = start;
        var at = start;
        while (_table.TryFindPresent(ref at, end, out var entry))
        {
            _table.Exchange(at, default);
            CountPage(area, entry.Flags, -1);
            at += MemoryLayout.PageSize;
            batch[count++] = (entry.Flags & ZeroPageMark) != 0 ? FrameNumber.None : entry.Frame;
            if (count < BatchFrames)
                continue;
            FlushAndDrop(batch, from, at, flush);
            from = at;
            count = 0;
        }

        if (count > 0)
            FlushAndDrop(batch.Slice(0, count), from, end, flush);
    }

    private void FlushAndDrop(ReadOnlySpan<FrameNumber> frames, ulong start, ulong end, bool flush)
    {
        if (flush)
            Flush(start, end);
        foreach (var frame in frames)
        {
            if (!frame.IsNone)
                FrameTable.Drop(frame);
        }
    }

    // The end of the space: nobody uses it any more. CPUs that still have the table loaded, lazily, let go of it first.
    private void UnmapAll()
    {
        UnloadEverywhere();
        var released = default(LinkedRing<Area, Area.InList>);
        while (_areas.First is { } area)
        {
            RemovePages(area, area.Start, area.End, flush: false);
            Unlink(area);
            released.AddLast(area);
        }

        Area.Release(ref released);
    }
}
