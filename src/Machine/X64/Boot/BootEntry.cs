// The first C# code: makes the language work (heap, statics, fault hook), then hands over.
// Contexts: CPU 0, interrupts off, on the boot stack and the boot page tables.
using System.Runtime;
using Internal.Runtime;

namespace Jiffy.Machine;

internal static unsafe class BootEntry
{
    [RuntimeExport("jiffy_boot")]
    private static void Boot(ulong startInfoAddress)
    {
        FaultHook.Handler = &EarlyFault;
        Heap.Initialize(Linker.KernelEnd(), ImageLayout.BootHeapBytes);
        StaticInit.Run(Linker.ModulesStart(), Linker.ModulesEnd());

        Startup.Run(startInfoAddress);
    }

    private static void EarlyFault(FaultKind kind, string? message)
    {
        EarlyConsole.Write("kernel fault at start-up: kind ");
        EarlyConsole.Write((int)kind);
        EarlyConsole.Write(" ");
        EarlyConsole.WriteLine(message ?? "");
        EmulatorExit.Leave(EmulatorExit.Panic);
    }
}
