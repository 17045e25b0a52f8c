// Which CPU takes the next observable step. Every contract call that another CPU or an interrupt could see passes
// through Point: there the schedule may let another CPU go on, and pending interrupts may arrive.
// A CPU that spins is passed over until another one has moved; when nobody but spinners and halted CPUs is left and
// no event is to come, the machine has found a deadlock.
using System;
using System.Numerics;

namespace Jiffy.Machine.Sim;

public sealed partial class SimMachine
{
    /// <summary>Own steps after a spin up to which a CPU still counts as being in its spinning loop.</summary>
    private const int SpinLoopPoints = 8;

    /// <summary>Steps per CPU without anyone leaving a spinning loop after which time jumps, or a deadlock is declared.</summary>
    private const int BarrenStepsPerCpu = 64;

    private const int MostBarrenJumps = 2000;

    /// <summary>Steps one CPU may take in a row while others could; then the next one has its turn, whatever the schedule wants.</summary>
    private const int MostStepsInARow = 1000;

    private long _epoch;
    private int _inARow;
    private int _barren, _barrenJumps;

    /// <summary>The CPU that the schedule let go on in its spinning loop, in place of one that could; null when it has taken a step since.</summary>
    private SimCpu? _resumedSpinner;

    /// <summary>An observable step of the calling stack. Nothing on a thread that belongs to no machine.</summary>
    internal static void Point(PointKind kind, long detail = 0)
    {
        if (Fiber.Running is { } fiber)
            fiber.Machine.Step(fiber, kind, detail);
    }

    /// <summary>A step in a loop that waits for another CPU.</summary>
    internal static void Spin()
    {
        if (Fiber.Running is not { } fiber)
            return;
        var machine = fiber.Machine;
        fiber.Cpu.PointsSinceSpin = 0;
        fiber.Cpu.SpunAtEpoch = machine._epoch;
        if (machine._resumedSpinner == fiber.Cpu)
            machine.Schedule.PreemptedInVain();
        machine.Step(fiber, PointKind.Relax, 0);
    }

    private void Step(Fiber fiber, PointKind kind, long detail)
    {
        var cpu = fiber.Cpu;
        Count(cpu, kind, detail);
        if (_now >= _nextEvent)
            RunEvents();
        if (_now >= _timeLimit)
            GoToHost(fiber, RunResult.TimeUp);
        var next = PickNext(cpu);
        if (next != cpu)
            fiber.HandOverTo(next.Running!);
        if (cpu.IsStopped)
            StayStopped(fiber);
        if (cpu.InterruptsOn && cpu.Pending != 0)
            OfferInterrupt(fiber);
    }

    private void Count(SimCpu cpu, PointKind kind, long detail)
    {
        _now += kind == PointKind.User ? Options.UserStepNanoseconds : Options.StepNanoseconds;
        _resumedSpinner = null;
        if (MayLeap(cpu, kind) && Schedule.LeapToNextEvent())
            _now = _nextEvent;
        _trace.Add(cpu, kind, _now, detail);
        if (kind != PointKind.Relax)
        {
            cpu.PointsSinceSpin++;
            _epoch++;
        }
        if (cpu.PointsSinceSpin > SpinLoopPoints)
            _barren = _barrenJumps = 0;
        else if (++_barren > BarrenStepsPerCpu * _cpus.Length)
            LeaveBarrenTime();
        if (_trace.Count > Options.MaxSteps)
            Fail($"livelock: {_trace.Count} steps without an end");
    }

    // When the last CPU halts, time goes to the next event anyway.
    private bool MayLeap(SimCpu cpu, PointKind kind)
    {
        if (_nextEvent == long.MaxValue || _nextEvent <= _now || !Options.TimeLeaps || IsCalm)
            return false;
        if (kind != PointKind.Halt || cpu.Pending != 0)
            return true;
        foreach (var other in _cpus)
        {
            if (other != cpu && other.CanRun)
                return true;
        }
        return false;
    }

    /// <summary>Everyone spins or halts: only an event can help.</summary>
    private void LeaveBarrenTime()
    {
        _barren = 0;
        if (_nextEvent == long.MaxValue && !AnyInterruptCanArrive())
            Fail("deadlock: every CPU spins or halts, and no event is to come");
        if (++_barrenJumps > MostBarrenJumps)
            Fail("livelock: CPUs spin while time goes by and nothing changes");
        if (_nextEvent != long.MaxValue)
            _now = Math.Max(_now, _nextEvent);
    }

    private bool AnyInterruptCanArrive()
    {
        foreach (var cpu in _cpus)
        {
            if (cpu.CanRun && cpu.InterruptsOn && cpu.Pending != 0)
                return true;
        }
        return false;
    }

    /// <summary>Decides who goes on after a step of <paramref name="cpu"/>, which can go on itself.</summary>
    private SimCpu PickNext(SimCpu cpu)
    {
        if (_cpus.Length == 1)
            return cpu;
        var candidates = Candidates();
        var mine = 1UL << cpu.Id;
        if (candidates == mine)
            return cpu;
        if (candidates == 0)
            return NextInTurn(cpu.Id)!;
        if (IsCalm && (candidates & mine) != 0)
            return cpu;
        if (++_inARow > MostStepsInARow)
        {
            _inARow = 0;
            return NextInTurn(cpu.Id)!;
        }
        if (IsCalm)
            return _cpus[BitOperations.TrailingZeroCount(candidates)];
        var current = (candidates & mine) != 0 ? cpu.Id : -1;
        var next = _cpus[Schedule.PickCpu(current, candidates)];
        if (next != cpu)
            _inARow = 0;
        if (next != cpu && current >= 0 && next.PointsSinceSpin == 0)
            _resumedSpinner = next;
        return next;
    }

