// The task queue for what must sleep: entries are called one after the other by a kernel thread, keventd. One that sleeps holds all others
// up, which is what work queues were made for.
// Contexts: Schedule in any; Flush in process. No wake-up is lost: see WaitQueue. Linux 2.4: schedule_task(), flush_scheduled_tasks().
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;

namespace Jiffy.Kernel.Deferred;

public static class ContextQueue
{
    private static TaskQueue s_queue = null!;
    private static WaitQueue s_wanted = null!;
    private static WaitQueue s_done = null!;
    private static Task? s_thread;

    internal static void Init()
    {
        s_queue = new TaskQueue();
        s_wanted = new WaitQueue();
        s_done = new WaitQueue();
        s_thread = null;
    }

    /// <summary>Starts the thread. Process context; may sleep.</summary>
    public static void Start() => KernelThread.Run("keventd"u8, static _ => Serve());

    /// <summary>Has the entry called in process context, soon; false: it is queued already. Any context. Linux: schedule_task().</summary>
    public static bool Schedule(TaskQueueEntry entry)
    {
        if (!s_queue.Queue(entry))
            return false;
        s_wanted.WakeUp();
        return true;
    }

    /// <summary>
    /// Waits until all entries scheduled before have returned. Process context; may sleep; not from an entry, which would wait for itself. Linux:
    /// flush_scheduled_tasks().
    /// </summary>
    public static void Flush()
    {
        Context.MightSleep();
        Invariant.That(!IsServedByCurrent, "keventd would wait for itself");
        s_done.WaitEvent(s_queue.Queued, static queued => s_queue.Finished >= queued, TaskState.Uninterruptible);
    }

    /// <summary>The caller is an entry's function. Linux: current_is_keventd().</summary>
    public static bool IsServedByCurrent => s_thread == Task.Current;

    /// <summary>The life of keventd.</summary>
    public static int Serve()
    {
        s_thread = Task.Current;
        while (true)
        {
            s_wanted.WaitEvent(0, static _ => s_queue.IsActive, TaskState.Idle);
            s_queue.RunInProcess();
            s_done.WakeUpAll();
        }
    }
}
