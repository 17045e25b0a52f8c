// A process's descriptors: small numbers for open files. Slots stand in chunks of 64 that are taken when needed.
// Locks: _lock guards chunks, slots and their close-on-exec bits; files are opened and closed outside it. Users counts atomically.
// Linux: struct files_struct, struct fdtable.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Files;

public sealed class FileTable
{
    /// <summary>The most descriptors a process can have, whatever its limit.</summary>
    public const int Capacity = ChunkCount * DescriptorChunk.Slots;

    private const int ChunkCount = 64;

    private readonly DescriptorChunk?[] _chunks = new DescriptorChunk?[ChunkCount];
    private SpinLock<FileTableSlotsRank, PreemptionOff> _lock;
    private Links<FileTable> _poolLinks;
    private int _users;

    private FileTable()
    {
    }

    public static Pool<FileTable, Pooled> Pool { get; private set; } = null!;

    public static void Init(int limit)
    {
        Pool = new Pool<FileTable, Pooled>("file_table", limit);
        DescriptorChunk.Init(limit * 4);
    }

    /// <summary>An empty table with one user. ENOMEM.</summary>
    public static Result<FileTable> Create()
    {
        if (!Pool.TryTake(out var table))
            return Errno.ENOMEM;
        table._users = 1;
        return table;
    }

    /// <summary>A copy with one user: the same open files under the same numbers. ENOMEM.</summary>
    public Result<FileTable> Fork()
    {
        var made = Create();
        if (!made.TryGet(out var copy))
            return made.Error;
        for (var index = 0; index < ChunkCount; index++)
        {
            if (_chunks[index] is null || CopyChunk(index, copy))
                continue;
            copy.Drop();
            return Errno.ENOMEM;
        }

        return copy;
    }

    public void AddUser() => Interlocked.Increment(ref _users);

    /// <summary>More than one task uses it.</summary>
    public bool IsShared => Volatile.Read(ref _users) > 1;

    /// <summary>Counts a user out; the last one closes every descriptor. May sleep.</summary>
    public void Drop()
    {
        if (Interlocked.Decrement(ref _users) != 0)
            return;
        for (var index = 0; index < ChunkCount; index++)
        {
            var chunk = _chunks[index];
            if (chunk is null)
                continue;
            CloseChunk(index, ulong.MaxValue);
            _chunks[index] = null;
            DescriptorChunk.Pool.Give(chunk);
        }

        Pool.Give(this);
    }

    /// <summary>The file of a descriptor, counted for the caller; null: EBADF.</summary>
    public OpenFile? Get(int descriptor)
    {
        using (_lock.Acquire())
        {
            var file = Slot(descriptor);
            file?.AddUser();
            return file;
        }
    }

    /// <summary>The file of a descriptor, not counted: for the table's only user (<see cref="BorrowedFile"/>). Null: EBADF.</summary>
    internal OpenFile? Look(int descriptor) => Slot(descriptor);

    /// <summary>The running task's file of a descriptor, counted; null: EBADF.</summary>
    public static OpenFile? GetCurrent(int descriptor) => Task.Current.Files?.Get(descriptor);

    /// <summary>
    /// Enters <paramref name="file"/> under the lowest free number from <paramref name="from"/> on; takes the caller's use of it over.
    /// </summary>
    /// <returns>The number; EMFILE or ENOMEM, with the file still the caller's; EINVAL when <paramref name="from"/> is beyond the limit.</returns>
    public Result<int> Install(OpenFile file, bool closeOnExec, int from = 0)
    {
        var limit = Limit;
        if (from >= limit)
            return from == 0 ? Errno.EMFILE : Errno.EINVAL;
        while (true)
        {
            int free;
            using (_lock.Acquire())
            {
                free = FindFree(from);
                if (free >= limit)
                    return Errno.EMFILE;
                if (_chunks[free / DescriptorChunk.Slots] is { } chunk)
                {
                    chunk.Set(free % DescriptorChunk.Slots, file, closeOnExec);
                    return free;
                }
            }

            if (!AddChunk(free / DescriptorChunk.Slots))
                return Errno.ENOMEM;
        }
    }

    /// <summary>Is there a free number now: for calls that must not wait, or take something, in vain. EMFILE.</summary>
    public Errno CheckRoom()
    {
        using (_lock.Acquire())
            return FindFree(0) >= Limit ? Errno.EMFILE : Errno.None;
    }

    /// <summary>Enters <paramref name="file"/> under a given number, closing what was there (dup2). Takes the caller's use over.</summary>
    /// <returns>EBADF when the number is beyond the limit; ENOMEM. The file is still the caller's then.</returns>
    public Result<int> InstallAt(int descriptor, OpenFile file, bool closeOnExec)
    {
        if ((uint)descriptor >= (uint)Limit)
            return Errno.EBADF;
        if (!AddChunk(descriptor / DescriptorChunk.Slots))
            return Errno.ENOMEM;
        OpenFile? old;
        using (_lock.Acquire())
        {
            var chunk = _chunks[descriptor / DescriptorChunk.Slots]!;
            old = chunk.Remove(descriptor % DescriptorChunk.Slots);
            chunk.Set(descriptor % DescriptorChunk.Slots, file, closeOnExec);
        }

        if (old is not null)
            Close(old);
        return descriptor;
    }

