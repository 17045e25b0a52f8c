// An open file: what descriptors refer to. Position and flags are shared by all descriptors that came from one open.
// Locks: Position's mutex for reads and writes that use the position; flags are single words. Users counts atomically.
// Objects are pooled. Linux: struct file.
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;

namespace Jiffy.Kernel.Files;

public sealed partial class OpenFile
{
    private Links<OpenFile> _poolLinks;
    private int _users;
    private long _position;
    private int _flags;

    private static uint s_lastOrdinal;

    private OpenFile()
    {
    }

    public static Pool<OpenFile, Pooled> Pool { get; private set; } = null!;

    /// <summary>The file system name it was opened by; counted.</summary>
    public Location Location { get; private set; }

    public Inode Inode { get; private set; } = null!;

    /// <summary>What this kind of file does; <see cref="FileOperations.Open"/> may replace it.</summary>
    public FileOperations Operations = null!;

    /// <summary>For the kind of file: a text, a pipe's end, a terminal. Its Release lets go of it.</summary>
    public object? Private;

    /// <summary>For the kind of file.</summary>
    public long PrivateNumber;

    /// <summary>Orders users of the position. Sleeping.</summary>
    public Mutex<FilePositionRank> PositionLock;

    /// <summary>Bytes from the start, or whatever a directory means by it.</summary>
    public long Position
    {
        get => Volatile.Read(ref _position);
        set => Volatile.Write(ref _position, value);
    }

    /// <summary>O_ flags as F_GETFL shows them; O_CREAT and the like are not kept.</summary>
    public int Flags
    {
        get => Volatile.Read(ref _flags);
        set => Volatile.Write(ref _flags, value);
    }

    /// <summary>Flags as open got them, O_NOCTTY and the like included; for <see cref="FileOperations.Open"/>.</summary>
    public int OpeningFlags { get; private set; }

    public bool CanRead => (Flags & (FileConstants.O_ACCMODE | FileConstants.O_PATH)) is FileConstants.O_RDONLY or FileConstants.O_RDWR;
    public bool CanWrite => (Flags & (FileConstants.O_ACCMODE | FileConstants.O_PATH)) is FileConstants.O_WRONLY or FileConstants.O_RDWR;
    public bool IsPathOnly => (Flags & FileConstants.O_PATH) != 0;
    public bool IsNonBlocking => (Flags & FileConstants.O_NONBLOCK) != 0;
    public bool IsAppend => (Flags & FileConstants.O_APPEND) != 0;

    public static void Init(int limit)
    {
        Pool = new Pool<OpenFile, Pooled>("open_file", limit);
        s_lastOrdinal = 0;
    }

    /// <summary>Opens <paramref name="location"/> for the caller, the one user; counts the location itself. Permissions were checked.</summary>
    /// <returns>ENFILE when the system has too many, or what the kind of file says.</returns>
    public static Result<OpenFile> Create(in Location location, int flags)
    {
        if (!Pool.TryTake(out var file))
            return Errno.ENFILE;
        file.Reset(location, flags);
        if (file.IsPathOnly)
            return file;
        file.Operations = file.Inode.FileOperations;
        var error = file.CountWriter() ? file.Operations.Open(file) : Errno.ETXTBSY;
        if (error == Errno.None)
            return file;
        file.UncountWriter();
        location.Drop();
        Pool.Give(file);
        return error;
    }

    /// <summary>How many users: descriptors, calls in progress, messages that carry it.</summary>
    public int Users => Volatile.Read(ref _users);

    public void AddUser() => Interlocked.Increment(ref _users);

    /// <summary>Counts a user in unless the file is being closed for good: for lookups without a lock (proc).</summary>
    public bool TryAddUser()
    {
        for (var users = Volatile.Read(ref _users); users > 0; users = Volatile.Read(ref _users))
        {
            if (Interlocked.CompareExchange(ref _users, users + 1, users) == users)
                return true;
        }

        return false;
    }

    /// <summary>Counts a user out; the last one closes the file. May sleep.</summary>
    public void Drop()
    {
        if (Interlocked.Decrement(ref _users) != 0)
            return;
        if (!IsPathOnly)
        {
            FileNotify.Closed(this);
            ReleaseLocks();
            if (IsWatched)
                EndWatching();
            EndListening();
            Operations.Release(this);
            UncountWriter();
        }

        Private = null;
        var location = Location;
        Location = default;
        location.Drop();
        Pool.Give(this);
    }

    private void Reset(in Location location, int flags)
    {
        location.AddUser();
        _users = 1;
        Location = location;
        Inode = location.Inode;
        Operations = PathOnlyOperations.Instance;
        Private = null;
        PrivateNumber = 0;
        ResetOwner();
        _writing = WritingState.None;
        Position = 0;
        OpeningFlags = flags;
        Flags = flags & ~(FileConstants.O_CREAT | FileConstants.O_EXCL | FileConstants.O_NOCTTY | FileConstants.O_TRUNC | FileConstants.O_CLOEXEC);
    }

    public readonly struct Pooled : IPooled<OpenFile>
    {
        public static ref Links<OpenFile> Of(OpenFile item) => ref item._poolLinks;
        public static OpenFile Create() => new() { Ordinal = Interlocked.Increment(ref s_lastOrdinal) };
        public static int Bytes => 288;
    }
}

/// <summary>What O_PATH descriptors can do: nothing.</summary>
public sealed class PathOnlyOperations : FileOperations
{
    public static readonly PathOnlyOperations Instance = new();

    public override bool IsSeekable => false;
}
