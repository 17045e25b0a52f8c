// Self-test: that torture of this sort does find a broken lock, and a reader of RCU whose version is freed too early. A lock that is tested and taken
// in two steps, and one that is given back before the last change, must let two in; a version freed without a grace period must be seen by
// a reader. Threads on all CPUs try for some seconds at most. Guards: counters are atomic; what the broken locks guard is not guarded.
using System.Threading;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.SelfTests;

internal static class BrokenLocks
{
    private const long Limit = 20 * Helper.Second;

    private static int s_held, s_inside, s_goesOn, s_left, s_found, s_way;
    private static int[] s_lives = null!; // of two versions, which end their lives when they are freed
    private static int s_shown;           // which of them readers find

    public static void AddTo(DriverFile tests)
    {
        s_lives = new int[2];
        tests.Add("broken-locks", "4", "a broken lock and a broken grace period are found by torture", static report => Run(report));
    }

    private static void Run(Report report)
    {
        report.That(IsFound(0), "a lock that is tested and taken in two steps lets two in");
        report.That(IsFound(1), "a lock that is given back too early lets two in");
        report.That(IsFound(2), "a version freed before the grace period ends is seen by a reader");
        report.That(!IsFound(3, Helper.Second / 4), "a lock that is not broken lets nobody in");
        report.That(!IsFound(4, Helper.Second / 4), "a version freed after its grace period is seen by nobody");
    }

    private static bool IsFound(int way, long limit = Limit)
    {
        s_way = way;
        s_held = 0;
        s_inside = 0;
        s_found = 0;
        var cpus = Scheduler.Online.Count;
        Volatile.Write(ref s_left, cpus);
        Volatile.Write(ref s_goesOn, 1);
        for (var cpu = 0; cpu < cpus; cpu++)
            Helper.Start("breaker"u8, cpu, 0, static _ => Live());
        Helper.WaitFor(static () => Volatile.Read(ref s_found) != 0, limit);
        Volatile.Write(ref s_goesOn, 0);
        Helper.WaitFor(static () => Volatile.Read(ref s_left) == 0, 60 * Helper.Second);
        return s_found != 0;
    }

    private static int Live()
    {
        var isFirst = Cpu.Id == 0;
        while (Volatile.Read(ref s_goesOn) != 0)
        {
            if (s_way == 2 || s_way == 4)
                ReadOrFree(isFirst);
            else
                Enter();
        }

        Interlocked.Decrement(ref s_left);
        return 0;
    }

    private static void Enter()
    {
        if (!TryTake())
            return;
        if (Interlocked.Increment(ref s_inside) != 1)
            Interlocked.Increment(ref s_found);
        Helper.Spin(300);
        if (s_way == 1)
            Volatile.Write(ref s_held, 0);
        Helper.Spin(300);
        Interlocked.Decrement(ref s_inside);
        Volatile.Write(ref s_held, 0);
        if (WorkFlag.IsSet(Cpu.Current, WorkFlag.NeedReschedule))
            Scheduler.Yield();
    }

    // Spins. False: the time is over.
    private static bool TryTake()
    {
        while (Volatile.Read(ref s_goesOn) != 0)
        {
            if (s_way == 0 && Volatile.Read(ref s_held) == 0)
            {
                Helper.Spin(100);
                Volatile.Write(ref s_held, 1);
                return true;
            }

            if (s_way != 0 && Interlocked.CompareExchange(ref s_held, 1, 0) == 0)
                return true;
            Cpu.Relax();
        }

        return false;
    }

    private static void ReadOrFree(bool frees)
    {
        if (frees)
        {
            var old = s_shown;
            Interlocked.Exchange(ref s_shown, 1 - old);
            if (s_way == 4)
                Rcu.Synchronize();
            s_lives[old]++;
            Scheduler.Yield();
            return;
        }

        using (Rcu.Read())
        {
            ref var life = ref s_lives[Volatile.Read(ref s_shown)];
            var before = Volatile.Read(ref life);
            Helper.Spin(5_000);
            if (Volatile.Read(ref life) != before)
                Interlocked.Increment(ref s_found);
        }
    }
}
