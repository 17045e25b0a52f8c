// New file positions for lseek. Linux: generic_file_llseek(), shmem_file_llseek().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files;

using static FileConstants;

public static class FileSeek
{
    /// <summary>For files of bytes without holes to tell of. EINVAL; ENXIO beyond the end for SEEK_DATA and SEEK_HOLE.</summary>
    public static Result<long> Plain(OpenFile file, long offset, int whence)
    {
        var size = file.Inode.Size;
        switch (whence)
        {
            case SEEK_SET:
                return Checked(offset);
            case SEEK_CUR:
                return Sum(file.Position, offset);
            case SEEK_END:
                return Sum(size, offset);
            case SEEK_DATA:
                return (ulong)offset >= (ulong)size ? Errno.ENXIO : offset;
            case SEEK_HOLE:
                return (ulong)offset >= (ulong)size ? Errno.ENXIO : size;
            default:
                return Errno.EINVAL;
        }
    }

    /// <summary>For files whose pages show where data and holes are.</summary>
    public static Result<long> WithHoles(OpenFile file, long offset, int whence)
    {
        if (whence is not (SEEK_DATA or SEEK_HOLE))
            return Plain(file, offset, whence);
        var inode = file.Inode;
        var size = inode.Size;
        if ((ulong)offset >= (ulong)size)
            return Errno.ENXIO;
        var page = offset >> Frames.Shift;
        var data = inode.NextPage(page);
        if (whence == SEEK_DATA)
        {
            var start = data << Frames.Shift;
            if (data < 0 || start >= size)
                return Errno.ENXIO;
            return System.Math.Max(offset, start);
        }

        if (data != page)
            return offset;
        while (inode.NextPage(page) == page)
            page++;
        return System.Math.Min(page << Frames.Shift, size);
    }

    private static Result<long> Sum(long start, long offset) =>
        offset > 0 && start > long.MaxValue - offset ? Errno.EOVERFLOW : Checked(start + offset);

    private static Result<long> Checked(long position) => position < 0 ? Errno.EINVAL : position;
}
