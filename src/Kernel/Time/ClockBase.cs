// The clocks that timers and programs may name. Linux: clockid_t, hrtimer_clock_base.
namespace Jiffy.Kernel.Time;

/// <summary>What a high-resolution timer's deadline counts.</summary>
public enum ClockBase
{
    /// <summary>Nanoseconds since boot.</summary>
    Monotonic,

    /// <summary>Nanoseconds since 1970; a deadline follows when the clock is set.</summary>
    RealTime,
}

/// <summary>What a timer's callback answers.</summary>
public enum TimerRestart
{
    No,

    /// <summary>Queue again: the callback has moved the deadline forward.</summary>
    Yes,
}
