// A file system put over a directory of another. Users: the table, mounts on top of it, and every place held in it.
// Locks: links, parent and mount point under MountTable's lock; flags are one word. Objects are pooled. Linux: struct mount.
using System;
using System.Runtime.CompilerServices;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Files;

[InlineArray(Capacity)]
public struct MountSource
{
    public const int Capacity = 64;

    private byte _first;
}

public sealed class Mount
{
    private Links<Mount> _poolLinks, _tableLinks;
    private MountSource _source;
    private int _sourceLength;
    private int _users;
    private uint _flags;

    private Mount()
    {
    }

    public static Pool<Mount, Pooled> Pool { get; private set; } = null!;

    /// <summary>Where it is mounted, counted; null for the root and for what is not in the tree (pipes).</summary>
    public Mount? Parent { get; internal set; }

    public DirectoryEntry? Point { get; internal set; }

    /// <summary>The directory that shows at the mount point, counted; for bind mounts not the file system's root.</summary>
    public DirectoryEntry Root { get; private set; } = null!;

    public FileSystem FileSystem { get; private set; } = null!;

    /// <summary>A number for /proc/PID/mountinfo.</summary>
    public int Id { get; internal set; }

    /// <summary>In the tree. Guard: MountTable's lock.</summary>
    internal bool IsInTable;

    /// <summary>MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_NOATIME, MS_RELATIME.</summary>
    public uint Flags
    {
        get => Volatile.Read(ref _flags);
        set => Volatile.Write(ref _flags, value);
    }

    public bool IsReadOnly => (Flags & FileConstants.MS_RDONLY) != 0;
    public bool UpdatesAccessTime => (Flags & (FileConstants.MS_NOATIME | FileConstants.MS_RDONLY)) == 0;

    /// <summary>The first argument of mount(2), cut.</summary>
    public ReadOnlySpan<byte> Source => ((ReadOnlySpan<byte>)_source).Slice(0, _sourceLength);

    internal int Users => Volatile.Read(ref _users);

    public static void Init(int limit)
    {
        Pool = new Pool<Mount, Pooled>("mount", limit);
    }

    /// <summary>
    /// A mount that is nowhere yet, with one user; takes over the caller's use of <paramref name="fileSystem"/> and counts <paramref name="root"/>.
    /// ENOMEM: the file system is still the caller's.
    /// </summary>
    public static Result<Mount> Create(FileSystem fileSystem, DirectoryEntry root, uint flags, ReadOnlySpan<byte> source)
    {
        if (!Pool.TryTake(out var mount))
            return Errno.ENOMEM;
        root.AddUser();
        mount._users = 1;
        mount.FileSystem = fileSystem;
        mount.Root = root;
        mount.Parent = null;
        mount.Point = null;
        mount.IsInTable = false;
        mount.Flags = flags;
        mount._sourceLength = Math.Min(source.Length, MountSource.Capacity);
        source.Slice(0, mount._sourceLength).CopyTo(mount._source);
        return mount;
    }

    public void AddUser() => Interlocked.Increment(ref _users);

    /// <summary>Counts a user out; the last one lets go of the file system. May sleep.</summary>
    public void Drop()
    {
        if (Interlocked.Decrement(ref _users) != 0)
            return;
        Root.Drop();
        FileSystem.Drop();
        Pool.Give(this);
    }

    public readonly struct Pooled : IPooled<Mount>
    {
        public static ref Links<Mount> Of(Mount item) => ref item._poolLinks;
        public static Mount Create() => new();
        public static int Bytes => 256;
    }

    internal readonly struct InTable : ILinksOf<Mount>
    {
        public static ref Links<Mount> Of(Mount item) => ref item._tableLinks;
    }
}
