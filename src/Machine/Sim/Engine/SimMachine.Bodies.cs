// The machine without a kernel: each CPU runs one piece of code to its end. For tests of locks and of the machine itself;
// nothing is left on any stack, so that a schedule costs little more than its steps.
using System;
using System.Runtime.CompilerServices;

namespace Jiffy.Machine.Sim;

public sealed partial class SimMachine
{
    /// <summary>Runs each body on a CPU of its own, interrupts on, until all have ended.</summary>
    /// <exception cref="SimFailureException">A body failed or never ended.</exception>
    public void RunBodies(params ReadOnlySpan<Action> bodies)
    {
        for (var i = 0; i < bodies.Length; i++)
        {
            StartCpu(_cpus[i], new BodyContext(i, bodies[i]), FiberEntry.Body);
            _cpus[i].InterruptsOn = true;
        }
        RunToQuiescence();
        foreach (var cpu in _cpus)
        {
            if (cpu.IsStarted)
                Fail($"deadlock: body {cpu.Id} halts and nothing is to come");
        }
    }

    /// <summary>False where only <see cref="NoKernel"/> answers: nobody gives out frames then.</summary>
    internal static bool HasKernel => KernelEntry.Instance is not (null or NoKernel);

    /// <summary>Before anything else in this assembly: unit tests of kernel classes need somebody to tell of broken invariants.</summary>
    [ModuleInitializer]
    internal static void InstallNoKernel() => KernelEntry.Instance = new NoKernel();

    /// <summary>Who has the baton after a stack ended.</summary>
    internal Baton BatonAfter(Fiber fiber)
    {
        if (_failure is not null || ExitStatus is not null)
            return HostBaton;
        fiber.Cpu.IsStarted = false;
        fiber.Cpu.Running = null;
        _epoch++;
        return NextCpuForHost()?.Running!.Baton ?? HostBaton;
    }

    private sealed class BodyContext : TaskContext
    {
        private readonly int _cpu;

        public BodyContext(int cpu, Action body)
        {
            _cpu = cpu;
            Body = body;
        }

        public Action Body { get; }

        public override string ToString() => $"body {_cpu}";
    }

    /// <summary>Takes interrupts and does nothing.</summary>
    public class NoKernel : KernelEntry
    {
        public override void BootPrimary() => throw new NotSupportedException();
        public override TaskContext CreateIdle(int cpu) => throw new NotSupportedException();
        public override void BootSecondary() => throw new NotSupportedException();
        public override void StartTask(TaskContext previous, TaskContext self) => throw new NotSupportedException();
        public override void SystemCall(ref UserRegisters user) => throw new NotSupportedException();
        public override void ReturnToUser(ref UserRegisters user) { }
        public override void DeviceInterrupt(InterruptLine line, bool fromUser) { }
        public override void TimerInterrupt(bool fromUser) { }
        public override void RescheduleInterrupt() { }
        public override void CallInterrupt() { }
        public override void ReturnToKernel() { }
        public override bool PageFault(ulong address, FaultAccess access, bool wasPresent, bool fromUser) => false;
        public override void RaiseUserException(UserException kind, ulong address, ref UserRegisters user) => throw new NotSupportedException();
        public override void KernelFault(KernelFaultKind kind, ulong address, ref KernelRegisters registers) =>
            throw new InvalidOperationException($"kernel fault: {kind}");
        public override bool TryTakeFrame(out FrameNumber frame) { frame = default; return false; }
        public override void GiveFrame(FrameNumber frame) { }
        public override bool TryTakeHeapFrames(int order, out FrameNumber first) { first = default; return false; }
    }
}
