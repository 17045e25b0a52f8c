// The arithmetic of scheduling and accounting, by itself.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Time;
using Xunit;

namespace Jiffy.Tests.Unit.Kernel;

public sealed class SchedulingArithmeticTests
{
    [Fact]
    public void A_step_of_nice_is_a_factor_of_one_and_a_quarter()
    {
        Assert.Equal(FairWeights.One, FairWeights.OfNice(0));
        for (var nice = SchedulingPolicy.MinNice; nice < SchedulingPolicy.MaxNice; nice++)
            Assert.InRange(FairWeights.OfNice(nice) / (double)FairWeights.OfNice(nice + 1), 1.18, 1.32);
    }

    [Fact]
    public void Virtual_time_runs_slower_for_heavier_tasks()
    {
        Assert.Equal(1_000_000, FairWeights.ToVirtual(1_000_000, FairWeights.One));
        Assert.Equal(500_000, FairWeights.ToVirtual(1_000_000, 2 * FairWeights.One));
        Assert.True(FairWeights.ToVirtual(1_000_000, FairWeights.OfNice(19)) > 60_000_000);
    }

    [Theory]
    [InlineData(1_000_000_000, 3, 1, 750_000_000, 250_000_000)]
    [InlineData(1_000_000_000, 0, 0, 1_000_000_000, 0)]
    [InlineData(1_000_000_000, 0, 5, 0, 1_000_000_000)]
    [InlineData(long.MaxValue / 2, 1_000_000, 1_000_000, long.MaxValue / 4 + 1, long.MaxValue / 4)]
    public void Run_time_splits_by_where_ticks_found_the_task(long total, long userTicks, long systemTicks, long user, long system)
    {
        long userTold = 0, systemTold = 0;
        CpuTime.Split(total, userTicks, systemTicks, ref userTold, ref systemTold);
        Assert.InRange(userTold, user - 2_000_000, user + 2_000_000);
        Assert.InRange(systemTold, system - 2_000_000, system + 2_000_000);
        Assert.Equal(total, userTold + systemTold);
    }

    [Fact]
    public void Neither_part_of_the_run_time_ever_goes_back()
    {
        long user = 0, system = 0, userTicks = 0, systemTicks = 0;
        var random = new System.Random(1);
        for (long total = 0; total < 1_000_000_000; total += random.Next(10_000_000))
        {
            if (random.Next(2) == 0)
                userTicks += random.Next(3);
            else
                systemTicks += random.Next(3);
            var (lastUser, lastSystem) = (user, system);
            CpuTime.Split(total, userTicks, systemTicks, ref user, ref system);
            Assert.True(user >= lastUser && system >= lastSystem);
            Assert.Equal(total, user + system);
        }
    }

    [Fact]
    public void The_load_average_reaches_a_steady_load_and_fades_to_zero()
    {
        long load = 0;
        for (var i = 0; i < 12 * 60; i++)
            load = LoadAverage.Fade(load, 1884, 3 * LoadAverage.One);
        Assert.Equal(3 * LoadAverage.One, load);
        for (var i = 0; i < 12 * 60; i++)
            load = LoadAverage.Fade(load, 1884, 0);
        Assert.Equal(0, load);
    }

    [Fact]
    public void One_minute_of_load_one_gives_the_textbook_value()
    {
        long load = 0;
        for (var i = 0; i < 12; i++)
            load = LoadAverage.Fade(load, 1884, LoadAverage.One);
        Assert.InRange(load / (double)LoadAverage.One, 0.62, 0.65); // 1 - 1/e
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(1, 500, 1_000_000_500)]
    [InlineData(long.MaxValue, 0, long.MaxValue)]
    [InlineData(9_223_372_037, 0, long.MaxValue)]
    public void Times_become_nanoseconds_and_never_overflow(long seconds, long nanoseconds, long expected) =>
        Assert.Equal(expected, new TimeSpec { Seconds = seconds, Nanoseconds = nanoseconds }.ToNanoseconds());

    [Fact]
    public void Negative_nanoseconds_borrow_from_the_second()
    {
        var time = TimeSpec.From(-1);
        Assert.Equal(-1, time.Seconds);
        Assert.Equal(999_999_999, time.Nanoseconds);
    }

    [Theory]
    [InlineData(0u, 5u, true)]
    [InlineData(1u, 5u, false)]
    [InlineData(2u, 4u, true)]
    [InlineData(2u, 5u, false)]
    [InlineData(5u, 5u, true)]
    public void The_comparison_of_a_wake_operation(uint comparison, uint old, bool expected) =>
        Assert.Equal(expected, FutexOperation.Compares(old, comparison << 24 | 5));

    [Fact]
    public void The_comparison_of_a_wake_operation_is_signed() =>
        Assert.True(FutexOperation.Compares(unchecked((uint)-7), 2u << 24 | 0xfff)); // -7 < -1
}
