// Virtually contiguous areas: kernel memory of many pages at one stretch, for what needs more than the allocator has together. Each gets the
// first place that is large enough, with a free page behind it; an access there, or to an area given back, is a kernel fault.
// For tables that are made seldom: making and freeing cost a walk of the page tables for each page, and freeing flushes every CPU's translations.
// Contexts: making where a spin lock may be taken, freeing where one may sleep. Lock: s_lock guards the table of areas; the pages
// are mapped and unmapped outside it, while the place is taken. Linux: vmalloc(), vfree(), mm/vmalloc.c.
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sync;
using Jiffy.Machine;

namespace Jiffy.Kernel.Memory;

public static class KernelAreas
{
    /// <summary>The most areas there may be at a time.</summary>
    public const int MaxAreas = 256;

    /// <summary>The most pages of one area: 1 GiB.</summary>
    public const int MaxPages = 1 << 18;

    private struct Entry
    {
        public KernelArea Area;
        public string Name;

        /// <summary>The first page behind the area and its guard page.</summary>
        public readonly int End => Area.FirstPage + Area.PageCount + 1;
    }

    private readonly struct AreasRank : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.KernelAreas;
    }

    private static SpinLock<AreasRank, PreemptionOff> s_lock;
    private static Entry[] s_areas = null!; // guarded by s_lock: the first s_count, in order of place
    private static int s_count;
    private static long s_usedPages;

    /// <summary>Pages of all areas, without guard pages; a snapshot.</summary>
    public static long UsedPages => s_usedPages;

    public static void Init()
    {
        s_lock = default;
        s_areas = new Entry[MaxAreas];
        s_count = 0;
        s_usedPages = 0;
    }

    /// <summary>
    /// Makes an area of zeros. <paramref name="name"/>: whose it is, for /proc/vmallocinfo. Does not sleep; the kernel's reserve of frames is left alone.
    /// </summary>
    /// <returns>False: frames, places or addresses are exhausted, or <paramref name="pages"/> is not in 1..<see cref="MaxPages"/>; nothing has changed.</returns>
    public static bool TryCreate(int pages, string name, out KernelArea area)
    {
        area = default;
        if (pages is <= 0 or > MaxPages || !TryReserve(pages, name, out var place))
            return false;
        if (!place.TryFill())
        {
            Release(place);
            return false;
        }

        area = place;
        return true;
    }

    /// <summary>Gives an area back. Nobody may use its bytes any more. May sleep.</summary>
    [MaySleep]
    public static void Free(KernelArea area)
    {
        Context.MightSleep();
        Invariant.That(IsKnown(area), "an area given back exists");
        area.Empty();
        Release(area);
    }

    /// <summary>The first area at or behind a page of the range: going on behind each finds all.</summary>
    public static bool TryFind(int fromPage, out KernelArea area, out string name)
    {
        using (s_lock.Acquire())
        {
            var index = IndexFrom(fromPage);
            var found = index < s_count;
            area = found ? s_areas[index].Area : default;
            name = found ? s_areas[index].Name : "";
            return found;
        }
    }

    private static bool TryReserve(int pages, string name, out KernelArea place)
    {
        place = default;
        using (s_lock.Acquire())
        {
            if (s_count == MaxAreas)
                return false;
            var index = FindGap(pages, out var page);
            if (index < 0)
                return false;
            for (var i = s_count; i > index; i--)
                s_areas[i] = s_areas[i - 1];
            place = new KernelArea(page, pages);
            s_areas[index] = new Entry { Area = place, Name = name };
            s_count++;
            s_usedPages += pages;
            return true;
        }
    }

    // The first gap that takes the pages and a guard page: where it begins, and before which entry it lies. Below zero: none.
    private static int FindGap(int pages, out int page)
    {
        page = 0;
        for (var i = 0; i < s_count; i++)
        {
            if (s_areas[i].Area.FirstPage - page > pages)
                return i;
            page = s_areas[i].End;
        }

        return KernelArea.RangePages - page > pages ? s_count : -1;
    }

    private static bool IsKnown(KernelArea area) =>
        !area.IsNone && TryFind(area.FirstPage, out var found, out _) && found.FirstPage == area.FirstPage && found.PageCount == area.PageCount;

    private static void Release(KernelArea area)
    {
        using (s_lock.Acquire())
        {
            s_usedPages -= area.PageCount;
            s_count--;
            for (var i = IndexFrom(area.FirstPage); i < s_count; i++)
                s_areas[i] = s_areas[i + 1];
            s_areas[s_count] = default;
        }
    }

    private static int IndexFrom(int page)
    {
        var index = 0;
        while (index < s_count && s_areas[index].Area.FirstPage < page)
            index++;
        return index;
    }
}
