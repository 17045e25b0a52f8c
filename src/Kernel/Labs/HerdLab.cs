// Experiment: the thundering herd. Many threads wait for one token on one queue, as plain or as exclusive sleepers; a wake-up is worth one token.
// Measured, round by round: how many are woken, how many switches of tasks that costs, how long it takes until one has the token, and until all
// sleep again. Guard: tokens are atomic; the rest is the experiment's own, or written by the one thread that has the token.
using System.Threading;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.SelfTests;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;

namespace Jiffy.Kernel.Labs;

internal static class HerdLab
{
    private const int MostWaiters = 1024;

    private static WaitQueue s_queue = null!;
    private static Task?[] s_waiters = null!;
    private static int s_tokens, s_left, s_count;
    private static bool s_isExclusive, s_isOver;
    private static long s_taken;

    public static void AddTo(DriverFile labs)
    {
        s_queue = new WaitQueue();
        s_waiters = new Task?[MostWaiters];
        labs.Add("herd", "4", "exclusive= (0, 1) waiters= rounds=: wake-ups and switches for one token that many wait for", static report => Run(report));
    }

    private static void Run(Report report)
    {
        s_isExclusive = report.Number("exclusive"u8, 0) != 0;
        s_count = (int)System.Math.Min(report.Number("waiters"u8, 16), MostWaiters);
        var rounds = (int)System.Math.Min(report.Number("rounds"u8, 10), Samples.Most);
        Start();
        Samples.First.Clear();
        Samples.Second.Clear();
        long woken = 0, switches = 0;
        for (var round = 0; round < rounds; round++)
            RunOnce(ref woken, ref switches);
        End();
        report.Text.Append($"row exclusive={(s_isExclusive ? 1 : 0)} waiters={s_count} rounds={rounds} woken={woken} switches={switches}");
        Samples.First.WriteTo(report.Text, "first");
        Samples.Second.WriteTo(report.Text, "quiet");
        report.Text.Append("\n"u8);
    }

    private static void Start()
    {
        s_tokens = 0;
        Volatile.Write(ref s_isOver, false);
        Volatile.Write(ref s_left, s_count);
        for (var i = 0; i < s_count; i++)
        {
            s_waiters[i] = Helper.Start("herd"u8, i % Scheduler.Online.Count, 0, static _ => Live());
            s_waiters[i]!.AddUser(); // it is looked at to the end
        }

        Helper.WaitFor(static () => AllSleep(), 60 * Helper.Second);
    }

    private static void RunOnce(ref long woken, ref long switches)
    {
        Volatile.Write(ref s_taken, 0);
        var before = CpuStatistics.TotalSwitches;
        var start = Clock.Now;
        Interlocked.Increment(ref s_tokens);
        woken += s_queue.WakeUp();
        Helper.WaitFor(static () => Volatile.Read(ref s_taken) != 0 && AllSleep(), 60 * Helper.Second);
        Samples.First.Add(Volatile.Read(ref s_taken) - start);
        Samples.Second.Add(Clock.Now - start);
        switches += CpuStatistics.TotalSwitches - before;
    }

    private static void End()
    {
        Volatile.Write(ref s_isOver, true);
        s_queue.WakeUpAll();
        Helper.WaitFor(static () => Volatile.Read(ref s_left) == 0, 60 * Helper.Second);
        for (var i = 0; i < s_count; i++)
        {
            s_waiters[i]!.Drop();
            s_waiters[i] = null;
        }
    }

    private static int Live()
    {
        while (true)
        {
            s_queue.WaitEvent(0, static _ => s_isOver || TryTake(), TaskState.Idle, s_isExclusive);
            if (Volatile.Read(ref s_isOver))
                break;
            Volatile.Write(ref s_taken, Clock.Now);
        }

        Interlocked.Decrement(ref s_left);
        return 0;
    }

    private static bool TryTake() => Volatile.Read(ref s_tokens) > 0 && Interlocked.CompareExchange(ref s_tokens, 0, 1) == 1;

    private static bool AllSleep()
    {
        for (var i = 0; i < s_count; i++)
        {
            if (s_waiters[i]!.State != TaskState.Idle)
                return false;
        }

        return true;
    }
}
