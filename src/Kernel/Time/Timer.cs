// A coarse timer: fires at a tick, in softirq context, on the CPU that started it last. Cheap to start and to stop, so it suits time-outs,
// most of which never fire. Any CPUs may start, change and stop one timer at the same time; its callback never runs twice at once.
// Contexts: any but where said. Lock: [queue] fields are guarded by the lock of the TimerQueue that the timer belongs to.
// Linux: struct timer_list; mod_timer(), timer_reduce(), del_timer(), try_to_del_timer_sync(), timer_shutdown_sync().
using System;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Time;

[Flags]
public enum TimerOptions
{
    None = 0,

    /// <summary>Need not wake an idle CPU: fires when that next has something to do.</summary>
    Deferrable = 1,

    /// <summary>The callback runs with interrupts off, so that <see cref="Timer.CancelAndWait"/> may be called by interrupts too.</summary>
    IrqSafe = 2,
}

public sealed class Timer
{
    private Links<Timer> _links; // [queue]
    private readonly Action<Timer> _callback;

    internal int Slot = -1;      // [queue] -1: not pending
    internal TimerQueue? Queue;  // where it is, or was last. Changes with both queues' consent: see TimerQueue.Lock
    internal bool IsMoving;      // [queue] on its way to another
    internal bool IsShutDown;    // [queue]

    /// <summary>Makes a timer at boot or with the pooled object it belongs to. <paramref name="callback"/> is a static lambda.</summary>
    /// <param name="name">For /proc/timer_list.</param>
    public Timer(Action<Timer> callback, object? owner, TimerOptions options = TimerOptions.None, string name = "timer")
    {
        _callback = callback;
        Owner = owner;
        Options = options;
        Name = name;
    }

    public object? Owner { get; }

    public TimerOptions Options { get; }

    public string Name { get; }

    /// <summary>The tick it was started for.</summary>
    public long Expires { get; internal set; }

    /// <summary>Queued to fire: a hint unless the caller has its own ordering.</summary>
    public bool IsPending => Slot >= 0;

    internal bool IsIrqSafe => (Options & TimerOptions.IrqSafe) != 0;

    /// <summary>
    /// Starts it for tick <paramref name="expires"/>, or changes that. Never early; late as the table in TimerWheel.cs says. Any context.
    /// True: it was pending. Linux: mod_timer().
    /// </summary>
    public bool Start(long expires) => Change(expires, TimerChange.Always);

    /// <summary>Starts it for at least <paramref name="ticks"/> whole ticks from now. True: it was pending.</summary>
    public bool StartIn(long ticks) => Start(Jiffies.Now + ticks + 1);

    /// <summary>Changes it only if it is pending. True: it was. Linux: mod_timer_pending().</summary>
    public bool StartIfPending(long expires) => Change(expires, TimerChange.OnlyPending);

    /// <summary>Starts it, or makes it fire earlier; never later. True: it was pending. Linux: timer_reduce().</summary>
    public bool Reduce(long expires) => Change(expires, TimerChange.OnlyEarlier);

    /// <summary>Starts a timer that is not pending on another CPU. Linux: add_timer_on().</summary>
    public void StartOn(int cpu, long expires)
    {
        Invariant.That(!IsPending, "a pending timer was added to a CPU");
        CpuTimer.Of(cpu).QueueFor(this).Start(this, expires, Jiffies.Now, TimerChange.Always);
    }

    private bool Change(long expires, TimerChange kind)
    {
        var wereOn = Cpu.DisableInterrupts();
        var wasPending = CpuTimer.Here.QueueFor(this).Start(this, expires, Jiffies.Now, kind);
        Cpu.RestoreInterrupts(wereOn);
        return wasPending;
    }

    /// <summary>Takes it off; its callback may be running. True: it was pending. Linux: del_timer().</summary>
    public bool Cancel() => TimerQueue.Remove(this, evenIfFiring: true, shutDown: false) > 0;

    /// <summary>Takes it off. 1: it was pending; 0: it was not; -1: its callback runs now, nothing was done. Linux: try_to_del_timer_sync().</summary>
    public int TryCancel() => TimerQueue.Remove(this, evenIfFiring: false, shutDown: false);

    /// <summary>
    /// Takes it off and waits for its callback to end. Not from the callback, nor holding a lock that it takes; from an interrupt only if
    /// the timer is <see cref="TimerOptions.IrqSafe"/>. True: it was pending. Linux: del_timer_sync().
    /// </summary>
    public bool CancelAndWait() => RemoveAndWait(shutDown: false);

    /// <summary>
    /// Like <see cref="CancelAndWait"/>, and from now on every start does nothing, so that even a callback or a third party that starts it
    /// cannot bring it back: what it belongs to may go. Linux: timer_shutdown_sync().
    /// </summary>
    public bool ShutDownAndWait() => RemoveAndWait(shutDown: true);

    /// <summary>Makes a timer that was shut down usable again: for the next life of a pooled object. Nobody else knows of it.</summary>
    public void Revive() => IsShutDown = false;

    private bool RemoveAndWait(bool shutDown)
    {
        Invariant.That(IsIrqSafe || !Context.InHardirq, "an interrupt waits for a timer that it may have interrupted");
        while (true)
        {
            var result = TimerQueue.Remove(this, evenIfFiring: false, shutDown);
            if (result >= 0)
                return result > 0;
            Cpu.Relax();
        }
    }

    internal void Fire() => _callback(this);

    internal readonly struct InSlot : ILinksOf<Timer>
    {
        public static ref Links<Timer> Of(Timer item) => ref item._links;
    }
}
