// Which context this code runs in, read from the preemption counter; and the assertion that it may sleep.
// Contexts: any. Linux: in_hardirq(), in_softirq(), in_task(), might_sleep().
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sched;
using Jiffy.Machine;

namespace Jiffy.Kernel.Irq;

public static class Context
{
    /// <summary>Serving a device, timer or inter-processor interrupt.</summary>
    public static bool InHardirq => Preemption.InHardirq;

    /// <summary>Serving a softirq, or softirqs are off.</summary>
    public static bool InSoftirq => Preemption.InSoftirq;

    /// <summary>Serving a softirq right now (not merely keeping them off).</summary>
    public static bool ServingSoftirq => (Preemption.Count & Preemption.SoftirqOne) != 0;

    /// <summary>Neither hardirq nor softirq: runs on behalf of the current task.</summary>
    public static bool InProcess => !Preemption.InInterrupt;

    /// <summary>True where a task may give the CPU away. During boot everything runs on the idle task and this does not hold.</summary>
    public static bool MaySleep => Preemption.Count == 0 && Cpu.InterruptsOn;

    /// <summary>Asserts that the caller may sleep. Call it first in whatever can block, blocking or not.</summary>
    public static void MightSleep()
    {
        if (MachineTraits.ChecksLocks && Scheduler.HasStarted && !MaySleep)
            Invariant.Fail("sleeping function called from an atomic context");
    }
}
