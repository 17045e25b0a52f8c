// The line from the machine's clock to the monotonic one: steady when its rate changes, and invertible.
using System;
using Jiffy.Kernel.Time;
using Xunit;

namespace Jiffy.Tests.Unit.Kernel;

public sealed class TimeScaleTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_changing_rate_never_makes_time_jump_or_go_back(int seed)
    {
        var random = new Random(seed);
        var scale = default(TimeScale);
        long machine = 0, last = 0;
        for (var i = 0; i < 100_000; i++)
        {
            machine += random.Next(3) == 0 ? random.NextInt64(1L << random.Next(1, 50)) : random.Next(3);
            var now = scale.ToMonotonic(machine);
            Assert.True(now >= last);
            last = now;
            if (random.Next(4) != 0)
                continue;
            scale.ChangeRate(machine, random.NextInt64(-(1L << 29), 1L << 29));
            Assert.Equal(now, scale.ToMonotonic(machine));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2_147_483)]       // 500 millionths
    [InlineData(-2_147_483)]
    [InlineData(429_496_729)]     // a tenth
    [InlineData(-429_496_729)]
    public void An_alarm_within_a_second_is_met_to_the_microsecond_for_small_rates_and_a_thousandth_for_large(long adjustment)
    {
        var scale = new TimeScale { MachineBase = 5_000_000_000, MonotonicBase = 7_000_000_000, Adjustment = adjustment };
        for (var ahead = 1L; ahead <= 1_000_000_000; ahead *= 10)
        {
            var wanted = scale.MonotonicBase + ahead;
            var error = scale.ToMonotonic(scale.ToMachine(wanted)) - wanted;
            Assert.InRange(error, -ahead / 1000 - 2, ahead / 1000 + 2);
            if (Math.Abs(adjustment) < 1 << 22)
                Assert.InRange(error, -2, 1000);
        }
    }
}
