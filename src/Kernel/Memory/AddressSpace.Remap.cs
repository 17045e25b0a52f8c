// mremap: a mapping is cut, grown where it is, or moved with its pages.
// Moving takes page-table entries from the old place to the new one without touching frames; if a table for the new place cannot be
// had, the entries go back. Context: process; may sleep. Lock: _lock. Linux: move_vma(), move_page_tables(). man 2 mremap.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Memory;

public sealed partial class AddressSpace
{
    /// <summary>mremap. MREMAP_DONTUNMAP is not offered. May sleep.</summary>
    /// <returns>The address; EINVAL, EFAULT (not one mapping), ENOMEM, EAGAIN (locked memory).</returns>
    public Result<ulong> Remap(ulong address, ulong oldLength, ulong newLength, RemapFlags flags, ulong newAddress)
    {
        var error = CheckRemap(address, oldLength, newLength, flags, newAddress);
        if (error != Errno.None)
            return error;
        oldLength = MemoryLayout.PageUp(oldLength);
        newLength = MemoryLayout.PageUp(newLength);

        // A move needs an area object; it is had before anything is changed.
        if (!Area.Pool.TryTake(out var spare))
            return Errno.ENOMEM;
        spare.File = null;
        spare.Shared = null;
        var released = default(LinkedRing<Area, Area.InList>);
        Result<ulong> result;
        var isLocked = false;
        using (_lock.Acquire())
        {
            result = RemapLocked(address, oldLength, newLength, flags, newAddress, ref spare, ref released);
            if (spare is not null)
                released.AddLast(spare);
            if (result.TryGet(out var start))
                isLocked = Find(start) is { } area && (area.Flags & (AreaFlags.Locked | AreaFlags.LockOnFault)) == AreaFlags.Locked;
        }

        Area.Release(ref released);
        if (isLocked && newLength > oldLength)
            Populate(result.Value + oldLength, result.Value + newLength);
        return result;
    }

    private static Errno CheckRemap(ulong address, ulong oldLength, ulong newLength, RemapFlags flags, ulong newAddress)
    {
        if ((flags & ~(RemapFlags.MREMAP_MAYMOVE | RemapFlags.MREMAP_FIXED)) != 0 || flags == RemapFlags.MREMAP_FIXED)
            return Errno.EINVAL;
        if (!MemoryLayout.IsAligned(address) || newLength == 0)
            return Errno.EINVAL;
        if (!UserAccess.IsUserRange(address, oldLength))
            return Errno.EFAULT;
        if (newLength > UserMemory.Limit)
            return Errno.ENOMEM;
        if ((flags & RemapFlags.MREMAP_FIXED) == 0)
            return Errno.None;
        newLength = MemoryLayout.PageUp(newLength);
        if (!MemoryLayout.IsAligned(newAddress) || !UserAccess.IsUserRange(newAddress, newLength))
            return Errno.EINVAL;
        if (newAddress < MemoryLayout.MinAddress)
            return Errno.EPERM;
        return newAddress < address + MemoryLayout.PageUp(oldLength) && address < newAddress + newLength ? Errno.EINVAL : Errno.None;
    }

    private Result<ulong> RemapLocked(
        ulong address, ulong oldLength, ulong newLength, RemapFlags flags, ulong newAddress, ref Area? spare, ref LinkedRing<Area, Area.InList> released)
    {
        if (Find(address) is not { } area)
            return Errno.EFAULT;
        var isFixed = (flags & RemapFlags.MREMAP_FIXED) != 0;
        if (newLength < oldLength)
        {
            var error = RemoveRange(address + newLength, address + oldLength, ref released);
            if (error != Errno.None)
                return error;
            oldLength = newLength;
            if (isFixed && Find(address) is { } rest)
                area = rest;
        }

        if (!isFixed && newLength == oldLength)
            return address;
        if (oldLength == 0 && !area.IsShared)
            return Errno.EINVAL;
        if (area.End - address < oldLength || (newLength > oldLength && area.Shared is { IsFixed: true }))
            return Errno.EFAULT;
        var more = (long)((newLength - oldLength) >> MemoryLayout.PageShift);
        if (area.IsLocked && !MayLock(more))
            return Errno.EAGAIN;
        var room = more > 0 ? CheckRoom(area, more) : Errno.None;
        if (room != Errno.None)
            return room;
        if (!isFixed && oldLength != 0 && CanGrow(area, address + oldLength, address + newLength))
        {
            Resize(area, area.Start, address + newLength);
            Merge(area, ref released);
            return address;
        }

        if ((flags & RemapFlags.MREMAP_MAYMOVE) == 0)
            return Errno.ENOMEM;
        return MoveTo(area, address, oldLength, newLength, isFixed ? newAddress : 0, ref spare, ref released);
    }

    private bool CanGrow(Area area, ulong oldEnd, ulong newEnd) =>
        area.End == oldEnd && newEnd > oldEnd && newEnd <= UserMemory.Limit && IsFree(oldEnd, newEnd);

    // destination zero: wherever there is room.
    private Result<ulong> MoveTo(
        Area area, ulong address, ulong oldLength, ulong newLength, ulong destination, ref Area? spare, ref LinkedRing<Area, Area.InList> released)
    {
        var target = destination != 0 ? destination : FindRoom(newLength, below2GiB: false);
        if (target == 0 || _areas.Count + 3 > MemoryLayout.MaxAreas)
            return Errno.ENOMEM;
        var error = destination != 0 ? RemoveRange(target, target + newLength, ref released) : Errno.None;
        if (error == Errno.None && oldLength != 0)
            error = SplitEnds(address, address + oldLength);
        if (error != Errno.None)
            return error;
        area = Find(address)!;
        var moved = spare!;
        moved.CopyFrom(area, address, address + oldLength);
        moved.Start = target;
        moved.End = target + newLength;
        if (!TryMovePages(address, target, oldLength))
            return Errno.ENOMEM; // the spare is released with its users of the source
        spare = null;
        if (oldLength != 0)
        {
            Unlink(area);
            released.AddLast(area);
        }
        else
        {
            moved.HasAnonymous = false;
        }

        Link(moved);
        Merge(moved, ref released);
        return target;
    }

    // Moves the entries; on failure they are where they were. The old place is flushed on all CPUs.
    private bool TryMovePages(ulong from, ulong to, ulong length)
    {
        var complete = true;
        var at = from;
        for (; _table.TryFindPresent(ref at, from + length, out _); at += MemoryLayout.PageSize)
        {
            var entry = _table.Exchange(at, default);
            if (_table.TryWrite(to + (at - from), entry))
                continue;
            _table.Exchange(at, entry);
            complete = false;
            break;
        }

        if (!complete)
            MovePagesBack(from, to, at - from);
        Flush(from, from + length);
        return complete;
    }

    private void MovePagesBack(ulong from, ulong to, ulong length)
    {
        for (var at = to; _table.TryFindPresent(ref at, to + length, out _); at += MemoryLayout.PageSize)
        {
            var entry = _table.Exchange(at, default);
            _table.Exchange(from + (at - to), entry);
        }
    }
}
