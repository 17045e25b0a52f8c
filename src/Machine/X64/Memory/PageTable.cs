// Bodies of the page table contract. The upper half's top-level entries are copied from the kernel's table at creation and
// never change afterwards.
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
        for (var i = 0; i < PageWalk.FirstKernelEntry; i++)
        {
            if ((root[i] & PageBits.Present) != 0)
                DestroyTable(root[i], PageWalk.TopLevel - 1);
        }
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
        for (var i = 0; level > 0 && i < PageWalk.EntriesPerTable; i++)
        {
            if ((table[i] & PageBits.Present) != 0)
                DestroyTable(table[i], level - 1);
        }
        KernelEntry.Instance.GiveFrame(FrameOf(entry));
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
            var level = FindFrom(address, out var found);
            if (level < 0)
            {
                entry = Decode(found);
                return true;
            }
            var step = 1UL << 12 + 9 * level;
            address = (address & ~(step - 1)) + step;
        }
        entry = default;
        return false;
    }

    // The page's entry and -1, or the level at which there is none: all of that level's span is a hole.
    private int FindFrom(ulong address, out ulong found)
    {
        var table = PageWalk.Table(Root.PhysicalAddress);
        for (var level = PageWalk.TopLevel; ; level--)
        {
            found = Volatile.Read(ref table[PageWalk.Index(address, level)]);
            if (found == 0)
                return level;
            if (level == 0)
                return -1;
            table = PageWalk.Table(found);
        }
    }

    public partial PageEntry Exchange(ulong address, PageEntry entry)
    {
        var at = PageWalk.Find(Root.PhysicalAddress, address);
        return Decode((ulong)Interlocked.Exchange(ref *(long*)at, (long)Encode(entry)));
    }

    public partial void Flush(CpuSet cpus, ulong start, ulong end) => TlbShootdown.Flush(cpus, start, end);

    private static FrameNumber FrameOf(ulong entry) => new((uint)((entry & PageBits.FrameMask) >> Frames.Shift));

    // An entry that is not present but has software bits is kept as it is: the processor ignores all but the lowest bit.
    private static ulong Encode(PageEntry entry)
    {
        if (entry.Flags == PageFlags.None && entry.Frame.IsNone)
            return 0;
        var bits = entry.Frame.PhysicalAddress | (ulong)entry.Flags & StoredFlags | PageBits.User;
        return (entry.Flags & PageFlags.Executable) == 0 ? bits | PageBits.NoExecute : bits;
    }

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
