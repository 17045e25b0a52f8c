// System calls that change attributes: chmod, chown, the utimes, and extended attributes, which no file system here has.
// man 2 chmod, chown, utimensat, utime, setxattr.
using System.Runtime.InteropServices;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;

namespace Jiffy.Kernel.Syscalls;

using static FileConstants;

public static class AttributeCalls
{
    private const long UTIME_NOW = 0x3fffffff;
    private const long UTIME_OMIT = 0x3ffffffe;
    private const long Second = 1_000_000_000;

    /// <summary>struct timespec, timeval or utimbuf: two numbers, twice at most.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct TimePair
    {
        public long FirstSeconds, FirstPart, SecondSeconds, SecondPart;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PlainTimes
    {
        public long Access, Modification;
    }

    public static long ChModAt(int directory, ulong path, uint mode)
    {
        var resolved = StatCalls.Resolve(directory, path, 0);
        if (!resolved.TryGet(out var place))
            return SyscallResult.From(resolved.Error);
        var error = FileAttributes.SetMode(place, mode);
        place.Drop();
        return SyscallResult.From(error);
    }

    public static long FChMod(int descriptor, uint mode)
    {
        if (FileTable.GetCurrent(descriptor) is not { } file)
            return -(long)Errno.EBADF;
        var error = file.IsPathOnly ? Errno.EBADF : FileAttributes.SetMode(file.Location, mode);
        file.Drop();
        return SyscallResult.From(error);
    }

    public static long ChOwnAt(int directory, ulong path, uint user, uint group, int flags)
    {
        if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0)
            return -(long)Errno.EINVAL;
        var resolved = StatCalls.Resolve(directory, path, flags);
        if (!resolved.TryGet(out var place))
            return SyscallResult.From(resolved.Error);
        var error = FileAttributes.SetOwner(place, user, group);
        place.Drop();
        return SyscallResult.From(error);
    }

    public static long FChOwn(int descriptor, uint user, uint group)
    {
        if (FileTable.GetCurrent(descriptor) is not { } file)
            return -(long)Errno.EBADF;
        var error = file.IsPathOnly ? Errno.EBADF : FileAttributes.SetOwner(file.Location, user, group);
        file.Drop();
        return SyscallResult.From(error);
    }

    public static long UTimeNsAt(int directory, ulong path, ulong times, int flags)
    {
        var pair = new TimePair { FirstPart = UTIME_NOW, SecondPart = UTIME_NOW };
        if (times != 0 && !UserAccess.TryRead(times, out pair))
            return -(long)Errno.EFAULT;
        if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) != 0 || !IsValid(pair.FirstPart) || !IsValid(pair.SecondPart))
            return -(long)Errno.EINVAL;
        if (pair.FirstPart == UTIME_OMIT && pair.SecondPart == UTIME_OMIT)
            return 0;
        var now = FileTime.Now;
        var isNow = pair.FirstPart == UTIME_NOW && pair.SecondPart == UTIME_NOW;
        return Set(directory, path, flags, Decode(pair.FirstSeconds, pair.FirstPart, now), Decode(pair.SecondSeconds, pair.SecondPart, now), isNow);
    }

    /// <summary>utimes, futimesat: microseconds.</summary>
    public static long UTimesAt(int directory, ulong path, ulong times)
    {
        if (times == 0)
            return UTimeNsAt(directory, path, 0, 0);
        if (!UserAccess.TryRead(times, out TimePair pair))
            return -(long)Errno.EFAULT;
        if (pair.FirstPart is < 0 or >= 1_000_000 || pair.SecondPart is < 0 or >= 1_000_000)
            return -(long)Errno.EINVAL;
        return Set(directory, path, 0, Combine(pair.FirstSeconds, pair.FirstPart * 1000), Combine(pair.SecondSeconds, pair.SecondPart * 1000), false);
    }

    public static long UTime(ulong path, ulong times)
    {
        if (times == 0)
            return UTimeNsAt(AT_FDCWD, path, 0, 0);
        if (!UserAccess.TryRead(times, out PlainTimes plain))
            return -(long)Errno.EFAULT;
        return Set(AT_FDCWD, path, 0, Combine(plain.Access, 0), Combine(plain.Modification, 0), false);
    }

    /// <summary>setxattr, getxattr, listxattr, removexattr by path: checks the path, then tells that there are none.</summary>
    public static long Extended(ulong path, bool follow, Errno none)
    {
        var resolved = StatCalls.Resolve(AT_FDCWD, path, follow ? 0 : AT_SYMLINK_NOFOLLOW);
        if (resolved.IsOk)
            resolved.Value.Drop();
        return SyscallResult.From(resolved.IsOk ? none : resolved.Error);
    }

    public static long ExtendedOf(int descriptor, Errno none)
    {
        if (FileTable.GetCurrent(descriptor) is not { } file)
            return -(long)Errno.EBADF;
        var error = file.IsPathOnly ? Errno.EBADF : none;
        file.Drop();
        return SyscallResult.From(error);
    }

    // A null path means the descriptor itself: futimens.
    private static long Set(int directory, ulong path, int flags, long access, long modification, bool isNow)
    {
        if (path == 0 && directory != AT_FDCWD)
            return SetOpen(directory, access, modification, isNow);
        var resolved = StatCalls.Resolve(directory, path, flags);
        if (!resolved.TryGet(out var place))
            return SyscallResult.From(resolved.Error);
        var error = FileAttributes.SetTimes(place, access, modification, isNow);
        place.Drop();
        return SyscallResult.From(error);
    }

    private static long SetOpen(int descriptor, long access, long modification, bool isNow)
    {
        if (FileTable.GetCurrent(descriptor) is not { } file)
            return -(long)Errno.EBADF;
        var error = file.IsPathOnly ? Errno.EBADF : FileAttributes.SetTimes(file.Location, access, modification, isNow);
        file.Drop();
        return SyscallResult.From(error);
    }

    private static bool IsValid(long part) => part is UTIME_NOW or UTIME_OMIT or (>= 0 and < Second);

    private static long Decode(long seconds, long part, long now) =>
        part == UTIME_NOW ? now : part == UTIME_OMIT ? long.MinValue : Combine(seconds, part);

    // Kept within what nanoseconds in 64 bits hold: the years 1677 to 2262.
    private static long Combine(long seconds, long part) =>
        System.Math.Clamp(seconds, -long.MaxValue / Second + 1, long.MaxValue / Second - 1) * Second + part;
}
