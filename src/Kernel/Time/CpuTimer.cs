// One CPU's timers and its alarm: two trees of high-resolution timers (by clock), the periodic tick while the CPU is busy, and the timer
// wheel's next expiry while it idles. The alarm is always set to the earliest of them.
// Contexts: any. Lock: Lock guards the trees and Firing; the tick's fields belong to their CPU, interrupts off. Callbacks run without it.
// Linux: struct hrtimer_cpu_base, tick_sched; hrtimer_interrupt().
using System.Threading;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Machine;

namespace Jiffy.Kernel.Time;

internal readonly struct TimerBaseRank : ILockRank
{
    public static LockRank Rank => LockRank.HighResolutionTimer;
}

public sealed class CpuTimer
{
    /// <summary>Nanoseconds between two ticks of a busy CPU.</summary>
    public const long TickLength = CpuTime.TickLength;

    private const long Never = long.MaxValue;
    private const int MostFired = 64;      // callbacks per interrupt...
    private const long Breather = 100_000; // ...then the interrupted task gets this long

    private static CpuTimer[] s_all = null!;

    private SpinLock<TimerBaseRank, IrqsOff> _lock;
    private RedBlackTree<HighResolutionTimer, HighResolutionTimer.InBase> _monotonic, _realTime;
    private HighResolutionTimer? _firing;
    private long _alarm = Never;    // what the machine was told last
    private long _nextTick = Never; // Never: the tick is stopped
    private long _nextWheel = Never;

    internal CpuTimer(int cpu)
    {
        Index = cpu;
        Wheel = new TimerWheel(Jiffies.Now);
    }

    public int Index { get; }

    /// <summary>The coarse timers of this CPU.</summary>
    internal TimerWheel Wheel { get; }

    /// <summary>This CPU's. Stays true only while preemption is off.</summary>
    public static CpuTimer Here => s_all[Cpu.Id];

    public static CpuTimer Of(int cpu) => s_all[cpu];

    /// <summary>The timer whose callback runs now, or null.</summary>
    internal HighResolutionTimer? Firing => Volatile.Read(ref _firing);

    internal static void InitAll()
    {
        s_all = new CpuTimer[Cpu.Count];
        for (var cpu = 0; cpu < s_all.Length; cpu++)
            s_all[cpu] = new CpuTimer(cpu);
    }

    /// <summary>Queues a timer that is on no queue, on this CPU. Interrupts off.</summary>
    internal void Add(HighResolutionTimer timer)
    {
        _lock.AcquireUnguarded();
        timer.Base = this;
        Insert(timer);
        SetAlarm();
        _lock.Release(false);
    }

    /// <summary>Takes a timer off. False: its callback runs on another CPU, nothing is changed. Any context.</summary>
    internal bool TryRemove(HighResolutionTimer timer, out bool wasQueued)
    {
        wasQueued = false;
        using (_lock.Acquire())
        {
            if (timer.Links.IsLinked)
            {
                TreeOf(timer).Remove(timer);
                wasQueued = true;
            }

            return _firing != timer || Index == Cpu.Id;
        }
    }

    /// <summary>
    /// Takes a timer off that is to be started anew; when its callback runs on another CPU, it is queued there (true): that CPU sets its alarm
    /// after the callback. Interrupts off.
    /// </summary>
    internal bool RestartWhereItFires(HighResolutionTimer timer, long deadline, ClockBase clock)
    {
        using (_lock.Acquire())
        {
            if (timer.Links.IsLinked)
                TreeOf(timer).Remove(timer);
            if (_firing != timer || Index == Cpu.Id)
                return false;
            timer.Set(deadline, clock);
            Insert(timer);
            return true;
        }
    }

    /// <summary>The CPU has work: ticks from now on. Interrupts off.</summary>
    internal void StartTick(long now)
    {
        if (_nextTick != Never)
            return;
        _nextTick = now - now % TickLength + TickLength;
        _nextWheel = Never;
        SetAlarmLocked();
    }

    /// <summary>The CPU is about to halt: no tick, but the wheel's next timer must be met. Interrupts off.</summary>
    internal void StopTick()
    {
        _nextTick = Never;
        _nextWheel = Wheel.NextExpiry();
        if (TaskQueue.Timer.IsActive && Clock.Now + TickLength is var next && next < _nextWheel)
            _nextWheel = next; // it waits for a timer interrupt
        SetAlarmLocked();
    }

    /// <summary>The alarm went off. Hardirq.</summary>
    internal void Interrupt(bool fromUser)
    {
        _alarm = Never;
        var now = Clock.Now;
        if (now >= _nextTick)
        {
            var ticks = (int)((now - _nextTick) / TickLength) + 1;
            _nextTick += ticks * TickLength;
            Scheduler.Tick(now, ticks, fromUser);
        }

        if (Wheel.IsDue(Jiffies.Now))
            Softirq.Raise(SoftirqVector.Timer);
        if (now >= _nextWheel)
            _nextWheel = Never; // the softirq does it; the halt after it asks anew
        FireDue();
    }

    /// <summary>The real-time clock was set: the alarm for its timers is wrong. Runs on every CPU, interrupts off.</summary>
    internal void ClockWasSet() => SetAlarmLocked();

    private void FireDue()
    {
        _lock.AcquireUnguarded();
        for (var fired = 0; TakeDue(Clock.Now) is { } timer; fired++)
        {
            Volatile.Write(ref _firing, timer);
            _lock.Release(false);
            var restart = timer.Fire();
            _lock.AcquireUnguarded();
            Volatile.Write(ref _firing, null);

            // Somebody may have started it again meanwhile: that one counts.
            if (restart == TimerRestart.Yes && !timer.Links.IsLinked)
                Insert(timer);
            if (fired < MostFired)
                continue;
            Program(Clock.Now + Breather);
            _lock.Release(false);
            return;
        }

        SetAlarm();
        _lock.Release(false);
    }

    private HighResolutionTimer? TakeDue(long now)
    {
        if (_monotonic.First is { } first && first.Deadline <= now)
        {
            _monotonic.Remove(first);
            return first;
        }

        if (_realTime.First is { } second && second.MonotonicDeadline <= now)
        {
            _realTime.Remove(second);
            return second;
        }

        return null;
    }

    private void Insert(HighResolutionTimer timer) => TreeOf(timer).Insert(timer);

    private ref RedBlackTree<HighResolutionTimer, HighResolutionTimer.InBase> TreeOf(HighResolutionTimer timer)
    {
        if (timer.Clock == ClockBase.RealTime)
            return ref _realTime;
        return ref _monotonic;
    }

    private void SetAlarmLocked()
    {
        _lock.AcquireUnguarded();
        SetAlarm();
        _lock.Release(false);
    }

    // On another CPU's base nothing is programmed: timers are added by their own CPU, and a removed one costs a stray alarm at most.
    private void SetAlarm()
    {
        if (Index != Cpu.Id)
            return;
        var next = _nextTick < _nextWheel ? _nextTick : _nextWheel;
        if (_monotonic.First is { } first && first.Deadline < next)
            next = first.Deadline;
        if (_realTime.First is { } second && second.MonotonicDeadline < next)
            next = second.MonotonicDeadline;
        Program(next);
    }

    private void Program(long next)
    {
        if (next == _alarm)
            return;
        _alarm = next;
        Clock.SetAlarm(next);
    }
}
