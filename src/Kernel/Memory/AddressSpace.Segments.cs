// System V segments in a space: areas of shared pages that have an owner. Everything but coming and going is as with other shared memory.
// Context: process; may sleep. Lock: _lock. Linux: do_shmat(), ksys_shmdt().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Memory;

public sealed partial class AddressSpace
{
    /// <summary>
    /// Maps all of a segment, of <paramref name="length"/> bytes: at an address, in place of what is there if <paramref name="replaces"/>, or, zero, wherever there is room.
    /// </summary>
    /// <returns>The address; EINVAL: something is there; ENOMEM; EPERM; EAGAIN: too much locked memory.</returns>
    internal Result<ulong> Attach(ulong address, SharedPages pages, ulong length, Protection protection, bool mayWrite, bool replaces)
    {
        var flags = address == 0 ? MapFlags.MAP_SHARED
            : MapFlags.MAP_SHARED | (replaces ? MapFlags.MAP_FIXED : MapFlags.MAP_FIXED_NOREPLACE);
        var error = CheckFixed(address, length, flags);
        if (error != Errno.None)
            return error == Errno.ENOMEM && address + length < address ? Errno.EINVAL : error;
        if (!Area.Pool.TryTake(out var area))
            return Errno.ENOMEM;
        area.Protection = protection;
        area.Flags = AreaFlags.Shared | AreaFlags.MayExecute | (mayWrite ? AreaFlags.MayWrite : AreaFlags.None);
        area.FirstPage = 0;
        area.HasAnonymous = false;
        area.File = null;
        area.Shared = pages;
        pages.AddUser();
        var released = default(LinkedRing<Area, Area.InList>);
        Result<ulong> placed;
        bool populates;
        using (_lock.Acquire())
        {
            area.Flags |= _futureFlags;
            populates = (area.Flags & (AreaFlags.Locked | AreaFlags.LockOnFault)) == AreaFlags.Locked;
            placed = Place(area, address, length, flags, ref released);
            if (!placed.IsOk)
                released.AddLast(area);
        }

        Area.Release(ref released);
        if (!placed.TryGet(out var start))
            return placed.Error == Errno.EEXIST ? Errno.EINVAL : placed.Error;
        if (populates)
            Populate(start, start + length);
        return start;
    }

    /// <summary>Unmaps what is left of the segment that was attached at an address. EINVAL: none was.</summary>
    internal Errno Detach(ulong address)
    {
        var released = default(LinkedRing<Area, Area.InList>);
        SharedPages? pages = null;
        using (_lock.Acquire())
        {
            for (var area = FindAtOrAfter(address); area is not null;)
            {
                var next = After(area);
                if (area.Shared is { Owner: not null } shared && (pages is null || pages == shared) && IsPartOf(area, address))
                {
                    pages = shared;
                    RemovePages(area, area.Start, area.End);
                    Unlink(area);
                    released.AddLast(area);
                }

                area = next;
            }
        }

        Area.Release(ref released);
        return pages is null ? Errno.EINVAL : Errno.None;
    }

    private static bool IsPartOf(Area area, ulong address) =>
        area.Start >= address && area.Start - address == (ulong)area.FirstPage << MemoryLayout.PageShift;
}
