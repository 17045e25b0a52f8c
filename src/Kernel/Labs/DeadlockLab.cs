// Experiment: an item waits for another that is queued behind it: on the same queue, or round a circle of two queues. A thread that runs one item
// after the other never comes to the second; a pool of workers gives it to another worker. What would hang is found (flushes) or
// given up after a while (plain waiting), so the experiment ends. Guard: results are written by the items, read when they have run.
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Deferred.WorkQueues;
using Jiffy.Kernel.SelfTests;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;

namespace Jiffy.Kernel.Labs;

internal static class DeadlockLab
{
    private const int WaitsForLater = 0, FlushesLater = 1, FlushesOwnQueue = 2, FlushesInCircle = 3;
    private const int Ended = 0, Refused = 1, GaveUp = 2;
    private const long Patience = 200 * Helper.Millisecond;

    private static WorkItem s_first = null!, s_second = null!, s_later = null!, s_otherLater = null!;
    private static Completion s_laterRan = null!;
    private static ThreadedWorkQueue? s_old, s_otherOld;
    private static WorkQueue? s_managed, s_otherManaged;
    private static int s_scenario, s_outcome, s_otherOutcome, s_meet;

    public static void AddTo(DriverFile labs)
    {
        s_laterRan = new Completion();
        s_first = new WorkItem(static _ => RunFirst(), null);
        s_second = new WorkItem(static _ => RunSecond(), null);
        s_later = new WorkItem(static _ => s_laterRan.CompleteAll(), null);
        s_otherLater = new WorkItem(static _ => { }, null);
        labs.Add("deadlock", "2", "managed= (0, 1) scenario=: waits for a later item (0), flushes it (1), flushes the own queue (2), a circle of two queues (3)",
            static report => Run(report));
    }

    private static void RunFirst()
    {
        MeetOther();
        s_outcome = s_scenario switch
        {
            WaitsForLater => s_laterRan.WaitUntil(TimeKeeper.Monotonic + Patience) == Errno.None ? Ended : GaveUp,
            FlushesLater => ToOutcome(Flush(s_later)),
            FlushesOwnQueue => ToOutcome(s_old is { } old ? old.Flush() : s_managed!.Flush()),
            _ => ToOutcome(Flush(s_otherLater)),
        };
    }

    // In the circle: each waits for the item behind the other.
    private static void RunSecond()
    {
        MeetOther();
        s_otherOutcome = ToOutcome(Flush(s_later));
    }

    // Both have begun before either waits.
    private static void MeetOther()
    {
        if (s_scenario != FlushesInCircle)
            return;
        Interlocked.Increment(ref s_meet);
        Helper.WaitFor(static () => Volatile.Read(ref s_meet) == 2);
    }

    private static Errno Flush(WorkItem item) => s_old is not null ? ThreadedWorkQueue.FlushItem(item) : item.Flush();

    private static int ToOutcome(Errno error) => error == Errno.None ? Ended : Refused;

    private static void Run(Report report)
    {
        var isManaged = report.Number("managed"u8, 0) != 0;
        s_scenario = (int)report.Number("scenario"u8, WaitsForLater);
        s_laterRan.Reset();
        s_outcome = Ended;
        s_otherOutcome = Ended;
        s_meet = 0;
        Helper.GoTo(0);
        if (!Make(isManaged))
            return;
        var found = FlushWaits.Found;
        var start = Clock.Now;
        Queue();
        Helper.WaitFor(static () => s_laterRan.IsDone && !s_first.IsPending && !s_second.IsPending);
        s_old?.Flush();
        s_otherOld?.Flush();
        s_managed?.Flush();
        s_otherManaged?.Flush();
        var elapsed = Clock.Now - start;
        Destroy();
        var outcome = s_outcome > s_otherOutcome ? s_outcome : s_otherOutcome;
        report.Text.Append($"row managed={(isManaged ? 1 : 0)} scenario={s_scenario} outcome={outcome} found={FlushWaits.Found - found} elapsed={elapsed}\n");
        Helper.GoAnywhere();
    }

    // All on one CPU, so that the order of queueing is the order of running.
    private static void Queue()
    {
        QueueOne(s_old, s_managed, s_first);
        if (s_scenario == FlushesInCircle)
        {
            QueueOne(s_otherOld, s_otherManaged, s_second);
            QueueOne(s_otherOld, s_otherManaged, s_otherLater);
        }

        QueueOne(s_old, s_managed, s_later);
    }

    private static void QueueOne(ThreadedWorkQueue? old, WorkQueue? managed, WorkItem item)
    {
        old?.QueueOn(0, item);
        managed?.QueueOn(0, item);
    }

    private static bool Make(bool isManaged) => isManaged
        ? WorkQueue.Create("lab"u8).TryGet(out s_managed) && WorkQueue.Create("other"u8).TryGet(out s_otherManaged)
        : ThreadedWorkQueue.Create("lab"u8).TryGet(out s_old) && ThreadedWorkQueue.Create("other"u8).TryGet(out s_otherOld);

    private static void Destroy()
    {
        s_old?.Destroy();
        s_otherOld?.Destroy();
        s_managed?.Destroy();
        s_otherManaged?.Destroy();
        s_old = null;
        s_otherOld = null;
        s_managed = null;
        s_otherManaged = null;
    }
}
