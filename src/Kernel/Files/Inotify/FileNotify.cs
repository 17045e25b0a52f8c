// Where files tell of what happens to them. Everything that reads, writes, opens, closes, names and changes files calls in here; while nobody
// watches anything that is one look at a number, and else two at the file and its directory.
// Contexts: process; may sleep, for a watch that goes lets go of its file. Lock: s_lock guards all watches and all queues of events; it is
// taken only where something is watched, and held for a few steps per watch. Linux: fsnotify(), inotify_handle_inode_event().
using System;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;

namespace Jiffy.Kernel.Files;

using static NotifyFlags;

public static class FileNotify
{
    // Told with the name of the entry to who watches its directory.
    private const uint OfChildren = IN_ACCESS | IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE | IN_CLOSE_NOWRITE | IN_OPEN;
    private const uint Manner = IN_EXCL_UNLINK | IN_ONESHOT;

    private static SpinLock<FileNotifyRank, PreemptionOff> s_lock;
    private static LinkedRing<NotifyWatch, NotifyWatch.InAll> s_all;
    private static int s_watches;
    private static uint s_lastCookie;

    /// <summary>Limits in /proc/sys/fs/inotify: instances and watches of a user, unread events of an instance.</summary>
    internal static long MaxQueues { get; set; }
    internal static long MaxWatches { get; set; }
    internal static long MaxEvents { get; set; }

    public static void Init(int files)
    {
        NotifyQueue.Init(files / 8);
        NotifyWatch.Init(files);
        NotifyEvent.Init(files * 4);
        s_all = default;
        s_watches = 0;
        s_lastCookie = 0;
        MaxQueues = 128;
        MaxEvents = 16384;
        MaxWatches = files / 2;
    }

    private static bool IsIdle => Volatile.Read(ref s_watches) == 0;

    /// <summary>An open file was read: IN_ACCESS.</summary>
    public static void Accessed(OpenFile file) => OfFile(file, IN_ACCESS);

    /// <summary>An open file was written, or its length changed: IN_MODIFY.</summary>
    public static void Modified(OpenFile file) => OfFile(file, IN_MODIFY);

    public static void Opened(OpenFile file) => OfFile(file, IN_OPEN);

    public static void Closed(OpenFile file) => OfFile(file, file.CanWrite ? IN_CLOSE_WRITE : IN_CLOSE_NOWRITE);

    /// <summary>Something happened to the file under a name.</summary>
    internal static void OfPlace(in Location place, uint events)
    {
        if (!IsIdle)
            OfEntry(place.Entry, events);
    }

    /// <summary>A name came to a directory.</summary>
    internal static void Created(Inode directory, ReadOnlySpan<byte> name, Inode made)
    {
        if (!IsIdle)
            Tell(directory, IN_CREATE | DirectoryBit(made), 0, name, isRemoved: false);
    }

    /// <summary>A name went from a directory.</summary>
    internal static void Deleted(Inode directory, ReadOnlySpan<byte> name, bool isDirectory)
    {
        if (!IsIdle)
            Tell(directory, IN_DELETE | (isDirectory ? IN_ISDIR : 0), 0, name, isRemoved: false);
    }

    /// <summary>The number of a file's names has changed.</summary>
    internal static void LinksChanged(Inode inode)
    {
        if (!IsIdle)
            Tell(inode, IN_ATTRIB | DirectoryBit(inode), 0, default, isRemoved: false);
    }

    /// <summary>A name moved; <paramref name="replaced"/> is the file that had the new one.</summary>
    internal static void Moved(Inode from, ReadOnlySpan<byte> oldName, Inode to, ReadOnlySpan<byte> newName, Inode moved, Inode? replaced)
    {
        if (IsIdle)
            return;
        var cookie = Interlocked.Increment(ref s_lastCookie);
        Tell(from, IN_MOVED_FROM | DirectoryBit(moved), cookie, oldName, isRemoved: false);
        Tell(to, IN_MOVED_TO | DirectoryBit(moved), cookie, newName, isRemoved: false);
        if (replaced is not null)
            LinksChanged(replaced);
        Tell(moved, IN_MOVE_SELF, 0, default, isRemoved: false);
    }

