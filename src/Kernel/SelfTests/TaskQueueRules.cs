// Self-test of the historical task queues and bottom halves: queued once, run in order, the predefined queues and their reconciliation points,
// one bottom half at a time on the whole machine. Guard: counters are written by the routines and read when they have run.
using System.Threading;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.SelfTests;

internal static class TaskQueueRules
{
    private const int FirstSlot = 20, SecondSlot = 21;

    private static TaskQueue s_own = null!;
    private static TaskQueueEntry s_first = null!, s_second = null!, s_again = null!, s_where = null!, s_sleeping = null!;
    private static int s_order, s_runs, s_againRuns, s_atOnce, s_mostAtOnce, s_halves;
    private static bool s_looksLikeInterrupt, s_maySleep, s_byDaemon;

    public static void AddTo(DriverFile tests)
    {
        s_own = new TaskQueue();
        s_first = new TaskQueueEntry(static _ => s_order = s_order * 10 + 1);
        s_second = new TaskQueueEntry(static _ => s_order = s_order * 10 + 2);
        s_again = new TaskQueueEntry(static _ => RunAgain());
        s_where = new TaskQueueEntry(static _ => LookAround());
        s_sleeping = TaskQueueEntry.ForProcess(static _ => SleepThere());
        BottomHalf.Register(FirstSlot, static () => RunAlone());
        BottomHalf.Register(SecondSlot, static () => RunAlone());
        tests.Add("task-queues", "1 2 4", "task queues and bottom halves: once, in order, at their reconciliation points, one at a time", static report => Run(report));
    }

    private static void RunAgain()
    {
        if (++s_againRuns < 3)
            s_own.Queue(s_again);
    }

    private static void LookAround()
    {
        s_looksLikeInterrupt = Context.InSoftirq && !Context.MaySleep;
        Volatile.Write(ref s_runs, s_runs + 1);
    }

    private static void SleepThere()
    {
        s_maySleep = Context.MaySleep;
        s_byDaemon = ContextQueue.IsServedByCurrent;
        Sleep.For(2 * Helper.Millisecond, TaskState.Uninterruptible);
        Volatile.Write(ref s_runs, s_runs + 1);
    }

    private static void RunAlone()
    {
        var now = Interlocked.Increment(ref s_atOnce);
        if (now > s_mostAtOnce)
            s_mostAtOnce = now;
        Helper.Spin(3 * Helper.Millisecond);
        Interlocked.Decrement(ref s_atOnce);
        Interlocked.Increment(ref s_halves);
    }

    private static void Run(Report report)
    {
        Helper.GoTo(0);
        OwnQueue(report);
        Immediate(report);
        Timer(report);
        AtSchedule(report);
        InProcess(report);
        OneAtATime(report);
        Helper.GoAnywhere();
    }

    private static void OwnQueue(Report report)
    {
        s_order = 0;
        var first = s_own.Queue(s_first);
        s_own.Queue(s_second);
        var twice = s_own.Queue(s_first);
        var before = s_order;
        s_own.Run();
        report.That(first && !twice, "an entry queued twice is queued once");
        report.That(before == 0 && s_order == 12 && !s_own.IsActive, "running the queue runs each once, in order");
        s_againRuns = 0;
        s_own.Queue(s_again);
        s_own.Run();
        var once = s_againRuns;
        s_own.Run();
        s_own.Run();
        s_own.Run();
        report.That(once == 1 && s_againRuns == 3, "what an entry's routine queues is for the next run");
    }

    private static void Immediate(Report report)
    {
        s_runs = 0;
        TaskQueue.Immediate.Queue(s_where);
        var before = s_runs;
        BottomHalf.Mark(BottomHalf.Immediate);
        Scheduler.Yield();
        report.That(before == 0 && Helper.WaitFor(static () => Volatile.Read(ref s_runs) == 1), "the immediate queue runs when its bottom half was marked");
        report.That(s_looksLikeInterrupt, "in what looks like interrupt context");
    }

    private static void Timer(Report report)
    {
        s_runs = 0;
        TaskQueue.Timer.Queue(s_where);
        var start = Jiffies.Now;
        Helper.SpinFor(static () => Volatile.Read(ref s_runs) == 1);
        report.That(s_runs == 1 && s_looksLikeInterrupt, "the timer queue runs after a timer interrupt");
        report.Text.Append($"# after {Jiffies.Now - start} ticks\n");
    }

    private static void AtSchedule(Report report)
    {
        s_runs = 0;
        TaskQueue.Scheduler.Queue(s_where);
        var before = s_runs;
        Scheduler.Yield();
        report.That(before == 0 && s_runs == 1 && s_looksLikeInterrupt, "the scheduler's queue runs when the scheduler is called");
    }

    private static void InProcess(Report report)
    {
        s_runs = 0;
        var first = ContextQueue.Schedule(s_sleeping);
        var second = ContextQueue.Schedule(s_sleeping);
        ContextQueue.Flush();
        report.That(first && s_runs >= 1, "an entry for process context has run when the flush returns");
        report.That(s_maySleep && s_byDaemon, "in keventd, where it may sleep");
        report.That(!second || s_runs == 2, "a second schedule is a second run only if the first had begun");
    }

    private static void OneAtATime(Report report)
    {
        s_halves = 0;
        s_mostAtOnce = 0;
        Helper.Start("marker"u8, Helper.Other(0), 0, static _ =>
        {
            BottomHalf.Mark(SecondSlot);
            return 0;
        });
        BottomHalf.Mark(FirstSlot);
        report.That(Helper.WaitFor(static () => Volatile.Read(ref s_halves) == 2), "marked bottom halves run");
        report.Equal(s_mostAtOnce, 1, "one at a time on the whole machine");
    }
}
