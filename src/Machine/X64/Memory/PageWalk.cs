// Entries of the processor's four-level page tables, and the walk that finds or makes them.
// Tables are reached through the direct map, or at their physical addresses before it exists.
using System.Runtime.CompilerServices;

namespace Jiffy.Machine;

internal static unsafe class PageBits
{
    internal const ulong Present = 1, Writable = 1 << 1, User = 1 << 2, WriteThrough = 1 << 3, CacheDisable = 1 << 4;
    internal const ulong Accessed = 1 << 5, Dirty = 1 << 6, Large = 1 << 7, Global = 1 << 8, NoExecute = 1UL << 63;
    internal const ulong FrameMask = 0x000f_ffff_ffff_f000;

    internal const ulong KernelText = Present | Accessed | Global;
    internal const ulong KernelRead = Present | Accessed | Global | NoExecute;
    internal const ulong KernelData = Present | Writable | Accessed | Dirty | Global | NoExecute;
    internal const ulong KernelDevice = KernelData | CacheDisable | WriteThrough;
    internal const ulong KernelTable = Present | Writable | Accessed;
    internal const ulong UserTable = Present | Writable | User | Accessed;
}

internal static unsafe class PageWalk
{
    internal const int EntriesPerTable = 512, FirstKernelEntry = 256, TopLevel = 3;

    /// <summary>Added to a table's physical address. Zero until the final tables are in use.</summary>
    internal static ulong TableBase;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Index(ulong address, int level) => (int)(address >> 12 + 9 * level) & EntriesPerTable - 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong* Table(ulong entry) => (ulong*)(TableBase + (entry & PageBits.FrameMask));

    /// <summary>The entry of <paramref name="level"/> (0: of a page) that maps the address; null where no table is.</summary>
    internal static ulong* Find(ulong root, ulong address, int level = 0)
    {
        var table = Table(root);
        for (var at = TopLevel; at > level; at--)
        {
            var entry = table[Index(address, at)];
            if ((entry & PageBits.Present) == 0 || (entry & PageBits.Large) != 0)
                return null;
            table = Table(entry);
        }
        return table + Index(address, level);
    }

    /// <summary>The same, making tables. Null: out of frames.</summary>
    internal static ulong* FindOrMake(ulong root, ulong address, int level, ulong tableBits)
    {
        var table = Table(root);
        for (var at = TopLevel; at > level; at--)
        {
            var entry = table + Index(address, at);
            if ((*entry & PageBits.Present) == 0)
            {
                if (!TableFrames.TryTake(out var frame))
                    return null;
                *entry = frame | tableBits;
            }
            table = Table(*entry);
        }
        return table + Index(address, level);
    }
}

/// <summary>Where zeroed frames for tables and stacks come from: boot memory first, then the kernel's allocator.</summary>
internal static class TableFrames
{
    internal static bool KernelOwnsMemory;

    internal static bool TryTake(out ulong physical)
    {
        if (!KernelOwnsMemory)
        {
            physical = MemoryMap.Take(1);
            return true;
        }
        var taken = KernelEntry.Instance.TryTakeFrame(out var frame);
        physical = frame.PhysicalAddress;
        return taken;
    }
}
