// Experiment: a task of high priority asks for a lock that a low one has, while a middling one computes. Without inheritance the middling one keeps
// the low one, and so the high one, off the CPU. Measured: from the high task's request to the lock in its hands.
// Guard: samples are the high task's; all on one CPU.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.SelfTests;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Labs;

internal static class InversionLab
{
    private const int Low = 10, Middle = 50, High = 80;

    private readonly struct LabRank : ILockRank
    {
        public static LockRank Rank => LockRank.SelfTest;
    }

    private static Mutex<LabRank> s_plain;
    private static RtMutex<LabRank> s_inheriting = null!;
    private static Semaphore s_highGoes = null!, s_middleGoes = null!, s_done = null!;
    private static bool s_inherits;
    private static int s_count;
    private static long s_load;

    public static void AddTo(DriverFile labs)
    {
        s_inheriting = new RtMutex<LabRank>();
        s_highGoes = new Semaphore(0);
        s_middleGoes = new Semaphore(0);
        s_done = new Semaphore(0);
        labs.Add("inversion", "1", "inherit= load= hold= (us) count=: how long a high task waits for a low one's lock while a middling one computes",
            static report => Run(report));
    }

    private static void Run(Report report)
    {
        s_inherits = report.Number("inherit"u8, 0) != 0;
        s_load = report.Number("load"u8, 1000) * Helper.Microsecond;
        var hold = report.Number("hold"u8, 50) * Helper.Microsecond;
        s_count = (int)Math.Min(report.Number("count"u8, 50), Samples.Most);
        Samples.First.Clear();
        Helper.GoTo(0);
        Scheduler.SetPolicy(Task.Current, SchedulingPolicy.SCHED_FIFO, Low, 0, false);
        Helper.Start("high"u8, 0, High, static _ => RunHigh());
        Helper.Start("middle"u8, 0, Middle, static _ => RunMiddle());
        for (var i = 0; i < s_count; i++)
        {
            Take();
            s_highGoes.Up(); // it runs at once, and waits for the lock
            s_middleGoes.Up();
            Helper.Spin(hold);
            Give();
            s_done.Down();
            s_done.Down();
        }

        Scheduler.SetPolicy(Task.Current, SchedulingPolicy.SCHED_OTHER, 0, 0, false);
        Helper.GoAnywhere();
        report.Text.Append($"row inherit={(s_inherits ? 1 : 0)} load={s_load} hold={hold}");
        Samples.First.WriteTo(report.Text, "wait");
        report.Text.Append("\n"u8);
    }

    private static int RunHigh()
    {
        for (var i = 0; i < s_count; i++)
        {
            s_highGoes.Down();
            var start = Clock.Now;
            Take();
            Samples.First.Add(Clock.Now - start);
            Give();
            s_done.Up();
        }

        return 0;
    }

    private static int RunMiddle()
    {
        for (var i = 0; i < s_count; i++)
        {
            s_middleGoes.Down();
            Helper.Spin(s_load);
            s_done.Up();
        }

        return 0;
    }

    private static void Take()
    {
        if (s_inherits)
            s_inheriting.Acquire();
        else
            s_plain.AcquireUnguarded();
    }

    private static void Give()
    {
        if (s_inherits)
            s_inheriting.Release();
        else
            s_plain.Release();
    }
}
