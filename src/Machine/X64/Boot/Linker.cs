// Addresses that the linker script defines.
using System.Runtime;
using System.Runtime.CompilerServices;

namespace Jiffy.Machine;

internal static unsafe class Linker
{
    /// <summary>Virtual less physical address of the kernel image.</summary>
    internal const ulong KernelBase = 0xffff_ffff_8000_0000;

    [RuntimeImport("*", "modules_start"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void** ModulesStart();

    [RuntimeImport("*", "modules_end"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern void** ModulesEnd();

    /// <summary>Code: read and execute. Starts with the assembly functions that have no frame, <see cref="LeafStart"/> to <see cref="LeafEnd"/>.</summary>
    [RuntimeImport("*", "text_start"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern byte* TextStart();

    [RuntimeImport("*", "text_end"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern byte* TextEnd();

    [RuntimeImport("*", "leaf_start"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern byte* LeafStart();

    [RuntimeImport("*", "leaf_end"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern byte* LeafEnd();

    /// <summary>Constants: read only. Page aligned.</summary>
    [RuntimeImport("*", "rodata_start"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern byte* ConstantsStart();

    [RuntimeImport("*", "rodata_end"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern byte* ConstantsEnd();

    [RuntimeImport("*", "eh_frame_start"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern byte* UnwindTableStart();

    [RuntimeImport("*", "eh_frame_end"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern byte* UnwindTableEnd();

    /// <summary>Data: read and write, up to <see cref="SymbolsStart"/>. Page aligned.</summary>
    [RuntimeImport("*", "data_start"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern byte* DataStart();

    /// <summary>The symbol table: read only, page aligned.</summary>
    [RuntimeImport("*", "symbols_start"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern byte* SymbolsStart();

    [RuntimeImport("*", "symbols_end"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern byte* SymbolsEnd();

    /// <summary>Physical address where the image starts.</summary>
    [RuntimeImport("*", "kernel_start"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern ulong KernelStart();

    /// <summary>Virtual address of the first page after the image.</summary>
    [RuntimeImport("*", "kernel_end"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern byte* KernelEnd();

    [RuntimeImport("*", "boot_stack_address"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern byte* BootStack();

    [RuntimeImport("*", "boot_stack_top_address"), MethodImpl(MethodImplOptions.InternalCall)]
    internal static extern byte* BootStackTop();
}
