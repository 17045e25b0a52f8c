// System calls that move data: read, write and their vector and positioned forms, lseek, syncing, truncation.
// man 2 read, readv, lseek, fsync, truncate, fallocate.
using System.Runtime.CompilerServices;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Syscalls;

using static FileConstants;

public static class FileCalls
{
    private const int RWF_SUPPORTED = 0x1f;
    private const int RWF_NOWAIT = 0x8;
    private const int RWF_APPEND = 0x10;

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long Read(int descriptor, ulong address, ulong count)
    {
        var buffer = new IoBuffer(address, count);
        return Transfer(descriptor, ref buffer, isWrite: false, CheckRange(address, count));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long Write(int descriptor, ulong address, ulong count)
    {
        var buffer = new IoBuffer(address, count);
        return Transfer(descriptor, ref buffer, isWrite: true, CheckRange(address, count));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long ReadV(int descriptor, ulong vectors, int count)
    {
        var error = IoBuffer.FromVectors(vectors, count, out var buffer);
        return Transfer(descriptor, ref buffer, isWrite: false, error);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long WriteV(int descriptor, ulong vectors, int count)
    {
        var error = IoBuffer.FromVectors(vectors, count, out var buffer);
        return Transfer(descriptor, ref buffer, isWrite: true, error);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long PRead(int descriptor, ulong address, ulong count, long position)
    {
        var buffer = new IoBuffer(address, count);
        return TransferAt(descriptor, ref buffer, position, isWrite: false, CheckRange(address, count));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long PWrite(int descriptor, ulong address, ulong count, long position)
    {
        var buffer = new IoBuffer(address, count);
        return TransferAt(descriptor, ref buffer, position, isWrite: true, CheckRange(address, count));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long PReadV(int descriptor, ulong vectors, int count, long position)
    {
        var error = IoBuffer.FromVectors(vectors, count, out var buffer);
        return TransferAt(descriptor, ref buffer, position, isWrite: false, error);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long PWriteV(int descriptor, ulong vectors, int count, long position)
    {
        var error = IoBuffer.FromVectors(vectors, count, out var buffer);
        return TransferAt(descriptor, ref buffer, position, isWrite: true, error);
    }

    /// <summary>preadv2: position -1 means the file's own. Flags that only hint are taken.</summary>
    public static long PReadV2(int descriptor, ulong vectors, int count, long position, int flags)
    {
        if ((flags & ~RWF_SUPPORTED) != 0 || (flags & (RWF_NOWAIT | RWF_APPEND)) != 0)
            return -(long)Errno.EOPNOTSUPP;
        return position == -1 ? ReadV(descriptor, vectors, count) : PReadV(descriptor, vectors, count, position);
    }

    public static long PWriteV2(int descriptor, ulong vectors, int count, long position, int flags)
    {
        if ((flags & ~RWF_SUPPORTED) != 0 || (flags & (RWF_NOWAIT | RWF_APPEND)) != 0)
            return -(long)Errno.EOPNOTSUPP;
        return position == -1 ? WriteV(descriptor, vectors, count) : PWriteV(descriptor, vectors, count, position);
    }

    public static long LSeek(int descriptor, long offset, int whence)
    {
        var borrowed = BorrowedFile.Get(descriptor);
        if (borrowed.File is not { } file)
            return -(long)Errno.EBADF;
        var result = FileIo.Seek(file, offset, whence);
        borrowed.Return();
        return SyscallResult.From(result);
    }

    public static long FSync(int descriptor)
    {
        if (FileTable.GetCurrent(descriptor) is not { } file)
            return -(long)Errno.EBADF;
        var error = file.IsPathOnly ? Errno.EBADF : file.Inode.Type is S_IFIFO or S_IFSOCK ? Errno.EINVAL : file.Operations.Synchronise(file);
        file.Drop();
        return SyscallResult.From(error);
    }

    /// <summary>Everything is in memory: nothing to write back.</summary>
    public static long SyncFileSystem(int descriptor)
    {
        if (FileTable.GetCurrent(descriptor) is not { } file)
            return -(long)Errno.EBADF;
        var error = file.IsPathOnly ? Errno.EBADF : Errno.None;
        file.Drop();
        return SyscallResult.From(error);
    }

    public static long Truncate(ulong address, long size)
    {
        using var path = new UserPath();
        var error = path.Read(address);
        if (error != Errno.None)
            return SyscallResult.From(error);
        if (size < 0)
            return -(long)Errno.EINVAL;
        var resolved = PathLookup.Resolve(AT_FDCWD, path.Bytes);
        if (!resolved.TryGet(out var place))
            return SyscallResult.From(resolved.Error);
        error = place.Inode.IsDirectory ? Errno.EISDIR : place.Inode.IsRegular ? Permission.CheckMount(place, W_OK) : Errno.EINVAL;
        if (error == Errno.None)
            error = Permission.Check(place.Inode, W_OK);
        if (error == Errno.None)
            error = place.Inode.IsRunning ? Errno.ETXTBSY : Resize(place.Inode, size);
        if (error == Errno.None)
            FileNotify.OfPlace(place, NotifyFlags.IN_MODIFY);
        place.Drop();
        return SyscallResult.From(error);
    }

    public static long FTruncate(int descriptor, long size)
    {
        if (FileTable.GetCurrent(descriptor) is not { } file)
            return -(long)Errno.EBADF;
        var error = file.IsPathOnly ? Errno.EBADF : size < 0 || !file.Inode.IsRegular || !file.CanWrite ? Errno.EINVAL : Resize(file.Inode, size);
        if (error == Errno.None)
            FileNotify.Modified(file);
        file.Drop();
        return SyscallResult.From(error);
    }

    public static long FAllocate(int descriptor, int mode, long start, long length)
    {
        if (FileTable.GetCurrent(descriptor) is not { } file)
            return -(long)Errno.EBADF;
        var error = CheckAllocate(file, mode, start, length);
        if (error == Errno.None)
        {
            using (file.Inode.Contents.Acquire())
                error = Allocate(file.Inode, mode, start, start + length);
        }

        if (error == Errno.None)
            FileNotify.Modified(file);

        file.Drop();
        return SyscallResult.From(error);
    }

    /// <summary>Hints about access: checked, and then of no use to files in memory. fadvise64, readahead.</summary>
    public static long Advise(int descriptor, long length, int advice)
    {
        if (FileTable.GetCurrent(descriptor) is not { } file)
            return -(long)Errno.EBADF;
        var error = file.IsPathOnly ? Errno.EBADF
            : file.Inode.Type == S_IFIFO ? Errno.ESPIPE
            : length < 0 || advice is < 0 or > 5 ? Errno.EINVAL : Errno.None;
        file.Drop();
        return SyscallResult.From(error);
    }

    public static long ReadAhead(int descriptor)
    {
        if (FileTable.GetCurrent(descriptor) is not { } file)
            return -(long)Errno.EBADF;
        var error = !file.CanRead ? Errno.EBADF : file.Inode.IsRegular ? Errno.None : Errno.EINVAL;
        file.Drop();
        return SyscallResult.From(error);
    }

    // Whether the file may be used so comes before what is wrong with the buffer; FileIo asks it, too.
    private static long Transfer(int descriptor, ref IoBuffer buffer, bool isWrite, Errno error)
    {
        var borrowed = BorrowedFile.Get(descriptor);
        if (borrowed.File is not { } file)
            return -(long)Errno.EBADF;
        Result<int> result;
        if (error != Errno.None)
            result = MayTransfer(file, isWrite) ? error : Errno.EBADF;
        else
            result = isWrite ? FileIo.Write(file, ref buffer) : FileIo.Read(file, ref buffer);
        borrowed.Return();
        return SyscallResult.From(result);
    }

    private static long TransferAt(int descriptor, ref IoBuffer buffer, long position, bool isWrite, Errno error)
    {
        if (position < 0)
            return -(long)Errno.EINVAL;
        var borrowed = BorrowedFile.Get(descriptor);
        if (borrowed.File is not { } file)
            return -(long)Errno.EBADF;
        Result<int> result;
        if (error != Errno.None)
            result = MayTransfer(file, isWrite) ? error : Errno.EBADF;
        else
            result = isWrite ? FileIo.WriteAt(file, ref buffer, ref position) : FileIo.ReadAt(file, ref buffer, ref position);
        borrowed.Return();
        return SyscallResult.From(result);
    }

    private static bool MayTransfer(OpenFile file, bool isWrite) => isWrite ? file.CanWrite : file.CanRead;

    private static Errno CheckRange(ulong address, ulong count)
    {
        if ((long)count < 0)
            return Errno.EINVAL;
        return UserAccess.IsUserRange(address, count) ? Errno.None : Errno.EFAULT;
    }

    private static Errno Resize(Inode inode, long size)
    {
        var error = size > inode.Size ? FileIo.CheckSize(size) : Errno.None;
        return error == Errno.None ? FileAttributes.Truncate(inode, size) : error;
    }

    private static Errno CheckAllocate(OpenFile file, int mode, long start, long length)
    {
        if (!file.CanWrite)
            return Errno.EBADF;
        if (start < 0 || length <= 0)
            return Errno.EINVAL;
        if ((mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) != 0)
            return Errno.EOPNOTSUPP;
        if ((mode & FALLOC_FL_PUNCH_HOLE) != 0 && mode != (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE))
            return Errno.EOPNOTSUPP;
        if (file.Inode.IsDirectory)
            return Errno.EISDIR;
        if (file.Inode.Type == S_IFIFO)
            return Errno.ESPIPE;
        if (!file.Inode.IsRegular || file.Operations != PageFileOperations.Instance)
            return Errno.ENODEV;
        if (start > PageFile.MaxSize - length)
            return Errno.EFBIG;
        return (mode & FALLOC_FL_KEEP_SIZE) == 0 ? FileIo.CheckSize(start + length) : Errno.None;
    }

    private static Errno Allocate(Inode inode, int mode, long start, long end)
    {
        if ((mode & FALLOC_FL_PUNCH_HOLE) != 0)
        {
            PageFile.Discard(inode, start, end);
            FileTime.Modified(inode);
            return Errno.None;
        }

        if ((mode & FALLOC_FL_ZERO_RANGE) != 0)
            PageFile.Discard(inode, start, end);
        var error = PageFile.Reserve(inode, start, end);
        if (error == Errno.None && (mode & FALLOC_FL_KEEP_SIZE) == 0 && end > inode.Size)
            inode.Size = end;
        FileTime.Modified(inode);
        return error;
    }
}
