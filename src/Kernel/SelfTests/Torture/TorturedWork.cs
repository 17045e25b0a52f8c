// A work item under torture, always of the same queue. It is queued by its owner, and where it is shared by any thread; by itself; at once or delayed;
// taken off; waited for. Every successful request is run once or taken off.
// Guards: counts are atomic; the random numbers in the handler are the handler's, which runs once at a time.
using System.Threading;
using Jiffy.Kernel.Deferred.WorkQueues;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;

namespace Jiffy.Kernel.SelfTests;

internal sealed class TorturedWork
{
    private const int Most = 256;

    private static readonly int[] s_counts = new int[1]; // items made
    private static TorturedWork?[] s_all = null!;

    private readonly int _number;
    private readonly DelayedWork _item;
    private TortureRandom _handlers;
    private int _running, _run, _queued, _cancelled;
    private int _wanted, _seen; // requests, also those that came while it was pending; how many the last run had seen when it began

    public TorturedWork(int number)
    {
        _number = number;
        _item = new DelayedWork(static item => ((TorturedWork)item.Owner!).Run(), this);
        if (number == 0)
            s_all = new TorturedWork?[Most];
        s_all[number % Most] = this;
        s_counts[0] = number + 1;
    }

    private int Queue => _number % TorturedQueues.Count;

    // Of each two items of a queue one is its owner's alone.
    private bool IsShared => _number / TorturedQueues.Count % 2 == 0;

    public void Begin(ulong seed)
    {
        _handlers = new TortureRandom(seed, 1000 + _number);
        _run = 0;
        _wanted = 0;
        _seen = 0;
        _queued = 0;
        _cancelled = 0;
    }

    private void Run()
    {
        Torture.That(Interlocked.Exchange(ref _running, 1) == 0, "a work item runs twice at once");
        Volatile.Write(ref _seen, Volatile.Read(ref _wanted));
        TorturedQueues.Enter(Queue);
        switch (_handlers.Below(8))
        {
            case 0:
                Sleep.For(_handlers.Below(400_000), TaskState.Uninterruptible);
                break;
            case 1:
                Helper.Spin(_handlers.Below(60_000));
                break;
            case 2 when IsShared && Torture.GoesOn:
                Ask(_handlers.Below(3));
                break;
        }

        TorturedQueues.Leave(Queue);
        Interlocked.Increment(ref _run);
        Volatile.Write(ref _running, 0);
    }

    private void Ask(int ticks)
    {
        Interlocked.Increment(ref _wanted);
        Interlocked.Increment(ref _queued); // before: it may run at once
        if (!TorturedQueues.Ask(Queue, _item, _number, ticks))
            Interlocked.Decrement(ref _queued);
    }

    /// <summary>Queues an item of anybody's.</summary>
    public static void StepOfOthers(ref TortureRandom random)
    {
        if (s_all[random.Below(s_counts[0])] is { IsShared: true } item)
            item.Ask(random.Below(4));
    }

    public void Step(ref TortureRandom random)
    {
        switch (random.Below(8))
        {
            case 0:
                NoteCancelled(TorturedQueues.Cancel(Queue, _item));
                break;
            case 1:
                NoteCancelled(TorturedQueues.CancelAndWait(Queue, _item));
                if (!IsShared)
                    MustBeQuiet("a work item runs although its end was waited for", "a work item was lost, or ran twice");
                break;
            case 2:
                TorturedQueues.FlushItem(Queue, _item);
                if (!IsShared && !_item.IsPending)
                    MustBeQuiet("a work item runs although it was flushed", "a flushed work item was lost, or ran twice");
                break;
            case 3:
                TorturedQueues.Flush(Queue);
                break;
            case 4 when !IsShared:
                AskWhileItRuns(random.Below(40_000));
                break;
            default:
                Ask(random.Below(6) - 2);
                break;
        }
    }

    // The second request may come before, while or after the first is served: a run that begins after it must follow.
    private void AskWhileItRuns(long pause)
    {
        NoteCancelled(TorturedQueues.CancelAndWait(Queue, _item)); // a delay under way would put both off
        Ask(0);
        Helper.Spin(pause);
        Ask(0);
        TorturedQueues.FlushItem(Queue, _item);
        Torture.That(Volatile.Read(ref _seen) == Volatile.Read(ref _wanted), "a request that came while a work item ran was forgotten");
    }

    private void NoteCancelled(bool wasPending)
    {
        if (wasPending)
            Interlocked.Increment(ref _cancelled);
    }

    private void MustBeQuiet(string runs, string lost)
    {
        Torture.That(Volatile.Read(ref _running) == 0, runs);
        Torture.That(Volatile.Read(ref _run) + Volatile.Read(ref _cancelled) == Volatile.Read(ref _queued), lost);
    }

    /// <summary>Nobody queues any more.</summary>
    public void Settle()
    {
        NoteCancelled(TorturedQueues.CancelAndWait(Queue, _item));
        MustBeQuiet("a work item runs at the end", "a work item was lost, or ran twice, at the end");
    }

    public void AddTo(ref TortureSums sums)
    {
        sums.WorkQueued += _queued;
        sums.WorkRun += _run;
        sums.WorkCancelled += _cancelled;
    }
}
