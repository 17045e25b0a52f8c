// mprotect. The whole range is checked before anything is changed.
// Context: process; may sleep. Lock: _lock. Linux: do_mprotect_pkey(), change_protection(). man 2 mprotect.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Memory;

public sealed partial class AddressSpace
{
    private const Protection Permissions = Protection.PROT_READ | Protection.PROT_WRITE | Protection.PROT_EXEC;

    /// <summary>mprotect. May sleep.</summary>
    /// <returns>EINVAL; ENOMEM: something in the range is not mapped, or a limit; EACCES: the file's opening does not allow it.</returns>
    public Errno Protect(ulong address, ulong length, Protection protection)
    {
        const Protection Grows = Protection.PROT_GROWSDOWN | Protection.PROT_GROWSUP;
        if ((protection & ~(Permissions | Protection.PROT_SEM | Grows)) != 0 || (protection & Grows) == Grows || !MemoryLayout.IsAligned(address))
            return Errno.EINVAL;
        if (length == 0)
            return Errno.None;
        if (!UserAccess.IsUserRange(address, length))
            return Errno.ENOMEM;
        if ((protection & Protection.PROT_GROWSUP) != 0)
            return Errno.EINVAL;
        var released = default(LinkedRing<Area, Area.InList>);
        Errno error;
        using (_lock.Acquire())
            error = ProtectRange(address, address + MemoryLayout.PageUp(length), protection, ref released);
        Area.Release(ref released);
        return error;
    }

    private Errno ProtectRange(ulong start, ulong end, Protection protection, ref LinkedRing<Area, Area.InList> released)
    {
        if ((protection & Protection.PROT_GROWSDOWN) != 0)
        {
            var stack = FindAtOrAfter(start);
            if (stack is null || stack.Start >= end)
                return Errno.ENOMEM;
            if (!stack.GrowsDown)
                return Errno.EINVAL;
            start = stack.Start;
        }

        protection &= Permissions;
        var error = CheckProtect(start, end, protection);
        if (error == Errno.None)
            error = SplitEnds(start, end);
        if (error != Errno.None)
            return error;
        for (var area = Find(start); area is not null && area.Start < end; area = After(area))
            SetProtection(area, protection);
        MergeRange(start, end, ref released);
        return Errno.None;
    }

    private Errno CheckProtect(ulong start, ulong end, Protection protection)
    {
        long newData = 0;
        var at = start;
        for (var area = FindAtOrAfter(start); at < end; area = After(area))
        {
            if (area is null || area.Start > at)
                return Errno.ENOMEM;
            if ((protection & Protection.PROT_WRITE) != 0 && (area.Flags & AreaFlags.MayWrite) == 0)
                return Errno.EACCES;
            if ((protection & Protection.PROT_EXEC) != 0 && (area.Flags & AreaFlags.MayExecute) == 0)
                return Errno.EACCES;
            var to = area.End < end ? area.End : end;
            if ((protection & Protection.PROT_WRITE) != 0 && !area.IsWritable && !area.IsShared && !area.GrowsDown)
                newData += (long)((to - at) >> MemoryLayout.PageShift);
            at = to;
        }

        if (newData == 0)
            return Errno.None;
        return IsOver(_dataPages + newData, Resource.DATA) || newData > FrameAllocator.TotalFrames ? Errno.ENOMEM : Errno.None;
    }

    private void SetProtection(Area area, Protection protection)
    {
        if (area.Protection == protection)
            return;
        CountArea(area, -area.Pages);
        area.Protection = protection;
        CountArea(area, area.Pages);
        var changed = false;
        for (var at = area.Start; _table.TryFindPresent(ref at, area.End, out var entry); at += MemoryLayout.PageSize)
        {
            var flags = FlagsFor(area, entry);
            if (flags == entry.Flags)
                continue;
            _table.Exchange(at, new PageEntry(entry.Frame, flags));
            changed = true;
        }

        if (changed)
            Flush(area.Start, area.End);
    }

    // A page is writable at once where no fault would have anything to do.
    private static PageFlags FlagsFor(Area area, PageEntry entry)
    {
        var flags = BaseFlags(area) | (entry.Flags & (Marks | PageFlags.Accessed | PageFlags.Dirty));
        var writable = area.IsShared || ((flags & OwnPageMark) != 0 && FrameTable.References(entry.Frame) == 1);
        return area.IsWritable && writable ? flags | PageFlags.Writable : flags;
    }
}
