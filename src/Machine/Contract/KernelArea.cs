// Kernel memory of many pages that is contiguous for the kernel although its frames are not. The kernel chooses the place in a range of
// addresses of its own (Memory/KernelAreas.cs) and leaves at least one page free behind each area: an access there is a kernel fault,
// "bad address", and so is one to an area that was emptied. All address spaces see the same areas, readable and writable, not executable.
// Linux: vmalloc(), vfree().
using System;

namespace Jiffy.Machine;

/// <summary>A place of <see cref="PageCount"/> pages in the range; a value that names it. Default: none.</summary>
public readonly partial struct KernelArea
{
    /// <summary>The first page, counted from the range's start.</summary>
    public readonly int FirstPage;

    public readonly int PageCount;

    public KernelArea(int firstPage, int pageCount)
    {
        FirstPage = firstPage;
        PageCount = pageCount;
    }

    public bool IsNone => PageCount == 0;

    /// <summary>The address of the range's first page, for reports.</summary>
    public static partial ulong RangeStart { get; }

    public static partial int RangePages { get; }

    /// <summary>
    /// Takes a zeroed frame for each page from the kernel and maps it. Nothing else may lie in the place or in the page behind it. Any context where
    /// frames may be taken; does not sleep. Costs a frame and a walk of the tables for each page.
    /// </summary>
    /// <returns>False: out of frames; those taken were given back (tables of the range, shared by all, are kept for the next).</returns>
    public partial bool TryFill();

    /// <summary>
    /// Unmaps all pages, makes every CPU forget them, and then gives the frames back. Process context, interrupts on, no spin lock held: it waits for
    /// the other CPUs. Nobody may use the bytes any more.
    /// </summary>
    public partial void Empty();

    /// <summary>The bytes of a filled area. For items of other types without references: MemoryMarshal.Cast. Any context.</summary>
    public partial Span<byte> Bytes { get; }
}
