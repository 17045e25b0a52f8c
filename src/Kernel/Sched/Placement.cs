// Where a task goes that becomes runnable. Reads other CPUs' queues without their locks: a stale answer costs time, not correctness.
// Contexts: any. Linux: select_task_rq_fair(), select_idle_sibling().
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sched;

internal static class Placement
{
    /// <summary>
    /// An idle CPU, the one the task ran on last before others; else the last one unless another has clearly less to do.
    /// <paramref name="allowed"/> is not empty and holds running CPUs only.
    /// </summary>
    public static int Spread(Task task, CpuSet allowed)
    {
        var last = allowed.Contains(task.CpuIndex) ? task.CpuIndex : allowed.Next(0);
        if (RunQueue.Of(last).IsIdle)
            return last;
        var best = last;
        var fewest = RunQueue.Of(last).Runnable - 1; // moving pays only when it saves more than one place
        for (var cpu = allowed.Next(0); cpu >= 0; cpu = allowed.Next(cpu + 1))
        {
            var queue = RunQueue.Of(cpu);
            if (queue.IsIdle)
                return cpu;
            if (queue.Runnable >= fewest)
                continue;
            best = cpu;
            fewest = queue.Runnable;
        }

        return best;
    }

    /// <summary>For a real-time task: its last CPU if it may run there at once, else the one whose running task matters least.</summary>
    public static int ByPriority(Task task, CpuSet allowed)
    {
        var best = allowed.Contains(task.CpuIndex) ? task.CpuIndex : allowed.Next(0);
        var lowest = ImportanceOf(best);
        for (var cpu = allowed.Next(0); cpu >= 0 && lowest > 0; cpu = allowed.Next(cpu + 1))
        {
            var importance = ImportanceOf(cpu);
            if (importance >= lowest)
                continue;
            best = cpu;
            lowest = importance;
        }

        return best;
    }

    // 0: idle; 1: an ordinary task; above: real-time.
    private static int ImportanceOf(int cpu)
    {
        var queue = RunQueue.Of(cpu);
        return queue.IsIdle ? 0 : 1 + Priorities.ToRealTime(queue.Running.EffectivePriority);
    }
}
