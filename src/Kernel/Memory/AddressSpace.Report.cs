// What /proc tells of a space: its areas one after the other, each as a snapshot, and the size of its page table.
// A reader goes from area to area by address, so that the lock is held for one at a time and nothing it prints can hold up the program.
// Context: process; may sleep. Lock: _lock. The caller has a user of the space. man 5 proc: maps, smaps, statm, status.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Machine;

namespace Jiffy.Kernel.Memory;

/// <summary>Pages present in an area, by kind; in pages.</summary>
public struct AreaPages
{
    public long Resident, Own, Referenced, Dirty, SharedClean, SharedDirty, PrivateClean, PrivateDirty;

    /// <summary>The resident pages, each divided by how many have it; in bytes.</summary>
    public long ProportionalBytes;
}

public struct AreaDescription
{
    public ulong Start, End;
    public Protection Protection;
    public AreaFlags Flags;

    /// <summary>Byte offset of the start in the file; zero without one.</summary>
    public ulong Offset;

    /// <summary>The mapped file, with a user that <see cref="Release"/> drops; null without one.</summary>
    public OpenFile? File;

    /// <summary>Of a shared anonymous object, else zero.</summary>
    public int SharedId;

    /// <summary>It is a System V segment, made under this key; SharedId is the segment's.</summary>
    public bool IsSegment;
    public int SegmentKey;

    public bool IsHeap, IsStack, IsVdso, IsVdsoValues;
    public AreaPages Pages;

    public readonly bool IsShared => (Flags & AreaFlags.Shared) != 0;
    public readonly bool IsLocked => (Flags & AreaFlags.Locked) != 0;

    /// <summary>Lets go of the file. May sleep.</summary>
    public void Release()
    {
        File?.ReleaseMapping();
        File = null;
    }
}

public sealed partial class AddressSpace
{
    /// <summary>
    /// Describes the first area that ends above <paramref name="from"/>; go on with its End. <paramref name="withPages"/>: look at every page, too.
    /// Release the description. False: there is none. May sleep.
    /// </summary>
    public bool TryDescribeArea(ulong from, bool withPages, out AreaDescription description)
    {
        description = default;
        using (_lock.Acquire())
        {
            if (FindAtOrAfter(from) is not { } area)
                return false;
            description.Start = area.Start;
            description.End = area.End;
            description.Protection = area.Protection;
            description.Flags = area.Flags;
            description.Offset = area.HasNoSource ? 0 : (ulong)area.FirstPage << MemoryLayout.PageShift;
            description.File = area.File;
            description.SharedId = area.Shared is { IsFixed: false } shared ? shared.Id : 0;
            if (area.Shared is { Owner: { } owner })
            {
                description.IsSegment = true;
                description.SharedId = owner.Number;
                description.SegmentKey = owner.NameKey;
            }

            description.IsVdso = Vdso.IsCode(area);
            description.IsVdsoValues = Vdso.IsValues(area);
            description.IsHeap = area.HasNoSource && area.Start < Break && area.End > BreakStart;
            description.IsStack = area.Start <= StackTop && StackTop <= area.End;
            area.File?.HoldForMapping();
            if (withPages)
                CountPages(area, ref description.Pages);
            return true;
        }
    }

    /// <summary>Bytes of page-table frames for present or once present pages. May sleep.</summary>
    public long PageTableBytes()
    {
        long tables = 1;
        using (_lock.Acquire())
        {
            ulong last2M = ulong.MaxValue, last1G = ulong.MaxValue, last512G = ulong.MaxValue;
            for (ulong at = 0; _table.TryFindPresent(ref at, UserMemory.Limit, out _); at = ((at >> 21) + 1) << 21)
            {
                tables += Count(at >> 21, ref last2M) + Count(at >> 30, ref last1G) + Count(at >> 39, ref last512G);
            }
        }

        return tables << MemoryLayout.PageShift;
    }

    private static int Count(ulong number, ref ulong last)
    {
        if (number == last)
            return 0;
        last = number;
        return 1;
    }

    private void CountPages(Area area, ref AreaPages pages)
    {
        for (var at = area.Start; _table.TryFindPresent(ref at, area.End, out var entry); at += MemoryLayout.PageSize)
        {
            if ((entry.Flags & ZeroPageMark) != 0)
                continue;
            var references = FrameTable.References(entry.Frame);
            var isDirty = (entry.Flags & PageFlags.Dirty) != 0;
            pages.Resident++;
            if ((entry.Flags & OwnPageMark) != 0)
                pages.Own++;
            if ((entry.Flags & PageFlags.Accessed) != 0)
                pages.Referenced++;
            if (isDirty)
                pages.Dirty++;
            pages.ProportionalBytes += Frames.Size / (references > 0 ? references : 1);
            CountSharing(ref pages, references > 1, isDirty);
        }
    }

    private static void CountSharing(ref AreaPages pages, bool isShared, bool isDirty)
    {
        if (isShared && isDirty)
            pages.SharedDirty++;
        else if (isShared)
            pages.SharedClean++;
        else if (isDirty)
            pages.PrivateDirty++;
        else
            pages.PrivateClean++;
    }
}
