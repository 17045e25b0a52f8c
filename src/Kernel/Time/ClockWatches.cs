// Who wants to hear that the real-time clock was set: timers of files whose reader must not sleep on over that.
// Contexts: Add and Remove in process context, TellAll in any; callbacks run under the lock. Lock: s_lock guards the list.
// Linux: the cancel_list of timerfd, clock_was_set().
using System;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;

namespace Jiffy.Kernel.Time;

public sealed class ClockWatch
{
    private Links<ClockWatch> _links;
    private readonly Action<ClockWatch> _callback;

    /// <summary>Made with the pooled object it belongs to. <paramref name="callback"/>: a static lambda.</summary>
    public ClockWatch(Action<ClockWatch> callback, object owner)
    {
        _callback = callback;
        Owner = owner;
    }

    public object Owner { get; }

    internal bool IsWatching => _links.IsLinked;

    internal void Tell() => _callback(this);

    internal readonly struct InList : ILinksOf<ClockWatch>
    {
        public static ref Links<ClockWatch> Of(ClockWatch item) => ref item._links;
    }
}

internal static class ClockWatches
{
    private readonly struct Rank : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.ClockWatch;
    }

    private static SpinLock<Rank, IrqsOff> s_lock;
    private static LinkedRing<ClockWatch, ClockWatch.InList> s_watches;

    /// <summary>Boot, once.</summary>
    public static void Init()
    {
        s_lock = default;
        s_watches = default;
    }

    /// <summary>From now on the watch is told.</summary>
    public static void Add(ClockWatch watch)
    {
        using (s_lock.Acquire())
        {
            if (!watch.IsWatching)
                s_watches.AddLast(watch);
        }
    }

    /// <summary>No more; when this returns, no callback of it is under way.</summary>
    public static void Remove(ClockWatch watch)
    {
        using (s_lock.Acquire())
        {
            if (watch.IsWatching)
                s_watches.Remove(watch);
        }
    }

    /// <summary>The clock was set, and shows its new time already.</summary>
    public static void TellAll()
    {
        using (s_lock.Acquire())
        {
            for (var watch = s_watches.First; watch is not null; watch = LinkedRing<ClockWatch, ClockWatch.InList>.After(watch))
                watch.Tell();
        }
    }
}
