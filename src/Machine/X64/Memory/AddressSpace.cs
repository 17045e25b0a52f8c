// Where things are in the kernel's half of the address space.
namespace Jiffy.Machine;

internal static unsafe class AddressSpace
{
    /// <summary>All physical memory, not executable.</summary>
    internal const ulong DirectMap = 0xffff_8880_0000_0000;

    /// <summary>Kernel stacks with their guard areas.</summary>
    internal const ulong Stacks = 0xffff_c900_0000_0000;
    internal const ulong StacksEnd = Stacks + (1UL << 37);

    /// <summary>Device registers, uncached.</summary>
    internal const ulong Devices = 0xffff_ca00_0000_0000;

    /// <summary>Areas whose frames lie anywhere, each followed by an unmapped page.</summary>
    internal const ulong Areas = 0xffff_cb00_0000_0000;
    internal const ulong AreasEnd = Areas + (1UL << 36);

    /// <summary>The image is linked this far above its physical address.</summary>
    internal const ulong Image = 0xffff_ffff_8000_0000;

    internal const int PageBytes = 4096;
    internal const ulong LargePage = 1UL << 21, GiantPage = 1UL << 30;

    internal static void* Direct(ulong physical) => (void*)(DirectMap + physical);

    internal static ulong RoundDown(ulong value, ulong unit) => value & ~(unit - 1);

    internal static ulong RoundUp(ulong value, ulong unit) => value + unit - 1 & ~(unit - 1);
}
