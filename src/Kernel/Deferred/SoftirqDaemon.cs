// ksoftirqd/N: runs, as an ordinary task, what the end of an interrupt left over. One per CPU, bound to it.
// Context: kernel thread. Linux: run_ksoftirqd().
using System;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Deferred;

public static class SoftirqDaemon
{
    /// <summary>Makes and starts the daemon of a CPU. Process context; may sleep.</summary>
    public static void Start(int cpu)
    {
        Span<byte> name = stackalloc byte[16];
        var text = new TextWriter(name);
        text.Append($"ksoftirqd/{cpu}");
        var created = KernelThread.Create(text.Written, static _ => Run());
        if (!created.TryGet(out var thread))
            return;
        Scheduler.Bind(thread, cpu);
        Softirq.SetDaemon(cpu, thread);
        Scheduler.WakeUpNew(thread);
    }

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
