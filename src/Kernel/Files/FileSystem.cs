// One mounted instance of a file system, and the kinds there are. Linux: struct super_block, struct file_system_type.
// Locks: Tree (sleeping) guards the directory tree's names: whoever enters, removes or renames holds it; finding a cached name does not.
using System;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;

namespace Jiffy.Kernel.Files;

/// <summary>A kind of file system that mount(2) knows by name. One sealed class per kind, one object without
/// state, registered at start-up.</summary>
public abstract class FileSystemType
{
    /// <summary>The name for mount(2) and /proc/filesystems.</summary>
    public abstract string Name { get; }

    /// <summary>The magic number that statfs shows.</summary>
    public abstract uint Magic { get; }

    /// <summary>
    /// Makes an instance, or counts in the one there is. <paramref name="options"/>: mount's data, comma separated.
    /// </summary>
    public abstract Result<FileSystem> Mount(ReadOnlySpan<byte> options);

    /// <summary>Changes the options of an instance (remount).</summary>
    public virtual Errno Remount(FileSystem fileSystem, ReadOnlySpan<byte> options) => Errno.None;

    /// <summary>Entries are made when looked up and forgotten when unused (proc): nothing of the tree is kept.</summary>
    public virtual bool IsGenerated => false;
}

public sealed partial class FileSystem
{
    private static uint s_lastDevice;
    private static long s_allPages;

    private Links<FileSystem> _poolLinks;
    private int _users;
    private ulong _lastInode;
    private long _pages, _inodes;

    private FileSystem()
    {
    }

    public static Pool<FileSystem, Pooled> Pool { get; private set; } = null!;

    public FileSystemType Type { get; private set; } = null!;

    /// <summary>st_dev of its files: a number of its own under major 0.</summary>
    public DeviceNumber Device { get; private set; }

    /// <summary>The top directory; holds a user.</summary>
    public DirectoryEntry Root { get; internal set; } = null!;

    /// <summary>Guards the names of the tree. Sleeping.</summary>
    public Mutex<DirectoryRank> Tree;

    /// <summary>The most frames of contents and the most inodes; long.MaxValue: no limit.</summary>
    public long PageLimit, InodeLimit;

    /// <summary>Frames of contents in all file systems.</summary>
    public static long AllPages => Volatile.Read(ref s_allPages);

    public long PagesUsed => Volatile.Read(ref _pages);
    public long InodesUsed => Volatile.Read(ref _inodes);

    public static void Init(int limit)
    {
        Pool = new Pool<FileSystem, Pooled>("file_system", limit);
        s_lastDevice = 0;
        s_allPages = 0;
    }

    /// <summary>A new instance with one user and no root yet. ENOMEM.</summary>
    public static Result<FileSystem> Create(FileSystemType type)
    {
        if (!Pool.TryTake(out var made))
            return Errno.ENOMEM;
        made._users = 1;
        made.Type = type;
        made.Device = new DeviceNumber(0, Interlocked.Increment(ref s_lastDevice));
        made.Root = null!;
        made.PageLimit = made.InodeLimit = long.MaxValue;
        made._lastInode = 0;
        made._pages = made._inodes = 0;
        return made;
    }

    public void AddUser() => Interlocked.Increment(ref _users);

    /// <summary>Counts a user (a mount) out; the last one takes the whole tree down. May sleep.</summary>
    public void Drop()
    {
        if (Interlocked.Decrement(ref _users) != 0)
            return;
        FileNotify.Unmounted(this);
        if (Root is not null)
        {
            DirectoryTree.RemoveAll(Root);
            Root.Drop();
            Root = null!;
        }

        Pool.Give(this);
    }

    public ulong NextInodeNumber() => Interlocked.Increment(ref _lastInode);

    /// <summary>Counts one frame of contents in. False: the file system is full.</summary>
    public bool TryChargePage()
    {
        if (!TryCharge(ref _pages, PageLimit))
            return false;
        Interlocked.Increment(ref s_allPages);
        return true;
    }

    public void UnchargePages(long count)
    {
        Interlocked.Add(ref _pages, -count);
        Interlocked.Add(ref s_allPages, -count);
    }

    public bool TryChargeInode() => TryCharge(ref _inodes, InodeLimit);

    public void UnchargeInode() => Interlocked.Decrement(ref _inodes);

    private static bool TryCharge(ref long used, long limit)
    {
        if (Interlocked.Increment(ref used) <= limit)
            return true;
        Interlocked.Decrement(ref used);
        return false;
    }

    public readonly struct Pooled : IPooled<FileSystem>
    {
        public static ref Links<FileSystem> Of(FileSystem item) => ref item._poolLinks;
        public static FileSystem Create() => new();
        public static int Bytes => 256;
    }
}
