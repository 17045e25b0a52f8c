// Self-test of the historical work queues: each item once, in order, on its CPU, able to sleep; delayed, cancelled, flushed; and the deadlock of
// an item that flushes its own queue, which is found. Guard: one test runs at a time; records are read when their items have run.
using System;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Deferred.WorkQueues;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Time;

namespace Jiffy.Kernel.SelfTests;

internal static class OldWorkQueues
{
    private const int Records = 4;

    private static WorkRecord[] s_records = null!;
    private static WorkItem s_flusher = null!;
    private static ThreadedWorkQueue s_queue = null!;
    private static int s_answer;

    public static void AddTo(DriverFile tests)
    {
        s_records = new WorkRecord[Records];
        for (var i = 0; i < Records; i++)
            s_records[i] = new WorkRecord(i + 1);
        s_flusher = new WorkItem(static _ => Volatile.Write(ref s_answer, (int)s_queue.Flush()), null);
        tests.Add("old-workqueues", "1 2 4", "work queues of 2.6: order, CPU, delay, cancel, flush, destroy, the deadlock found", static report => Run(report));
    }

    private static void Run(Report report)
    {
        Helper.GoTo(0);
        if (With(report, "selftest"u8, isSingleThreaded: false))
        {
            report.Equal(s_queue.ThreadCount, Jiffy.Machine.Cpu.Count, "create makes a thread for each CPU");
            Once(report);
            OnCpu(report);
            Delayed(report);
            Cancelled(report);
            Flushed(report);
            Destroyed(report);
        }

        if (With(report, "single"u8, isSingleThreaded: true))
        {
            InOrder(report);
            Deadlock(report);
            report.That(s_queue.Destroy() == Errno.None, "destroying the other");
        }

        DefaultQueue(report);
        Helper.GoAnywhere();
    }

    private static bool With(Report report, ReadOnlySpan<byte> name, bool isSingleThreaded)
    {
        WorkRecord.Begin();
        var made = isSingleThreaded ? ThreadedWorkQueue.CreateSingleThreaded(name) : ThreadedWorkQueue.Create(name);
        if (!made.IsOk)
            return report.That(false, "a queue can be made");
        s_queue = made.Value;
        return true;
    }

    private static void Once(Report report)
    {
        var record = s_records[0].As(WorkKind.WaitsAtGate);
        var first = s_queue.Queue(record.Item);
        var second = s_queue.Queue(s_records[1].As(WorkKind.Trace).Item) & s_queue.Queue(s_records[1].Item);
        WorkRecord.OpenGate();
        s_queue.Flush();
        report.That(first && !second && record.Runs == 1 && s_records[1].Runs == 1, "an item queued twice before it runs runs once");
        report.That(record.CouldSleep && record.LastCpu == 0, "in process context, where it may sleep, on the CPU that queued it");
        s_queue.Queue(record.As(WorkKind.Trace).Item);
        s_queue.Flush();
        report.Equal(record.Runs, 1, "queued anew it runs anew");
    }

    private static void OnCpu(Report report)
    {
        var last = Scheduler.Online.Count - 1;
        var record = s_records[0].As(WorkKind.Trace);
        s_queue.QueueOn(last, record.Item);
        s_queue.Flush();
        report.Equal(record.LastCpu, last, "queued for a CPU it runs there");
    }

    private static void Delayed(Report report)
    {
        var record = s_records[0].As(WorkKind.Trace);
        var due = Jiffies.Now + 5;
        var first = s_queue.QueueDelayed(record.Item, 5);
        var second = s_queue.Queue(record.Item);
        Helper.WaitFor(static () => s_records[0].HasRun);
        report.That(first && !second && record.Runs == 1 && record.LastTick >= due, "a delayed item runs once, not before its time");
        s_queue.QueueDelayed(record.As(WorkKind.Trace).Item, 1000);
        var cancelled = ThreadedWorkQueue.CancelDelayed(record.Item);
        report.That(cancelled && !record.Item.IsPending && !ThreadedWorkQueue.CancelDelayed(record.Item), "cancelled before its time it is not pending any more");
    }

