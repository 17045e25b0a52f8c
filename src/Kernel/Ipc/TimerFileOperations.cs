// What an open timer's file can do, and how one is made. Context: process; may sleep. Linux: timerfd_fops.
using System;
using System.Buffers.Binary;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Ipc;

using static FileConstants;

internal sealed class TimerFileOperations : FileOperations
{
    public static readonly TimerFileOperations Instance = new();

    /// <summary>A new open file for a new timer at rest. ENFILE, ENOMEM.</summary>
    public static Result<OpenFile> Make(int clock, int flags)
    {
        if (TimerFile.Create(clock) is not { } timer)
            return Errno.ENOMEM;
        var made = EventFileSystem.MakeFile("[timerfd]"u8, Instance);
        if (!made.TryGet(out var place))
        {
            timer.Close();
            return made.Error;
        }

        place.Inode.Private = timer;
        var opened = OpenFile.Create(place, O_RDWR | (flags & O_NONBLOCK));
        if (!opened.IsOk)
        {
            place.Inode.Private = null;
            timer.Close();
        }

        place.Drop();
        return opened;
    }

    /// <summary>The one opening is that of its making; through /proc there is none. ENXIO.</summary>
    public override Errno Open(OpenFile file)
    {
        file.Private = file.Inode.Private;
        file.Inode.Private = null;
        return file.Private is null ? Errno.ENXIO : Errno.None;
    }

    /// <summary>The timer of a file; null: it is another kind of file.</summary>
    public static TimerFile? TryGet(OpenFile file) => file.Private as TimerFile;

    public override bool IsSeekable => false;
    public override Result<long> Seek(OpenFile file, long offset, int whence) => Errno.ESPIPE;
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
