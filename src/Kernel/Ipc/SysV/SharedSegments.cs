// System V shared memory: getting a segment, attaching it, controlling it. Detaching is the address space's (AddressSpace.Detach).
// Contexts: process; may sleep. Locks: the segment's; none is held where memory is taken or user memory is copied.
// Linux: ipc/shm.c. man 2 shmget, shmop, shmctl.
using System;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Ipc;

internal static class SharedSegments
{
    private const int UsualSegments = 4096, ExecuteAccess = 0x49;
    private const ulong Unlimited = ulong.MaxValue - (1 << 24);

    private static long s_pages;

    public static IpcTable Table { get; private set; } = null!;

    /// <summary>The largest segment in bytes, and the pages of all: /proc/sys/kernel/shmmax, shmall.</summary>
    public static ulong MaxSize, MaxPages;

    /// <summary>Pages of all segments, present or not.</summary>
    public static long Pages => Volatile.Read(ref s_pages);

    /// <summary>Start-up.</summary>
    public static void Init()
    {
        Table = new IpcTable(UsualSegments);
        MaxSize = MaxPages = Unlimited;
        s_pages = 0;
        SharedSegment.Init((int)Math.Clamp(FrameAllocator.TotalFrames / 4, 1024, IpcTable.Capacity));
    }

    /// <summary>shmget. EINVAL, ENOENT, EEXIST, EACCES, EPERM, ENOSPC, ENOMEM.</summary>
    public static Result<int> Get(int key, ulong size, int flags)
    {
        while (true)
        {
            var error = Table.TryLockToGet(key, flags, out var found, out var token);
            if (error == Errno.None)
            {
                var result = CheckFound((SharedSegment)found, size, flags);
                found.Unlock(token);
                return result;
            }

            if (error != Errno.EAGAIN)
                return error;
            var made = Make(key, size, flags);
            if (made.Error != Errno.EEXIST)
                return made;
        }
    }

    private static Result<int> CheckFound(SharedSegment segment, ulong size, int flags)
    {
        if (size > segment.Size)
            return Errno.EINVAL;
        var error = segment.CheckAccess(flags);
        return error == Errno.None ? segment.Id : error;
    }

    // EEXIST: another was faster.
    private static Result<int> Make(int key, ulong size, int flags)
    {
        if (size == 0 || size > MaxSize)
            return Errno.EINVAL;
        var pages = MemoryLayout.PageUp(size) >> MemoryLayout.PageShift;
        if (pages << MemoryLayout.PageShift < size)
            return Errno.ENOSPC;
        if ((flags & SysVIpc.SHM_HUGETLB) != 0)
            return Task.Current.Credentials.Has(Capability.CAP_IPC_LOCK) ? Errno.ENOMEM : Errno.EPERM; // there are no huge pages
        if (pages > (ulong)FrameAllocator.TotalFrames && (flags & SysVIpc.SHM_NORESERVE) == 0)
            return Errno.ENOMEM;
        if ((ulong)Interlocked.Add(ref s_pages, (long)pages) > MaxPages)
        {
            Interlocked.Add(ref s_pages, -(long)pages);
            return Errno.ENOSPC;
        }

        Result<int> result = Errno.ENOMEM;
        var made = SharedSegment.Create(key, size, flags);
        if (made.TryGet(out var segment))
        {
            result = Table.Add(segment);
            if (result.IsOk)
                return result;
            segment.Free();
        }

        Interlocked.Add(ref s_pages, -(long)pages);
        return result;
    }

    /// <summary>The segment is found no more and its pages count no more. Its lock is held.</summary>
    internal static void Forget(SharedSegment segment)
    {
        Table.Remove(segment);
        Interlocked.Add(ref s_pages, -segment.Pages);
    }

    /// <summary>shmat in the running task's memory. Returns the address. EINVAL, EACCES, EIDRM, ENOMEM.</summary>
    public static Result<ulong> Attach(int id, ulong address, int flags)
    {
        var error = CheckAddress(ref address, flags);
        if (error != Errno.None)
            return error;
        error = Hold(id, flags, out var segment);
        if (error != Errno.None)
            return error;
        var isReadOnly = (flags & SysVIpc.SHM_RDONLY) != 0;
        var protection = isReadOnly ? Protection.PROT_READ : Protection.PROT_READ | Protection.PROT_WRITE;
        if ((flags & SysVIpc.SHM_EXEC) != 0)
            protection |= Protection.PROT_EXEC;
        Machine.Cpu.Interleave();
        var result = Task.Current.Memory!.Attach(
            address, segment.Memory, MemoryLayout.PageUp(segment.Size), protection, !isReadOnly, (flags & SysVIpc.SHM_REMAP) != 0);
        segment.LetGo();
        return result;
    }

