// The calls that move data between files in the kernel: splice, tee, vmsplice, sendfile, copy_file_range. man 2 of each.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Syscalls;

using static FileConstants;

internal static class SpliceCalls
{
    private const uint SPLICE_F_NONBLOCK = 2;
    private const uint SPLICE_F_ALL = 15; // MOVE, NONBLOCK, MORE, GIFT

    public static long Splice(int inDescriptor, ulong inOffset, int outDescriptor, ulong outOffset, ulong count, uint flags)
    {
        if (count == 0)
            return 0;
        if ((flags & ~SPLICE_F_ALL) != 0)
            return -(long)Errno.EINVAL;
        var error = Pair.Open(inDescriptor, outDescriptor, out var files);
        if (error != Errno.None)
            return -(long)error;
        var result = Splice(files, inOffset, outOffset, Cut(count), (flags & SPLICE_F_NONBLOCK) != 0);
        files.Drop();
        return result;
    }

    private static long Splice(in Pair files, ulong inOffset, ulong outOffset, int count, bool nonBlocking)
    {
        var from = FifoOperations.TryGet(files.In);
        var to = FifoOperations.TryGet(files.Out);
        if (from is not null && inOffset != 0 || to is not null && outOffset != 0)
            return -(long)Errno.ESPIPE;
        long inPosition = -1, outPosition = -1;
        if (inOffset != 0 && !UserAccess.TryRead(inOffset, out inPosition) || outOffset != 0 && !UserAccess.TryRead(outOffset, out outPosition))
            return -(long)Errno.EFAULT;
        if (!files.AreOpen)
            return -(long)Errno.EBADF;
        if (from is not null && to is not null)
        {
            nonBlocking |= files.In.IsNonBlocking || files.Out.IsNonBlocking;
            return SyscallResult.From(from == to ? Errno.EINVAL : from.PassTo(to, count, nonBlocking, keep: false));
        }

        var error = from is not null ? CheckOut(files.Out, outOffset != 0, outPosition) : to is not null ? CheckIn(files.In, inOffset != 0, inPosition) : Errno.EINVAL;
        if (error != Errno.None)
            return -(long)error;
        var result = from is not null
            ? Ipc.Splice.ToFile(from, files.Out, ref outPosition, count, nonBlocking || files.In.IsNonBlocking)
            : Ipc.Splice.FromFile(files.In, ref inPosition, to!, count, nonBlocking || files.Out.IsNonBlocking);
        return Finish(result, inOffset, inPosition, outOffset, outPosition);
    }

    private static long Finish(Result<long> result, ulong inOffset, long inPosition, ulong outOffset, long outPosition)
    {
        if (!result.IsOk)
            return -(long)result.Error;
        var isStored = (inOffset == 0 || UserAccess.TryWrite(inOffset, inPosition)) && (outOffset == 0 || UserAccess.TryWrite(outOffset, outPosition));
        return isStored ? result.Value : -(long)Errno.EFAULT;
    }

    private static Errno CheckIn(OpenFile file, bool hasOffset, long position)
    {
        if (!CanSplice(file) || hasOffset && !file.Operations.IsSeekable)
            return Errno.EINVAL;
        return hasOffset && position < 0 ? Errno.EINVAL : Errno.None;
    }

    private static Errno CheckOut(OpenFile file, bool hasOffset, long position)
    {
        if (!CanSplice(file) || hasOffset && !file.Operations.IsSeekable || file.IsAppend)
            return Errno.EINVAL;
        return hasOffset && position < 0 ? Errno.EINVAL : Errno.None;
    }

    // Directories cannot, nor what is no more than an event.
    private static bool CanSplice(OpenFile file) => !file.Inode.IsDirectory && file.Inode.FileSystem.Type is not EventFileSystem;

    public static long Tee(int inDescriptor, int outDescriptor, ulong count, uint flags)
    {
        if ((flags & ~SPLICE_F_ALL) != 0)
            return -(long)Errno.EINVAL;
        if (count == 0)
            return 0;
        var error = Pair.Open(inDescriptor, outDescriptor, out var files);
        if (error != Errno.None)
            return -(long)error;
        var from = FifoOperations.TryGet(files.In);
        var to = FifoOperations.TryGet(files.Out);
        var nonBlocking = (flags & SPLICE_F_NONBLOCK) != 0 || files.In.IsNonBlocking || files.Out.IsNonBlocking;
        Result<int> result = !files.AreOpen ? Errno.EBADF : Errno.EINVAL;
        if (files.AreOpen && from is not null && to is not null && from != to)
            result = from.PassTo(to, Cut(count), nonBlocking, keep: true);
        files.Drop();
        return SyscallResult.From(result);
    }

    public static long VmSplice(int descriptor, ulong vectors, ulong count, uint flags)
    {
        if ((flags & ~SPLICE_F_ALL) != 0)
            return -(long)Errno.EINVAL;
        if (FileTable.GetCurrent(descriptor) is not { } file)
            return -(long)Errno.EBADF;
        var result = VmSplice(file, vectors, (int)Math.Min(count, int.MaxValue), (flags & SPLICE_F_NONBLOCK) != 0);
        file.Drop();
        return result;
    }

