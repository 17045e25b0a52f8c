// Bodies of the kernel area contract. The range has one top-level entry, made at start-up and so part of every address space; tables below it
// are made when needed and stay. An entry that is not present may hold a frame: pages appear all at once when an area has
// every frame it needs, so that giving up needs no flush; and they vanish first, are forgotten by all CPUs, and then lose their frames.
// Locks: s_making guards the making of tables; entries belong to whoever holds the place.
using System;
using System.Threading;

namespace Jiffy.Machine;

public readonly unsafe partial struct KernelArea
{
    private const ulong Hidden = PageBits.KernelData & ~PageBits.Present;

    private static int s_making;

    public static partial ulong RangeStart => AddressSpace.Areas;

    public static partial int RangePages => (int)((AddressSpace.AreasEnd - AddressSpace.Areas) / AddressSpace.PageBytes);

    public partial Span<byte> Bytes => new((void*)AddressOf(0), PageCount * AddressSpace.PageBytes);

    public partial bool TryFill()
    {
        for (var i = 0; i < PageCount; i++)
        {
            if (TryPrepare(AddressOf(i)))
                continue;
            GiveFrames(i);
            return false;
        }
        for (var i = 0; i < PageCount; i++)
        {
            var entry = EntryOf(i);
            Volatile.Write(ref *entry, *entry | PageBits.Present);
        }
        return true;
    }

    public partial void Empty()
    {
        for (var i = 0; i < PageCount; i++)
        {
            var entry = EntryOf(i);
            Volatile.Write(ref *entry, *entry & ~PageBits.Present);
        }
        TlbShootdown.Flush(Smp.Online, AddressOf(0), AddressOf(PageCount));
        GiveFrames(PageCount);
    }

    // Puts a frame into the page's entry, which stays not present.
    private static bool TryPrepare(ulong address)
    {
        if (!KernelEntry.Instance.TryTakeFrame(out var frame))
            return false;
        var entry = FindOrMake(address);
        if (entry == null)
        {
            KernelEntry.Instance.GiveFrame(frame);
            return false;
        }
        *entry = frame.PhysicalAddress | Hidden;
        return true;
    }

    private static ulong* FindOrMake(ulong address)
    {
        var wereOn = Instructions.DisableInterrupts();
        while (Interlocked.CompareExchange(ref s_making, 1, 0) != 0)
            Cpu.Relax();
        var entry = PageWalk.FindOrMake(KernelPages.Root, address, 0, PageBits.KernelTable);
        Volatile.Write(ref s_making, 0);
        Cpu.RestoreInterrupts(wereOn);
        return entry;
    }

    // Those of the first pages, which no CPU can reach any more.
    private void GiveFrames(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var entry = EntryOf(i);
            var frame = new FrameNumber((uint)((*entry & PageBits.FrameMask) >> Frames.Shift));
            *entry = 0;
            KernelEntry.Instance.GiveFrame(frame);
        }
    }

    private ulong AddressOf(int page) => AddressSpace.Areas + ((ulong)FirstPage + (ulong)page) * AddressSpace.PageBytes;

    private ulong* EntryOf(int page) => PageWalk.Find(KernelPages.Root, AddressOf(page));
}
