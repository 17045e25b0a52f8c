// Mounting and unmounting. Lock: s_lock (sleeping) orders all changes of the mount tree, so that a check and what follows belong together.
// Linux: path_mount(), path_umount().
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sync;

namespace Jiffy.Kernel.Files;

using static FileConstants;

public static class Mounting
{
    private const uint KeptFlags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME | MS_RELATIME | MS_SYNCHRONOUS;
    private const uint Propagation = MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE;

    private static Mutex<MountRank> s_lock;

    public static void Init()
    {
        s_lock = default;
    }

    /// <summary>
    /// mount(2) on a place (still the caller's). ENODEV: unknown kind; EBUSY: already mounted there; ENOTDIR; EINVAL.
    /// </summary>
    public static Errno Mount(in Location place, ReadOnlySpan<byte> source, ReadOnlySpan<byte> kind, uint flags, ReadOnlySpan<byte> options)
    {
        if ((flags & MS_MGC_MSK) == MS_MGC_VAL)
            flags &= ~MS_MGC_MSK;
        using (s_lock.Acquire())
        {
            if ((flags & MS_REMOUNT) != 0)
                return Remount(place, flags, options);
            if ((flags & Propagation) != 0)
                return Errno.None; // there is one mount tree, so nothing is passed on
            if ((flags & MS_BIND) != 0)
                return Bind(place, source, flags);
            return (flags & MS_MOVE) != 0 ? Errno.EINVAL : MountNew(place, source, kind, flags, options);
        }
    }

    /// <summary>umount2(2) of what is mounted at a place; takes the caller's use of the place over.</summary>
    public static Errno Unmount(in Location place, int flags)
    {
        using (s_lock.Acquire())
        {
            var mount = place.Mount;
            if (place.Entry != mount.Root)
            {
                place.Drop();
                return Errno.EINVAL;
            }

            mount.AddUser();
            place.Drop();
            // Users besides the tree's: this function.
            var error = MountTable.Detach(mount, expected: 2, (flags & MNT_DETACH) != 0);
            mount.Drop();
            return error;
        }
    }

    private static Errno MountNew(in Location place, ReadOnlySpan<byte> source, ReadOnlySpan<byte> kind, uint flags, ReadOnlySpan<byte> options)
    {
        if (FileSystemTypes.Find(kind) is not { } type)
            return Errno.ENODEV;
        if (!place.Inode.IsDirectory)
            return Errno.ENOTDIR;
        var made = type.Mount(options);
        if (!made.TryGet(out var fileSystem))
            return made.Error;
        return Attach(place, fileSystem, fileSystem.Root, flags, source);
    }

    private static Errno Bind(in Location place, ReadOnlySpan<byte> source, uint flags)
    {
        var resolved = PathLookup.Resolve(AT_FDCWD, source);
        if (!resolved.TryGet(out var from))
            return resolved.Error;
        var error = Errno.ENOTDIR;
        if (from.Inode.IsDirectory == place.Inode.IsDirectory)
        {
            from.Mount.FileSystem.AddUser();
            error = Attach(place, from.Mount.FileSystem, from.Entry, from.Mount.Flags | flags, from.Mount.Source);
        }

        from.Drop();
        return error;
    }

    // Takes the caller's use of the file system over in every case.
    private static Errno Attach(in Location place, FileSystem fileSystem, DirectoryEntry root, uint flags, ReadOnlySpan<byte> source)
    {
        var made = Jiffy.Kernel.Files.Mount.Create(fileSystem, root, flags & KeptFlags, source);
        if (!made.TryGet(out var mount))
        {
            fileSystem.Drop();
            return made.Error;
        }

        place.AddUser();
        var error = place.Entry.IsRemoved ? Errno.ENOENT : MountTable.Attach(mount, place);
        if (error == Errno.None)
            return error;
        place.Drop();
        mount.Drop();
        return error;
    }

    private static Errno Remount(in Location place, uint flags, ReadOnlySpan<byte> options)
    {
        var mount = place.Mount;
        if (place.Entry != mount.Root)
            return Errno.EINVAL;
        var error = (flags & MS_BIND) != 0 ? Errno.None : mount.FileSystem.Type.Remount(mount.FileSystem, options);
        if (error == Errno.None)
            mount.Flags = flags & KeptFlags;
        return error;
    }
}
