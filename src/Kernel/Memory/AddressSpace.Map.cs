// mmap and the first stack. Everything that can fail is done before anything is changed; only MAP_FIXED may have taken the old
// mappings away when the new one then does not fit the limits, as on Linux.
// Context: process; may sleep. Lock: _lock. Linux: do_mmap(), mmap_region(). man 2 mmap.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Memory;

public sealed partial class AddressSpace
{
    private const MapFlags KnownFlags = MapFlags.MAP_TYPE | MapFlags.MAP_FIXED | MapFlags.MAP_ANONYMOUS | MapFlags.MAP_32BIT
        | MapFlags.MAP_GROWSDOWN | MapFlags.MAP_DENYWRITE | MapFlags.MAP_EXECUTABLE | MapFlags.MAP_LOCKED | MapFlags.MAP_NORESERVE
        | MapFlags.MAP_POPULATE | MapFlags.MAP_NONBLOCK | MapFlags.MAP_STACK | MapFlags.MAP_FIXED_NOREPLACE;

    private const MapFlags FixedFlags = MapFlags.MAP_FIXED | MapFlags.MAP_FIXED_NOREPLACE;

    // What mlockall(MCL_FUTURE) adds to every new area.
    private AreaFlags _futureFlags;

    /// <summary>mmap. <paramref name="offset"/> in bytes. The caller keeps its user of <paramref name="file"/>. May sleep.</summary>
    /// <returns>The address; EINVAL, ENOMEM, EEXIST, EACCES, EPERM, ENODEV, EOVERFLOW, EOPNOTSUPP or EAGAIN as documented.</returns>
    public Result<ulong> Map(ulong address, ulong length, Protection protection, MapFlags flags, OpenFile? file, long offset)
    {
        if ((flags & MapFlags.MAP_ANONYMOUS) != 0)
        {
            file = null;
            offset = 0;
        }

        var error = CheckMap(address, length, protection, flags, file, offset);
        if (error != Errno.None)
            return error;
        length = MemoryLayout.PageUp(length);
        var made = MakeArea(length, protection, flags, file, offset);
        if (!made.TryGet(out var area))
            return made.Error;

        var populates = (flags & (MapFlags.MAP_POPULATE | MapFlags.MAP_NONBLOCK)) == MapFlags.MAP_POPULATE;
        var released = default(LinkedRing<Area, Area.InList>);
        Result<ulong> placed;
        using (_lock.Acquire())
        {
            area.Flags |= _futureFlags;
            populates |= (area.Flags & (AreaFlags.Locked | AreaFlags.LockOnFault)) == AreaFlags.Locked;
            placed = Place(area, address, length, flags, ref released);
            if (!placed.IsOk)
                released.AddLast(area);
        }

        Area.Release(ref released);
        if (populates && placed.TryGet(out var start))
            Populate(start, start + length);
        return placed;
    }

    /// <summary>The first program stack: [<paramref name="top"/> - <paramref name="initialBytes"/>, top), growing down on faults to RLIMIT_STACK. May sleep.</summary>
    /// <returns>ENOMEM, EINVAL.</returns>
    public Errno MapStack(ulong top, ulong initialBytes)
    {
        var length = MemoryLayout.PageUp(initialBytes);
        if (!MemoryLayout.IsAligned(top) || length == 0 || length > top)
            return Errno.EINVAL;
        const Protection ReadWrite = Protection.PROT_READ | Protection.PROT_WRITE;
        const MapFlags Stack = MapFlags.MAP_PRIVATE | MapFlags.MAP_ANONYMOUS | MapFlags.MAP_FIXED_NOREPLACE | MapFlags.MAP_GROWSDOWN;
        return Map(top - length, length, ReadWrite, Stack, null, 0).Error;
    }

    private static Errno CheckMap(ulong address, ulong length, Protection protection, MapFlags flags, OpenFile? file, long offset)
    {
        var type = flags & MapFlags.MAP_TYPE;
        if (type is not (MapFlags.MAP_PRIVATE or MapFlags.MAP_SHARED or MapFlags.MAP_SHARED_VALIDATE))
            return Errno.EINVAL;
        if (type == MapFlags.MAP_SHARED_VALIDATE && (flags & ~KnownFlags) != 0)
            return Errno.EOPNOTSUPP;
        if (length == 0 || (offset & (long)MemoryLayout.PageMask) != 0 || (flags & MapFlags.MAP_HUGETLB) != 0)
            return Errno.EINVAL;
        if (length > UserMemory.Limit)
            return Errno.ENOMEM;
        var isPrivate = type == MapFlags.MAP_PRIVATE;
        if ((flags & MapFlags.MAP_GROWSDOWN) != 0 && (!isPrivate || file is not null))
            return Errno.EINVAL;
        var error = CheckFixed(address, MemoryLayout.PageUp(length), flags);
        return error != Errno.None || file is null ? error : CheckFile(file, length, protection, isPrivate, offset);
    }

