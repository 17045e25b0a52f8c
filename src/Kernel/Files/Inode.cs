// A file itself, apart from its names: attributes, contents, and the operations of its kind.
// Locks: Contents (sleeping) for writing, truncating and changing attributes; the file system's tree lock for LinkCount and a
// directory's children; _pagesLock for the page index. Single words are read bare.
// Objects are pooled. A user is each directory entry, and whoever counted itself in; the last one out releases the file.
// Linux: struct inode.
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files;

public sealed partial class Inode
{
    private Links<Inode> _poolLinks;
    private int _users;
    private long _size;

    private Inode()
    {
    }

    public static Pool<Inode, Pooled> Pool { get; private set; } = null!;

    /// <summary>The file system it belongs to; it outlives the inode.</summary>
    public FileSystem FileSystem = null!;

    /// <summary>What the kind of file can do as a name in the tree.</summary>
    public InodeOperations Operations = null!;

    /// <summary>What an open file of this kind can do.</summary>
    public FileOperations FileOperations = null!;

    /// <summary>Unique within the file system.</summary>
    public ulong Number;

    /// <summary>Type and permission bits, as stat shows them.</summary>
    public uint Mode;

    public uint UserId, GroupId;

    /// <summary>Names this file has; zero: it goes when nobody uses it any more. Guard: the file system's tree lock.</summary>
    public int LinkCount;

    /// <summary>Which device a device node stands for.</summary>
    public DeviceNumber Device;

    /// <summary>Nanoseconds since 1970.</summary>
    public long AccessTime, ModifyTime, ChangeTime, BirthTime;

    /// <summary>Frames that hold its contents.</summary>
    public long PageCount;

    /// <summary>For the kind of file: whatever it belongs to (a task, a pipe). Released by <see cref="InodeOperations.Release"/>.</summary>
    public object? Private;

    /// <summary>For the kind of file: which entry of a table, which descriptor.</summary>
    public long PrivateNumber;

    /// <summary>Orders writers and changes of attributes. Sleeping.</summary>
    public Mutex<FileContentsRank> Contents;

    /// <summary>Bytes of contents.</summary>
    public long Size
    {
        get => Volatile.Read(ref _size);
        set => Volatile.Write(ref _size, value);
    }

    public uint Type => Mode & FileConstants.S_IFMT;
    public bool IsDirectory => Type == FileConstants.S_IFDIR;
    public bool IsSymbolicLink => Type == FileConstants.S_IFLNK;
    public bool IsRegular => Type == FileConstants.S_IFREG;
    public bool IsDevice => Type is FileConstants.S_IFCHR or FileConstants.S_IFBLK;

    public static void Init(int limit)
    {
        Pool = new Pool<Inode, Pooled>("inode", limit);
    }

    /// <summary>A new file with one user (the caller), no name yet, times of now and the owner of the running task.</summary>
    /// <returns>ENOMEM, or ENOSPC when the file system has no more inodes.</returns>
    public static Result<Inode> Create(FileSystem fileSystem, uint mode, InodeOperations operations, FileOperations fileOperations)
    {
        if (!fileSystem.TryChargeInode())
            return Errno.ENOSPC;
        if (!Pool.TryTake(out var inode))
        {
            fileSystem.UnchargeInode();
            return Errno.ENOMEM;
        }

        inode.Reset(fileSystem, mode, operations, fileOperations);
        return inode;
    }

    public void AddUser() => Interlocked.Increment(ref _users);

    /// <summary>Counts a user out; the last one releases the file's contents if it has no name. May sleep.</summary>
    public void Drop()
    {
        if (Interlocked.Decrement(ref _users) != 0)
            return;
        Operations.Release(this);
        FreePages();
        Private = null;
        FileSystem.UnchargeInode();
        Pool.Give(this);
    }

    /// <summary>
    /// The frame that holds page <paramref name="pageIndex"/> of the contents, made if it is a hole, counted once for the caller
    /// (give it back with FrameTable.Drop). For mappings of files. Takes no sleeping lock of this room.
    /// </summary>
    /// <returns>False: beyond the end of the file, not a file with pages, or no memory; SIGBUS for a mapping.</returns>
    public bool TryGetPage(long pageIndex, bool forWrite, out FrameNumber frame) =>
        Operations.TryGetPage(this, pageIndex, forWrite, out frame);

    private void Reset(FileSystem fileSystem, uint mode, InodeOperations operations, FileOperations fileOperations)
    {
        _users = 1;
        FileSystem = fileSystem;
        Operations = operations;
        FileOperations = fileOperations;
        Number = fileSystem.NextInodeNumber();
        Mode = mode;
        UserId = Permission.FileUserId;
        GroupId = Permission.FileGroupId;
        LinkCount = 0;
        Device = default;
        Size = 0;
        Private = null;
        PrivateNumber = 0;
        BirthTime = AccessTime = ModifyTime = ChangeTime = FileTime.Now;
        ResetPages();
        ResetDirectory();
        ResetLocks();
        ResetWriting();
        Watches = default;
    }

    public readonly struct Pooled : IPooled<Inode>
    {
        public static ref Links<Inode> Of(Inode item) => ref item._poolLinks;
        public static Inode Create() => new();
        public static int Bytes => 512;
    }
}
