// Self-test of softirqs: order of vectors, one run for many raises, the CPU they run on, no nesting, the bound on restarts, and ksoftirqd.
// Guard: counters are written by the handlers of one CPU at a time, and read when they have run.
using System;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.SelfTests;

internal static class Softirqs
{
    private const SoftirqVector First = SoftirqVector.NetTransmit, Second = SoftirqVector.NetReceive, Third = SoftirqVector.IrqPoll;
    private const int MostRounds = 10;

    private static int s_order, s_runs, s_depth, s_deepest, s_target, s_byDaemon;
    private static long s_work;
    private static int[] s_ranOn = null!;

    public static void AddTo(DriverFile tests)
    {
        s_ranOn = new int[Cpu.Count];
        tests.Add("softirqs", "1 2 4", "softirqs: order, one run for many raises, their CPU, no nesting", static report => Run(report));
        tests.Add("softirq-restarts", "1 2 4", "softirqs that come again and again: 10 rounds or 2 ms, then ksoftirqd", static report => RunRestarts(report));
    }

    private static void Run(Report report)
    {
        Helper.GoTo(0);
        Order(report);
        Once(report);
        NotNested(report);
        OnTheirCpu(report);
        TiedToCpus(report);
        Helper.GoAnywhere();
    }

    private static void Order(Report report)
    {
        s_order = 0;
        Softirq.Register(First, static () => s_order = s_order * 10 + 1);
        Softirq.Register(Second, static () => s_order = s_order * 10 + 2);
        Softirq.Register(Third, static () => s_order = s_order * 10 + 3);
        Softirq.Disable();
        Softirq.Raise(Third);
        Softirq.Raise(Second);
        Softirq.Raise(First);
        var before = s_order;
        Softirq.Enable();
        report.Equal(before, 0, "with softirqs off nothing runs");
        report.Equal(s_order, 123, "turning them on runs what came, in the order of the vectors");
    }

    private static void Once(Report report)
    {
        s_runs = 0;
        Softirq.Register(First, static () => s_runs++);
        Softirq.Disable();
        Softirq.Raise(First);
        Softirq.Raise(First);
        Softirq.Enable();
        report.Equal(s_runs, 1, "raised twice before it runs, it runs once");
    }

    private static void NotNested(Report report)
    {
        s_runs = 0;
        s_depth = 0;
        s_deepest = 0;
        Softirq.Register(First, static () =>
        {
            if (++s_depth > s_deepest)
                s_deepest = s_depth;
            if (++s_runs < 4)
                Softirq.Raise(First);
            s_depth--;
        });
        Softirq.Disable();
        Softirq.Raise(First);
        Softirq.Enable();
        Helper.WaitFor(static () => Volatile.Read(ref s_runs) >= 4);
        report.Equal(s_runs, 4, "a handler that raises its own vector runs again");
        report.Equal(s_deepest, 1, "but never inside itself");
    }

    private static void OnTheirCpu(Report report)
    {
        for (var cpu = 0; cpu < s_ranOn.Length; cpu++)
            s_ranOn[cpu] = 0;
        Softirq.Register(First, static () => s_ranOn[Cpu.Id]++);
        var right = true;
        for (var cpu = 0; cpu < Scheduler.Online.Count; cpu++)
        {
            Helper.GoTo(cpu);
            Softirq.Disable();
            Softirq.Raise(First);
            Softirq.Enable();
            right &= s_ranOn[cpu] == 1;
        }

        report.That(right, "a softirq runs once, on the CPU that raised it");
    }

    private static void TiedToCpus(Report report)
    {
        report.That(Softirq.SetCpus(SoftirqVector.Timer, CpuSet.Of(0)) == Errno.None == (Cpu.Count == 1), "a vector whose work is its CPU's own cannot be tied");
        Softirq.Register(First, static origin => s_ranOn[Cpu.Id] += 1 + origin * 100);
        report.That(Softirq.SetCpus(First, CpuSet.None) == Errno.EINVAL, "nor any vector to no CPU");
        var last = Scheduler.Online.Count - 1;
        var all = Softirq.CpusOf(First);
        for (var cpu = 0; cpu < s_ranOn.Length; cpu++)
            s_ranOn[cpu] = 0;
        Softirq.SetCpus(First, CpuSet.Of(0));
        Helper.GoTo(last);
        Softirq.Raise(First);
        var done = Helper.WaitFor(static () => Volatile.Read(ref s_ranOn[0]) != 0);
        Softirq.SetCpus(First, all);
        report.That(done && s_ranOn[0] == 1 + last * 100 && (last == 0 || s_ranOn[last] == 0), "a vector tied to another CPU runs there, for the CPU that raised it");
    }

    private static void RunRestarts(Report report)
    {
        Helper.GoTo(Scheduler.Online.Count - 1);
        Flood(report, runs: 500, work: 0, MostRounds, "rounds of a short handler");
        Flood(report, runs: 20, work: 1_500_000, most: 2, "rounds of a handler that takes 1.5 ms");
        Helper.GoAnywhere();
    }

    // Preemption stays off, so that ksoftirqd has to wait: what runs before that ends was served at the raise or at an interrupt's end.
    private static void Flood(Report report, int runs, long work, int most, string what)
    {
        s_runs = 0;
        s_byDaemon = 0;
        s_target = runs;
        s_work = work;
        Softirq.Register(First, static () => Again());
        Preemption.Disable();
        var cpu = Cpu.Id;
        var interrupts = Interrupts(cpu);
        Softirq.Disable();
        Softirq.Raise(First);
        Softirq.Enable();
        var bounded = s_runs;
        interrupts = Interrupts(cpu) - interrupts;
        Preemption.Enable();
        report.That(bounded > 0 && bounded <= most * (interrupts + 1), what);
        report.Text.Append($"# {bounded} runs at once, {interrupts} interrupts meanwhile\n");
        report.That(Helper.WaitFor(static () => Volatile.Read(ref s_runs) >= s_target), "the rest runs, too");
        report.AtLeast(s_byDaemon, 1, "by ksoftirqd");
        report.Text.Append($"# {s_byDaemon} of {s_runs} runs by ksoftirqd\n");
    }

    private static void Again()
    {
        s_runs++;
        if (Task.Current.Name.StartsWith("ksoftirqd/"u8))
            s_byDaemon++;
        Helper.Spin(s_work);
        if (s_runs < s_target)
            Softirq.Raise(First);
    }

    private static long Interrupts(int cpu) =>
        InterruptTable.CountOf(InterruptKind.Timer, cpu) + InterruptTable.CountOf(InterruptKind.Reschedule, cpu)
        + InterruptTable.CountOf(InterruptKind.Call, cpu) + InterruptTable.CountOf(InterruptLine.Serial, cpu);
}