    /// <summary>Decides who goes on when <paramref name="current"/> cannot; null when nobody can.</summary>
    private SimCpu? PickOther()
    {
        var candidates = Candidates();
        if (candidates == 0)
            return NextInTurn(_cpus.Length - 1);
        if (IsCalm || BitOperations.IsPow2(candidates))
            return _cpus[BitOperations.TrailingZeroCount(candidates)];
        return _cpus[Schedule.PickCpu(-1, candidates)];
    }

    private ulong Candidates()
    {
        ulong set = 0;
        foreach (var cpu in _cpus)
        {
            if (cpu.CanRun && cpu.SpunAtEpoch != _epoch)
                set |= 1UL << cpu.Id;
        }
        return set;
    }

    /// <summary>Round robin, whatever the schedule wants: when all spin, one of them may see what the others did without a step.</summary>
    private SimCpu? NextInTurn(int after)
    {
        for (var i = 1; i <= _cpus.Length; i++)
        {
            var cpu = _cpus[(after + i) % _cpus.Length];
            if (cpu.CanRun)
                return cpu;
        }
        return null;
    }

    /// <summary>The CPU halts until an interrupt is pending for it, which is taken before this returns.</summary>
    internal void Halt(Fiber fiber)
    {
        var cpu = fiber.Cpu;
        Count(cpu, PointKind.Halt, 0);
        cpu.InterruptsOn = true;
        if (_now >= _nextEvent)
            RunEvents();
        cpu.IsHalted = true;
        cpu.PointsSinceSpin = int.MaxValue / 2;
        while (cpu.Pending == 0)
            LetOthersRun(fiber);
        cpu.IsHalted = false;
        TakeInterrupt(fiber);
    }

    /// <summary>The calling CPU cannot go on: another one does, or time jumps to the next event, or the host takes over.</summary>
    private void LetOthersRun(Fiber fiber)
    {
        var next = PickOther();
        if (next is not null && next != fiber.Cpu)
            fiber.HandOverTo(next.Running!);
        else if (next is null && !JumpToNextEvent())
            GoToHost(fiber, ResultWhenIdle());
        if (fiber.Cpu.IsStopped)
            StayStopped(fiber);
    }

    private bool JumpToNextEvent()
    {
        if (_nextEvent == long.MaxValue || _nextEvent > _timeLimit)
            return false;
        _now = Math.Max(_now, _nextEvent);
        RunEvents();
        return true;
    }

    private RunResult ResultWhenIdle()
    {
        if (_nextEvent == long.MaxValue)
            return RunResult.Quiescent;
        _now = Math.Max(_now, _timeLimit);
        return RunResult.TimeUp;
    }

    private void GoToHost(Fiber fiber, RunResult result)
    {
        _result = result;
        _barren = _barrenJumps = 0;
        fiber.HandOverTo(HostBaton);
    }

    /// <summary>The CPU with which the host lets the machine go on; null when there is nothing to do.</summary>
    private SimCpu? NextCpuForHost()
    {
        while (true)
        {
            if (_now >= _nextEvent)
                RunEvents();
            if (PickOther() is { } cpu)
                return cpu;
            if (!JumpToNextEvent())
            {
                _result = ResultWhenIdle();
                return null;
            }
        }
    }

    /// <summary>Stops every CPU but the caller's.</summary>
    internal void StopOthers(Fiber fiber)
    {
        foreach (var cpu in _cpus)
            cpu.IsStopped |= cpu != fiber.Cpu;
        Step(fiber, PointKind.Interleave, 0);
    }

    private void StayStopped(Fiber fiber)
    {
        while (true)
        {
            var next = PickOther();
            if (next is not null)
                fiber.HandOverTo(next.Running!);
            else
                GoToHost(fiber, RunResult.Quiescent);
        }
    }

    /// <summary>The context switch: the CPU goes on with another stack.</summary>
    internal TaskContext Switch(Fiber fiber, TaskContext from, TaskContext to)
    {
        var cpu = fiber.Cpu;
        if (from != fiber.Context)
            Fail($"switch from {NameOf(from)}, which does not run here");
        if (cpu.InterruptsOn)
            Fail("context switch with interrupts on");
        if (cpu.Interrupts != 0)
            Fail("context switch before the end of an interrupt");
        Count(cpu, PointKind.Switch, 0);
        var next = to.Fiber ?? StartFiber(to);
        if (next == fiber)
            return fiber.Context;
        if (IsOnSomeCpu(next))
            Fail($"switch to {NameOf(to)}, which runs on another CPU");
        next.Cpu = cpu;
        next.Previous = fiber.Context;
        cpu.Running = next;
        fiber.HandOverTo(next);
        return fiber.Previous!;
    }

    private Fiber StartFiber(TaskContext context)
    {
        if (!context.IsPrepared)
            Fail($"switch to {NameOf(context)}, which has no start prepared");
        context.IsPrepared = false;
        return MakeFiber(context, FiberEntry.StartTask);
    }

    private bool IsOnSomeCpu(Fiber fiber)
    {
        foreach (var cpu in _cpus)
        {
            if (cpu.Running == fiber)
                return true;
        }
        return false;
    }
}
