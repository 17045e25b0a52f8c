// Experiment: where deferred work runs, and how many CPUs are at it together. A thread on each CPU asks again and again for the same
// work, as one softirq vector, one tasklet, a tasklet of its own, or one bottom half; a mask may tie vectors to CPUs.
// Guard: counts are atomic.
using System;
using System.Threading;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.SelfTests;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Labs;

internal static class AffinityLab
{
    private const SoftirqVector Vector = SoftirqVector.NetReceive;
    private const int Slot = 22;
    private const int AsSoftirq = 0, AsOneTasklet = 1, AsOwnTasklets = 2;

    private static Tasklet s_shared = null!;
    private static Tasklet[] s_own = null!;
    private static long[] s_ranOn = null!;   // by CPU
    private static long[] s_ranAway = null!; // by CPU: runs of what another CPU had asked for
    private static int s_mode, s_rounds, s_left;
    private static long s_work, s_runs, s_together, s_atOnce, s_mostAtOnce, s_asked;

    public static void AddTo(DriverFile labs)
    {
        s_ranOn = new long[Cpu.Count];
        s_ranAway = new long[Cpu.Count];
        s_shared = new Tasklet(static _ => Work(Cpu.Id));
        s_own = new Tasklet[Cpu.Count];
        for (var cpu = 0; cpu < s_own.Length; cpu++)
            s_own[cpu] = new Tasklet(static tasklet => Work(IndexOf(tasklet)));
        labs.Add("affinity", "4", "mode= work= (us) count= mask=: a softirq (0), one tasklet (1), a tasklet per CPU (2), a bottom half (3) asked for on all CPUs",
            static report => Run(report));
    }

    private static int IndexOf(Tasklet tasklet)
    {
        var cpu = 0;
        while (s_own[cpu] != tasklet)
            cpu++;
        return cpu;
    }

    private static void Work(int askedOn)
    {
        var now = Interlocked.Increment(ref s_atOnce);
        for (var most = Volatile.Read(ref s_mostAtOnce); now > most;)
            most = Interlocked.CompareExchange(ref s_mostAtOnce, now, most) == most ? now : Volatile.Read(ref s_mostAtOnce);
        Interlocked.Increment(ref s_ranOn[Cpu.Id]);
        if (askedOn != Cpu.Id)
            Interlocked.Increment(ref s_ranAway[Cpu.Id]);
        Helper.Spin(s_work / 2);
        Interlocked.Add(ref s_together, Volatile.Read(ref s_atOnce)); // in the middle of the work
        Helper.Spin(s_work / 2);
        Interlocked.Decrement(ref s_atOnce);
        Interlocked.Increment(ref s_runs);
    }

    private static void Run(Report report)
    {
        s_mode = (int)report.Number("mode"u8, AsSoftirq);
        s_work = report.Number("work"u8, 200) * Helper.Microsecond;
        s_rounds = (int)report.Number("count"u8, 50);
        var mask = new CpuSet((ulong)report.Number("mask"u8, 0));
        Clear();
        Softirq.Register(Vector, static origin => Work(origin));
        BottomHalf.Register(Slot, static () => Work(Cpu.Id));
        var vector = s_mode == AsSoftirq ? Vector : s_mode is AsOneTasklet or AsOwnTasklets ? SoftirqVector.Tasklet : SoftirqVector.Hi;
        var before = Softirq.CpusOf(vector);
        if (!mask.IsEmpty)
            Softirq.SetCpus(vector, mask);
        var cpus = Scheduler.Online.Count;
        Volatile.Write(ref s_left, cpus);
        for (var cpu = 0; cpu < cpus; cpu++)
            Helper.Start("asker"u8, cpu, 0, static _ => Ask());
        Helper.WaitFor(static () => Volatile.Read(ref s_left) == 0, 300 * Helper.Second);
        s_shared.Kill();
        for (var cpu = 0; cpu < cpus; cpu++)
            s_own[cpu].Kill();
        Softirq.SetCpus(vector, before);
        Tell(report, cpus, mask);
    }

    private static void Clear()
    {
        for (var cpu = 0; cpu < Cpu.Count; cpu++)
        {
            s_ranOn[cpu] = 0;
            s_ranAway[cpu] = 0;
        }

        s_runs = 0;
        s_together = 0;
        s_atOnce = 0;
        s_mostAtOnce = 0;
        s_asked = 0;
    }

    // Asks, then does something else for as long as the work takes.
    private static int Ask()
    {
        for (var round = 0; round < s_rounds; round++)
        {
            Interlocked.Increment(ref s_asked);
            Softirq.Disable();
            AskOnce();
            Softirq.Enable();
            Helper.Spin(s_work);
        }

        Interlocked.Decrement(ref s_left);
        return 0;
    }

    private static void AskOnce()
    {
        switch (s_mode)
        {
            case AsSoftirq:
                Softirq.Raise(Vector);
                break;
            case AsOneTasklet:
                s_shared.Schedule();
                break;
            case AsOwnTasklets:
                s_own[Cpu.Id].Schedule();
                break;
            default:
                BottomHalf.Mark(Slot);
                break;
        }
    }

    private static void Tell(Report report, int cpus, CpuSet mask)
    {
        var text = report.Text;
        text.Append($"row mode={s_mode} cpus={cpus} mask={mask.Bits} asked={s_asked} runs={s_runs} most={s_mostAtOnce} together={s_together} ran=");
        for (var cpu = 0; cpu < cpus; cpu++)
            text.Append($"{s_ranOn[cpu]},");
        text.Append(" away="u8);
        for (var cpu = 0; cpu < cpus; cpu++)
            text.Append($"{s_ranAway[cpu]},");
        text.Append("\n"u8);
    }
}
