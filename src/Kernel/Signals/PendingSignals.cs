// Signals that wait for delivery: to one thread, or to any of a process. Standard signals wait at most once each, real-time
// ones queue with their values. Lock: TaskTree.Lock. Linux: struct sigpending, struct sigqueue.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Signals;

internal sealed class QueuedSignal
{
    private Links<QueuedSignal> _links;

    public SignalInfo Info;

    internal static Pool<QueuedSignal, Pooled> Pool = null!;

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

    /// <summary>Adds a signal. False: a real-time signal that must not be lost could not be queued (EAGAIN).</summary>
    internal bool TryAdd(in SignalInfo info)
    {
        var signal = info.Signal;
        if (signal < SignalNumber.SIGRTMIN && Set.Contains(signal))
            return true;
        if (QueuedSignal.Pool.TryTake(out var queued))
        {
            queued.Info = info;
            _queue.AddLast(queued);
        }
        else if (signal >= SignalNumber.SIGRTMIN && info.Code < 0)
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
        QueuedSignal.Pool.Give(found);
        return info;
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
                QueuedSignal.Pool.Give(item);
            }

            item = next;
        }

        Set = Set.Except(set);
    }

    internal void Clear() => Remove(new SignalSet(ulong.MaxValue));
}
