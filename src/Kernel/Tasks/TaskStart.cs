// The first steps of every new task, on its own stack: finish the switch that brought us here, then be a kernel thread, or the
// child of a fork on its way to user mode. Context: process. Linux: ret_from_fork().
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Sched;
using Jiffy.Machine;

namespace Jiffy.Kernel.Tasks;

internal static class TaskStart
{
    /// <summary>Returns only for tasks that go to user mode.</summary>
    public static void Run(Task previous, Task self)
    {
        Scheduler.FinishSwitch(previous);
        Cpu.EnableInterrupts();
        if (self.ThreadState is { } state)
            KernelThread.RunBody(state);
        if (self.SetChildIdAddress != 0)
            UserAccess.TryWrite(self.SetChildIdAddress, self.Id);
    }
}
