// A thread that belongs to no machine (a unit test's) counts as CPU 0 with interrupts of its own.
using System;
using System.Threading;
using Jiffy.Machine.Sim;

namespace Jiffy.Machine;

public static partial class Cpu
{
    [ThreadStatic] private static bool t_interruptsOff;
    [ThreadStatic] private static TaskContext? t_current;

    public static partial int Id => Fiber.Current?.Cpu.Id ?? 0;

    public static partial int Count => SimMachine.Current.Options.Cpus;

    public static partial TaskContext Current => Fiber.Current?.Context ?? (t_current ??= new UnitTestContext());

    public static partial bool InterruptsOn => Fiber.Current is { } fiber ? fiber.Cpu.InterruptsOn : !t_interruptsOff;

    /// <summary>Sets what <see cref="Current"/> is on a thread that belongs to no machine.</summary>
    public static void SetUnitTestCurrent(TaskContext context) => t_current = context;

    public static partial bool DisableInterrupts()
    {
        if (Fiber.Current is null)
        {
            var wereOnHere = !t_interruptsOff;
            t_interruptsOff = true;
            return wereOnHere;
        }
        if (Fiber.Running is not { } fiber)
            return false;
        SimMachine.Point(PointKind.InterruptsOff); // before: an interrupt may still come first
        var wereOn = fiber.Cpu.InterruptsOn;
        fiber.Cpu.InterruptsOn = false;
        return wereOn;
    }

    public static partial void RestoreInterrupts(bool wereOn)
    {
        if (Fiber.Current is null)
            t_interruptsOff = !wereOn;
        else if (Fiber.Running is { } fiber)
            fiber.Machine.SetInterrupts(fiber, wereOn);
    }

    public static partial void EnableInterrupts() => RestoreInterrupts(true);

    public static partial void Relax()
    {
        if (Fiber.Current is null)
            Thread.Yield();
        else
            SimMachine.Spin();
    }

    public static partial void Interleave() => SimMachine.Point(PointKind.Interleave);

    public static partial void WaitForInterrupt()
    {
        if (Fiber.Running is { } fiber)
            fiber.Machine.Halt(fiber);
    }

    public static partial void StartOthers()
    {
        if (Fiber.Running is { } fiber)
            fiber.Machine.StartOthers();
    }

    public static partial void SendReschedule(int cpu) => Send(cpu, PendingInterrupts.Reschedule);

    public static partial void SendCall(int cpu) => Send(cpu, PendingInterrupts.Call);

    public static partial void StopOthers()
    {
        if (Fiber.Running is { } fiber)
            fiber.Machine.StopOthers(fiber);
    }

    private static void Send(int cpu, PendingInterrupts interrupt)
    {
        if (Fiber.Running is { } fiber)
            fiber.Machine.Send(fiber, cpu, interrupt);
    }

    private sealed class UnitTestContext : TaskContext
    {
        public override string ToString() => "unit test";
    }
}
