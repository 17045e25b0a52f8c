// One CPU's high-resolution timers: a tree for each clock and context, ordered by the latest moment that a timer may fire. The alarm is set to
// the first of these; when it rings, every timer fires whose deadline has come, so that neighbours within their slack share one interrupt.
// Contexts: any. Lock: _lock guards trees, firing timers and the timers' [base] fields. Callbacks run without it.
// A timer belongs to one base, queued or not, and changes it as TimerQueue's timers do; while its callback runs it stays.
// Linux: struct hrtimer_cpu_base, lock_hrtimer_base(), __hrtimer_run_queues(), hrtimer_run_softirq().
using System.Runtime.CompilerServices;
using System.Threading;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Machine;

namespace Jiffy.Kernel.Time;

public sealed partial class CpuTimer
{
    private const int Clocks = (int)ClockBase.Count;
    private const int Soft = Clocks;       // trees of softirq timers start here
    private const int Trees = 2 * Clocks;
    private const int MostFired = 64;      // callbacks per interrupt...
    private const long Breather = 100_000; // ...then the interrupted task gets this long

    private readonly RedBlackTree<HighResolutionTimer, HighResolutionTimer.InBase>[] _trees =
        new RedBlackTree<HighResolutionTimer, HighResolutionTimer.InBase>[Trees];

    private SpinLock<TimerBaseRank, IrqsOff> _lock;
    private uint _filled;                  // bit n: tree n is not empty. [lock]
    private bool _softIsRaised;            // the softirq is to come or runs: it sets the alarm afterwards. [lock]
    private HighResolutionTimer? _firingHard, _firingSoft;

    /// <summary>The timer whose callback runs now in hardirq context, or null.</summary>
    internal HighResolutionTimer? Firing => Volatile.Read(ref _firingHard);

    private bool IsFiring(HighResolutionTimer timer) => _firingHard == timer || _firingSoft == timer;

    // Locks the base that a timer belongs to; one that was never started belongs to the first who asks. Interrupts off.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static CpuTimer LockBaseOf(HighResolutionTimer timer)
    {
        while (true)
        {
            var at = Volatile.Read(ref timer.Base) ?? Interlocked.CompareExchange(ref timer.Base, Here, null) ?? Here;
            at._lock.AcquireUnguarded();
            if (Volatile.Read(ref timer.Base) == at && !Volatile.Read(ref timer.IsMoving))
                return at;
            at._lock.Release(false);
            Cpu.Relax();
        }
    }

    /// <summary>Starts a timer here, or where its callback runs just now; that CPU sets its alarm afterwards. True: it was queued. Interrupts off.</summary>
    internal bool Start(HighResolutionTimer timer, long deadline, long slack, ClockBase clock)
    {
        var at = LockBaseOf(timer);
        var wasQueued = at.Take(timer);
        if (at != this && !at.IsFiring(timer))
        {
            timer.IsMoving = true;
            at._lock.Release(false);
            Cpu.Interleave();
            _lock.AcquireUnguarded();
            Volatile.Write(ref timer.Base, this);
            Volatile.Write(ref timer.IsMoving, false);
            at = this;
        }

        timer.Set(deadline, slack, clock);
        at.Insert(timer);
        if (at == this)
            AlarmFor(timer);
        at._lock.Release(false);
        return wasQueued;
    }

