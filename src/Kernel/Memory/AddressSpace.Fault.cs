// Giving a page its frame at the moment it is used: demand zero, contents of a file or shared object, copy-on-write, stacks that grow.
// Copy-on-write: a page of the space's own is writable only while its frame has one reference. Fork adds a reference and takes write
// permission away on both sides; at the next write whoever finds itself the last owner takes the frame back as it is, others copy.
// Lock: _lock, held by every caller. Linux: handle_mm_fault(), do_wp_page(), expand_stack().
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Memory;

internal enum FaultResult
{
    Done,

    /// <summary>No area there. SEGV_MAPERR.</summary>
    NotMapped,

    /// <summary>The area does not allow it. SEGV_ACCERR.</summary>
    NotAllowed,

    /// <summary>Beyond the end of the file, or its file system is full. SIGBUS.</summary>
    BeyondFile,

    OutOfMemory,
}

public sealed partial class AddressSpace
{
    // File pages that a read fault maps around the one asked for, as far as they are at hand.
    private const ulong FaultAround = 16 * MemoryLayout.PageSize;

    /// <summary>Serves a fault. May sleep.</summary>
    internal FaultResult ServeFault(ulong address, FaultAccess access)
    {
        using (_lock.Acquire())
        {
            var area = FindOrGrow(address);
            if (area is null)
                return FaultResult.NotMapped;
            return Allows(area, access)
                ? TouchPage(area, MemoryLayout.PageDown(address), access == FaultAccess.Write)
                : FaultResult.NotAllowed;
        }
    }

    private static bool Allows(Area area, FaultAccess access) => access switch
    {
        FaultAccess.Write => area.IsWritable,
        FaultAccess.Execute => area.IsExecutable,
        _ => area.IsReadable,
    };

    // Makes the page present, and writable if write; the area allows it.
    private FaultResult TouchPage(Area area, ulong page, bool write)
    {
        var entry = _table.Read(page);
        if (!entry.Frame.IsNone)
        {
            if (write && !entry.IsWritable)
                return MakeWritable(area, page, entry);

            // Another thread was faster, or this CPU remembered an entry that has become more permissive.
            _table.Flush(CpuSet.None, page, page + MemoryLayout.PageSize);
            return FaultResult.Done;
        }

        if (area.HasNoSource)
            return write ? EnterZeros(area, page) : EnterZeroPage(area, page);
        return area.IsShared ? EnterShared(area, page, write) : EnterPrivate(area, page, write);
    }

    private FaultResult EnterZeros(Area area, ulong page)
    {
        if (!OutOfMemory.TryTakeClear(out var frame))
            return FaultResult.OutOfMemory;
        return EnterOrDrop(area, page, frame, OwnPageMark | PageFlags.Writable | PageFlags.Dirty);
    }

    private FaultResult EnterZeroPage(Area area, ulong page) =>
        TryEnter(area, page, s_zeroPage, ZeroPageMark) ? FaultResult.Done : FaultResult.OutOfMemory;

    private FaultResult EnterShared(Area area, ulong page, bool write)
    {
        var result = TryGetSource(area, page, write, out var frame);
        if (result != FaultResult.Done)
            return result;
        return EnterOrDrop(area, page, frame, area.IsWritable ? PageFlags.Writable : PageFlags.None);
    }

    private FaultResult EnterPrivate(Area area, ulong page, bool write)
    {
        var result = TryGetSource(area, page, forWrite: false, out var frame);
        if (result != FaultResult.Done)
            return result;
        if (!write)
        {
            result = EnterOrDrop(area, page, frame, PageFlags.None);
            if (result == FaultResult.Done && area.File is not null)
                EnterNeighbours(area, page);
            return result;
        }

        if (!OutOfMemory.TryTake(out var copy))
        {
            FrameTable.Drop(frame);
            return FaultResult.OutOfMemory;
        }

        Frames.Copy(frame, copy);
        FrameTable.Drop(frame);
        return EnterOrDrop(area, page, copy, OwnPageMark | PageFlags.Writable | PageFlags.Dirty);
    }

    private FaultResult EnterOrDrop(Area area, ulong page, FrameNumber frame, PageFlags more)
    {
        if (TryEnter(area, page, frame, more))
            return FaultResult.Done;
        FrameTable.Drop(frame);
        return FaultResult.OutOfMemory;
    }

