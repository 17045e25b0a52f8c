// Names to files: what the calls that take paths use. Process context; may sleep. Linux: fs/namei.c's filename_lookup(), do_filp_open().
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Files;

using static FileConstants;

public static partial class PathLookup
{
    /// <summary>
    /// The place that <paramref name="path"/> means, counted. <paramref name="directory"/>: where relative paths start (AT_FDCWD or a descriptor).
    /// <paramref name="flags"/>: AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH.
    /// </summary>
    public static Result<Location> Resolve(int directory, ReadOnlySpan<byte> path, int flags = 0)
    {
        using var walk = new PathWalk();
        var error = walk.Start(directory, path, (flags & AT_EMPTY_PATH) != 0);
        if (error == Errno.None)
            error = walk.ToEnd((flags & AT_SYMLINK_NOFOLLOW) == 0);
        return error == Errno.None ? walk.Take() : error;
    }

    /// <summary>Opens or makes a file as openat(2) does; the result has one user, the caller.</summary>
    /// <param name="directory">AT_FDCWD or a descriptor.</param>
    /// <param name="flags">O_ flags.</param>
    /// <param name="mode">Permission bits of a new file, umask not yet applied.</param>
    public static Result<OpenFile> Open(int directory, ReadOnlySpan<byte> path, int flags, uint mode) => FileOpening.Open(directory, path, flags, mode);

    /// <summary>
    /// Opens a program for exec: a regular file, executable by the caller, on a mount that allows it.
    /// <paramref name="flags"/>: AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW.
    /// </summary>
    /// <returns>EACCES when it may not be executed, ELOOP when it is a link not to be followed, ETXTBSY when it is open for writing.</returns>
    public static Result<OpenFile> OpenExecutable(int directory, ReadOnlySpan<byte> path, int flags)
    {
        var place = Resolve(directory, path, flags);
        if (!place.TryGet(out var location))
            return place.Error;
        var opened = CheckExecutable(location);
        var result = opened == Errno.None ? OpenFile.Create(location, O_RDONLY) : opened;
        location.Drop();
        if (!result.TryGet(out var program))
            return result;
        if (!program.TryForbidWriting())
        {
            program.Drop();
            return Errno.ETXTBSY;
        }

        FileNotify.Opened(program);
        return result;
    }

    private static Errno CheckExecutable(in Location location)
    {
        var inode = location.Inode;
        if (inode.IsSymbolicLink)
            return Errno.ELOOP;
        if (!inode.IsRegular || (location.Mount.Flags & MS_NOEXEC) != 0)
            return Errno.EACCES;
        return Permission.Check(inode, X_OK);
    }
}
