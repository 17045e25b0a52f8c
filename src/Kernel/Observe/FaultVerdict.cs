// Whether the task that ran into a kernel fault can be ended alone. It can when nobody else depends on what it was doing: in process
// context, interrupts on, with no lock of either kind and in no queue, and when it is neither the kernel's own nor ending already.
// Context: any, interrupts off. Linux: make_task_dead(), which also ends tasks that hold sleeping locks, and lets others wait for ever.
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Observe;

internal static class FaultVerdict
{
    /// <summary>Null: the task can be ended. Else what stands in the way, as the panic message says it.</summary>
    public static string? WhyPanic(Task? current, KernelFaultKind kind, bool interruptsWereOn)
    {
        if (OfKind(kind) is { } hopeless)
            return hopeless;
        if (current is null)
            return "fault before there are tasks";
        return OfContext(current, interruptsWereOn) ?? OfTask(current) ?? OfHoldings(current)
            ?? (FaultReport.PanicOnFault ? "panic_on_oops is set" : null);
    }

    /// <summary>These run on a stack of the CPU's own, which must not be slept on.</summary>
    private static string? OfKind(KernelFaultKind kind) => kind switch
    {
        KernelFaultKind.StackOverflow => "kernel stack overflow",
        KernelFaultKind.InterruptStackOverflow => "interrupt stack overflow",
        KernelFaultKind.DoubleFault => "double fault",
        KernelFaultKind.MachineCheck => "machine check",
        _ => null,
    };

    private static string? OfContext(Task current, bool interruptsWereOn)
    {
        if ((current.PreemptCount & Preemption.HardirqMask) != 0)
            return "fault in an interrupt";
        if ((current.PreemptCount & Preemption.SoftirqMask) != 0)
            return "fault in a softirq, or with softirqs off";
        if (current.Id == 0)
            return "fault in the idle task";
        if (current.PreemptCount != 0)
            return "fault with a spin lock held, or with preemption off";
        return interruptsWereOn ? null : "fault with interrupts off";
    }

    private static string? OfTask(Task current)
    {
        if (current.Group == TaskTree.Init)
            return "fault in init";
        if (current.IsKernelThread)
            return "fault in a kernel thread";
        return current.IsExiting ? "fault in a task that ends already" : null;
    }

    private static string? OfHoldings(Task current)
    {
        if (current.SleepingLocks != 0)
            return "fault with a sleeping lock held";
        return current.OwnWait.IsQueued ? "fault in the middle of a wait" : null;
    }
}
