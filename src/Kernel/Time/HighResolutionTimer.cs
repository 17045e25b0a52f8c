// A timer that fires at a given nanosecond, as soon after it as the machine's alarm allows. It fires on the CPU that started it last.
// Contexts: Start, Cancel, TryCancel in any, from any CPUs at once. The callback runs in hardirq context, or in the softirq HRTIMER, and
// holds no lock of the timer's. Lock: the lock of the CPU's CpuTimer guards the [base] fields. (Timers are not moved away from a CPU that
// goes idle, as Linux does with timer_migration off: they wake it.)
// Linux: struct hrtimer; hrtimer_start_range_ns(), hrtimer_cancel(), hrtimer_try_to_cancel(), hrtimer_forward().
using System;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Time;

public sealed class HighResolutionTimer
{
    internal TreeLinks<HighResolutionTimer> Links; // [base]
    internal CpuTimer? Base;                       // where it is queued, or was last
    internal bool IsMoving;                        // [base] on its way to another
    private readonly Func<HighResolutionTimer, TimerRestart> _callback;

    /// <summary>Makes a timer at boot or with the pooled object it belongs to. <paramref name="callback"/> is a static lambda.</summary>
    /// <param name="name">For /proc/timer_list.</param>
    public HighResolutionTimer(
        Func<HighResolutionTimer, TimerRestart> callback, object? owner, string name = "hrtimer", TimerContext context = TimerContext.Hardirq)
    {
        _callback = callback;
        Owner = owner;
        Name = name;
        Context = context;
    }

    /// <summary>Whom the callback is about.</summary>
    public object? Owner { get; }

    public string Name { get; }

    /// <summary>Where the callback runs.</summary>
    public TimerContext Context { get; }

    /// <summary>Before this moment it does not fire; on its clock, in nanoseconds. The callback may move it and answer <see cref="TimerRestart.Yes"/>.</summary>
    public long Deadline { get; internal set; }

    /// <summary>By so many nanoseconds more it may be late, to share an interrupt with others.</summary>
    public long Slack { get; private set; }

    public ClockBase Clock { get; private set; }

    /// <summary>Queued to fire: a hint unless the caller has its own ordering.</summary>
    public bool IsQueued => Links.IsLinked;

    /// <summary>Queued, or its callback runs. A hint. Linux: hrtimer_active().</summary>
    public bool IsActive => IsQueued || IsMoving || Base?.Firing == this;

    /// <summary>The latest moment to fire, on its clock.</summary>
    internal long Latest => Time.Deadline.After(Deadline, Slack);

    /// <summary>The same on the monotonic clock, as things stand now.</summary>
    internal long LatestMonotonic => TimeKeeper.ToMonotonic(Latest, Clock);

    /// <summary>Starts it, or starts it anew, on this CPU. A deadline in the past fires at once. True: it was queued.</summary>
    /// <remarks>
    /// When its callback runs on another CPU just now, it is queued there. So a callback that moves the deadline takes its owner's lock first, and
    /// leaves the deadline alone when <see cref="IsQueued"/>.
    /// </remarks>
    public bool Start(long deadline, ClockBase clock, long slack = 0)
    {
        var wereOn = Cpu.DisableInterrupts();
        var wasQueued = CpuTimer.Here.Start(this, deadline, slack, clock);
        Cpu.RestoreInterrupts(wereOn);
        return wasQueued;
    }

    /// <summary>Starts it for <paramref name="nanoseconds"/> from now on <paramref name="clock"/>. True: it was queued.</summary>
    public bool StartIn(long nanoseconds, ClockBase clock = ClockBase.Monotonic, long slack = 0) =>
        Start(Time.Deadline.After(TimeKeeper.Monotonic + TimeKeeper.OffsetOf(clock), nanoseconds), clock, slack);

    internal void Set(long deadline, long slack, ClockBase clock)
    {
        Deadline = deadline;
        Slack = slack;
        Clock = clock;
    }

    /// <summary>Takes it off. 1: it was queued; 0: it was not; -1: its callback runs now, and may start it again.</summary>
    public int TryCancel() => CpuTimer.Remove(this, out _);

    /// <summary>Takes it off and waits for its callback to end. Not from the callback, nor holding a lock that it takes. True: it was queued.</summary>
    public bool Cancel()
    {
        // Started again while its callback runs, it is taken off before that has ended.
        var wasQueued = false;
        while (true)
        {
            var result = CpuTimer.Remove(this, out var taken);
            wasQueued |= taken;
            if (result >= 0)
                return wasQueued;
            Cpu.Relax();
        }
    }

    /// <summary>Moves the deadline past <paramref name="now"/> (its clock) by whole intervals; returns how many. Of a timer that is not queued.</summary>
    public long Forward(long now, long interval)
    {
        var deadline = Deadline;
        var count = interval <= 0 ? 0 : Time.Deadline.Forward(ref deadline, now, interval);
        Deadline = deadline;
        return count;
    }

    /// <summary>Nanoseconds until its deadline; zero or less: due or over.</summary>
    public long Remaining => TimeKeeper.ToMonotonic(Deadline, Clock) - TimeKeeper.Monotonic;

    internal TimerRestart Fire() => _callback(this);

    internal readonly struct InBase : ITreeItem<HighResolutionTimer>
    {
        public static ref TreeLinks<HighResolutionTimer> Links(HighResolutionTimer item) => ref item.Links;

        public static int Compare(HighResolutionTimer a, HighResolutionTimer b) => a.Latest < b.Latest ? -1 : a.Latest > b.Latest ? 1 : 0;

        public static bool IsAugmented => false;

        public static void Augment(HighResolutionTimer item, HighResolutionTimer? left, HighResolutionTimer? right)
        {
        }
    }
}
