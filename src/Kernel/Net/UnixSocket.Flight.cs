// A socket's queue as far as it carries files: what the collector of files in flight sees and takes, and how messages go in and out.
// Locks: UnixInFlight.Lock (sleeping) around every change of what is carried; _lock inside.
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Net;

internal sealed partial class UnixSocket
{
    /// <summary>How often its file is in messages that are queued. Guard of these three: <see cref="UnixInFlight.Lock"/>.</summary>
    internal int InFlight, OtherFlights;

    internal bool IsCandidate;

    /// <summary>Calls <paramref name="action"/> for each socket without users of its own that this one's messages carry, as often as they do.</summary>
    internal void VisitCarried(System.Action<UnixSocket> action)
    {
        using (_lock.Acquire())
        {
            VisitQueue(action);
            for (var waiting = _pending.First; waiting is not null; waiting = LinkedRing<UnixSocket, InPending>.After(waiting))
            {
                waiting._lock.AcquireNested(); // it is younger than its listener
                waiting.VisitQueue(action);
                waiting._lock.Release(false);
            }
        }

        Cpu.Interleave();
    }

    private void VisitQueue(System.Action<UnixSocket> action)
    {
        for (var message = _queue.First; message is not null; message = LinkedRing<UnixMessage, UnixMessage.InQueue>.After(message))
        {
            for (var i = 0; message.Rights is { } rights && i < rights.Count; i++)
            {
                if (TryGet(rights[i]) is { IsCandidate: true } socket)
                    action(socket);
            }
        }
    }

    /// <summary>Moves all messages that carry files to the collector's list.</summary>
    internal void TakeCarriers(ref LinkedRing<UnixMessage, UnixMessage.InQueue> to)
    {
        using (_lock.Acquire())
        {
            TakeCarriersLocked(ref to);
            for (var waiting = _pending.First; waiting is not null; waiting = LinkedRing<UnixSocket, InPending>.After(waiting))
            {
                waiting._lock.AcquireNested();
                waiting.TakeCarriersLocked(ref to);
                waiting._lock.Release(false);
            }
        }
    }

    private void TakeCarriersLocked(ref LinkedRing<UnixMessage, UnixMessage.InQueue> to)
    {
        for (var message = _queue.First; message is not null;)
        {
            var next = LinkedRing<UnixMessage, UnixMessage.InQueue>.After(message);
            if (message.Rights is { } rights)
            {
                UnixInFlight.CountOut(rights);
                Unqueue(message);
                to.AddLast(message);
            }

            message = next;
        }
    }

    // The files of the message that is being read become the reader's.
    private static void DetachRights(UnixMessage message, ref UnixReceive call)
    {
        if (UnixFaults.Has(UnixFault.CountedOutsideLock))
        {
            UnixInFlight.CountOut(message.Rights!);
            call.Rights = message.Rights;
            message.Rights = null;
            return;
        }

        using (UnixInFlight.Lock.Acquire())
        {
            UnixInFlight.CountOut(message.Rights!);
            call.Rights = message.Rights;
            message.Rights = null;
        }
    }

    // A reader that only looks gets the same files once more. False: out of memory; then it gets none, and is told that some are missing.
    private static void CopyRights(UnixMessage message, ref UnixReceive call)
    {
        call.Rights = message.Rights!.Copy();
        if (call.Rights is null)
            call.Found |= SocketConstants.MSG_CTRUNC;
    }

    // Nobody reads any more and nobody can send: throws away what is queued.
    private void DropQueue()
    {
        var carriers = default(LinkedRing<UnixMessage, UnixMessage.InQueue>);
        if (HasCarrier())
        {
            using (UnixInFlight.Lock.Acquire())
            using (_lock.Acquire())
                TakeCarriersLocked(ref carriers);
        }

        while (carriers.RemoveFirst() is { } carrier)
            carrier.Drop();
        while (true)
        {
            UnixMessage? message;
            using (_lock.Acquire())
            {
                message = _queue.First;
                if (message is not null)
                    Unqueue(message);
            }

            if (message is null)
                return;
            message.Drop();
        }
    }

    private bool HasCarrier()
    {
        using (_lock.Acquire())
        {
            for (var message = _queue.First; message is not null; message = LinkedRing<UnixMessage, UnixMessage.InQueue>.After(message))
            {
                if (message.Rights is not null)
                    return true;
            }
        }

        return false;
    }

    private void Unqueue(UnixMessage message)
    {
        _queue.Remove(message);
        _queued--;
    }
}
