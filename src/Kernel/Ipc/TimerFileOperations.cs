// What an open timer's file can do, and how one is made. Context: process; may sleep. Linux: timerfd_fops.
using System;
using System.Buffers.Binary;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Ipc;

internal sealed class TimerFileOperations : EventFileOperations
{
    public static readonly TimerFileOperations Instance = new();

    /// <summary>A new open file for a new timer at rest. ENFILE, ENOMEM.</summary>
    public static Result<OpenFile> Make(int clock, int flags)
    {
        if (TimerFile.Create(clock) is not { } timer)
            return Errno.ENOMEM;
        var opened = EventFileSystem.Open("[timerfd]"u8, Instance, timer, flags);
        if (!opened.IsOk)
            timer.Close();
        return opened;
    }

    /// <summary>The timer of a file; null: it is another kind of file.</summary>
    public static TimerFile? TryGet(OpenFile file) => file.Private as TimerFile;

    public override uint Poll(OpenFile file, PollTable? table) => TimerOf(file).Poll(table);
    public override void ShowInformation(OpenFile file, PagedText text) => TimerOf(file).Show(text);

    public override void Release(OpenFile file) => TimerOf(file).Close();

    public override Result<int> Read(OpenFile file, ref IoBuffer to, ref long position)
    {
        const int Bytes = sizeof(long);
        if (to.Remaining < Bytes)
            return Errno.EINVAL;
        var taken = TimerOf(file).Take(file.IsNonBlocking);
        if (!taken.TryGet(out var count))
            return taken.Error;
        Span<byte> bytes = stackalloc byte[Bytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, count);
        return to.CopyFrom(bytes) == Bytes ? Bytes : Errno.EFAULT;
    }

    public override Result<int> Ioctl(OpenFile file, uint command, ulong argument)
    {
        if (command != TimerFlags.TFD_IOC_SET_TICKS)
            return Errno.ENOTTY;
        if (!UserAccess.TryRead(argument, out long ticks))
            return Errno.EFAULT;
        var error = TimerOf(file).SetTicks(ticks);
        return error == Errno.None ? 0 : error;
    }

    private static TimerFile TimerOf(OpenFile file) => (TimerFile)file.Private!;
}
