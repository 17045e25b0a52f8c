// Self-test of the freezer: user tasks and freezable kernel threads stand still, a work item of a freezable queue does not begin, others go on; after the thaw
// all go on. Guard: the counts are each written by one thread.
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Deferred.WorkQueues;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;

namespace Jiffy.Kernel.SelfTests;

internal static class Freezing
{
    private static WaitQueue s_queue = null!;
    private static WorkItem s_item = null!;
    private static bool s_isOpen;
    private static int s_freezable, s_ordinary, s_seen, s_done, s_left;

    public static void AddTo(DriverFile tests)
    {
        s_queue = new WaitQueue();
        s_item = new WorkItem(static _ => Volatile.Write(ref s_done, 1), null);
        tests.Add("freezer", "1 2 4", "the freezer: user tasks, freezable threads, sleepers and work queues stand still and go on", static report => Run(report));
    }

    private static void Run(Report report)
    {
        Volatile.Write(ref s_isOpen, false);
        s_freezable = s_ordinary = s_seen = s_done = 0;
        Volatile.Write(ref s_left, 3);
        var runner = Helper.Start("freezable"u8, 0, 0, static _ => Count(ref s_freezable, isFreezable: true));
        var other = Helper.Start("ordinary"u8, 0, 0, static _ => Count(ref s_ordinary, isFreezable: false));
        Helper.Start("sleeper"u8, Helper.Other(0), 0, static _ => SleepFreezable());
        Helper.WaitFor(static () => Volatile.Read(ref s_freezable) > 2 && Volatile.Read(ref s_ordinary) > 2);
        report.That(Freezer.FreezeProcesses() == Errno.None, "all user tasks stand still");
        report.Equal(RestlessUserTasks(), 0, "none of them is on a run queue");
        report.That(Freezer.FreezeKernelThreads() == Errno.None, "freezable threads and work queues do, too");
        WhileFrozen(report);
        Freezer.ThawProcesses();
        var before = Volatile.Read(ref s_freezable);
        s_bound = before + 2;
        report.That(Helper.WaitFor(static () => Volatile.Read(ref s_freezable) > s_bound), "after the thaw the thread goes on");
        report.That(Helper.WaitFor(static () => Volatile.Read(ref s_seen) != 0), "the sleeper sees what came while it was frozen");
        report.That(Helper.WaitFor(static () => Volatile.Read(ref s_done) != 0), "the work item runs");
        KernelThread.Stop(runner);
        KernelThread.Stop(other);
        Helper.WaitFor(static () => Volatile.Read(ref s_left) == 0);
    }

    private static int s_bound;

    private static void WhileFrozen(Report report)
    {
        var frozen = Volatile.Read(ref s_freezable);
        s_bound = Volatile.Read(ref s_ordinary) + 5;
        WorkQueues.FreezableEvents.Queue(s_item);
        Volatile.Write(ref s_isOpen, true);
        s_queue.WakeUpAll();
        report.That(Helper.WaitFor(static () => Volatile.Read(ref s_ordinary) > s_bound), "an ordinary thread goes on meanwhile");
        report.Equal(Volatile.Read(ref s_freezable) - frozen, 0, "the freezable one does not");
        report.That(Volatile.Read(ref s_seen) == 0, "a frozen sleeper is not woken by its event");
        report.That(Volatile.Read(ref s_done) == 0, "an item of a freezable work queue does not begin");
    }

    private static int Count(ref int count, bool isFreezable)
    {
        if (isFreezable)
            Freezer.SetFreezable();
        while (!KernelThread.ShouldStop)
        {
            Freezer.TryToFreeze();
            Volatile.Write(ref count, count + 1);
            Sleep.For(Helper.Millisecond, TaskState.Idle);
        }

        Interlocked.Decrement(ref s_left);
        return 0;
    }

    private static int SleepFreezable()
    {
        Freezer.SetFreezable();
        s_queue.WaitEvent(0, static _ => Volatile.Read(ref s_isOpen), TaskState.Idle | TaskState.Freezable);
        Volatile.Write(ref s_seen, 1);
        Interlocked.Decrement(ref s_left);
        return 0;
    }

    private static int RestlessUserTasks()
    {
        var restless = 0;
        using (TaskTree.Lock.Acquire())
        {
            for (var process = TaskTree.FirstProcess; process is not null; process = TaskTree.After(process))
            {
                for (var thread = process.FirstThread; thread is not null; thread = ThreadGroup.AfterThread(thread))
                {
                    if (!thread.IsKernelThread && thread.QueueState != QueueState.Off)
                        restless++;
                }
            }
        }

        return restless;
    }
}
