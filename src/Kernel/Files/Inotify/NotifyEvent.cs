// What a queue tells of one watched file, and the watch that made it tell. Both pooled. Lock: FileNotify's, for all links.
// Linux: struct inotify_event_info, struct inotify_inode_mark.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Files;

internal sealed class NotifyEvent
{
    private Links<NotifyEvent> _links;
    private EntryName _name;

    public static Pool<NotifyEvent, Pooled> Pool { get; private set; } = null!;

    /// <summary>The watch's number; -1: events were lost.</summary>
    public int Watch;

    public uint Mask;

    /// <summary>The two ends of a move have the same, not zero.</summary>
    public uint Cookie;

    public int NameLength { get; private set; }

    public ReadOnlySpan<byte> Name => ((ReadOnlySpan<byte>)_name).Slice(0, NameLength);

    public static void Init(int limit) => Pool = new Pool<NotifyEvent, Pooled>("inotify_event", limit);

    public void Set(int watch, uint mask, uint cookie, ReadOnlySpan<byte> name)
    {
        Watch = watch;
        Mask = mask;
        Cookie = cookie;
        NameLength = name.Length;
        name.CopyTo(_name);
    }

    public bool Is(int watch, uint mask, uint cookie, ReadOnlySpan<byte> name) =>
        Watch == watch && Mask == mask && Cookie == cookie && Name.SequenceEqual(name);

    internal readonly struct Pooled : IPooled<NotifyEvent>
    {
        public static ref Links<NotifyEvent> Of(NotifyEvent item) => ref item._links;
        public static NotifyEvent Create() => new();
        public static int Bytes => 320;
    }
}

internal sealed class NotifyWatch
{
    private Links<NotifyWatch> _inodeLinks, _allLinks;
    private TreeLinks<NotifyWatch> _queueLinks;

    public static Pool<NotifyWatch, Pooled> Pool { get; private set; } = null!;

    public NotifyQueue Queue = null!;

    /// <summary>What is watched; counted.</summary>
    public Inode Inode = null!;

    public int Number;

    /// <summary>Which events, and IN_EXCL_UNLINK, IN_ONESHOT.</summary>
    public uint Mask;

    public static void Init(int limit) => Pool = new Pool<NotifyWatch, Pooled>("inotify_watch", limit);

    // On its inode's list, or in the pool.
    internal readonly struct Pooled : IPooled<NotifyWatch>
    {
        public static ref Links<NotifyWatch> Of(NotifyWatch item) => ref item._inodeLinks;
        public static NotifyWatch Create() => new();
        public static int Bytes => 128;
    }

    internal readonly struct InAll : ILinksOf<NotifyWatch>
    {
        public static ref Links<NotifyWatch> Of(NotifyWatch item) => ref item._allLinks;
    }

    internal readonly struct InQueue : ITreeItem<NotifyWatch>, ITreeKey<NotifyWatch, int>
    {
        public static bool IsAugmented => false;
        public static ref TreeLinks<NotifyWatch> Links(NotifyWatch item) => ref item._queueLinks;
        public static int Compare(NotifyWatch a, NotifyWatch b) => a.Number.CompareTo(b.Number);
        public static int Compare(int key, NotifyWatch item) => key.CompareTo(item.Number);

        public static void Augment(NotifyWatch item, NotifyWatch? left, NotifyWatch? right)
        {
        }
    }
}
