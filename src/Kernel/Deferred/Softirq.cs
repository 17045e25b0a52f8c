// Deferred work of interrupts: each vector has one handler and, per CPU, a pending bit. Pending vectors run with interrupts on, at the end of
// the outermost interrupt or when softirqs are turned on again; never nested, never on two CPUs for one raise. When they keep coming, a
// bounded number of rounds is done here and the rest left to ksoftirqd/N, so that a flood cannot shut tasks out.
// Contexts: Raise in any; Disable and Enable in process and softirq context. Locks: none; what is per CPU is touched with interrupts off.
// Linux: raise_softirq(), __do_softirq(), local_bh_disable(), ksoftirqd.
using System;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Deferred;

public static class Softirq
{
    private const int MostRounds = 10;
    private const long MostTime = 2_000_000; // nanoseconds

    private static Action?[] s_handlers = null!;
    private static SoftirqCpu[] s_cpus = null!;

    public static void Init()
    {
        s_handlers = new Action?[(int)SoftirqVector.Count];
        s_cpus = new SoftirqCpu[Cpu.Count];
        for (var cpu = 0; cpu < s_cpus.Length; cpu++)
            s_cpus[cpu] = new SoftirqCpu();
    }

    /// <summary>Sets a vector's handler, a static lambda; it runs with interrupts on and must not sleep. Boot.</summary>
    public static void Register(SoftirqVector vector, Action handler) => s_handlers[(int)vector] = handler;

    /// <summary>Marks a vector pending on this CPU; in process context it runs before this returns, if it may. Any context.</summary>
    public static void Raise(SoftirqVector vector)
    {
        var wereOn = Cpu.DisableInterrupts();
        var cpu = s_cpus[Cpu.Id];
        cpu.Pending |= 1u << (int)vector;
        if (!Preemption.InInterrupt)
            cpu.WakeDaemon();
        Cpu.RestoreInterrupts(wereOn);
    }

    /// <summary>Something is pending on this CPU. Interrupts off, else a hint.</summary>
    public static bool IsPending => s_cpus[Cpu.Id].Pending != 0;

    /// <summary>How often a vector's handler ran on a CPU; for /proc/softirqs.</summary>
    public static long CountOf(SoftirqVector vector, int cpu) => s_cpus[cpu].Counts[(int)vector];

    /// <summary>Keeps softirqs from running on this CPU; nests. Preemption is off too meanwhile.</summary>
    public static void Disable() => Cpu.Current.PreemptCount += Preemption.SoftirqOffOne;

    /// <summary>Allows softirqs again and runs what came meanwhile; then a preemption point. Interrupts on.</summary>
    public static void Enable()
    {
        // One preemption count stays until they have run, so that they run on this CPU.
        Cpu.Current.PreemptCount -= Preemption.SoftirqOffOne - Preemption.PreemptOne;
        if (!Preemption.InInterrupt && IsPending)
            RunPending();
        Preemption.Enable();
    }

    /// <summary>Runs pending vectors unless interrupts or softirqs are being served already. Interrupts on or off; left as found.</summary>
    public static void RunPending()
    {
        if (Preemption.InInterrupt)
            return;
        var wereOn = Cpu.DisableInterrupts();
        Serve(s_cpus[Cpu.Id]);
        Cpu.RestoreInterrupts(wereOn);
    }

    /// <summary>The daemon of a CPU was made and is bound to it.</summary>
    internal static void SetDaemon(int cpu, Task daemon) => s_cpus[cpu].Daemon = daemon;

    // Interrupts off at entry and exit, on while handlers run.
    private static void Serve(SoftirqCpu cpu)
    {
        var start = Clock.Now;
        var current = Cpu.Current;
        current.PreemptCount += Preemption.SoftirqOne;
        for (var round = 0; cpu.Pending != 0; round++)
        {
            if (round >= MostRounds || Clock.Now - start > MostTime)
            {
                cpu.WakeDaemon();
                break;
            }

            var pending = cpu.Pending;
            cpu.Pending = 0;
            Cpu.EnableInterrupts();
            RunHandlers(cpu, pending);
            Cpu.DisableInterrupts();
        }

        current.PreemptCount -= Preemption.SoftirqOne;
        CpuStatistics.Of(Cpu.Id).AddSoftirq(Clock.Now - start);
    }

    [SoftirqContext]
    private static void RunHandlers(SoftirqCpu cpu, uint pending)
    {
        for (var vector = 0; pending != 0; vector++, pending >>= 1)
        {
            if ((pending & 1) == 0)
                continue;
            cpu.Counts[vector]++;
            var before = Preemption.Count;
            s_handlers[vector]?.Invoke();
            if (Preemption.Count != before)
                Invariant.Fail("a softirq handler left the preemption count changed");
        }
    }
}

/// <summary>One CPU's pending vectors. Touched by that CPU with interrupts off.</summary>
internal sealed class SoftirqCpu
{
    internal uint Pending;
    internal readonly long[] Counts = new long[(int)SoftirqVector.Count];
    internal Task? Daemon;

    internal void WakeDaemon()
    {
        if (Daemon is { } daemon)
            Scheduler.TryToWakeUp(daemon, TaskState.Normal);
    }
}
