// Self-test of sleeping with a limit in ticks: schedule_timeout in each task state, with and without a wake-up before the limit.
// Guard: s_sleeper and s_left are the sleeping thread's, read when it has ended its sleep.
using System.Threading;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.SelfTests;

internal static class Sleeping
{
    private static Task? s_sleeper;
    private static TaskState s_state;
    private static long s_ticks, s_left;
    private static int s_asleep, s_awake;

    public static void AddTo(DriverFile tests)
    {
        tests.Add("schedule-timeout", "1 2 4", "schedule_timeout in each task state, run out and woken early", static report => Run(report));
    }

    private static void Run(Report report)
    {
        s_sleeper = null;
        Out(report, TaskState.Interruptible, "interruptible: the time runs out");
        Out(report, TaskState.Uninterruptible, "uninterruptible: the time runs out");
        Out(report, TaskState.Killable, "killable: the time runs out");
        Out(report, TaskState.Idle, "idle: the time runs out");
        AsRunning(report);
        Early(report, TaskState.Interruptible, TaskState.Normal, "interruptible: an ordinary wake-up ends it");
        Early(report, TaskState.Uninterruptible, TaskState.Normal, "uninterruptible: an ordinary wake-up ends it");
        Early(report, TaskState.Killable, TaskState.Normal, "killable: an ordinary wake-up ends it");
        NotBySignal(report);
        Forever(report);
    }

    private static void Out(Report report, TaskState state, string what)
    {
        var end = Jiffies.Now + 5;
        Task.Current.SetState(state);
        var left = Sleep.ScheduleTimeout(5);
        report.That(left == 0 && Jiffies.Now >= end && Task.Current.State == TaskState.Running, what);
    }

    private static void AsRunning(Report report)
    {
        var start = Jiffies.Now;
        var left = Sleep.ScheduleTimeout(1000);
        report.That(left > 0 && Jiffies.Now - start < 1000, "running: without a state set before it does not sleep");
    }

    private static void StartSleeper(TaskState state, long ticks)
    {
        s_state = state;
        s_ticks = ticks;
        s_left = -1;
        s_asleep = 0;
        Volatile.Write(ref s_awake, 0);
        s_sleeper = Helper.Start("sleeper"u8, Cpu.Id, 10, static _ =>
        {
            Volatile.Write(ref s_asleep, 1);
            Task.Current.SetState(s_state);
            s_left = Sleep.ScheduleTimeout(s_ticks);
            Volatile.Write(ref s_awake, 1);
            return 0;
        });
        Helper.WaitFor(static () => Volatile.Read(ref s_asleep) != 0 && s_sleeper!.State != TaskState.Running);
    }

    private static void Early(Report report, TaskState state, TaskState wake, string what)
    {
        StartSleeper(state, 5000);
        var woken = Scheduler.TryToWakeUp(s_sleeper!, wake);
        Helper.WaitFor(static () => Volatile.Read(ref s_awake) != 0);
        report.That(woken && s_left > 0 && s_left <= 5000, what);
    }

    private static void NotBySignal(Report report)
    {
        StartSleeper(TaskState.Uninterruptible, 10);
        var woken = Scheduler.TryToWakeUp(s_sleeper!, TaskState.Interruptible);
        Helper.WaitFor(static () => Volatile.Read(ref s_awake) != 0);
        report.That(!woken && s_left == 0, "uninterruptible: what wakes the interruptible only does not");
    }

    private static void Forever(Report report)
    {
        StartSleeper(TaskState.Interruptible, long.MaxValue);
        Sleep.For(40 * Helper.Millisecond, TaskState.Uninterruptible);
        var slept = Volatile.Read(ref s_awake) == 0;
        Scheduler.TryToWakeUp(s_sleeper!, TaskState.Normal);
        Helper.WaitFor(static () => Volatile.Read(ref s_awake) != 0);
        report.That(slept && s_left == long.MaxValue, "without a limit only a wake-up ends it");
    }
}
