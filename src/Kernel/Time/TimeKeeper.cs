// The clocks. The machine's nanoseconds are MONOTONIC_RAW; a TimeScale makes the monotonic clock of them, which adjtimex may slew, and
// real, boot and atomic time are offsets from that.
// Contexts: reading in any, without a lock; SetRealTime in process context. Locks: s_lock for writers, s_sequence lets readers see the scale as
// a whole. All changes go through Publish. Linux: timekeeping.c, ktime_get(), do_settimeofday64(), clock_was_set().
using System.Threading;
using Jiffy.Kernel.Deferred;
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
    private static SequenceCount s_sequence;
    private static TimeScale s_scale;      // guard: s_sequence, s_lock
    private static int s_wasAdjusted;      // 0: the rate was never changed, so the monotonic clock is the machine's
    private static long s_timesSet;        // guard: s_lock

    /// <summary>Sets up clocks, timers and the softirqs that serve them. Boot, once.</summary>
    /// <param name="cascadingTimers">The coarse timers are kept in the historical wheel.</param>
    public static void Init(bool cascadingTimers = false)
    {
        s_lock = default;
        s_sequence = default;
        s_scale = new TimeScale { RealOffset = Clock.RealTimeAtStart * NanosecondsPerSecond };
        s_wasAdjusted = 0;
        s_timesSet = 0;
        UserClock.Reset();
        ClockAdjustment.Init();
        ClockWatches.Init();
        CpuTimer.InitAll(cascadingTimers);
        Softirq.Register(SoftirqVector.Timer, static () => CpuTimer.Here.RunWheels());
        BottomHalf.Register(BottomHalf.Timer, static () => CpuTimer.Here.RunWheels());
        Softirq.Register(SoftirqVector.HighResolutionTimer, static () => CpuTimer.Here.RunSoft());
        Softirq.Register(SoftirqVector.Sched, static () => Balancer.Balance());
    }

    /// <summary>Nanoseconds since boot as the hardware counts them, never slewed. CLOCK_MONOTONIC_RAW.</summary>
    public static long MonotonicRaw => Clock.Now;

    /// <summary>Nanoseconds since boot; never goes back.</summary>
    public static long Monotonic
    {
        get
        {
            // Looked at in this order: a rate that changes later starts from a later moment.
            var machine = Clock.Now;
            return Volatile.Read(ref s_wasAdjusted) == 0 ? machine : Read(ClockBase.Monotonic);
        }
    }

    /// <summary>Like <see cref="Monotonic"/>: the machine never sleeps as a whole.</summary>
    public static long BootTime => Monotonic;

    /// <summary>Nanoseconds since 1970, UTC.</summary>
    public static long RealTime => Read(ClockBase.RealTime);

    /// <summary>Atomic time: real time without leap seconds.</summary>
    public static long AtomicTime => Read(ClockBase.Tai);

    /// <summary>Real time at the last tick: cheaper to read on other systems, and steady between ticks.</summary>
    public static long RealTimeCoarse => Jiffies.ToNanoseconds(Jiffies.Now) + Scale.RealOffset;

    /// <summary>When the machine started, in seconds since 1970: /proc/stat's btime.</summary>
    public static long BootSeconds => Scale.RealOffset / NanosecondsPerSecond;

    /// <summary>How often real time was set or stepped; a change tells those who wait on it.</summary>
    public static long TimesSet => Volatile.Read(ref s_timesSet);

    /// <summary>The scale as it stands.</summary>
    public static TimeScale Scale
    {
        get
        {
            while (true)
            {
                var sequence = s_sequence.BeginRead();
                var scale = s_scale;
                if (!s_sequence.MustRetry(sequence))
                    return scale;
            }
        }
    }

    private static long Read(ClockBase clock)
    {
        while (true)
        {
            var sequence = s_sequence.BeginRead();
            var time = s_scale.ToMonotonic(Clock.Now) + s_scale.OffsetOf(clock);
            if (!s_sequence.MustRetry(sequence))
                return time;
        }
    }

    /// <summary>What to add to the monotonic clock for a clock, as things stand now.</summary>
    internal static long OffsetOf(ClockBase clock) => clock is ClockBase.Monotonic or ClockBase.BootTime ? 0 : Scale.OffsetOf(clock);

    /// <summary>A moment of a clock on the monotonic one, as things stand now; nothing before boot, and never stays never.</summary>
    internal static long ToMonotonic(long time, ClockBase clock)
    {
        if (time == long.MaxValue)
            return time;
        var monotonic = clock is ClockBase.Monotonic or ClockBase.BootTime ? time : time - Scale.OffsetAt(time, clock);
        return monotonic < 0 ? 0 : monotonic;
    }

    /// <summary>The monotonic clock at a moment of the machine's, not long ago.</summary>
    internal static long FromMachine(long machine) => Volatile.Read(ref s_wasAdjusted) == 0 ? machine : Scale.ToMonotonic(machine);

    /// <summary>About when the machine's clock reaches a moment of the monotonic one.</summary>
    internal static long ToMachine(long monotonic) => Volatile.Read(ref s_wasAdjusted) == 0 ? monotonic : Scale.ToMachine(monotonic);

    /// <summary>Sets the real-time clock to <paramref name="nanoseconds"/> since 1970. Timers on it follow. Process context, interrupts on.</summary>
    public static void SetRealTime(long nanoseconds)
    {
        SetOffset(nanoseconds);
        ClockWasSet();
    }

    /// <summary>The change itself, for all who read: the kernel and the programs that do it by themselves.</summary>
    internal static void SetOffset(long nanoseconds)
    {
        using (s_lock.Acquire())
        {
            var scale = s_scale;
            scale.RealOffset = nanoseconds - scale.ToMonotonic(Clock.Now);
            scale.LeapAt = 0;
            ClockAdjustment.ForgetLocked();
            Publish(scale, wasSet: true);
        }
    }

    /// <summary>Steps real time. ADJ_SETOFFSET. Process context, interrupts on.</summary>
    internal static void StepRealTime(long nanoseconds)
    {
        using (s_lock.Acquire())
        {
            var scale = s_scale;
            scale.RealOffset += nanoseconds;
            Publish(scale, wasSet: true);
        }

        ClockWasSet();
    }

    /// <summary>Sets what atomic time is ahead of real time. Process context, interrupts on.</summary>
    internal static void SetTaiOffset(int seconds)
    {
        using (s_lock.Acquire())
        {
            var scale = s_scale;
            scale.TaiOffset = seconds * NanosecondsPerSecond;
            Publish(scale, wasSet: false);
        }

        ClockWasSet();
    }

    /// <summary>Reads and changes the clock's adjustment. Process context.</summary>
    internal static void AdjustClock(scoped ref ClockAdjustment.Request request)
    {
        using (s_lock.Acquire())
        {
            var scale = s_scale;
            ClockAdjustment.ApplyLocked(ref request, ref scale);
            Replace(scale);
        }
    }

    /// <summary>A second of real time begins while the clock is being adjusted. True: the next one matters, too. Hardirq.</summary>
    internal static bool BeginSecond()
    {
        bool again, hasChanged;
        using (s_lock.Acquire())
        {
            var scale = s_scale;
            again = ClockAdjustment.BeginSecondLocked(ref scale);
            hasChanged = scale.RealOffset != s_scale.RealOffset || scale.LeapAt != s_scale.LeapAt;
            Replace(scale);
        }

        if (hasChanged)
            ClockWasSetFromInterrupt();
        return again;
    }

    // Offsets change as they are, a new rate from now on. Locked.
    private static void Replace(TimeScale scale)
    {
        var wasSet = scale.RealOffset != s_scale.RealOffset;
        var adjustment = scale.Adjustment;
        if (adjustment != s_scale.Adjustment)
        {
            Volatile.Write(ref s_wasAdjusted, 1); // before the clock is read: see Monotonic
            scale.Adjustment = s_scale.Adjustment;
            scale.ChangeRate(Clock.Now, adjustment);
        }
        else if (!wasSet && scale.TaiOffset == s_scale.TaiOffset && scale.LeapAt == s_scale.LeapAt)
        {
            return;
        }

        Publish(scale, wasSet);
    }

    /// <summary>Writes the page that programs read anew: at boot, and when the machine's clock has another source.</summary>
    internal static void TellUserClock()
    {
        using (s_lock.Acquire())
        {
            UserClock.BeginWrite();
            UserClock.EndWrite(s_scale);
        }
    }

    /// <summary>Reads time from another of the machine's sources. Process context, interrupts on.</summary>
    public static void UseSource(int index)
    {
        using (s_lock.Acquire())
        {
            UserClock.BeginWrite();
            Clock.UseSource(index);
            UserClock.EndWrite(s_scale);
        }

        CrossCall.Run(Scheduler.Online, static _ => CpuTimer.Here.SourceChanged());
    }

    // The one place where the clocks change. Locked.
    private static void Publish(in TimeScale scale, bool wasSet)
    {
        UserClock.BeginWrite();
        s_sequence.BeginWrite();
        s_scale = scale;
        s_sequence.EndWrite();
        UserClock.EndWrite(scale);
        if (wasSet)
            Volatile.Write(ref s_timesSet, s_timesSet + 1);
    }

    /// <summary>Timers on real and atomic time are due at other moments now. Interrupts on: every CPU looks at once.</summary>
    private static void ClockWasSet()
    {
        if (!TimerFaults.Has(TimerFault.ForgetsClockSet))
            CrossCall.Run(Scheduler.Online, static _ => CpuTimer.Here.ClockWasSet());
        ClockWatches.TellAll();
    }

    /// <summary>The same from an interrupt: idle CPUs look at once, busy ones at their next tick.</summary>
    private static void ClockWasSetFromInterrupt()
    {
        var online = Scheduler.Online;
        for (var cpu = online.Next(0); cpu >= 0; cpu = online.Next(cpu + 1))
        {
            if (cpu != Cpu.Id)
                Cpu.SendReschedule(cpu);
        }

        ClockWatches.TellAll();
    }
}
