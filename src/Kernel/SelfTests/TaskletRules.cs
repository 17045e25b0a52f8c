// Self-test of tasklets: one run for many schedules, their CPU, never two at once, priorities, disable and enable, kill.
// Guard: counters are written by the handlers, of which one runs at a time, and read when they have run.
using System.Threading;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.SelfTests;

internal static class TaskletRules
{
    private const int CpuUnknown = -1;

    private static Tasklet s_counting = null!, s_second = null!, s_third = null!, s_initiallyOff = null!, s_slow = null!, s_again = null!;
    private static int s_runs, s_order, s_cpu, s_initiallyOffRuns, s_againRuns;
    private static LongRun s_long = null!;
    private static int s_ended, s_atOnce, s_mostAtOnce;

    public static void AddTo(DriverFile tests)
    {
        s_long = new LongRun();
        s_counting = new Tasklet(static _ => CountRun());
        s_second = new Tasklet(static _ => s_order = s_order * 10 + 2);
        s_third = new Tasklet(static _ => s_order = s_order * 10 + 3);
        s_initiallyOff = new Tasklet(static _ => s_initiallyOffRuns++, isDisabled: true);
        s_slow = new Tasklet(static _ => RunSlowly());
        s_again = new Tasklet(static tasklet => RunAgain(tasklet));
        tests.Add("tasklets", "1 2 4", "tasklets: run once, where scheduled, never two at once; priority, enable, disable, kill", static report => Run(report));
    }

    private static void CountRun()
    {
        s_cpu = Cpu.Id;
        s_order = s_order * 10 + 1;
        Volatile.Write(ref s_runs, s_runs + 1);
    }

    private static void RunSlowly()
    {
        var now = Interlocked.Increment(ref s_atOnce);
        if (now > s_mostAtOnce)
            s_mostAtOnce = now;
        s_long.Run();
        Interlocked.Decrement(ref s_atOnce);
        Interlocked.Increment(ref s_ended);
    }

    private static void RunAgain(Tasklet tasklet)
    {
        if (++s_againRuns < 5)
            tasklet.Schedule();
    }

    private static void Begin()
    {
        s_runs = 0;
        s_order = 0;
        s_cpu = CpuUnknown;
        s_ended = 0;
        s_long.Reset();
        s_mostAtOnce = 0;
    }

    private static void Run(Report report)
    {
        Helper.GoTo(0);
        Once(report);
        Priorities(report);
        Disabled(report);
        Again(report);
        Killed(report);
        if (Scheduler.Online.Count > 1)
        {
            WhereScheduled(report);
            NeverTwoAtOnce(report);
            DisableWaits(report);
            KillWaits(report);
        }

        Helper.GoAnywhere();
    }

    private static void Once(Report report)
    {
        Begin();
        Softirq.Disable();
        var first = s_counting.Schedule();
        var second = s_counting.Schedule();
        var before = s_runs;
        Softirq.Enable();
        report.That(first && !second && before == 0, "scheduled a second time before it ran, the answer is no");
        report.That(s_runs == 1 && !s_counting.IsScheduled && s_cpu == 0, "and it runs once, on the CPU where it was scheduled");
        s_counting.Schedule();
        report.That(Helper.WaitFor(static () => Volatile.Read(ref s_runs) == 2), "scheduled anew, it runs anew, without anybody's help");
    }

    private static void Priorities(Report report)
    {
        Begin();
        Softirq.Disable();
        s_third.Schedule();
        s_second.ScheduleHigh();
        s_counting.ScheduleHighFirst();
        Softirq.Enable();
        report.Equal(s_order, 123, "high priority before normal, and first before those that wait");
    }

