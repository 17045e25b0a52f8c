// What a tick does for those who wait for CPU time: alarms of the running thread and of its process, and RLIMIT_CPU.
// Context: hardirq. Lock: takes TaskTree.Lock when something seems due. Linux: run_posix_cpu_timers().
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Time;

internal static class CpuTimeWatch
{
    /// <summary>A tick found <paramref name="task"/> running and has brought its account up to date.</summary>
    public static void Tick(Task task)
    {
        if (task.IsIdle || task.HasNotified || task.Group is not { } process)
            return; // the scheduler's tests run tasks of no process
        if (process.CpuAlarms.MayBeDue(new CpuClock(process, null), new CpuClock(process, null, countsUser: true))
            || task.CpuAlarms.MayBeDue(new CpuClock(null, task), new CpuClock(null, task, countsUser: true)))
            Fire(task);
        CpuLimit.Check(process);
    }

    private static void Fire(Task task)
    {
        using (TaskTree.Lock.Acquire())
        {
            // On its last steps its process may be gone, and the object be another process.
            if (task.HasNotified)
                return;
            var process = task.Group;
            process.CpuAlarms.FireDue(new CpuClock(process, null), new CpuClock(process, null, countsUser: true));
            task.CpuAlarms.FireDue(new CpuClock(null, task), new CpuClock(null, task, countsUser: true));
        }
    }
}
