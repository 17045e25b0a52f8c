// Regular files whose contents are the inode's pages: reading, writing, resizing.
// Locks: writers and those who resize hold Contents; readers hold nothing and see each page as it is. Linux: generic_file_read_iter(),
// generic_perform_write(), shmem_fallocate().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files;

public static class PageFile
{
    /// <summary>The largest file.</summary>
    public const long MaxSize = PageIndex.MaxPages << Frames.Shift;

    /// <summary>Reads from <paramref name="position"/> on, moving it. EFAULT when nothing could be copied.</summary>
    public static Result<int> Read(Inode inode, ref IoBuffer to, ref long position)
    {
        var start = to.Done;
        while (to.Remaining > 0)
        {
            var left = inode.Size - position;
            if (left <= 0)
                break;
            var offset = (int)(position & (Frames.Size - 1));
            var count = (int)System.Math.Min(System.Math.Min(left, Frames.Size - offset), to.Remaining);
            var copied = ReadPage(inode, position >> Frames.Shift, offset, count, ref to);
            position += copied;
            if (copied < count)
                break;
        }

        var done = to.Done - start;
        return done == 0 && to.HasFaulted ? Errno.EFAULT : done;
    }

    /// <summary>Writes at <paramref name="position"/>, moving it; Contents held. EFBIG, ENOSPC, ENOMEM, EFAULT when nothing could be written.</summary>
    public static Result<int> Write(Inode inode, ref IoBuffer from, ref long position)
    {
        var start = from.Done;
        var error = Errno.None;
        while (from.Remaining > 0)
        {
            if (position >= MaxSize)
            {
                error = Errno.EFBIG;
                break;
            }

            var offset = (int)(position & (Frames.Size - 1));
            var count = System.Math.Min(Frames.Size - offset, from.Remaining);
            error = inode.MakePage(position >> Frames.Shift, out var frame);
            if (error != Errno.None)
                break;

            var copied = from.CopyTo(Frames.Bytes(frame).Slice(offset, count));
            FrameTable.Drop(frame);
            position += copied;
            if (position > inode.Size)
                inode.Size = position;
            if (copied < count)
            {
                error = Errno.EFAULT;
                break;
            }
        }

        var done = from.Done - start;
        return done > 0 || error == Errno.None ? done : error;
    }

    /// <summary>Sets the size; Contents held. What lies beyond is gone, and zeros if the file grows again.</summary>
    public static Errno Resize(Inode inode, long size)
    {
        if (size > MaxSize)
            return Errno.EFBIG;
        var old = inode.Size;
        inode.Size = size;
        if (size < old)
            Discard(inode, size, long.MaxValue);
        return Errno.None;
    }

    /// <summary>Makes [<paramref name="start"/>, <paramref name="end"/>) read as zeros, freeing whole pages; Contents held.</summary>
    public static void Discard(Inode inode, long start, long end)
    {
        var first = (start + Frames.Size - 1) >> Frames.Shift;
        var last = end == long.MaxValue ? PageIndex.MaxPages : end >> Frames.Shift;
        if (first > last)
        {
            ClearPart(inode, start, end);
            return;
        }

        ClearPart(inode, start, first << Frames.Shift);
        if (end != long.MaxValue)
            ClearPart(inode, last << Frames.Shift, end);
        inode.RemovePages(first, last);
    }

    /// <summary>Gives every page of a range a frame; Contents held. ENOSPC, ENOMEM: those made stay, as Linux's ramfs leaves them.</summary>
    public static Errno Reserve(Inode inode, long start, long end)
    {
        for (var page = start >> Frames.Shift; page << Frames.Shift < end; page++)
        {
            var error = inode.MakePage(page, out var frame);
            if (error != Errno.None)
                return error;
            FrameTable.Drop(frame);
        }

        return Errno.None;
    }

    private static int ReadPage(Inode inode, long page, int offset, int count, ref IoBuffer to)
    {
        if (!inode.TryFindPage(page, out var frame))
            return to.Clear(count);
        var copied = to.CopyFrom(Frames.Bytes(frame).Slice(offset, count));
        FrameTable.Drop(frame);
        return copied;
    }

    // Zeros within one page.
    private static void ClearPart(Inode inode, long start, long end)
    {
        if (start >= end || !inode.TryFindPage(start >> Frames.Shift, out var frame))
            return;
        var offset = (int)(start & (Frames.Size - 1));
        Frames.Bytes(frame).Slice(offset, (int)(end - start)).Clear();
        FrameTable.Drop(frame);
    }
}
