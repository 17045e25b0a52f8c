// The objects of one kind by id and by key. An id is an index and, above it, a number that grows each time the indices start over, so that
// an old id soon means nothing rather than something else.
// Contexts: process. Lock: _lock, inside an object's own, guards both trees; what a search finds is locked afterwards and looked at again.
// Linux: struct ipc_ids, ipc_addid(), ipcget().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;

namespace Jiffy.Kernel.Ipc;

internal readonly struct IpcTableRank : ILockRank
{
    public static LockRank Rank => LockRank.IpcTable;
}

internal sealed class IpcTable
{
    /// <summary>Objects there can be of one kind.</summary>
    public const int Capacity = 1 << IndexBits;

    private const int IndexBits = 15;
    private const int LastSequence = int.MaxValue >> IndexBits;

    /// <summary>Indices used in turn even when few objects live, so that ids are not used again at once.</summary>
    private const int LeastCycle = 64;

    private SpinLock<IpcTableRank, PreemptionOff> _lock;
    private RedBlackTree<IpcObject, IpcObject.ByIndex> _objects;
    private RedBlackTree<IpcObject, IpcObject.ByKey> _keyed;
    private int _lastIndex = -1;
    private int _sequence;

    /// <summary>Objects there may be; can be set while the kernel runs.</summary>
    public int Limit;

    public IpcTable(int limit) => Limit = limit;

    public int Count => _objects.Count;

    public static int IndexOf(int id) => id & (Capacity - 1);

    public static ushort SequenceOf(int id) => (ushort)(id >> IndexBits);

    /// <summary>The highest index in use, zero when there is none: what the INFO commands return.</summary>
    public int HighestIndex
    {
        get
        {
            using (_lock.Acquire())
                return _objects.Last is { } last ? last.Index : 0;
        }
    }

    /// <summary>Finds by id, and locks. EINVAL: there is none; EIDRM: it was removed just now.</summary>
    public Errno TryLock(int id, out IpcObject found, out bool token)
    {
        token = false;
        found = null!;
        if (id < 0 || Find(id) is not { } candidate)
            return Errno.EINVAL;
        found = candidate;
        return TryLock(candidate, id, out token) ? Errno.None : Errno.EIDRM;
    }

    /// <summary>The same for one that the running task may use so. EACCES.</summary>
    public Errno TryLockFor(int id, int permissions, out IpcObject found, out bool token)
    {
        var error = TryLock(id, out found, out token);
        return error != Errno.None ? error : KeepIf(found.CheckAccess(permissions), found, token);
    }

    /// <summary>The same for one that the running task may change or remove. EPERM.</summary>
    public Errno TryLockOwned(int id, out IpcObject found, out bool token)
    {
        var error = TryLock(id, out found, out token);
        return error != Errno.None ? error : KeepIf(found.CheckOwner(), found, token);
    }

    /// <summary>The same for IPC_STAT by id, or by index for the STAT commands, of which one asks for no permission.</summary>
    public Errno TryLockToDescribe(int id, bool byIndex, bool checks, out IpcObject found, out bool token)
    {
        var error = byIndex ? TryLockAt(id, out found, out token) : TryLock(id, out found, out token);
        return error != Errno.None || !checks ? error : KeepIf(found.CheckAccess(IpcObject.ReadAccess), found, token);
    }

    // Gives the lock back when it may not be used.
    private static Errno KeepIf(Errno error, IpcObject found, bool token)
    {
        if (error != Errno.None)
            found.Unlock(token);
        return error;
    }

    /// <summary>IPC_SET. EINVAL, EIDRM, EPERM.</summary>
    public Errno SetPermission(int id, in IpcPermissionLayout wanted)
    {
        var error = TryLockOwned(id, out var found, out var token);
        if (error != Errno.None)
            return error;
        error = found.SetPermission(wanted);
        found.Unlock(token);
        return error;
    }

    /// <summary>
    /// The first half of the get calls: finds by key, and locks. EAGAIN: there is none, the caller makes one; ENOENT: nor is one to be made; EEXIST: the
    /// caller wants a new one.
    /// </summary>
    public Errno TryLockToGet(int key, int flags, out IpcObject found, out bool token)
    {
        found = null!;
        token = false;
        if (key == SysVIpc.IPC_PRIVATE)
            return Errno.EAGAIN;
        if (!TryLockKey(key, out found, out token))
            return (flags & SysVIpc.IPC_CREAT) == 0 ? Errno.ENOENT : Errno.EAGAIN;
        const int Exclusive = SysVIpc.IPC_CREAT | SysVIpc.IPC_EXCL;
        return KeepIf((flags & Exclusive) == Exclusive ? Errno.EEXIST : Errno.None, found, token);
    }

