// User address spaces as the processor walks them. The kernel's own mappings are shared by all and not seen here.
// Locks: none inside; the caller's address-space lock guards changes. Tables are taken from the kernel's frames.
using System;

namespace Jiffy.Machine;

[Flags]
public enum PageFlags : uint
{
    None = 0,
    Present = 1 << 0,
    Writable = 1 << 1,
    Accessed = 1 << 5,
    Dirty = 1 << 6,

    /// <summary>Instructions may be fetched. (Stored inverted on hardware.)</summary>
    Executable = 1 << 8,

    /// <summary>Free for the kernel; hardware ignores it.</summary>
    Software1 = 1 << 9,
    Software2 = 1 << 10,
}

/// <summary>One user page's mapping. Default: nothing mapped.</summary>
public readonly struct PageEntry
{
    public readonly FrameNumber Frame;
    public readonly PageFlags Flags;

    public PageEntry(FrameNumber frame, PageFlags flags)
    {
        Frame = frame;
        Flags = flags;
    }

    public bool IsPresent => (Flags & PageFlags.Present) != 0;
    public bool IsWritable => (Flags & PageFlags.Writable) != 0;
}

/// <summary>A user page table. A value that names its root; <see cref="Root"/> none means no table.</summary>
public readonly partial struct PageTable
{
    public readonly FrameNumber Root;

    public PageTable(FrameNumber root) => Root = root;

    /// <summary>A new table with the kernel's half shared and an empty user half. False: out of frames.</summary>
    public static partial bool TryCreate(out PageTable table);

    /// <summary>Gives back all table frames. No user page may be mapped, and no CPU may use it.</summary>
    public partial void Destroy();

    /// <summary>How many frames the table itself takes; a snapshot while others change it, but it must not be destroyed meanwhile. Slow.</summary>
    public partial long CountFrames();

    /// <summary>Makes this CPU use the table; a none table means kernel mappings only.</summary>
    public partial void Activate();

    /// <summary>The entry of a page; default when there is none. <paramref name="address"/> is page aligned and user.</summary>
    public partial PageEntry Read(ulong address);

    /// <summary>Sets a page's entry, making tables as needed. Does not flush. False: out of frames for a table.</summary>
    public partial bool TryWrite(ulong address, PageEntry entry);

    /// <summary>
    /// Finds the first page in [<paramref name="address"/>, <paramref name="end"/>) that has an entry, skipping holes quickly. Entries that are not
    /// present but name a frame (pages of areas without any permission) are found, too. On true <paramref name="address"/> is that page.
    /// </summary>
    public partial bool TryFindPresent(ref ulong address, ulong end, out PageEntry entry);

    /// <summary>Replaces a page's entry (permissions or frame) or clears it with default; the page had an entry before, so tables exist. Does not flush.</summary>
    /// <returns>The entry as it was, with the accessed and dirty bits that the processor set.</returns>
    public partial PageEntry Exchange(ulong address, PageEntry entry);

    /// <summary>
    /// Forgets cached translations of [start, end) on this CPU and on all of <paramref name="cpus"/> before it returns. Preemption off is not needed;
    /// interrupts must be on unless <paramref name="cpus"/> holds no other CPU.
    /// </summary>
    public partial void Flush(CpuSet cpus, ulong start, ulong end);
}
