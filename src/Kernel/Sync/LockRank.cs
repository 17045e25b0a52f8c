// The order of locks, in one place. A lock may be taken only while every held lock has a lower rank (or, where a rank says so, the
// same rank in a stated order). docs/Locks.md is generated from this file and the locks' declarations.
namespace Jiffy.Kernel.Sync;

public enum LockRank
{
    // Sleeping locks come first: they may be held across everything below.
    // A pipe's is held while its bytes are written to a file. Two at once: the pipe that was made first comes first.
    PipeContents = 85,
    SelfTest = 90,
    FutexExit = 91,
    UnixBind = 92,
    Mount = 95,
    Rename = 100,
    FilePosition = 105,
    Directory = 110,
    FileContents = 120,
    UnixRead = 126,
    UnixInFlight = 127,
    FileTable = 130,
    EpollNesting = 134,

    /// <summary>Two at once: the outer set first.</summary>
    Epoll = 136,
    AddressSpace = 140,
    Terminal = 150,

    // A flush may be asked for under any of the above.
    WorkQueueList = 160,
    WorkQueueFlush = 165,

    // Spin locks of process context.
    PipeLimits = 300,
    InodeTable = 310,
    FutexBucket = 320,
    Ipc = 324,
    IpcTable = 325,
    SemaphoreUndo = 326,
    MessageQueueList = 327,
    FileNotify = 328,
    FileAccount = 329,
    FileTableSlots = 330,
    FileContext = 331,
    DirectoryTree = 332,
    MountTable = 333,
    DirectoryCache = 334,
    FilePages = 335,
    FileLocks = 336,
    SharedPages = 337,
    KernelAreas = 338,

    /// <summary>Two at once: the watched file's first.</summary>
    FileWatchers = 339,
    CrossCall = 340,
    UnixNames = 342,

    /// <summary>Two at once: the socket with the lower number first.</summary>
    UnixSocket = 344,

    /// <summary>Taken by softirqs on top of any of the above; bottom halves run under it.</summary>
    BottomHalf = 390,

    // Spin locks that interrupts take too.
    TerminalQueue = 400,
    SignalListeners = 405,
    FileOwner = 406,
    TaskTree = 410,
    SignalState = 420,
    PosixTimer = 430,
    ClockWatch = 431,
    TimerFile = 432,
    WorkQueueWaits = 434,
    WorkPool = 435,
    WorkMayday = 436,
    DelayedWork = 437,
    SleepingLock = 445,
    RtMutex = 446,

    /// <summary>Two at once, when an epoll is watched: first the queue that tells the inner set, then the inner set's own.</summary>
    WaitQueue = 450,
    EpollReady = 452,
    TaskWake = 455,

    /// <summary>Two at once: the one of the CPU with the lower index first.</summary>
    RunQueue = 460,
    TimerBase = 465,
    HighResolutionTimer = 470,
    Deferred = 480,
    TimeKeeper = 490,

    // Leaves: nothing is taken inside.
    FrameAllocator = 600,
    RcuCallbacks = 605,
    Pool = 610,
    Log = 620,
    Serial = 630,
}

/// <summary>Gives a lock type its rank.</summary>
public interface ILockRank
{
    static abstract LockRank Rank { get; }
}

public readonly struct PoolRank : ILockRank
{
    public static LockRank Rank => LockRank.Pool;
}
