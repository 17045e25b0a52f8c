// Reading and writing open files: what every read and write call goes through. Checks access mode and limits, keeps the position.
// Locks: the file's PositionLock while a call uses and moves the position of a regular file. Linux: vfs_read(), vfs_write(), ksys_pread64().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Files;

using static FileConstants;

public static class FileIo
{
    /// <summary>Reads at the file's position, moving it. EBADF when not open for reading.</summary>
    public static Result<int> Read(OpenFile file, ref IoBuffer to)
    {
        var result = file.CanRead ? ReadChecked(file, ref to) : Errno.EBADF;
        if (result.IsOk && result.Value > 0)
            FileNotify.Accessed(file);
        return result;
    }

    private static Result<int> ReadChecked(OpenFile file, ref IoBuffer to)
    {
        if (!file.Operations.IsSeekable)
        {
            long none = 0;
            return file.Operations.Read(file, ref to, ref none);
        }

        if (!file.Inode.IsRegular)
            return ReadDevice(file, ref to);
        using (file.PositionLock.Acquire())
        {
            var position = file.Position;
            var result = file.Operations.Read(file, ref to, ref position);
            file.Position = position;
            return result;
        }
    }

    /// <summary>Writes at the file's position, or the end with O_APPEND, moving it. EBADF when not open for writing.</summary>
    public static Result<int> Write(OpenFile file, ref IoBuffer from)
    {
        var result = file.CanWrite ? WriteChecked(file, ref from) : Errno.EBADF;
        if (result.IsOk && result.Value > 0)
            FileNotify.Modified(file);
        return result;
    }

    private static Result<int> WriteChecked(OpenFile file, ref IoBuffer from)
    {
        if (!file.Operations.IsSeekable)
        {
            long none = 0;
            return file.Operations.Write(file, ref from, ref none);
        }

        if (!file.Inode.IsRegular)
            return WriteDevice(file, ref from);
        using (file.PositionLock.Acquire())
        {
            var position = file.Position;
            var result = WriteLimited(file, ref from, ref position);
            file.Position = position;
            return result;
        }
    }

    // A device may sleep until somebody writes, through the same open file perhaps: the position's lock would shut that one out.
    private static Result<int> ReadDevice(OpenFile file, ref IoBuffer to)
    {
        var position = file.Position;
        var result = file.Operations.Read(file, ref to, ref position);
        file.Position = position;
        return result;
    }

    private static Result<int> WriteDevice(OpenFile file, ref IoBuffer from)
    {
        var position = file.Position;
        var result = file.Operations.Write(file, ref from, ref position);
        file.Position = position;
        return result;
    }

    /// <summary>Reads at <paramref name="position"/>, which moves; the file's own does not. ESPIPE, EINVAL.</summary>
    public static Result<int> ReadAt(OpenFile file, ref IoBuffer to, ref long position)
    {
        if (!file.CanRead)
            return Errno.EBADF;
        var error = CheckAt(file, position);
        var result = error == Errno.None ? file.Operations.Read(file, ref to, ref position) : error;
        if (result.IsOk && result.Value > 0)
            FileNotify.Accessed(file);
        return result;
    }

    /// <summary>Writes at <paramref name="position"/>, which moves; the file's own does not. ESPIPE, EINVAL.</summary>
    public static Result<int> WriteAt(OpenFile file, ref IoBuffer from, ref long position)
    {
        if (!file.CanWrite)
            return Errno.EBADF;
        var error = CheckAt(file, position);
        var result = error == Errno.None ? WriteLimited(file, ref from, ref position) : error;
        if (result.IsOk && result.Value > 0)
            FileNotify.Modified(file);
        return result;
    }

    /// <summary>lseek. ESPIPE, EINVAL, ENXIO, EOVERFLOW.</summary>
    public static Result<long> Seek(OpenFile file, long offset, int whence)
    {
        if (file.IsPathOnly)
            return Errno.EBADF;
        if (!file.Operations.IsSeekable)
            return Errno.ESPIPE;
        using (file.PositionLock.Acquire())
        {
            var result = file.Operations.Seek(file, offset, whence);
            if (result.IsOk)
                file.Position = result.Value;
            return result;
        }
    }

    /// <summary>
    /// Checks a size against RLIMIT_FSIZE; sends SIGXFSZ when it is beyond. None or EFBIG.
    /// </summary>
    public static Errno CheckSize(long size)
    {
        if ((ulong)size <= Task.Current.Group.SoftLimit(Resource.FSIZE))
            return Errno.None;
        SignalSender.SendToCurrent(SignalNumber.SIGXFSZ);
        return Errno.EFBIG;
    }

    private static Errno CheckAt(OpenFile file, long position)
    {
        if (!file.Operations.IsSeekable)
            return Errno.ESPIPE;
        return position < 0 ? Errno.EINVAL : Errno.None;
    }

    private static Result<int> WriteLimited(OpenFile file, ref IoBuffer from, ref long position)
    {
        var limit = Task.Current.Group.SoftLimit(Resource.FSIZE);
        if (file.Inode.IsRegular && limit < long.MaxValue && from.Remaining > 0)
        {
            var start = file.IsAppend ? file.Inode.Size : position;
            if (start >= (long)limit)
                return CheckSize(start + 1);
            from.Limit((long)limit - start);
        }

        return file.Operations.Write(file, ref from, ref position);
    }
}
