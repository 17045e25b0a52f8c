// One CPU's alarm, set to the earliest of what it serves: the periodic tick while the CPU is busy, the timer wheel's next expiry while it
// idles, and the high-resolution timers (CpuTimer.Bases.cs). An idle CPU has no tick.
// Contexts: any. Lock: _lock guards the trees; the tick's fields belong to their CPU, interrupts off.
// Linux: struct tick_sched, tick_nohz_idle_enter(), hrtimer_interrupt().
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Sync;
using Jiffy.Machine;

namespace Jiffy.Kernel.Time;

internal readonly struct TimerBaseRank : ILockRank
{
    public static LockRank Rank => LockRank.HighResolutionTimer;
}

public sealed partial class CpuTimer
{
    /// <summary>Nanoseconds between two ticks of a busy CPU.</summary>
    public const long TickLength = CpuTime.TickLength;

    private const long Never = long.MaxValue;
    private const long Unknown = -1;

    private static CpuTimer[] s_all = null!;

    private long _alarm = Never;    // what the machine was told last, on the monotonic clock
    private long _nextTick = Never; // Never: the tick is stopped
    private long _nextWheel = Never;

    private CpuTimer(int cpu, bool cascading)
    {
        Index = cpu;
        var now = Jiffies.Now;
        Wheel = cascading ? new CascadingTimerWheel(cpu, now) : new TimerWheel(cpu, now);
        DeferrableWheel = cascading ? new CascadingTimerWheel(cpu, now) : new TimerWheel(cpu, now);
    }

    public int Index { get; }

    /// <summary>The coarse timers of this CPU, and those that need not wake it when it idles.</summary>
    internal TimerQueue Wheel { get; }
    internal TimerQueue DeferrableWheel { get; }

    /// <summary>The historical wheel was asked for at boot; and how many coarse timers are queued.</summary>
    public bool HasCascadingWheel => Wheel is CascadingTimerWheel;
    public int CoarseTimers => Wheel.Count + DeferrableWheel.Count;

    /// <summary>This CPU's. Stays true only while preemption is off.</summary>
    public static CpuTimer Here => s_all[Cpu.Id];

    public static CpuTimer Of(int cpu) => s_all[cpu];

    /// <summary>Alarms that rang.</summary>
    public long Events { get; private set; }

    /// <summary>When the alarm rings next, and the next tick; long.MaxValue: not at all. Monotonic; hints.</summary>
    public long NextAlarm => _alarm;
    public long NextTick => _nextTick;

    /// <summary>When the CPU stopped its tick, and began it again; and how often it stopped. Hints.</summary>
    public long IdleSince { get; private set; }
    public long IdleUntil { get; private set; }
    public long TimesStopped { get; private set; }

    internal static void InitAll(bool cascading)
    {
        s_all = new CpuTimer[Cpu.Count];
        for (var cpu = 0; cpu < s_all.Length; cpu++)
            s_all[cpu] = new CpuTimer(cpu, cascading);
    }

    /// <summary>Where a coarse timer goes on this CPU.</summary>
    internal TimerQueue QueueFor(Timer timer) => (timer.Options & TimerOptions.Deferrable) != 0 ? DeferrableWheel : Wheel;

    /// <summary>The CPU has work: ticks from now on. Interrupts off.</summary>
    internal void StartTick(long machineNow)
    {
        if (_nextTick != Never)
            return;
        var now = TimeKeeper.FromMachine(machineNow);
        IdleUntil = now;
        _nextTick = now - now % TickLength + TickLength;
        _nextWheel = Never;
        Wheel.LeaveIdle();
        SetAlarmLocked();
    }

    /// <summary>The CPU is about to halt: no tick, but the wheel's next timer must be met. Interrupts off.</summary>
    internal void StopTick()
    {
        if (_nextTick != Never)
        {
            TimesStopped++;
            IdleSince = TimeKeeper.Monotonic;
            _nextTick = Never;
        }

        var next = Wheel.EnterIdle();
        _nextWheel = next == Never ? Never : Jiffies.ToNanoseconds(next);
        if (TaskQueue.Timer.IsActive && TimeKeeper.Monotonic + TickLength is var soon && soon < _nextWheel)
            _nextWheel = soon; // it waits for a timer interrupt
        SetAlarmLocked();
    }

    /// <summary>The alarm went off at <paramref name="machineNow"/>. Hardirq.</summary>
    internal void Interrupt(bool fromUser, long machineNow)
    {
        _alarm = Never;
        Events++;
        var now = TimeKeeper.FromMachine(machineNow);
        if (now >= _nextTick)
        {
            var ticks = (int)((now - _nextTick) / TickLength) + 1;
            _nextTick += ticks * TickLength;
            Scheduler.Tick(machineNow, ticks, fromUser);
        }

        var jiffy = now / TickLength;
        if (Wheel.IsDue(jiffy) || DeferrableWheel.IsDue(jiffy))
            Softirq.Raise(SoftirqVector.Timer);
        if (now >= _nextWheel)
            _nextWheel = Never; // the softirq does it; the halt after it asks anew
        FireDue(now);
    }

    /// <summary>The softirq TIMER: coarse timers that are due.</summary>
    internal void RunWheels()
    {
        var now = Jiffies.Now;
        Wheel.Run(now);
        DeferrableWheel.Run(now);
    }

    /// <summary>A clock was set: the alarm for its timers is wrong. Runs on every CPU, interrupts off.</summary>
    internal void ClockWasSet() => SetAlarmLocked();

    /// <summary>The machine's clock has another source, and the alarm may be off. Runs on every CPU, interrupts off.</summary>
    internal void SourceChanged()
    {
        _alarm = Unknown;
        SetAlarmLocked();
    }

    private void Program(long next)
    {
        if (next == _alarm)
            return;
        _alarm = next;
        Clock.SetAlarm(TimeKeeper.ToMachine(next));
    }
}
