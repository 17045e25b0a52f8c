// A name in the tree: ties a file to a name in a directory. Every opened, current or mounted-on place holds one.
// Locks: name, parent and inode change under the file system's tree lock plus DirectoryTree's spin lock; hash links and IsHashed under
// the directory cache's lock of its stripe. Users counts atomically: a directory of a kept tree counts each of its children.
// Linux: struct dentry.
using System;
using System.Runtime.CompilerServices;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Files;

[InlineArray(FileConstants.NAME_MAX)]
public struct EntryName
{
    private byte _first;
}

public sealed partial class DirectoryEntry
{
    private static uint s_lastSerial;

    private EntryName _name;
    private int _nameLength;
    private Links<DirectoryEntry> _poolLinks, _hashLinks;
    private TreeLinks<DirectoryEntry> _childLinks;
    private int _users;

    private DirectoryEntry()
    {
    }

    public static Pool<DirectoryEntry, Pooled> Pool { get; private set; } = null!;

    /// <summary>The directory it is in, counted; null for a root and for what has no place in the tree (pipes).</summary>
    public DirectoryEntry? Parent { get; internal set; }

    /// <summary>The file, counted.</summary>
    public Inode Inode { get; internal set; } = null!;

    /// <summary>Tells this use of the object from others: part of the hash of its children.</summary>
    internal uint Serial { get; private set; }

    /// <summary>Position of this name in its directory; later entries have higher ones.</summary>
    internal long Cookie;

    internal uint Hash;
    internal bool IsHashed;

    /// <summary>The name is gone: unlinked, or its file system forgot it. Guard: tree lock to set.</summary>
    public bool IsRemoved { get; internal set; }

    /// <summary>How many mounts sit on it. Guard: MountTable's lock.</summary>
    internal int MountsHere;

    public ReadOnlySpan<byte> Name => ((ReadOnlySpan<byte>)_name).Slice(0, _nameLength);

    public static void Init(int limit)
    {
        Pool = new Pool<DirectoryEntry, Pooled>("directory_entry", limit);
        s_lastSerial = 0;
    }

    /// <summary>
    /// A new entry, not in the tree yet, with one user. Takes over the caller's use of <paramref name="inode"/> and counts
    /// <paramref name="parent"/>. ENOMEM: the inode is still the caller's.
    /// </summary>
    public static Result<DirectoryEntry> Create(DirectoryEntry? parent, ReadOnlySpan<byte> name, Inode inode)
    {
        if (!Pool.TryTake(out var entry))
            return Errno.ENOMEM;
        entry._users = 1;
        entry.Parent = parent;
        entry.Inode = inode;
        entry.Serial = Interlocked.Increment(ref s_lastSerial);
        entry.Cookie = 0;
        entry.IsHashed = false;
        entry.IsRemoved = false;
        entry.MountsHere = 0;
        entry.SetName(name);
        parent?.AddUser();
        return entry;
    }

    public void AddUser() => Interlocked.Increment(ref _users);

    /// <summary>Counts a user out; the last one frees the entry and lets go of file and parent. May sleep.</summary>
    public void Drop()
    {
        var entry = this;
        while (entry is not null && entry.ReleaseUser())
        {
            var parent = entry.Parent;
            var inode = entry.Inode;
            Pool.Give(entry);
            if (inode.LinkCount == 0)
                FileNotify.Gone(inode);
            inode.Drop();
            entry = parent;
        }
    }

    internal void SetName(ReadOnlySpan<byte> name)
    {
        _nameLength = name.Length;
        name.CopyTo(_name);
    }

    // True: that was the last user, and nobody can find the entry any more.
    private bool ReleaseUser()
    {
        for (var users = Volatile.Read(ref _users); users > 1; users = Volatile.Read(ref _users))
        {
            if (Interlocked.CompareExchange(ref _users, users - 1, users) == users)
                return false;
        }

        using (DirectoryCache.Lock(Hash))
        {
            if (Interlocked.Decrement(ref _users) != 0)
                return false;
            DirectoryCache.RemoveLocked(this);
            return true;
        }
    }

    public readonly struct Pooled : IPooled<DirectoryEntry>
    {
        public static ref Links<DirectoryEntry> Of(DirectoryEntry item) => ref item._poolLinks;
        public static DirectoryEntry Create() => new();
        public static int Bytes => 512;
    }

    internal readonly struct InHash : ILinksOf<DirectoryEntry>
    {
        public static ref Links<DirectoryEntry> Of(DirectoryEntry item) => ref item._hashLinks;
    }

    /// <summary>A directory's names in the order of their cookies.</summary>
    internal readonly struct InDirectory : ITreeItem<DirectoryEntry>, ITreeKey<DirectoryEntry, long>
    {
        public static bool IsAugmented => false;
        public static ref TreeLinks<DirectoryEntry> Links(DirectoryEntry item) => ref item._childLinks;
        public static int Compare(DirectoryEntry a, DirectoryEntry b) => a.Cookie.CompareTo(b.Cookie);
        public static int Compare(long key, DirectoryEntry item) => key.CompareTo(item.Cookie);

        public static void Augment(DirectoryEntry item, DirectoryEntry? left, DirectoryEntry? right)
        {
        }
    }
}
