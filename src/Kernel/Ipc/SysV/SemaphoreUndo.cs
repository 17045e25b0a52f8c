// What a process wants undone with a set of semaphores when it ends: an adjustment for each semaphore, in the process's list and in the set's.
// Context: process. Locks: the set's guards the adjustments and the set's list, the list's own the process's list; the set's comes first.
// It goes when the set is removed or when the last user of the list ends, whoever comes first under the set's lock.
// Linux: struct sem_undo, struct sem_undo_list, exit_sem(). man 2 semop.
using System.Runtime.CompilerServices;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Ipc;

internal readonly struct SemaphoreUndoRank : ILockRank
{
    public static LockRank Rank => LockRank.SemaphoreUndo;
}

internal sealed class SemaphoreUndo
{
    private Links<SemaphoreUndo> _setLinks, _listLinks;
    private FewAdjustments _few;
    private FrameArray<short> _many;
    private int _count;

    private SemaphoreUndo()
    {
    }

    public static Pool<SemaphoreUndo, Pooled> Pool { get; private set; } = null!;

    public SemaphoreSet Set { get; private set; } = null!;

    public SemaphoreUndoList List { get; private set; } = null!;

    public static void Init(int limit) => Pool = new Pool<SemaphoreUndo, Pooled>("semaphore_undo", limit);

    /// <summary>Zero adjustments for so many semaphores, in no list yet. Null: out of memory.</summary>
    public static SemaphoreUndo? Create(int count)
    {
        if (!Pool.TryTake(out var made))
            return null;
        made._few = default;
        made._count = count;
        if (count <= FewAdjustments.Capacity || FrameArray<short>.TryCreate(count, out made._many))
            return made;
        Pool.Give(made);
        return null;
    }

    /// <summary>Enters both lists; the set's lock is held.</summary>
    public void Link(SemaphoreSet set, SemaphoreUndoList list)
    {
        Set = set;
        List = list;
        set.Undos.AddLast(this);
        list.Add(this);
    }

    /// <summary>In no list any more.</summary>
    public void Free()
    {
        _many.Free();
        Pool.Give(this);
    }

    public ref short this[int number]
    {
        get
        {
            if (_count <= FewAdjustments.Capacity)
                return ref _few[number];
            return ref _many[number];
        }
    }

    [InlineArray(Capacity)]
    private struct FewAdjustments
    {
        public const int Capacity = 16;

        private short _first;
    }

    internal readonly struct InSet : ILinksOf<SemaphoreUndo>
    {
        public static ref Links<SemaphoreUndo> Of(SemaphoreUndo item) => ref item._setLinks;
    }

    internal readonly struct InList : ILinksOf<SemaphoreUndo>
    {
        public static ref Links<SemaphoreUndo> Of(SemaphoreUndo item) => ref item._listLinks;
    }

    public readonly struct Pooled : IPooled<SemaphoreUndo>
    {
        public static ref Links<SemaphoreUndo> Of(SemaphoreUndo item) => ref item._listLinks;
        public static SemaphoreUndo Create() => new();
        public static int Bytes => 160;
    }
}

/// <summary>All that one process, or tasks that share it (CLONE_SYSVSEM), wants undone.</summary>
internal sealed class SemaphoreUndoList
{
    private Links<SemaphoreUndoList> _poolLinks;
    private SpinLock<SemaphoreUndoRank, PreemptionOff> _lock;
    private LinkedRing<SemaphoreUndo, SemaphoreUndo.InList> _undos;
    private int _users;

    private SemaphoreUndoList()
    {
    }

    public static Pool<SemaphoreUndoList, Pooled> Pool { get; private set; } = null!;

    public static void Init(int limit) => Pool = new Pool<SemaphoreUndoList, Pooled>("semaphore_undo_list", limit);

    /// <summary>The running task's, made if it has none. Null: out of memory.</summary>
    public static SemaphoreUndoList? OfCurrent()
    {
        ref var mine = ref Task.Current.SemaphoreUndos;
        if (mine is null && Pool.TryTake(out var made))
        {
            made._users = 1;
            mine = made;
        }

        return mine;
    }

    /// <summary>Fork: a child that is to share it has it, too. ENOMEM.</summary>
    public static Errno Fork(Task child, bool isShared)
    {
        child.SemaphoreUndos = null;
        if (!isShared)
            return Errno.None;
        if (OfCurrent() is not { } list)
            return Errno.ENOMEM;
        Interlocked.Increment(ref list._users);
        child.SemaphoreUndos = list;
        return Errno.None;
    }

    /// <summary>A task ends, or lets go of what it shares; with the last one all is undone. The task itself, or a child that never ran.</summary>
    public static void Leave(Task task)
    {
        var list = task.SemaphoreUndos;
        task.SemaphoreUndos = null;
        if (list is null || Interlocked.Decrement(ref list._users) != 0)
            return;
        while (list.FirstSet is { } set)
            list.Undo(set);
        Pool.Give(list);
    }

    /// <summary>What is noted for a set, whose lock is held; null: nothing.</summary>
    public SemaphoreUndo? Find(SemaphoreSet set)
    {
        using (_lock.Acquire())
        {
            for (var undo = _undos.First; undo is not null; undo = LinkedRing<SemaphoreUndo, SemaphoreUndo.InList>.After(undo))
            {
                if (undo.Set == set)
                    return undo;
            }
        }

        return null;
    }

    public void Add(SemaphoreUndo undo)
    {
        using (_lock.Acquire())
            _undos.AddFirst(undo);
    }

    /// <summary>The set's lock is held.</summary>
    public void Remove(SemaphoreUndo undo)
    {
        using (_lock.Acquire())
            _undos.Remove(undo);
    }

    // The set may go at any time, and the entry with it; but as memory it is a set's for ever, so its lock may be taken to look.
    private SemaphoreSet? FirstSet
    {
        get
        {
            using (_lock.Acquire())
                return _undos.First?.Set;
        }
    }

    // If the set was removed since, there is nothing to do.
    private void Undo(SemaphoreSet set)
    {
        SemaphoreUndo? undo;
        if (IpcFaults.Has(IpcFault.UndoneOutsideLock) && Find(set) is { } early)
            set.Apply(early, IpcObject.CurrentProcess);
        using (set.Lock.Acquire())
        {
            undo = Find(set);
            if (undo is null)
                return;
            Remove(undo);
            set.Undos.Remove(undo);
            if (!IpcFaults.Has(IpcFault.UndoneOutsideLock))
                set.Apply(undo, IpcObject.CurrentProcess);
            set.OperationTime = IpcObject.Now;
            set.ServeWaiters();
        }

        undo.Free();
    }

    public readonly struct Pooled : IPooled<SemaphoreUndoList>
    {
        public static ref Links<SemaphoreUndoList> Of(SemaphoreUndoList item) => ref item._poolLinks;
        public static SemaphoreUndoList Create() => new();
        public static int Bytes => 96;
    }
}
