// An alarm on CPU time: due when a thread, or all threads of a process, have used that much. Interval timers, POSIX timers and sleeps on
// CPU-time clocks are made of it. The tick of the CPU that the thread runs on looks, from the exact run time; so an alarm is never early, and
// late by a tick at most for each CPU that the process runs on.
// Contexts: any; callbacks run in hardirq context with TaskTree.Lock held. Lock: TaskTree.Lock guards trees and deadlines; the tick's first look
// at Next is without it: an alarm that is just being set is seen by the following tick. Linux: struct cpu_timer, run_posix_cpu_timers().
using System;
using System.Diagnostics.CodeAnalysis;
using System.Threading;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Time;

internal sealed class CpuAlarm
{
    internal TreeLinks<CpuAlarm> Links;
    private readonly Action<CpuAlarm> _callback;
    private ThreadGroup? _process; // one of both while set: whose clock
    private Task? _thread;
    private bool _countsUser;

    /// <summary>Made with the pooled object it belongs to. <paramref name="callback"/>: a static lambda; the alarm is off when it runs.</summary>
    public CpuAlarm(Action<CpuAlarm> callback, object owner)
    {
        _callback = callback;
        Owner = owner;
    }

    public object Owner { get; }

    /// <summary>Nanoseconds on its clock.</summary>
    public long Deadline { get; private set; }

    public bool IsSet => Links.IsLinked;

    /// <summary>Sets it, or sets it anew, on a clock that exists. TaskTree.Lock held.</summary>
    public void Set(in CpuClock clock, long deadline)
    {
        Remove();
        Deadline = deadline > 0 ? deadline : 1;
        _process = clock.Process;
        _thread = clock.Thread;
        _countsUser = clock.CountsUser;
        Alarms.Insert(this, _countsUser);
    }

    /// <summary>Takes it off if it is on. TaskTree.Lock held.</summary>
    public void Remove()
    {
        if (!Links.IsLinked)
            return;
        Alarms.Remove(this, _countsUser);
        _process = null;
        _thread = null;
    }

    internal void Fire() => _callback(this);

    private ref CpuAlarms Alarms
    {
        get
        {
            if (_thread is not null)
                return ref _thread.CpuAlarms;
            return ref _process!.CpuAlarms;
        }
    }

    internal readonly struct ByDeadline : ITreeItem<CpuAlarm>
    {
        public static ref TreeLinks<CpuAlarm> Links(CpuAlarm item) => ref item.Links;

        public static int Compare(CpuAlarm a, CpuAlarm b) => a.Deadline.CompareTo(b.Deadline);

        public static bool IsAugmented => false;

        public static void Augment(CpuAlarm item, CpuAlarm? left, CpuAlarm? right)
        {
        }
    }
}

/// <summary>The alarms on the clocks of one thread or process.</summary>
internal struct CpuAlarms
{
    /// <summary>Callbacks per tick; the rest waits for the next one.</summary>
    private const int MostFired = 16;

    private RedBlackTree<CpuAlarm, CpuAlarm.ByDeadline> _total, _user;
    private long _nextTotal, _nextUser; // the first deadlines, zero: none

    public void Insert(CpuAlarm alarm, bool countsUser)
    {
        TreeOf(countsUser).Insert(alarm);
        Publish();
    }

    public void Remove(CpuAlarm alarm, bool countsUser)
    {
        TreeOf(countsUser).Remove(alarm);
        Publish();
    }

    /// <summary>True when an alarm seems due at these times. Any context, no lock.</summary>
    public readonly bool MayBeDue(in CpuClock total, in CpuClock user)
    {
        var next = Volatile.Read(in _nextTotal);
        if (next != 0 && next <= total.ReadInTick())
            return true;
        next = Volatile.Read(in _nextUser);
        return next != 0 && next <= user.ReadInTick();
    }

    /// <summary>Fires what is due. TaskTree.Lock held; hardirq.</summary>
    public void FireDue(in CpuClock total, in CpuClock user)
    {
        for (var fired = 0; fired < MostFired; fired++)
        {
            var alarm = _total.First is { } first && first.Deadline <= total.ReadInTick() ? first
                : _user.First is { } second && second.Deadline <= user.ReadInTick() ? second : null;
            if (alarm is null)
                return;
            alarm.Remove();
            alarm.Fire();
        }
    }

    /// <summary>The thread or process ends: nothing here will ever be due. TaskTree.Lock held.</summary>
    public void Clear()
    {
        while (_total.First is { } alarm)
            alarm.Remove();
        while (_user.First is { } alarm)
            alarm.Remove();
    }

    [UnscopedRef]
    private ref RedBlackTree<CpuAlarm, CpuAlarm.ByDeadline> TreeOf(bool countsUser)
    {
        if (countsUser)
            return ref _user;
        return ref _total;
    }

    private void Publish()
    {
        Volatile.Write(ref _nextTotal, _total.First?.Deadline ?? 0);
        Volatile.Write(ref _nextUser, _user.First?.Deadline ?? 0);
    }
}
