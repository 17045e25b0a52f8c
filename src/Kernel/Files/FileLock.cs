// One lock a program holds on a range of a file, or waits for. Guard: FileLocks' lock. Pooled. Linux: struct file_lock.
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Files;

public enum FileLockKind
{
    /// <summary>fcntl's: owned by the process's descriptor table.</summary>
    Process,

    /// <summary>fcntl's F_OFD: owned by the open file.</summary>
    OpenFile,

    /// <summary>flock's: the whole file, owned by the open file; apart from the others.</summary>
    Whole,
}

/// <summary>What a lock is or is to be.</summary>
public struct FileLockRange
{
    public FileLockKind Kind;
    public object Owner;

    /// <summary>F_RDLCK, F_WRLCK or, to be asked only, F_UNLCK.</summary>
    public short Type;

    /// <summary>First and last byte.</summary>
    public long Start, End;

    /// <summary>Who, for F_GETLK; -1 for open files' locks.</summary>
    public int ProcessId;

    public readonly bool Overlaps(in FileLockRange other) => Start <= other.End && other.Start <= End;

    public readonly bool IsSameOwner(in FileLockRange other) => Owner == other.Owner && Kind == other.Kind;

    /// <summary>Both cannot be held at once.</summary>
    public readonly bool ConflictsWith(in FileLockRange other) =>
        Overlaps(other) && !IsSameOwner(other) && (Kind == FileLockKind.Whole) == (other.Kind == FileLockKind.Whole)
        && (Type == Abi.FileConstants.F_WRLCK || other.Type == Abi.FileConstants.F_WRLCK);
}

public sealed class FileLock
{
    private Links<FileLock> _poolLinks, _listLinks;

    private FileLock()
    {
    }

    public static Pool<FileLock, Pooled> Pool { get; private set; } = null!;

    public FileLockRange Range;

    /// <summary>For one that waits: whose lock it waits for.</summary>
    public object? BlockedBy;

    public static void Init(int limit)
    {
        Pool = new Pool<FileLock, Pooled>("file_lock", limit);
    }

    public readonly struct Pooled : IPooled<FileLock>
    {
        public static ref Links<FileLock> Of(FileLock item) => ref item._poolLinks;
        public static FileLock Create() => new();
        public static int Bytes => 128;
    }

    /// <summary>On its inode's list, or on the list of those that wait.</summary>
    internal readonly struct InList : ILinksOf<FileLock>
    {
        public static ref Links<FileLock> Of(FileLock item) => ref item._listLinks;
    }
}
