// Handing events out: epoll_wait, and being polled itself. Items come off the ready list one by one and their files are asked; what holds
// on (level-triggered) goes back to the end, so that with room for few events all get their turn; whoever leaves some behind wakes the next.
// Context: process; may sleep. Linux: ep_poll(), ep_send_events(), __ep_eventpoll_poll().
using System;
using System.Buffers.Binary;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Wait;

namespace Jiffy.Kernel.Files;

using static EpollFlags;
using static FileConstants;

internal sealed partial class Epoll
{
    /// <summary>
    /// Stores up to <paramref name="most"/> events in <paramref name="to"/>, waiting for the first until <paramref name="deadline"/>
    /// (monotonic nanoseconds; 0: not at all). EINTR, EFAULT.
    /// </summary>
    public Result<int> Wait(ref IoBuffer to, int most, long deadline)
    {
        var task = Task.Current;
        var isLate = deadline == 0;
        var mayBeReady = IsAvailable;
        while (true)
        {
            if (mayBeReady)
            {
                var sent = Send(ref to, most);
                if (!sent.IsOk || sent.Value != 0)
                    return sent;
            }

            if (isLate)
                return 0;
            if (task.HasSignalPending)
                return Errno.EINTR;
            mayBeReady = Sleep(task, deadline, out isLate);
        }
    }

    /// <summary>Something is on the ready list, or may come back to it. Only a hint without the lock.</summary>
    private bool IsAvailable => !_ready.IsEmpty || Volatile.Read(ref _isTransferring);

    // False: the time is up, and nobody has woken it. The last to fall asleep is woken first: its memory is still near its CPU.
    private bool Sleep(Task task, long deadline, out bool isLate)
    {
        isLate = false;
        var entry = task.OwnWait;
        var early = EventFaults.Has(EventFault.ReadySoughtFirst) && IsAvailable;
        using (_lock.Acquire())
        {
            if (EventFaults.Has(EventFault.ReadySoughtFirst) ? early : IsAvailable)
                return true;
            entry.IsExclusive = true;
            _sleepers.AddFirst(entry);
            task.SetState(TaskState.Interruptible);
        }

        if (!Scheduler.IsSleepInterrupted(task, TaskState.Interruptible))
            isLate = Scheduler.ScheduleUntil(deadline);
        task.SetStateRelaxed(TaskState.Running);
        return !entry.IsQueued || !Unqueue(entry) || !isLate;
    }

    // True: it was still queued.
    private bool Unqueue(WaitEntry entry)
    {
        using (_lock.Acquire())
        {
            if (!entry.IsQueued)
                return false;
            _sleepers.Remove(entry);
            return true;
        }
    }

    private Result<int> Send(ref IoBuffer to, int most)
    {
        var count = 0;
        var error = Errno.None;
        EpollItem? again = null;
        using (_contents.Acquire())
        {
            for (var item = BeginTransfer(); item is not null; item = NextInTransfer(again))
            {
                again = null;
                var events = Ask(item);
                if (events != 0)
                {
                    if (!TryStore(ref to, events, item.Data))
                    {
                        error = Errno.EFAULT;
                        PutBack(item);
                        break;
                    }

                    count++;
                    if ((item.Events & EPOLLONESHOT) != 0 && !EventFaults.Has(EventFault.OneShotStaysArmed))
                        Disarm(item);
                    if ((item.Events & EPOLLET) == 0)
                        again = item;
                }

                if (count == most || item == _last)
                    break;
            }

            EndTransfer(again);
        }

        return count == 0 && error != Errno.None ? error : count;
    }

    private static bool TryStore(ref IoBuffer to, uint events, ulong data)
    {
        Span<byte> bytes = stackalloc byte[EpollEvent.Bytes];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, events);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.Slice(sizeof(uint)), data);
        return to.CopyFrom(bytes) == bytes.Length;
    }

    /// <summary>Poll bits of the set itself: readable while an item of it is ready.</summary>
    public uint Poll(PollTable? table)
    {
        table?.Register(_pollers);
        var found = false;
        _contents.AcquireNested();
        for (var item = BeginTransfer(); item is not null && !found; item = found || item == _last ? null : NextInTransfer(null))
        {
            found = Ask(item) != 0;
            if (found)
                PutBack(item);
        }

        EndTransfer(null);
        _contents.Release();
        return found ? POLLIN | POLLRDNORM : 0;
    }

    // The first of the items that are ready now. Those that become ready from now on come behind the last of them.
    private EpollItem? BeginTransfer()
    {
        using (_lock.Acquire())
        {
            _last = _ready.Last;
            _isTransferring = _last is not null;
            return _ready.RemoveFirst();
        }
    }

    private EpollItem? NextInTransfer(EpollItem? again)
    {
        using (_lock.Acquire())
        {
            if (again is { IsReady: false })
                _ready.AddLast(again);
            return _ready.RemoveFirst();
        }
    }

    // Nobody else hands out, so the item was not taken meanwhile.
    private void PutBack(EpollItem item)
    {
        using (_lock.Acquire())
        {
            if (!item.IsReady)
                _ready.AddFirst(item);
        }
    }

    private void EndTransfer(EpollItem? again)
    {
        using (_lock.Acquire())
        {
            if (again is { IsReady: false })
                _ready.AddLast(again);
            _isTransferring = false;
            if (!_ready.IsEmpty && !_sleepers.IsEmpty && !EventFaults.Has(EventFault.RestNotPassedOn))
                WakeSleeper();
        }
    }

    private void Disarm(EpollItem item)
    {
        using (_lock.Acquire())
            item.Events &= Manner;
    }
}