    /// <summary>The last use of a file's last name has ended: who watches it hears that, and no more.</summary>
    internal static void Gone(Inode inode)
    {
        if (IsIdle || !inode.IsWatched)
            return;
        Tell(inode, IN_DELETE_SELF, 0, default, isRemoved: false);
        while (TakeFirst(inode) is { } watch)
            Give(watch);
    }

    /// <summary>A file system ends. Its files lose their watches.</summary>
    internal static void Unmounted(FileSystem fileSystem)
    {
        if (IsIdle)
            return;
        while (TakeFirst(fileSystem) is { } watch)
            Give(watch);
    }

    /// <summary>Watches a file, or changes how it is watched; the watch's number. EEXIST, ENOSPC, ENOMEM.</summary>
    internal static Result<int> Watch(NotifyQueue queue, Inode inode, uint mask)
    {
        if (!queue.Account.NotifyWatches.TryCharge(MaxWatches))
            return ChangeOnly(queue, inode, mask);
        if (!NotifyWatch.Pool.TryTake(out var made))
        {
            queue.Account.NotifyWatches.Release();
            return Errno.ENOMEM;
        }

        Result<int> result;
        using (s_lock.Acquire())
        {
            if (FindLocked(queue, inode) is { } there)
            {
                result = ChangeLocked(there, mask);
            }
            else
            {
                inode.AddUser();
                made.Queue = queue;
                made.Inode = inode;
                made.Mask = mask & (IN_ALL_EVENTS | Manner);
                queue.Enter(made);
                inode.Watches.AddFirst(made);
                s_all.AddLast(made);
                s_watches++;
                return made.Number;
            }
        }

        NotifyWatch.Pool.Give(made);
        queue.Account.NotifyWatches.Release();
        return result;
    }

    /// <summary>Ends a watch. EINVAL: there is none of this number.</summary>
    internal static Errno Unwatch(NotifyQueue queue, int number)
    {
        NotifyWatch? watch;
        using (s_lock.Acquire())
        {
            watch = queue.Find(number);
            if (watch is not null)
                UnlinkLocked(watch, IN_IGNORED);
        }

        if (watch is null)
            return Errno.EINVAL;
        Give(watch);
        return Errno.None;
    }

    internal static SpinLock<FileNotifyRank, PreemptionOff>.Guard Lock() => s_lock.Acquire();

    /// <summary>Takes a watch off a queue that is being closed.</summary>
    internal static NotifyWatch? TakeFirst(NotifyQueue queue)
    {
        using (s_lock.Acquire())
        {
            var watch = queue.First;
            if (watch is not null)
                UnlinkLocked(watch, 0);
            return watch;
        }
    }

    /// <summary>Lets go of a watch that is off all lists. May sleep.</summary>
    internal static void Give(NotifyWatch watch)
    {
        var inode = watch.Inode;
        watch.Queue.Account.NotifyWatches.Release();
        NotifyWatch.Pool.Give(watch);
        inode.Drop();
    }

    /// <summary>For fdinfo: the watch after number <paramref name="number"/>, which becomes its own. False: there is none.</summary>
    internal static bool TryDescribe(NotifyQueue queue, ref int number, out ulong inode, out DeviceNumber device, out uint mask)
    {
        inode = 0;
        device = default;
        mask = 0;
        using (s_lock.Acquire())
        {
            if (queue.After(number) is not { } watch)
                return false;
            number = watch.Number;
            inode = watch.Inode.Number;
            device = watch.Inode.FileSystem.Device;
            mask = watch.Mask;
            return true;
        }
    }

    private static void OfFile(OpenFile file, uint events)
    {
        if (!IsIdle)
            OfEntry(file.Location.Entry, events);
    }

    private static void OfEntry(DirectoryEntry entry, uint events)
    {
        events |= DirectoryBit(entry.Inode);
        if ((events & OfChildren) != 0 && entry.Parent is { } parent && parent.Inode.IsWatched)
            TellParent(entry, events);
        if (entry.Inode.IsWatched)
            Tell(entry.Inode, events, 0, default, isRemoved: false);
    }

