// One CPU's callbacks, in the order of their grace periods. Guard: Lock, but for the counts, which others read as hints.
// One runner at a time, so that they are called in order and Ran tells which have been. Linux: struct rcu_data.
using System.Threading;
using Jiffy.Kernel.Observe;

namespace Jiffy.Kernel.Sync;

internal sealed class RcuCpu
{
    private readonly struct Rank : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.RcuCallbacks;
    }

    private SpinLock<Rank, IrqsOff> _lock; // guards list and runner
    private RcuCallback? _first, _last;
    private bool _isRunning;
    private long _queued, _ran, _lastUntil;

    /// <summary>Callbacks queued here so far, and those that have run.</summary>
    public long Queued => Volatile.Read(ref _queued);
    public long Ran => Volatile.Read(ref _ran);

    /// <summary>The grace period that the last callback waits for.</summary>
    public long LastUntil => Volatile.Read(ref _lastUntil);

    /// <summary>Appends one that waits for the grace period that begins next. Any context.</summary>
    public void Add(RcuCallback callback, ref long begun)
    {
        using (_lock.Acquire())
        {
            Invariant.That(!callback.IsQueued, "an RCU callback is queued twice");
            callback.IsQueued = true;
            callback.Next = null;
            callback.Until = Volatile.Read(ref begun) + 1; // after the lock's barrier, so after what the caller has unlinked
            if (_last is null)
                _first = callback;
            else
                _last.Next = callback;
            _last = callback;
            Volatile.Write(ref _lastUntil, callback.Until);
            Volatile.Write(ref _queued, _queued + 1);
        }
    }

    public bool HasDue(long ended)
    {
        using (_lock.Acquire())
            return IsDue(ended);
    }

    /// <summary>Takes at most <paramref name="most"/> whose grace period has ended; <see cref="EndRun"/> must follow unless null: none, or they run already.</summary>
    public RcuCallback? BeginRun(long ended, int most)
    {
        using (_lock.Acquire())
        {
            if (_isRunning || !IsDue(ended))
                return null;
            var taken = _first!;
            var last = taken;
            for (var i = 1; i < most && last.Next is { } next && next.Until <= ended; i++)
                last = next;
            _first = last.Next;
            if (_first is null)
                _last = null;
            last.Next = null;
            _isRunning = true;
            return taken;
        }
    }

    /// <summary>True: more are due.</summary>
    public bool EndRun(int count, long ended)
    {
        using (_lock.Acquire())
        {
            _isRunning = false;
            Volatile.Write(ref _ran, _ran + count);
            return IsDue(ended);
        }
    }

    private bool IsDue(long ended) => _first is { } first && (first.Until <= ended || LockFaults.Has(LockFault.RcuRunsTooEarly));
}
