// Which sets watch an open file. The last close takes the file out of all of them, before its kind lets go of it.
// Lock: _watchersLock guards the list; an item leaves it last, under its set's contents lock, so when the list is empty nobody knows the file.
// Linux: struct file's f_ep, eventpoll_release().
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;

namespace Jiffy.Kernel.Files;

public sealed partial class OpenFile
{
    private SpinLock<FileWatchersRank, PreemptionOff> _watchersLock;
    private LinkedRing<EpollItem, EpollItem.InFile> _watchers;

    /// <summary>Tells it from all others, for ever: sets order their items by it.</summary>
    internal uint Ordinal { get; private init; }

    internal bool IsWatched => !_watchers.IsEmpty;

    internal void AddWatcher(EpollItem item)
    {
        using (_watchersLock.Acquire())
            _watchers.AddFirst(item);
    }

    internal void RemoveWatcher(EpollItem item)
    {
        using (_watchersLock.Acquire())
            _watchers.Remove(item);
    }

    /// <summary>Goes up from a watched file over all sets that watch it, and sets that watch those. False: too many ways, or too long ones.</summary>
    internal bool HasFewPaths(int depth)
    {
        if (Epoll.IsTooDeep(depth))
            return false;
        var token = _watchersLock.AcquireNested();
        var isFew = true;
        for (var item = _watchers.First; item is not null && isFew; item = LinkedRing<EpollItem, EpollItem.InFile>.After(item))
        {
            var outer = item.Owner.File;
            isFew = outer.IsWatched ? outer.HasFewPaths(depth + 1) : Epoll.TryCountPath(depth);
        }

        _watchersLock.Release(token);
        return isFew;
    }

    /// <summary>How many sets stand above one another over this file.</summary>
    internal int HeightAbove()
    {
        var height = 0;
        var token = _watchersLock.AcquireNested();
        for (var item = _watchers.First; item is not null; item = LinkedRing<EpollItem, EpollItem.InFile>.After(item))
            height = System.Math.Max(height, item.Owner.HeightAbove() + 1);
        _watchersLock.Release(token);
        return height;
    }

    // Nobody can add a watcher any more: that takes a user of the file.
    private void EndWatching()
    {
        while (FirstWatcher() is { } epoll)
        {
            epoll.Forget(this);
            epoll.Drop();
        }
    }

    // Counted: while its item is on the list, the set is not given back.
    private Epoll? FirstWatcher()
    {
        using (_watchersLock.Acquire())
        {
            var epoll = _watchers.First?.Owner;
            epoll?.AddUser();
            return epoll;
        }
    }
}
