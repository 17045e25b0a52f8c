// Wake-ups. A waker has made the condition true before; it walks the queue under its lock and calls each entry's wake function: all plain
// ones stand first, and of the exclusive ones behind them it wakes as many as it was asked to.
// The lock is held for a bounded stretch: where many are queued, a bookmark keeps the place while others get the lock and interrupts come.
// Contexts: any. Lock: the queue's. Linux: __wake_up(), __wake_up_locked_key(), wake_up_interruptible_all(); bookmarks as from 4.14 on.
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Wait;

public sealed partial class WaitQueue
{
    /// <summary>So many entries are looked at before the lock is given back for a moment.</summary>
    internal const int Stretch = 64;

    private const int MostBookmarks = 256;

    private static Pool<Bookmark, Bookmark.Pooled>? s_bookmarks;

    /// <summary>Wakes every plain sleeper and at most <paramref name="exclusive"/> exclusive ones. Any context.</summary>
    /// <returns>How many were woken.</returns>
    public int WakeUp(int exclusive = 1, TaskState states = TaskState.Normal, WakeKey key = default)
    {
        var wanted = new Wanted(exclusive, states, key);
        Cpu.Interleave(); // what was made true before is seen before the queue is
        Bookmark? place;
        using (_lock.Acquire())
        {
            var rest = WakeStretch(_sleepers.First, ref wanted, Stretch);
            place = rest is null ? null : Mark(rest, ref wanted);
        }

        if (place is not null)
            GoOn(place, ref wanted);
        return wanted.Woken;
    }

    /// <summary>Wakes all, exclusive ones too.</summary>
    public int WakeUpAll(TaskState states = TaskState.Normal, WakeKey key = default) => WakeUp(int.MaxValue, states, key);

    /// <summary>Like <see cref="WakeUp"/>, but leaves those alone that no signal could wake.</summary>
    public int WakeUpInterruptible(int exclusive = 1, WakeKey key = default) => WakeUp(exclusive, TaskState.Interruptible, key);

    /// <summary><see cref="WakeUp"/> with the queue's lock held by the caller, all the way.</summary>
    public int WakeUpLocked(int exclusive = 1, TaskState states = TaskState.Normal, WakeKey key = default)
    {
        var wanted = new Wanted(exclusive, states, key);
        WakeStretch(_sleepers.First, ref wanted, int.MaxValue);
        return wanted.Woken;
    }

    /// <summary>Wakes all from within an entry's Wake, under another queue's lock. There may be no circle of queues that do so.</summary>
    public void WakeUpNested(WakeKey key)
    {
        var token = _lock.AcquireNested();
        WakeUpLocked(int.MaxValue, TaskState.Normal, key);
        _lock.Release(token);
    }

    private struct Wanted
    {
        public readonly TaskState States;
        public readonly WakeKey Key;

        /// <summary>Exclusive sleepers still to be woken.</summary>
        public int Exclusive;

        public int Woken;

        public Wanted(int exclusive, TaskState states, WakeKey key)
        {
            Exclusive = exclusive;
            States = states;
            Key = key;
        }
    }

    // Stretch by stretch, from the bookmark on, which is given back in the end.
    private void GoOn(Bookmark place, ref Wanted wanted)
    {
        bool isMore;
        do
        {
            using (_lock.Acquire())
                isMore = WakeFrom(place, ref wanted);
        }
        while (isMore);
        s_bookmarks!.Give(place);
    }

    // Locked. True: it is not over; the bookmark stands where to go on.
    private bool WakeFrom(Bookmark place, ref Wanted wanted)
    {
        var entry = After(place);
        if (!RemoveLocked(place))
            return false; // all were taken off meanwhile
        if (WakeStretch(entry, ref wanted, Stretch) is not { } rest)
            return false;
        Put(place, rest);
        return true;
    }

    // Locked. A bookmark before what is left; null: there was none, and all was done at once.
    private Bookmark? Mark(WaitEntry rest, ref Wanted wanted)
    {
        if (s_bookmarks is null || !s_bookmarks.TryTake(out var place))
        {
            WakeStretch(rest, ref wanted, int.MaxValue);
            return null;
        }

        Put(place, rest);
        return place;
    }

    private void Put(Bookmark place, WaitEntry rest)
    {
        if (LinkedRing<WaitEntry, WaitEntry.QueueLinks>.Before(rest) is { } before)
            _sleepers.InsertAfter(before, place);
        else
            _sleepers.AddFirst(place);
    }

    // Locked. Returns where to go on; null: the end, or enough are awake.
    private WaitEntry? WakeStretch(WaitEntry? entry, ref Wanted wanted, int most)
    {
        for (; entry is not null && most > 0; most--)
        {
            var next = After(entry);
            if (entry.Wake(wanted.States, wanted.Key))
            {
                if (entry.RemoveWhenWoken)
                    RemoveLocked(entry);
                wanted.Woken++;
                if (entry.IsExclusive && --wanted.Exclusive == 0)
                    return null;
            }

            entry = next;
        }

        return entry;
    }

    private static void InitBookmarks() => s_bookmarks = new Pool<Bookmark, Bookmark.Pooled>("wait_bookmark", MostBookmarks);

    /// <summary>Nobody: other wake-ups pass it by.</summary>
    private sealed class Bookmark : WaitEntry
    {
        private Links<Bookmark> _poolLinks;

        private Bookmark()
            : base(null!)
        {
        }

        public override bool Wake(TaskState states, WakeKey key) => false;

        internal readonly struct Pooled : IPooled<Bookmark>
        {
            public static ref Links<Bookmark> Of(Bookmark item) => ref item._poolLinks;
            public static Bookmark Create() => new();
            public static int Bytes => 96;
        }
    }
}
