// The first C# code: makes the language work (heap, statics, fault hook), then hands over.
// Contexts: CPU 0, interrupts off, on the boot stack and the boot page tables.
using System;
using System.Runtime;
using Internal.Runtime;

namespace Jiffy.Machine;

internal static unsafe class BootEntry
{
    private const ulong BootHeapBytes = 4 << 20;

    [RuntimeExport("jiffy_boot")]
    private static void Boot(ulong startInfoAddress)
    {
        FaultHook.Handler = &EarlyFault;
        Heap.Initialize(Linker.KernelEnd(), BootHeapBytes);
        StaticInit.Run(Linker.ModulesStart(), Linker.ModulesEnd());

        var commandLine = CommandLineOf(startInfoAddress);
        if (MemoryExtensions.IndexOf(commandLine, "selftest=lang"u8) >= 0)
            LanguageTests.RunAndExit();
        EarlyConsole.WriteLine("Hello from C#.");
        EmulatorExit.Leave(0);
    }

    // hvm_start_info: at 24 the physical address of the command line, NUL-terminated.
    private static ReadOnlySpan<byte> CommandLineOf(ulong startInfoAddress)
    {
        var text = *(byte**)(startInfoAddress + 24);
        if (text == null)
            return default;
        var length = 0;
        while (length < 2047 && text[length] != 0)
            length++;
        return new ReadOnlySpan<byte>(text, length);
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
