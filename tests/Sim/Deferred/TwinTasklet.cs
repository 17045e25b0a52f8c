// A tasklet in small, for two CPUs that serve their lists by themselves, with its rules broken one at a time.
using System;
using System.Collections.Generic;
using System.Threading;
using Jiffy.Machine;

namespace Jiffy.Tests.Sim.Deferred;

internal enum TaskletFault
{
    None,

    /// <summary>The pending flag is cleared after the handler: what is asked for while it runs is lost.</summary>
    ClearsLate,

    /// <summary>No running bit: two CPUs call the handler at once.</summary>
    NoRunningBit,

    /// <summary>Disabling does not wait for a run under way.</summary>
    DisableDoesNotWait,
}

internal sealed class TwinTasklet
{
    private readonly Action _handler;
    private readonly TaskletFault _fault;
    private readonly Queue<TwinTasklet>[] _lists = { new(), new() };
    private int _scheduled, _running, _disabled;

    public TwinTasklet(Action handler, TaskletFault fault)
    {
        _handler = handler;
        _fault = fault;
    }

    public void Schedule()
    {
        if (Interlocked.Exchange(ref _scheduled, 1) == 0)
            _lists[Cpu.Id].Enqueue(this); // no step in it: at once
        Cpu.Interleave();
    }

    public void Serve()
    {
        if (!_lists[Cpu.Id].TryDequeue(out _))
            return;
        if ((_fault != TaskletFault.NoRunningBit && Interlocked.Exchange(ref _running, 1) != 0) || !MayRun())
        {
            _lists[Cpu.Id].Enqueue(this);
            return;
        }

        if (_fault != TaskletFault.ClearsLate)
            Volatile.Write(ref _scheduled, 0);
        Cpu.Interleave();
        _handler();
        Cpu.Interleave();
        if (_fault == TaskletFault.ClearsLate)
            Volatile.Write(ref _scheduled, 0);
        Volatile.Write(ref _running, 0);
    }

    public void Disable()
    {
        Interlocked.Increment(ref _disabled);
        Cpu.Interleave();
        while (_fault != TaskletFault.DisableDoesNotWait && Volatile.Read(ref _running) != 0)
            Cpu.Relax();
    }

    public void Enable() => Interlocked.Decrement(ref _disabled);

    private bool MayRun()
    {
        Cpu.Interleave();
        if (Volatile.Read(ref _disabled) == 0)
            return true;
        Volatile.Write(ref _running, 0);
        return false;
    }
}
