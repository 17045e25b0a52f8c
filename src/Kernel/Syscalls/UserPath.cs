// A path argument, copied into a frame for the time of a call. `using var path = new UserPath();` gives the frame back.
// Linux: getname().
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Machine;

namespace Jiffy.Kernel.Syscalls;

internal ref struct UserPath
{
    private FrameNumber _frame;
    private int _length;

    /// <summary>The path without its NUL.</summary>
    public readonly ReadOnlySpan<byte> Bytes => Frames.Bytes(_frame).Slice(0, _length);

    /// <summary>Copies the path in. EFAULT, ENAMETOOLONG, ENOMEM; ENOENT when it is empty unless <paramref name="mayBeEmpty"/>.</summary>
    public Errno Read(ulong address, bool mayBeEmpty = false)
    {
        if (_frame.IsNone && !FrameAllocator.TryTake(out _frame))
            return Errno.ENOMEM;
        var read = UserAccess.ReadString(address, Frames.Bytes(_frame), Errno.ENAMETOOLONG);
        if (!read.TryGet(out _length))
            return read.Error;
        return _length == 0 && !mayBeEmpty ? Errno.ENOENT : Errno.None;
    }

    public void Dispose()
    {
        if (!_frame.IsNone)
            FrameAllocator.Give(_frame);
    }
}
