// Who called whom, for fault reports. Contexts: any, however broken.
using System;
using System.Runtime;
using System.Runtime.CompilerServices;

namespace Jiffy.Machine;

public static unsafe partial class Backtrace
{
    // The first address is the interrupted instruction; each further one lies within a call, so that it describes that call.
    public static partial int Walk(ref KernelRegisters from, Span<ulong> addresses)
    {
        var unwinder = new Unwinder(ref from);
        var count = 0;
        while (count < addresses.Length)
        {
            addresses[count++] = unwinder.Address;
            if (!unwinder.TryStep())
                break;
        }
        return count;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static partial int WalkHere(Span<ulong> addresses)
    {
        KernelRegisters here = default;
        CaptureRegisters(&here);
        var unwinder = new Unwinder(ref here);
        var count = 0;
        while (count < addresses.Length && unwinder.TryStep())
            addresses[count++] = unwinder.Address;
        return count;
    }

    public static partial int WalkInterrupted(Span<ulong> addresses)
    {
        var interrupted = CpuArea.Here->Interrupted;
        return interrupted == null ? 0 : Walk(ref *interrupted, addresses);
    }

    public static partial int WalkCpu(int cpu, Span<ulong> addresses) => StackSample.Take(cpu, addresses);

    public static partial bool TryDescribe(ulong address, out CodeLocation location) => SymbolTable.TryDescribe(address, out location);

    // Those that a callee preserves, and where the caller goes on.
    [RuntimeImport("*", "capture_registers"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void CaptureRegisters(KernelRegisters* to);
}
