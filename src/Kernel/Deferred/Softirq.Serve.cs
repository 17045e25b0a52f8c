// How softirqs are served. In rounds: a vector's bit is cleared before its handler runs, so what is raised meanwhile is another round's. When
// they keep coming, ten rounds or two milliseconds are done here and the rest is left to ksoftirqd/N, so that a flood cannot shut tasks out.
// What is raised while the daemon waits for its turn is served at once all the same: ten rounds for each interrupt. (Linux 4.9 to 6.4 left it to
// the daemon, and gave that up for what a busy task on the CPU then did to timers and to receiving.)
// Contexts: RunPending in process context or at the end of the outermost interrupt. Linux: __do_softirq().
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sched;
using Jiffy.Machine;

namespace Jiffy.Kernel.Deferred;

public static partial class Softirq
{
    internal const int MostRounds = 10;
    internal const long MostTime = 2_000_000; // nanoseconds

    /// <summary>Runs pending vectors unless interrupts or softirqs are being served already. Interrupts on or off; left as found.</summary>
    public static void RunPending()
    {
        if (Preemption.InInterrupt)
            return;
        var wereOn = Cpu.DisableInterrupts();
        var cpu = s_cpus[Cpu.Id];
        if (cpu.Pending != 0)
            Serve(cpu);
        Cpu.RestoreInterrupts(wereOn);
    }

    // Interrupts off at entry and exit, on while handlers run. The time of interrupts that come meanwhile is theirs.
    private static void Serve(SoftirqCpu cpu)
    {
        var statistics = CpuStatistics.Of(cpu.Index);
        var start = Clock.Now;
        var irqBefore = statistics.Irq;
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
        statistics.AddSoftirq(Clock.Now - start - (statistics.Irq - irqBefore));
    }

    [SoftirqContext]
    private static void RunHandlers(SoftirqCpu cpu, uint pending)
    {
        for (var vector = 0; pending != 0; vector++, pending >>= 1)
        {
            const uint Own = 1, Handed = 1 << SoftirqCpu.HandedShift;
            if ((pending & Handed) != 0)
                RunHanded(cpu, vector);
            if ((pending & Own) != 0)
                RunOne(cpu, vector, cpu.Index);
            pending &= ~Handed;
        }
    }

    private static void RunOne(SoftirqCpu cpu, int vector, int origin)
    {
        cpu.Counts[vector]++;
        var before = Preemption.Count;
        if (s_movable[vector] is { } handler)
            handler(origin);
        else
            s_handlers[vector]?.Invoke();
        if (Preemption.Count != before)
            Invariant.Fail("a softirq handler left the preemption count changed");
    }
}
