// The coarse time: ticks of 4 ms since boot. Derived from the clock, so it is right on a CPU without ticks too. Linux: jiffies, HZ,
// round_jiffies().
namespace Jiffy.Kernel.Time;

public static class Jiffies
{
    public const int PerSecond = 250;
    public const long Nanoseconds = CpuTimer.TickLength;

    private const long NanosecondsPerMillisecond = 1_000_000;

    // Timers that were rounded on different CPUs do not all fall on the same tick.
    private const int SkewPerCpu = 3;

    /// <summary>Whole ticks since boot.</summary>
    public static long Now => TimeKeeper.Monotonic / Nanoseconds;

    /// <summary>Ticks that last at least that long.</summary>
    public static long FromNanoseconds(long nanoseconds) => nanoseconds / Nanoseconds + (nanoseconds % Nanoseconds > 0 ? 1 : 0);

    /// <summary>Ticks that last at least that many milliseconds.</summary>
    public static long FromMilliseconds(long milliseconds) =>
        milliseconds >= long.MaxValue / NanosecondsPerMillisecond ? Sleep.Forever : FromNanoseconds(milliseconds * NanosecondsPerMillisecond);

    public static long ToNanoseconds(long jiffies) => jiffies * Nanoseconds;

    /// <summary>Milliseconds of so many ticks.</summary>
    public static long ToMilliseconds(long jiffies) => jiffies * (Nanoseconds / NanosecondsPerMillisecond);

    /// <summary>A tick near <paramref name="jiffy"/> at a whole second, so that timers that do not care wake an idle CPU together. Linux: __round_jiffies().</summary>
    public static long Round(long jiffy, int cpu) => Round(jiffy, cpu, Now, up: false);

    /// <summary>The same, never before <paramref name="jiffy"/>. Linux: __round_jiffies_up().</summary>
    public static long RoundUp(long jiffy, int cpu) => Round(jiffy, cpu, Now, up: true);

    /// <summary>The same for a number of ticks from now. Linux: __round_jiffies_relative().</summary>
    public static long RoundRelative(long ticks, int cpu)
    {
        var now = Now;
        return Round(now + ticks, cpu, now, up: false) - now;
    }

    /// <summary>Linux: __round_jiffies_up_relative().</summary>
    public static long RoundUpRelative(long ticks, int cpu)
    {
        var now = Now;
        return Round(now + ticks, cpu, now, up: true) - now;
    }

    // A quarter of a second after a whole one is still rounded down. What would lie in the past stays as it was.
    internal static long Round(long jiffy, int cpu, long now, bool up)
    {
        var skewed = jiffy + cpu * SkewPerCpu;
        var rest = skewed % PerSecond;
        var rounded = skewed - rest + (rest < PerSecond / 4 && !up ? 0 : PerSecond) - cpu * SkewPerCpu;
        return rounded > now ? rounded : jiffy;
    }
}
