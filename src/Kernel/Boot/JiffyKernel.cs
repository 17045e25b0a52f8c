// The kernel's side of the doors in KernelEntry: each forwards to the room that does the work.
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Syscalls;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Boot;

public sealed class JiffyKernel : KernelEntry
{
    public override void BootPrimary() => StartUp.Primary();

    public override TaskContext CreateIdle(int cpu) => Scheduler.CreateIdle(cpu);

    public override void BootSecondary() => StartUp.Secondary();

    public override void StartTask(TaskContext previous, TaskContext self) => TaskStart.Run((Task)previous, (Task)self);

    public override void SystemCall(ref UserRegisters user) => user.Rax = (ulong)SyscallTable.Dispatch(ref user);

    public override void ReturnToUser(ref UserRegisters user) => ReturnPath.ToUser(ref user);

    public override void DeviceInterrupt(InterruptLine line, bool fromUser) => Interrupts.Device(line, fromUser);

    public override void TimerInterrupt(bool fromUser) => Interrupts.Timer(fromUser);

    public override void RescheduleInterrupt() => Interrupts.Reschedule();

    public override void CallInterrupt() => Interrupts.Call();

    public override void ReturnToKernel() => Interrupts.ReturnToKernel();

    public override bool PageFault(ulong address, FaultAccess access, bool wasPresent, bool fromUser)
    {
        if (fromUser)
            SignalSender.NotePageFault(access, wasPresent);
        return MemoryFault.Handle(address, access, wasPresent, fromUser);
    }

    public override void RaiseUserException(UserException kind, ulong address, ref UserRegisters user) =>
        SignalSender.ForException(kind, address, ref user);

    public override void KernelFault(KernelFaultKind kind, ulong address, ref KernelRegisters registers) =>
        FaultReport.Handle(kind, address, ref registers);

    public override bool TryTakeFrame(out FrameNumber frame) => OutOfMemory.TryTakeClear(out frame);

    public override void GiveFrame(FrameNumber frame) => FrameAllocator.Give(frame);

    public override bool TryTakeHeapFrames(int order, out FrameNumber first) => FrameAllocator.TryTakeForEver(order, out first);
}