    /// <summary>Locks what was known by that id. False: it was removed.</summary>
    public static bool TryLock(IpcObject known, int id, out bool token)
    {
        token = known.Lock.AcquireUnguarded();
        if (known.Id == id)
            return true;
        known.Unlock(token);
        return false;
    }

    /// <summary>Finds the first object at or after an index, and locks it. False: there is none.</summary>
    public bool TryLockFrom(int index, out IpcObject found, out bool token)
    {
        while (true)
        {
            IpcObject? candidate;
            int id;
            using (_lock.Acquire())
            {
                candidate = _objects.FindAtOrAfter<int, IpcObject.ByIndex>(index);
                id = candidate?.Id ?? 0;
            }

            found = candidate!;
            token = false;
            if (candidate is null)
                return false;
            if (TryLock(candidate, id, out token))
                return true;
        }
    }

    /// <summary>Finds by index, as the STAT commands do, and locks. EINVAL.</summary>
    public Errno TryLockAt(int index, out IpcObject found, out bool token)
    {
        index = IndexOf(index);
        if (!TryLockFrom(index, out found, out token))
            return Errno.EINVAL;
        if (found.Index == index)
            return Errno.None;
        found.Unlock(token);
        return Errno.EINVAL;
    }

    /// <summary>Finds by key, and locks. False: there is none.</summary>
    public bool TryLockKey(int key, out IpcObject found, out bool token)
    {
        while (true)
        {
            IpcObject? candidate;
            int id;
            using (_lock.Acquire())
            {
                candidate = _keyed.Find<int, IpcObject.ByKey>(key);
                id = candidate?.Id ?? 0;
            }

            found = candidate!;
            token = false;
            if (candidate is null)
                return false;
            if (!TryLock(candidate, id, out token))
                continue;
            if (candidate.Key == key)
                return true;
            candidate.Unlock(token);
        }
    }

    /// <summary>Gives a new object its id, from when on others find it. EEXIST: its key is taken; ENOSPC: as many as there may be.</summary>
    public Result<int> Add(IpcObject added)
    {
        using (_lock.Acquire())
        {
            if (_objects.Count >= Limit)
                return Errno.ENOSPC;
            if (added.Key != SysVIpc.IPC_PRIVATE && _keyed.Find<int, IpcObject.ByKey>(added.Key) is not null)
                return Errno.EEXIST;
            var index = NextIndex();
            added.Id = _sequence << IndexBits | index;
            _objects.Insert(added);
            if (added.Key != SysVIpc.IPC_PRIVATE)
                _keyed.Insert(added);
            return added.Id;
        }
    }

    /// <summary>Ends an object's id; its lock is held. Whoever waits for that lock will see it.</summary>
    public void Remove(IpcObject removed)
    {
        using (_lock.Acquire())
        {
            ForgetKeyLocked(removed);
            _objects.Remove(removed);
            removed.Id = -1;
        }
    }

    /// <summary>From now on the object is found by its id only; its lock is held.</summary>
    public void ForgetKey(IpcObject known)
    {
        using (_lock.Acquire())
            ForgetKeyLocked(known);
    }

    private void ForgetKeyLocked(IpcObject known)
    {
        if (known.Key != SysVIpc.IPC_PRIVATE)
            _keyed.Remove(known);
        known.Key = SysVIpc.IPC_PRIVATE;
    }

    private IpcObject? Find(int id)
    {
        using (_lock.Acquire())
            return _objects.Find<int, IpcObject.ByIndex>(IndexOf(id)) is { } found && found.Id == id ? found : null;
    }

    // The next free index after the last one given, in a cycle half as long again as there are objects. Fewer are used than there are.
    private int NextIndex()
    {
        var cycle = _objects.Count * 3 / 2;
        cycle = cycle < LeastCycle ? LeastCycle : cycle > Capacity ? Capacity : cycle;
        var index = _lastIndex + 1;
        if (index >= cycle)
            index = 0;
        while (_objects.Find<int, IpcObject.ByIndex>(index) is not null)
            index = index + 1 < cycle ? index + 1 : 0;
        if (index <= _lastIndex)
            _sequence = _sequence == LastSequence ? 0 : _sequence + 1;
        _lastIndex = index;
        return index;
    }
}
