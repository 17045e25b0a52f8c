// Sizes and limits of user address spaces.
using Jiffy.Kernel.Boot;
using Jiffy.Machine;

namespace Jiffy.Kernel.Memory;

public static class MemoryLayout
{
    public const ulong PageSize = Frames.Size;
    public const int PageShift = Frames.Shift;
    public const ulong PageMask = PageSize - 1;

    /// <summary>Below this nothing is mapped, so that null pointers fault. Linux: vm.mmap_min_addr.</summary>
    public const ulong MinAddress = 0x1_0000;

    /// <summary>Free space kept below a stack that grows. Linux: stack_guard_gap.</summary>
    public const ulong StackGuard = 256 * PageSize;

    /// <summary>The most areas a space may have. Linux: vm.max_map_count.</summary>
    public const int MaxAreas = 65530;

    /// <summary>Room for the stack below the end of user memory, from which mappings grow downwards: at least, at most.</summary>
    internal const ulong MinStackRoom = 128 << 20, MaxStackRoom = UserMemory.Limit / 6 * 5;

    public static ulong PageDown(ulong address) => address & ~PageMask;

    /// <summary>Wraps to zero for addresses in the last page there is: callers check.</summary>
    public static ulong PageUp(ulong address) => (address + PageMask) & ~PageMask;

    public static bool IsAligned(ulong address) => (address & PageMask) == 0;

    /// <summary>False when the kernel was started with <c>norandmaps</c>: then every run has the same addresses.</summary>
    public static bool Randomizes { get; private set; }

    public static void Init() => Randomizes = !CommandLine.Has("norandmaps"u8);

    /// <summary>A random multiple of the page size below 2^<paramref name="bits"/> pages; zero without randomisation.</summary>
    public static ulong RandomOffset(int bits) =>
        Randomizes ? (Entropy.Next() & ((1UL << bits) - 1)) << PageShift : 0;
}
