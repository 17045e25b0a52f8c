// pipe, pipe2, and the calls that move data between files in the kernel: sendfile, splice, tee, copy_file_range.
// Data goes through one frame of the call's own. man 2 of each.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Syscalls;

using static FileConstants;

public static class PipeCalls
{
    private const uint SPLICE_F_NONBLOCK = 2;
    private const uint SPLICE_F_ALL = 15;

    public static long Pipe(ulong to, int flags)
    {
        if ((flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT)) != 0)
            return -(long)Errno.EINVAL;
        var error = Ipc.Pipe.Create(flags & O_NONBLOCK, out var reader, out var writer);
        if (error != Errno.None)
            return SyscallResult.From(error);
        return InstallBoth(reader!, writer!, (flags & O_CLOEXEC) != 0, to);
    }

    public static long SendFile(int outDescriptor, int inDescriptor, ulong offset, ulong count)
    {
        long position = -1;
        if (offset != 0 && !UserAccess.TryRead(offset, out position))
            return -(long)Errno.EFAULT;
        if (offset != 0 && position < 0)
            return -(long)Errno.EINVAL;
        var result = Between(inDescriptor, outDescriptor, ref position, count, CheckSendFile);
        if (offset != 0 && result >= 0 && !UserAccess.TryWrite(offset, position))
            return -(long)Errno.EFAULT;
        return result;
    }

    public static long CopyFileRange(int inDescriptor, ulong inOffset, int outDescriptor, ulong outOffset, ulong count, uint flags)
    {
        if (flags != 0)
            return -(long)Errno.EINVAL;
        return Spliced(inDescriptor, inOffset, outDescriptor, outOffset, count, CheckCopy);
    }

    public static long Splice(int inDescriptor, ulong inOffset, int outDescriptor, ulong outOffset, ulong count, uint flags)
    {
        if ((flags & ~SPLICE_F_ALL) != 0)
            return -(long)Errno.EINVAL;
        return Spliced(inDescriptor, inOffset, outDescriptor, outOffset, count, CheckSplice);
    }

    public static long Tee(int inDescriptor, int outDescriptor, ulong count, uint flags)
    {
        if ((flags & ~SPLICE_F_ALL) != 0)
            return -(long)Errno.EINVAL;
        var files = Pair.Open(inDescriptor, outDescriptor);
        if (files.Error != Errno.None)
            return SyscallResult.From(files.Error);
        var from = FifoOperations.TryGet(files.In);
        var to = FifoOperations.TryGet(files.Out);
        Result<int> result = Errno.EINVAL;
        if (from is not null && to is not null && from != to)
            result = from.CopyTo(to, (int)Math.Min(count, MaxTransfer), files.In.IsNonBlocking || (flags & SPLICE_F_NONBLOCK) != 0);
        files.Drop();
        return SyscallResult.From(result);
    }

    private static long InstallBoth(OpenFile reader, OpenFile writer, bool closeOnExec, ulong to)
    {
        var table = Task.Current.Files!;
        var first = table.Install(reader, closeOnExec);
        if (!first.IsOk)
        {
            reader.Drop();
            writer.Drop();
            return SyscallResult.From(first.Error);
        }

        var second = table.Install(writer, closeOnExec);
        if (!second.IsOk)
            writer.Drop();
        else if (UserAccess.TryWrite(to, first.Value) && UserAccess.TryWrite(to + sizeof(int), second.Value))
            return 0;
        else
            table.Close(second.Value);
        table.Close(first.Value);
        return second.IsOk ? -(long)Errno.EFAULT : SyscallResult.From(second.Error);
    }

    // One call's two files.
    private readonly struct Pair
    {
        public readonly OpenFile In, Out;
        public readonly Errno Error;

        private Pair(OpenFile from, OpenFile to, Errno error)
        {
            In = from;
            Out = to;
            Error = error;
        }

        public static Pair Open(int inDescriptor, int outDescriptor)
        {
            if (FileTable.GetCurrent(inDescriptor) is not { } from)
                return new Pair(null!, null!, Errno.EBADF);
            if (FileTable.GetCurrent(outDescriptor) is not { } to)
            {
                from.Drop();
                return new Pair(null!, null!, Errno.EBADF);
            }

            if (from.CanRead && to.CanWrite)
                return new Pair(from, to, Errno.None);
            from.Drop();
            to.Drop();
            return new Pair(null!, null!, Errno.EBADF);
        }

        public void Drop()
        {
            In.Drop();
            Out.Drop();
        }
    }

    private static Errno CheckSendFile(OpenFile from, OpenFile to) =>
        to.IsAppend ? Errno.EINVAL : from.Operations.IsSeekable ? Errno.None : Errno.EINVAL;

    private static Errno CheckCopy(OpenFile from, OpenFile to)
    {
        if (from.Inode.IsDirectory || to.Inode.IsDirectory)
            return Errno.EISDIR;
        if (!from.Inode.IsRegular || !to.Inode.IsRegular)
            return Errno.EINVAL;
        return to.IsAppend ? Errno.EBADF : Errno.None;
    }

    private static Errno CheckSplice(OpenFile from, OpenFile to)
    {
        if (FifoOperations.TryGet(from) is null && FifoOperations.TryGet(to) is null)
            return Errno.EINVAL;
        return to.IsAppend || from.Private is not null && from.Private == to.Private ? Errno.EINVAL : Errno.None;
    }

    private static long Between(int inDescriptor, int outDescriptor, ref long position, ulong count, Func<OpenFile, OpenFile, Errno> check)
    {
        var files = Pair.Open(inDescriptor, outDescriptor);
        if (files.Error != Errno.None)
            return SyscallResult.From(files.Error);
        long outPosition = -1;
        var error = check(files.In, files.Out);
        var result = error == Errno.None
            ? SyscallResult.From(FileTransfer.Copy(files.In, ref position, files.Out, ref outPosition, count))
            : SyscallResult.From(error);
        files.Drop();
        return result;
    }

    private static long Spliced(int inDescriptor, ulong inOffset, int outDescriptor, ulong outOffset, ulong count, Func<OpenFile, OpenFile, Errno> check)
    {
        var files = Pair.Open(inDescriptor, outDescriptor);
        if (files.Error != Errno.None)
            return SyscallResult.From(files.Error);
        long from = -1, to = -1;
        var error = check(files.In, files.Out);
        if (error == Errno.None)
            error = ReadOffset(files.In, inOffset, ref from);
        if (error == Errno.None)
            error = ReadOffset(files.Out, outOffset, ref to);
        var result = SyscallResult.From(error);
        if (error == Errno.None)
            result = SyscallResult.From(FileTransfer.Copy(files.In, ref from, files.Out, ref to, count));
        files.Drop();
        if (result < 0)
            return result;
        var isStored = (inOffset == 0 || UserAccess.TryWrite(inOffset, from)) && (outOffset == 0 || UserAccess.TryWrite(outOffset, to));
        return isStored ? result : -(long)Errno.EFAULT;
    }

    private static Errno ReadOffset(OpenFile file, ulong address, ref long position)
    {
        if (address == 0)
            return Errno.None;
        if (!file.Operations.IsSeekable)
            return Errno.ESPIPE;
        if (!UserAccess.TryRead(address, out position))
            return Errno.EFAULT;
        return position < 0 ? Errno.EINVAL : Errno.None;
    }
}
