// munmap, and the heap's end. Context: process; may sleep. Lock: _lock. Linux: do_munmap(), sys_brk. man 2 munmap, brk.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Memory;

public sealed partial class AddressSpace
{
    /// <summary>munmap: nothing is mapped in the range afterwards. May sleep.</summary>
    /// <returns>EINVAL; ENOMEM: too many areas, nothing was unmapped.</returns>
    public Errno Unmap(ulong address, ulong length)
    {
        if (!MemoryLayout.IsAligned(address) || length == 0 || !UserAccess.IsUserRange(address, length))
            return Errno.EINVAL;
        var released = default(LinkedRing<Area, Area.InList>);
        Errno error;
        using (_lock.Acquire())
            error = RemoveRange(address, address + MemoryLayout.PageUp(length), ref released);
        Area.Release(ref released);
        return error;
    }

    // Lock held; the areas taken out are to be released after it is given back.
    private Errno RemoveRange(ulong start, ulong end, ref LinkedRing<Area, Area.InList> released)
    {
        if (!Overlaps(start, end))
            return Errno.None;
        var error = SplitEnds(start, end);
        if (error != Errno.None)
            return error;
        for (var area = FindAtOrAfter(start); area is not null && area.Start < end;)
        {
            var next = After(area);
            RemovePages(area, area.Start, area.End);
            Unlink(area);
            released.AddLast(area);
            area = next;
        }

        return Errno.None;
    }

    /// <summary>Exec: keeps the program's file for /proc, with a user of its own.</summary>
    public void SetExecutable(OpenFile file)
    {
        file.HoldForMapping();
        var old = Executable;
        Executable = file;
        old?.ReleaseMapping();
    }

    /// <summary>Exec: the heap starts after the program's data, at some distance when addresses are random.</summary>
    public void StartBreak(ulong dataEnd)
    {
        BreakStart = MemoryLayout.PageUp(dataEnd) + MemoryLayout.RandomOffset(12);
        Break = BreakStart;
    }

    /// <summary>brk: the end of the heap after the call, which is the old one when it could not be moved. May sleep.</summary>
    public ulong SetBreak(ulong address)
    {
        var released = default(LinkedRing<Area, Area.InList>);
        ulong grownFrom = 0, grownTo = 0, result;
        using (_lock.Acquire())
        {
            var oldEnd = MemoryLayout.PageUp(Break);
            if (address >= BreakStart && address < UserMemory.Limit && MoveBreak(oldEnd, MemoryLayout.PageUp(address), ref released))
            {
                Break = address;
                if (MemoryLayout.PageUp(address) > oldEnd && (_futureFlags & AreaFlags.Locked) != 0)
                {
                    grownFrom = oldEnd;
                    grownTo = MemoryLayout.PageUp(address);
                }
            }

            result = Break;
        }

        Area.Release(ref released);
        if (grownTo != 0)
            Populate(grownFrom, grownTo);
        return result;
    }

    private bool MoveBreak(ulong oldEnd, ulong newEnd, ref LinkedRing<Area, Area.InList> released)
    {
        if (newEnd == oldEnd)
            return true;
        if (newEnd < oldEnd)
            return RemoveRange(newEnd, oldEnd, ref released) == Errno.None;
        if (newEnd > UserMemory.Limit - MemoryLayout.PageSize || !IsFree(oldEnd, newEnd + MemoryLayout.PageSize))
            return false;
        if (newEnd - BreakStart > SoftLimit(Resource.DATA))
            return false;
        const Protection ReadWrite = Protection.PROT_READ | Protection.PROT_WRITE;
        var made = MakeArea(newEnd - oldEnd, ReadWrite, MapFlags.MAP_PRIVATE, null, 0);
        if (!made.TryGet(out var area))
            return false;
        area.Flags |= _futureFlags;
        area.Start = oldEnd;
        area.End = newEnd;
        if (_areas.Count >= MemoryLayout.MaxAreas || CheckRoom(area, area.Pages) != Errno.None || (area.IsLocked && !MayLock(area.Pages)))
        {
            released.AddLast(area);
            return false;
        }

        Link(area);
        Merge(area, ref released);
        return true;
    }
}
