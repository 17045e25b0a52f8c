// The work queues of the torture, of both kinds: two historical ones, with a thread per CPU and with one thread; managed ones, bound, unbound, ordered,
// and of high priority for long computations with a rescuer. One face for both kinds. Guard: _active is atomic.
using System;
using System.Threading;
using Jiffy.Kernel.Deferred.WorkQueues;
using Jiffy.Kernel.Sched;

namespace Jiffy.Kernel.SelfTests;

internal static class TorturedQueues
{
    public const int Count = 6;
    private const int Threaded = 0, SingleThreaded = 1, FirstManaged = 2, OrderedQueue = 4;

    private static ThreadedWorkQueue?[] s_old = null!;
    private static WorkQueue?[] s_managed = null!;
    private static int[] s_active = null!;

    public static void Init()
    {
        s_old = new ThreadedWorkQueue?[Count];
        s_managed = new WorkQueue?[Count];
        s_active = new int[Count];
    }

    /// <summary>Makes all of them. False: some could not be made.</summary>
    public static bool Make()
    {
        for (var i = 0; i < Count; i++)
            s_active[i] = 0;
        return ThreadedWorkQueue.Create("torture"u8).TryGet(out s_old[Threaded])
            && ThreadedWorkQueue.CreateSingleThreaded("torture1"u8).TryGet(out s_old[SingleThreaded])
            && WorkQueue.Create("torture"u8, WorkQueueFlags.None, 4).TryGet(out s_managed[FirstManaged])
            && WorkQueue.Create("torture_unbound"u8, WorkQueueFlags.Unbound).TryGet(out s_managed[FirstManaged + 1])
            && WorkQueue.CreateOrdered("torture_ordered"u8).TryGet(out s_managed[OrderedQueue])
            && WorkQueue.Create("torture_high"u8, WorkQueueFlags.HighPriority | WorkQueueFlags.CpuIntensive | WorkQueueFlags.MemoryReclaim)
                .TryGet(out s_managed[Count - 1]);
    }

    public static void Destroy()
    {
        for (var i = 0; i < Count; i++)
        {
            s_old[i]?.Destroy();
            s_managed[i]?.Destroy();
            s_old[i] = null;
            s_managed[i] = null;
        }
    }

    /// <summary>An item begins. A queue that runs one at a time has no other.</summary>
    public static void Enter(int queue)
    {
        var active = Interlocked.Increment(ref s_active[queue]);
        Torture.That(active == 1 || queue is not (SingleThreaded or OrderedQueue), "a queue for one item at a time runs two");
    }

    public static void Leave(int queue) => Interlocked.Decrement(ref s_active[queue]);

    /// <summary>Queues an item; delayed when <paramref name="ticks"/> is above zero. An old queue's items keep to a CPU: there they run one at a time only then.</summary>
    public static bool Ask(int queue, DelayedWork item, int number, int ticks)
    {
        var cpu = number / Count % Scheduler.Online.Count;
        if (s_old[queue] is { } old)
            return old.QueueDelayedOn(cpu, item, ticks);
        var managed = s_managed[queue]!;
        return number % 5 == 0 ? managed.QueueDelayed(item, ticks) : managed.QueueDelayedOn(cpu, item, ticks);
    }

    public static bool Cancel(int queue, DelayedWork item) => s_old[queue] is not null ? ThreadedWorkQueue.CancelDelayed(item) : item.Cancel();

    public static bool CancelAndWait(int queue, DelayedWork item) => s_old[queue] is not null ? ThreadedWorkQueue.CancelAndWait(item) : item.CancelAndWait();

    public static void FlushItem(int queue, DelayedWork item)
    {
        var error = s_old[queue] is not null ? ThreadedWorkQueue.FlushItem(item) : item.Flush();
        Torture.That(error == Abi.Errno.None, "a flush of an item is refused");
    }

    public static void Flush(int queue)
    {
        var error = s_old[queue] is { } old ? old.Flush() : s_managed[queue]!.Flush();
        Torture.That(error == Abi.Errno.None, "a flush of a queue is refused");
    }
}
