// The tree of areas: finding them, finding room between them, splitting and joining them; and the sums over them.
// Each area knows the free bytes below it and the most within its subtree, so that room is found in O(log n) however many there are.
// Lock: _lock, held by every caller. Linux: mm/mmap.c.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Memory;

public sealed partial class AddressSpace
{
    private RedBlackTree<Area, Area.InSpace> _areas;

    // Mappings without a wish are put below it, downwards.
    private ulong _mapBase;

    private static Area? After(Area area) => RedBlackTree<Area, Area.InSpace>.Next(area);
    private static Area? Before(Area area) => RedBlackTree<Area, Area.InSpace>.Previous(area);

    private Area? Find(ulong address) => _areas.Find<ulong, Area.ByAddress>(address);

    // The area that holds the address, else the next one above.
    private Area? FindAtOrAfter(ulong address) => _areas.FindAtOrAfter<ulong, Area.ByAddress>(address);

    private bool IsFree(ulong start, ulong end)
    {
        var area = FindAtOrAfter(start);
        return area is null || area.GuardStart >= end;
    }

    private bool Overlaps(ulong start, ulong end)
    {
        var area = FindAtOrAfter(start);
        return area is not null && area.Start < end;
    }

    private void Link(Area area)
    {
        var next = FindAtOrAfter(area.Start);
        SetGap(area, next is null ? _areas.Last : Before(next));
        _areas.Insert(area);
        if (next is not null)
        {
            SetGap(next, area);
            _areas.Update(next);
        }

        CountArea(area, area.Pages);
    }

    private void Unlink(Area area)
    {
        CountArea(area, -area.Pages);
        var next = After(area);
        var previous = Before(area);
        _areas.Remove(area);
        if (next is null)
            return;
        SetGap(next, previous);
        _areas.Update(next);
    }

    // Moves the bounds; the source index follows the start. The order among the areas stays.
    private void Resize(Area area, ulong start, ulong end)
    {
        CountArea(area, -area.Pages);
        area.FirstPage += ((long)start - (long)area.Start) >> MemoryLayout.PageShift;
        area.Start = start;
        area.End = end;
        CountArea(area, area.Pages);
        SetGap(area, Before(area));
        _areas.Update(area);
        if (After(area) is not { } next)
            return;
        SetGap(next, area);
        _areas.Update(next);
    }

    private static void SetGap(Area area, Area? previous)
    {
        var low = previous is null ? MemoryLayout.MinAddress : previous.End;
        var high = area.GuardStart;
        area.Gap = high > low ? high - low : 0;
    }

    // Cuts an area in two at an address within it. False: out of memory; nothing has changed.
    private bool TrySplit(Area area, ulong at)
    {
        if (!Area.Pool.TryTake(out var upper))
            return false;
        upper.CopyFrom(area, at, area.End);
        Resize(area, area.Start, at);
        Link(upper);
        return true;
    }

    // Makes area borders at both ends of a range. ENOMEM: out of memory or too many areas; nothing that matters has changed.
    private Errno SplitEnds(ulong start, ulong end)
    {
        var first = Find(start);
        var cutsFirst = first is not null && first.Start < start;
        var last = Find(end - 1);
        var cutsLast = last is not null && last.End > end;
        if (_areas.Count + (cutsFirst ? 1 : 0) + (cutsLast ? 1 : 0) > MemoryLayout.MaxAreas)
            return Errno.ENOMEM;
        if (cutsFirst && !TrySplit(first!, start))
            return Errno.ENOMEM;
        last = Find(end - 1);
        return last is null || last.End <= end || TrySplit(last, end) ? Errno.None : Errno.ENOMEM;
    }

    // Joins an area with its neighbours where they are alike; what becomes superfluous is put on the list.
    private Area Merge(Area area, ref LinkedRing<Area, Area.InList> released)
    {
        if (After(area) is { } next && area.Joins(next))
            Absorb(area, next, ref released);
        if (Before(area) is not { } previous || !previous.Joins(area))
            return area;
        Absorb(previous, area, ref released);
        return previous;
    }

    private void Absorb(Area area, Area next, ref LinkedRing<Area, Area.InList> released)
    {
        var end = next.End;
        Unlink(next);
        area.HasAnonymous |= next.HasAnonymous;
        Resize(area, area.Start, end);
        released.AddLast(next);
    }

    // Joins whatever is alike from the area before start to the one after end.
    private void MergeRange(ulong start, ulong end, ref LinkedRing<Area, Area.InList> released)
    {
        var area = FindAtOrAfter(start);
        while (area is not null && area.Start <= end)
            area = After(Merge(area, ref released));
    }

    // The highest free place for a mapping below the base; when there is none, anywhere. Zero: no room.
    private ulong FindRoom(ulong length, bool below2GiB)
    {
        if (below2GiB)
            return FindRoomBelow(0x8000_0000, length);
        var found = FindRoomBelow(_mapBase, length);
        return found != 0 ? found : FindRoomBelow(UserMemory.Limit, length);
    }

    private ulong FindRoomBelow(ulong top, ulong length)
    {
        var next = FindAtOrAfter(top);
        if (next is not null && next.GuardStart < top)
            top = next.GuardStart;
        var last = next is null ? _areas.Last : Before(next);
        var low = last is null ? MemoryLayout.MinAddress : last.End;
        if (top > low && top - low >= length)
            return top - length;
        var area = last is null ? null : FindGapAtOrBefore(last, length);
        return area is null ? 0 : area.GuardStart - length;
    }

    // Going downwards from an area, the first one with so much free space below it.
    private static Area? FindGapAtOrBefore(Area from, ulong length)
    {
        Area? at = from;
        while (at is not null)
        {
            if (at.Gap >= length)
                return at;
            if (RedBlackTree<Area, Area.InSpace>.LeftOf(at) is { } left && left.MaxGap >= length)
                return HighestGap(left, length);
            var child = at;
            at = RedBlackTree<Area, Area.InSpace>.ParentOf(child);
            while (at is not null && RedBlackTree<Area, Area.InSpace>.LeftOf(at) == child)
            {
                child = at;
                at = RedBlackTree<Area, Area.InSpace>.ParentOf(child);
            }
        }

        return null;
    }

    // The highest area of a subtree, known to hold one, with so much free space below it.
    private static Area HighestGap(Area top, ulong length)
    {
        while (true)
        {
            if (RedBlackTree<Area, Area.InSpace>.RightOf(top) is { } right && right.MaxGap >= length)
                top = right;
            else if (top.Gap >= length)
                return top;
            else
                top = RedBlackTree<Area, Area.InSpace>.LeftOf(top)!;
        }
    }

    // Leaves room for the largest stack the limits allow, within reason.
    private static ulong ChooseMapBase()
    {
        var room = SoftLimit(Resource.STACK);
        room = room > MemoryLayout.MaxStackRoom ? MemoryLayout.MaxStackRoom : room + MemoryLayout.StackGuard;
        if (room < MemoryLayout.MinStackRoom)
            room = MemoryLayout.MinStackRoom;
        return MemoryLayout.PageDown(UserMemory.Limit - room - MemoryLayout.RandomOffset(16));
    }
}
