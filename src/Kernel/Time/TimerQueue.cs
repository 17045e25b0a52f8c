// One CPU's coarse timers of one kind: what does not depend on how they are kept in order. TimerWheel and CascadingTimerWheel do that.
// Contexts: any; Run in softirq context on its CPU. Lock: _lock guards the queue and the timers on it; callbacks run without it.
// A timer belongs to one queue, pending or not, and changes it under both locks, one after the other, marked as moving in between: whoever
// locks the queue that the timer names, and finds that it still does, has the timer. While its callback runs it stays, so that the callback
// cannot be started a second time elsewhere. Linux: struct timer_base, lock_timer_base(), __mod_timer(), __run_timers().
using System.Threading;
using Jiffy.Kernel.Sync;
using Jiffy.Machine;

namespace Jiffy.Kernel.Time;

internal readonly struct TimerWheelRank : ILockRank
{
    public static LockRank Rank => LockRank.TimerBase;
}

/// <summary>Which timers a start concerns.</summary>
internal enum TimerChange
{
    Always,
    OnlyPending,
    OnlyEarlier,
}

public abstract class TimerQueue
{
    protected const long Never = long.MaxValue;

    private SpinLock<TimerWheelRank, IrqsOff> _lock;
    private Timer? _firing;
    private long _earliest = Never; // no timer is due before this tick. Written under the lock; read by its CPU as a hint
    private long _wakesAt;          // the tick its halted CPU wakes for; 0: the CPU does not halt

    private protected TimerQueue(int cpu, long now)
    {
        Index = cpu;
        NextTick = now;
    }

    /// <summary>Whose it is.</summary>
    public int Index { get; }

    /// <summary>Timers on it.</summary>
    public int Count { get; private set; }

    /// <summary>The timer whose callback runs now, or null.</summary>
    internal Timer? Firing => Volatile.Read(ref _firing);

    /// <summary>The next tick to be served. [lock]</summary>
    protected long NextTick { get; set; }

    /// <summary>Callbacks are being run: <see cref="NextTick"/> is not to be moved.</summary>
    protected bool IsServing { get; private set; }

    /// <summary>Puts a timer in its place and sets its slot; returns the tick at which it will fire. Locked.</summary>
    protected abstract long Insert(Timer timer, long expires, long now);

    /// <summary>Takes a timer out of its place. Locked.</summary>
    protected abstract void Unlink(Timer timer);

    /// <summary>Takes a timer out that is due at <paramref name="now"/> and moves <see cref="NextTick"/> on; null: there is none. Locked.</summary>
    protected abstract Timer? TakeDue(long now);

    /// <summary>The tick at which the next timer fires; Never: there is none. Locked.</summary>
    protected abstract long FindNext();

    /// <summary>A hint whether a timer is due at tick <paramref name="now"/>; a few timers that were taken off may make it wrong.</summary>
    internal bool IsDue(long now) => Volatile.Read(ref _earliest) <= now;

    /// <summary>The tick at which the next timer fires; long.MaxValue: there is none.</summary>
    internal long NextExpiry()
    {
        using (_lock.Acquire())
            return _earliest = FindNext();
    }

    /// <summary>
    /// Its CPU is about to halt until the tick that this returns: whoever starts an earlier timer here wakes it. Interrupts off, on its CPU.
    /// </summary>
    internal long EnterIdle()
    {
        using (_lock.Acquire())
            return _wakesAt = _earliest = FindNext();
    }

    /// <summary>Its CPU is busy and looks at every tick.</summary>
    internal void LeaveIdle()
    {
        if (Volatile.Read(ref _wakesAt) == 0)
            return;
        using (_lock.Acquire())
            _wakesAt = 0;
    }

