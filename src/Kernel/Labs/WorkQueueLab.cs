// Experiment: the same items on as many work queues as asked for, of the historical or of the managed kind. Counted: threads that came with the
// queues, and context switches that running the items took. Guard: counts are atomic; one experiment runs at a time.
using System;
using System.Threading;
using Jiffy.Kernel.Deferred.WorkQueues;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.SelfTests;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Labs;

internal static class WorkQueueLab
{
    private const int MostQueues = 64;

    private static WorkItem[] s_items = null!; // by queue, then CPU
    private static ThreadedWorkQueue?[] s_old = null!;
    private static WorkQueue?[] s_managed = null!;
    private static long s_work, s_runs, s_expected;

    public static void AddTo(DriverFile labs)
    {
        s_items = new WorkItem[MostQueues * Cpu.Count];
        for (var i = 0; i < s_items.Length; i++)
            s_items[i] = new WorkItem(static _ => Work(), null);
        s_old = new ThreadedWorkQueue?[MostQueues];
        s_managed = new WorkQueue?[MostQueues];
        labs.Add("workqueues", "4", "managed= (0, 1) queues= rounds= work= (us): threads and context switches of both kinds of work queues", static report => Run(report));
    }

    private static void Work()
    {
        Helper.Spin(s_work);
        Interlocked.Increment(ref s_runs);
    }

    private static void Run(Report report)
    {
        var isManaged = report.Number("managed"u8, 0) != 0;
        var queues = (int)Math.Min(report.Number("queues"u8, 4), MostQueues);
        var rounds = (int)report.Number("rounds"u8, 10);
        s_work = report.Number("work"u8, 20) * Helper.Microsecond;
        s_runs = 0;
        s_expected = 0;
        var threads = Threads;
        if (!Make(isManaged, queues))
        {
            Destroy(queues);
            return;
        }

        threads = Threads - threads;
        var start = Clock.Now;
        var switches = CpuStatistics.TotalSwitches;
        for (var round = 0; round < rounds; round++)
            RunOnce(queues);
        switches = CpuStatistics.TotalSwitches - switches;
        var elapsed = Clock.Now - start;
        var most = Threads;
        Destroy(queues);
        report.Text.Append($"row managed={(isManaged ? 1 : 0)} queues={queues} cpus={Scheduler.Online.Count} threads={threads} all={most} runs={s_runs} switches={switches} elapsed={elapsed}\n");
    }

    /// <summary>Tasks that there are.</summary>
    private static long Threads => TaskTree.TaskPool.Used;

    private static bool Make(bool isManaged, int queues)
    {
        for (var i = 0; i < queues; i++)
        {
            if (isManaged ? !WorkQueue.Create("lab"u8).TryGet(out s_managed[i]) : !ThreadedWorkQueue.Create("lab"u8).TryGet(out s_old[i]))
                return false;
        }

        return true;
    }

    // An item of each queue on each CPU, all at once; then all are waited for.
    private static void RunOnce(int queues)
    {
        Preemption.Disable(); // all at once: no worker takes this CPU before all are queued
        for (var cpu = 0; cpu < Scheduler.Online.Count; cpu++)
        {
            for (var i = 0; i < queues; i++)
            {
                var item = s_items[i * Cpu.Count + cpu];
                s_old[i]?.QueueOn(cpu, item);
                s_managed[i]?.QueueOn(cpu, item);
            }
        }

        Preemption.Enable();

        // Looked for now and then, since flushes would add switches of their own.
        s_expected += queues * Scheduler.Online.Count;
        Helper.WaitFor(static () => Volatile.Read(ref s_runs) == s_expected);
    }

    private static void Destroy(int queues)
    {
        for (var i = 0; i < queues; i++)
        {
            s_old[i]?.Destroy();
            s_managed[i]?.Destroy();
            s_old[i] = null;
            s_managed[i] = null;
        }
    }
}
