// The clocks that timers and programs may name. Linux: clockid_t, hrtimer_clock_base.
namespace Jiffy.Kernel.Time;

/// <summary>What a high-resolution timer's deadline counts.</summary>
public enum ClockBase
{
    /// <summary>Nanoseconds since boot, at the rate that adjtimex gives it.</summary>
    Monotonic,

    /// <summary>Nanoseconds since 1970; a deadline follows when the clock is set.</summary>
    RealTime,

    /// <summary>Like <see cref="Monotonic"/>, and counts while the machine sleeps as a whole, which it never does.</summary>
    BootTime,

    /// <summary>Atomic time: like <see cref="RealTime"/>, without leap seconds.</summary>
    Tai,

    Count,
}

/// <summary>What a timer's callback answers.</summary>
public enum TimerRestart
{
    No,

    /// <summary>Queue again: the callback has moved the deadline forward.</summary>
    Yes,
}

/// <summary>Where a high-resolution timer's callback runs.</summary>
public enum TimerContext
{
    /// <summary>In the interrupt of the alarm.</summary>
    Hardirq,

    /// <summary>In the softirq HRTIMER, interrupts on: for callbacks that take longer.</summary>
    Softirq,
}
