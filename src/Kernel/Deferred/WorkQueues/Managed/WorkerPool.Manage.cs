// How a pool gets and loses workers. Some are to be idle at any time: a worker that finds none to follow it when it begins to work first makes one (the
// manager; one at a time). Too many idle ones end, the longest idle first, when they have been idle for a while.
// When none can be made, for lack of memory, rescuers are called after a moment, and again and again: work that frees memory goes on.
// Contexts: making in process context; the timers' callbacks in softirq. Lock: the pool's; not held while a thread is made.
// Linux: manage_workers(), maybe_create_worker(), create_worker(), idle_worker_timeout(), pool_mayday_timeout().
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Timer = Jiffy.Kernel.Time.Timer;

namespace Jiffy.Kernel.Deferred.WorkQueues;

public sealed partial class WorkerPool
{
    /// <summary>The most workers of a pool: as many as items that may be active in a queue.</summary>
    public const int MostWorkers = WorkQueue.MostActive;

    private const int AlwaysIdle = 2, BusyPerIdle = 4, MostEndedAtOnce = 16;
    private const long MaydayFirst = Jiffies.PerSecond / 100, MaydayInterval = Jiffies.PerSecond / 10;
    private const long RestAfterFailure = Jiffies.PerSecond;

    private readonly Timer _idleTimer, _maydayTimer;
    private Worker? _manager; // makes a worker just now

    // More idle workers than two and a quarter of the busy ones. The manager counts as idle: it is about to be busy.
    private bool HasTooManyIdle
    {
        get
        {
            var idle = Idle + (_manager is null ? 0 : 1);
            return idle > AlwaysIdle && (idle - AlwaysIdle) * BusyPerIdle >= Workers - idle;
        }
    }

    /// <summary>Makes a worker and lets it start. Process context; may sleep.</summary>
    internal Errno MakeWorker()
    {
        if (!Worker.Store.TryTake(out var worker))
            return Errno.ENOMEM;
        if (!TryEnter(worker))
        {
            Worker.Store.Give(worker);
            return Errno.EAGAIN;
        }

        Span<byte> name = stackalloc byte[TaskName.Capacity];
        var result = KernelThread.Create(WriteName(name, worker.Id), static worker => ((Worker)worker!).Live(), worker);
        if (!result.TryGet(out var task))
        {
            using (Lock.Acquire())
                _workers[worker.Id] = null;
            Worker.Store.Give(worker);
            return result.Error;
        }

        if (!IsUnbound)
            Scheduler.Bind(task, Cpu);
        if (Nice != 0)
            Scheduler.SetNice(task, Nice);
        worker.Task = task;
        using (Lock.Acquire())
        {
            Workers++;
            worker.IsStarted = true;
            EnterIdle(worker);
        }

        Scheduler.WakeUpNew(task);
        return Errno.None;
    }

    // Finds the smallest free number.
    private bool TryEnter(Worker worker)
    {
        using (Lock.Acquire())
        {
            for (var id = 0; id < _workers.Length; id++)
            {
                if (_workers[id] is not null)
                    continue;
                _workers[id] = worker;
                worker.Begin(this, id);
                return true;
            }
        }

        return false;
    }

    /// <summary>The name of the thread of worker number <paramref name="id"/>, written into <paramref name="to"/>.</summary>
    internal ReadOnlySpan<byte> WriteName(Span<byte> to, int id)
    {
        var text = new TextWriter(to);
        if (IsUnbound)
            text.Append($"kworker/u{Id}:{id}");
        else
            text.Append($"kworker/{Cpu}:{id}{(Nice < 0 ? "H" : "")}");
        return to.Slice(0, text.Length);
    }

    /// <summary>A worker has nothing to do from now on. Lock held, by the worker itself or its maker.</summary>
    internal void EnterIdle(Worker worker)
    {
        worker.IdleSince = Jiffies.Now;
        Idle++;
        _idle.AddFirst(worker);
        if (HasTooManyIdle && !_idleTimer.IsPending)
            _idleTimer.StartIn(WorkQueues.IdleTicks);
        if (Workers == Idle && Running != 0)
            Observe.Invariant.Fail("all workers are idle, and some count as running");
    }