    private static void Cancelled(Report report)
    {
        var running = s_records[0].As(WorkKind.Computes);
        var behind = s_records[1].As(WorkKind.Trace);
        var last = Scheduler.Online.Count - 1;
        s_queue.QueueOn(last, running.Item);
        Helper.WaitFor(static () => WorkRecord.Running == 1 || s_records[0].HasRun);
        s_queue.QueueOn(last, behind.Item);
        var wasPending = ThreadedWorkQueue.CancelAndWait(behind.Item);
        ThreadedWorkQueue.CancelAndWait(running.Item);
        report.That(running.Runs == 1, "cancelling waits for the end of an item that runs");
        report.That(behind.Runs == (wasPending ? 0 : 1), "and one that was taken off does not run");
        var own = s_records[2].As(WorkKind.QueuesItself);
        own.OldQueue = s_queue;
        s_queue.Queue(own.Item);
        Helper.WaitFor(static () => Volatile.Read(ref s_records[2].Runs) > 3);
        ThreadedWorkQueue.CancelAndWait(own.Item);
        var runs = own.Runs;
        Sleep.For(10 * Helper.Millisecond);
        report.That(own.Runs == runs && !own.Item.IsPending, "an item that queues itself again and again is stopped by cancelling it");
    }

    private static void Flushed(Report report)
    {
        for (var i = 0; i < Records; i++)
            s_queue.QueueOn(i % Scheduler.Online.Count, s_records[i].As(WorkKind.Computes).Item);
        s_queue.Flush();
        var all = true;
        for (var i = 0; i < Records; i++)
            all &= s_records[i].Runs == 1;
        report.That(all, "when a flush returns all that was queued before has run, on every CPU");
    }

    private static void Destroyed(Report report)
    {
        s_queue.Queue(s_records[0].As(WorkKind.Computes).Item);
        s_queue.Queue(s_records[1].As(WorkKind.Trace).Item);
        var answer = s_queue.Destroy();
        report.That(answer == Errno.None && s_records[0].Runs == 1 && s_records[1].Runs == 1, "destroying a queue runs what is queued first");
    }

    private static void InOrder(Report report)
    {
        WorkRecord.Begin();
        for (var i = 0; i < Records; i++)
            s_queue.Queue(s_records[i].As(i == 0 ? WorkKind.Computes : WorkKind.Trace).Item);
        s_queue.Flush();
        report.That(WorkRecord.Order == 1234 && WorkRecord.MostRunning == 1, "a queue with one thread runs its items in order, one at a time");
    }

    private static void Deadlock(Report report)
    {
        var before = FlushWaits.Found;
        s_answer = -1;
        s_queue.Queue(s_flusher);
        s_queue.Queue(s_records[0].As(WorkKind.Trace).Item);
        Helper.WaitFor(static () => Volatile.Read(ref s_answer) >= 0);
        s_queue.Flush();
        report.That(s_answer == (int)Errno.EDEADLK && FlushWaits.Found == before + 1, "an item that flushes its own queue would wait for ever: found, EDEADLK");
        report.Equal(s_records[0].Runs, 1, "and the queue goes on");
    }

    private static void DefaultQueue(Report report)
    {
        var first = HistoricalEvents.Schedule(s_records[0].As(WorkKind.Trace).Item);
        HistoricalEvents.ScheduleOn(Scheduler.Online.Count - 1, s_records[1].As(WorkKind.Trace).Item);
        Helper.WaitFor(static () => s_records[0].HasRun && s_records[1].HasRun);
        report.That(first && s_records[0].Runs == 1 && s_records[1].LastCpu == Scheduler.Online.Count - 1, "the default queue, events, runs items, too");
    }
}
