// The copy of a space that fork makes: the same areas, the space's own pages shared until either side writes them.
// Pages that a file or shared object holds are not copied: the child's faults find them again.
// Lock: the parent's _lock, against faults and calls of its other threads; nobody knows the child yet. Linux: dup_mmap(), copy_page_range().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Memory;

public sealed partial class AddressSpace
{
    /// <summary>A copy with one user. May sleep.</summary>
    /// <returns>ENOMEM; this space is then as it was, but for pages that will be made writable again when they are written.</returns>
    public Result<AddressSpace> Fork()
    {
        var created = Create();
        if (!created.TryGet(out var child))
            return created;
        bool complete;
        using (_lock.Acquire())
        {
            CopyLayoutTo(child);
            var weakened = false;
            complete = CopyAreasTo(child, ref weakened);
            if (weakened)
                Flush(0, UserMemory.Limit);
        }

        if (complete)
            return child;
        child.Drop();
        return Errno.ENOMEM;
    }

    private void CopyLayoutTo(AddressSpace child)
    {
        child._mapBase = _mapBase;
        child.CodeStart = CodeStart;
        child.CodeEnd = CodeEnd;
        child.DataStart = DataStart;
        child.DataEnd = DataEnd;
        child.StackTop = StackTop;
        child.ArgumentsStart = ArgumentsStart;
        child.ArgumentsEnd = ArgumentsEnd;
        child.EnvironmentStart = EnvironmentStart;
        child.EnvironmentEnd = EnvironmentEnd;
        child.BreakStart = BreakStart;
        child.Break = Break;
        child.AuxiliaryLength = AuxiliaryLength;
        for (var i = 0; i < AuxiliaryLength; i++)
            child.AuxiliaryVector[i] = AuxiliaryVector[i];
        child.Executable = Executable;
        Executable?.HoldForMapping();
    }

    private bool CopyAreasTo(AddressSpace child, ref bool weakened)
    {
        for (var area = _areas.First; area is not null; area = After(area))
        {
            if ((area.Flags & AreaFlags.DontFork) != 0)
                continue;
            if (!Area.Pool.TryTake(out var copy))
                return false;
            copy.CopyFrom(area, area.Start, area.End);
            copy.Flags &= ~(AreaFlags.Locked | AreaFlags.LockOnFault);
            var copiesPages = area.HasAnonymous && (area.Flags & (AreaFlags.Shared | AreaFlags.WipeOnFork)) == 0;
            copy.HasAnonymous = copiesPages;
            child.Link(copy);
            if (copiesPages && !CopyPagesTo(child, area, ref weakened))
                return false;
        }

        return true;
    }

    private bool CopyPagesTo(AddressSpace child, Area area, ref bool weakened)
    {
        for (var at = area.Start; _table.TryFindPresent(ref at, area.End, out var entry); at += MemoryLayout.PageSize)
        {
            if ((entry.Flags & OwnPageMark) == 0)
                continue;
            var flags = entry.Flags & ~PageFlags.Writable;
            if (entry.IsWritable)
            {
                _table.Exchange(at, new PageEntry(entry.Frame, flags));
                weakened = true;
            }

            FrameTable.Share(entry.Frame);
            if (!child._table.TryWrite(at, new PageEntry(entry.Frame, flags)))
            {
                FrameTable.Drop(entry.Frame);
                return false;
            }

            child.CountPage(area, flags, 1);
        }

        return true;
    }
}
