// The doors through which the machine enters the kernel. The kernel has one sealed subclass, handed to the
// machine at start-up; calls to it are direct after whole-program compilation.
namespace Jiffy.Machine;

public enum FaultAccess { Read, Write, Execute }

/// <summary>What user code did wrong, apart from page faults.</summary>
public enum UserException
{
    DivideError, Debug, Breakpoint, Overflow, BoundRange, InvalidOpcode, StackSegment,
    GeneralProtection, FloatingPoint, AlignmentCheck, SimdFloatingPoint, NonCanonicalAddress,
}

/// <summary>How kernel code broke an invariant.</summary>
public enum KernelFaultKind
{
    NullReference, IndexOutOfRange, DivideByZero, Overflow, InvalidCast, ArrayTypeMismatch, OutOfHeap,
    Assertion, BadAddress, StackOverflow, InterruptStackOverflow, DoubleFault, MachineCheck, InvalidOpcode, GeneralProtection, Other,
}

public abstract class KernelEntry
{
    /// <summary>Where the machine finds the kernel: set once by start-up code before the first entry.</summary>
    public static KernelEntry Instance = null!;

    /// <summary>First kernel code, on CPU 0's idle context, interrupts off. Does not return. No frame is taken from the kernel before this.</summary>
    public abstract void BootPrimary();

    /// <summary>Makes (at boot, on CPU 0) the idle context on which CPU <paramref name="cpu"/> will start. For CPU 0 before <see cref="BootPrimary"/>. The machine gives
    /// it a stack if it has none.</summary>
    public abstract TaskContext CreateIdle(int cpu);

    /// <summary>First kernel code of another CPU, on its idle context, interrupts off. Does not return.</summary>
    public abstract void BootSecondary();

    /// <summary>
    /// First code of a new context after its first switch, interrupts off; <paramref name="previous"/> is the context switched
    /// from. Must finish the switch. When it returns, the machine goes to user mode with the context's user registers.
    /// </summary>
    public abstract void StartTask(TaskContext previous, TaskContext self);

    /// <summary>A system call: number and arguments in <paramref name="user"/>; interrupts on. The result goes into Rax.</summary>
    public abstract void SystemCall(ref UserRegisters user);

    /// <summary>
    /// The last thing before user mode, interrupts off at entry and at return: signals, reschedule, task work.
    /// Called after each system call, interrupt and exception from user mode; a machine may leave it out while the context's WorkFlags are zero.
    /// </summary>
    public abstract void ReturnToUser(ref UserRegisters user);

    // Interrupts may run on a stack of the CPU's own: the outermost one changes to it, nested ones stay. Cpu.Current is the interrupted context all
    // the same. No context may be switched there; ReturnToKernel and ReturnToUser run on the context's own stack again.

    /// <summary>A device's interrupt line is active; interrupts off. The machine has acknowledged it already: the handler may turn interrupts on for softirqs.</summary>
    public abstract void DeviceInterrupt(InterruptLine line, bool fromUser);

    /// <summary>The alarm set by <see cref="Clock.SetAlarm"/> went off on this CPU; interrupts off.</summary>
    public abstract void TimerInterrupt(bool fromUser);

    /// <summary>Another CPU wants this one to look at its run queue; interrupts off.</summary>
    public abstract void RescheduleInterrupt();

    /// <summary>Another CPU put calls into this CPU's call list; interrupts off.</summary>
    public abstract void CallInterrupt();

    /// <summary>
    /// Last thing of an interrupt that hit kernel code whose interrupts were on: the kernel's preemption point. Interrupts
    /// off at entry and at return.
    /// </summary>
    public abstract void ReturnToKernel();

    /// <summary>
    /// An access to a user address (below <see cref="UserMemory.Limit"/>) found no fitting page table entry. Interrupts as they were at the
    /// access; may sleep if they were on. <paramref name="fromUser"/>: user mode did it (then the address may also be a kernel one); else a user copy
    /// of the kernel's.
    /// </summary>
    /// <returns>True: try the access again (for user mode also when a signal is now pending). False: a user copy must fail.</returns>
    public abstract bool PageFault(ulong address, FaultAccess access, bool wasPresent, bool fromUser);

    /// <summary>User code raised an exception; interrupts on. Usually becomes a signal.</summary>
    public abstract void RaiseUserException(UserException kind, ulong address, ref UserRegisters user);

    /// <summary>Kernel code broke an invariant. Reports; ends the task or panics. Does not return.</summary>
    public abstract void KernelFault(KernelFaultKind kind, ulong address, ref KernelRegisters registers);

    /// <summary>A zeroed frame for a page table or a kernel stack. Any context where frames may be taken without sleeping.</summary>
    public abstract bool TryTakeFrame(out FrameNumber frame);

    /// <summary>Gives back what <see cref="TryTakeFrame"/> gave.</summary>
    public abstract void GiveFrame(FrameNumber frame);

    /// <summary>A run of 2^order frames, for ever, for the object heap.</summary>
    public abstract bool TryTakeHeapFrames(int order, out FrameNumber first);
}
