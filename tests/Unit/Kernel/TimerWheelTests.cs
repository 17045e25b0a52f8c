// The timer wheel against a sorted list: never early, late by no more than its grain, and nothing lost.
using System;
using System.Collections.Generic;
using Jiffy.Kernel.Time;
using Xunit;
using Timer = Jiffy.Kernel.Time.Timer;

namespace Jiffy.Tests.Unit.Kernel;

public sealed class TimerWheelTests
{
    private sealed class Watched
    {
        public long Expires = -1, FiredAt = -1;
    }

    private static long s_now;

    private static Timer Make(Watched watched) => new(static timer => ((Watched)timer.Owner!).FiredAt = s_now, watched);

    // A level's timers are rounded up to its grain, an eighth of where the level begins.
    private static long LatestFor(long start, long expires) => expires + Math.Max(0, (expires - start) / 7 + 1);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Random_timers_fire_once_not_early_and_nearly_on_time(int seed)
    {
        var random = new Random(seed);
        s_now = random.Next(100_000);
        var wheel = new TimerWheel(s_now);
        var pending = new List<(Timer Timer, Watched Watched, long Started)>();
        for (var step = 0; step < 20_000; step++)
        {
            if (random.Next(3) == 0)
                pending.Add(Start(wheel, s_now + (1L << random.Next(16)) + random.Next(50), s_now));
            if (pending.Count > 0 && random.Next(10) == 0)
                CancelOne(wheel, pending, random.Next(pending.Count));
            s_now += random.Next(5) == 0 ? random.Next(300) : 1;
            wheel.Run(s_now);
            pending.RemoveAll(entry => Check(entry.Watched, entry.Started));
        }

        s_now += 1 << 20;
        wheel.Run(s_now);
        Assert.All(pending, entry => Assert.NotEqual(-1, entry.Watched.FiredAt));
        Assert.Equal(long.MaxValue, wheel.NextExpiry());
    }

    private static (Timer, Watched, long) Start(TimerWheel wheel, long expires, long now)
    {
        var watched = new Watched { Expires = expires };
        var timer = Make(watched);
        wheel.Add(timer, expires, now);
        return (timer, watched, now);
    }

    private static void CancelOne(TimerWheel wheel, List<(Timer Timer, Watched Watched, long Started)> pending, int index)
    {
        Assert.True(wheel.TryRemove(pending[index].Timer, out var wasQueued));
        Assert.True(wasQueued);
        pending.RemoveAt(index);
    }

    private static long s_lastRun;

    private static bool Check(Watched watched, long started)
    {
        s_lastRun = s_now;
        if (watched.FiredAt < 0)
        {
            Assert.True(s_now < LatestFor(started, watched.Expires), $"late: started {started}, expires {watched.Expires}, now {s_now}");
            return false;
        }

        Assert.True(watched.FiredAt >= watched.Expires, "early");
        return true;
    }

    [Fact]
    public void The_next_expiry_of_an_idle_wheel_is_that_of_its_first_timer()
    {
        s_now = 1000;
        var wheel = new TimerWheel(s_now);
        var (timer, watched, _) = Start(wheel, 1010, s_now);
        Assert.Equal(Jiffies.ToNanoseconds(1010), wheel.NextExpiry());
        s_now = 1009;
        wheel.Run(s_now);
        Assert.Equal(-1, watched.FiredAt);
        s_now = 1010;
        wheel.Run(s_now);
        Assert.Equal(1010, watched.FiredAt);
        Assert.False(timer.IsPending);
    }

    [Fact]
    public void A_timer_beyond_the_last_level_fires_at_its_end()
    {
        s_now = 5;
        var wheel = new TimerWheel(s_now);
        var (_, watched, _) = Start(wheel, long.MaxValue / 2, s_now);
        Assert.NotEqual(long.MaxValue, wheel.NextExpiry());
        s_now += 2 * TimerWheel.MostTicks;
        wheel.Run(s_now);
        Assert.Equal(s_now, watched.FiredAt);
    }
}