    private static long VmSplice(OpenFile file, ulong vectors, int count, bool nonBlocking)
    {
        if (!file.CanRead && !file.CanWrite)
            return -(long)Errno.EBADF;
        var error = IoBuffer.FromVectors(vectors, count, out var buffer);
        if (error != Errno.None)
            return -(long)error;
        if (buffer.Remaining == 0)
            return 0;
        if (FifoOperations.TryGet(file) is not { } pipe)
            return -(long)Errno.EBADF;
        return file.CanWrite
            ? SyscallResult.From(Ipc.Splice.FromMemory(ref buffer, pipe, nonBlocking))
            : SyscallResult.From(pipe.Read(ref buffer, nonBlocking));
    }

    public static long SendFile(int outDescriptor, int inDescriptor, ulong offset, ulong count)
    {
        long position = -1;
        if (offset != 0 && !UserAccess.TryRead(offset, out position))
            return -(long)Errno.EFAULT;
        var error = Pair.Open(inDescriptor, outDescriptor, out var files);
        if (error != Errno.None)
            return -(long)error;
        var result = SendFile(files, offset != 0, ref position, count);
        files.Drop();
        return offset != 0 && result >= 0 && !UserAccess.TryWrite(offset, position) ? -(long)Errno.EFAULT : result;
    }

    private static long SendFile(in Pair files, bool hasOffset, ref long position, ulong count)
    {
        if (!files.In.CanRead)
            return -(long)Errno.EBADF;
        if (hasOffset && !files.In.Operations.IsSeekable)
            return -(long)Errno.ESPIPE;
        if (hasOffset && position < 0 || (long)count < 0)
            return -(long)Errno.EINVAL;
        if (!files.Out.CanWrite)
            return -(long)Errno.EBADF;
        if (count == 0)
            return 0;
        if (FifoOperations.TryGet(files.Out) is { } pipe)
            return CanSplice(files.In) ? SyscallResult.From(SendToPipe(files, ref position, pipe, count)) : -(long)Errno.EINVAL;
        if (files.Out.IsAppend || !files.In.Operations.IsSeekable || !CanSplice(files.In))
            return -(long)Errno.EINVAL;
        long outPosition = -1;
        return SyscallResult.From(FileTransfer.Copy(files.In, ref position, files.Out, ref outPosition, count));
    }

    private static Result<long> SendToPipe(in Pair files, ref long position, Pipe pipe, ulong count) =>
        Ipc.Splice.FromFile(files.In, ref position, pipe, Cut(count), files.In.IsNonBlocking || files.Out.IsNonBlocking);

    public static long CopyFileRange(int inDescriptor, ulong inOffset, int outDescriptor, ulong outOffset, ulong count, uint flags)
    {
        if (flags != 0)
            return -(long)Errno.EINVAL;
        var error = Pair.Open(inDescriptor, outDescriptor, out var files);
        if (error != Errno.None)
            return -(long)error;
        long from = -1, to = -1;
        error = files.AreOpen ? CheckCopy(files.In, files.Out) : Errno.EBADF;
        if (error == Errno.None)
            error = ReadOffset(inOffset, ref from);
        if (error == Errno.None)
            error = ReadOffset(outOffset, ref to);
        var result = error == Errno.None ? FileTransfer.Copy(files.In, ref from, files.Out, ref to, count) : error;
        files.Drop();
        return Finish(result, inOffset, from, outOffset, to);
    }

    private static Errno CheckCopy(OpenFile from, OpenFile to)
    {
        if (from.Inode.IsDirectory || to.Inode.IsDirectory)
            return Errno.EISDIR;
        if (!from.Inode.IsRegular || !to.Inode.IsRegular)
            return Errno.EINVAL;
        return to.IsAppend ? Errno.EBADF : Errno.None;
    }

    private static Errno ReadOffset(ulong address, ref long position)
    {
        if (address == 0)
            return Errno.None;
        if (!UserAccess.TryRead(address, out position))
            return Errno.EFAULT;
        return position < 0 ? Errno.EINVAL : Errno.None;
    }

    private static int Cut(ulong count) => (int)Math.Min(count, MaxTransfer);

    // One call's two files.
    private readonly struct Pair
    {
        public readonly OpenFile In, Out;

        private Pair(OpenFile from, OpenFile to)
        {
            In = from;
            Out = to;
        }

        /// <summary>The first is open for reading, the second for writing.</summary>
        public bool AreOpen => In.CanRead && Out.CanWrite;

        /// <summary>Counts both files in. EBADF.</summary>
        public static Errno Open(int inDescriptor, int outDescriptor, out Pair pair)
        {
            pair = default;
            if (FileTable.GetCurrent(inDescriptor) is not { } from)
                return Errno.EBADF;
            if (FileTable.GetCurrent(outDescriptor) is not { } to)
            {
                from.Drop();
                return Errno.EBADF;
            }

            pair = new Pair(from, to);
            return Errno.None;
        }

        public void Drop()
        {
            In.Drop();
            Out.Drop();
        }
    }
}
