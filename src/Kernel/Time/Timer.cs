// A coarse timer: fires at a tick, in softirq context, on the CPU that started it last. Cheap to start and to stop, so it suits time-outs,
// most of which never fire. Contexts: any. One timer's callers are serialised by its owner; only its callback runs beside them.
// Linux: struct timer_list; add_timer(), mod_timer(), del_timer(), del_timer_sync().
using System;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Time;

public sealed class Timer
{
    private Links<Timer> _links;
    private readonly Action<Timer> _callback;
    internal int Slot = -1; // guard: the wheel's lock
    internal TimerWheel? Wheel;

    /// <summary>Makes a timer at boot or with the pooled object it belongs to. <paramref name="callback"/> is a static lambda.</summary>
    public Timer(Action<Timer> callback, object? owner)
    {
        _callback = callback;
        Owner = owner;
    }

    public object? Owner { get; }

    /// <summary>The tick it was started for.</summary>
    public long Expires { get; private set; }

    /// <summary>Queued to fire: a hint unless the caller has its own ordering.</summary>
    public bool IsPending => Slot >= 0;

    /// <summary>Starts it for tick <paramref name="expires"/>, or changes that. Never early, late by up to an eighth of the distance.</summary>
    public void Start(long expires)
    {
        var wereOn = Cpu.DisableInterrupts();
        Expires = expires;
        var now = Jiffies.Now;
        if (Wheel is not { } old || !old.RestartWhereItFires(this, expires, now))
            CpuTimer.Here.Wheel.Add(this, expires, now);
        Cpu.RestoreInterrupts(wereOn);
    }

    /// <summary>Starts it for <paramref name="ticks"/> from now.</summary>
    public void StartIn(long ticks) => Start(Jiffies.Now + ticks);

    /// <summary>Takes it off; its callback may be running. True: it was pending.</summary>
    public bool Cancel()
    {
        if (Wheel is not { } wheel)
            return false;
        wheel.TryRemove(this, out var wasQueued);
        return wasQueued;
    }

    /// <summary>Takes it off and waits for its callback to end. Not from the callback, nor holding a lock that it takes.</summary>
    public bool CancelAndWait()
    {
        var wasQueued = false;
        while (Wheel is { } wheel && !wheel.TryRemove(this, out wasQueued))
            Cpu.Relax();
        return wasQueued;
    }

    internal void Fire() => _callback(this);

    internal readonly struct InSlot : ILinksOf<Timer>
    {
        public static ref Links<Timer> Of(Timer item) => ref item._links;
    }
}
