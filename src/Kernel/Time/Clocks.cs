// Clocks by their ABI number: what each shows, and which calls take it. CPU-time clocks: CpuClock.
// Contexts: process. man 2 clock_gettime, clock_nanosleep, timer_create.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Time;

internal static class Clocks
{
    /// <summary>Nanoseconds that the clock shows. EINVAL.</summary>
    public static Result<long> Read(int clock) => clock switch
    {
        ClockId.CLOCK_REALTIME or ClockId.CLOCK_REALTIME_ALARM => TimeKeeper.RealTime,
        ClockId.CLOCK_MONOTONIC => TimeKeeper.Monotonic,
        ClockId.CLOCK_MONOTONIC_RAW => TimeKeeper.MonotonicRaw,
        ClockId.CLOCK_BOOTTIME or ClockId.CLOCK_BOOTTIME_ALARM => TimeKeeper.BootTime,
        ClockId.CLOCK_REALTIME_COARSE => TimeKeeper.RealTimeCoarse,
        ClockId.CLOCK_MONOTONIC_COARSE => Jiffies.ToNanoseconds(Jiffies.Now),
        ClockId.CLOCK_TAI => TimeKeeper.AtomicTime,
        ClockId.CLOCK_PROCESS_CPUTIME_ID => Task.Current.Group.TotalRunTime,
        ClockId.CLOCK_THREAD_CPUTIME_ID => Task.Current.TotalRunTime,
        < 0 => ReadCpuTime(clock),
        _ => Errno.EINVAL,
    };

    private static Result<long> ReadCpuTime(int number)
    {
        using (TaskTree.Lock.Acquire())
        {
            var error = CpuClock.Find(number, onlyRead: true, out var clock);
            return error == Errno.None ? clock.Read() : error;
        }
    }

    /// <summary>Nanoseconds of the clock's grain. EINVAL.</summary>
    public static Result<long> Resolution(int clock)
    {
        if (clock is ClockId.CLOCK_REALTIME_COARSE or ClockId.CLOCK_MONOTONIC_COARSE)
            return Jiffies.Nanoseconds;
        var exists = Read(clock);
        return exists.IsOk ? CpuClock.ResolutionOf(clock) : exists.Error;
    }

    /// <summary>Whether the clock can be set, by who may. EINVAL: it is none, or it cannot; EPERM: CPU time.</summary>
    public static Errno ForSetting(int clock)
    {
        if (clock == ClockId.CLOCK_REALTIME)
            return Errno.None;
        return clock < 0 && Read(clock).IsOk ? Errno.EPERM : Errno.EINVAL;
    }

    /// <summary>Whether clock_nanosleep takes the clock. EINVAL; EOPNOTSUPP: a clock to be read only; EPERM: alarm clocks wake the machine.</summary>
    public static Errno ForSleeping(int clock)
    {
        var error = ForTimers(clock);
        return error == Errno.None && clock == ClockId.CLOCK_THREAD_CPUTIME_ID ? Errno.EOPNOTSUPP : error;
    }

    /// <summary>Whether timers count on the clock; as <see cref="ForSleeping"/>.</summary>
    public static Errno ForTimers(int clock)
    {
        switch (clock)
        {
            case ClockId.CLOCK_REALTIME or ClockId.CLOCK_MONOTONIC or ClockId.CLOCK_BOOTTIME or ClockId.CLOCK_TAI:
            case ClockId.CLOCK_PROCESS_CPUTIME_ID or ClockId.CLOCK_THREAD_CPUTIME_ID:
                return Errno.None;
            case ClockId.CLOCK_REALTIME_ALARM or ClockId.CLOCK_BOOTTIME_ALARM:
                return Task.Current.Credentials.Has(Capability.CAP_WAKE_ALARM) ? Errno.None : Errno.EPERM;
            case ClockId.CLOCK_MONOTONIC_RAW or ClockId.CLOCK_REALTIME_COARSE or ClockId.CLOCK_MONOTONIC_COARSE:
                return Errno.EOPNOTSUPP;
            case < 0:
                using (TaskTree.Lock.Acquire())
                    return CpuClock.Find(clock, onlyRead: false, out _);
            default:
                return Errno.EINVAL;
        }
    }

    /// <summary>What timers on one of the clocks of <see cref="ForTimers"/>, other than CPU time, count when they are absolute.</summary>
    public static ClockBase BaseOf(int clock) => clock switch
    {
        ClockId.CLOCK_REALTIME or ClockId.CLOCK_REALTIME_ALARM => ClockBase.RealTime,
        ClockId.CLOCK_TAI => ClockBase.Tai,
        ClockId.CLOCK_BOOTTIME or ClockId.CLOCK_BOOTTIME_ALARM => ClockBase.BootTime,
        _ => ClockBase.Monotonic,
    };

    /// <summary>What a timer's clock shows.</summary>
    public static long Now(ClockBase clock) => clock switch
    {
        ClockBase.RealTime => TimeKeeper.RealTime,
        ClockBase.Tai => TimeKeeper.AtomicTime,
        _ => TimeKeeper.Monotonic,
    };
}
