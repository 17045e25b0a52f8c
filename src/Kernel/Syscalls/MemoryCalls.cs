// mmap and its relatives: arguments to the address space's calls. Process context; may sleep. man 2 mmap, brk, mprotect, mremap, madvise,
// msync, mincore, mlock.
using System;
using System.Runtime.CompilerServices;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Syscalls;

public static class MemoryCalls
{
    private const uint MLOCK_ONFAULT = 1;

    // A user program always has a space.
    private static AddressSpace Memory => Task.Current.Memory!;

    public static long Mmap(ulong address, ulong length, ulong protection, ulong flags, ulong fd, ulong offset)
    {
        if (!MemoryLayout.IsAligned(offset))
            return -(long)Errno.EINVAL;
        var mapFlags = (MapFlags)flags;
        if ((mapFlags & MapFlags.MAP_ANONYMOUS) != 0)
            return SyscallResult.From(Memory.Map(address, length, (Protection)protection, mapFlags, null, 0));
        var opened = OpenFile.ForMapping((int)fd);
        if (!opened.TryGet(out var file))
            return -(long)opened.Error;
        var result = Memory.Map(address, length, (Protection)protection, mapFlags, file, (long)offset);
        file.ReleaseMapping();
        return SyscallResult.From(result);
    }

    public static long Munmap(ulong address, ulong length) => SyscallResult.From(Memory.Unmap(address, length));

    public static long Mprotect(ulong address, ulong length, ulong protection) =>
        protection > uint.MaxValue ? -(long)Errno.EINVAL : SyscallResult.From(Memory.Protect(address, length, (Protection)protection));

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long Mremap(ulong address, ulong oldLength, ulong newLength, ulong flags, ulong newAddress) =>
        flags > uint.MaxValue ? -(long)Errno.EINVAL : SyscallResult.From(Memory.Remap(address, oldLength, newLength, (RemapFlags)flags, newAddress));

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long Brk(ulong address) => (long)Memory.SetBreak(address);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long Madvise(ulong address, ulong length, ulong advice) =>
        SyscallResult.From(Memory.Advise(address, length, (Advice)(int)advice));

    public static long Msync(ulong address, ulong length, ulong flags) =>
        SyscallResult.From(Memory.Synchronise(address, length, (SyncFlags)(uint)flags));

    public static long Mincore(ulong address, ulong length, ulong vector)
    {
        if (!MemoryLayout.IsAligned(address))
            return -(long)Errno.EINVAL;
        if (!UserAccess.IsUserRange(address, length))
            return -(long)Errno.ENOMEM;
        Span<byte> buffer = stackalloc byte[256];
        var pages = (length + MemoryLayout.PageMask) >> MemoryLayout.PageShift;
        while (pages > 0)
        {
            var part = buffer.Slice(0, (int)Math.Min(pages, (ulong)buffer.Length));
            var error = Memory.Residency(address, part);
            if (error != Errno.None)
                return -(long)error;
            if (!UserMemory.TryWrite(vector, part))
                return -(long)Errno.EFAULT;
            pages -= (ulong)part.Length;
            vector += (ulong)part.Length;
            address += (ulong)part.Length << MemoryLayout.PageShift;
        }

        return 0;
    }

    public static long Mlock(ulong address, ulong length) => SyscallResult.From(Memory.LockPages(address, length, onFault: false));

    public static long Mlock2(ulong address, ulong length, ulong flags) =>
        (flags & ~(ulong)MLOCK_ONFAULT) != 0 ? -(long)Errno.EINVAL : SyscallResult.From(Memory.LockPages(address, length, onFault: flags != 0));

    public static long Munlock(ulong address, ulong length) => SyscallResult.From(Memory.UnlockPages(address, length));

    public static long Mlockall(ulong flags) =>
        flags > uint.MaxValue ? -(long)Errno.EINVAL : SyscallResult.From(Memory.LockAll((LockAllFlags)flags));

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long Munlockall()
    {
        Memory.UnlockAll();
        return 0;
    }
}
