// Interrupts: raised at any time, taken by a CPU at an observable step while its interrupts are on. The handler runs on
// the interrupted fiber; where hardware has a stack of the CPU's own for it, here a switch of contexts before its end fails the run.
using System;
using System.Numerics;

namespace Jiffy.Machine.Sim;

public sealed partial class SimMachine
{
    /// <summary>Points for which a pending interrupt may be held back.</summary>
    private const int MostDeferrals = 32;

    /// <summary>Raises an interrupt on a CPU, as a device, another CPU or an injected disturbance would.</summary>
    public void Raise(int cpu, PendingInterrupts interrupt) => _cpus[cpu].Pending |= interrupt;

    /// <summary>Interrupts for flushes that a CPU took since it was switched on.</summary>
    internal long FlushInterruptsOf(int cpu) => cpu < _cpus.Length ? _cpus[cpu].FlushInterrupts : 0;

    internal void Send(Fiber fiber, int cpu, PendingInterrupts interrupt)
    {
        if ((uint)cpu >= (uint)_cpus.Length)
            Fail($"interrupt sent to CPU {cpu}, which does not exist");
        Raise(cpu, interrupt);
        Step(fiber, interrupt == PendingInterrupts.Call ? PointKind.SendCall : PointKind.SendReschedule, cpu);
    }

    private void OfferInterrupt(Fiber fiber)
    {
        var cpu = fiber.Cpu;
        if (cpu.Deferrals < MostDeferrals && !IsCalm && !Schedule.InterruptNow())
            cpu.Deferrals++;
        else
            TakeInterrupt(fiber);
    }

    /// <summary>Before a CPU's code ends: what was held back arrives now.</summary>
    private void TakePendingInterrupts(Fiber fiber)
    {
        while (fiber.Cpu.InterruptsOn && fiber.Cpu.Pending != 0)
            TakeInterrupt(fiber);
    }

    /// <summary>Runs one pending interrupt's handler, then the kernel's way out of it.</summary>
    private void TakeInterrupt(Fiber fiber)
    {
        var cpu = fiber.Cpu;
        cpu.Deferrals = 0;
        _resumedSpinner = null;
        cpu.InterruptsOn = false;
        var fromUser = fiber.Context.IsInUserMode;
        fiber.Context.IsInUserMode = false;
        var interrupt = (PendingInterrupts)(1 << BitOperations.TrailingZeroCount((int)cpu.Pending));
        cpu.Pending &= ~interrupt;
        _trace.Add(cpu, PointKind.Deliver, _now, (long)interrupt);
        cpu.Interrupts++;
        Handle(fiber, interrupt, fromUser);
        cpu.Interrupts--;
        if (fromUser)
            KernelEntry.Instance.ReturnToUser(ref fiber.Context.User);
        else
            KernelEntry.Instance.ReturnToKernel();
        fiber.Context.IsInUserMode = fromUser;
        fiber.Cpu.InterruptsOn = true; // the stack may have moved to another CPU meanwhile
    }

    private void Handle(Fiber fiber, PendingInterrupts interrupt, bool fromUser)
    {
        var kernel = KernelEntry.Instance;
        switch (interrupt)
        {
            case PendingInterrupts.Flush:
                fiber.Cpu.FlushInterrupts++;
                AnswerFlushes(fiber.Cpu);
                break;
            case PendingInterrupts.Call:
                kernel.CallInterrupt();
                break;
            case PendingInterrupts.Reschedule:
                kernel.RescheduleInterrupt();
                break;
            case PendingInterrupts.Timer:
                kernel.TimerInterrupt(fromUser);
                break;
            default:
                kernel.DeviceInterrupt(InterruptLine.Serial, fromUser);
                RaiseSerialIfActive();
                break;
        }
    }

    internal void SetInterrupts(Fiber fiber, bool on)
    {
        fiber.Cpu.InterruptsOn = on;
        Step(fiber, on ? PointKind.InterruptsOn : PointKind.InterruptsOff, 0);
    }
}
