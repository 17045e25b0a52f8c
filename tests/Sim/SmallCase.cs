// A case small enough for all its schedules: the machine is calm until a part is ready on each CPU, and again when the last part has ended,
// so that the schedule decides nothing but what is between. Make it before the kernel; the parts are tasks' bodies, each tied to its CPU.
using System;
using Jiffy.Kernel.Sched;
using Jiffy.Machine;
using Jiffy.Machine.Sim;

namespace Jiffy.Tests.Sim;

internal sealed class SmallCase
{
    private readonly SimMachine _machine;
    private readonly ulong _cpus;
    private ulong _ready;
    private int _left;
    private bool _hasBegun;

    public SmallCase(SimMachine machine)
    {
        _machine = machine;
        _cpus = (1UL << machine.Options.Cpus) - 1;
        machine.IsCalm = true;
    }

    /// <summary>Runs on CPU 0 when every CPU has a part that is ready, calmly, just before they start.</summary>
    public Action? Prepare { get; set; }

    /// <summary>A part, which starts when every CPU has one that is ready; a second one on a CPU starts when the first lets it.</summary>
    public Action Part(Action body)
    {
        _left++;
        return () =>
        {
            Arrive();
            body();
            EndPart();
        };
    }

    /// <summary>Something that is no task belongs to the case, a handler perhaps, and calls <see cref="EndPart"/> once.</summary>
    public void AddPart() => _left++;

    public void EndPart()
    {
        if (--_left == 0)
            _machine.IsCalm = true;
    }

    /// <summary>
    /// Interrupts stay off on the CPUs with a bit here when they are ready, until their parts switch them on: for two interrupts at once.
    /// </summary>
    public ulong InterruptsOffOn { get; init; }

    private void Arrive()
    {
        if ((InterruptsOffOn >> Cpu.Id & 1) != 0 && !_hasBegun)
            Cpu.DisableInterrupts();
        _ready |= 1UL << Cpu.Id;
        if (Cpu.Id == 0 && !_hasBegun)
        {
            while (_ready != _cpus)
                Cpu.Relax();
            Preemption.Disable(); // who is woken by the preparations has to wait
            Prepare?.Invoke();
            Cpu.Relax(); // now the others take what the preparations have brought them
            Cpu.Relax();
            _hasBegun = true;
            _machine.IsCalm = false;
            Preemption.Enable();
        }

        while (!_hasBegun)
            Cpu.Relax();
    }

    /// <summary>For <see cref="Prepare"/>: interrupts go off on this CPU and time to the next event, whose interrupt is then pending.</summary>
    public void HoldNextInterrupt()
    {
        Cpu.DisableInterrupts();
        _machine.PassTime();
    }
}
