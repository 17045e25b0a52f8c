// What must be true, said where it must be: a broken one is a kernel fault, in release builds too.
// Contexts: any. Linux: BUG_ON().
using System.Diagnostics.CodeAnalysis;
using Jiffy.Machine;

namespace Jiffy.Kernel.Observe;

public static class Invariant
{
    private const ulong InterruptFlag = 1 << 9;

    /// <summary>What the last broken invariant said; for the fault report.</summary>
    public static string? LastBroken { get; private set; }

    public static void That([DoesNotReturnIf(false)] bool condition, string what)
    {
        if (!condition)
            Fail(what);
    }

    /// <summary>Reports a kernel fault; ends the task or panics. Does not return.</summary>
    [DoesNotReturn]
    public static void Fail(string what)
    {
        LastBroken = what;
        var registers = default(KernelRegisters); // no place but the caller's: the report walks the stack it runs on
        registers.Rflags = Cpu.InterruptsOn ? InterruptFlag : 0;
        KernelEntry.Instance.KernelFault(KernelFaultKind.Assertion, 0, ref registers);
        while (true)
            Cpu.Relax();
    }
}
