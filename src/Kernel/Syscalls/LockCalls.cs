// The record locks of fcntl: F_GETLK, F_SETLK, F_SETLKW and their open-file forms. man 2 fcntl.
using System.Runtime.InteropServices;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Syscalls;

using static FileConstants;

public static class LockCalls
{
    /// <summary>struct flock.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct LockDescription
    {
        public short Type, Whence;
        public int Padding;
        public long Start, Length;
        public int ProcessId, Padding2;
    }

    public static long FControl(OpenFile file, int command, ulong argument)
    {
        if (!UserAccess.TryRead(argument, out LockDescription description))
            return -(long)Errno.EFAULT;
        var error = Decode(file, command, description, out var wanted);
        if (error != Errno.None)
            return SyscallResult.From(error);
        if (command is F_GETLK or F_OFD_GETLK)
            return Test(file, wanted, description, argument);
        if (wanted.Type == F_RDLCK && !file.CanRead || wanted.Type == F_WRLCK && !file.CanWrite)
            return -(long)Errno.EBADF;
        return SyscallResult.From(FileLocks.Set(file.Inode, wanted, command is F_SETLKW or F_OFD_SETLKW));
    }

    private static long Test(OpenFile file, in FileLockRange wanted, LockDescription description, ulong argument)
    {
        if (wanted.Type == F_UNLCK)
            return -(long)Errno.EINVAL;
        if (FileLocks.TryFindConflict(file.Inode, wanted, out var found))
        {
            description.Type = found.Type;
            description.Whence = SEEK_SET;
            description.Start = found.Start;
            description.Length = found.End == long.MaxValue ? 0 : found.End - found.Start + 1;
            description.ProcessId = found.ProcessId;
        }
        else
        {
            description.Type = F_UNLCK;
        }

        return UserAccess.TryWrite(argument, description) ? 0 : -(long)Errno.EFAULT;
    }

    private static Errno Decode(OpenFile file, int command, in LockDescription from, out FileLockRange range)
    {
        var isOpenFiles = command is F_OFD_GETLK or F_OFD_SETLK or F_OFD_SETLKW;
        range = new FileLockRange
        {
            Kind = isOpenFiles ? FileLockKind.OpenFile : FileLockKind.Process,
            Owner = isOpenFiles ? file : Task.Current.Files!,
            ProcessId = isOpenFiles ? -1 : Task.Current.Group.Id,
            Type = from.Type,
        };
        if (from.Type is not (F_RDLCK or F_WRLCK or F_UNLCK) || isOpenFiles && from.ProcessId != 0)
            return Errno.EINVAL;
        var origin = from.Whence switch { SEEK_SET => 0, SEEK_CUR => file.Position, SEEK_END => file.Inode.Size, _ => -1 };
        if (origin < 0)
            return Errno.EINVAL;
        if (from.Start > long.MaxValue - origin)
            return Errno.EOVERFLOW;
        var start = origin + from.Start;
        return SetRange(ref range, start, from.Length);
    }

    // A negative length means the bytes before the start; zero, to the end whatever it is.
    private static Errno SetRange(ref FileLockRange range, long start, long length)
    {
        range.Start = start;
        range.End = long.MaxValue;
        if (length > 0)
        {
            if (start > long.MaxValue - length + 1)
                return Errno.EOVERFLOW;
            range.End = start + length - 1;
        }
        else if (length < 0)
        {
            if (length == long.MinValue || start + length < 0)
                return Errno.EINVAL;
            range.Start = start + length;
            range.End = start - 1;
        }

        return range.Start < 0 ? Errno.EINVAL : Errno.None;
    }
}
