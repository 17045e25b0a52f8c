// What the entry assembly calls: system calls, interrupts and exceptions, each from user mode or from the kernel.
// Contexts: interrupts off at entry and at return, except system calls (on).
using System.Runtime;

namespace Jiffy.Machine;

internal static unsafe class Traps
{
    [RuntimeExport("machine_system_call")]
    private static void SystemCall(UserRegisters* user) => KernelEntry.Instance.SystemCall(ref *user);

    [RuntimeExport("machine_return_to_user")]
    private static void ReturnToUser(UserRegisters* user)
    {
        // Nearly always there is no work: 21 instructions less on every way to user mode.
        if (System.Threading.Volatile.Read(ref Cpu.Current.WorkFlags) != 0)
            KernelEntry.Instance.ReturnToUser(ref *user);
    }

    /// <summary>User mode would go on at an address that no instruction can have; the processor would fault in the kernel.</summary>
    [RuntimeExport("machine_bad_return_address")]
    private static void BadReturnAddress(UserRegisters* user)
    {
        Instructions.EnableInterrupts();
        KernelEntry.Instance.RaiseUserException(UserException.NonCanonicalAddress, user->Rip, ref *user);
        Instructions.ClearInterrupts();
    }

    [RuntimeExport("machine_user_trap")]
    private static void UserTrap(uint vector, UserRegisters* user)
    {
        var error = (ulong)user->OriginalRax;
        user->OriginalRax = -1;
        if (vector == Vectors.PageFault)
            Faults.UserPageFault(Instructions.ReadCr2(), error);
        else
            UserFault(vector, user);
    }

    private static void UserFault(uint vector, UserRegisters* user)
    {
        Instructions.EnableInterrupts();
        KernelEntry.Instance.RaiseUserException(KindOf(vector), vector is Vectors.GeneralProtection or Vectors.StackSegment ? 0 : user->Rip, ref *user);
        Instructions.ClearInterrupts();
    }

    private static UserException KindOf(uint vector) => vector switch
    {
        Vectors.DivideError => UserException.DivideError,
        Vectors.Debug => UserException.Debug,
        Vectors.Breakpoint => UserException.Breakpoint,
        Vectors.Overflow => UserException.Overflow,
        Vectors.BoundRange => UserException.BoundRange,
        Vectors.InvalidOpcode => UserException.InvalidOpcode,
        Vectors.StackSegment => UserException.StackSegment,
        Vectors.FloatingPoint => UserException.FloatingPoint,
        Vectors.AlignmentCheck => UserException.AlignmentCheck,
        Vectors.SimdFloatingPoint => UserException.SimdFloatingPoint,
        _ => UserException.GeneralProtection,
    };

    [RuntimeExport("machine_kernel_trap")]
    private static void KernelTrap(uint vector, KernelRegisters* registers)
    {
        if (vector == Vectors.PageFault)
        {
            Faults.KernelPageFault(Instructions.ReadCr2(), registers);
            return;
        }
        Faults.KernelException(vector, registers);
    }

    /// <summary>On the interrupt stack.</summary>
    [RuntimeExport("machine_user_interrupt")]
    private static void UserInterrupt(uint vector, UserRegisters* user)
    {
        user->OriginalRax = -1;
        Interrupt(vector, null);
    }

    /// <summary>On the interrupt stack.</summary>
    [RuntimeExport("machine_kernel_interrupt")]
    private static void KernelInterrupt(uint vector, KernelRegisters* registers) => Interrupt(vector, registers);

    /// <summary>The end of an interrupt that came into a context's kernel code, on that context's stack again.</summary>
    [RuntimeExport("machine_return_to_kernel")]
    private static void ReturnToKernel() => KernelEntry.Instance.ReturnToKernel();

    // Acknowledged first: handlers run with interrupts off anyway, and may turn them on for softirqs before they return.
    private static void Interrupt(uint vector, KernelRegisters* kernel)
    {
        if (vector == Vectors.Spurious)
        {
            MachineInterrupts.Count(MachineInterrupt.Spurious);
            return;
        }
        LocalApic.Acknowledge();
        var area = CpuArea.Here;
        var outer = area->Interrupted;
        area->Interrupted = kernel;
        Serve(vector, fromUser: kernel == null);
        area->Interrupted = outer;
    }

    private static void Serve(uint vector, bool fromUser)
    {
        switch (vector)
        {
            case Vectors.Timer:
                Clock.TimerRang(fromUser);
                break;
            case Vectors.Broadcast:
                BroadcastAlarm.Rang(fromUser);
                break;
            case Vectors.Serial:
                KernelEntry.Instance.DeviceInterrupt(InterruptLine.Serial, fromUser);
                break;
            case Vectors.Reschedule:
                KernelEntry.Instance.RescheduleInterrupt();
                break;
            case Vectors.Call:
                KernelEntry.Instance.CallInterrupt();
                break;
            case Vectors.Shootdown:
                MachineInterrupts.Count(MachineInterrupt.Shootdown);
                TlbShootdown.Answer();
                break;
            default:
                MachineInterrupts.Count(MachineInterrupt.Unexpected);
                break;
        }
    }

    /// <summary>Where a new context begins.</summary>
    [RuntimeExport("machine_start_task")]
    private static void StartTask(nint previous)
    {
        var from = System.Runtime.CompilerServices.Unsafe.As<nint, TaskContext>(ref previous);
        KernelEntry.Instance.StartTask(from, Cpu.Current);
    }
}
