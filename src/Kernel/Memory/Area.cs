// An area: a run of user pages with one protection and one source of contents.
// Pages come from nowhere (private anonymous: zeros), from an object that several spaces share (shared anonymous), or from a file.
// In a private area a page that was written is the space's own and marked so in the page table; HasAnonymous tells whether there
// may be any. Guard: all fields by the space's lock; objects are pooled. Linux: struct vm_area_struct.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Memory;

[Flags]
public enum AreaFlags : ushort
{
    None = 0,

    /// <summary>Writes are seen by all who map the same source.</summary>
    Shared = 1 << 0,

    /// <summary>A fault below it extends it downwards.</summary>
    GrowsDown = 1 << 1,

    /// <summary>Pages are present as long as they are mapped, and count for RLIMIT_MEMLOCK.</summary>
    Locked = 1 << 2,

    /// <summary>With Locked: pages come at their first use.</summary>
    LockOnFault = 1 << 3,

    NoReserve = 1 << 4,
    DontFork = 1 << 5,
    WipeOnFork = 1 << 6,
    DontDump = 1 << 7,

    /// <summary>The file's opening allows shared writing: mprotect may add PROT_WRITE.</summary>
    MayWrite = 1 << 8,

    /// <summary>The file's mount allows execution: mprotect may add PROT_EXEC.</summary>
    MayExecute = 1 << 9,
}

public sealed class Area
{
    internal static Pool<Area, Pooled> Pool = null!;

    internal ulong Start, End;
    internal Protection Protection;
    internal AreaFlags Flags;

    /// <summary>The file or shared object the pages come from, each with one user held; both null: private anonymous.</summary>
    internal OpenFile? File;
    internal SharedPages? Shared;

    /// <summary>Index of the first page within its source.</summary>
    internal long FirstPage;

    /// <summary>The space's own pages may be among the mapped ones.</summary>
    internal bool HasAnonymous;

    /// <summary>Free bytes below it, and the most that any area of the subtree below it has.</summary>
    internal ulong Gap, MaxGap;

    private TreeLinks<Area> _treeLinks;
    private Links<Area> _listLinks; // the pool's free list, or a list of areas to be released

    internal ulong Bytes => End - Start;
    internal long Pages => (long)((End - Start) >> MemoryLayout.PageShift);
    internal bool IsShared => (Flags & AreaFlags.Shared) != 0;
    internal bool IsLocked => (Flags & AreaFlags.Locked) != 0;
    internal bool GrowsDown => (Flags & AreaFlags.GrowsDown) != 0;
    internal bool HasNoSource => File is null && Shared is null;
    internal bool IsReadable => (Protection & (Protection.PROT_READ | Protection.PROT_WRITE | Protection.PROT_EXEC)) != 0;
    internal bool IsWritable => (Protection & Protection.PROT_WRITE) != 0;
    internal bool IsExecutable => (Protection & Protection.PROT_EXEC) != 0;

    /// <summary>Private and writable: every page may become one of the space's own.</summary>
    internal bool IsData => IsWritable && !IsShared && !GrowsDown;

    /// <summary>The lowest address that it needs free for itself: a growing stack keeps its distance.</summary>
    internal ulong GuardStart => !GrowsDown ? Start : Start > MemoryLayout.StackGuard ? Start - MemoryLayout.StackGuard : 0;

    internal long PageIndex(ulong address) => FirstPage + (long)((address - Start) >> MemoryLayout.PageShift);

    /// <summary>True when <paramref name="next"/> goes on where this ends, in every respect. An owner who counts areas is not told that there is one less.</summary>
    internal bool Joins(Area next) =>
        End == next.Start && Shared?.Owner is null && Protection == next.Protection && Flags == next.Flags && !GrowsDown
        && File == next.File && Shared == next.Shared && (HasNoSource || PageIndex(End) == next.FirstPage);

    /// <summary>Makes this, taken from the pool, describe [<paramref name="start"/>, <paramref name="end"/>) of <paramref name="other"/>, with its own users of the source.</summary>
    internal void CopyFrom(Area other, ulong start, ulong end)
    {
        Start = start;
        End = end;
        Protection = other.Protection;
        Flags = other.Flags;
        File = other.File;
        Shared = other.Shared;
        FirstPage = start >= other.Start ? other.PageIndex(start) : other.FirstPage;
        HasAnonymous = other.HasAnonymous;
        File?.HoldForMapping();
        Shared?.AddUser();
    }

    /// <summary>Lets go of the source and gives the object back. May sleep; no space's lock held.</summary>
    internal static void Release(ref LinkedRing<Area, InList> areas)
    {
        while (areas.RemoveFirst() is { } area)
        {
            area.File?.ReleaseMapping();
            area.Shared?.Drop();
            area.File = null;
            area.Shared = null;
            Pool.Give(area);
        }
    }

    internal readonly struct InList : ILinksOf<Area>
    {
        public static ref Links<Area> Of(Area item) => ref item._listLinks;
    }

    internal readonly struct Pooled : IPooled<Area>
    {
        public static ref Links<Area> Of(Area item) => ref item._listLinks;
        public static Area Create() => new();
        public static int Bytes => 192;
    }

    internal readonly struct InSpace : ITreeItem<Area>
    {
        public static ref TreeLinks<Area> Links(Area item) => ref item._treeLinks;
        public static int Compare(Area a, Area b) => a.Start < b.Start ? -1 : a.Start > b.Start ? 1 : 0;
        public static bool IsAugmented => true;

        public static void Augment(Area item, Area? left, Area? right)
        {
            var most = item.Gap;
            if (left is not null && left.MaxGap > most)
                most = left.MaxGap;
            if (right is not null && right.MaxGap > most)
                most = right.MaxGap;
            item.MaxGap = most;
        }
    }

    /// <summary>Finds areas by an address within.</summary>
    internal readonly struct ByAddress : ITreeKey<Area, ulong>
    {
        public static int Compare(ulong key, Area item) => key < item.Start ? -1 : key >= item.End ? 1 : 0;
    }
}