    private static Errno CheckAddress(ref ulong address, int flags)
    {
        if (!MemoryLayout.IsAligned(address))
        {
            if ((flags & SysVIpc.SHM_RND) == 0)
                return Errno.EINVAL;
            address = MemoryLayout.PageDown(address);
        }

        return address == 0 && (flags & SysVIpc.SHM_REMAP) != 0 ? Errno.EINVAL : Errno.None;
    }

    // Finds a segment that may be attached so, and keeps it from going.
    internal static Errno Hold(int id, int flags, out SharedSegment segment)
    {
        segment = null!;
        var access = (flags & SysVIpc.SHM_RDONLY) != 0 ? IpcObject.ReadAccess : IpcObject.ReadAccess | IpcObject.WriteAccess;
        if ((flags & SysVIpc.SHM_EXEC) != 0)
            access |= ExecuteAccess;
        var error = Table.TryLockFor(id, access, out var found, out var token);
        if (error != Errno.None)
            return error;
        segment = (SharedSegment)found;
        segment.Hold();
        segment.Unlock(token);
        return Errno.None;
    }

    /// <summary>IPC_RMID: at once, or with the last attachment; it has no key any more. EINVAL, EIDRM, EPERM.</summary>
    public static Errno Remove(int id)
    {
        var error = Table.TryLockOwned(id, out var found, out var token);
        if (error != Errno.None)
            return error;
        var segment = (SharedSegment)found;
        var isUnused = segment.Attachments == 0;
        if (isUnused)
        {
            Forget(segment);
        }
        else
        {
            segment.Mode |= SysVIpc.SHM_DEST;
            Table.ForgetKey(segment);
        }

        segment.Unlock(token);
        if (isUnused)
            segment.Free();
        return Errno.None;
    }

    /// <summary>SHM_LOCK, SHM_UNLOCK: nothing is ever swapped, so it is a mark and a matter of RLIMIT_MEMLOCK. EINVAL, EIDRM, EPERM, ENOMEM.</summary>
    public static Errno SetLocked(int id, bool locks)
    {
        var error = Table.TryLock(id, out var found, out var token);
        if (error != Errno.None)
            return error;
        var segment = (SharedSegment)found;
        error = CheckLock(segment, locks);
        if (error == Errno.None)
            segment.Mode = locks ? segment.Mode | SysVIpc.SHM_LOCKED : segment.Mode & ~SysVIpc.SHM_LOCKED;
        segment.Unlock(token);
        return error;
    }

    private static Errno CheckLock(SharedSegment segment, bool locks)
    {
        var current = Task.Current;
        if (current.Credentials.Has(Capability.CAP_IPC_LOCK))
            return Errno.None;
        if (!segment.IsOwner(current.Credentials))
            return Errno.EPERM;
        if (!locks || (segment.Mode & SysVIpc.SHM_LOCKED) != 0)
            return Errno.None;
        var limit = current.Group.SoftLimit(Resource.MEMLOCK);
        if (limit == 0)
            return Errno.EPERM;
        return segment.Size > limit ? Errno.ENOMEM : Errno.None;
    }

    /// <summary>IPC_STAT by id, or by index. Returns the id. EINVAL, EIDRM, EACCES.</summary>
    public static Result<int> Describe(int id, bool byIndex, bool checks, out SegmentLayout description)
    {
        description = default;
        var error = Table.TryLockToDescribe(id, byIndex, checks, out var found, out var token);
        if (error != Errno.None)
            return error;
        description = Describe((SharedSegment)found);
        var itsId = found.Id;
        found.Unlock(token);
        return itsId;
    }

    public static SegmentLayout Describe(SharedSegment segment) => new()
    {
        Permission = segment.Permission,
        Size = segment.Size,
        AttachTime = segment.AttachTime,
        DetachTime = segment.DetachTime,
        ChangeTime = segment.ChangeTime,
        Creator = segment.Creator,
        LastUser = segment.LastUser,
        Attached = (ulong)segment.Attachments,
    };

    /// <summary>IPC_INFO.</summary>
    public static SegmentLimitsLayout Limits => new()
    {
        MaxSize = MaxSize,
        MinSize = 1,
        Segments = (ulong)Table.Limit,
        PerProcess = (ulong)Table.Limit,
        MaxPages = MaxPages,
    };

    /// <summary>SHM_INFO.</summary>
    public static SegmentUseLayout Use
    {
        get
        {
            var use = new SegmentUseLayout { Segments = Table.Count, Pages = (ulong)Pages };
            for (var at = 0; Table.TryLockFrom(at, out var found, out var token); found.Unlock(token))
            {
                use.Resident += (ulong)((SharedSegment)found).Memory.Resident;
                at = found.Index + 1;
            }

            return use;
        }
    }
}
