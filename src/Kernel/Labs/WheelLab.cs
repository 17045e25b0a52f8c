// Experiment: many timers due some time after a turn of the historical wheel's finest vector. At the turn that wheel moves all of them in one
// go; the present wheel never moves any. Measured: the longest time for which a busy loop was kept from running around the turn.
// Guard: all on one CPU; the timers are taken off before they fire.
using System;
using Jiffy.Kernel.SelfTests;
using Jiffy.Kernel.Time;
using Jiffy.Machine;
using Timer = Jiffy.Kernel.Time.Timer;

namespace Jiffy.Kernel.Labs;

internal static class WheelLab
{
    private const int MostTimers = 4096;
    private const int Turn = 256;         // ticks of the historical wheel's finest vector
    private const int LeastDistance = 40; // ticks to the turn, so that all timers are started in time
    private const int Around = 3;

    private static Timer[] s_timers = null!;
    private static Timer s_clockwork = null!;

    public static void AddTo(DriverFile labs)
    {
        s_timers = new Timer[MostTimers];
        for (var i = 0; i < MostTimers; i++)
            s_timers[i] = new Timer(static _ => { }, null, TimerOptions.None, "lab");
        s_clockwork = new Timer(static _ => { }, null, TimerOptions.None, "lab");
        labs.Add("wheel", "1", "timers= : the longest gap in a busy loop around a turn of the timer wheel", static report => Run(report));
    }

    private static void Run(Report report)
    {
        var count = (int)Math.Min(report.Number("timers"u8, MostTimers), MostTimers);
        Helper.GoTo(0);
        var turn = (Jiffies.Now + LeastDistance + Turn - 1) / Turn * Turn;
        for (var i = 0; i < count; i++)
            s_timers[i].Start(turn + 20 + i % 200);
        s_clockwork.Start(turn + 1); // an idle wheel would put its turn off
        Sleep.Until(Jiffies.ToNanoseconds(turn - Around));
        var longest = LongestGapUntil(Jiffies.ToNanoseconds(turn + Around));
        s_clockwork.CancelAndWait();
        var removed = 0;
        for (var i = 0; i < count; i++)
            removed += s_timers[i].Cancel() ? 1 : 0;
        report.Text.Append($"row timers={count} removed={removed} gap={longest}\n");
        Helper.GoAnywhere();
    }

    private static long LongestGapUntil(long end)
    {
        var longest = 0L;
        for (var last = Clock.Now; last < end;)
        {
            var now = Clock.Now;
            if (now - last > longest)
                longest = now - last;
            last = now;
        }

        return longest;
    }
}
