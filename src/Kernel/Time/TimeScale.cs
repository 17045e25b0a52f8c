// How the clocks follow from the machine's nanoseconds: one line for the monotonic clock, and offsets from it for the others.
// A value, copied and replaced as a whole; TimeKeeper publishes it. Any context. Linux: struct timekeeper, tk_read_base.
namespace Jiffy.Kernel.Time;

/// <summary>All that is needed to turn the machine's time into any clock's. The vDSO's page is made of it.</summary>
public struct TimeScale
{
    /// <summary>Bits behind the point of <see cref="Adjustment"/>.</summary>
    public const int Shift = 32;

    /// <summary>A moment of the machine's clock, and what the monotonic clock showed then. Nanoseconds.</summary>
    public long MachineBase, MonotonicBase;

    /// <summary>How much faster the monotonic clock runs than the machine's, as a part of 2^32; negative: slower. Within a fifth of one.</summary>
    public long Adjustment;

    /// <summary>Nanoseconds from the monotonic clock to real time, and from real time to atomic time.</summary>
    public long RealOffset, TaiOffset;

    /// <summary>When real time will show this, in nanoseconds since 1970, it will be set back by a second: a leap second. Zero: none is to come.</summary>
    public long LeapAt;

    /// <summary>
    /// What to add to the monotonic clock for a clock when that one will show <paramref name="time"/>. A timer for the end of a leap second that is to
    /// come must not fire at its beginning, whoever notices that moment first.
    /// </summary>
    public readonly long OffsetAt(long time, ClockBase clock) =>
        clock == ClockBase.RealTime && LeapAt != 0 && time >= LeapAt ? RealOffset - TimeKeeper.NanosecondsPerSecond : OffsetOf(clock);

    /// <summary>The monotonic clock when the machine's shows <paramref name="machine"/>. Never goes back while the scale stays.</summary>
    public readonly long ToMonotonic(long machine)
    {
        var passed = machine - MachineBase;
        return MonotonicBase + passed + Part(passed, Adjustment);
    }

    /// <summary>About when the machine's clock will show that the monotonic one has reached a moment: to a few nanoseconds for the next second.</summary>
    public readonly long ToMachine(long monotonic)
    {
        if (monotonic == long.MaxValue)
            return monotonic;
        var wanted = monotonic - MonotonicBase;
        var passed = wanted;
        for (var i = 0; i < 4; i++)
            passed = wanted - Part(passed, Adjustment);
        return MachineBase + passed + 1;
    }

    /// <summary>What to add to the monotonic clock for a clock.</summary>
    public readonly long OffsetOf(ClockBase clock) => clock switch
    {
        ClockBase.RealTime => RealOffset,
        ClockBase.Tai => RealOffset + TaiOffset,
        _ => 0,
    };

    /// <summary>From <paramref name="machine"/> on, the monotonic clock runs at another rate; it does not jump.</summary>
    public void ChangeRate(long machine, long adjustment)
    {
        MonotonicBase = ToMonotonic(machine);
        MachineBase = machine;
        Adjustment = adjustment;
    }

    // time * part / 2^32, rounded down, without overflow for parts below 2^30.
    private static long Part(long time, long part) => (time >> Shift) * part + ((time & uint.MaxValue) * part >> Shift);
}
