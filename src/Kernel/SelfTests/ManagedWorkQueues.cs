// Self-test of the concurrency-managed work queues: sleeping items let others run, computing ones hold them back; the flags; order, limits,
// flush, cancel, drain; items that give their owner back. Guard: one test runs at a time; records are read when their items have run.
using System;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Deferred.WorkQueues;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.SelfTests;

internal static class ManagedWorkQueues
{
    private const int Records = 8, Owners = 32;

    private static WorkRecord[] s_records = null!;
    private static Pool<Owner, Owner.Pooled> s_owners = null!;
    private static int s_freed;

    /// <summary>An object that its own item gives back.</summary>
    private sealed class Owner
    {
        private Links<Owner> _links;

        public Owner() => Item = new WorkItem(static item => ((Owner)item.Owner!).Free(), this);

        public WorkItem Item { get; }

        private void Free()
        {
            s_owners.Give(this);
            Interlocked.Increment(ref s_freed);
        }

        internal readonly struct Pooled : IPooled<Owner>
        {
            public static ref Links<Owner> Of(Owner item) => ref item._links;
            public static Owner Create() => new();
            public static int Bytes => 256;
        }
    }

    public static void AddTo(DriverFile tests)
    {
        s_records = new WorkRecord[Records];
        for (var i = 0; i < Records; i++)
            s_records[i] = new WorkRecord(i + 1);
        s_owners = new Pool<Owner, Owner.Pooled>("selftest_owner", Owners);
        tests.Add("workqueues", "1 2 4", "managed work queues: concurrency, flags, order, limits, flush, cancel, drain, items that free their owner",
            static report => Run(report));
    }

    private static void Run(Report report)
    {
        Helper.GoTo(0);
        if (Make(report, WorkQueueFlags.None, 0) is { } queue)
        {
            Once(report, queue);
            SleepersLetOthersRun(report, queue);
            ComputersHoldOthersBack(report, queue);
            NotTwiceAtOnce(report, queue);
            Delayed(report, queue);
            Cancelled(report, queue);
            Flushed(report, queue);
            OwnersFreed(report, queue);
            Drained(report, queue);
            report.That(queue.Destroy() == Errno.None, "destroying the queue");
        }

        Limited(report);
        Ordered(report);
        Unbound(report);
        HighPriority(report);
        CpuIntensive(report);
        Helper.GoAnywhere();
    }

    private static WorkQueue? Make(Report report, WorkQueueFlags flags, int maxActive)
    {
        WorkRecord.Begin();
        var made = WorkQueue.Create("selftest"u8, flags, maxActive);
        if (made.IsOk)
            return made.Value;
        report.That(false, "a queue can be made");
        return null;
    }

    private static void QueueAll(WorkQueue queue, WorkKind kind, int count)
    {
        WorkRecord.Begin();
        for (var i = 0; i < count; i++)
            queue.Queue(s_records[i].As(kind).Item);
    }

    private static void Once(Report report, WorkQueue queue)
    {
        WorkRecord.Begin();
        var record = s_records[0].As(WorkKind.WaitsAtGate);
        var first = queue.Queue(record.Item);
        Helper.WaitFor(static () => WorkRecord.Running == 1);
        var second = queue.Queue(record.Item); // it runs: queued again
        var third = queue.Queue(record.Item);
        WorkRecord.OpenGate();
        queue.Flush();
        report.That(first && second && !third && record.Runs == 2 && record.Overlaps == 0, "queued while it runs an item runs once more, and not beside itself");
        report.That(record.CouldSleep && record.LastCpu == 0, "in process context, where it may sleep, on the CPU that queued it");
    }

    private static void SleepersLetOthersRun(Report report, WorkQueue queue)
    {
        QueueAll(queue, WorkKind.WaitsAtGate, Records);
        Helper.WaitFor(static () => WorkRecord.Running == Records);
        report.Equal(WorkRecord.Running, Records, "items that sleep let the next ones of their CPU run");
        WorkRecord.OpenGate();
        queue.Flush();
        report.Equal(WorkRecord.AllRuns, Records, "all of them end");
    }