    // A program's code is used all over: one fault brings the pages around, too, since they lie in memory anyhow.
    private void EnterNeighbours(Area area, ulong page)
    {
        var start = page & ~(FaultAround - 1);
        var end = start + FaultAround;
        if (start < area.Start)
            start = area.Start;
        if (end > area.End)
            end = area.End;
        for (var at = start; at < end; at += MemoryLayout.PageSize)
        {
            if (at == page || !_table.Read(at).Frame.IsNone)
                continue;
            if (!area.File!.TryFindMappedPage(area.PageIndex(at), out var frame))
                continue;
            if (EnterOrDrop(area, at, frame, PageFlags.None) != FaultResult.Done)
                return;
        }
    }

    // The page's frame as its source has it, with a reference for the caller.
    private static FaultResult TryGetSource(Area area, ulong page, bool forWrite, out FrameNumber frame)
    {
        var index = area.PageIndex(page);
        if (area.Shared is { } shared)
        {
            if (shared.TryGetPage(index, out frame))
                return FaultResult.Done;
            return shared.HasRoomFor(index) ? FaultResult.OutOfMemory : FaultResult.BeyondFile;
        }


        if (area.File!.TryGetMappedPage(index, forWrite, out frame))
            return FaultResult.Done;
        return area.File.HasMappedPage(index) && !area.File.IsFileSystemFull ? FaultResult.OutOfMemory : FaultResult.BeyondFile;
    }

    private FaultResult MakeWritable(Area area, ulong page, PageEntry entry)
    {
        var isOwn = (entry.Flags & OwnPageMark) != 0;
        if (area.IsShared || (isOwn && FrameTable.References(entry.Frame) == 1))
        {
            _table.Exchange(page, new PageEntry(entry.Frame, entry.Flags | PageFlags.Writable | PageFlags.Dirty));
            _table.Flush(CpuSet.None, page, page + MemoryLayout.PageSize);
            return FaultResult.Done;
        }

        return CopyPage(area, page, entry);
    }

    // The entry changes to a copy of the frame's contents; others keep the frame.
    private FaultResult CopyPage(Area area, ulong page, PageEntry entry)
    {
        if (!OutOfMemory.TryTake(out var copy))
            return FaultResult.OutOfMemory;
        var wasZeroPage = (entry.Flags & ZeroPageMark) != 0;
        if (wasZeroPage)
            Frames.Clear(copy);
        else
            Frames.Copy(entry.Frame, copy);
        CountPage(area, entry.Flags, -1);
        var flags = BaseFlags(area) | PageFlags.Accessed | PageFlags.Dirty | PageFlags.Writable | OwnPageMark;
        _table.Exchange(page, new PageEntry(copy, flags));
        CountPage(area, flags, 1);
        area.HasAnonymous = true;

        // No thread may go on reading the old frame: it would not see what this one writes.
        Flush(page, page + MemoryLayout.PageSize);
        if (!wasZeroPage)
            FrameTable.Drop(entry.Frame);
        return FaultResult.Done;
    }

    // The area that holds the address; a stack above it grows down to it when limits and the distance to what lies below allow.
    private Area? FindOrGrow(ulong address)
    {
        var area = FindAtOrAfter(address);
        if (area is null || area.Start <= address)
            return area;
        return area.GrowsDown && TryGrow(area, MemoryLayout.PageDown(address)) ? area : null;
    }

    private bool TryGrow(Area stack, ulong start)
    {
        if (start < MemoryLayout.MinAddress || stack.End - start > SoftLimit(Resource.STACK))
            return false;
        var previous = Before(stack);
        if (previous is not null && previous.IsReadable && !previous.GrowsDown
            && (start < MemoryLayout.StackGuard || start - MemoryLayout.StackGuard < previous.End))
            return false;
        if (previous is not null && previous.End > start)
            return false;
        var pages = (long)((stack.Start - start) >> MemoryLayout.PageShift);
        if (IsOver(_totalPages + pages, Resource.AS) || (stack.IsLocked && !MayLock(pages)))
            return false;
        Resize(stack, start, stack.End);
        return true;
    }
}
