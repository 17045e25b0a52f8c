// Making pages present ahead of their use, and keeping them so: MAP_POPULATE, mlock and its relatives, mincore.
// Nothing is ever swapped here, so to lock a page means to bring it in, and to count it against RLIMIT_MEMLOCK.
// Context: process; may sleep. Lock: _lock, given back now and then while many pages are brought in. Linux: mm/mlock.c.
// man 2 mlock, mincore.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Memory;

public sealed partial class AddressSpace
{
    private const ulong PopulateStep = 64 * MemoryLayout.PageSize;

    /// <summary>Brings all pages of a range in, as far as areas allow an access. ENOMEM: a hole, or memory is exhausted; EFAULT: beyond a file's end.</summary>
    internal Errno Populate(ulong start, ulong end)
    {
        for (var at = start; at < end;)
        {
            var to = end - at > PopulateStep ? at + PopulateStep : end;
            Errno error;
            using (_lock.Acquire())
                error = PopulateRange(at, to, write: false);
            if (error != Errno.None)
                return error;
            if (MustStop)
                return Errno.EINTR;
            at = to;
        }

        return Errno.None;
    }

    // write: as if every page were written (MADV_POPULATE_WRITE); else read, but private writable pages become the space's own at once.
    private Errno PopulateRange(ulong start, ulong end, bool write)
    {
        for (var at = start; at < end; at += MemoryLayout.PageSize)
        {
            if (Find(at) is not { } area)
                return Errno.ENOMEM;
            if (!area.IsReadable || (write && !area.IsWritable))
                return Errno.ENOMEM;
            var result = TouchPage(area, at, write || (area.IsWritable && !area.IsShared));
            if (result != FaultResult.Done)
                return result == FaultResult.BeyondFile ? Errno.EFAULT : Errno.ENOMEM;
        }

        return Errno.None;
    }

    /// <summary>mlock, mlock2. May sleep.</summary>
    /// <returns>EINVAL; EPERM: the limit is zero; ENOMEM: the limit, a hole, or too many areas; EAGAIN: not all could be brought in.</returns>
    public Errno LockPages(ulong address, ulong length, bool onFault)
    {
        var start = MemoryLayout.PageDown(address);
        length = MemoryLayout.PageUp(length + (address & MemoryLayout.PageMask));
        if (length < (address & MemoryLayout.PageMask) || start + length < start)
            return Errno.EINVAL;
        if (!IsPrivileged && SoftLimit(Resource.MEMLOCK) == 0)
            return Errno.EPERM;
        if (length == 0)
            return Errno.None;
        if (!UserAccess.IsUserRange(start, length))
            return Errno.ENOMEM;
        var flags = onFault ? AreaFlags.Locked | AreaFlags.LockOnFault : AreaFlags.Locked;
        var error = ChangeFlags(start, start + length, flags, AreaFlags.Locked | AreaFlags.LockOnFault, checkLimit: true);
        if (error != Errno.None || onFault)
            return error;
        error = Populate(start, start + length);
        return error == Errno.EFAULT ? Errno.ENOMEM : error;
    }

    /// <summary>munlock. May sleep. EINVAL, ENOMEM.</summary>
    public Errno UnlockPages(ulong address, ulong length)
    {
        var start = MemoryLayout.PageDown(address);
        length = MemoryLayout.PageUp(length + (address & MemoryLayout.PageMask));
        if (length < (address & MemoryLayout.PageMask) || start + length < start)
            return Errno.EINVAL;
        if (length == 0)
            return Errno.None;
        if (!UserAccess.IsUserRange(start, length))
            return Errno.ENOMEM;
        return ChangeFlags(start, start + length, AreaFlags.None, AreaFlags.Locked | AreaFlags.LockOnFault, checkLimit: false);
    }

