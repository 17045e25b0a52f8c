// Reading and writing a space from outside, page by page through its frames: for /proc of another task, and later for tracing.
// Context: process; may sleep. Lock: _lock for one page at a time. The caller has a user of the space. Linux: access_remote_vm().
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Machine;

namespace Jiffy.Kernel.Memory;

public sealed partial class AddressSpace
{
    /// <summary>Copies out of this space, whoever runs; brings pages in.</summary>
    /// <returns>EFAULT or ENOMEM; <paramref name="to"/> may be partly filled.</returns>
    public Errno ReadRemote(ulong address, Span<byte> to)
    {
        while (to.Length > 0)
        {
            var offset = (int)(address & MemoryLayout.PageMask);
            var count = Math.Min(to.Length, Frames.Size - offset);
            using (_lock.Acquire())
            {
                var error = Reach(address, FaultAccess.Read, out var frame);
                if (error != Errno.None)
                    return error;
                Frames.Bytes(frame).Slice(offset, count).CopyTo(to);
            }

            to = to.Slice(count);
            address += (ulong)count;
        }

        return Errno.None;
    }

    /// <summary>Copies into this space, whoever runs, where it allows writing.</summary>
    /// <returns>EFAULT or ENOMEM; a part may have been written.</returns>
    public Errno WriteRemote(ulong address, ReadOnlySpan<byte> from)
    {
        while (from.Length > 0)
        {
            var offset = (int)(address & MemoryLayout.PageMask);
            var count = Math.Min(from.Length, Frames.Size - offset);
            using (_lock.Acquire())
            {
                var error = Reach(address, FaultAccess.Write, out var frame);
                if (error != Errno.None)
                    return error;
                from.Slice(0, count).CopyTo(Frames.Bytes(frame).Slice(offset));
            }

            from = from.Slice(count);
            address += (ulong)count;
        }

        return Errno.None;
    }

    /// <summary>The frame of a page of this space that may be read, brought in, with a reference for the caller. EFAULT, ENOMEM.</summary>
    public Errno ShareFrame(ulong address, out FrameNumber frame)
    {
        using (_lock.Acquire())
        {
            var error = Reach(address, FaultAccess.Read, out frame);
            if (error == Errno.None)
                FrameTable.Share(frame);
            return error;
        }
    }

    // The frame of a page, brought in. It stays while the lock is held.
    private Errno Reach(ulong address, FaultAccess access, out FrameNumber frame)
    {
        frame = default;
        if (Find(address) is not { } area || !Allows(area, access))
            return Errno.EFAULT;
        var page = MemoryLayout.PageDown(address);
        var result = TouchPage(area, page, access == FaultAccess.Write);
        if (result != FaultResult.Done)
            return result == FaultResult.OutOfMemory ? Errno.ENOMEM : Errno.EFAULT;
        frame = _table.Read(page).Frame;
        return Errno.None;
    }
}
