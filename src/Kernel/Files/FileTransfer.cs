// Copies between two open files through one frame: sendfile, splice, copy_file_range. Linux: do_splice_direct().
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files;

public static class FileTransfer
{
    /// <summary>
    /// Copies up to <paramref name="count"/> bytes; a position of -1 means the file's own. Stops at the end of the input, at what the output does
    /// not take, at a signal once something was copied; for a pipe as input, when it has given what it had.
    /// </summary>
    public static Result<long> Copy(OpenFile from, ref long fromPosition, OpenFile to, ref long toPosition, ulong count)
    {
        if (!FrameAllocator.TryTake(out var frame))
            return Errno.ENOMEM;
        var left = (long)Math.Min(count, FileConstants.MaxTransfer);
        long done = 0;
        var error = Errno.None;
        while (left > 0)
        {
            var bytes = Frames.Bytes(frame).Slice(0, (int)Math.Min(left, Frames.Size));
            var moved = Step(from, ref fromPosition, to, ref toPosition, bytes);
            error = moved.Error;
            if (error != Errno.None || moved.Value == 0)
                break;
            done += moved.Value;
            left -= moved.Value;
            if (moved.Value < bytes.Length || Task.Current.HasSignalPending)
                break;
        }

        FrameAllocator.Give(frame);
        return done > 0 || error == Errno.None ? done : error;
    }

    // Input whose position is not the file's own, or can be put back, loses nothing when the output takes less.
    private static Result<int> Step(OpenFile from, ref long fromPosition, OpenFile to, ref long toPosition, Span<byte> bytes)
    {
        var ownPosition = fromPosition < 0 && from.Operations.IsSeekable;
        var start = ownPosition ? from.Position : fromPosition;
        var input = new IoBuffer(bytes);
        var got = fromPosition < 0 && !ownPosition ? FileIo.Read(from, ref input) : ReadAt(from, ref input, start);
        if (!got.IsOk || got.Value == 0)
            return got;
        var put = WriteAll(to, ref toPosition, bytes.Slice(0, got.Value));
        if (!put.IsOk)
            return put;
        if (ownPosition)
            from.Position = start + put.Value;
        else if (fromPosition >= 0)
            fromPosition += put.Value;
        return put;
    }

    private static Result<int> ReadAt(OpenFile from, ref IoBuffer to, long position) => FileIo.ReadAt(from, ref to, ref position);

    private static Result<int> WriteAll(OpenFile to, ref long position, ReadOnlySpan<byte> bytes)
    {
        var output = new IoBuffer(bytes);
        var result = position < 0 ? FileIo.Write(to, ref output) : FileIo.WriteAt(to, ref output, ref position);
        return result;
    }
}
