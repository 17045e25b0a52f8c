// A set of descriptors that tells which of them are ready, in time that does not depend on how many there are: each item listens on its
// file's wait queues, and a wake-up there puts it on the ready list. Who waits takes items off that list and asks each file what holds.
// Contexts: Notify in any, under the lock of the queue that tells; the rest in process context, and may sleep.
// Locks: _contents (sleeping) guards the items and who hands events out; _lock guards the ready list, the sleepers and what items want.
// An epoll may watch another: then the inner one's pollers' queue is woken under the lock of the queue that told it, and its contents are
// locked under the outer one's. There are no circles (Epoll.Nesting.cs), so outer before inner is an order; for queues it is the other way round.
// No wake-up is lost: a file's event is made true before its queue tells of it. The item is taken off the list before the file is
// asked, both under _lock, so what comes after is put on again; a sleeper looks at the list under the lock under which it queues itself.
// A file that goes takes its items out of every set, and waits for who is asking it: OpenFile.Watching.cs.
// Linux: struct eventpoll, fs/eventpoll.c. man 7 epoll.
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files;

using static EpollFlags;
using static FileConstants;

internal sealed partial class Epoll
{
    /// <summary>How an item is watched, not for what.</summary>
    private const uint Manner = EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE;

    private readonly WaitQueue _pollers = new();
    private readonly Registration _registration = new();
    private Links<Epoll> _poolLinks;
    private Mutex<EpollRank> _contents;
    private SpinLock<EpollReadyRank, IrqsOff> _lock;
    private RedBlackTree<EpollItem, EpollItem.ByFile> _items;
    private LinkedRing<EpollItem, EpollItem.InReady> _ready;
    private LinkedRing<WaitEntry, WaitEntry.QueueLinks> _sleepers;
    private bool _isTransferring;   // somebody hands out: an item may be off the list and yet ready; guard: _lock
    private EpollItem? _last;       // where the one who hands out stops; guard: _contents
    private FileAccount _account = null!;
    private int _users;

    private Epoll()
    {
    }

    /// <summary>The open file that it is; not counted.</summary>
    public OpenFile File = null!;

    public static Pool<Epoll, Pooled> Pool { get; private set; } = null!;

    /// <summary>The most items that one user may have: /proc/sys/fs/epoll/max_user_watches.</summary>
    public static long MaxWatches { get; set; }

    /// <summary>At most so many sets and items in the whole system.</summary>
    public static void Init(int limit, int items)
    {
        Pool = new Pool<Epoll, Pooled>("epoll", limit);
        EpollItem.Init(items);
        MaxWatches = items / 2;
        s_visit = 0;
    }

    /// <summary>An empty set of the running task's user. Null: out of memory.</summary>
    public static Epoll? Create()
    {
        if (!Pool.TryTake(out var made))
            return null;
        if (FileAccount.Get(Task.Current.Credentials.UserId) is not { } account)
        {
            Pool.Give(made);
            return null;
        }

        made._account = account;
        made._users = 1;
        return made;
    }

    public void AddUser() => Interlocked.Increment(ref _users);

    /// <summary>Counts a user out: the open file, or a watched file that is going.</summary>
    public void Drop()
    {
        if (Interlocked.Decrement(ref _users) != 0)
            return;
        _account.Drop();
        Pool.Give(this);
    }

    /// <summary>The open file goes, and all items with it.</summary>
    public void Close()
    {
        using (_contents.Acquire())
        {
            while (_items.First is { } item)
                Remove(item);
        }

        Drop();
    }

    /// <summary>A wait queue that an item listens on tells of events. Under the queue's lock, any context. True: counts as an exclusive wake-up.</summary>
    public bool Notify(EpollItem item, WakeKey key)
    {
        var isTaken = false;
        var toPollers = false;
        uint wanted;
        using (_lock.Acquire())
        {
            wanted = item.Events;
            var concerns = (wanted & ~Manner) != 0 && (key.Events == 0 || (key.Events & wanted) != 0);
            if (concerns && !(_isTransferring && EventFaults.Has(EventFault.ReadyLostInTransfer)))
            {
                if (!item.IsReady)
                    _ready.AddLast(item);
                isTaken = EventFaults.Has(EventFault.ExclusiveSwallows);
                if (!_sleepers.IsEmpty)
                {
                    isTaken |= IsFor(wanted, key);
                    WakeSleeper();
                }

                toPollers = !_pollers.IsEmpty;
            }
        }

        if (toPollers)
            _pollers.WakeUpNested(new WakeKey(POLLIN | POLLRDNORM));
        return isTaken || (wanted & EPOLLEXCLUSIVE) == 0;
    }

    // Whether an exclusive item may keep the wake-up to itself: only one that is about what it waits for.
    private static bool IsFor(uint wanted, WakeKey key) => (key.Events & (POLLIN | POLLOUT)) switch
    {
        POLLIN => (wanted & POLLIN) != 0,
        POLLOUT => (wanted & POLLOUT) != 0,
        0 => true,
        _ => false,
    };

    // Under _lock. Who was woken is off the list: by that it knows, when its time is up at the same moment.
    private void WakeSleeper()
    {
        while (_sleepers.RemoveFirst() is { } sleeper)
        {
            if (Scheduler.TryToWakeUp(sleeper.Task, TaskState.Normal))
                break;
        }
    }

    /// <summary>Events of the item's file that are wanted now. Contents locked.</summary>
    private static uint Ask(EpollItem item, PollTable? table = null)
    {
        Cpu.Interleave();
        return item.File.Operations.Poll(item.File, table) & item.Events;
    }

    public readonly struct Pooled : IPooled<Epoll>
    {
        public static ref Links<Epoll> Of(Epoll item) => ref item._poolLinks;
        public static Epoll Create() => new();
        public static int Bytes => 384;
    }
}
