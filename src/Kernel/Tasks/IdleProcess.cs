// The process that the idle tasks are threads of: id 0, nobody's child, on no list. Boot runs on its first thread.
// Linux: init_task.
using Jiffy.Kernel.Sched;
using Jiffy.Machine;

namespace Jiffy.Kernel.Tasks;

public static class IdleProcess
{
    public static ThreadGroup Group { get; private set; } = null!;

    /// <summary>Gives the idle tasks their process. Boot, on CPU 0's idle task, after the scheduler's Init.</summary>
    public static void Init()
    {
        Group = ThreadGroup.Pooled.Create();
        Group.Reset();
        Group.Limits = ResourceLimits.ForInit(TaskTree.MaxThreads);
        Group.Leader = Task.Current;
        for (var cpu = 0; cpu < Cpu.Count; cpu++)
            Scheduler.IdleOf(cpu).Group = Group;
    }
}