    private static void TellParent(DirectoryEntry entry, uint events)
    {
        Span<byte> name = stackalloc byte[FileConstants.NAME_MAX];
        var parent = DirectoryTree.TakeParent(entry, name, out var length);
        if (parent is null)
            return;
        Tell(parent.Inode, events, 0, name.Slice(0, length), entry.IsRemoved);
        parent.Drop();
    }

    private static uint DirectoryBit(Inode inode) => inode.IsDirectory ? IN_ISDIR : 0;

    // To all watches of one file that want it. One-shot ones end with that.
    private static void Tell(Inode inode, uint events, uint cookie, ReadOnlySpan<byte> name, bool isRemoved)
    {
        while (inode.IsWatched && TellAll(inode, events, cookie, name, isRemoved) is { } ended)
        {
            Give(ended);
            events |= IN_IGNORED; // the others have been told
        }
    }

    // Returns a one-shot watch that has just ended; with IN_IGNORED, of those only.
    private static NotifyWatch? TellAll(Inode inode, uint events, uint cookie, ReadOnlySpan<byte> name, bool isRemoved)
    {
        NotifyWatch? ended = null;
        using (s_lock.Acquire())
        {
            for (var watch = inode.Watches.First; watch is not null;)
            {
                var next = LinkedRing<NotifyWatch, NotifyWatch.Pooled>.After(watch);
                var wanted = (watch.Mask & events & IN_ALL_EVENTS) != 0 && !(isRemoved && (watch.Mask & IN_EXCL_UNLINK) != 0);
                var isOneShot = (watch.Mask & IN_ONESHOT) != 0;
                if (wanted && (isOneShot ? ended is null : (events & IN_IGNORED) == 0))
                {
                    watch.Queue.Add(watch.Number, events & ~IN_IGNORED, cookie, name);
                    if (isOneShot)
                    {
                        UnlinkLocked(watch, IN_IGNORED);
                        ended = watch;
                    }
                }

                watch = next;
            }
        }

        return ended;
    }

    private static NotifyWatch? TakeFirst(Inode inode)
    {
        using (s_lock.Acquire())
        {
            var watch = inode.Watches.First;
            if (watch is not null)
                UnlinkLocked(watch, IN_IGNORED);
            return watch;
        }
    }

    private static NotifyWatch? TakeFirst(FileSystem fileSystem)
    {
        using (s_lock.Acquire())
        {
            for (var watch = s_all.Last; watch is not null; watch = LinkedRing<NotifyWatch, NotifyWatch.InAll>.Before(watch))
            {
                if (watch.Inode.FileSystem != fileSystem)
                    continue;
                watch.Queue.Add(watch.Number, IN_UNMOUNT | DirectoryBit(watch.Inode), 0, default);
                UnlinkLocked(watch, IN_IGNORED);
                return watch;
            }
        }

        return null;
    }

    // The user may have no more watches, but may change those it has.
    private static Result<int> ChangeOnly(NotifyQueue queue, Inode inode, uint mask)
    {
        using (s_lock.Acquire())
            return FindLocked(queue, inode) is { } watch ? ChangeLocked(watch, mask) : Errno.ENOSPC;
    }

    private static NotifyWatch? FindLocked(NotifyQueue queue, Inode inode)
    {
        var watch = inode.Watches.First;
        while (watch is not null && watch.Queue != queue)
            watch = LinkedRing<NotifyWatch, NotifyWatch.Pooled>.After(watch);
        return watch;
    }

    private static Result<int> ChangeLocked(NotifyWatch watch, uint mask)
    {
        if ((mask & IN_MASK_CREATE) != 0)
            return Errno.EEXIST;
        var wanted = mask & (IN_ALL_EVENTS | Manner);
        watch.Mask = (mask & IN_MASK_ADD) != 0 ? watch.Mask | wanted : wanted;
        return watch.Number;
    }

    private static void UnlinkLocked(NotifyWatch watch, uint last)
    {
        watch.Queue.Remove(watch);
        watch.Inode.Watches.Remove(watch);
        s_all.Remove(watch);
        s_watches--;
        if (last != 0)
            watch.Queue.Add(watch.Number, last, 0, default);
    }
}
