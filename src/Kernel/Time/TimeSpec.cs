// Times as programs pass them. Layouts of the ABI: struct timespec, timeval, itimerspec, itimerval on x86-64.
namespace Jiffy.Kernel.Time;

public struct TimeSpec
{
    public long Seconds, Nanoseconds;

    /// <summary>No negative time, and less than a second of nanoseconds.</summary>
    public readonly bool IsValid => Seconds >= 0 && Nanoseconds is >= 0 and < TimeKeeper.NanosecondsPerSecond;
    public readonly bool IsZero => Seconds == 0 && Nanoseconds == 0;

    /// <summary>In nanoseconds; long.MaxValue when they do not fit (292 years). Valid times only.</summary>
    public readonly long ToNanoseconds() =>
        Seconds >= long.MaxValue / TimeKeeper.NanosecondsPerSecond ? long.MaxValue : Seconds * TimeKeeper.NanosecondsPerSecond + Nanoseconds;

    public static TimeSpec From(long nanoseconds)
    {
        var seconds = nanoseconds / TimeKeeper.NanosecondsPerSecond;
        var rest = nanoseconds % TimeKeeper.NanosecondsPerSecond;
        return rest < 0
            ? new TimeSpec { Seconds = seconds - 1, Nanoseconds = rest + TimeKeeper.NanosecondsPerSecond }
            : new TimeSpec { Seconds = seconds, Nanoseconds = rest };
    }
}

public struct TimeValue
{
    public long Seconds, Microseconds;

    public readonly bool IsValid => Seconds >= 0 && Microseconds is >= 0 and < 1_000_000;

    /// <summary>In nanoseconds; long.MaxValue when they do not fit. Valid times only.</summary>
    public readonly long ToNanoseconds() => new TimeSpec { Seconds = Seconds, Nanoseconds = Microseconds * 1000 }.ToNanoseconds();

    public static TimeValue From(long nanoseconds)
    {
        var time = TimeSpec.From(nanoseconds);
        return new TimeValue { Seconds = time.Seconds, Microseconds = time.Nanoseconds / 1000 };
    }
}

/// <summary>struct itimerspec.</summary>
public struct TimerSpec
{
    public TimeSpec Interval, Value;

    public readonly bool IsValid => Interval.IsValid && Value.IsValid;

    public static TimerSpec From(long value, long interval) => new() { Interval = TimeSpec.From(interval), Value = TimeSpec.From(value) };
}

public struct IntervalValue
{
    public TimeValue Interval, Value;
}

public static class Deadline
{
    /// <summary>A moment that lies <paramref name="nanoseconds"/> after <paramref name="start"/>; long.MaxValue (never) when that does not fit.</summary>
    public static long After(long start, long nanoseconds) =>
        start > 0 && nanoseconds > long.MaxValue - start ? long.MaxValue : start + nanoseconds;

    /// <summary>Moves a deadline that is over past <paramref name="now"/> by whole intervals (more than zero); returns how many, zero if it is to come.</summary>
    public static long Forward(ref long deadline, long now, long interval)
    {
        if (now < deadline)
            return 0;
        var whole = (now - deadline) / interval;
        deadline = After(deadline + whole * interval, interval);
        return whole + 1;
    }
}
