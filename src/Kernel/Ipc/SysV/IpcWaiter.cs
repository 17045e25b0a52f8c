// A task that sleeps until somebody has done for it what it wants: the one who makes that possible does it, under the lock, takes the
// sleeper off its queue and wakes it. So what was given cannot be taken by another in between, and queues are served in order.
// No wake-up is lost: the sleeper queues itself and publishes its state under the lock that the other holds when it looks at the queue.
// No gift is lost: when a signal or the end of time wakes it, it looks first, under the lock, whether it was served already.
// Contexts: process; sleeping. Lock: the IpcWaitable's. Part of the task. Linux: struct sem_queue, msg_receiver, ext_wait_queue.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;

namespace Jiffy.Kernel.Ipc;

internal enum IpcWaitEnd
{
    /// <summary>Somebody has served it: <see cref="IpcWaiter.Result"/>.</summary>
    Served,
    Signal,
    Late,
}

internal sealed partial class IpcWaiter
{
    private Links<IpcWaiter> _links;

    public IpcWaiter(Task task) => Task = task;

    public Task Task { get; }

    /// <summary>Still on a queue.</summary>
    public bool IsWaiting { get; private set; }

    /// <summary>What came of it, when it was served.</summary>
    public Errno Result { get; private set; }

    /// <summary>Puts it at the end of a queue. Lock held.</summary>
    public void Queue(ref LinkedRing<IpcWaiter, InQueue> queue)
    {
        IsWaiting = true;
        queue.AddLast(this);
    }

    /// <summary>Puts it behind those of at least the priority it runs with, lent or its own. Lock held.</summary>
    public void QueueByPriority(ref LinkedRing<IpcWaiter, InQueue> queue)
    {
        var before = queue.Last;
        while (before is not null && Task.EffectivePriority < before.Task.EffectivePriority)
            before = LinkedRing<IpcWaiter, InQueue>.Before(before);
        IsWaiting = true;
        if (before is null)
            queue.AddFirst(this);
        else
            queue.InsertAfter(before, this);
    }

    /// <summary>Takes it off its queue and wakes it. Lock held.</summary>
    public void Serve(ref LinkedRing<IpcWaiter, InQueue> queue, Errno result)
    {
        queue.Remove(this);
        Result = result;
        IsWaiting = false;
        Scheduler.TryToWakeUp(Task, TaskState.Interruptible);
    }

    /// <summary>Takes it off its queue because it gives up. Lock held.</summary>
    public void GiveUp(ref LinkedRing<IpcWaiter, InQueue> queue)
    {
        queue.Remove(this);
        IsWaiting = false;
    }

    /// <summary>
    /// Process context only: sleeps until served, a signal or <paramref name="deadline"/>; the lock is given back meanwhile. Unless it was served it is still queued.
    /// </summary>
    public IpcWaitEnd Sleep(IpcWaitable where, ref bool token, long deadline = long.MaxValue, ClockBase clock = ClockBase.Monotonic)
    {
        while (true)
        {
            Task.SetState(TaskState.Interruptible);
            where.Lock.Release(token);
            var isLate = !IsInterrupted && Time.Sleep.ScheduleUntil(deadline, Task.SleepSlack, clock) == Errno.None;
            Task.SetStateRelaxed(TaskState.Running);
            token = where.Lock.AcquireUnguarded();
            if (IpcFaults.Has(IpcFault.GiftSwallowed) && IsInterrupted)
                return GiveUpBlindly();
            if (!IsWaiting)
                return IpcWaitEnd.Served;
            if (isLate)
                return IpcWaitEnd.Late;
            if (IsInterrupted)
                return IpcWaitEnd.Signal;
        }
    }

    private bool IsInterrupted => Scheduler.IsSleepInterrupted(Task, TaskState.Interruptible);

    // The broken twin: what was given meanwhile is forgotten.
    private IpcWaitEnd GiveUpBlindly()
    {
        if (IsWaiting)
            return IpcWaitEnd.Signal;
        Result = Errno.EINTR;
        return IpcWaitEnd.Served;
    }

    internal readonly struct InQueue : ILinksOf<IpcWaiter>
    {
        public static ref Links<IpcWaiter> Of(IpcWaiter item) => ref item._links;
    }
}
