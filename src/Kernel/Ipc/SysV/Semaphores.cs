// System V semaphores: getting a set, operating on it, controlling it.
// Contexts: process; Operate may sleep. Locks: the set's; none is held where memory is taken or user memory is copied.
// Linux: ipc/sem.c. man 2 semget, semop, semctl.
using System;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Ipc;

internal static class Semaphores
{
    private const int UsualSets = 32000, UsualPerSet = 32000, UsualTotal = UsualSets * UsualPerSet, UsualPerCall = 500;

    private static long s_used;

    public static IpcTable Table { get; private set; } = null!;

    // What /proc/sys/kernel/sem sets.
    public static int MaxPerSet, MaxTotal, MaxPerCall;

    /// <summary>Semaphores in all sets.</summary>
    public static int Used => (int)Math.Min(Volatile.Read(ref s_used), int.MaxValue);

    /// <summary>Start-up.</summary>
    public static void Init()
    {
        var limit = (int)Math.Clamp(FrameAllocator.TotalFrames / 2, 1024, IpcTable.Capacity);
        Table = new IpcTable(UsualSets);
        MaxPerSet = UsualPerSet;
        MaxTotal = UsualTotal;
        MaxPerCall = UsualPerCall;
        s_used = 0;
        SemaphoreSet.Init(limit);
        SemaphoreUndo.Init(2 * limit);
        SemaphoreUndoList.Init(limit);
    }

    /// <summary>semget. EINVAL, ENOENT, EEXIST, EACCES, ENOSPC, ENOMEM.</summary>
    public static Result<int> Get(int key, int count, int flags)
    {
        if (count < 0 || count > MaxPerSet)
            return Errno.EINVAL;
        while (true)
        {
            var error = Table.TryLockToGet(key, flags, out var found, out var token);
            if (error == Errno.None)
            {
                var result = CheckFound((SemaphoreSet)found, count, flags);
                found.Unlock(token);
                return result;
            }

            if (error != Errno.EAGAIN)
                return error;
            var made = Make(key, count, flags);
            if (made.Error != Errno.EEXIST)
                return made;
        }
    }

    private static Result<int> CheckFound(SemaphoreSet set, int count, int flags)
    {
        if (count > set.Count)
            return Errno.EINVAL;
        var error = set.CheckAccess(flags);
        return error == Errno.None ? set.Id : error;
    }

    // EEXIST: another was faster.
    private static Result<int> Make(int key, int count, int flags)
    {
        if (count == 0)
            return Errno.EINVAL;
        if (Interlocked.Add(ref s_used, count) > MaxTotal)
        {
            Interlocked.Add(ref s_used, -count);
            return Errno.ENOSPC;
        }

        Result<int> result = Errno.ENOMEM;
        var made = SemaphoreSet.Create(key, count, flags);
        if (made.TryGet(out var set))
        {
            result = Table.Add(set);
            if (result.IsOk)
                return result;
            set.Free();
        }

        Interlocked.Add(ref s_used, -count);
        return result;
    }

    /// <summary>
    /// semop, semtimedop: does the operations that <paramref name="wanted"/> has, waiting until <paramref name="deadline"/> on the monotonic clock. May sleep.
    /// </summary>
    /// <returns>EINVAL, EFBIG, EACCES, ERANGE, ENOMEM; EAGAIN; EIDRM: the set was removed; EINTR.</returns>
    public static Errno Operate(int id, IpcWaiter wanted, long deadline)
    {
        Context.MightSleep();
        wanted.ProcessId = IpcObject.CurrentProcess;
        var error = Lock(id, wanted, out var set, out var token);
        if (error != Errno.None)
            return error;
        if (IpcFaults.Has(IpcFault.WokenBeforeChange) && wanted.Alters)
            set.ServeWaiters();
        if (set.TryOperate(wanted, out var result))
        {
            if (result == Errno.None && wanted.Alters && !IpcFaults.Has(IpcFault.WokenBeforeChange))
                set.ServeWaiters();
        }
        else
        {
            set.Queue(wanted);
            var end = wanted.Sleep(set, ref token, deadline);
            if (end != IpcWaitEnd.Served)
                set.GiveUp(wanted);
            result = end == IpcWaitEnd.Served ? wanted.Result : end == IpcWaitEnd.Late ? Errno.EAGAIN : Errno.EINTR;
        }

        set.Unlock(token);
        return result;
    }