    private static void Disabled(Report report)
    {
        Begin();
        s_counting.Disable();
        s_counting.DisableNoSync();
        s_counting.Schedule();
        Helper.Spin(8 * Helper.Millisecond);
        var whileOff = s_runs;
        s_counting.Enable();
        Helper.Spin(8 * Helper.Millisecond);
        var onceOn = s_runs;
        var isStillScheduled = s_counting.IsScheduled;
        s_counting.Enable();
        report.That(whileOff == 0 && onceOn == 0 && isStillScheduled, "disabled twice, it stays scheduled and does not run until it is enabled twice");
        report.That(Helper.WaitFor(static () => Volatile.Read(ref s_runs) == 1), "then it runs");
        s_initiallyOffRuns = 0;
        s_initiallyOff.Schedule();
        Helper.Spin(5 * Helper.Millisecond);
        var early = s_initiallyOffRuns;
        s_initiallyOff.Enable();
        var ran = Helper.WaitFor(static () => Volatile.Read(ref s_initiallyOffRuns) == 1);
        s_initiallyOff.Disable(); // as it was made
        report.That(early == 0 && ran, "one made disabled runs when it is enabled");
    }

    private static void Again(Report report)
    {
        s_againRuns = 0;
        s_again.Schedule();
        Helper.WaitFor(static () => Volatile.Read(ref s_againRuns) == 5);
        s_again.Kill();
        report.Equal(s_againRuns, 5, "one that schedules itself runs again");
    }

    private static void Killed(Report report)
    {
        Begin();
        Softirq.Disable();
        s_counting.Schedule();
        Softirq.EnableWithoutRunning();
        s_counting.Kill();
        report.That(s_runs == 1 && !s_counting.IsScheduled, "kill lets a scheduled one run first");
        s_counting.Disable();
        s_counting.Schedule();
        s_counting.Kill();
        s_counting.Enable();
        Helper.Spin(5 * Helper.Millisecond);
        report.That(s_runs == 1 && !s_counting.IsScheduled, "kill forgets a disabled one");
        s_counting.Schedule();
        report.That(Helper.WaitFor(static () => Volatile.Read(ref s_runs) == 2), "after a kill it can be scheduled again");
    }

    // Scheduled on CPU 0 and not run yet; what another CPU does then does not move it.
    private static void WhereScheduled(Report report)
    {
        Begin();
        s_counting.Disable();
        s_counting.Schedule();
        Helper.GoTo(1);
        var again = s_counting.Schedule();
        s_counting.Enable();
        Helper.WaitFor(static () => Volatile.Read(ref s_runs) == 1);
        Helper.GoTo(0);
        report.That(!again && s_runs == 1 && s_cpu == 0, "scheduled elsewhere while it is pending, it stays on its CPU");
    }

    private static void StartOnOther()
    {
        Begin();
        Helper.Start("tasklet-starter"u8, 1, 0, static _ =>
        {
            s_slow.Schedule();
            return 0;
        });
        s_long.WaitForStart();
    }

    private static void NeverTwoAtOnce(Report report)
    {
        StartOnOther();
        var isTaken = s_slow.Schedule();
        Helper.Spin(3 * Helper.Millisecond);
        s_long.LetEnd();
        Helper.WaitFor(static () => Volatile.Read(ref s_ended) == 2);
        report.That(isTaken && s_ended == 2 && s_mostAtOnce == 1, "scheduled while it runs on another CPU, it runs again afterwards, not beside");
    }

    private static void DisableWaits(Report report)
    {
        StartOnOther();
        s_slow.DisableNoSync();
        var isRunning = !s_long.HasEnded;
        s_long.LetEnd();
        s_slow.Disable();
        var hasEnded = s_long.HasEnded;
        s_slow.Enable();
        s_slow.Enable();
        report.That(isRunning, "disabling without waiting lets a run under way go on");
        report.That(hasEnded, "disabling waits for its end");
    }

    private static void KillWaits(Report report)
    {
        StartOnOther();
        s_long.LetEnd();
        s_slow.Kill();
        report.That(s_long.HasEnded, "kill waits for the end of a run on another CPU");
    }
}
