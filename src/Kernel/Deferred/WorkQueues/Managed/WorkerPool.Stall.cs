// Tells of pools that do not get on: items wait, and for long no worker has begun one. Most likely a handler computes without end, or all wait.
// Contexts: the timer's callback in softirq. Lock: the pool's. The timer runs only while items wait, so an idle machine is left alone.
// Linux: wq_watchdog, "workqueue lockup".
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Time;

namespace Jiffy.Kernel.Deferred.WorkQueues;

public sealed partial class WorkerPool
{
    public const int UsualStallSeconds = 30;

    private readonly Timer _stallTimer;
    private long _progress;  // tick at which an item was begun, or the list was empty
    private bool _hasTold;   // of this stall

    /// <summary>Ticks without progress that count as a stall; zero: never. Labs and tests shorten it.</summary>
    public static long StallTicks { get; set; }

    /// <summary>How many stalls were told of.</summary>
    public int Stalls { get; private set; }

    /// <summary>A worker begins an item. Lock held.</summary>
    internal void NoteProgress()
    {
        _progress = Jiffies.Now;
        _hasTold = false;
    }

    // The first item of an empty list. Lock held.
    private void BeginWatch()
    {
        NoteProgress();
        if (StallTicks != 0 && !_stallTimer.IsPending)
            _stallTimer.StartIn(StallTicks);
    }

    private void LookForStall()
    {
        long seconds;
        using (Lock.Acquire())
        {
            if (_items.IsEmpty)
                return;
            var still = Jiffies.Now - _progress;
            var isNew = still >= StallTicks && !_hasTold;
            _hasTold |= isNew;
            if (isNew)
                Stalls++;
            _stallTimer.StartIn(still < StallTicks ? StallTicks - still : StallTicks);
            if (!isNew)
                return;
            seconds = still / Jiffies.PerSecond;
        }

        KernelLog.Write(LogLevel.Warning, $"workqueue: pool {Id} (cpu {Cpu}, nice {Nice}) stuck for {seconds}s: {Workers} workers, {Idle} idle, {Running} running");
    }
}
