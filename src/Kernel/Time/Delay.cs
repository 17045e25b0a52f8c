// Waiting without giving the CPU away: for spans too short to sleep. Any context; in an interrupt keep it very short.
// Linux: ndelay(), udelay(), mdelay().
using Jiffy.Machine;

namespace Jiffy.Kernel.Time;

public static class Delay
{
    /// <summary>Spins for at least that many nanoseconds.</summary>
    public static void Nanoseconds(long nanoseconds)
    {
        var end = Clock.Now + nanoseconds;
        while (Clock.Now < end)
            Cpu.Relax();
    }

    public static void Microseconds(long microseconds) => Nanoseconds(microseconds * 1000);

    public static void Milliseconds(long milliseconds) => Nanoseconds(milliseconds * 1_000_000);
}
