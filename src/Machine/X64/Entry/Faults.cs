// Page faults and broken invariants. A fault of kernel code on user memory is legal only in the user copy routines; any other
// fault in the kernel is reported through KernelEntry.KernelFault, which does not return.
// Contexts: Interrupts off at entry; PageFault of the kernel is called with interrupts as they were at the access.
using System.Runtime;
using Internal.Runtime;

namespace Jiffy.Machine;

internal static unsafe class Faults
{
    private const ulong WasPresent = 1 << 0, WasWrite = 1 << 1, ReservedBit = 1 << 3, WasFetch = 1 << 4;
    private const ulong NullEnd = 4096;

    internal static void UserPageFault(ulong address, ulong error)
    {
        Instructions.EnableInterrupts();
        KernelEntry.Instance.PageFault(address, AccessOf(error), (error & WasPresent) != 0, fromUser: true);
        Instructions.ClearInterrupts();
    }

    internal static void KernelPageFault(ulong address, KernelRegisters* registers)
    {
        var fixup = UserFixup.Find(registers->Rip);
        if (fixup == null || address >= UserMemory.Limit || (registers->Error & ReservedBit) != 0)
        {
            Report(KindOf(address), address, registers);
            return;
        }
        if (fixup->FailsAtOnce != 0 || !TryRepair(address, registers))
            registers->Rip = fixup->Target;
    }

    private static bool TryRepair(ulong address, KernelRegisters* registers)
    {
        var wereOn = (registers->Rflags & Instructions.InterruptFlag) != 0;
        Cpu.RestoreInterrupts(wereOn);
        var repaired = KernelEntry.Instance.PageFault(address, AccessOf(registers->Error), (registers->Error & WasPresent) != 0, fromUser: false);
        Instructions.ClearInterrupts();
        return repaired;
    }

    private static FaultAccess AccessOf(ulong error) =>
        (error & WasFetch) != 0 ? FaultAccess.Execute : (error & WasWrite) != 0 ? FaultAccess.Write : FaultAccess.Read;

    private static KernelFaultKind KindOf(ulong address) =>
        address < NullEnd ? KernelFaultKind.NullReference
        : OverflowOf(address) ?? KernelFaultKind.BadAddress;

    private static KernelFaultKind? OverflowOf(ulong address)
    {
        if (Cpu.Current.IsStackOverflow(address))
            return KernelFaultKind.StackOverflow;
        return KernelStacks.IsOverflow(CpuArea.Here->InterruptStack, address) ? KernelFaultKind.InterruptStackOverflow : null;
    }

    /// <summary>An exception in kernel code.</summary>
    internal static void KernelException(uint vector, KernelRegisters* registers)
    {
        if (vector == Vectors.Debug)
            return;
        var kind = vector switch
        {
            Vectors.DivideError => KernelFaultKind.DivideByZero,
            Vectors.InvalidOpcode => KernelFaultKind.InvalidOpcode,
            Vectors.GeneralProtection => KernelFaultKind.GeneralProtection,
            _ => KernelFaultKind.Other,
        };
        Report(kind, registers->Rip, registers);
    }

    /// <summary>Double fault or machine check, on a stack of its own. A double fault at a stack's guard area is an overflow.</summary>
    [RuntimeExport("machine_abort")]
    private static void Abort(uint vector, KernelRegisters* registers)
    {
        var address = Instructions.ReadCr2();
        if (vector == Vectors.MachineCheck)
            Report(KernelFaultKind.MachineCheck, registers->Rip, registers);
        else
            Report(OverflowOf(address) ?? KernelFaultKind.DoubleFault, address, registers);
    }

    /// <summary>What the core library calls where .NET would throw.</summary>
    internal static void Raised(FaultKind kind, string? message)
    {
        var registers = default(KernelRegisters);
        Backtrace.CaptureRegisters(&registers);
        registers.Rflags = Cpu.InterruptsOn ? Instructions.InterruptFlag : 0;
        Report(KindOf(kind), 0, &registers);
    }

    private static KernelFaultKind KindOf(FaultKind kind) => kind switch
    {
        FaultKind.NullReference => KernelFaultKind.NullReference,
        FaultKind.IndexOutOfRange => KernelFaultKind.IndexOutOfRange,
        FaultKind.DivideByZero => KernelFaultKind.DivideByZero,
        FaultKind.Overflow => KernelFaultKind.Overflow,
        FaultKind.InvalidCast => KernelFaultKind.InvalidCast,
        FaultKind.ArrayTypeMismatch => KernelFaultKind.ArrayTypeMismatch,
        FaultKind.OutOfHeap => KernelFaultKind.OutOfHeap,
        FaultKind.Assertion => KernelFaultKind.Assertion,
        _ => KernelFaultKind.Other,
    };

    private static void Report(KernelFaultKind kind, ulong address, KernelRegisters* registers)
    {
        KernelEntry.Instance.KernelFault(kind, address, ref *registers);
        Instructions.Halt();
    }
}
