// open: finds or makes the file, checks what may be done with it, and gives an open file.
// Locks: the file system's tree lock from looking the last name up to entering it, so that O_EXCL excludes.
// Linux: path_openat(), do_last(), may_open().
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Files;

using static FileConstants;

public static class FileOpening
{
    /// <summary>See <see cref="PathLookup.Open"/>.</summary>
    public static Result<OpenFile> Open(int directory, ReadOnlySpan<byte> path, int flags, uint mode)
    {
        flags |= O_LARGEFILE;
        if ((flags & O_PATH) != 0)
            flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
        if ((flags & O_TMPFILE) == O_TMPFILE)
            return OpenUnnamed(directory, path, flags, mode);
        var walk = new PathWalk();
        var result = OpenWalking(ref walk, directory, path, flags, mode);
        walk.Dispose();
        return result;
    }

    private static Result<OpenFile> OpenWalking(ref PathWalk walk, int directory, ReadOnlySpan<byte> path, int flags, uint mode)
    {
        var error = walk.Start(directory, path, mayBeEmpty: false);
        if (error != Errno.None)
            return error;
        if ((flags & O_CREAT) != 0)
            return OpenOrMake(ref walk, flags, mode);
        error = walk.ToEnd((flags & O_NOFOLLOW) == 0);
        return error == Errno.None ? OpenFound(walk.At, flags, wasMade: false) : error;
    }

    private static Result<OpenFile> OpenOrMake(ref PathWalk walk, int flags, uint mode)
    {
        while (true)
        {
            var error = walk.ToParent();
            if (error != Errno.None)
                return error;
            if (walk.Last != LastComponent.Name)
                return (flags & O_EXCL) != 0 ? Errno.EEXIST : Errno.EISDIR;
            if (walk.HasTrailingSlash)
                return Errno.EISDIR;
            var found = DirectoryTree.Lookup(walk.At.Entry, walk.LastName);
            while (found.Error == Errno.ENOENT)
            {
                error = Make(ref walk, mode);
                if (error == Errno.None)
                    return OpenFound(walk.At, flags, wasMade: true);
                if (error != Errno.EEXIST)
                    return error;

                // Somebody was quicker: look the same name up again.
                found = DirectoryTree.Lookup(walk.At.Entry, walk.LastName);
            }

            if (!found.TryGet(out var child))
                return found.Error;
            if ((flags & O_EXCL) != 0)
            {
                child.Drop();
                return Errno.EEXIST;
            }

            if (!child.Inode.IsSymbolicLink || (flags & O_NOFOLLOW) != 0)
            {
                walk.StandAtChild(child);
                return OpenFound(walk.At, flags, wasMade: false);
            }

            child.Drop();
            error = walk.EnterLast(follow: true);
            if (error != Errno.None)
                return error;
            if (walk.IsAtEnd)
                return OpenFound(walk.At, flags, wasMade: false);
        }
    }

    // A new regular file under the last name; the walk stands at it then. EEXIST: there is one by now.
    private static Errno Make(ref PathWalk walk, uint mode)
    {
        var made = NameMaking.Make(walk.At, walk.LastName, S_IFREG | mode & ModeBits, default, default);
        if (!made.TryGet(out var entry))
            return made.Error;
        walk.StandAtChild(entry);
        return Errno.None;
    }

    private static Result<OpenFile> OpenFound(in Location place, int flags, bool wasMade)
    {
        var inode = place.Inode;
        if ((flags & O_DIRECTORY) != 0 && !inode.IsDirectory)
            return Errno.ENOTDIR;
        if ((flags & O_PATH) != 0)
            return OpenFile.Create(place, flags);
        var error = inode.IsSymbolicLink ? Errno.ELOOP : wasMade ? Errno.None : CheckOpen(place, flags);
        if (error != Errno.None)
            return error;
        var opened = OpenFile.Create(place, flags);
        if (!opened.TryGet(out var file))
            return opened;
        if ((flags & O_TRUNC) != 0 && !wasMade && inode.IsRegular)
        {
            error = FileAttributes.Truncate(inode, 0);
            if (error != Errno.None)
            {
                file.Drop();
                return error;
            }

            FileNotify.Modified(file);
        }

        FileNotify.Opened(file);
        return opened;
    }

    private static Errno CheckOpen(in Location place, int flags)
    {
        var inode = place.Inode;
        var access = AccessOf(flags);
        if (inode.IsDirectory && ((access & W_OK) != 0 || (flags & O_CREAT) != 0))
            return Errno.EISDIR;
        if (inode.IsDevice && (place.Mount.Flags & MS_NODEV) != 0)
            return Errno.EACCES;
        if (inode.Type == S_IFSOCK)
            return Errno.ENXIO;
        var error = Permission.CheckMount(place, access);
        if (error == Errno.None)
            error = Permission.Check(inode, access);
        if (error == Errno.None && (flags & O_NOATIME) != 0)
            error = Permission.CheckOwner(inode);
        return error;
    }

    private static int AccessOf(int flags)
    {
        var access = (flags & O_ACCMODE) switch { O_RDONLY => R_OK, O_WRONLY => W_OK, _ => R_OK | W_OK };
        return (flags & O_TRUNC) != 0 ? access | W_OK : access;
    }

    // O_TMPFILE: a file of no name in the file system of a directory.
    private static Result<OpenFile> OpenUnnamed(int directory, ReadOnlySpan<byte> path, int flags, uint mode)
    {
        if ((flags & O_ACCMODE) == O_RDONLY)
            return Errno.EINVAL;
        var resolved = PathLookup.Resolve(directory, path);
        if (!resolved.TryGet(out var place))
            return resolved.Error;
        var made = place.Inode.IsDirectory ? NameMaking.MakeUnnamed(place, S_IFREG | mode & ModeBits) : Errno.ENOTDIR;
        Result<OpenFile> result = made.Error;
        if (made.TryGet(out var entry))
        {
            result = OpenFile.Create(new Location(place.Mount, entry), flags & ~O_TMPFILE);
            if (result.IsOk)
                FileNotify.Opened(result.Value);
            entry.Drop();
        }

        place.Drop();
        return result;
    }
}
