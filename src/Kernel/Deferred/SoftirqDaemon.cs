// ksoftirqd/N: runs, as an ordinary task, what the end of an interrupt left over. One per CPU, bound to it.
// Context: kernel thread. Linux: run_ksoftirqd().
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Deferred;

public static class SoftirqDaemon
{
    /// <summary>The life of one CPU's daemon. The thread is bound before it is woken for the first time.</summary>
    public static int Run()
    {
        var current = Task.Current;
        while (true)
        {
            current.SetState(TaskState.Interruptible);
            if (Softirq.IsPending)
            {
                current.SetStateRelaxed(TaskState.Running);
                Preemption.Disable();
                Softirq.RunPending();
                Preemption.Enable();
                continue;
            }

            Scheduler.Schedule();
        }
    }
}