    private static void ComputersHoldOthersBack(Report report, WorkQueue queue)
    {
        QueueAll(queue, WorkKind.Computes, Records);
        queue.Flush();
        report.That(WorkRecord.AllRuns == Records && WorkRecord.MostRunning == 1, "items that compute hold the others of their CPU back: one at a time");
    }

    private static void NotTwiceAtOnce(Report report, WorkQueue queue)
    {
        WorkRecord.Begin();
        var record = s_records[0].As(WorkKind.WaitsAtGate);
        queue.Queue(record.Item);
        Helper.WaitFor(static () => WorkRecord.Running == 1);
        queue.QueueOn(Scheduler.Online.Count - 1, record.Item);
        Sleep.For(5 * Helper.Millisecond);
        var atOnce = WorkRecord.Running;
        WorkRecord.OpenGate();
        queue.Flush();
        report.That(atOnce == 1 && record.Runs == 2 && record.Overlaps == 0, "queued for another CPU while it runs, it runs after that, not beside");
    }

    private static void Delayed(Report report, WorkQueue queue)
    {
        var record = s_records[0].As(WorkKind.Trace);
        var due = Jiffies.Now + 5;
        var first = queue.QueueDelayed(record.Item, 5);
        var second = queue.Queue(record.Item);
        Helper.WaitFor(static () => s_records[0].HasRun);
        report.That(first && !second && record.Runs == 1 && record.LastTick >= due, "a delayed item runs once, not before its time");
        queue.QueueDelayed(record.As(WorkKind.Trace).Item, 5000);
        var wasPending = queue.ModifyDelayed(record.Item, 2);
        report.That(wasPending && Helper.WaitFor(static () => s_records[0].HasRun), "its time can be changed");
        queue.QueueDelayed(record.As(WorkKind.Trace).Item, 5000);
        record.Item.Flush();
        report.Equal(record.Runs, 1, "flushing it does not wait for the time: it runs now");
    }

    private static void Cancelled(Report report, WorkQueue queue)
    {
        var record = s_records[0].As(WorkKind.Trace);
        queue.QueueDelayed(record.Item, 5000);
        var wasPending = record.Item.CancelAndWait();
        report.That(wasPending && !record.Item.IsPending && !record.HasRun, "cancelled before its time it does not run");
        var last = Scheduler.Online.Count - 1;
        WorkRecord.Begin();
        queue.QueueOn(last, record.As(WorkKind.Computes).Item);
        Helper.WaitFor(static () => WorkRecord.Running == 1 || s_records[0].HasRun);
        record.Item.CancelAndWait();
        report.Equal(record.Runs, 1, "cancelling waits for the end of an item that runs");
        record.As(WorkKind.QueuesItself).Queue = queue;
        queue.Queue(record.Item);
        Helper.WaitFor(static () => Volatile.Read(ref s_records[0].Runs) > 3);
        record.Item.CancelAndWait();
        var runs = record.Runs;
        Sleep.For(10 * Helper.Millisecond);
        report.That(record.Runs == runs && !record.Item.IsPending, "an item that queues itself again and again is stopped by cancelling it");
        record.Item.DisableAndWait();
        var refused = !queue.Queue(record.As(WorkKind.Trace).Item);
        record.Item.Enable();
        report.That(refused && queue.Queue(record.Item), "a disabled item cannot be queued until it is enabled");
        queue.Flush();
    }

    private static void Flushed(Report report, WorkQueue queue)
    {
        WorkRecord.Begin();
        for (var i = 0; i < Records; i++)
            queue.QueueOn(i % Scheduler.Online.Count, s_records[i].As(WorkKind.Computes).Item);
        queue.Flush();
        report.Equal(WorkRecord.AllRuns, Records, "when a flush returns all that was queued before has run, on every CPU");
        queue.Queue(s_records[0].As(WorkKind.Computes).Item);
        s_records[0].Item.Flush();
        report.Equal(s_records[0].Runs, 1, "and so with the flush of one item");
    }