    private static Errno CheckFixed(ulong address, ulong length, MapFlags flags)
    {
        if ((flags & FixedFlags) == 0)
            return Errno.None;
        if (!MemoryLayout.IsAligned(address))
            return Errno.EINVAL;
        if (!UserAccess.IsUserRange(address, length))
            return Errno.ENOMEM;
        return address < MemoryLayout.MinAddress ? Errno.EPERM : Errno.None;
    }

    private static Errno CheckFile(OpenFile file, ulong length, Protection protection, bool isPrivate, long offset)
    {
        if (offset < 0 || (ulong)offset + length > long.MaxValue)
            return Errno.EOVERFLOW;
        if (!file.MapsReadable)
            return Errno.EACCES;
        if (!isPrivate && (protection & Protection.PROT_WRITE) != 0 && !file.MapsWritable)
            return Errno.EACCES;
        if ((protection & Protection.PROT_EXEC) != 0 && !file.MapsExecutable)
            return Errno.EPERM;
        return file.CanBeMapped ? Errno.None : Errno.ENODEV;
    }

    // A new area, not placed yet. ENOMEM.
    private static Result<Area> MakeArea(ulong length, Protection protection, MapFlags flags, OpenFile? file, long offset)
    {
        if (!Area.Pool.TryTake(out var area))
            return Errno.ENOMEM;
        var isShared = (flags & MapFlags.MAP_TYPE) != MapFlags.MAP_PRIVATE;
        area.Start = 0;
        area.End = length;
        area.Protection = protection & (Protection.PROT_READ | Protection.PROT_WRITE | Protection.PROT_EXEC);
        area.Flags = FlagsOf(flags, isShared, file);
        area.FirstPage = offset >> MemoryLayout.PageShift;
        area.HasAnonymous = false;
        area.File = file is null || file.MapsAsZeros ? null : file;
        area.Shared = null;
        area.File?.HoldForMapping();
        if (!isShared || area.File is not null)
            return area;
        area.FirstPage = 0;
        if (SharedPages.TryCreate(out area.Shared))
            return area;
        Area.Pool.Give(area);
        return Errno.ENOMEM;
    }

    private static AreaFlags FlagsOf(MapFlags flags, bool isShared, OpenFile? file)
    {
        var result = AreaFlags.None;
        if (isShared)
            result |= AreaFlags.Shared;
        if ((flags & MapFlags.MAP_GROWSDOWN) != 0)
            result |= AreaFlags.GrowsDown;
        if ((flags & MapFlags.MAP_LOCKED) != 0)
            result |= AreaFlags.Locked;
        if ((flags & MapFlags.MAP_NORESERVE) != 0)
            result |= AreaFlags.NoReserve;
        if (!isShared || file is null || file.MapsWritable)
            result |= AreaFlags.MayWrite;
        if (file is null || file.MapsExecutable)
            result |= AreaFlags.MayExecute;
        return result;
    }

    // Puts a new area of so many bytes where it belongs. Lock held.
    private Result<ulong> Place(Area area, ulong address, ulong length, MapFlags flags, ref LinkedRing<Area, Area.InList> released)
    {
        var isFixed = (flags & FixedFlags) != 0;
        var start = isFixed ? address : ChooseAddress(address, length, flags);
        if (start == 0)
            return Errno.ENOMEM;
        var end = start + length;
        var replaces = isFixed && Overlaps(start, end);
        if (replaces && (flags & MapFlags.MAP_FIXED_NOREPLACE) != 0)
            return Errno.EEXIST;
        area.Start = start;
        area.End = end;
        if (area.IsLocked && !MayLock(area.Pages))
            return Errno.EAGAIN;
        if (replaces)
        {
            var error = RemoveRange(start, end, ref released);
            if (error != Errno.None)
                return error;
        }

        if (_areas.Count >= MemoryLayout.MaxAreas)
            return Errno.ENOMEM;
        var room = CheckRoom(area, area.Pages);
        if (room != Errno.None)
            return room;
        Link(area);
        Merge(area, ref released);
        return start;
    }

    // The wish if it is free, else the highest room there is; zero: none.
    private ulong ChooseAddress(ulong wish, ulong length, MapFlags flags)
    {
        wish = MemoryLayout.PageUp(wish);
        if (wish != 0 && wish < MemoryLayout.MinAddress)
            wish = MemoryLayout.MinAddress;
        if (wish != 0 && UserAccess.IsUserRange(wish, length) && IsFree(wish, wish + length))
            return wish;
        return FindRoom(length, (flags & MapFlags.MAP_32BIT) != 0);
    }
}