    // Finds the set for the operations, with what is to be undone if they ask for that, and locks it.
    private static Errno Lock(int id, IpcWaiter wanted, out SemaphoreSet set, out bool token)
    {
        SemaphoreUndo? spare = null;
        set = null!;
        while (true)
        {
            var error = Table.TryLock(id, out var found, out token);
            if (error == Errno.None)
            {
                set = (SemaphoreSet)found;
                error = CheckOperations(set, wanted);
                if (error == Errno.None && TryFindUndo(set, wanted, ref spare))
                    break;
                found.Unlock(token);
            }
            else if (error == Errno.EINVAL && spare is not null)
            {
                error = Errno.EIDRM; // it was there the first time
            }

            if (error != Errno.None)
            {
                spare?.Free();
                return error;
            }

            if (SemaphoreUndoList.OfCurrent() is null || (spare = SemaphoreUndo.Create(set.Count)) is null)
                return Errno.ENOMEM;
        }

        spare?.Free();
        return Errno.None;
    }

    private static Errno CheckOperations(SemaphoreSet set, IpcWaiter wanted)
    {
        if (wanted.HighestNumber >= set.Count)
            return Errno.EFBIG;
        return set.CheckAccess(wanted.Alters ? IpcObject.WriteAccess : IpcObject.ReadAccess);
    }

    // False: an object is needed for it, which cannot be had under the lock.
    private static bool TryFindUndo(SemaphoreSet set, IpcWaiter wanted, ref SemaphoreUndo? spare)
    {
        if (!wanted.Undoes)
            return true;
        var list = Task.Current.SemaphoreUndos;
        wanted.Undo = list?.Find(set);
        if (wanted.Undo is null && spare is not null)
        {
            spare.Link(set, list!);
            wanted.Undo = spare;
            spare = null;
        }

        return wanted.Undo is not null;
    }

    /// <summary>IPC_RMID. EINVAL, EIDRM, EPERM.</summary>
    public static Errno Remove(int id)
    {
        var error = Table.TryLockOwned(id, out var found, out var token);
        if (error != Errno.None)
            return error;
        var set = (SemaphoreSet)found;
        var undos = set.Undos;
        set.Undos = default;
        for (var undo = undos.First; undo is not null; undo = LinkedRing<SemaphoreUndo, SemaphoreUndo.InSet>.After(undo))
            undo.List.Remove(undo);
        set.TurnAwayWaiters();
        Table.Remove(set);
        set.Unlock(token);
        while (undos.RemoveFirst() is { } undo)
            undo.Free();
        Interlocked.Add(ref s_used, -set.Count);
        set.Free();
        return Errno.None;
    }

    /// <summary>IPC_STAT by id, or by index. Returns the id. EINVAL, EIDRM, EACCES.</summary>
    public static Result<int> Describe(int id, bool byIndex, bool checks, out SemaphoreSetLayout description)
    {
        description = default;
        var error = Table.TryLockToDescribe(id, byIndex, checks, out var found, out var token);
        if (error != Errno.None)
            return error;
        description = Describe((SemaphoreSet)found);
        var itsId = found.Id;
        found.Unlock(token);
        return itsId;
    }

    public static SemaphoreSetLayout Describe(SemaphoreSet set) => new()
    {
        Permission = set.Permission,
        OperationTime = set.OperationTime,
        ChangeTime = set.ChangeTime,
        Count = (ulong)set.Count,
    };

