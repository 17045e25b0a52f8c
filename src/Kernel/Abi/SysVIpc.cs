// System V semaphores, shared memory and message queues: commands, flags and layouts. man 7 sysvipc; man 2 semctl, shmctl, msgctl.
namespace Jiffy.Kernel.Abi;

public static class SysVIpc
{
    public const int IPC_PRIVATE = 0;

    // Flags of the three get calls, above the permission bits; IPC_NOWAIT belongs to the operations.
    public const int IPC_CREAT = 0x200;
    public const int IPC_EXCL = 0x400;
    public const int IPC_NOWAIT = 0x800;
    public const int PermissionBits = 0x1ff;

    // Commands of all three control calls.
    public const int IPC_RMID = 0;
    public const int IPC_SET = 1;
    public const int IPC_STAT = 2;
    public const int IPC_INFO = 3;

    public const int MSG_STAT = 11;
    public const int MSG_INFO = 12;
    public const int MSG_STAT_ANY = 13;

    public const int SHM_LOCK = 11;
    public const int SHM_UNLOCK = 12;
    public const int SHM_STAT = 13;
    public const int SHM_INFO = 14;
    public const int SHM_STAT_ANY = 15;

    public const int GETPID = 11;
    public const int GETVAL = 12;
    public const int GETALL = 13;
    public const int GETNCNT = 14;
    public const int GETZCNT = 15;
    public const int SETVAL = 16;
    public const int SETALL = 17;
    public const int SEM_STAT = 18;
    public const int SEM_INFO = 19;
    public const int SEM_STAT_ANY = 20;

    public const int SEM_UNDO = 0x1000;

    /// <summary>The largest value of a semaphore, and the largest adjustment at exit.</summary>
    public const int SEMVMX = 32767, SEMAEM = 32767;

    public const int MSG_NOERROR = 0x1000;
    public const int MSG_EXCEPT = 0x2000;
    public const int MSG_COPY = 0x4000;

    public const int SHM_RDONLY = 0x1000;
    public const int SHM_RND = 0x2000;
    public const int SHM_REMAP = 0x4000;
    public const int SHM_EXEC = 0x8000;

    /// <summary>Flags of shmget.</summary>
    public const int SHM_HUGETLB = 0x800, SHM_NORESERVE = 0x1000;

    /// <summary>Bits of a segment's mode: goes when it is used no more; its pages stay in memory.</summary>
    public const uint SHM_DEST = 0x200, SHM_LOCKED = 0x400;
}

/// <summary>struct ipc64_perm.</summary>
public struct IpcPermissionLayout
{
    public int Key;
    public uint UserId, GroupId, CreatorUserId, CreatorGroupId, Mode;
    public ushort Sequence, Pad1;
    public uint Pad2;
    public ulong Unused1, Unused2;
}

/// <summary>struct sembuf.</summary>
public struct SemaphoreOperation
{
    public ushort Number;
    public short Change;
    public short Flags;
}

/// <summary>struct semid64_ds.</summary>
public struct SemaphoreSetLayout
{
    public IpcPermissionLayout Permission;
    public long OperationTime;
    public ulong Unused1;
    public long ChangeTime;
    public ulong Unused2;
    public ulong Count;
    public ulong Unused3, Unused4;
}

/// <summary>struct seminfo.</summary>
public struct SemaphoreInfoLayout
{
    public int Map, Sets, Semaphores, Undos, PerSet, PerCall, PerUndo, UndoBytes, MaxValue, MaxAdjustment;
}

/// <summary>struct msqid64_ds.</summary>
public struct MessageQueueLayout
{
    public IpcPermissionLayout Permission;
    public long SendTime, ReceiveTime, ChangeTime;
    public ulong Bytes, Messages, MaxBytes;
    public int LastSender, LastReceiver;
    public ulong Unused1, Unused2;
}

/// <summary>struct msginfo.</summary>
public struct MessageInfoLayout
{
    public int Pool, Map, MaxMessage, MaxQueue, Queues, SegmentBytes, Headers;
    public ushort Segments, Pad;
}

/// <summary>struct shmid64_ds.</summary>
public struct SegmentLayout
{
    public IpcPermissionLayout Permission;
    public ulong Size;
    public long AttachTime, DetachTime, ChangeTime;
    public int Creator, LastUser;
    public ulong Attached;
    public ulong Unused1, Unused2;
}

/// <summary>struct shminfo64.</summary>
public struct SegmentLimitsLayout
{
    public ulong MaxSize, MinSize, Segments, PerProcess, MaxPages, Unused1, Unused2, Unused3, Unused4;
}

/// <summary>struct shm_info.</summary>
public struct SegmentUseLayout
{
    public int Segments, Pad;
    public ulong Pages, Resident, Swapped, SwapAttempts, SwapSuccesses;
}
