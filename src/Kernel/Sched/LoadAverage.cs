// The load averages of 1, 5 and 15 minutes: the number of tasks that run, wait for a CPU or sleep uninterruptibly, sampled every five seconds
// and faded exponentially. Idle CPUs have no tick, so missed samples are made up for, as idle ones, by whoever comes next.
// Contexts: any. Lock: s_lock. Fixed point with 11 fraction bits, as Linux has it. Linux: calc_load().
using Jiffy.Kernel.Sync;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sched;

public static class LoadAverage
{
    /// <summary>1.0 in the fixed-point form.</summary>
    public const long One = 1 << 11;

    private const long Interval = 5_004_000_000;
    private const int MostMadeUp = 400; // half an hour fades everything away

    // One / e^(5 s / n minutes).
    private const long Fade1 = 1884, Fade5 = 2014, Fade15 = 2037;

    private readonly struct Rank : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.TimeKeeper;
    }

    private static SpinLock<Rank, IrqsOff> s_lock;
    private static long s_next;
    private static long s_one, s_five, s_fifteen;

    internal static void Init()
    {
        s_lock = default;
        s_next = Clock.Now + Interval;
        s_one = 0;
        s_five = 0;
        s_fifteen = 0;
    }

    /// <summary>The three averages now, in fixed point (divide by <see cref="One"/>).</summary>
    public static void Get(out long one, out long five, out long fifteen)
    {
        Update(Clock.Now);
        using (s_lock.Acquire())
        {
            one = s_one;
            five = s_five;
            fifteen = s_fifteen;
        }
    }

    /// <summary>Takes the samples that are due.</summary>
    internal static void Update(long now)
    {
        if (now < s_next)
            return;
        var active = CpuStatistics.TotalRunnable + CpuStatistics.TotalUninterruptible;
        using (s_lock.Acquire())
        {
            for (var made = 0; now - Interval >= s_next && made < MostMadeUp; made++)
                Sample(CpuStatistics.TotalUninterruptible);
            if (now < s_next)
                return;
            Sample(active);
            if (s_next <= now)
                s_next = now + Interval;
        }
    }

    private static void Sample(int active)
    {
        s_next += Interval;
        s_one = Fade(s_one, Fade1, active * One);
        s_five = Fade(s_five, Fade5, active * One);
        s_fifteen = Fade(s_fifteen, Fade15, active * One);
    }

    // Rises round up and falls round down, so that the average reaches its goal.
    internal static long Fade(long load, long fade, long active)
    {
        var sum = load * fade + active * (One - fade);
        return active >= load ? (sum + One - 1) / One : sum / One;
    }
}
