// The coarse time: ticks of 4 ms since boot. Derived from the clock, so it is right on a CPU without ticks too. Linux: jiffies, HZ.
using Jiffy.Machine;

namespace Jiffy.Kernel.Time;

public static class Jiffies
{
    public const int PerSecond = 250;
    public const long Nanoseconds = CpuTimer.TickLength;

    /// <summary>Whole ticks since boot.</summary>
    public static long Now => Clock.Now / Nanoseconds;

    /// <summary>Ticks that last at least that long.</summary>
    public static long FromNanoseconds(long nanoseconds) => nanoseconds / Nanoseconds + (nanoseconds % Nanoseconds > 0 ? 1 : 0);

    public static long ToNanoseconds(long jiffies) => jiffies * Nanoseconds;
}
