// A set of System V semaphores: their values, those who wait, and who wants what undone. A list of operations is tried as a whole and
// changes nothing if one of them cannot be done. Whoever changes values then does what the sleepers want, as far as it has become possible:
// first those who wait for zero, for they change nothing, then the others in the order they came.
// Context: process. Lock: Lock (IpcObject) guards all. Pooled; few values lie in the object, many in frames.
// Linux: struct sem_array, perform_atomic_semop(), do_smart_update().
using System.Runtime.CompilerServices;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Ipc;

internal struct SemaphoreValue
{
    public int Value;

    /// <summary>The process that changed it last.</summary>
    public int ProcessId;
}

internal sealed class SemaphoreSet : IpcObject
{
    private Links<SemaphoreSet> _poolLinks;
    private FewValues _few;
    private FrameArray<SemaphoreValue> _many;
    private LinkedRing<IpcWaiter, IpcWaiter.InQueue> _zeroWaiters, _alterWaiters;
    private LinkedRing<SemaphoreUndo, SemaphoreUndo.InSet> _undos;

    private SemaphoreSet()
    {
    }

    public static Pool<SemaphoreSet, Pooled> Pool { get; private set; } = null!;

    /// <summary>Semaphores in the set.</summary>
    public int Count { get; private set; }

    /// <summary>When operations were done last, in seconds since 1970; zero: never.</summary>
    public long OperationTime;

    public static void Init(int limit) => Pool = new Pool<SemaphoreSet, Pooled>("semaphore_set", limit);

    /// <summary>A set of zeros that nobody can find yet. ENOMEM.</summary>
    public static Result<SemaphoreSet> Create(int key, int count, int mode)
    {
        if (!Pool.TryTake(out var made))
            return Errno.ENOMEM;
        if (count > FewValues.Capacity && !FrameArray<SemaphoreValue>.TryCreate(count, out made._many))
        {
            Pool.Give(made);
            return Errno.ENOMEM;
        }

        made.Reset(key, mode);
        made._few = default;
        made.Count = count;
        made.OperationTime = 0;
        return made;
    }

    public override void Free()
    {
        _many.Free();
        Pool.Give(this);
    }

    public ref SemaphoreValue this[int number]
    {
        get
        {
            if (Count <= FewValues.Capacity)
                return ref _few[number];
            return ref _many[number];
        }
    }

    /// <summary>Does the operations if that is possible now. False: the caller may wait. Lock held.</summary>
    public bool TryOperate(IpcWaiter wanted, out Errno result)
    {
        result = Errno.None;
        for (var i = 0; i < wanted.Count; i++)
        {
            ref var operation = ref wanted[i];
            ref var value = ref this[operation.Number].Value;
            var changed = value + operation.Change;
            var mustWait = changed < 0 || (operation.Change == 0 && value != 0);
            if (mustWait)
            {
                wanted.Blocking = i;
                result = (operation.Flags & SysVIpc.IPC_NOWAIT) != 0 ? Errno.EAGAIN : Errno.None;
            }
            else if (changed > SysVIpc.SEMVMX || !TryNote(wanted, operation, -operation.Change))
            {
                result = Errno.ERANGE;
            }
            else
            {
                value = changed;
                continue;
            }

            TakeBack(wanted, i);
            return result != Errno.None;
        }

        for (var i = 0; i < wanted.Count; i++)
            this[wanted[i].Number].ProcessId = wanted.ProcessId;
        OperationTime = Now;
        return true;
    }

    /// <summary>Queues a task whose operations cannot be done now. Lock held.</summary>
    public void Queue(IpcWaiter waiter)
    {
        if (waiter.Alters)
            waiter.Queue(ref _alterWaiters);
        else
            waiter.Queue(ref _zeroWaiters);
    }

    /// <summary>A task waits no longer. Lock held.</summary>
    public void GiveUp(IpcWaiter waiter)
    {
        if (waiter.Alters)
            waiter.GiveUp(ref _alterWaiters);
        else
            waiter.GiveUp(ref _zeroWaiters);
    }