    private static void OwnersFreed(Report report, WorkQueue queue)
    {
        s_freed = 0;
        var taken = 0;
        for (; taken < Owners && s_owners.TryTake(out var owner); taken++)
            queue.QueueOn(taken % Scheduler.Online.Count, owner.Item);
        queue.Flush();
        report.That(taken > 0 && s_freed == taken && s_owners.Used == 0, "items give back the objects that they are part of");
    }

    private static void Drained(Report report, WorkQueue queue)
    {
        WorkRecord.Begin();
        var record = s_records[0].As(WorkKind.QueuesItself);
        record.Queue = queue;
        record.RunsWanted = 50;
        queue.Queue(record.Item);
        var answer = queue.Drain();
        report.That(answer == Errno.None && queue.IsEmpty && record.Runs == 50, "draining waits for a chain of items that queue themselves, too");
    }

    private static void Limited(Report report)
    {
        if (Make(report, WorkQueueFlags.None, 2) is not { } queue)
            return;
        QueueAll(queue, WorkKind.WaitsAtGate, 4);
        Helper.WaitFor(static () => WorkRecord.Running == 2);
        Sleep.For(10 * Helper.Millisecond);
        var atOnce = WorkRecord.Running;
        WorkRecord.OpenGate();
        queue.Flush();
        queue.Destroy();
        report.That(atOnce == 2 && WorkRecord.AllRuns == 4, "no more items are active on a CPU than the queue allows; the others follow");
    }

    private static void Ordered(Report report)
    {
        WorkRecord.Begin();
        var made = WorkQueue.CreateOrdered("ordered"u8);
        if (!made.TryGet(out var queue))
            return;
        for (var i = 0; i < 6; i++)
            queue.QueueOn(i % Scheduler.Online.Count, s_records[i].As(i % 2 == 0 ? WorkKind.Computes : WorkKind.Trace).Item);
        queue.Flush();
        queue.Destroy();
        report.That(WorkRecord.Order == 123456 && WorkRecord.MostRunning == 1, "an ordered queue runs its items in order, one at a time");
    }

    private static void Unbound(Report report)
    {
        if (Make(report, WorkQueueFlags.Unbound, 0) is not { } queue)
            return;
        QueueAll(queue, WorkKind.WaitsAtGate, 4);
        Helper.WaitFor(static () => WorkRecord.Running == 4);
        var atOnce = WorkRecord.Running;
        WorkRecord.OpenGate();
        queue.Flush();
        queue.Destroy();
        report.That(atOnce == 4 && WorkRecord.AllRuns == 4, "items of an unbound queue run all at once");
    }

    private static void HighPriority(Report report)
    {
        if (Make(report, WorkQueueFlags.HighPriority, 0) is not { } queue)
            return;
        queue.Queue(s_records[0].As(WorkKind.Trace).Item);
        queue.Flush();
        queue.Destroy();
        report.Equal(s_records[0].LastNice, -20, "workers of a high-priority queue have nice");
    }

    // The first item keeps computing until the second, of an ordinary queue on the same CPU, has run.
    private static void CpuIntensive(Report report)
    {
        if (Make(report, WorkQueueFlags.CpuIntensive, 0) is not { } queue)
            return;
        queue.Queue(s_records[0].As(WorkKind.SpinsAtGate).Item);
        Helper.WaitFor(static () => WorkRecord.Running == 1);
        WorkQueues.Events.Queue(s_records[1].As(WorkKind.Trace).Item);
        var ranBeside = Helper.WaitFor(static () => s_records[1].HasRun, Helper.Second);
        var wasBusy = !s_records[0].HasRun;
        WorkRecord.OpenGate();
        queue.Flush();
        queue.Destroy();
        report.That(ranBeside && wasBusy, "an item of a CPU-intensive queue does not hold others of its CPU back");
    }
}
