// madvise and msync. Advice that concerns read-ahead, swapping or huge pages is taken and has no effect: there is none of that.
// Context: process; may sleep. Lock: _lock. Linux: do_madvise(). man 2 madvise, msync.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Memory;

public sealed partial class AddressSpace
{
    /// <summary>madvise. May sleep.</summary>
    /// <returns>EINVAL; ENOMEM: a hole (the rest was served), or out of memory; EFAULT.</returns>
    public Errno Advise(ulong address, ulong length, Advice advice)
    {
        if (!IsKnown(advice) || !MemoryLayout.IsAligned(address))
            return Errno.EINVAL;
        if (length == 0)
            return Errno.None;
        var bytes = MemoryLayout.PageUp(length);
        if (bytes == 0 || address + bytes < address)
            return Errno.EINVAL;
        if (!UserAccess.IsUserRange(address, bytes))
            return Errno.ENOMEM;
        return Apply(address, address + bytes, advice);
    }

    private static bool IsKnown(Advice advice) =>
        advice is (>= Advice.MADV_NORMAL and <= Advice.MADV_DONTNEED) or (>= Advice.MADV_FREE and <= Advice.MADV_DOFORK)
            or (>= Advice.MADV_HUGEPAGE and <= Advice.MADV_POPULATE_WRITE);

    private Errno Apply(ulong start, ulong end, Advice advice) => advice switch
    {
        Advice.MADV_DONTNEED or Advice.MADV_FREE or Advice.MADV_REMOVE => Forget(start, end, advice),
        Advice.MADV_DONTFORK => ChangeFlags(start, end, AreaFlags.DontFork, AreaFlags.None, checkLimit: false),
        Advice.MADV_DOFORK => ChangeFlags(start, end, AreaFlags.None, AreaFlags.DontFork, checkLimit: false),
        Advice.MADV_DONTDUMP => ChangeFlags(start, end, AreaFlags.DontDump, AreaFlags.None, checkLimit: false),
        Advice.MADV_DODUMP => ChangeFlags(start, end, AreaFlags.None, AreaFlags.DontDump, checkLimit: false),
        Advice.MADV_WIPEONFORK => SetWipeOnFork(start, end),
        Advice.MADV_KEEPONFORK => ChangeFlags(start, end, AreaFlags.None, AreaFlags.WipeOnFork, checkLimit: false),
        Advice.MADV_POPULATE_READ => Populate(start, end),
        Advice.MADV_POPULATE_WRITE => PopulateForWriting(start, end),
        _ => CheckMapped(start, end),
    };

    private Errno CheckMapped(ulong start, ulong end)
    {
        using (_lock.Acquire())
            return CheckCovered(start, end, out _);
    }

    // Takes the pages away: the next use finds zeros, or the file's contents.
    private Errno Forget(ulong start, ulong end, Advice advice)
    {
        using (_lock.Acquire())
        {
            var error = CheckCovered(start, end, out _);
            for (var area = FindAtOrAfter(start); area is not null && area.Start < end; area = After(area))
            {
                var refusal = MayForget(area, advice);
                if (refusal != Errno.None)
                    return refusal;
                RemovePages(area, area.Start > start ? area.Start : start, area.End < end ? area.End : end);
            }

            return error;
        }
    }

    private static Errno MayForget(Area area, Advice advice) => advice switch
    {
        Advice.MADV_REMOVE => area.IsShared ? Errno.EOPNOTSUPP : Errno.EINVAL,
        Advice.MADV_FREE when !area.HasNoSource || area.IsShared => Errno.EINVAL,
        _ => area.IsLocked ? Errno.EINVAL : Errno.None,
    };

    private Errno SetWipeOnFork(ulong start, ulong end)
    {
        using (_lock.Acquire())
        {
            for (var area = FindAtOrAfter(start); area is not null && area.Start < end; area = After(area))
            {
                if (!area.HasNoSource)
                    return Errno.EINVAL;
            }
        }

        return ChangeFlags(start, end, AreaFlags.WipeOnFork, AreaFlags.None, checkLimit: false);
    }

    private Errno PopulateForWriting(ulong start, ulong end)
    {
        for (var at = start; at < end;)
        {
            var to = end - at > PopulateStep ? at + PopulateStep : end;
            Errno error;
            using (_lock.Acquire())
                error = PopulateRange(at, to, write: true);
            if (error != Errno.None)
                return error;
            if (MustStop)
                return Errno.EINTR;
            at = to;
        }

        return Errno.None;
    }

    /// <summary>msync: files live in memory, so there is nothing to write; only the arguments are judged. May sleep.</summary>
    /// <returns>EINVAL; ENOMEM: a hole; EBUSY: MS_INVALIDATE of locked memory.</returns>
    public Errno Synchronise(ulong address, ulong length, SyncFlags flags)
    {
        const SyncFlags Both = SyncFlags.MS_ASYNC | SyncFlags.MS_SYNC;
        if ((flags & ~(Both | SyncFlags.MS_INVALIDATE)) != 0 || (flags & Both) == Both || !MemoryLayout.IsAligned(address))
            return Errno.EINVAL;
        var bytes = MemoryLayout.PageUp(length);
        if (bytes < length || !UserAccess.IsUserRange(address, bytes))
            return Errno.ENOMEM;
        if (bytes == 0)
            return Errno.None;
        using (_lock.Acquire())
        {
            var error = CheckCovered(address, address + bytes, out var unlocked);
            if (error != Errno.None)
                return error;
            var hasLocked = unlocked != (long)(bytes >> MemoryLayout.PageShift);
            return hasLocked && (flags & SyncFlags.MS_INVALIDATE) != 0 ? Errno.EBUSY : Errno.None;
        }
    }
}