    /// <summary>Values have changed: does for the sleepers what can be done now. Lock held.</summary>
    public void ServeWaiters()
    {
        ServeZeroWaiters();
        for (var waiter = _alterWaiters.First; waiter is not null;)
        {
            var next = LinkedRing<IpcWaiter, IpcWaiter.InQueue>.After(waiter);
            if (TryOperate(waiter, out var result))
            {
                waiter.Serve(ref _alterWaiters, result);
                if (result == Errno.None)
                {
                    ServeZeroWaiters();

                    // One operation that had to wait has made a value less: nobody before it can go on because of that.
                    if (waiter.Count > 1)
                        next = _alterWaiters.First;
                }
            }

            waiter = next;
        }
    }

    private void ServeZeroWaiters()
    {
        for (var waiter = _zeroWaiters.First; waiter is not null;)
        {
            var next = LinkedRing<IpcWaiter, IpcWaiter.InQueue>.After(waiter);
            if (TryOperate(waiter, out var result))
                waiter.Serve(ref _zeroWaiters, result);
            waiter = next;
        }
    }

    /// <summary>How many wait for this semaphore to grow, or to become zero. Lock held.</summary>
    public int CountWaiters(int number, bool forZero)
    {
        var count = CountWaiters(_alterWaiters.First, number, forZero);
        return forZero ? count + CountWaiters(_zeroWaiters.First, number, forZero) : count;
    }

    private static int CountWaiters(IpcWaiter? waiter, int number, bool forZero)
    {
        var count = 0;
        for (; waiter is not null; waiter = LinkedRing<IpcWaiter, IpcWaiter.InQueue>.After(waiter))
        {
            ref var operation = ref waiter.BlockingOperation;
            if (operation.Number == number && operation.Change == 0 == forZero)
                count++;
        }

        return count;
    }

    /// <summary>The set is removed: tells all who wait. Lock held.</summary>
    public void TurnAwayWaiters()
    {
        if (IpcFaults.Has(IpcFault.SleepersForgotten))
            return;
        while (_zeroWaiters.First is { } waiter)
            waiter.Serve(ref _zeroWaiters, Errno.EIDRM);
        while (_alterWaiters.First is { } waiter)
            waiter.Serve(ref _alterWaiters, Errno.EIDRM);
    }

    /// <summary>What is to be undone in this set. Lock held.</summary>
    public ref LinkedRing<SemaphoreUndo, SemaphoreUndo.InSet> Undos => ref _undos;

    /// <summary>A value was set: nothing of what led to the old one is undone. Lock held.</summary>
    public void ForgetUndos(int number)
    {
        for (var undo = _undos.First; undo is not null; undo = LinkedRing<SemaphoreUndo, SemaphoreUndo.InSet>.After(undo))
            undo[number] = 0;
    }

    /// <summary>Adds what an ending process wants undone, as far as a value can go. Lock held, but for the broken twin.</summary>
    public void Apply(SemaphoreUndo undo, int processId)
    {
        for (var number = 0; number < Count; number++)
        {
            if (undo[number] == 0)
                continue;
            ref var semaphore = ref this[number];
            var value = semaphore.Value + undo[number];
            Cpu.Interleave();
            semaphore.Value = value < 0 ? 0 : value > SysVIpc.SEMVMX ? SysVIpc.SEMVMX : value;
            semaphore.ProcessId = processId;
        }
    }

    private static bool TryNote(IpcWaiter wanted, in SemaphoreOperation operation, int change)
    {
        if ((operation.Flags & SysVIpc.SEM_UNDO) == 0)
            return true;
        ref var adjustment = ref wanted.Undo![operation.Number];
        var changed = adjustment + change;
        if (changed is < -SysVIpc.SEMAEM - 1 or > SysVIpc.SEMAEM)
            return false;
        adjustment = (short)changed;
        return true;
    }

    private void TakeBack(IpcWaiter wanted, int done)
    {
        while (--done >= 0)
        {
            ref var operation = ref wanted[done];
            this[operation.Number].Value -= operation.Change;
            TryNote(wanted, operation, operation.Change);
        }
    }

    [InlineArray(Capacity)]
    private struct FewValues
    {
        public const int Capacity = 8;

        private SemaphoreValue _first;
    }

    public readonly struct Pooled : IPooled<SemaphoreSet>
    {
        public static ref Links<SemaphoreSet> Of(SemaphoreSet item) => ref item._poolLinks;
        public static SemaphoreSet Create() => new();
        public static int Bytes => 384;
    }
}
