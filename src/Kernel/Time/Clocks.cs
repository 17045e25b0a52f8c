// Clocks by their ABI number, also those of other processes' CPU time. Contexts: process. man 2 clock_gettime, 3 clock_getcpuclockid.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Time;

internal static class Clocks
{
    // A negative number means the CPU time of a task: its id, inverted, above three bits that say which.
    private const int KindMask = 3, ThreadBit = 4, KindScheduled = 2;

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
        < 0 => ReadOther(clock),
        _ => Errno.EINVAL,
    };

    /// <summary>Nanoseconds of the clock's grain. EINVAL.</summary>
    public static Result<long> Resolution(int clock)
    {
        if (clock is ClockId.CLOCK_REALTIME_COARSE or ClockId.CLOCK_MONOTONIC_COARSE)
            return Jiffies.Nanoseconds;
        var exists = Read(clock);
        return exists.IsOk ? 1L : exists.Error;
    }

    /// <summary>Whether clock_nanosleep takes the clock, and what its deadlines count. EINVAL, EOPNOTSUPP.</summary>
    public static Errno ForSleeping(int clock, out ClockBase clockBase)
    {
        clockBase = clock switch
        {
            ClockId.CLOCK_REALTIME or ClockId.CLOCK_REALTIME_ALARM => ClockBase.RealTime,
            ClockId.CLOCK_TAI => ClockBase.Tai,
            ClockId.CLOCK_BOOTTIME or ClockId.CLOCK_BOOTTIME_ALARM => ClockBase.BootTime,
            _ => ClockBase.Monotonic,
        };
        if (clockBase != ClockBase.Monotonic || clock == ClockId.CLOCK_MONOTONIC)
            return Errno.None;
        return clock != ClockId.CLOCK_THREAD_CPUTIME_ID && Read(clock).IsOk ? Errno.EOPNOTSUPP : Errno.EINVAL;
    }

    private static Result<long> ReadOther(int clock)
    {
        if ((clock & KindMask) > KindScheduled)
            return Errno.EINVAL;
        var id = ~(clock >> 3);
        if (id == 0)
            return (clock & ThreadBit) != 0 ? Task.Current.TotalRunTime : Task.Current.Group.TotalRunTime;
        using (TaskTree.Lock.Acquire())
        {
            if ((clock & ThreadBit) == 0)
                return TaskTree.FindProcess(id) is { } process ? process.TotalRunTime : Errno.EINVAL;
            return TaskTree.Find(id) is { } task && task.Group == Task.Current.Group ? task.TotalRunTime : Errno.EINVAL;
        }
    }
}
