// The thread that works for one queue when its pool cannot get a worker: so work that frees memory does not wait for memory. Asleep otherwise.
// No call is lost: a caller puts the place on the list, then wakes; the rescuer publishes that it sleeps, then looks at the list.
// Contexts: Call in any, the pool's lock held; the thread in process context. Lock: s_lock guards the lists of all rescuers.
// Linux: rescuer_thread(), send_mayday().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Deferred.WorkQueues;

internal sealed class Rescuer
{
    private readonly struct Rank : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.WorkMayday;
    }

    private const int MostAtOnce = 16;

    private static SpinLock<Rank, IrqsOff> s_lock; // guards the places that call, of all rescuers

    private LinkedRing<QueuePlace, QueuePlace.InMayday> _calls;
    private Worker _worker = null!;

    internal static void Init() => s_lock = default;

    /// <summary>The thread.</summary>
    public Task Task { get; private set; } = null!;

    /// <summary>Makes the thread, named as the queue. May sleep. ENOMEM, EAGAIN: nothing is left behind.</summary>
    public Errno Start(WorkQueue queue)
    {
        _calls = default;
        if (!Worker.Store.TryTake(out var worker))
            return Errno.ENOMEM;
        worker.Begin(null, 0);
        _worker = worker;
        var result = KernelThread.Create(queue.Name, static rescuer => ((Rescuer)rescuer!).Live(), this);
        if (!result.TryGet(out var task))
        {
            Worker.Store.Give(worker);
            return result.Error;
        }

        Task = task;
        worker.Task = task;
        Scheduler.SetNice(task, SchedulingPolicy.MinNice);
        Scheduler.WakeUpNew(task);
        return Errno.None;
    }

    /// <summary>Ends the thread. Nothing is queued any more. May sleep.</summary>
    public void Stop()
    {
        KernelThread.Stop(Task);
        Worker.Store.Give(_worker);
    }

    /// <summary>Asks for help at a place. Its pool's lock held.</summary>
    public void Call(QueuePlace place)
    {
        using (s_lock.Acquire())
        {
            if (LinkedRing<QueuePlace, QueuePlace.InMayday>.IsLinked(place))
                return;
            _calls.AddLast(place);
        }

        Scheduler.TryToWakeUp(Task, TaskState.Normal);
    }

    private int Live()
    {
        var current = Task.Current;
        current.Worker = _worker;
        while (true)
        {
            current.SetState(TaskState.Idle);
            var mustEnd = KernelThread.ShouldStop; // looked at first: calls that came before the order are answered
            if (NextCall() is { } place)
            {
                current.SetStateRelaxed(TaskState.Running);
                Help(place);
                continue;
            }

            if (mustEnd)
                break;
            Scheduler.Schedule();
        }

        current.SetStateRelaxed(TaskState.Running);
        using (TaskTree.Lock.Acquire())
            current.Worker = null;
        return 0;
    }

    private QueuePlace? NextCall()
    {
        using (s_lock.Acquire())
            return _calls.RemoveFirst();
    }

    // Works for the pool from the pool's CPU, as its workers do.
    private void Help(QueuePlace place)
    {
        var pool = place.Pool;
        GoTo(pool);
        _worker.MoveTo(pool);
        using (pool.Lock.Acquire())
            Take(place);
        while (_worker.BeginNextTaken() is { } item)
            Worker.Run(item);
        using (pool.Lock.Acquire())
        {
            if (place.Active != 0 && pool.NeedsRescue)
                Call(place);
            pool.Kick(); // nobody may be left who works here
        }

        _worker.MoveTo(null);
    }

    private static void GoTo(WorkerPool pool)
    {
        Scheduler.SetAffinity(Task.Current, pool.IsUnbound ? Scheduler.Online : CpuSet.Of(pool.Cpu));
        while (!pool.IsUnbound && Cpu.Id != pool.Cpu && Scheduler.Online.Contains(pool.Cpu))
            Scheduler.Yield();
    }

    // Pool's lock held. Some of the items of that place, each with its barriers.
    private void Take(QueuePlace place)
    {
        var pool = place.Pool;
        var count = 0;
        for (var item = pool.Items.First; item is not null && count < MostAtOnce;)
        {
            var last = item;
            while (last.HasFollower && LinkedRing<WorkItem, WorkItem.InList>.After(last) is { } follower)
                last = follower;
            var next = LinkedRing<WorkItem, WorkItem.InList>.After(last);
            if (item.Place == place)
            {
                pool.Assign(item, _worker);
                place.Rescued++;
                count++;
            }

            item = next;
        }
    }
}
