// A managed work queue's place at one pool: counts its items, lets so many be active, and knows when a generation of them has ended.
// Guard: everything is guarded by the pool's lock. An item counts for the colour its place has when it is queued; a flush changes the colour and
// waits until none of the old one is left. Flushes of a queue come one after the other, so two colours are enough.
// Linux: struct pool_workqueue.
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Deferred.WorkQueues;

internal sealed class QueuePlace
{
    private const int Colors = 2, NoColor = -1;

    private readonly int[] _inFlight = new int[Colors];
    private LinkedRing<WorkItem, WorkItem.InList> _inactive;
    private Links<QueuePlace> _maydayLinks; // guard: Rescuer.Lock
    private int _color, _flushedColor;

    public QueuePlace(WorkQueue queue) => Queue = queue;

    public WorkQueue Queue { get; }
    public WorkerPool Pool { get; private set; } = null!;

    /// <summary>Items that the pool has: queued there or running. Barriers do not count.</summary>
    public int Active { get; private set; }

    /// <summary>Items that wait here for others to end.</summary>
    public int Inactive { get; private set; }

    /// <summary>Active ones may be so many; zero: frozen.</summary>
    public int MaxActive { get; private set; }

    /// <summary>Items that were queued here since the queue was made, and items that a rescuer took.</summary>
    public long Queued { get; private set; }
    public long Rescued { get; set; }

    public bool IsEmpty => Active == 0 && Inactive == 0;
    public bool IsFlushing => _flushedColor != NoColor;

    /// <summary>Makes it new. Nobody knows it.</summary>
    public void Reset(WorkerPool pool, int maxActive)
    {
        Pool = pool;
        MaxActive = maxActive;
        Active = 0;
        Inactive = 0;
        Queued = 0;
        Rescued = 0;
        _inFlight[0] = 0;
        _inFlight[1] = 0;
        _inactive = default;
        _color = 0;
        _flushedColor = NoColor;
    }

    /// <summary>Queues an item whose PENDING is the caller's.</summary>
    public void Add(WorkItem item)
    {
        item.Place = this;
        item.LastPool = Pool;
        item.Holder = null;
        item.HasFollower = false;
        item.Color = _color;
        _inFlight[_color]++;
        Queued++;
        item.IsInactive = Active >= MaxActive || !_inactive.IsEmpty;
        if (item.IsInactive)
        {
            _inactive.AddLast(item);
            Inactive++;
            return;
        }

        Active++;
        Pool.Append(item);
    }

    /// <summary>Gives an inactive item, and the barriers behind it, to the pool.</summary>
    public void Activate(WorkItem item)
    {
        item.IsInactive = false;
        Inactive--;
        Active++;
        for (var moved = item; moved is not null;)
        {
            var next = moved.HasFollower ? LinkedRing<WorkItem, WorkItem.InList>.After(moved) : null;
            _inactive.Remove(moved);
            moved.IsInactive = false;
            Pool.Append(moved);
            moved = next;
        }
    }

    /// <summary>The items that wait here.</summary>
    public ref LinkedRing<WorkItem, WorkItem.InList> InactiveItems => ref _inactive;

    /// <summary>An item has run or was taken off. Barriers were never counted as active.</summary>
    public void ItemEnded(int color, bool isCounted)
    {
        if (isCounted)
        {
            Active--;
            ActivateAllowed();
        }

        _inFlight[color]--;
        if (_flushedColor == color && _inFlight[color] == 0)
        {
            _flushedColor = NoColor;
            Queue.PlaceFlushed();
        }
    }

    /// <summary>A barrier joins the generation of what it waits for.</summary>
    public void CountBarrier(int color) => _inFlight[color]++;

    /// <summary>Begins a new generation. True: the old one is not over; <see cref="WorkQueue.PlaceFlushed"/> will be called.</summary>
    public bool BeginFlush()
    {
        var old = _color;
        _color ^= 1;
        if (_inFlight[old] == 0)
            return false;
        if (BrokenTwin.Is(Mistake.FlushesWithoutBarrier) && Pool.Items.IsEmpty && Inactive == 0)
            return false;
        _flushedColor = old;
        return true;
    }

    public void SetMaxActive(int most)
    {
        MaxActive = most;
        ActivateAllowed();
    }

    private void ActivateAllowed()
    {
        while (Active < MaxActive && _inactive.First is { } first)
            Activate(first);
    }

    internal readonly struct InMayday : ILinksOf<QueuePlace>
    {
        public static ref Links<QueuePlace> Of(QueuePlace place) => ref place._maydayLinks;
    }
}
