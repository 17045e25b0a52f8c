// System calls of timers that are files. man 2 timerfd_create.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;

namespace Jiffy.Kernel.Syscalls;

using static TimerFlags;

internal static class TimerFileCalls
{
    public static long Create(int clock, int flags)
    {
        if ((flags & ~(TFD_CLOEXEC | TFD_NONBLOCK)) != 0)
            return -(long)Errno.EINVAL;
        var isAlarm = clock is ClockId.CLOCK_REALTIME_ALARM or ClockId.CLOCK_BOOTTIME_ALARM;
        if (!isAlarm && clock is not (ClockId.CLOCK_REALTIME or ClockId.CLOCK_MONOTONIC or ClockId.CLOCK_BOOTTIME))
            return -(long)Errno.EINVAL;
        if (isAlarm && !Task.Current.Credentials.Has(Capability.CAP_WAKE_ALARM))
            return -(long)Errno.EPERM;
        var made = TimerFileOperations.Make(clock, flags);
        if (!made.TryGet(out var file))
            return -(long)made.Error;
        var descriptor = Task.Current.Files!.Install(file, (flags & TFD_CLOEXEC) != 0);
        if (!descriptor.IsOk)
            file.Drop();
        return SyscallResult.From(descriptor);
    }

    public static long SetTime(int descriptor, int flags, ulong from, ulong oldAt)
    {
        if (!UserAccess.TryRead(from, out TimerSpec wanted))
            return -(long)Errno.EFAULT;
        if ((flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) != 0 || !wanted.IsValid)
            return -(long)Errno.EINVAL;
        var error = Open(descriptor, out var borrowed, out var timer);
        if (error != Errno.None)
            return -(long)error;
        error = timer!.Set(flags, wanted.Value.ToNanoseconds(), wanted.Interval.ToNanoseconds(), out var value, out var interval);
        borrowed.Return();
        if (error != Errno.None)
            return -(long)error;
        return oldAt == 0 || UserAccess.TryWrite(oldAt, TimerSpec.From(value, interval)) ? 0 : -(long)Errno.EFAULT;
    }

    public static long GetTime(int descriptor, ulong to)
    {
        var error = Open(descriptor, out var borrowed, out var timer);
        if (error != Errno.None)
            return -(long)error;
        timer!.Get(out var value, out var interval);
        borrowed.Return();
        return UserAccess.TryWrite(to, TimerSpec.From(value, interval)) ? 0 : -(long)Errno.EFAULT;
    }

    // On None the file is to be returned. EBADF; EINVAL: no timer's file.
    private static Errno Open(int descriptor, out BorrowedFile borrowed, out TimerFile? timer)
    {
        timer = null;
        borrowed = BorrowedFile.Get(descriptor);
        if (borrowed.File is { IsPathOnly: false } file)
            timer = TimerFileOperations.TryGet(file);
        if (timer is not null)
            return Errno.None;
        var error = borrowed.File is { IsPathOnly: false } ? Errno.EINVAL : Errno.EBADF;
        borrowed.Return();
        return error;
    }
}
