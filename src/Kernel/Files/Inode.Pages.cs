// A file's contents in frames: the page cache of file systems that live in memory, shared with mappings.
// Locks: _pagesLock (spin) guards the index; frames are counted, so that a page being copied from or mapped outlives truncation.
// Taking a page never needs a sleeping lock of this room, so that page faults may do it. Linux: mm/shmem.c, filemap.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Sync;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files;

public sealed partial class Inode
{
    private const int Batch = 64;

    private SpinLock<FilePagesRank, PreemptionOff> _pagesLock;
    private PageIndex _pages;

    /// <summary>The page's frame counted for the caller; false: a hole.</summary>
    public bool TryFindPage(long page, out FrameNumber frame)
    {
        using (_pagesLock.Acquire())
        {
            frame = _pages.Find(page);
            if (frame.IsNone)
                return false;
            FrameTable.Share(frame);
            return true;
        }
    }

    /// <summary>The page's frame counted for the caller, made (zeroed) if it is a hole.</summary>
    /// <returns>ENOSPC: the file system is full; ENOMEM; EFBIG.</returns>
    public Errno MakePage(long page, out FrameNumber frame)
    {
        if (TryFindPage(page, out frame))
            return Errno.None;
        if (page >= PageIndex.MaxPages)
            return Errno.EFBIG;
        if (!FileSystem.TryChargePage())
            return Errno.ENOSPC;
        if (!FrameAllocator.TryTakeContentsClear(out frame))
        {
            FileSystem.UnchargePages(1);
            return Errno.ENOMEM;
        }

        return TryEnterPage(page, ref frame) ? Errno.None : Errno.ENOMEM;
    }

    /// <summary>Puts a frame of the caller's (one use, taken over) at a hole: for unpacking. False: as above, the frame still the caller's.</summary>
    public bool TryAdoptPage(long page, FrameNumber frame)
    {
        if (!FileSystem.TryChargePage())
            return false;
        using (_pagesLock.Acquire())
        {
            if (_pages.Find(page).IsNone && _pages.TryInsert(page, frame))
            {
                PageCount++;
                return true;
            }
        }

        FileSystem.UnchargePages(1);
        return false;
    }

    /// <summary>The first page at or after <paramref name="page"/> that is not a hole, or -1.</summary>
    public long NextPage(long page)
    {
        using (_pagesLock.Acquire())
            return _pages.Next(page);
    }

    /// <summary>Lets go of pages [<paramref name="first"/>, <paramref name="end"/>), a bounded number at a time.</summary>
    public void RemovePages(long first, long end)
    {
        Span<uint> frames = stackalloc uint[Batch];
        while (true)
        {
            var count = 0;
            using (_pagesLock.Acquire())
            {
                while (count < Batch && (first = _pages.Next(first)) >= 0 && first < end)
                    frames[count++] = _pages.Remove(first).Value;
                PageCount -= count;
                if (PageCount == 0)
                    _pages.FreeNodes();
            }

            for (var i = 0; i < count; i++)
                FrameTable.Drop(new FrameNumber(frames[i]));
            FileSystem.UnchargePages(count);
            if (count < Batch)
                return;
        }
    }

    // The caller's new frame goes in unless another task was quicker: then that one's is used. Counts it for the caller.
    private bool TryEnterPage(long page, ref FrameNumber frame)
    {
        var mine = frame;
        bool isThere;
        using (_pagesLock.Acquire())
        {
            var there = _pages.Find(page);
            if (there.IsNone && _pages.TryInsert(page, mine))
            {
                PageCount++;
                FrameTable.Share(mine);
                return true;
            }

            isThere = !there.IsNone;
            if (isThere)
            {
                FrameTable.Share(there);
                frame = there;
            }
        }

        FrameTable.Drop(mine);
        FileSystem.UnchargePages(1);
        return isThere;
    }

    private void FreePages() => RemovePages(0, PageIndex.MaxPages);

    private void ResetPages()
    {
        _pages = default;
        PageCount = 0;
        ResetInlineText();
    }
}
