// The clocks. The machine's nanoseconds since boot are the monotonic clock; the real-time clock is that plus an offset, which may be set.
// Contexts: reading in any, without a lock; setting in process context. Lock: s_lock for writers; s_sequence lets readers see offset and
// TAI offset together. Linux: timekeeping.c, ktime_get(), do_settimeofday64().
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Sync;
using Jiffy.Machine;

namespace Jiffy.Kernel.Time;

public static class TimeKeeper
{
    public const long NanosecondsPerSecond = 1_000_000_000;

    private readonly struct Rank : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.TimeKeeper;
    }

    private static SpinLock<Rank, IrqsOff> s_lock;
    private static SequenceLock s_sequence;
    private static long s_realTimeOffset, s_taiOffset; // guard: s_sequence, s_lock

    /// <summary>Sets up clocks, timers and the softirqs that serve them. Boot, once.</summary>
    public static void Init()
    {
        s_lock = default;
        s_sequence = default;
        s_realTimeOffset = Clock.RealTimeAtStart * NanosecondsPerSecond;
        s_taiOffset = 0;
        UserClock.Reset();
        CpuTimer.InitAll();
        Deferred.Softirq.Register(Deferred.SoftirqVector.Timer, static () => CpuTimer.Here.Wheel.Run(Jiffies.Now));
        Deferred.Softirq.Register(Deferred.SoftirqVector.Sched, static () => Balancer.Balance());
    }

    /// <summary>Nanoseconds since boot; never goes back.</summary>
    public static long Monotonic => Clock.Now;

    /// <summary>Like <see cref="Monotonic"/>: the machine never sleeps as a whole.</summary>
    public static long BootTime => Clock.Now;

    /// <summary>Nanoseconds since 1970, UTC.</summary>
    public static long RealTime => ToRealTime(Clock.Now);

    /// <summary>The same at the last tick: cheaper to read on other systems, and steady between ticks.</summary>
    public static long RealTimeCoarse => ToRealTime(Jiffies.ToNanoseconds(Jiffies.Now));

    private static long ToRealTime(long monotonic)
    {
        while (true)
        {
            var sequence = s_sequence.BeginRead();
            var time = monotonic + s_realTimeOffset;
            if (!s_sequence.MustRetry(sequence))
                return time;
        }
    }

    /// <summary>Atomic time: real time without leap seconds.</summary>
    public static long AtomicTime
    {
        get
        {
            while (true)
            {
                var sequence = s_sequence.BeginRead();
                var time = Clock.Now + s_realTimeOffset + s_taiOffset;
                if (!s_sequence.MustRetry(sequence))
                    return time;
            }
        }
    }

    /// <summary>When the machine started, in seconds since 1970: /proc/stat's btime.</summary>
    public static long BootSeconds => (RealTime - Monotonic) / NanosecondsPerSecond;

    /// <summary>A moment of the real-time clock on the monotonic clock, as things stand now.</summary>
    internal static long RealTimeToMonotonic(long realTime)
    {
        while (true)
        {
            var sequence = s_sequence.BeginRead();
            var offset = s_realTimeOffset;
            if (s_sequence.MustRetry(sequence))
                continue;
            if (realTime == long.MaxValue)
                return long.MaxValue;
            var monotonic = realTime - offset;
            return monotonic < 0 ? 0 : monotonic;
        }
    }

    /// <summary>Writes the clocks' offsets to the page that programs read. Boot.</summary>
    internal static void TellUserClock()
    {
        using (s_lock.Acquire())
        {
            UserClock.BeginWrite();
            UserClock.EndWrite(s_realTimeOffset, s_realTimeOffset + s_taiOffset);
        }
    }

    /// <summary>Sets the real-time clock to <paramref name="nanoseconds"/> since 1970. Timers on it follow. Process context, interrupts on.</summary>
    public static void SetRealTime(long nanoseconds)
    {
        using (s_lock.Acquire())
        {
            UserClock.BeginWrite();
            s_sequence.BeginWrite();
            s_realTimeOffset = nanoseconds - Clock.Now;
            s_sequence.EndWrite();
            UserClock.EndWrite(s_realTimeOffset, s_realTimeOffset + s_taiOffset);
        }

        CrossCall.Run(Scheduler.Online, static _ => CpuTimer.Here.ClockWasSet());
    }
}
