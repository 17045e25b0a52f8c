// System calls of clocks and sleeping. man 2 clock_gettime, gettimeofday, time, nanosleep, clock_nanosleep, times, adjtimex, restart_syscall.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
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
        if (clock != ClockId.CLOCK_REALTIME)
            return -(long)Errno.EINVAL;
        return UserAccess.TryRead(from, out TimeSpec time) ? SetRealTime(time) : -(long)Errno.EFAULT;
    }

    public static long GetTimeOfDay(ulong timeAt, ulong zoneAt)
    {
        if (timeAt != 0 && !UserAccess.TryWrite(timeAt, TimeValue.From(TimeKeeper.RealTime)))
            return -(long)Errno.EFAULT;

        // The time zone of old: minutes west of Greenwich and a kind of daylight saving; both always zero.
        return zoneAt == 0 || UserAccess.TryWrite(zoneAt, 0L) ? 0 : -(long)Errno.EFAULT;
    }

    public static long SetTimeOfDay(ulong timeAt, ulong zoneAt)
    {
        if (zoneAt != 0 && !UserAccess.TryRead(zoneAt, out long _))
            return -(long)Errno.EFAULT;
        if (timeAt == 0)
            return 0;
        if (!UserAccess.TryRead(timeAt, out TimeValue time))
            return -(long)Errno.EFAULT;
        return SetRealTime(new TimeSpec { Seconds = time.Seconds, Nanoseconds = time.IsValid ? time.Microseconds * 1000 : -1 });
    }

    private static long SetRealTime(TimeSpec time)
    {
        // What would put the start of the machine before 1970, or outruns the clock, is refused.
        if (!time.IsValid || time.ToNanoseconds() > long.MaxValue / 2 || time.ToNanoseconds() < TimeKeeper.Monotonic)
            return -(long)Errno.EINVAL;
        if (!Task.Current.Credentials.IsSuperuser)
            return -(long)Errno.EPERM;
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

    public static long NanoSleep(ulong from, ulong remainingAt)
    {
        if (!UserAccess.TryRead(from, out TimeSpec time))
            return -(long)Errno.EFAULT;
        return time.IsValid ? SleepFor(time.ToNanoseconds(), remainingAt) : -(long)Errno.EINVAL;
    }

    public static long ClockNanoSleep(int clock, int flags, ulong from, ulong remainingAt)
    {
        var known = Clocks.ForSleeping(clock, out var clockBase);
        if (known != Errno.None)
            return -(long)known;
        if (!UserAccess.TryRead(from, out TimeSpec time))
            return -(long)Errno.EFAULT;
        if (!time.IsValid)
            return -(long)Errno.EINVAL;
        if ((flags & ClockId.TIMER_ABSTIME) == 0)
            return SleepFor(time.ToNanoseconds(), remainingAt);
        var result = Sleep.Until(time.ToNanoseconds(), clockBase);
        return -(long)(result == Errno.ERESTARTSYS ? Errno.ERESTARTNOHAND : result);
    }

    // A time span is measured on the monotonic clock whatever clock was named: setting the clock does not change it.
    private static long SleepFor(long nanoseconds, ulong remainingAt) =>
        SleepUntil(Deadline.After(TimeKeeper.Monotonic, nanoseconds), remainingAt);

    private static long SleepUntil(long deadline, ulong remainingAt)
    {
        if (Sleep.Until(deadline) == Errno.None)
            return 0;
        var left = deadline - TimeKeeper.Monotonic;
        if (left <= 0)
            return 0;
        if (remainingAt != 0 && !UserAccess.TryWrite(remainingAt, TimeSpec.From(left)))
            return -(long)Errno.EFAULT;
        Task.Current.Restart = new RestartBlock { Kind = RestartKind.Sleep, Deadline = deadline, Address = remainingAt };
        return -(long)Errno.ERESTART_RESTARTBLOCK;
    }

    /// <summary>Goes on with what a signal interrupted when no handler ran.</summary>
    public static long RestartSyscall()
    {
        var restart = Task.Current.Restart;
        Task.Current.Restart = default;
        return restart.Kind switch
        {
            RestartKind.Sleep => SleepUntil(restart.Deadline, restart.Address),
            RestartKind.FutexWait => Futex.ResumeWait(restart),
            _ => -(long)Errno.EINTR,
        };
    }

    public static long Alarm(uint seconds)
    {
        IntervalTimers.Set(Task.Current.Group, ClockId.ITIMER_REAL, seconds * TimeKeeper.NanosecondsPerSecond, 0, out var left, out _);
        var whole = left / TimeKeeper.NanosecondsPerSecond;
        var rest = left % TimeKeeper.NanosecondsPerSecond;

        // Rounded, but an alarm that is on never shows as zero.
        return rest >= TimeKeeper.NanosecondsPerSecond / 2 || (whole == 0 && rest > 0) ? whole + 1 : whole;
    }

    public static long GetITimer(int which, ulong to)
    {
        if ((uint)which > ClockId.ITIMER_PROF)
            return -(long)Errno.EINVAL;
        IntervalTimers.Get(Task.Current.Group, which, out var value, out var interval);
        return WriteInterval(to, value, interval);
    }

    public static long SetITimer(int which, ulong from, ulong oldAt)
    {
        var wanted = default(IntervalValue);
        if (from != 0 && !UserAccess.TryRead(from, out wanted))
            return -(long)Errno.EFAULT;
        if ((uint)which > ClockId.ITIMER_PROF || !wanted.Value.IsValid || !wanted.Interval.IsValid)
            return -(long)Errno.EINVAL;
        IntervalTimers.Set(Task.Current.Group, which, wanted.Value.ToNanoseconds(), wanted.Interval.ToNanoseconds(), out var value, out var interval);
        return oldAt == 0 ? 0 : WriteInterval(oldAt, value, interval);
    }

    private static long WriteInterval(ulong to, long value, long interval)
    {
        var result = new IntervalValue { Value = TimeValue.From(value), Interval = TimeValue.From(interval) };
        if (value is > 0 and < 1000)
            result.Value.Microseconds = 1;
        return UserAccess.TryWrite(to, result) ? 0 : -(long)Errno.EFAULT;
    }

    public static long ClockAdjTime(int clock, ulong at)
    {
        if (clock != ClockId.CLOCK_REALTIME)
            return -(long)(Clocks.Read(clock).IsOk ? Errno.EOPNOTSUPP : Errno.EINVAL);
        return ClockAdjustment.Adjust(at);
    }
}
