// Bodies of the page table contract. The upper half's top-level entries are copied from the kernel's table at creation and
// never change afterwards.
using System.Runtime.CompilerServices;
using System.Threading;

namespace Jiffy.Machine;

public readonly unsafe partial struct PageTable
{
    private const ulong StoredFlags = (ulong)(PageFlags.Present | PageFlags.Writable | PageFlags.Accessed | PageFlags.Dirty |
        PageFlags.Software1 | PageFlags.Software2);

    public static partial bool TryCreate(out PageTable table)
    {
        table = default;
        if (!KernelEntry.Instance.TryTakeFrame(out var root))
            return false;
        var entries = PageWalk.Table(root.PhysicalAddress);
        var kernel = PageWalk.Table(KernelPages.Root);
        for (var i = PageWalk.FirstKernelEntry; i < PageWalk.EntriesPerTable; i++)
            entries[i] = kernel[i];
        table = new PageTable(root);
        return true;
    }

    public partial void Destroy()
    {
        var root = PageWalk.Table(Root.PhysicalAddress);
        for (var i = 0; i < PageWalk.FirstKernelEntry; i += 8)
            DestroyTables(root + i, PageWalk.TopLevel - 1);
        KernelEntry.Instance.GiveFrame(Root);
    }

    public partial long CountFrames() => CountTables(Root.PhysicalAddress, PageWalk.TopLevel - 1, PageWalk.FirstKernelEntry);

    // The tables of the lowest level are counted where they are entered.
    private static long CountTables(ulong table, int level, int entries)
    {
        var count = 1L;
        for (var i = 0; i < entries; i++)
        {
            var entry = Volatile.Read(ref PageWalk.Table(table)[i]);
            if ((entry & PageBits.Present) != 0)
                count += level == 1 ? 1 : CountTables(FrameOf(entry).PhysicalAddress, level - 1, PageWalk.EntriesPerTable);
        }
        return count;
    }

    private static void DestroyTable(ulong entry, int level)
    {
        var table = PageWalk.Table(entry);
        for (var i = 0; level > 0 && i < PageWalk.EntriesPerTable; i += 8)
            DestroyTables(table + i, level - 1);
        KernelEntry.Instance.GiveFrame(FrameOf(entry));
    }

    // Eight entries at a time: nearly all of them are empty.
    private static void DestroyTables(ulong* entries, int level)
    {
        if ((entries[0] | entries[1] | entries[2] | entries[3] | entries[4] | entries[5] | entries[6] | entries[7]) == 0)
            return;
        for (var i = 0; i < 8; i++)
        {
            if ((entries[i] & PageBits.Present) != 0)
                DestroyTable(entries[i], level);
        }
    }

    public partial void Activate() => Instructions.WriteCr3(Root.IsNone ? KernelPages.Root : Root.PhysicalAddress);

    public partial PageEntry Read(ulong address)
    {
        var entry = PageWalk.Find(Root.PhysicalAddress, address);
        return entry == null ? default : Decode(Volatile.Read(ref *entry));
    }

    public partial bool TryWrite(ulong address, PageEntry entry)
    {
        var at = PageWalk.FindOrMake(Root.PhysicalAddress, address, 0, PageBits.UserTable);
        if (at == null)
            return false;
        Volatile.Write(ref *at, Encode(entry));
        return true;
    }

    public partial bool TryFindPresent(ref ulong address, ulong end, out PageEntry entry)
    {
        while (address < end)
        {
            var table = FindTable(address, out var hole);
            if (table == null)
            {
                address = (address & ~(hole - 1)) + hole;
                continue;
            }
            for (var i = PageWalk.Index(address, 0); i < PageWalk.EntriesPerTable && address < end; i++)
            {
                var found = Volatile.Read(ref table[i]);
                if (found != 0)
                {
                    entry = Decode(found);
                    return true;
                }
                address += AddressSpace.PageBytes;
            }
        }
        entry = default;
        return false;
    }

    // The table of the page's entry; null where there is none, with the bytes, aligned to their number, that have no table either.
    private ulong* FindTable(ulong address, out ulong hole)
    {
        var table = PageWalk.Table(Root.PhysicalAddress);
        for (var level = PageWalk.TopLevel; level > 0; level--)
        {
            var entry = Volatile.Read(ref table[PageWalk.Index(address, level)]);
            hole = 1UL << 12 + 9 * level;
            if (entry == 0)
                return null;
            table = PageWalk.Table(entry);
        }
        hole = 0;
        return table;
    }

    public partial PageEntry Exchange(ulong address, PageEntry entry)
    {
        var at = PageWalk.Find(Root.PhysicalAddress, address);
        return Decode((ulong)Interlocked.Exchange(ref *(long*)at, (long)Encode(entry)));
    }

    public partial void Flush(CpuSet cpus, ulong start, ulong end) => TlbShootdown.Flush(cpus, start, end);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static FrameNumber FrameOf(ulong entry) => new((uint)((entry & PageBits.FrameMask) >> Frames.Shift));

    // An entry that is not present but has software bits is kept as it is: the processor ignores all but the lowest bit.
    private static ulong Encode(PageEntry entry)
    {
        if (entry.Flags == PageFlags.None && entry.Frame.IsNone)
            return 0;
        var bits = entry.Frame.PhysicalAddress | (ulong)entry.Flags & StoredFlags | PageBits.User;
        return (entry.Flags & PageFlags.Executable) == 0 ? bits | PageBits.NoExecute : bits;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static PageEntry Decode(ulong bits)
    {
        if (bits == 0)
            return default;
        var flags = (PageFlags)(bits & StoredFlags);
        if ((bits & PageBits.NoExecute) == 0)
            flags |= PageFlags.Executable;
        return new PageEntry(FrameOf(bits), flags);
    }
}