    /// <summary>Takes a timer off. 1: it was queued; 0: it was not; -1: its callback runs, and what it queued is off. Any context.</summary>
    internal static int Remove(HighResolutionTimer timer, out bool wasQueued)
    {
        wasQueued = false;
        if (Volatile.Read(ref timer.Base) is null)
            return 0;
        var wereOn = Cpu.DisableInterrupts();
        var at = LockBaseOf(timer);

        // The alarm stays: at worst it rings for nothing, which costs less than setting it each time a time-out is called off.
        wasQueued = at.Take(timer);
        var result = at.IsFiring(timer) ? -1 : wasQueued ? 1 : 0;
        at._lock.Release(false);
        Cpu.RestoreInterrupts(wereOn);
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Take(HighResolutionTimer timer)
    {
        if (!timer.Links.IsLinked)
            return false;
        var tree = TreeOf(timer);
        _trees[tree].Remove(timer);
        if (_trees[tree].IsEmpty)
            _filled &= ~(1u << tree);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Insert(HighResolutionTimer timer)
    {
        var tree = TreeOf(timer);
        _trees[tree].Insert(timer);
        _filled |= 1u << tree;
    }

    private static int TreeOf(HighResolutionTimer timer) => (int)timer.Clock + (timer.Context == TimerContext.Softirq ? Soft : 0);

    // Fires what is due in hardirq context, and raises the softirq for the rest.
    private void FireDue(long now)
    {
        _lock.AcquireUnguarded();
        for (var fired = 0; TakeDue(0, now) is { } timer; fired++)
        {
            Volatile.Write(ref _firingHard, timer);
            _lock.Release(false);
            Cpu.Interleave();
            var restart = timer.Fire();
            _lock.AcquireUnguarded();
            Ended(timer, ref _firingHard, restart);
            now = TimeKeeper.Monotonic;
            if (fired < MostFired)
                continue;
            Program(now + Breather);
            _lock.Release(false);
            return;
        }

        if (!_softIsRaised && EarliestOf(Soft) <= now)
        {
            _softIsRaised = true;
            Softirq.Raise(SoftirqVector.HighResolutionTimer);
        }

        SetAlarm();
        _lock.Release(false);
    }

    /// <summary>The softirq HRTIMER. Interrupts on.</summary>
    internal void RunSoft()
    {
        var token = _lock.AcquireUnguarded();
        while (TakeDue(Soft, TimeKeeper.Monotonic) is { } timer)
        {
            Volatile.Write(ref _firingSoft, timer);
            _lock.Release(token);
            Cpu.Interleave();
            var restart = timer.Fire();
            token = _lock.AcquireUnguarded();
            Ended(timer, ref _firingSoft, restart);
        }

        _softIsRaised = false;
        SetAlarm();
        _lock.Release(token);
    }

    /// <summary>The timer at a place of a clock's and context's tree, first the earliest, for /proc/timer_list. False: there are not so many.</summary>
    public bool TryLook(ClockBase clock, TimerContext context, int place, out TimerView view)
    {
        view = default;
        using (_lock.Acquire())
        {
            ref var tree = ref _trees[(int)clock + (context == TimerContext.Softirq ? Soft : 0)];
            var timer = tree.First;
            for (; place > 0 && timer is not null; place--)
                timer = RedBlackTree<HighResolutionTimer, HighResolutionTimer.InBase>.Next(timer);
            if (timer is null)
                return false;
            view = new TimerView { Name = timer.Name, Deadline = timer.Deadline, Latest = timer.Latest };
            return true;
        }
    }

    private void Ended(HighResolutionTimer timer, ref HighResolutionTimer? firing, TimerRestart restart)
    {
        Volatile.Write(ref firing, null);

        // Somebody may have started it again meanwhile: that one counts.
        if (restart == TimerRestart.Yes && !timer.Links.IsLinked)
            Insert(timer);
    }

    // The trees of one context start at first.
    private HighResolutionTimer? TakeDue(int first, long now)
    {
        for (var filled = _filled >> first & ((1u << Clocks) - 1); filled != 0; filled &= filled - 1)
        {
            var timer = _trees[first + System.Numerics.BitOperations.TrailingZeroCount(filled)].First!;
            if (TimeKeeper.ToMonotonic(timer.Deadline, timer.Clock) > now)
                continue;
            Take(timer);
            return timer;
        }

        return null;
    }

    private long EarliestOf(int first)
    {
        var earliest = Never;
        for (var filled = _filled >> first & ((1u << Clocks) - 1); filled != 0; filled &= filled - 1)
        {
            var timer = _trees[first + System.Numerics.BitOperations.TrailingZeroCount(filled)].First!;
            var at = timer.LatestMonotonic;
            if (at < earliest)
                earliest = at;
        }

        return earliest;
    }

    // A new timer changes the alarm only if it comes before it.
    private void AlarmFor(HighResolutionTimer timer)
    {
        if (timer.Context == TimerContext.Softirq && _softIsRaised)
            return;
        var at = timer.LatestMonotonic;
        if (at < _alarm && !TimerFaults.Has(TimerFault.ForgetsAlarm))
            Program(at);
    }

    private void SetAlarmLocked()
    {
        _lock.AcquireUnguarded();
        SetAlarm();
        _lock.Release(false);
    }

    // On this CPU only, interrupts off.
    private void SetAlarm()
    {
        var next = _nextTick < _nextWheel ? _nextTick : _nextWheel;
        var hard = EarliestOf(0);
        if (hard < next)
            next = hard;
        if (!_softIsRaised && _filled >> Soft != 0)
        {
            var soft = EarliestOf(Soft);
            if (soft < next)
                next = soft;
        }

        Program(next);
    }
}