    /// <summary>Closes a descriptor. EBADF.</summary>
    public Errno Close(int descriptor)
    {
        OpenFile? file;
        using (_lock.Acquire())
        {
            file = (uint)descriptor < Capacity
                ? _chunks[descriptor / DescriptorChunk.Slots]?.Remove(descriptor % DescriptorChunk.Slots)
                : null;
        }

        if (file is null)
            return Errno.EBADF;
        Close(file);
        return Errno.None;
    }

    /// <summary>Closes all descriptors in a range, or only marks them to be closed by exec.</summary>
    public void CloseRange(uint first, uint last, bool onlyMark)
    {
        for (var index = (int)(first / DescriptorChunk.Slots); index < ChunkCount; index++)
        {
            var start = (uint)index * DescriptorChunk.Slots;
            if (start > last)
                break;
            var mask = first > start ? ulong.MaxValue << (int)(first - start) : ulong.MaxValue;
            if (last - start < DescriptorChunk.Slots - 1)
                mask &= (1UL << (int)(last - start + 1)) - 1;
            if (onlyMark)
                MarkChunk(index, mask);
            else
                CloseChunk(index, mask);
        }
    }

    /// <summary>Closes what is marked close-on-exec. Called by exec, when the table is the caller's alone.</summary>
    public void CloseOnExec()
    {
        for (var index = 0; index < ChunkCount; index++)
        {
            if (_chunks[index] is { } chunk)
                CloseChunk(index, chunk.CloseOnExec);
        }
    }

    /// <summary>FD_CLOEXEC of a descriptor; EBADF.</summary>
    public Result<int> GetCloseOnExec(int descriptor)
    {
        using (_lock.Acquire())
        {
            if (Slot(descriptor) is null)
                return Errno.EBADF;
            var chunk = _chunks[descriptor / DescriptorChunk.Slots]!;
            return (int)(chunk.CloseOnExec >> descriptor % DescriptorChunk.Slots & 1);
        }
    }

    /// <summary>Sets FD_CLOEXEC of a descriptor; EBADF.</summary>
    public Errno SetCloseOnExec(int descriptor, bool value)
    {
        using (_lock.Acquire())
        {
            if (Slot(descriptor) is null)
                return Errno.EBADF;
            _chunks[descriptor / DescriptorChunk.Slots]!.SetCloseOnExec(descriptor % DescriptorChunk.Slots, value);
            return Errno.None;
        }
    }

    /// <summary>The lowest descriptor in use at or above <paramref name="from"/>, or -1: for /proc/PID/fd.</summary>
    public int Next(int from)
    {
        using (_lock.Acquire())
        {
            for (var at = from; at < Capacity;)
            {
                var chunk = _chunks[at / DescriptorChunk.Slots];
                var used = (chunk?.Used ?? 0) >> at % DescriptorChunk.Slots;
                if (used != 0)
                    return at + BitOperations.TrailingZeroCount(used);
                at = (at / DescriptorChunk.Slots + 1) * DescriptorChunk.Slots;
            }
        }

        return -1;
    }

    private static int Limit => (int)System.Math.Min(Task.Current.Group.SoftLimit(Resource.NOFILE), Capacity);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private OpenFile? Slot(int descriptor)
    {
        var number = (uint)descriptor;
        return number < Capacity ? _chunks[number / DescriptorChunk.Slots]?[(int)(number % DescriptorChunk.Slots)] : null;
    }

    private int FindFree(int from)
    {
        for (var at = from; at < Capacity;)
        {
            var chunk = _chunks[at / DescriptorChunk.Slots];
            var free = ~(chunk?.Used ?? 0) >> at % DescriptorChunk.Slots;
            if (free != 0)
                return at + BitOperations.TrailingZeroCount(free);
            at = (at / DescriptorChunk.Slots + 1) * DescriptorChunk.Slots;
        }

        return Capacity;
    }

    // Puts a chunk in place if there is none; another thread may be quicker, which is as good.
    private bool AddChunk(int index)
    {
        if (Volatile.Read(ref _chunks[index]) is not null)
            return true;
        if (!DescriptorChunk.Pool.TryTake(out var made))
            return false;
        using (_lock.Acquire())
        {
            if (_chunks[index] is null)
            {
                _chunks[index] = made;
                return true;
            }
        }

        DescriptorChunk.Pool.Give(made);
        return true;
    }

    private bool CopyChunk(int index, FileTable copy)
    {
        if (_chunks[index] is not { Used: not 0 })
            return true;
        if (!copy.AddChunk(index))
            return false;
        using (_lock.Acquire())
            copy._chunks[index]!.CopyFrom(_chunks[index]!);
        return true;
    }

    private void MarkChunk(int index, ulong mask)
    {
        using (_lock.Acquire())
            _chunks[index]?.MarkCloseOnExec(mask);
    }

    private void CloseChunk(int index, ulong mask)
    {
        while (true)
        {
            OpenFile? file;
            using (_lock.Acquire())
                file = _chunks[index]?.RemoveFirst(mask);
            if (file is null)
                return;
            Close(file);
        }
    }

    private void Close(OpenFile file)
    {
        file.ReleaseOwnerLocks(this);
        if (!file.IsPathOnly)
            file.Operations.Flush(file);
        file.Drop();
    }

    public readonly struct Pooled : IPooled<FileTable>
    {
        public static ref Links<FileTable> Of(FileTable item) => ref item._poolLinks;
        public static FileTable Create() => new();
        public static int Bytes => 1024;
    }
}