    /// <summary>mlockall. May sleep. EINVAL, EPERM, ENOMEM.</summary>
    public Errno LockAll(LockAllFlags flags)
    {
        const LockAllFlags What = LockAllFlags.MCL_CURRENT | LockAllFlags.MCL_FUTURE;
        if ((flags & ~(What | LockAllFlags.MCL_ONFAULT)) != 0 || (flags & What) == 0)
            return Errno.EINVAL;
        if (!IsPrivileged && SoftLimit(Resource.MEMLOCK) == 0)
            return Errno.EPERM;
        var onFault = (flags & LockAllFlags.MCL_ONFAULT) != 0;
        var mark = onFault ? AreaFlags.Locked | AreaFlags.LockOnFault : AreaFlags.Locked;
        var isCurrent = (flags & LockAllFlags.MCL_CURRENT) != 0;
        using (_lock.Acquire())
        {
            if (isCurrent && !MayLock(_totalPages - _lockedPages))
                return Errno.ENOMEM;
            _futureFlags = (flags & LockAllFlags.MCL_FUTURE) != 0 ? mark : AreaFlags.None;
            if (isCurrent)
                MarkAll(mark);
        }

        if (isCurrent && !onFault)
            PopulateAll();
        return Errno.None;
    }

    /// <summary>munlockall.</summary>
    public void UnlockAll()
    {
        using (_lock.Acquire())
        {
            _futureFlags = AreaFlags.None;
            MarkAll(AreaFlags.None);
        }
    }

    /// <summary>mincore for at most <paramref name="pages"/>.Length pages from <paramref name="start"/>: one where a use would not wait, else zero.</summary>
    /// <returns>ENOMEM: a page is not mapped.</returns>
    public Errno Residency(ulong start, Span<byte> pages)
    {
        using (_lock.Acquire())
        {
            for (var i = 0; i < pages.Length; i++)
            {
                var page = start + ((ulong)i << MemoryLayout.PageShift);
                if (Find(page) is not { } area)
                    return Errno.ENOMEM;
                pages[i] = IsAtHand(area, page) ? (byte)1 : (byte)0;
            }
        }

        return Errno.None;
    }

    private bool IsAtHand(Area area, ulong page)
    {
        if (!_table.Read(page).Frame.IsNone)
            return true;
        if (area.Shared is { } shared)
            return shared.HasPage(area.PageIndex(page));
        return area.File is { } file && file.HasMappedPage(area.PageIndex(page));
    }

    // Sets flags of a range, in whole areas. ENOMEM: a hole, a limit, or too many areas.
    private Errno ChangeFlags(ulong start, ulong end, AreaFlags set, AreaFlags clear, bool checkLimit)
    {
        var released = default(LinkedRing<Area, Area.InList>);
        Errno error;
        using (_lock.Acquire())
        {
            error = CheckCovered(start, end, out var unlocked);
            if (error == Errno.None && checkLimit && !MayLock(unlocked))
                error = Errno.ENOMEM;
            if (error == Errno.None)
                error = SplitEnds(start, end);
            for (var area = error == Errno.None ? Find(start) : null; area is not null && area.Start < end; area = After(area))
                SetFlags(area, set, clear);
            if (error == Errno.None)
                MergeRange(start, end, ref released);
        }

        Area.Release(ref released);
        return error;
    }

    private Errno CheckCovered(ulong start, ulong end, out long unlockedPages)
    {
        unlockedPages = 0;
        var at = start;
        for (var area = FindAtOrAfter(start); at < end; area = After(area))
        {
            if (area is null || area.Start > at)
                return Errno.ENOMEM;
            var to = area.End < end ? area.End : end;
            if (!area.IsLocked)
                unlockedPages += (long)((to - at) >> MemoryLayout.PageShift);
            at = to;
        }

        return Errno.None;
    }

    private void SetFlags(Area area, AreaFlags set, AreaFlags clear)
    {
        CountArea(area, -area.Pages);
        area.Flags = (area.Flags & ~clear) | set;
        CountArea(area, area.Pages);
    }

    private void MarkAll(AreaFlags mark)
    {
        for (var area = _areas.First; area is not null; area = After(area))
            SetFlags(area, mark, AreaFlags.Locked | AreaFlags.LockOnFault);
    }

    // Area by area, as they are when their turn comes; what cannot be had is left, as mlockall says.
    private void PopulateAll()
    {
        for (ulong at = 0; !MustStop;)
        {
            ulong start, end;
            using (_lock.Acquire())
            {
                if (FindAtOrAfter(at) is not { } area)
                    return;
                start = area.Start > at ? area.Start : at;
                end = area.End;
            }

            Populate(start, end);
            at = end;
        }
    }
}
