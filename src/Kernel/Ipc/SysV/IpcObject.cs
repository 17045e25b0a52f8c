// What System V's semaphores, queues and segments have in common: key and id, owners and permissions, the lock and the end of a life.
// Whoever finds one takes its lock and then looks whether it is still the one meant: objects are pooled, so a stale reference leads to a
// lock that may be taken, and an id names an object once (IpcTable).
// Contexts: process. Lock: Lock guards the fields and those who wait; Key also the table's lock. Linux: struct kern_ipc_perm, ipcperms().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;

namespace Jiffy.Kernel.Ipc;

internal readonly struct IpcRank : ILockRank
{
    public static LockRank Rank => LockRank.Ipc;
}

/// <summary>Something with a lock under which tasks queue themselves to sleep: see <see cref="IpcWaiter"/>.</summary>
internal abstract class IpcWaitable
{
    internal SpinLock<IpcRank, PreemptionOff> Lock;

    /// <summary>Takes the lock for as long as a wait under it may last: <see cref="IpcWaiter.Sleep"/> gives it back meanwhile.</summary>
    public bool TakeLock() => Lock.AcquireUnguarded();

    /// <summary>Gives the lock back that <see cref="TakeLock"/> or a search of a table took.</summary>
    public void Unlock(bool token) => Lock.Release(token);
}

internal abstract class IpcObject : IpcWaitable
{
    /// <summary>Reading and writing, whichever of the three groups the caller is in: 0444, 0222.</summary>
    public const int ReadAccess = 0x124, WriteAccess = 0x92;

    private const long Second = 1_000_000_000;

    private TreeLinks<IpcObject> _indexLinks, _keyLinks;

    public int Key;

    /// <summary>The number programs use; -1: it was removed.</summary>
    public int Id = -1;

    public uint UserId, GroupId, CreatorUserId, CreatorGroupId;

    /// <summary>Permission bits, and what a kind has beside them.</summary>
    public uint Mode;

    /// <summary>Seconds since 1970.</summary>
    public long ChangeTime;

    /// <summary>Seconds since 1970.</summary>
    public static long Now => TimeKeeper.RealTime / Second;

    /// <summary>The process that is noted as the one who did something.</summary>
    public static int CurrentProcess => Task.Current.Group is { } process ? process.Id : 0;

    public int Index => IpcTable.IndexOf(Id);

    /// <summary>A new object's fields, before anybody can find it.</summary>
    protected void Reset(int key, int mode)
    {
        ref var who = ref Task.Current.Credentials;
        Key = key;
        UserId = CreatorUserId = who.EffectiveUserId;
        GroupId = CreatorGroupId = who.EffectiveGroupId;
        Mode = (uint)(mode & SysVIpc.PermissionBits);
        ChangeTime = Now;
    }

    /// <summary>The last one to know it gives it back; its lock is not held.</summary>
    public abstract void Free();

    /// <summary>May the running task do this: permission bits, of whichever of the three groups. EACCES.</summary>
    public Errno CheckAccess(int permissions)
    {
        ref var who = ref Task.Current.Credentials;
        var wanted = permissions >> 6 | permissions >> 3 | permissions;
        var granted = (int)Mode;
        if (IsOwner(who))
            granted >>= 6;
        else if (who.IsInGroup(CreatorGroupId) || who.IsInGroup(GroupId))
            granted >>= 3;
        return (wanted & ~granted & 7) == 0 || who.Has(Capability.CAP_IPC_OWNER) ? Errno.None : Errno.EACCES;
    }

    /// <summary>May the running task change or remove it. EPERM.</summary>
    public Errno CheckOwner()
    {
        ref var who = ref Task.Current.Credentials;
        return IsOwner(who) || who.Has(Capability.CAP_SYS_ADMIN) ? Errno.None : Errno.EPERM;
    }

    public bool IsOwner(in Credentials who) => who.EffectiveUserId == CreatorUserId || who.EffectiveUserId == UserId;

    /// <summary>IPC_SET: owner and permissions. EINVAL.</summary>
    public Errno SetPermission(in IpcPermissionLayout wanted)
    {
        if (wanted.UserId == uint.MaxValue || wanted.GroupId == uint.MaxValue)
            return Errno.EINVAL;
        UserId = wanted.UserId;
        GroupId = wanted.GroupId;
        Mode = Mode & ~(uint)SysVIpc.PermissionBits | wanted.Mode & SysVIpc.PermissionBits;
        ChangeTime = Now;
        return Errno.None;
    }

    public IpcPermissionLayout Permission => new()
    {
        Key = Key,
        UserId = UserId,
        GroupId = GroupId,
        CreatorUserId = CreatorUserId,
        CreatorGroupId = CreatorGroupId,
        Mode = Mode,
        Sequence = IpcTable.SequenceOf(Id),
    };

    internal readonly struct ByIndex : ITreeItem<IpcObject>, ITreeKey<IpcObject, int>
    {
        public static ref TreeLinks<IpcObject> Links(IpcObject item) => ref item._indexLinks;
        public static int Compare(IpcObject a, IpcObject b) => a.Index - b.Index;
        public static int Compare(int key, IpcObject item) => key - item.Index;
        public static bool IsAugmented => false;

        public static void Augment(IpcObject item, IpcObject? left, IpcObject? right)
        {
        }
    }

    internal readonly struct ByKey : ITreeItem<IpcObject>, ITreeKey<IpcObject, int>
    {
        public static ref TreeLinks<IpcObject> Links(IpcObject item) => ref item._keyLinks;
        public static int Compare(IpcObject a, IpcObject b) => a.Key.CompareTo(b.Key);
        public static int Compare(int key, IpcObject item) => key.CompareTo(item.Key);
        public static bool IsAugmented => false;

        public static void Augment(IpcObject item, IpcObject? left, IpcObject? right)
        {
        }
    }
}
