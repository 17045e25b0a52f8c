// Virtual time and what will happen in it. Time passes a little with each step, and jumps to the next event when no CPU
// has anything to do.
using System;
using System.Collections.Generic;

namespace Jiffy.Machine.Sim;

public sealed partial class SimMachine
{
    private readonly PriorityQueue<Action, (long At, long Order)> _events = new();
    private long _now, _nextEvent, _timeLimit, _order;

    /// <summary>Virtual nanoseconds since the machine was switched on.</summary>
    public long Now => _now;

    /// <summary>Lets the outside world act at a time to come: type, raise an interrupt.</summary>
    public void At(long nanoseconds, Action action)
    {
        _events.Enqueue(action, (nanoseconds, _order++));
        FindNextEvent();
    }

    /// <summary>Lets time go to the next event at once, if there is one; it comes with the next step. For a test's preparations.</summary>
    public void PassTime()
    {
        if (_nextEvent != long.MaxValue)
            _now = Math.Max(_now, _nextEvent);
    }

    internal void SetAlarm(SimCpu cpu, long deadline)
    {
        cpu.Alarm = deadline;
        FindNextEvent();
    }

    private void ResetTime()
    {
        _events.Clear();
        _now = 0;
        _nextEvent = long.MaxValue;
        _timeLimit = long.MaxValue;
        _order = 0;
        _epoch = 0;
        _barren = _barrenJumps = _inARow = 0;
        _resumedSpinner = null;
    }

    private void FindNextEvent()
    {
        var next = _events.TryPeek(out _, out var first) ? first.At : long.MaxValue;
        foreach (var cpu in _cpus)
            next = Math.Min(next, cpu.Alarm);
        _nextEvent = next;
    }

    private void RunEvents()
    {
        foreach (var cpu in _cpus)
        {
            if (cpu.Alarm > _now)
                continue;
            cpu.Alarm = long.MaxValue;
            cpu.Pending |= PendingInterrupts.Timer;
        }
        while (_events.TryPeek(out var action, out var first) && first.At <= _now)
        {
            _events.Dequeue();
            action();
        }
        FindNextEvent();
    }
}
