// A timer that fires at a given nanosecond, as soon after it as the machine's alarm allows. It fires on the CPU that started it last.
// Contexts: Start, Cancel, TryCancel in any; one timer's callers are serialised by its owner, only its callback runs beside them. The
// callback runs in hardirq context and holds no lock of the timer's. Lock: the CPU's CpuTimer.Lock guards the [base] fields.
// Linux: struct hrtimer; hrtimer_start(), hrtimer_cancel(), hrtimer_try_to_cancel(), hrtimer_forward().
using System;
using System.Threading;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Time;

public sealed class HighResolutionTimer
{
    internal TreeLinks<HighResolutionTimer> Links; // [base]
    internal CpuTimer? Base;                       // where it is queued, or was last
    private readonly Func<HighResolutionTimer, TimerRestart> _callback;

    /// <summary>Makes a timer at boot or with the pooled object it belongs to. <paramref name="callback"/> is a static lambda.</summary>
    public HighResolutionTimer(Func<HighResolutionTimer, TimerRestart> callback, object? owner)
    {
        _callback = callback;
        Owner = owner;
    }

    /// <summary>Whom the callback is about.</summary>
    public object? Owner { get; }

    /// <summary>When it fires, on its clock, in nanoseconds. The callback may change it and answer <see cref="TimerRestart.Yes"/>.</summary>
    public long Deadline { get; internal set; }

    public ClockBase Clock { get; private set; }

    /// <summary>Queued to fire: a hint unless the caller has its own ordering.</summary>
    public bool IsQueued => Links.IsLinked;

    /// <summary>The deadline on the monotonic clock, as things stand now.</summary>
    internal long MonotonicDeadline => Clock == ClockBase.RealTime ? TimeKeeper.RealTimeToMonotonic(Deadline) : Deadline;

    /// <summary>Starts it, or starts it anew, on this CPU. A deadline in the past fires at once.</summary>
    /// <remarks>
    /// When its callback runs on another CPU just now, it is queued there. So a callback that moves the deadline takes its owner's lock first, and
    /// leaves the deadline alone when <see cref="IsQueued"/>.
    /// </remarks>
    public void Start(long deadline, ClockBase clock)
    {
        var wereOn = Cpu.DisableInterrupts();
        if (Base is not { } old || !old.RestartWhereItFires(this, deadline, clock))
        {
            Set(deadline, clock);
            CpuTimer.Here.Add(this);
        }

        Cpu.RestoreInterrupts(wereOn);
    }

    internal void Set(long deadline, ClockBase clock)
    {
        Deadline = deadline;
        Clock = clock;
    }

    /// <summary>Takes it off. 1: it was queued; 0: it was not; -1: its callback runs now, and may start it again.</summary>
    public int TryCancel()
    {
        if (Base is not { } at)
            return 0;
        return at.TryRemove(this, out var wasQueued) ? (wasQueued ? 1 : 0) : -1;
    }

    /// <summary>Takes it off and waits for its callback to end. Not from the callback. True: it was queued.</summary>
    public bool Cancel()
    {
        while (true)
        {
            var result = TryCancel();
            if (result >= 0)
                return result > 0;
            Cpu.Relax();
        }
    }

    /// <summary>Moves the deadline past <paramref name="now"/> (its clock) by whole intervals; returns how many.</summary>
    public long Forward(long now, long interval)
    {
        if (interval <= 0 || now < Deadline)
            return 0;
        var count = (now - Deadline) / interval + 1;
        Deadline += count * interval;
        return count;
    }

    /// <summary>Nanoseconds until it fires; zero or less: due or over.</summary>
    public long Remaining => MonotonicDeadline - Machine.Clock.Now;

    internal TimerRestart Fire() => _callback(this);

    internal readonly struct InBase : ITreeItem<HighResolutionTimer>
    {
        public static ref TreeLinks<HighResolutionTimer> Links(HighResolutionTimer item) => ref item.Links;

        public static int Compare(HighResolutionTimer a, HighResolutionTimer b) => a.Deadline < b.Deadline ? -1 : a.Deadline > b.Deadline ? 1 : 0;

        public static bool IsAugmented => false;

        public static void Augment(HighResolutionTimer item, HighResolutionTimer? left, HighResolutionTimer? right)
        {
        }
    }
}
