// One unit, given once, for which two tasks wait in turn, whatever the kernel calls it: a byte, room, an event, a connection. The shape that all
// blocking operations share, so that one harness interrupts each of them at every look for signals, and breaks each of them in every way.
using System;
using System.Collections.Generic;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Files;
using Jiffy.Tests.Sim.Kernel;
using Xunit;
using Task = Jiffy.Kernel.Tasks.Task;

namespace Jiffy.Tests.Sim.Wait;

internal abstract class UnitCase
{
    /// <summary>Who waits, to those operations that are not the same for all.</summary>
    protected const int Victim = 0, Other = 1;

    /// <summary>Rooms beyond the scheduler's. None: no files.</summary>
    public virtual void Boot()
    {
    }

    public virtual bool HasFiles => true;

    /// <summary>Makes what is waited for, without a unit in it. Does not sleep.</summary>
    public abstract void Make();

    /// <summary>Waits for the unit and takes it; or gives up, as the operation does when a signal comes.</summary>
    public abstract Errno Take(int who);

    public abstract void Give();

    /// <summary>Lets go of what <see cref="Make"/> has made.</summary>
    public abstract void End();
}

/// <summary>How a case is run. What its victim finds out is left here.</summary>
internal sealed class UnitRun
{
    private readonly UnitCase _case;
    private readonly SimMachine _machine;
    private readonly SmallCase? _small;
    private readonly Dictionary<string, int> _used = new();
    private Errno _result;
    private int _left = 3, _takers = 2;

    /// <param name="subject">The case, as new.</param>
    /// <param name="machine">As new.</param>
    /// <param name="isSmall">Only what the three tasks do is up to the schedule.</param>
    public UnitRun(UnitCase subject, SimMachine machine, bool isSmall)
    {
        _case = subject;
        _machine = machine;
        _small = isSmall ? new SmallCase(machine) : null;
    }

    /// <summary>The victim's look for signals that finds one; 0: none.</summary>
    public int Nth { get; init; }

    /// <summary>A signal comes also while it sleeps.</summary>
    public bool Signals { get; init; }

    /// <summary>It tries again when it is interrupted, as a restarted call does; else it goes, and the unit must come to the other.</summary>
    public bool Restarts { get; init; }

    /// <summary>The victim has looked so often.</summary>
    public bool WasReached { get; private set; }

    public void Run()
    {
        var kernel = _case.HasFiles ? FilesKernel.Start(_machine) : new SchedulerKernel(_machine);
        kernel.OnBoot += _case.Boot;
        kernel.OnBoot += CountObjects;
        kernel.OnBoot += _case.Make;
        var victim = kernel.Spawn("victim", Part(BeVictim), On(0));
        kernel.Spawn("other", Part(BeOther), On(1));
        kernel.Spawn("giver", Part(() => Give(victim)), On(1));
        kernel.RunAll();
        if (_result is not (Errno.None or Errno.ERESTARTSYS or Errno.ERESTARTNOHAND or Errno.EINTR))
            _machine.Fail($"the victim's result is {_result}");
        if (_result != Errno.None && !WasReached && !Signals)
            _machine.Fail($"{_result} without a signal");
        AssertNothingLeft();
    }

    private Action Part(Action body) => _small?.Part(body) ?? body;

    private CpuSet? On(int cpu) => _small is null ? null : CpuSet.Of(cpu);

    private void BeVictim()
    {
        var current = Task.Current;
        FaultInjection.Interrupt(current, Nth);
        do
        {
            _result = _case.Take(0);
            if (current.State != TaskState.Running)
                _machine.Fail($"the victim goes on in state {current.State}");
            if (FaultInjection.HasInterrupted || _result == Errno.None)
                WorkFlag.Clear(current, WorkFlag.SignalPending);
            if (current.OwnWait.IsQueued)
                _machine.Fail("the victim is still on a queue");
        }
        while (Restarts && _result != Errno.None);

        WasReached = Nth != 0 && FaultInjection.HasInterrupted;
        FaultInjection.Interrupt(current, 0);
        EndTaker(_result);
    }

    private void BeOther()
    {
        var result = _case.Take(1);
        if (result != Errno.None)
            _machine.Fail($"the other's result is {result}");
        EndTaker(result);
    }

    // The unit goes on to the other of the two.
    private void EndTaker(Errno result)
    {
        if (--_takers > 0 && result == Errno.None)
            _case.Give();
        EndPart();
    }

    private void Give(Task victim)
    {
        if (Signals)
        {
            WorkFlag.Set(victim, WorkFlag.SignalPending);
            Scheduler.TryToWakeUp(victim, TaskState.Interruptible);
        }

        _case.Give();
        EndPart();
    }

    private void EndPart()
    {
        if (--_left == 0)
            _case.End();
    }

    private void CountObjects()
    {
        for (var pool = PoolRegistry.First; pool is not null; pool = pool.Next)
            _used[pool.Name] = pool.Used;
    }

    private void AssertNothingLeft()
    {
        for (var pool = PoolRegistry.First; pool is not null; pool = pool.Next)
        {
            if (pool.Used != _used.GetValueOrDefault(pool.Name))
                _machine.Fail($"{pool.Name}: {pool.Used} objects in use, {_used.GetValueOrDefault(pool.Name)} before");
        }
    }
}
