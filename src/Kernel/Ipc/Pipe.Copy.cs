// tee: copies bytes from one pipe into another without taking them out. Linux: do_tee().
// Two pipes' locks are never held together: bytes go through a frame.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Ipc;

public sealed partial class Pipe
{
    /// <summary>Copies up to <paramref name="count"/> bytes (a page at most) of what is in this pipe. Waits for the first byte; zero: no writer is left.</summary>
    public Result<int> CopyTo(Pipe other, int count, bool nonBlocking)
    {
        if (Count == 0 && HasWriters)
        {
            if (nonBlocking)
                return Errno.EAGAIN;
            var error = _readWait.WaitEvent(this, static pipe => pipe.Count > 0 || !pipe.HasWriters);
            if (error != Errno.None)
                return error;
        }

        if (!FrameAllocator.TryTake(out var frame))
            return Errno.ENOMEM;
        var bytes = Frames.Bytes(frame);
        var copied = 0;
        using (_contents.Acquire())
        {
            if (Count > 0)
            {
                var oldest = _ring.Oldest(0, Math.Min(count, bytes.Length));
                oldest.CopyTo(bytes);
                copied = oldest.Length;
            }
        }

        var from = new IoBuffer((ReadOnlySpan<byte>)bytes.Slice(0, copied));
        Result<int> result = 0;
        if (copied > 0)
            result = other.Write(ref from, nonBlocking);
        FrameAllocator.Give(frame);
        return result;
    }
}
