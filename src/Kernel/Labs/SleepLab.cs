// Experiment: sleeping for a time counted in ticks against sleeping until a nanosecond. Measured: how much later than asked the sleeper runs.
// Guard: the samples are this thread's.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.SelfTests;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.Labs;

internal static class SleepLab
{
    public static void AddTo(DriverFile labs)
    {
        labs.Add("sleep", "1", "fine= length= (us) count=: lateness of sleep in ticks (0) or in nanoseconds (1)", static report => Run(report));
    }

    private static void Run(Report report)
    {
        var isFine = report.Number("fine"u8, 0) != 0;
        var length = report.Number("length"u8, 1000) * Helper.Microsecond;
        var count = (int)Math.Min(report.Number("count"u8, 100), Samples.Most);
        var current = Task.Current;
        Scheduler.SetPolicy(current, SchedulingPolicy.SCHED_FIFO, 50, 0, false);
        Samples.First.Clear();
        for (var i = 0; i < count; i++)
        {
            Helper.Spin(Helper.Phase(i, Jiffies.Nanoseconds)); // another phase of the tick each time
            var end = Clock.Now + length;
            if (isFine)
                Sleep.Until(end, ClockBase.Monotonic, TaskState.Uninterruptible);
            else
                SleepInTicks(length);
            Samples.First.Add(Clock.Now - end);
        }

        report.Text.Append($"row fine={(isFine ? 1 : 0)} length={length}");
        Samples.First.WriteTo(report.Text, "late");
        report.Text.Append("\n"u8);
    }

    private static void SleepInTicks(long length)
    {
        for (var left = Jiffies.FromNanoseconds(length); left > 0;)
        {
            Task.Current.SetState(TaskState.Uninterruptible);
            left = Sleep.ScheduleTimeout(left);
        }
    }
}
