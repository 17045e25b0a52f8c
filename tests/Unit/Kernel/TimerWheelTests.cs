// Both timer wheels against a list of what is pending: never early, late by no more than their grain, and nothing lost.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using Jiffy.Kernel.Time;
using Xunit;
using Timer = Jiffy.Kernel.Time.Timer;

namespace Jiffy.Tests.Unit.Kernel;

public sealed class TimerWheelTests
{
    private sealed class Watched
    {
        public Timer Timer = null!;
        public long Expires = -1, Started = -1, FiredAt = -1;
    }

    private static long s_now;

    private static Watched Make()
    {
        var watched = new Watched();
        watched.Timer = new Timer(static timer => ((Watched)timer.Owner!).FiredAt = s_now, watched);
        return watched;
    }

    private static TimerQueue Wheel(bool cascading) => cascading ? new CascadingTimerWheel(0, s_now) : new TimerWheel(0, s_now);

    private static void Start(TimerQueue wheel, Watched watched, long expires)
    {
        watched.Expires = expires;
        watched.Started = s_now;
        wheel.Start(watched.Timer, expires, s_now, TimerChange.Always);
    }

    // What is due fires when the wheel is turned next; beyond that a timer may be late by its level's grain, the old wheel's not at all.
    private static long LatestFor(Watched watched, bool cascading) =>
        watched.Expires + (cascading ? 0 : TimerWheel.GrainFor(Math.Max(0, watched.Expires - watched.Started)) - 1);

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, false)]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(3, true)]
    public void Random_timers_fire_once_not_early_and_on_time(int seed, bool cascading)
    {
        var random = new Random(seed);
        s_now = random.Next(100_000);
        var wheel = Wheel(cascading);
        var pending = new List<Watched>();
        for (var step = 0; step < 20_000; step++)
        {
            if (random.Next(3) == 0)
            {
                pending.Add(Make());
                Start(wheel, pending[^1], s_now + (1L << random.Next(20)) + random.Next(50));
            }

            if (pending.Count > 0 && random.Next(10) == 0)
                RemoveOne(pending, random.Next(pending.Count));
            if (pending.Count > 0 && random.Next(5) == 0)
                Start(wheel, pending[random.Next(pending.Count)], s_now + (1L << random.Next(16)));
            var before = s_now;
            s_now += random.Next(5) == 0 ? random.Next(300) : 1;
            var next = wheel.NextExpiry();
            wheel.Run(s_now);
            Assert.True(next > s_now || pending.Any(watched => watched.FiredAt == s_now), "the next expiry was told too early");
            pending.RemoveAll(watched => IsOver(watched, before, cascading));
            Assert.Equal(pending.Count, wheel.Count);
        }

        s_now += 1 << 24;
        wheel.Run(s_now);
        Assert.All(pending, watched => Assert.NotEqual(-1, watched.FiredAt));
        Assert.Equal(long.MaxValue, wheel.NextExpiry());
    }

    private static void RemoveOne(List<Watched> pending, int index)
    {
        Assert.Equal(1, TimerQueue.Remove(pending[index].Timer, evenIfFiring: false, shutDown: false));
        Assert.Equal(0, TimerQueue.Remove(pending[index].Timer, evenIfFiring: false, shutDown: false));
        pending.RemoveAt(index);
    }

    // The wheel was turned at s_now, and before that at before.
    private static bool IsOver(Watched watched, long before, bool cascading)
    {
        if (watched.FiredAt < 0)
        {
            Assert.True(s_now < LatestFor(watched, cascading), $"late: started {watched.Started}, expires {watched.Expires}, now {s_now}");
            return false;
        }

        Assert.True(watched.FiredAt >= watched.Expires, "early");
        Assert.True(before < LatestFor(watched, cascading), $"late by a turn: started {watched.Started}, expires {watched.Expires}, at {before} still there");
        return true;
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(62, 1)]
    [InlineData(63, 8)]
    [InlineData(503, 8)]
    [InlineData(504, 64)]
    [InlineData(4032, 512)]
    [InlineData(32256, 4096)]
    [InlineData(132120576, 16777216)]
    public void Each_level_has_the_grain_that_its_table_says(long distance, long grain) => Assert.Equal(grain, TimerWheel.GrainFor(distance));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_next_expiry_of_an_idle_wheel_is_that_of_its_first_timer(bool cascading)
    {
        s_now = 1000;
        var wheel = Wheel(cascading);
        var watched = Make();
        Start(wheel, watched, 1010);
        Assert.Equal(1010, wheel.NextExpiry());
        s_now = 1009;
        wheel.Run(s_now);
        Assert.Equal(-1, watched.FiredAt);
        s_now = 1010;
        wheel.Run(s_now);
        Assert.Equal(1010, watched.FiredAt);
        Assert.False(watched.Timer.IsPending);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_timer_beyond_the_last_level_fires_at_its_end(bool cascading)
    {
        s_now = 5;
        var wheel = Wheel(cascading);
        var watched = Make();
        Start(wheel, watched, long.MaxValue / 2);
        var end = cascading ? CascadingTimerWheel.MostTicks : TimerWheel.MostTicks;
        Assert.InRange(wheel.NextExpiry(), end, end + (end >> 3) + 6);
    }

    [Fact]
    public void The_old_wheel_moves_timers_and_the_new_one_has_none_to_move()
    {
        const long Far = (1 << 20) + (3 << 14) + (5 << 8) + 7; // a digit for each vector on its way
        s_now = 0;
        var wheel = new CascadingTimerWheel(0, 0);
        var watched = Make();
        Start(wheel, watched, Far);
        for (; watched.FiredAt < 0; s_now++)
            wheel.Run(s_now);
        Assert.Equal(Far, watched.FiredAt);
        Assert.Equal(3, wheel.Cascaded);
    }

    [Fact]
    public void Reduce_only_brings_forward_and_a_pending_change_starts_nothing()
    {
        s_now = 0;
        var wheel = Wheel(false);
        var watched = Make();
        Assert.False(wheel.Start(watched.Timer, 10, 0, TimerChange.OnlyPending));
        Assert.False(watched.Timer.IsPending);
        Assert.False(wheel.Start(watched.Timer, 10, 0, TimerChange.OnlyEarlier));
        Assert.True(wheel.Start(watched.Timer, 20, 0, TimerChange.OnlyEarlier));
        Assert.Equal(10, watched.Timer.Expires);
        Assert.True(wheel.Start(watched.Timer, 5, 0, TimerChange.OnlyEarlier));
        Assert.Equal(5, watched.Timer.Expires);
        Assert.True(wheel.Start(watched.Timer, 30, 0, TimerChange.OnlyPending));
        Assert.Equal(30, wheel.NextExpiry());
    }

    [Fact]
    public void A_timer_that_was_shut_down_cannot_be_started()
    {
        s_now = 0;
        var wheel = Wheel(false);
        var watched = Make();
        Start(wheel, watched, 10);
        Assert.Equal(1, TimerQueue.Remove(watched.Timer, evenIfFiring: false, shutDown: true));
        Start(wheel, watched, 10);
        Assert.False(watched.Timer.IsPending);
        watched.Timer.Revive();
        Start(wheel, watched, 10);
        Assert.True(watched.Timer.IsPending);
    }

    [Theory]
    [InlineData(10, 0, false, 250)]
    [InlineData(300, 0, false, 250)]
    [InlineData(311, 0, false, 250)]
    [InlineData(312, 0, false, 500)]
    [InlineData(300, 0, true, 500)]
    [InlineData(300, 2, false, 244)]
    [InlineData(120, 0, false, 250)]
    public void Rounded_ticks_fall_on_seconds(long jiffy, int cpu, bool up, long expected) =>
        Assert.Equal(jiffy == 10 ? 10 : expected, Jiffies.Round(jiffy, cpu, jiffy == 10 ? 260 : 100, up));

    // A million at once: what one operation costs does not depend on how many there are, but for caches, and for what else the host does:
    // hence the generous factor, which a cost that grows with the number would still exceed by far.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_million_timers_cost_each_what_a_thousand_do(bool cascading)
    {
        const int Few = 1_000, Many = 1_000_000;
        Operate(Few, 20, cascading);
        var few = Operate(Few, 200, cascading);
        var many = Operate(Many, 1, cascading);
        TestContext.Current.TestOutputHelper?.WriteLine($"nanoseconds for each operation: {few:f0} with {Few} timers, {many:f0} with {Many}");
        Assert.True(many < 25 * few + 500, $"{many:f0} ns against {few:f0} ns");
    }

    private static double Operate(int count, int rounds, bool cascading)
    {
        var random = new Random(1);
        var timers = new Timer[count];
        var fired = new int[1];
        for (var i = 0; i < count; i++)
            timers[i] = new Timer(static timer => ((int[])timer.Owner!)[0]++, fired);
        s_now = 0;
        var wheel = Wheel(cascading);
        var watch = Stopwatch.StartNew();
        for (var round = 0; round < rounds; round++)
        {
            foreach (var timer in timers)
                wheel.Start(timer, s_now + 1 + random.Next(100_000), s_now, TimerChange.Always);
            foreach (var timer in timers)
                wheel.Start(timer, s_now + 1 + random.Next(100_000), s_now, TimerChange.Always);
            for (var i = 0; i < count; i += 2)
                TimerQueue.Remove(timers[i], evenIfFiring: false, shutDown: false);
            s_now += 120_000;
            wheel.Run(s_now);
        }

        Assert.Equal(count / 2 * rounds, fired[0]);
        return watch.Elapsed.TotalNanoseconds / rounds / count / 3;
    }
}