    /// <summary>The time after which idle workers end has changed. Any context but hardirq.</summary>
    internal void LookForIdleWorkers()
    {
        using (Lock.Acquire())
        {
            if (HasTooManyIdle || _idleTimer.IsPending)
                _idleTimer.StartIn(1); // its callback finds out when the next one's time comes
        }
    }

    /// <summary>Lock held, by the worker itself, or who ends it.</summary>
    internal void LeaveIdle(Worker worker)
    {
        Idle--;
        _idle.Remove(worker);
    }

    /// <summary>
    /// The caller is about to work and leaves no idle worker: unless somebody does already, it is to make one, with
    /// <see cref="MakeWorkerHowever"/>. Lock held.
    /// </summary>
    internal bool TryBeginManaging(Worker worker)
    {
        if (Idle != 0 || _manager is not null)
            return false;
        _manager = worker;
        return true;
    }

    /// <summary>True: the caller was the manager, and is not any more. Lock held.</summary>
    internal bool EndManaging(Worker worker)
    {
        if (_manager != worker)
            return false;
        _manager = null;
        return true;
    }

    /// <summary>
    /// Makes a worker, and does not give up until it has one or another has become idle. Rescuers are called meanwhile. The manager; may sleep.
    /// </summary>
    internal void MakeWorkerHowever()
    {
        _maydayTimer.StartIn(MaydayFirst);
        while (MakeWorker() != Errno.None && IsStillNeeded())
        {
            Sleep.For(Jiffies.ToNanoseconds(RestAfterFailure), TaskState.Idle);
            if (!IsStillNeeded())
                break;
        }

        _maydayTimer.CancelAndWait();
    }

    private bool IsStillNeeded()
    {
        using (Lock.Acquire())
            return NeedsToMakeWorker;
    }

    /// <summary>The next item for a worker that has worked, or null: it should go idle. Lock held.</summary>
    internal WorkItem? NextItem => KeepsWorking ? _items.First : null;

    // Softirq. Ends workers that have been idle long enough, if there are too many; the rest later. They leave the lists here and end by themselves.
    private void EndIdleWorkers()
    {
        using (Lock.Acquire())
        {
            for (var ended = 0; HasTooManyIdle && _idle.Last is { } worker; ended++)
            {
                var end = worker.IdleSince + WorkQueues.IdleTicks;
                if (end > Jiffies.Now || ended == MostEndedAtOnce)
                {
                    _idleTimer.Start(Math.Max(end, Jiffies.Now + 1));
                    break;
                }

                LeaveIdle(worker);
                Workers--;
                worker.IsDying = true;
                Scheduler.TryToWakeUp(worker.Task, TaskState.Normal);
            }

            Kick(); // the one that ends may just have been woken for an item
        }
    }

    /// <summary>A dying worker's last act with the pool: its number is free again. Lock not held.</summary>
    internal void Leave(Worker worker)
    {
        using (Lock.Acquire())
            _workers[worker.Id] = null;
    }

    // Softirq, while the manager tries in vain: each queue with a rescuer and items here calls it.
    private void CallRescuers()
    {
        using (Lock.Acquire())
        {
            if (!NeedsToMakeWorker)
                return;
            for (var item = _items.First; item is not null; item = LinkedRing<WorkItem, WorkItem.InList>.After(item))
                item.Place!.Queue.Rescuer?.Call(item.Place);
            _maydayTimer.StartIn(MaydayInterval);
        }
    }

    /// <summary>A worker is making another. Lock held.</summary>
    internal bool IsManaged => _manager is not null;

    /// <summary>Worker number <paramref name="id"/>, or null. Lock held.</summary>
    internal Worker? WorkerAt(int id) => _workers[id];
}
