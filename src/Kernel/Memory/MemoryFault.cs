// Page faults: the way from the processor's exception to the address space, and from its answer to a signal or a failed copy.
// Contexts: process, with interrupts and preemption as they were at the access; where sleeping is not possible the copy fails.
// Linux: do_user_addr_fault(). man 7 signal: SIGSEGV, SIGBUS.
using Jiffy.Machine;

namespace Jiffy.Kernel.Memory;

public static class MemoryFault
{
    /// <summary>Serves a fault of the running task at a user address. See <see cref="KernelEntry.PageFault"/>.</summary>
    /// <returns>True: try again (a signal may be pending). False: the kernel's copy fails.</returns>
    public static bool Handle(ulong address, FaultAccess access, bool wasPresent, bool fromUser) => false;
}
