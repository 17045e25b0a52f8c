// Page faults: the way from the processor's exception to the address space, and from its answer to a signal or a failed copy.
// A fault that cannot be served because memory is exhausted ends the largest program and waits for its memory; the kernel goes on.
// Contexts: process, with interrupts and preemption as they were at the access; where sleeping is not possible the copy fails.
// Linux: do_user_addr_fault(). man 7 signal: SIGSEGV, SIGBUS.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Memory;

public static class MemoryFault
{
    private static PerCpu<long> s_counts;

    /// <summary>Faults served since boot on all CPUs; a snapshot.</summary>
    public static long Total
    {
        get
        {
            var sum = 0L;
            for (var cpu = 0; cpu < Cpu.Count; cpu++)
                sum += s_counts.Of(cpu);
            return sum;
        }
    }

    internal static void Init() => s_counts = PerCpu<long>.Create();

    /// <summary>Serves a fault of the running task at a user address. See <see cref="KernelEntry.PageFault"/>.</summary>
    /// <returns>True: try again (a signal may be pending). False: the kernel's copy fails.</returns>
    public static bool Handle(ulong address, FaultAccess access, bool wasPresent, bool fromUser)
    {
        var current = Task.Current;
        if (!fromUser && (current.PreemptCount != 0 || !Cpu.InterruptsOn))
            return false;
        if (current.Memory is not { } memory)
            return false;
        current.MinorFaults++;
        using (var count = s_counts.Get())
            count.Value++;
        FaultResult result;
        var tries = 0;
        do
            result = memory.ServeFault(address, access);
        while (result == FaultResult.OutOfMemory && OutOfMemory.TryRelieve(tries++));
        if (result == FaultResult.Done)
            return true;
        if (!fromUser)
            return false;
        Punish(result, address);
        return true;
    }

    private static void Punish(FaultResult result, ulong address)
    {
        switch (result)
        {
            case FaultResult.NotMapped:
                SignalSender.TellBadAccess(SignalNumber.SIGSEGV, address);
                SignalSender.ForceFault(SignalNumber.SIGSEGV, SignalCode.SEGV_MAPERR, address);
                break;
            case FaultResult.NotAllowed:
                SignalSender.TellBadAccess(SignalNumber.SIGSEGV, address);
                SignalSender.ForceFault(SignalNumber.SIGSEGV, SignalCode.SEGV_ACCERR, address);
                break;
            case FaultResult.BeyondFile:
                SignalSender.TellBadAccess(SignalNumber.SIGBUS, address);
                SignalSender.ForceFault(SignalNumber.SIGBUS, SignalCode.BUS_ADRERR, address);
                break;
            default:
                SignalSender.TellOutOfMemory();
                SignalSender.ForceFault(SignalNumber.SIGKILL, SignalCode.SI_KERNEL, address);
                break;
        }
    }
}
