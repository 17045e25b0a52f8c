// The kernel's own mappings: text read-only and executable, everything else not executable, nothing both writable and
// executable. The direct map's alias of text and constants is read-only too. All tables below the upper half's
// top-level entries are shared by every address space, so those entries are made at start-up and never change.
// Contexts: start-up, except TryMapPage (the caller's lock).
namespace Jiffy.Machine;

internal static unsafe class KernelPages
{
    /// <summary>The top-level table with kernel mappings only.</summary>
    internal static ulong Root;

    private static ulong s_nextDevice = AddressSpace.Devices;

    internal static void Build()
    {
        Root = MemoryMap.Take(1);
        MapImage();
        for (var i = 0; i < MemoryMap.All.Count; i++)
            MapDirect(MemoryMap.All[i]);
        EnsureTopEntry(AddressSpace.Stacks);
        EnsureTopEntry(AddressSpace.Devices);
        EnsureTopEntry(AddressSpace.Areas);
    }

    /// <summary>Leaves the boot loader's and the low identity mappings. From here on null dereferences fault.</summary>
    internal static void Activate()
    {
        Instructions.WriteCr3(Root);
        PageWalk.TableBase = AddressSpace.DirectMap;
    }

    private static void MapImage()
    {
        MapImagePart(ImageLayout.TextStart, ImageLayout.TextEnd, PageBits.KernelText);
        MapImagePart(ImageLayout.ConstantsStart, ImageLayout.ConstantsEnd, PageBits.KernelRead);
        MapImagePart(ImageLayout.DataStart, ImageLayout.SymbolsStart, PageBits.KernelData);
        MapImagePart(ImageLayout.SymbolsStart, ImageLayout.SymbolsEnd, PageBits.KernelRead);
        MapImagePart(ImageLayout.ImageEnd, ImageLayout.HeapEnd, PageBits.KernelData);
    }

    private static void MapImagePart(ulong start, ulong end, ulong bits)
    {
        start = AddressSpace.RoundDown(start, AddressSpace.PageBytes);
        end = AddressSpace.RoundUp(end, AddressSpace.PageBytes);
        Map(start, start - AddressSpace.Image, end - start, bits);
    }

    private static void MapDirect(MemoryRange range)
    {
        var start = AddressSpace.RoundDown(range.Start, AddressSpace.LargePage);
        var end = AddressSpace.RoundUp(range.End, AddressSpace.LargePage);
        var constants = AddressSpace.RoundDown(ImageLayout.TextStart, AddressSpace.PageBytes) - AddressSpace.Image;
        var constantsEnd = AddressSpace.RoundUp(ImageLayout.ConstantsEnd, AddressSpace.PageBytes) - AddressSpace.Image;
        if (start <= constants && constantsEnd <= end)
        {
            Map(AddressSpace.DirectMap + start, start, constants - start, PageBits.KernelData);
            Map(AddressSpace.DirectMap + constants, constants, constantsEnd - constants, PageBits.KernelRead);
            start = constantsEnd;
        }
        Map(AddressSpace.DirectMap + start, start, end - start, PageBits.KernelData);
    }

    /// <summary>Makes a piece of physical memory (a firmware table) readable through the direct map.</summary>
    internal static void* EnsureDirect(ulong physical, ulong bytes)
    {
        var start = AddressSpace.RoundDown(physical, AddressSpace.LargePage);
        for (var at = start; at < physical + bytes; at += AddressSpace.LargePage)
        {
            if (!IsMapped(AddressSpace.DirectMap + at))
                Map(AddressSpace.DirectMap + at, at, AddressSpace.LargePage, PageBits.KernelRead);
        }
        return AddressSpace.Direct(physical);
    }

    private static bool IsMapped(ulong address)
    {
        for (var level = 0; level < PageWalk.TopLevel; level++)
        {
            var entry = PageWalk.Find(Root, address, level);
            if (entry != null && (*entry & PageBits.Present) != 0)
                return true;
        }
        return false;
    }

    // Maps with the largest pages that fit. Later ranges that share a page with earlier ones leave it alone.
    private static void Map(ulong address, ulong physical, ulong bytes, ulong bits)
    {
        var end = address + bytes;
        while (address < end)
        {
            var level = LevelFor(address | physical, end - address);
            var entry = PageWalk.FindOrMake(Root, address, level, PageBits.KernelTable);
            if ((*entry & PageBits.Present) == 0)
                *entry = physical | bits | (level == 0 ? 0 : PageBits.Large);
            var step = 1UL << 12 + 9 * level;
            address += step;
            physical += step;
        }
    }

    private static int LevelFor(ulong addresses, ulong bytes)
    {
        if (Processor.HasGiantPages && (addresses & AddressSpace.GiantPage - 1) == 0 && bytes >= AddressSpace.GiantPage)
            return 2;
        return (addresses & AddressSpace.LargePage - 1) == 0 && bytes >= AddressSpace.LargePage ? 1 : 0;
    }

    private static void EnsureTopEntry(ulong address) => PageWalk.FindOrMake(Root, address, PageWalk.TopLevel - 1, PageBits.KernelTable);

    /// <summary>Maps one page of a kernel stack. False: out of frames for a table.</summary>
    internal static bool TryMapPage(ulong address, ulong physical)
    {
        var entry = PageWalk.FindOrMake(Root, address, 0, PageBits.KernelTable);
        if (entry == null)
            return false;
        *entry = physical | PageBits.KernelData;
        return true;
    }

    /// <summary>Maps a device's registers, up to one page that begins at a page boundary, uncached, for ever.</summary>
    internal static void* MapDevice(ulong physical)
    {
        var page = AddressSpace.RoundDown(physical, AddressSpace.PageBytes);
        var address = s_nextDevice;
        s_nextDevice += AddressSpace.PageBytes;
        *PageWalk.FindOrMake(Root, address, 0, PageBits.KernelTable) = page | PageBits.KernelDevice;
        return (void*)(address + (physical - page));
    }

    /// <summary>A root that also maps the first 2 MiB as they are, executable: for CPUs on their way out of real mode.</summary>
    internal static ulong MakeTrampolineRoot()
    {
        TableFrames.TryTake(out var root);
        TableFrames.TryTake(out var second);
        TableFrames.TryTake(out var third);
        for (var i = PageWalk.FirstKernelEntry; i < PageWalk.EntriesPerTable; i++)
            PageWalk.Table(root)[i] = PageWalk.Table(Root)[i];
        PageWalk.Table(root)[0] = second | PageBits.KernelTable;
        PageWalk.Table(second)[0] = third | PageBits.KernelTable;
        PageWalk.Table(third)[0] = PageBits.Present | PageBits.Writable | PageBits.Large;
        return root;
    }
}
