// Work that is queued when a time has passed. PENDING is set while its timer runs, too: the timer's run-out hands the item over to the queue.
// Contexts: those of its members; the timer's callback in softirq. Lock: _timerLock orders the callers of the timer (its own rule asks for
// that); the callback takes it not, so that one may wait for it.
// Between the end of the timer and the queueing the item is on no list: who wants to take it off must look again (WorkItem.Grab). That is why this
// is not for hardirq context: an interrupt on the callback's own CPU would look for ever. Linux: struct delayed_work.
using System;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.Deferred.WorkQueues;

public sealed class DelayedWork : WorkItem
{
    private readonly struct Rank : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.DelayedWork;
    }

    private readonly Timer _timer;
    private SpinLock<Rank, IrqsOff> _timerLock; // orders starting and cancelling of the timer

    // Where it goes when the timer runs out; written by the owner of PENDING.
    private WorkQueue? _queue;
    private ThreadedWorkQueue? _threadedQueue;
    private int _cpu;

    /// <summary>Makes an item, at boot or with the pooled object it belongs to; parameters as <see cref="WorkItem"/>'s.</summary>
    public DelayedWork(Action<WorkItem> handler, object? owner)
        : base(handler, owner)
    {
        _timer = new Timer(static timer => ((DelayedWork)timer.Owner!).Fire(), this);
    }

    /// <summary>The tick its timer was started for.</summary>
    public long Expires => _timer.Expires;

    /// <summary>Starts the timer; the caller owns PENDING and leaves it to the timer.</summary>
    internal void StartTimer(WorkQueue? queue, ThreadedWorkQueue? threadedQueue, int cpu, long ticks)
    {
        _queue = queue;
        _threadedQueue = threadedQueue;
        _cpu = cpu;
        using (_timerLock.Acquire())
            _timer.StartIn(ticks);
    }

    /// <summary>Stops the timer. True: it had not run out, and its owner's part, PENDING, is the caller's now.</summary>
    internal bool TryStopTimer()
    {
        using (_timerLock.Acquire())
            return _timer.Cancel();
    }

    /// <summary>Queues it now if its timer was running. True: it was.</summary>
    internal bool ExpireNow()
    {
        var wereOn = Cpu.DisableInterrupts();
        var wasRunning = TryStopTimer();
        if (wasRunning)
            HandOver();
        Cpu.RestoreInterrupts(wereOn);
        return wasRunning;
    }

    // Softirq. With interrupts off the time on no list is short.
    private void Fire()
    {
        var wereOn = Cpu.DisableInterrupts();
        HandOver();
        Cpu.RestoreInterrupts(wereOn);
    }

    private void HandOver()
    {
        if (_queue is { } queue)
            queue.Insert(this, _cpu);
        else
            _threadedQueue!.Insert(this, _cpu);
    }
}
