// The default queue of history: events/0, events/1, ... A present Linux has no such threads, so these are made when the first item is
// scheduled, or at boot with the word historical_events on the command line; items wait until then.
// Contexts: scheduling in any; Flush and Start in process context. Linux 2.6: schedule_work(), schedule_delayed_work(), flush_scheduled_work().
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Observe;

namespace Jiffy.Kernel.Deferred.WorkQueues;

public static class HistoricalEvents
{
    private static ThreadedWorkQueue s_queue = null!;
    private static WorkItem s_starter = null!; // makes the threads in process context, wherever they are first wanted
    private static int s_isStarted;            // 0: no threads; 1: being made; 2: there

    internal static void Init()
    {
        s_isStarted = 0;
        s_starter = new WorkItem(static _ => Start(), null);
        var made = ThreadedWorkQueue.Make("events"u8, isSingleThreaded: false, hasThreads: false);
        if (!made.TryGet(out s_queue))
            Panic.Stop("No memory for the historical event queue", (long)made.Error);
    }

    /// <summary>The queue itself.</summary>
    public static ThreadedWorkQueue Queue => s_queue;

    /// <summary>Its threads are there.</summary>
    public static bool IsStarted => Volatile.Read(ref s_isStarted) == 2;

    /// <summary>Makes the threads unless they are there or are being made. May sleep. When none can be made, the next item tries again.</summary>
    public static Errno Start()
    {
        if (Interlocked.CompareExchange(ref s_isStarted, 1, 0) != 0)
            return Errno.None;
        var error = s_queue.StartThreads();
        Volatile.Write(ref s_isStarted, error == Errno.None ? 2 : 0);
        return error;
    }

    /// <summary>Queues an item for this CPU's thread. False: it is pending already. Any context.</summary>
    public static bool Schedule(WorkItem item) => s_queue.Queue(item) && Want();

    /// <summary>Queues an item for a CPU's thread. Any context.</summary>
    public static bool ScheduleOn(int cpu, WorkItem item) => s_queue.QueueOn(cpu, item) && Want();

    /// <summary>Queues an item when so many ticks have passed. Any context.</summary>
    public static bool ScheduleDelayed(DelayedWork item, long ticks) => s_queue.QueueDelayed(item, ticks) && Want();

    public static bool ScheduleDelayedOn(int cpu, DelayedWork item, long ticks) => s_queue.QueueDelayedOn(cpu, item, ticks) && Want();

    /// <summary>Waits until all items queued before the call have run. May sleep. EDEADLK: when an item of the queue asks, for one.</summary>
    public static Errno Flush()
    {
        Context.MightSleep();
        Want();
        return s_queue.Flush();
    }

    private static bool Want()
    {
        if (Volatile.Read(ref s_isStarted) == 0)
            WorkQueues.Events.Queue(s_starter);
        return true;
    }
}
