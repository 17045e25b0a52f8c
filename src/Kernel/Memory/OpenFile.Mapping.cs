// What memory needs of an open file: to hold it, to know what may be done with it, and its pages. man 2 mmap.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files;

public sealed partial class OpenFile
{
    /// <summary>The file of a descriptor of the running task, with a user for the caller. EBADF.</summary>
    internal static Result<OpenFile> ForMapping(int descriptor)
    {
        if (FileTable.GetCurrent(descriptor) is not { } file)
            return Errno.EBADF;
        if (!file.IsPathOnly)
            return file;
        file.Drop();
        return Errno.EBADF;
    }

    /// <summary>One more mapping uses it.</summary>
    internal void HoldForMapping() => AddUser();

    /// <summary>A mapping less. May sleep.</summary>
    internal void ReleaseMapping() => Drop();

    internal bool CanBeMapped => Operations.CanMap;
    internal bool MapsAsZeros => Operations.MapsZeros;
    internal bool MapsReadable => CanRead;
    internal bool MapsWritable => CanWrite;

    internal bool MapsExecutable => (Location.Mount.Flags & FileConstants.MS_NOEXEC) == 0;

    /// <summary>The frame of a page with one more reference for the caller. Does not sleep. False: beyond the end, or out of memory.</summary>
    internal bool TryGetMappedPage(long index, bool forWrite, out FrameNumber frame) => Inode.TryGetPage(index, forWrite, out frame);

    /// <summary>The same, but only for pages that are at hand now.</summary>
    internal bool TryFindMappedPage(long index, out FrameNumber frame)
    {
        frame = default;
        return HasMappedPage(index) && Inode.TryFindPage(index, out frame);
    }

    /// <summary>A hole cannot be filled because the file system has reached its limit.</summary>
    internal bool IsFileSystemFull => Inode.FileSystem.PagesUsed >= Inode.FileSystem.PageLimit;

    /// <summary>True when the page is not beyond the end.</summary>
    internal bool HasMappedPage(long index) => index < (Inode.Size + Frames.Size - 1) >> Frames.Shift;
}
