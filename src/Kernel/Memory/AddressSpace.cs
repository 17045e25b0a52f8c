// A user address space: its areas, its page table, and what exec and /proc know of it. Split by behaviour: life here; Switch (which
// CPU uses it), Areas (the tree), Pages (entries of the page table), Fault, Fork, Map, Unmap, Protect, Remap, Break, Advise, Lock, Remote, Report.
// Owners: _users counts those who use its contents (threads, readers of /proc); the last one unmaps everything. _pins counts those who
// need the object and its table: the users together one, and each CPU that has the table loaded one. The last pin frees both.
// Lock: _lock (sleeping, rank AddressSpace) guards areas, page-table changes and counts. Nothing that holds it copies to or from
// user memory or drops a file. Pooled. Linux: struct mm_struct.
using System;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Memory;

public sealed partial class AddressSpace
{
    public const int AuxiliaryCapacity = 48;

    public static Pool<AddressSpace, Pooled> Pool = null!;

    private Mutex<AddressSpaceRank> _lock;
    private PageTable _table;
    private int _users, _pins;
    private Links<AddressSpace> _poolLinks;

    /// <summary>Set by exec, read by /proc; addresses in the space.</summary>
    public ulong CodeStart, CodeEnd, DataStart, DataEnd, StackTop;
    public ulong ArgumentsStart, ArgumentsEnd, EnvironmentStart, EnvironmentEnd;

    /// <summary>The heap: exec sets both to the first address after the program's data.</summary>
    public ulong BreakStart, Break;

    /// <summary>The auxiliary vector as the program got it: pairs of type and value; AuxiliaryLength words are valid.</summary>
    public ulong[] AuxiliaryVector { get; } = new ulong[AuxiliaryCapacity];
    public int AuxiliaryLength;

    /// <summary>The program's file. The space holds one user of it and drops it at its end.</summary>
    public OpenFile? Executable;

    private readonly struct AddressSpaceRank : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.AddressSpace;
    }

    /// <summary>Boot: after FrameAllocator.Init.</summary>
    public static void Init()
    {
        MemoryLayout.Init();
        MemoryFault.Init();
        Pool = new Pool<AddressSpace, Pooled>("address_space", 1 << 15);
        Area.Pool = new Pool<Area, Area.Pooled>("area", (int)Math.Clamp(2 * FrameAllocator.TotalFrames, 1 << 14, 1 << 20));
        SharedPages.Init();
        OutOfMemory.Init();
        InitSwitch();
        InitZeroPage();
    }

    /// <summary>A new, empty space with one user. Process context; may sleep.</summary>
    /// <returns>ENOMEM.</returns>
    public static Result<AddressSpace> Create()
    {
        if (!Pool.TryTake(out var space))
            return Errno.ENOMEM;
        if (!PageTable.TryCreate(out space._table))
        {
            Pool.Give(space);
            return Errno.ENOMEM;
        }

        space._users = 1;
        space._pins = 1;
        space.ResetLayout();
        space.ResetCounts();
        return space;
    }

    /// <summary>One more user (a thread, a reader of /proc). The caller must have one, or hold TaskTree.Lock over a task that has.</summary>
    public void AddUser() => Interlocked.Increment(ref _users);

    /// <summary>One user less; the last one unmaps everything. May sleep.</summary>
    public void Drop()
    {
        if (Interlocked.Decrement(ref _users) != 0)
            return;
        UnmapAll();
        Executable?.ReleaseMapping();
        Executable = null;
        Unpin();
    }

    /// <summary>How many use it; a hint (1: nobody but the caller can change anything).</summary>
    public int Users => Volatile.Read(ref _users);

    private void Unpin()
    {
        if (Interlocked.Decrement(ref _pins) != 0)
            return;
        _table.Destroy();
        _table = default;
        Pool.Give(this);
    }

    private void ResetLayout()
    {
        CodeStart = CodeEnd = DataStart = DataEnd = StackTop = 0;
        ArgumentsStart = ArgumentsEnd = EnvironmentStart = EnvironmentEnd = 0;
        BreakStart = Break = 0;
        AuxiliaryLength = 0;
        Executable = null;
        _futureFlags = AreaFlags.None;
        _mapBase = ChooseMapBase();
    }

    public readonly struct Pooled : IPooled<AddressSpace>
    {
        public static ref Links<AddressSpace> Of(AddressSpace item) => ref item._poolLinks;
        public static AddressSpace Create() => new();
        public static int Bytes => 1024;
    }
}
