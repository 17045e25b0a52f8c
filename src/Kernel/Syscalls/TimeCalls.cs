// System calls of clocks. man 2 clock_gettime, clock_settime, gettimeofday, time, times, adjtimex.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.Syscalls;

internal static class TimeCalls
{
    public static long ClockGetTime(int clock, ulong to)
    {
        var time = Clocks.Read(clock);
        if (!time.IsOk)
            return -(long)time.Error;
        return UserAccess.TryWrite(to, TimeSpec.From(time.Value)) ? 0 : -(long)Errno.EFAULT;
    }

    public static long ClockGetRes(int clock, ulong to)
    {
        var resolution = Clocks.Resolution(clock);
        if (!resolution.IsOk)
            return -(long)resolution.Error;
        return to == 0 || UserAccess.TryWrite(to, TimeSpec.From(resolution.Value)) ? 0 : -(long)Errno.EFAULT;
    }

    public static long ClockSetTime(int clock, ulong from)
    {
        if (!UserAccess.TryRead(from, out TimeSpec time))
            return -(long)(Clocks.ForSetting(clock) == Errno.EINVAL ? Errno.EINVAL : Errno.EFAULT);
        var settable = Clocks.ForSetting(clock);
        return settable == Errno.None ? SetRealTime(time) : -(long)settable;
    }

    public static long GetTimeOfDay(ulong timeAt, ulong zoneAt)
    {
        if (timeAt != 0 && !UserAccess.TryWrite(timeAt, TimeValue.From(TimeKeeper.RealTime)))
            return -(long)Errno.EFAULT;

        return zoneAt == 0 || UserAccess.TryWrite(zoneAt, SystemTimeZone.Current) ? 0 : -(long)Errno.EFAULT;
    }

    public static long SetTimeOfDay(ulong timeAt, ulong zoneAt)
    {
        var time = default(TimeValue);
        var zone = default(SystemTimeZone);
        if (timeAt != 0 && !UserAccess.TryRead(timeAt, out time))
            return -(long)Errno.EFAULT;
        if (time.Microseconds is < 0 or >= 1_000_000)
            return -(long)Errno.EINVAL;
        if (zoneAt != 0 && !UserAccess.TryRead(zoneAt, out zone))
            return -(long)Errno.EFAULT;
        var moment = new TimeSpec { Seconds = time.Seconds, Nanoseconds = time.Microseconds * 1000 };
        if (timeAt != 0 && !IsSettable(moment))
            return -(long)Errno.EINVAL;
        if (!Task.Current.Credentials.Has(Capability.CAP_SYS_TIME))
            return -(long)Errno.EPERM;
        if (zoneAt != 0)
        {
            var error = SystemTimeZone.Set(zone, isAlone: timeAt == 0);
            if (error != Errno.None)
                return -(long)error;
        }

        return timeAt == 0 ? 0 : SetRealTime(moment);
    }

    // Not so late that thirty years more would overrun the clock.
    private static bool IsSettable(TimeSpec time)
    {
        const long Latest = long.MaxValue / TimeKeeper.NanosecondsPerSecond - 30 * 365 * 24 * 3600L;
        return time.IsValid && time.Seconds < Latest;
    }

    private static long SetRealTime(TimeSpec time)
    {
        if (!IsSettable(time))
            return -(long)Errno.EINVAL;
        if (!Task.Current.Credentials.Has(Capability.CAP_SYS_TIME))
            return -(long)Errno.EPERM;

        // The start of the machine cannot lie before 1970.
        if (time.ToNanoseconds() < TimeKeeper.Monotonic)
            return -(long)Errno.EINVAL;
        TimeKeeper.SetRealTime(time.ToNanoseconds());
        return 0;
    }

    public static long Time(ulong to)
    {
        var seconds = TimeKeeper.RealTime / TimeKeeper.NanosecondsPerSecond;
        return to == 0 || UserAccess.TryWrite(to, seconds) ? seconds : -(long)Errno.EFAULT;
    }

    /// <summary>CPU time of the process and of its reaped children, in hundredths of a second; returns the time since boot in the same.</summary>
    public static long Times(ulong to)
    {
        const long Tick = TimeKeeper.NanosecondsPerSecond / 100;
        var process = Task.Current.Group;
        process.GetTimes(out var user, out var system);
        ResourceUsage children;
        using (TaskTree.Lock.Acquire())
            children = process.DeadChildren;
        Span<long> times = stackalloc long[] { user / Tick, system / Tick, children.UserTime / Tick, children.SystemTime / Tick };
        if (to != 0 && !UserAccess.TryWriteArray<long>(to, times))
            return -(long)Errno.EFAULT;
        return TimeKeeper.BootTime / Tick;
    }

    public static long ClockAdjTime(int clock, ulong at)
    {
        if (clock != ClockId.CLOCK_REALTIME)
            return -(long)(Clocks.Read(clock).IsOk ? Errno.EOPNOTSUPP : Errno.EINVAL);
        return ClockAdjustment.Adjust(at);
    }
}
