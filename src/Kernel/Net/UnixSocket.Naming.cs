// How a socket gets its name: by bind, as a path or an abstract name, or one that is found for it. A name stays as long as the socket, and is read
// without a lock: the length is written after the bytes.
// Locks: _binding (sleeping) around it all, so that a socket gets one name only; the file tree's locks inside. Linux: unix_bind(), unix_autobind().
using System;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Net;

using static FileConstants;

internal sealed partial class UnixSocket
{
    private UnixName _name;
    private int _nameLength;

    /// <summary>Where its name is in the file tree, counted; none: it has no such name. Guard: UnixNames' lock until it is set.</summary>
    internal Location Place;

    /// <summary>Which list its abstract name is in.</summary>
    internal int Bucket;

    /// <summary>Its name; empty: it has none.</summary>
    public ReadOnlySpan<byte> Name
    {
        get
        {
            ReadOnlySpan<byte> all = _name;
            return all.Slice(0, Volatile.Read(ref _nameLength));
        }
    }

    public bool HasName => Volatile.Read(ref _nameLength) != 0;

    internal void SetName(scoped ReadOnlySpan<byte> name)
    {
        Span<byte> all = _name;
        name.CopyTo(all);
        Volatile.Write(ref _nameLength, name.Length);
    }

    /// <summary>Gives it a name; empty: finds one. EINVAL: it has one already; EADDRINUSE; what making a file gives.</summary>
    public Errno Bind(ReadOnlySpan<byte> name)
    {
        if (name.Length == 0)
            return BindAutomatically();
        using (_binding.Acquire())
        {
            if (HasName)
                return Errno.EINVAL;
            return UnixName.IsAbstract(name) ? UnixNames.Enter(this, name) : BindPath(name);
        }
    }

    /// <summary>Finds it a name if it has none. ENOSPC.</summary>
    public Errno BindAutomatically()
    {
        using (_binding.Acquire())
            return HasName ? Errno.None : UnixNames.EnterAutomatic(this);
    }

    private Errno BindPath(ReadOnlySpan<byte> path)
    {
        using var walk = new PathWalk();
        var error = walk.Start(AT_FDCWD, path, mayBeEmpty: false);
        if (error == Errno.None)
            error = walk.ToParent();
        if (error != Errno.None)
            return error;
        if (walk.Last != LastComponent.Name)
            return Errno.EADDRINUSE;
        if (walk.HasTrailingSlash)
            return Errno.ENOENT;
        var mode = S_IFSOCK | (File?.Inode.Mode ?? 0x1ff) & 0x1ff;
        var made = NameMaking.Make(walk.At, walk.LastName, mode, default, default);
        if (!made.TryGet(out var entry))
            return made.Error == Errno.EEXIST ? Errno.EADDRINUSE : made.Error;
        walk.StandAtChild(entry);
        UnixNames.Enter(this, path, walk.Take());
        return Errno.None;
    }
}
