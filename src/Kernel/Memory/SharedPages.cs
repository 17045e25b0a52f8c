// The pages of a shared anonymous mapping: an object with frames of its own that parent and child, or two mappings, have in common.
// Contexts: process; taking pages does not sleep. Lock: _lock (rank SharedPages) guards _pages; users are counted atomically, one for
// each area. Pooled. Linux: shmem_zero_setup().
using System.Threading;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Machine;

namespace Jiffy.Kernel.Memory;

public sealed class SharedPages
{
    internal static Pool<SharedPages, Pooled> Pool = null!;
    private static long s_total;
    private static int s_nextId;

    private SpinLock<SharedPagesRank, PreemptionOff> _lock;
    private FrameMap _pages;
    private int _users;
    private long _limit; // pages there can be
    private bool _isFixed;
    private Links<SharedPages> _poolLinks;

    private readonly struct SharedPagesRank : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.SharedPages;
    }

    /// <summary>Pages of all such objects, for /proc/meminfo.</summary>
    public static long TotalPages => Volatile.Read(ref s_total);

    /// <summary>Tells objects apart, as an inode number does.</summary>
    public int Id { get; private set; }

    internal static void Init()
    {
        s_total = 0;
        s_nextId = 0;
        Pool = new Pool<SharedPages, Pooled>("shared_pages", 1 << 16);
    }

    /// <summary>A new, empty object with one user. False: out of memory.</summary>
    internal static bool TryCreate([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out SharedPages? made)
    {
        if (!Pool.TryTake(out made))
            return false;
        made._pages = default;
        made._limit = long.MaxValue;
        made._isFixed = false;
        made.Owner = null;
        made._users = 1;
        made.Id = Interlocked.Increment(ref s_nextId);
        return true;
    }

    /// <summary>An object of exactly the frames that are added to it, which the kernel keeps for ever. Boot.</summary>
    internal static SharedPages CreateFixed()
    {
        if (!TryCreate(out var made))
            Invariant.Fail("there is memory at boot");
        made._limit = 0;
        made._isFixed = true;
        return made;
    }

    /// <summary>An object of so many pages that is more than areas' common memory: its owner has the one user, and is told of areas. Null: out of memory.</summary>
    internal static SharedPages? CreateOwned(SharedPagesOwner owner, long pages)
    {
        if (!TryCreate(out var made))
            return null;
        made._limit = pages;
        made.Owner = owner;
        return made;
    }

    internal bool IsFixed => _isFixed;

    /// <summary>Who has it beside the areas; null: nobody.</summary>
    internal SharedPagesOwner? Owner { get; private set; }

    /// <summary>Pages that have a frame; a hint.</summary>
    internal long Resident => _pages.Count;

    /// <summary>Size of a fixed object.</summary>
    internal ulong FixedBytes => (ulong)_limit << MemoryLayout.PageShift;

    /// <summary>Appends a frame, which the object keeps. Boot.</summary>
    internal void AddFixed(FrameNumber frame)
    {
        if (!_pages.TryAdd(_limit++, frame))
            Invariant.Fail("there is memory at boot");
    }

    internal bool HasRoomFor(long index) => index < _limit;

    /// <summary>One more area.</summary>
    internal void AddUser()
    {
        Interlocked.Increment(ref _users);
        Owner?.Attached();
    }

    /// <summary>An area less.</summary>
    internal void Drop()
    {
        var owner = Owner;
        Release();
        owner?.Detached();
    }

    /// <summary>A user less, who is no area.</summary>
    internal void Release()
    {
        if (Interlocked.Decrement(ref _users) != 0)
            return;
        Interlocked.Add(ref s_total, -_pages.Count);
        _pages.Clear();
        Pool.Give(this);
    }

    /// <summary>
    /// The frame of a page, made when it is not there yet, with one more reference for the caller. False: out of memory, or beyond the end of
    /// a fixed object.
    /// </summary>
    internal bool TryGetPage(long index, out FrameNumber frame)
    {
        frame = default;
        if (!HasRoomFor(index))
            return false;
        using (_lock.Acquire())
        {
            if (TryShare(index, out frame))
                return true;
        }

        // Cleared outside the lock; somebody else may have been first.
        if (!FrameAllocator.TryTakeUserClear(out var fresh))
            return false;
        using (_lock.Acquire())
        {
            if (!TryShare(index, out frame) && _pages.TryAdd(index, fresh))
            {
                Interlocked.Increment(ref s_total);
                FrameTable.Share(fresh);
                frame = fresh;
                return true;
            }
        }

        FrameAllocator.Give(fresh);
        return !frame.IsNone;
    }

    /// <summary>True when the page has a frame.</summary>
    internal bool HasPage(long index)
    {
        using (_lock.Acquire())
            return !_pages.Get(index).IsNone;
    }

    private bool TryShare(long index, out FrameNumber frame)
    {
        frame = _pages.Get(index);
        if (frame.IsNone)
            return false;
        FrameTable.Share(frame);
        return true;
    }

    internal readonly struct Pooled : IPooled<SharedPages>
    {
        public static ref Links<SharedPages> Of(SharedPages item) => ref item._poolLinks;
        public static SharedPages Create() => new();
        public static int Bytes => 96;
    }
}