    /// <summary>GETVAL, GETPID, GETNCNT, GETZCNT. EINVAL, EIDRM, EACCES.</summary>
    public static Result<int> Read(int id, int number, int command)
    {
        var error = Table.TryLockFor(id, IpcObject.ReadAccess, out var found, out var token);
        if (error != Errno.None)
            return error;
        var set = (SemaphoreSet)found;
        if (number < 0 || number >= set.Count)
            error = Errno.EINVAL;
        Result<int> result = error != Errno.None ? error : command switch
        {
            SysVIpc.GETVAL => set[number].Value,
            SysVIpc.GETPID => set[number].ProcessId,
            _ => set.CountWaiters(number, command == SysVIpc.GETZCNT),
        };
        set.Unlock(token);
        return result;
    }

    /// <summary>SETVAL. ERANGE, EINVAL, EIDRM, EACCES.</summary>
    public static Errno Write(int id, int number, int value)
    {
        if (value is < 0 or > SysVIpc.SEMVMX)
            return Errno.ERANGE;
        var error = Table.TryLock(id, out var found, out var token);
        if (error != Errno.None)
            return error;
        var set = (SemaphoreSet)found;
        error = number < 0 || number >= set.Count ? Errno.EINVAL : set.CheckAccess(IpcObject.WriteAccess);
        if (error == Errno.None)
        {
            set.ForgetUndos(number);
            set[number] = new SemaphoreValue { Value = value, ProcessId = IpcObject.CurrentProcess };
            set.ChangeTime = IpcObject.Now;
            set.ServeWaiters();
        }

        set.Unlock(token);
        return error;
    }

    /// <summary>How many semaphores a set has; may it be read, or written. EINVAL, EIDRM, EACCES.</summary>
    public static Result<int> CountOf(int id, bool forWrite)
    {
        var error = Table.TryLockFor(id, forWrite ? IpcObject.WriteAccess : IpcObject.ReadAccess, out var found, out var token);
        if (error != Errno.None)
            return error;
        var count = ((SemaphoreSet)found).Count;
        found.Unlock(token);
        return count;
    }

    /// <summary>GETALL into an array as long as the set. EIDRM.</summary>
    public static Errno ReadAll(int id, in FrameArray<ushort> values)
    {
        if (Table.TryLock(id, out var found, out var token) != Errno.None)
            return Errno.EIDRM;
        var set = (SemaphoreSet)found;
        for (var i = 0; i < set.Count; i++)
            values[i] = (ushort)set[i].Value;
        set.Unlock(token);
        return Errno.None;
    }

    /// <summary>SETALL from an array as long as the set, of values that are possible. EIDRM.</summary>
    public static Errno WriteAll(int id, in FrameArray<ushort> values)
    {
        if (Table.TryLock(id, out var found, out var token) != Errno.None)
            return Errno.EIDRM;
        var set = (SemaphoreSet)found;
        for (var i = 0; i < set.Count; i++)
        {
            set[i] = new SemaphoreValue { Value = values[i], ProcessId = IpcObject.CurrentProcess };
            set.ForgetUndos(i);
        }

        set.ChangeTime = IpcObject.Now;
        set.ServeWaiters();
        set.Unlock(token);
        return Errno.None;
    }

    /// <summary>IPC_INFO, SEM_INFO.</summary>
    public static SemaphoreInfoLayout Information(bool ofUse) => new()
    {
        Map = UsualTotal,
        Sets = Table.Limit,
        Semaphores = MaxTotal,
        Undos = UsualTotal,
        PerSet = MaxPerSet,
        PerCall = MaxPerCall,
        PerUndo = UsualPerCall,
        UndoBytes = ofUse ? Table.Count : 20,
        MaxValue = SysVIpc.SEMVMX,
        MaxAdjustment = ofUse ? Used : SysVIpc.SEMAEM,
    };
}
