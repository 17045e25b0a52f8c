// splice between a pipe and a file, and vmsplice. Pages of files that are in memory, and of programs, come into the pipe by reference: one
// more use of the frame, no copy; what else can be read is read into frames of the pipe's. Into a file bytes are written from the frames.
// Locks: a source is read without the pipe's lock, since it may keep the reader waiting; the slots it will fill are promised before.
// Into a file is written under the pipe's lock: nobody else may take the bytes before it is known how many the file took.
// Context: process; may sleep. Linux: splice_file_to_pipe(), iter_file_splice_write(), vmsplice_to_pipe().
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Ipc;

internal static class Splice
{
    /// <summary>From a file at <paramref name="position"/>, which moves; -1: the file's own. How many bytes. EAGAIN, EPIPE, ERESTARTSYS, and what reading says.</summary>
    public static Result<long> FromFile(OpenFile from, ref long position, Pipe to, long count, bool nonBlocking)
    {
        var reserved = to.ReserveSlots((int)Math.Min((count + Frames.Size - 1) / Frames.Size + 1, int.MaxValue), nonBlocking);
        if (!reserved.TryGet(out var slots))
            return reserved.Error;
        var ownPosition = position < 0 && from.Operations.IsSeekable;
        var at = ownPosition ? from.Position : position;
        long done = 0;
        var error = Errno.None;
        while (slots > 0 && done < count)
        {
            var most = (int)Math.Min(count - done, Frames.Size);
            error = from.Operations.SharesPages ? NextPage(from, at, most, out var slot) : NextRead(from, at, most, done > 0, out slot);
            if (error != Errno.None || slot.Length == 0)
                break;
            if (at >= 0)
                at += slot.Length;
            done += slot.Length;
            slots--;
            to.PutReserved(slot);
        }

        to.GiveUpReserved(slots);
        if (ownPosition)
            from.Position = at;
        else
            position = at;
        if (done > 0)
            FileTime.Accessed(from);
        return done > 0 || error == Errno.None ? done : error;
    }

    /// <summary>Into a file at <paramref name="position"/>, which moves; -1: the file's own. How many bytes; zero: no writer of the pipe is left.</summary>
    public static Result<long> ToFile(Pipe from, OpenFile to, ref long position, long count, bool nonBlocking)
    {
        long done = 0;
        while (done < count)
        {
            // Once something was moved nobody is waited for any more.
            var error = done > 0 ? Errno.None : from.WaitForBytes(nonBlocking);
            var moved = error == Errno.None ? from.WriteTo(to, ref position, count - done) : error;
            if (!moved.TryGet(out var more))
                return done > 0 ? done : moved.Error;
            done += more;
            if (more == 0 && (done > 0 || !from.MayGetBytes))
                break;
        }

        return done;
    }

    /// <summary>The pages of a program's memory that a buffer names, by reference. How many bytes. EFAULT, EAGAIN, EPIPE, ERESTARTSYS.</summary>
    public static Result<long> FromMemory(ref IoBuffer buffer, Pipe to, bool nonBlocking)
    {
        if (buffer.Remaining == 0)
            return 0L;
        var reserved = to.ReserveSlots(int.MaxValue, nonBlocking);
        if (!reserved.TryGet(out var slots))
            return reserved.Error;
        var memory = Task.Current.Memory!;
        long done = 0;
        var error = Errno.None;
        while (slots > 0 && buffer.TryNextPart(Frames.Size, out var address, out var count))
        {
            error = memory.ShareFrame(address, out var frame);
            if (error != Errno.None)
                break;
            to.PutReserved(new PipeSlot(frame, (int)(address & Frames.Size - 1), count));
            buffer.Skip(count);
            slots--;
            done += count;
        }

        to.GiveUpReserved(slots);
        if (error == Errno.None && buffer.HasFaulted)
            error = Errno.EFAULT;
        return done > 0 || error == Errno.None ? done : error;
    }

    // A page of a file in memory; a hole is a frame of zeros.
    private static Errno NextPage(OpenFile from, long position, int most, out PipeSlot slot)
    {
        slot = default;
        var left = from.Inode.Size - position;
        if (left <= 0)
            return Errno.None;
        var offset = (int)(position & Frames.Size - 1);
        if (!from.Inode.TryFindPage(position >> Frames.Shift, out var frame) && !FrameAllocator.TryTakeUserClear(out frame))
            return Errno.ENOMEM;
        slot = new PipeSlot(frame, offset, (int)Math.Min(Math.Min(left, most), Frames.Size - offset));
        return Errno.None;
    }

    // What a read gives. After the first only what is there at once.
    private static Errno NextRead(OpenFile from, long position, int most, bool isMore, out PipeSlot slot)
    {
        slot = default;
        if (isMore && !from.Inode.IsRegular && (from.Operations.Poll(from, null) & FileConstants.POLLIN) == 0)
            return Errno.None;
        if (!FrameAllocator.TryTakeUser(out var frame))
            return Errno.ENOMEM;
        var buffer = new IoBuffer(Frames.Bytes(frame).Slice(0, most));
        var got = position < 0 ? FileIo.Read(from, ref buffer) : FileIo.ReadAt(from, ref buffer, ref position);
        if (got.IsOk && got.Value > 0)
            slot = new PipeSlot(frame, 0, got.Value);
        else
            FrameTable.Drop(frame);
        return got.Error;
    }
}
