// mount, umount2. man 2 mount, umount.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;
using Jiffy.Machine;

namespace Jiffy.Kernel.Syscalls;

using static FileConstants;

public static class MountCalls
{
    private const int LongestKind = 64;
    private const uint NeedsNoKind = MS_REMOUNT | MS_BIND | MS_MOVE | MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE;

    public static long Mount(ulong source, ulong target, ulong kind, uint flags, ulong options)
    {
        if (!Permission.Has(Capability.CAP_SYS_ADMIN))
            return -(long)Errno.EPERM;
        using var sourceText = new UserPath();
        using var optionText = new UserPath();
        Span<byte> kindText = stackalloc byte[LongestKind];
        var error = source == 0 ? Errno.None : sourceText.Read(source, mayBeEmpty: true);
        if (error == Errno.None && options != 0)
            error = optionText.Read(options, mayBeEmpty: true);
        if (error != Errno.None)
            return SyscallResult.From(error);
        var kindLength = 0;
        if ((flags & NeedsNoKind) == 0)
        {
            kindLength = kind == 0 ? 0 : UserMemory.ReadString(kind, kindText);
            if (kindLength is <= 0 or >= LongestKind)
                return kindLength < 0 ? -(long)Errno.EFAULT : kind == 0 ? -(long)Errno.EINVAL : -(long)Errno.ENODEV;
        }

        var resolved = StatCalls.Resolve(AT_FDCWD, target, 0);
        if (!resolved.TryGet(out var place))
            return SyscallResult.From(resolved.Error);
        error = Mounting.Mount(place, TextOf(source, sourceText), kindText.Slice(0, kindLength), flags, TextOf(options, optionText));
        place.Drop();
        return SyscallResult.From(error);
    }

    public static long Unmount(ulong target, int flags)
    {
        if ((flags & ~(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW)) != 0)
            return -(long)Errno.EINVAL;
        if (!Permission.Has(Capability.CAP_SYS_ADMIN))
            return -(long)Errno.EPERM;
        var resolved = StatCalls.Resolve(AT_FDCWD, target, (flags & UMOUNT_NOFOLLOW) != 0 ? AT_SYMLINK_NOFOLLOW : 0);
        return SyscallResult.From(resolved.TryGet(out var place) ? Mounting.Unmount(place, flags) : resolved.Error);
    }

    private static ReadOnlySpan<byte> TextOf(ulong address, UserPath text) => address == 0 ? default : text.Bytes;
}
