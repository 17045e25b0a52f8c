// A process's place in the tree: its root, its working directory, and the permission bits it withholds from new files.
// Lock: _lock guards both locations; umask is one word. Users counts atomically. Linux: struct fs_struct.
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;

namespace Jiffy.Kernel.Files;

public sealed class FileContext
{
    private SpinLock<FileContextRank, PreemptionOff> _lock;
    private Location _root, _current;
    private Links<FileContext> _poolLinks;
    private int _users;
    private uint _mask;

    private FileContext()
    {
    }

    public static Pool<FileContext, Pooled> Pool { get; private set; } = null!;

    /// <summary>Permission bits that new files do not get: umask.</summary>
    public uint Mask
    {
        get => Volatile.Read(ref _mask);
        set => Volatile.Write(ref _mask, value);
    }

    public static void Init(int limit)
    {
        Pool = new Pool<FileContext, Pooled>("file_context", limit);
    }

    /// <summary>One user, at the top of the root file system, mask 022. ENOMEM.</summary>
    public static Result<FileContext> Create()
    {
        if (!Pool.TryTake(out var made))
            return Errno.ENOMEM;
        made._users = 1;
        made.Mask = 0x12;
        made._root = made._current = RootFileSystem.Top();
        made._root.AddUser();
        return made;
    }

    /// <summary>A copy with one user. ENOMEM.</summary>
    public Result<FileContext> Copy()
    {
        if (!Pool.TryTake(out var copy))
            return Errno.ENOMEM;
        copy._users = 1;
        copy.Mask = Mask;
        using (_lock.Acquire())
        {
            copy._root = _root;
            copy._current = _current;
            _root.AddUser();
            _current.AddUser();
        }

        return copy;
    }

    /// <summary>Others use it, too.</summary>
    public bool IsShared => Volatile.Read(ref _users) > 1;

    public void AddUser() => Interlocked.Increment(ref _users);

    /// <summary>Counts a user out; the last one lets go of its places. May sleep.</summary>
    public void Drop()
    {
        if (Interlocked.Decrement(ref _users) != 0)
            return;
        _root.Drop();
        _current.Drop();
        _root = _current = default;
        Pool.Give(this);
    }

    /// <summary>The root, counted for the caller.</summary>
    public Location GetRoot()
    {
        using (_lock.Acquire())
        {
            _root.AddUser();
            return _root;
        }
    }

    /// <summary>The working directory, counted for the caller.</summary>
    public Location GetCurrent()
    {
        using (_lock.Acquire())
        {
            _current.AddUser();
            return _current;
        }
    }

    /// <summary>chroot: takes the caller's use of <paramref name="root"/> over.</summary>
    public void SetRoot(in Location root)
    {
        Location old;
        using (_lock.Acquire())
        {
            old = _root;
            _root = root;
        }

        old.Drop();
    }

    /// <summary>chdir: takes the caller's use of <paramref name="current"/> over.</summary>
    public void SetCurrent(in Location current)
    {
        Location old;
        using (_lock.Acquire())
        {
            old = _current;
            _current = current;
        }

        old.Drop();
    }

    public readonly struct Pooled : IPooled<FileContext>
    {
        public static ref Links<FileContext> Of(FileContext item) => ref item._poolLinks;
        public static FileContext Create() => new();
        public static int Bytes => 192;
    }
}
