// Where the parts of the kernel image lie (virtual addresses), and the boot heap behind it.
namespace Jiffy.Machine;

internal static unsafe class ImageLayout
{
    /// <summary>Memory for objects made before the kernel's frame allocator works; untouched parts cost nothing but address space.</summary>
    internal const ulong BootHeapBytes = 1 << 20;

    internal static ulong TextStart => (ulong)Linker.TextStart();
    internal static ulong TextEnd => (ulong)Linker.TextEnd();
    internal static ulong ConstantsStart => (ulong)Linker.ConstantsStart();
    internal static ulong ConstantsEnd => (ulong)Linker.ConstantsEnd();
    internal static ulong DataStart => (ulong)Linker.DataStart();
    internal static ulong SymbolsStart => (ulong)Linker.SymbolsStart();
    internal static ulong SymbolsEnd => (ulong)Linker.SymbolsEnd();
    internal static ulong ImageEnd => (ulong)Linker.KernelEnd();
    internal static ulong HeapEnd => ImageEnd + BootHeapBytes;

    /// <summary>Physical memory that image and boot heap take.</summary>
    internal static MemoryRange Physical => new(Linker.KernelStart(), HeapEnd - AddressSpace.Image);
}
