// System calls of the three interval timers. man 2 alarm, getitimer.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Time;

namespace Jiffy.Kernel.Syscalls;

internal static class IntervalTimerCalls
{
    public static long Alarm(uint seconds)
    {
        IntervalTimers.Set(ClockId.ITIMER_REAL, seconds * TimeKeeper.NanosecondsPerSecond, 0, out var left, out _);
        var whole = left / TimeKeeper.NanosecondsPerSecond;
        var rest = left % TimeKeeper.NanosecondsPerSecond;

        // Rounded, but an alarm that is on never shows as zero.
        return rest >= TimeKeeper.NanosecondsPerSecond / 2 || (whole == 0 && rest > 0) ? whole + 1 : whole;
    }

    public static long Get(int which, ulong to)
    {
        if ((uint)which > ClockId.ITIMER_PROF)
            return -(long)Errno.EINVAL;
        IntervalTimers.Get(which, out var value, out var interval);
        return Write(to, value, interval);
    }

    public static long Set(int which, ulong from, ulong oldAt)
    {
        var wanted = default(IntervalValue);
        if (from != 0 && !UserAccess.TryRead(from, out wanted))
            return -(long)Errno.EFAULT;
        if ((uint)which > ClockId.ITIMER_PROF || !wanted.Value.IsValid || !wanted.Interval.IsValid)
            return -(long)Errno.EINVAL;
        IntervalTimers.Set(which, wanted.Value.ToNanoseconds(), wanted.Interval.ToNanoseconds(), out var value, out var interval);
        return oldAt == 0 ? 0 : Write(oldAt, value, interval);
    }

    private static long Write(ulong to, long value, long interval)
    {
        var result = new IntervalValue { Value = TimeValue.From(value), Interval = TimeValue.From(interval) };
        if (value is > 0 and < 1000)
            result.Value.Microseconds = 1;
        return UserAccess.TryWrite(to, result) ? 0 : -(long)Errno.EFAULT;
    }
}
