// Signals that wait for delivery: to one thread, or to any of a process. Standard signals wait at most once each, real-time
// ones queue with their values. Lock: TaskTree.Lock. Linux: struct sigpending, struct sigqueue.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;

namespace Jiffy.Kernel.Signals;

internal sealed class QueuedSignal
{
    private Links<QueuedSignal> _links;

    public SignalInfo Info;

    /// <summary>The timer that it belongs to for the timer's life; null: it lives until it is delivered.</summary>
    public PosixTimer? Timer { get; private set; }

    /// <summary>Waits for delivery.</summary>
    public bool IsQueued => _links.IsLinked;

    private static Pool<QueuedSignal, Pooled> s_pool = null!;

    private UserAccount _account = null!;

    /// <summary>At most <paramref name="limit"/> signals are queued in the whole system.</summary>
    internal static void Init(int limit)
    {
        s_pool = new Pool<QueuedSignal, Pooled>("queued_signal", limit);
        SignalAccount.Init(limit);
    }

    /// <summary>
    /// Takes one for a process of <paramref name="target"/>'s user. Null: out of memory, or over the limit, which only binds where
    /// <paramref name="isLimited"/>. TaskTree.Lock held.
    /// </summary>
    internal static QueuedSignal? Take(Task target, bool isLimited)
    {
        var limit = isLimited ? target.Group.SoftLimit(Resource.SIGPENDING) : ResourceLimit.Infinity;
        if (SignalAccount.Charge(target.Credentials.UserId, limit) is not { } account)
            return null;
        if (s_pool.TryTake(out var queued))
        {
            queued._account = account;
            queued.Timer = null;
            return queued;
        }

        SignalAccount.Release(account);
        return null;
    }

    /// <summary>Takes one for the life of a timer. Null: over the limit, or out of memory. TaskTree.Lock held.</summary>
    internal static QueuedSignal? TakeForTimer(Task owner, PosixTimer timer)
    {
        var queued = Take(owner, isLimited: true);
        if (queued is not null)
            queued.Timer = timer;
        return queued;
    }

    /// <summary>It is off its queue, undelivered: a timer keeps its own. TaskTree.Lock held.</summary>
    internal static void Give(QueuedSignal queued)
    {
        if (queued.Timer is { } timer)
            PosixTimers.Dropped(timer);
        else
            GiveBack(queued);
    }

    /// <summary>Gives it back for good. TaskTree.Lock held.</summary>
    internal static void GiveBack(QueuedSignal queued)
    {
        SignalAccount.Release(queued._account);
        s_pool.Give(queued);
    }

    internal readonly struct Pooled : IPooled<QueuedSignal>
    {
        public static ref Links<QueuedSignal> Of(QueuedSignal item) => ref item._links;
        public static QueuedSignal Create() => new();
        public static int Bytes => 160;
    }
}

public struct PendingSignals
{
    private LinkedRing<QueuedSignal, QueuedSignal.Pooled> _queue;

    public SignalSet Set { get; private set; }

    /// <summary>Adds a signal for <paramref name="target"/> or its process. False: a real-time signal that must not be lost could not be queued (EAGAIN).</summary>
    internal bool TryAdd(Task target, in SignalInfo info)
    {
        var signal = info.Signal;
        if (signal < SignalNumber.SIGRTMIN && Set.Contains(signal))
            return true;

        // Standard signals from the kernel and from kill are few, since each waits once.
        var isLimited = signal >= SignalNumber.SIGRTMIN || info.Code < 0;
        if (QueuedSignal.Take(target, isLimited) is { } queued)
        {
            queued.Info = info;
            _queue.AddLast(queued);
        }
        else if (signal >= SignalNumber.SIGRTMIN && info.Code is not (SignalCode.SI_USER or SignalCode.SI_KERNEL))
        {
            return false;
        }

        // Without a queue entry the signal still arrives, only without its information.
        Set = Set.With(signal);
        return true;
    }

    /// <summary>Takes the signal out, with what it carries.</summary>
    internal SignalInfo Take(int signal)
    {
        QueuedSignal? found = null;
        var more = false;
        for (var item = _queue.First; item is not null; item = LinkedRing<QueuedSignal, QueuedSignal.Pooled>.After(item))
        {
            if (item.Info.Signal != signal)
                continue;
            if (found is not null)
            {
                more = true;
                break;
            }

            found = item;
        }

        if (!more)
            Set = Set.Without(signal);
        if (found is null)
            return SignalInfo.FromUser(signal, SignalCode.SI_USER, 0, 0);
        _queue.Remove(found);
        var info = found.Info;
        if (found.Timer is { } timer)
            PosixTimers.Delivered(timer, ref info);
        else
            QueuedSignal.GiveBack(found);
        return info;
    }

    /// <summary>Queues a timer's signal, which is not queued; never fails.</summary>
    internal void AddOwned(QueuedSignal owned)
    {
        _queue.AddLast(owned);
        Set = Set.With(owned.Info.Signal);
    }

    /// <summary>Takes a timer's signal off.</summary>
    internal void RemoveOwned(QueuedSignal owned)
    {
        _queue.Remove(owned);
        for (var item = _queue.First; item is not null; item = LinkedRing<QueuedSignal, QueuedSignal.Pooled>.After(item))
        {
            if (item.Info.Signal == owned.Info.Signal)
                return;
        }

        Set = Set.Without(owned.Info.Signal);
    }

    /// <summary>Forgets all signals of a set.</summary>
    internal void Remove(SignalSet set)
    {
        if (Set.And(set).IsEmpty)
            return;
        for (var item = _queue.First; item is not null;)
        {
            var next = LinkedRing<QueuedSignal, QueuedSignal.Pooled>.After(item);
            if (set.Contains(item.Info.Signal))
            {
                _queue.Remove(item);
                QueuedSignal.Give(item);
            }

            item = next;
        }

        Set = Set.Except(set);
    }

    internal void Clear() => Remove(new SignalSet(ulong.MaxValue));
}
