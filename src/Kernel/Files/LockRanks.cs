// The ranks of the locks of this room, as types. The order itself stands in Sync/LockRank.cs.
using Jiffy.Kernel.Sync;

namespace Jiffy.Kernel.Files;

/// <summary>Sleeping: one per open file, for reads and writes that use and move the file position.</summary>
public readonly struct FilePositionRank : ILockRank
{
    public static LockRank Rank => LockRank.FilePosition;
}

/// <summary>Sleeping: one per file system, for changes of its directory tree.</summary>
public readonly struct DirectoryRank : ILockRank
{
    public static LockRank Rank => LockRank.Directory;
}

/// <summary>Sleeping: one per inode, for writes, truncation and attribute changes.</summary>
public readonly struct FileContentsRank : ILockRank
{
    public static LockRank Rank => LockRank.FileContents;
}

/// <summary>Sleeping: one for all mounts; who mounts and unmounts.</summary>
public readonly struct MountRank : ILockRank
{
    public static LockRank Rank => LockRank.Mount;
}

/// <summary>Sleeping: one for all; who lets a set watch a set.</summary>
public readonly struct EpollNestingRank : ILockRank
{
    public static LockRank Rank => LockRank.EpollNesting;
}

/// <summary>Sleeping: one per epoll. Two at once: the outer set first.</summary>
public readonly struct EpollRank : ILockRank
{
    public static LockRank Rank => LockRank.Epoll;
}

public readonly struct EpollReadyRank : ILockRank
{
    public static LockRank Rank => LockRank.EpollReady;
}

/// <summary>One per pipe, socket, terminal and inotify instance, for the files it tells by a signal that they are ready.</summary>
public readonly struct SignalListenersRank : ILockRank
{
    public static LockRank Rank => LockRank.SignalListeners;
}

/// <summary>One per open file, for whom it tells so.</summary>
public readonly struct FileOwnerRank : ILockRank
{
    public static LockRank Rank => LockRank.FileOwner;
}

/// <summary>Two at once: the watched file's first.</summary>
public readonly struct FileWatchersRank : ILockRank
{
    public static LockRank Rank => LockRank.FileWatchers;
}

public readonly struct FileNotifyRank : ILockRank
{
    public static LockRank Rank => LockRank.FileNotify;
}

public readonly struct FileAccountRank : ILockRank
{
    public static LockRank Rank => LockRank.FileAccount;
}

public readonly struct MountTableRank : ILockRank
{
    public static LockRank Rank => LockRank.MountTable;
}

public readonly struct FileContextRank : ILockRank
{
    public static LockRank Rank => LockRank.FileContext;
}

public readonly struct DirectoryTreeRank : ILockRank
{
    public static LockRank Rank => LockRank.DirectoryTree;
}

public readonly struct DirectoryCacheRank : ILockRank
{
    public static LockRank Rank => LockRank.DirectoryCache;
}

public readonly struct FilePagesRank : ILockRank
{
    public static LockRank Rank => LockRank.FilePages;
}

public readonly struct FileLocksRank : ILockRank
{
    public static LockRank Rank => LockRank.FileLocks;
}

public readonly struct FileTableSlotsRank : ILockRank
{
    public static LockRank Rank => LockRank.FileTableSlots;
}
