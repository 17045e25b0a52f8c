// One descriptor that an epoll watches, and its entries on the wait queues of the file behind it.
// Guards: Epoll's contents lock, but for Events, Data and the ready links, which its ready lock guards; InFile the file's watchers' lock.
// Linux: struct epitem, struct eppoll_entry.
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Wait;

namespace Jiffy.Kernel.Files;

internal sealed class EpollItem
{
    private readonly EpollEntry _usual;
    private LinkedRing<EpollEntry, EpollEntry.InItem> _entries;
    private TreeLinks<EpollItem> _treeLinks;
    private Links<EpollItem> _readyLinks, _fileLinks;

    private EpollItem() => _usual = new EpollEntry { Item = this };

    public static Pool<EpollItem, Pooled> Pool { get; private set; } = null!;

    public Epoll Owner = null!;

    /// <summary>Not counted: a file that goes takes its items with it.</summary>
    public OpenFile File = null!;

    public int Descriptor;

    /// <summary>What is wanted, with EPOLLET and the like; nothing else than those: disarmed.</summary>
    public uint Events;

    /// <summary>The program's own word for it.</summary>
    public ulong Data;

    public bool IsReady => _readyLinks.IsLinked;

    /// <summary>The epoll behind the descriptor, if it is one.</summary>
    public Epoll? Nested => File.Private as Epoll;

    public static void Init(int limit)
    {
        Pool = new Pool<EpollItem, Pooled>("epoll_item", limit);
        EpollEntry.Pool = new Pool<EpollEntry, EpollEntry.InItem>("epoll_entry", limit / 4);
    }

    /// <summary>Goes onto one more of the file's queues. False: out of memory.</summary>
    public bool TryListen(WaitQueue queue, bool isExclusive)
    {
        var entry = _usual;
        if (!_entries.IsEmpty && !EpollEntry.Pool.TryTake(out entry!))
            return false;
        entry.Item = this;
        entry.Queue = queue;
        entry.IsExclusive = isExclusive;
        _entries.AddLast(entry);
        queue.Add(entry);
        return true;
    }

    /// <summary>Goes off all queues; no wake-up of them comes any more.</summary>
    public void StopListening()
    {
        while (_entries.RemoveFirst() is { } entry)
        {
            entry.Queue.Remove(entry);
            if (entry != _usual)
                EpollEntry.Pool.Give(entry);
        }
    }

    private static ulong KeyOf(OpenFile file, int descriptor) => (ulong)file.Ordinal << 32 | (uint)descriptor;

    /// <summary>By file, then descriptor: one file may be watched under several numbers.</summary>
    internal readonly struct ByFile : ITreeItem<EpollItem>, ITreeKey<EpollItem, (OpenFile File, int Descriptor)>
    {
        public static bool IsAugmented => false;
        public static ref TreeLinks<EpollItem> Links(EpollItem item) => ref item._treeLinks;
        public static void Augment(EpollItem item, EpollItem? left, EpollItem? right)
        {
        }

        public static int Compare(EpollItem a, EpollItem b) => Compare((a.File, a.Descriptor), b);

        public static int Compare((OpenFile File, int Descriptor) key, EpollItem item)
        {
            var wanted = KeyOf(key.File, key.Descriptor);
            var its = KeyOf(item.File, item.Descriptor);
            return wanted < its ? -1 : wanted > its ? 1 : 0;
        }
    }

    internal readonly struct InReady : ILinksOf<EpollItem>
    {
        public static ref Links<EpollItem> Of(EpollItem item) => ref item._readyLinks;
    }

    internal readonly struct InFile : ILinksOf<EpollItem>
    {
        public static ref Links<EpollItem> Of(EpollItem item) => ref item._fileLinks;
    }

    // On no list while it is in the pool.
    internal readonly struct Pooled : IPooled<EpollItem>
    {
        public static ref Links<EpollItem> Of(EpollItem item) => ref item._fileLinks;
        public static EpollItem Create() => new();
        public static int Bytes => 320;
    }
}

/// <summary>An item's place on one wait queue.</summary>
internal sealed class EpollEntry : WaitEntry
{
    private Links<EpollEntry> _links;

    public EpollEntry()
        : base(null!)
    {
        RemoveWhenWoken = false;
    }

    public static Pool<EpollEntry, InItem> Pool { get; internal set; } = null!;

    public EpollItem Item = null!;
    public WaitQueue Queue = null!;

    public override bool Wake(TaskState states, WakeKey key) => Item.Owner.Notify(Item, key);

    // On the item's list, or in the pool.
    internal readonly struct InItem : IPooled<EpollEntry>
    {
        public static ref Links<EpollEntry> Of(EpollEntry entry) => ref entry._links;
        public static EpollEntry Create() => new();
        public static int Bytes => 112;
    }
}
