// Changing the set: EPOLL_CTL_ADD, MOD, DEL, and a watched file's end. Whatever is wanted anew is looked for at once, so that an event that
// is already there is told. Context: process; may sleep. Lock: _contents, and _lock for what Notify looks at.
// Linux: do_epoll_ctl(), ep_insert(), ep_modify(), ep_remove(), eventpoll_release_file().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Wait;

namespace Jiffy.Kernel.Files;

using static EpollFlags;
using static FileConstants;

internal sealed partial class Epoll
{
    private const uint AllowedWithExclusive = POLLIN | POLLOUT | POLLERR | POLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE;

    /// <summary>
    /// One change; both files are counted by the caller, <paramref name="file"/> is this set's. EEXIST, ENOENT, EINVAL, ELOOP, ENOSPC, ENOMEM.
    /// </summary>
    public Errno Control(OpenFile file, int operation, OpenFile target, int descriptor, EpollEvent wanted)
    {
        if (operation == EPOLL_CTL_DEL)
            return Delete(target, descriptor);
        if ((wanted.Events & EPOLLEXCLUSIVE) != 0
            && (operation == EPOLL_CTL_MOD || target.Private is Epoll || (wanted.Events & ~AllowedWithExclusive) != 0))
            return Errno.EINVAL;
        wanted.Events |= POLLERR | POLLHUP;
        return operation switch
        {
            EPOLL_CTL_ADD when file.IsWatched || target.Private is Epoll => AddNested(target, descriptor, wanted),
            EPOLL_CTL_ADD => AddLocked(target, descriptor, wanted, isNested: false),
            EPOLL_CTL_MOD => Modify(target, descriptor, wanted),
            _ => Errno.EINVAL,
        };
    }

    /// <summary>A file that nobody has open any more goes out of the set.</summary>
    public void Forget(OpenFile file)
    {
        using (_contents.Acquire())
        {
            while (_items.FindAtOrAfter<(OpenFile, int), EpollItem.ByFile>((file, 0)) is { } item && item.File == file)
                Remove(item);
        }
    }

    /// <summary>What /proc/PID/fdinfo shows.</summary>
    public void Show(PagedText text)
    {
        using (_contents.Acquire())
        {
            for (var item = _items.First; item is not null; item = RedBlackTree<EpollItem, EpollItem.ByFile>.Next(item))
            {
                var inode = item.File.Inode;
                text.Append($"tfd: {item.Descriptor,8} events: {item.Events,8:x} data: {item.Data,16:x}  ");
                text.Append($"pos:{item.File.Position} ino:{inode.Number:x} sdev:{inode.FileSystem.Device.Major << 20 | inode.FileSystem.Device.Minor:x}\n");
            }
        }
    }

    private Errno AddLocked(OpenFile target, int descriptor, in EpollEvent wanted, bool isNested)
    {
        Errno error;
        using (_contents.Acquire())
        {
            if (Find(target, descriptor) is not null)
                return Errno.EEXIST;
            error = Insert(target, descriptor, wanted, isNested);
        }

        // Whoever watches this set: something may be ready in it now.
        if (error == Errno.None && !_pollers.IsEmpty && IsAvailable)
            _pollers.WakeUpAll(key: new WakeKey(POLLIN | POLLRDNORM));
        return error;
    }

    private Errno Insert(OpenFile target, int descriptor, in EpollEvent wanted, bool isNested)
    {
        if (!_account.Watches.TryCharge(MaxWatches))
            return Errno.ENOSPC;
        if (!EpollItem.Pool.TryTake(out var item))
        {
            _account.Watches.Release();
            return Errno.ENOMEM;
        }

        item.Owner = this;
        item.File = target;
        item.Descriptor = descriptor;
        item.Events = wanted.Events;
        item.Data = wanted.Data;
        target.AddWatcher(item);
        _items.Insert(item);
        var error = isNested && HasTooManyPaths(target) ? Errno.EINVAL : Listen(item);
        if (error != Errno.None)
            Remove(item);
        return error;
    }

    // Registers first and asks then: an event that comes in between is told by the queue.
    private Errno Listen(EpollItem item)
    {
        _registration.Item = item;
        _registration.HasFailed = false;
        var events = Ask(item, _registration);
        _registration.Item = null;
        if (_registration.HasFailed)
            return Errno.ENOMEM;
        if (events != 0)
            MakeReady(item);
        return Errno.None;
    }

    private Errno Modify(OpenFile target, int descriptor, in EpollEvent wanted)
    {
        using (_contents.Acquire())
        {
            if (Find(target, descriptor) is not { } item)
                return Errno.ENOENT;
            if ((item.Events & EPOLLEXCLUSIVE) != 0)
                return Errno.EINVAL;
            using (_lock.Acquire())
            {
                item.Events = wanted.Events;
                item.Data = wanted.Data;
            }

            if (Ask(item) == 0)
                return Errno.None;
            MakeReady(item);
        }

        if (!_pollers.IsEmpty)
            _pollers.WakeUpAll(key: new WakeKey(POLLIN | POLLRDNORM));
        return Errno.None;
    }

    private Errno Delete(OpenFile target, int descriptor)
    {
        using (_contents.Acquire())
        {
            if (Find(target, descriptor) is not { } item)
                return Errno.ENOENT;
            Remove(item);
            return Errno.None;
        }
    }

    private EpollItem? Find(OpenFile target, int descriptor) =>
        _items.Find<(OpenFile, int), EpollItem.ByFile>((target, descriptor));

    private void MakeReady(EpollItem item)
    {
        using (_lock.Acquire())
        {
            if (item.IsReady)
                return;
            _ready.AddLast(item);
            WakeSleeper();
        }
    }

    // The file's list comes last: when it is empty, nothing here knows the file any more.
    private void Remove(EpollItem item)
    {
        item.StopListening();
        using (_lock.Acquire())
        {
            if (item.IsReady)
                _ready.Remove(item);
        }

        _items.Remove(item);
        item.File.RemoveWatcher(item);
        EpollItem.Pool.Give(item);
        _account.Watches.Release();
    }

    /// <summary>Puts the item that is being added onto the queues its file names.</summary>
    private sealed class Registration : PollTable
    {
        public EpollItem? Item;
        public bool HasFailed;

        public override void Register(WaitQueue queue) =>
            HasFailed |= !Item!.TryListen(queue, (Item.Events & EPOLLEXCLUSIVE) != 0);
    }
}
