// Four levels of tables in simulated frames, taken from the kernel as on hardware, so that their number can be checked.
using System;
using System.Runtime.InteropServices;
using Jiffy.Machine.Sim;

namespace Jiffy.Machine;

public readonly partial struct PageTable
{
    private const int Levels = 4, IndexBits = 9, EntriesPerTable = 512;

    public static partial bool TryCreate(out PageTable table)
    {
        SimMachine.Point(PointKind.PageTable);
        table = default;
        if (!KernelEntry.Instance.TryTakeFrame(out var root))
            return false;
        table = new PageTable(root);
        return true;
    }

    public partial void Destroy()
    {
        var machine = SimMachine.Current;
        machine.CheckUnused(this);
        machine.ForgetTable(Root);
        DestroyLevel(Root, Levels - 1);
    }

    public partial long CountFrames() => CountLevel(Root, Levels - 1);

    public partial void Activate() => SimMachine.Current.Activate(this);

    public partial PageEntry Read(ulong address)
    {
        SimMachine.Point(PointKind.PageTable);
        return ReadQuietly(address);
    }

    public partial bool TryWrite(ulong address, PageEntry entry)
    {
        SimMachine.Point(PointKind.PageTable);
        var table = Root;
        for (var level = Levels - 1; level > 0; level--)
        {
            ref var slot = ref Entries(table)[Index(address, level)];
            if (slot == 0)
            {
                if (!KernelEntry.Instance.TryTakeFrame(out var next))
                    return false;
                slot = next.PhysicalAddress | (ulong)PageFlags.Present;
            }
            table = Target(slot);
        }
        ref var leaf = ref Entries(table)[Index(address, 0)];
        var before = Decode(leaf);
        leaf = Encode(entry);
        SimMachine.Current.NoteWeakened(Root, address, before, entry);
        return true;
    }

    public partial bool TryFindPresent(ref ulong address, ulong end, out PageEntry entry)
    {
        entry = default;
        while (address < end)
        {
            var table = Root;
            var level = Levels - 1;
            for (; level > 0; level--)
            {
                var slot = Entries(table)[Index(address, level)];
                if (slot == 0)
                    break;
                table = Target(slot);
            }
            if (level == 0)
            {
                var slot = Entries(table)[Index(address, 0)];
                entry = Decode(slot);
                if (slot != 0)
                    return true;
            }
            var span = 1UL << (Frames.Shift + IndexBits * level);
            address = (address & ~(span - 1)) + span;
        }
        return false;
    }

    public partial PageEntry Exchange(ulong address, PageEntry entry)
    {
        SimMachine.Point(PointKind.PageTable);
        ref var leaf = ref Leaf(address, out var found);
        if (!found)
            return default;
        var before = Decode(leaf);
        leaf = Encode(entry);
        SimMachine.Current.NoteWeakened(Root, address, before, entry);
        return before;
    }

    public partial void Flush(CpuSet cpus, ulong start, ulong end) => SimMachine.Current.Flush(Root, cpus, start, end);

    /// <summary>The entry, without an observable step.</summary>
    internal PageEntry ReadQuietly(ulong address)
    {
        ref var leaf = ref Leaf(address, out var found);
        return found ? Decode(leaf) : default;
    }

    /// <summary>What the processor does to an entry it uses.</summary>
    internal void SetBits(ulong address, PageFlags flags)
    {
        ref var leaf = ref Leaf(address, out var found);
        if (found)
            leaf |= (ulong)(flags & (PageFlags.Accessed | PageFlags.Dirty));
    }

    private ref ulong Leaf(ulong address, out bool found)
    {
        var table = Root;
        for (var level = Levels - 1; level > 0; level--)
        {
            ref var slot = ref Entries(table)[Index(address, level)];
            if (slot == 0)
            {
                found = false;
                return ref slot;
            }
            table = Target(slot);
        }
        found = true;
        return ref Entries(table)[Index(address, 0)];
    }

    private static long CountLevel(FrameNumber table, int level)
    {
        var count = 1L;
        foreach (var slot in Entries(table))
        {
            if (slot != 0 && level > 0)
                count += CountLevel(Target(slot), level - 1);
        }
        return count;
    }

    private static void DestroyLevel(FrameNumber table, int level)
    {
        foreach (var slot in Entries(table))
        {
            if (slot == 0)
                continue;
            if (level > 0)
                DestroyLevel(Target(slot), level - 1);
            else if (Decode(slot).IsPresent)
                SimMachine.Current.Fail("page table destroyed with a page still mapped");
        }
        KernelEntry.Instance.GiveFrame(table);
    }

    private static Span<ulong> Entries(FrameNumber table) => MemoryMarshal.Cast<byte, ulong>(Frames.Bytes(table));

    private static int Index(ulong address, int level) =>
        (int)(address >> (Frames.Shift + IndexBits * level)) & (EntriesPerTable - 1);

    private static FrameNumber Target(ulong slot) => new((uint)(slot >> Frames.Shift));

    private static ulong Encode(PageEntry entry) => entry.Frame.PhysicalAddress | (ulong)entry.Flags;

    private static PageEntry Decode(ulong slot) => new(Target(slot), (PageFlags)(slot & (Frames.Size - 1)));
}
