// Deferred work of interrupts: each vector has one handler and, per CPU, a pending bit. Pending vectors run with interrupts on, at the end of
// the outermost interrupt (then on the interrupt stack) or when softirqs are turned on again (on the task's own stack: what a lock's release
// adds there is bounded, and what interrupts add no longer falls on it). Never nested; how they are served: Softirq.Serve.cs. A vector may be
// tied to CPUs: Softirq.Affinity.cs.
// Contexts: Raise in any; Disable and Enable in process and softirq context. Locks: none; what is per CPU is touched with interrupts off.
// Linux: raise_softirq(), local_bh_disable(), open_softirq().
using System;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Deferred;

/// <summary>Serves a vector's work of <paramref name="cpu"/>, which is usually this CPU. Interrupts on; must not sleep.</summary>
public delegate void SoftirqHandler(int cpu);

public static partial class Softirq
{
    private static Action?[] s_handlers = null!;           // of vectors that belong to their CPU
    private static SoftirqHandler?[] s_movable = null!;    // of vectors that may be tied to other CPUs
    private static SoftirqCpu[] s_cpus = null!;

    /// <summary>Softirqs and all that rests on them: tasklets, bottom halves, task queues. Boot.</summary>
    public static void Init()
    {
        s_handlers = new Action?[(int)SoftirqVector.Count];
        s_movable = new SoftirqHandler?[(int)SoftirqVector.Count];
        s_cpus = new SoftirqCpu[Cpu.Count];
        for (var cpu = 0; cpu < s_cpus.Length; cpu++)
            s_cpus[cpu] = new SoftirqCpu(cpu);
        InitAffinity();
        Tasklet.Init();
        TaskQueue.Init();
        ContextQueue.Init();
        BottomHalf.Init();
    }

    /// <summary>
    /// Sets the handler of a vector whose work is the raising CPU's own, a static lambda; it runs with interrupts on and must not sleep. Such a
    /// vector cannot be tied to CPUs. Boot.
    /// </summary>
    public static void Register(SoftirqVector vector, [SoftirqContext] Action handler)
    {
        s_handlers[(int)vector] = handler;
        s_movable[(int)vector] = null;
        AllowAllCpus(vector);
    }

    /// <summary>
    /// Sets the handler, a static lambda, of a vector that may be tied to CPUs: it is told whose work to do. While a mask is being changed, two CPUs
    /// may do the same CPU's work at once. Boot.
    /// </summary>
    public static void Register(SoftirqVector vector, [SoftirqContext] SoftirqHandler handler)
    {
        s_movable[(int)vector] = handler;
        s_handlers[(int)vector] = null;
    }

    /// <summary>
    /// Marks a vector pending on this CPU, or on one of its mask. In process context the daemon is woken for it, unless softirqs are turned on again or an
    /// interrupt comes first. Any context.
    /// </summary>
    public static void Raise(SoftirqVector vector)
    {
        var wereOn = Cpu.DisableInterrupts();
        RaiseIrqsOff(vector);
        Cpu.RestoreInterrupts(wereOn);
    }

    /// <summary>The same with interrupts off already. Linux: raise_softirq_irqoff().</summary>
    public static void RaiseIrqsOff(SoftirqVector vector)
    {
        if (MarkPending(vector) && !Preemption.InInterrupt)
            s_cpus[Cpu.Id].WakeDaemon();
    }

    /// <summary>
    /// Only marks: whoever calls sees to it that this CPU soon comes to a place where softirqs are served. Interrupts off. False: another CPU serves it.
    /// Linux: __raise_softirq_irqoff().
    /// </summary>
    public static bool MarkPending(SoftirqVector vector)
    {
        var here = Cpu.Id;
        if (!MayRunOn(vector, here) && HandOver(vector, here))
            return false;
        s_cpus[here].Pending |= 1u << (int)vector;
        return true;
    }

    /// <summary>Something is pending on this CPU. Interrupts off, else a hint.</summary>
    public static bool IsPending => s_cpus[Cpu.Id].Pending != 0;

    /// <summary>A vector is pending on a CPU, or on its way there: a hint. For reports and tests.</summary>
    public static bool IsPendingOn(SoftirqVector vector, int cpu) => s_cpus[cpu].IsPending(vector);

    /// <summary>How often a vector's handler ran on a CPU; for /proc/softirqs.</summary>
    public static long CountOf(SoftirqVector vector, int cpu) => s_cpus[cpu].Counts[(int)vector];

    /// <summary>Keeps softirqs from running on this CPU; nests. Preemption is off too meanwhile.</summary>
    public static void Disable()
    {
        if (MachineTraits.ChecksLocks && (Preemption.Count & Preemption.SoftirqMask) >= Preemption.SoftirqMask - Preemption.SoftirqOne)
            Invariant.Fail("softirqs turned off too often");
        Cpu.Current.PreemptCount += Preemption.SoftirqOffOne;
    }

    /// <summary>Allows softirqs again and runs what came meanwhile; then a preemption point. Interrupts on.</summary>
    public static void Enable()
    {
        if (MachineTraits.ChecksLocks && (Preemption.Count & Preemption.SoftirqMask) < Preemption.SoftirqOffOne)
            Invariant.Fail("softirqs turned on that were not off");

        // One preemption count stays until they have run, so that they run on this CPU.
        Cpu.Current.PreemptCount -= Preemption.SoftirqOffOne - Preemption.PreemptOne;
        if (!Preemption.InInterrupt && IsPending)
            RunPending();
        Preemption.Enable();
    }

    /// <summary>Allows softirqs again, and leaves what came meanwhile to the next interrupt's end or softirq-on. Linux: _local_bh_enable().</summary>
    public static void EnableWithoutRunning() => Cpu.Current.PreemptCount -= Preemption.SoftirqOffOne;

    /// <summary>The daemon of a CPU was made and is bound to it.</summary>
    internal static void SetDaemon(int cpu, Task daemon) => s_cpus[cpu].Daemon = daemon;
}