    /// <summary>Starts or changes a timer, wherever it is. True: it was pending. Any context.</summary>
    internal bool Start(Timer timer, long expires, long now, TimerChange kind)
    {
        var at = Lock(timer, this, out var token);
        var wasPending = timer.Slot >= 0;
        if (timer.IsShutDown || !MayChange(timer, expires, kind, wasPending))
        {
            at._lock.Release(token);
            return wasPending;
        }

        if (wasPending)
            at.Detach(timer);
        if (at != this && (at._firing != timer || TimerFaults.Has(TimerFault.MovesWhileFiring)))
        {
            timer.IsMoving = true;
            at._lock.Release(token);
            Cpu.Interleave();
            token = _lock.AcquireUnguarded();
            Volatile.Write(ref timer.Queue, this);
            Volatile.Write(ref timer.IsMoving, false);
            at = this; // nobody could lock the timer meanwhile
        }

        var mustWake = at.Attach(timer, expires, now);
        at._lock.Release(token);
        if (mustWake)
            Cpu.SendReschedule(at.Index); // the idle loop asks for the next expiry anew
        return wasPending;
    }

    private static bool MayChange(Timer timer, long expires, TimerChange kind, bool wasPending) => kind switch
    {
        TimerChange.OnlyPending => wasPending,
        TimerChange.OnlyEarlier => !wasPending || expires < timer.Expires,
        _ => !wasPending || expires != timer.Expires,
    };

    /// <summary>Takes a timer off. 1: it was pending; 0: it was not; -1: its callback runs and it was left alone.</summary>
    internal static int Remove(Timer timer, bool evenIfFiring, bool shutDown)
    {
        // Never started: nobody else can know of it yet, unless it starts just now.
        var queue = Volatile.Read(ref timer.Queue);
        if (queue is null && !shutDown)
            return 0;
        var at = Lock(timer, queue ?? CpuTimer.Of(0).QueueFor(timer), out var token);
        var result = at._firing == timer && !evenIfFiring ? -1 : timer.Slot >= 0 ? 1 : 0;
        if (shutDown)
            timer.IsShutDown = true;
        if (result > 0)
            at.Detach(timer);
        at._lock.Release(token);
        return result;
    }

    // Locks the queue that a timer belongs to. One that was never started belongs to the first who asks.
    private static TimerQueue Lock(Timer timer, TimerQueue first, out bool token)
    {
        while (true)
        {
            var queue = Volatile.Read(ref timer.Queue) ?? Interlocked.CompareExchange(ref timer.Queue, first, null) ?? first;
            token = queue._lock.AcquireUnguarded();
            if (Volatile.Read(ref timer.Queue) == queue && !Volatile.Read(ref timer.IsMoving))
                return queue;
            queue._lock.Release(token);
            Cpu.Relax();
        }
    }

    // True: its CPU halts and would wake too late.
    private bool Attach(Timer timer, long expires, long now)
    {
        timer.Expires = expires;
        var firesAt = Insert(timer, expires, now);
        Count++;
        if (firesAt < _earliest)
            Volatile.Write(ref _earliest, firesAt);
        if (firesAt >= _wakesAt)
            return false;
        _wakesAt = firesAt;
        return Index != Cpu.Id;
    }

    private void Detach(Timer timer)
    {
        Unlink(timer);
        timer.Slot = -1;
        Count--;
    }

    /// <summary>Runs the callbacks of all timers due at tick <paramref name="now"/>. Softirq context, on its CPU.</summary>
    internal void Run(long now)
    {
        if (!IsDue(now))
            return;
        var token = _lock.AcquireUnguarded();
        IsServing = true;
        while (TakeDue(now) is { } timer)
        {
            timer.Slot = -1;
            Count--;
            Volatile.Write(ref _firing, timer);
            if (timer.IsIrqSafe)
            {
                _lock.Release(false);
                timer.Fire();
                _lock.AcquireUnguarded();
            }
            else
            {
                _lock.Release(token);
                Cpu.Interleave();
                timer.Fire();
                token = _lock.AcquireUnguarded();
            }

            Volatile.Write(ref _firing, null);
        }

        IsServing = false;
        Volatile.Write(ref _earliest, FindNext());
        _lock.Release(token);
    }
}
