// Softirqs under every interleaving: no raise is lost, whatever CPUs a vector is tied to; service is bounded; what is counted happened.
using System;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Kernel;
using Xunit;
using Task = Jiffy.Kernel.Tasks.Task;

namespace Jiffy.Tests.Sim.Deferred;

public sealed class SoftirqTests
{
    private const SoftirqVector Vector = SoftirqVector.NetReceive;

    // CPU 1 raises, CPU 0 serves: the raiser waits until its last raise was seen.
    private static Action<SimMachine> TiedToCpuZero(int raises) => machine =>
    {
        _ = new SchedulerKernel(machine);
        int wanted = 0, seen = 0, runs = 0;
        Softirq.Register(Vector, origin =>
        {
            Assert.Equal((0, 1), (Cpu.Id, origin));
            seen = Volatile.Read(ref wanted);
            runs++;
        });
        Assert.Equal(Errno.None, Softirq.SetCpus(Vector, CpuSet.Of(0)));
        Action wait = () =>
        {
            while (Volatile.Read(ref seen) != raises)
                Cpu.Relax();
        };
        machine.RunBodies(wait, () =>
        {
            for (var i = 0; i < raises; i++)
            {
                Interlocked.Increment(ref wanted);
                Softirq.Raise(Vector);
            }

            wait();
        });
        Assert.Equal((runs, 0), ((int)Softirq.CountOf(Vector, 0), (int)Softirq.CountOf(Vector, 1)));
        Assert.InRange(runs, 1, raises);
    };

    [Fact]
    public void A_raise_outside_the_mask_runs_inside_it() => Explore.Schedules(cpus: 2, TiedToCpuZero(raises: 3), schedules: 1000);

    [Fact]
    public void All_schedules_of_two_raises_are_served_by_the_other_CPU() => Assert.True(Explore.Schedules(
        new ExploreOptions { Machine = new SimOptions { Cpus = 2 }, Schedules = 50_000, Strategy = Strategy.Exhaustive, PreemptionBound = 2 },
        TiedToCpuZero(raises: 2)).IsComplete);

    // The hand-over in small: the raiser writes origin and vector, and sends an interrupt when it was the first to write the vector.
    private static Action<SimMachine> HandOver(bool vectorFirst) => machine =>
    {
        int vector = 0, origins = 0, interrupts = 0, served = 0;
        Action<int> raise = origin =>
        {
            if (!vectorFirst)
                Interlocked.Or(ref origins, 1 << origin);
            Cpu.Interleave();
            if (Interlocked.Exchange(ref vector, 1) == 0)
                Interlocked.Increment(ref interrupts);
            Cpu.Interleave();
            if (vectorFirst)
                Interlocked.Or(ref origins, 1 << origin);
        };
        machine.RunBodies(
            () =>
            {
                while (served != 6)
                {
                    if (Interlocked.Exchange(ref interrupts, 0) != 0 && Interlocked.Exchange(ref vector, 0) != 0)
                    {
                        Cpu.Interleave();
                        served |= Interlocked.Exchange(ref origins, 0);
                    }

                    Cpu.Relax();
                }
            },
            () => raise(1),
            () => raise(2));
    };

    [Fact]
    public void A_hand_over_that_writes_the_vector_before_the_origin_loses_a_raise()
    {
        Explore.Schedules(cpus: 3, HandOver(vectorFirst: false), schedules: 1000);
        Explore.FindsFailure(cpus: 3, HandOver(vectorFirst: true));
    }

    [Fact]
    public void No_raise_is_lost_while_masks_change() => Explore.Schedules(cpus: 3, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var wanted = new int[3];
        var seen = new int[3];
        Softirq.Register(Vector, origin => seen[origin] = Math.Max(seen[origin], Volatile.Read(ref wanted[origin])));
        for (var cpu = 0; cpu < 2; cpu++)
        {
            kernel.Spawn($"raiser{cpu}", () =>
            {
                for (var i = 0; i < 3; i++)
                {
                    Softirq.Disable();
                    wanted[Cpu.Id]++;
                    Softirq.Raise(Vector);
                    Softirq.Enable();
                    Scheduler.Yield();
                }
            }, CpuSet.Of(cpu));
        }

        kernel.Spawn("changer", () =>
        {
            for (ulong mask = 1; mask < 8; mask++)
            {
                Assert.Equal(Errno.None, Softirq.SetCpus(Vector, new CpuSet(mask)));
                Scheduler.Yield();
            }
        });
        kernel.RunAll();
        Assert.Equal(wanted, seen);
        Assert.False(Softirq.IsPendingOn(Vector, 0) || Softirq.IsPendingOn(Vector, 1) || Softirq.IsPendingOn(Vector, 2));
    }, schedules: 300);

    [Fact]
    public void Masks_that_name_no_CPU_or_move_what_cannot_move_are_refused() => Explore.Schedules(cpus: 2, machine =>
    {
        _ = new SchedulerKernel(machine);
        Softirq.Register(SoftirqVector.Rcu, static () => { });
        Assert.Equal(Errno.EINVAL, Softirq.SetCpus(Vector, CpuSet.None));
        Assert.Equal(Errno.EINVAL, Softirq.SetCpus(Vector, CpuSet.Of(2)));
        Assert.Equal(Errno.EINVAL, Softirq.SetCpus(SoftirqVector.Rcu, CpuSet.Of(1)));
        Assert.Equal(Errno.None, Softirq.SetCpus(SoftirqVector.Rcu, CpuSet.FirstN(64)));
        Assert.Equal(Errno.None, Softirq.SetCpus(Vector, new CpuSet(6)));
        Assert.Equal(2UL, Softirq.CpusOf(Vector).Bits);
    }, schedules: 1);

    private static Task SpawnDaemon(SchedulerKernel kernel, int cpu)
    {
        var daemon = kernel.Spawn($"ksoftirqd/{cpu}", () => SoftirqDaemon.Run(), CpuSet.Of(cpu));
        Softirq.SetDaemon(cpu, daemon);
        return daemon;
    }

    [Fact]
    public void A_vector_that_raises_itself_for_ever_does_not_shut_a_task_out()
    {
        var byDaemon = 0; // interrupts may serve it all, in some schedules
        Explore.Schedules(cpus: 1, machine => ServeFlood(machine, ref byDaemon), schedules: 100);
        Assert.True(byDaemon > 0 || Environment.GetEnvironmentVariable("JIFFY_SIM_REPLAY") is not null);
    }

    private static void ServeFlood(SimMachine machine, ref int servedByDaemon)
    {
        var kernel = new SchedulerKernel(machine);
        var daemon = SpawnDaemon(kernel, 0);
        var isDone = false;
        var byDaemon = 0;
        Softirq.Register(Vector, _ =>
        {
            byDaemon += Task.Current == daemon ? 1 : 0;
            if (!isDone)
                Softirq.Raise(Vector);
        });
        var victim = kernel.Spawn("victim", () =>
        {
            Preemption.Disable();
            Softirq.Disable();
            Softirq.Raise(Vector);
            var interrupts = InterruptTable.Total;
            Softirq.Enable();
            var count = Softirq.CountOf(Vector, 0);
            Assert.InRange(count, 1, Softirq.MostRounds * (1 + InterruptTable.Total - interrupts));
            Preemption.Enable();
            for (var end = Clock.Now + 20_000; Clock.Now < end;)
                Cpu.Interleave();
            isDone = true;
        });
        kernel.Run();
        Assert.True(kernel.HasExited(victim));
        Assert.False(Softirq.IsPendingOn(Vector, 0));
        servedByDaemon += byDaemon;
    }

    [Fact]
    public void What_is_raised_while_the_daemon_waits_for_its_turn_does_not_wait_with_it() => Explore.Schedules(cpus: 1, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        SpawnDaemon(kernel, 0);
        Task? server = null;
        Softirq.Register(Vector, _ => server = Task.Current);
        var raiser = kernel.Spawn("raiser", () =>
        {
            Preemption.Disable();
            Softirq.Raise(Vector); // wakes the daemon, which cannot run yet
            Softirq.RunPending();
            Assert.Same(Task.Current, server);
            Preemption.Enable();
        });
        kernel.Run();
        Assert.True(kernel.HasExited(raiser));
    }, schedules: 100);

    [Fact]
    public void Counts_of_interrupts_and_softirqs_are_those_of_what_happened() => Explore.Schedules(cpus: 2, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var lines = new int[2];
        var calls = new int[2];
        var softirqs = new int[2];
        InterruptTable.Register(InterruptLine.Serial, "test", () =>
        {
            lines[Cpu.Id]++;
            Softirq.Raise(SoftirqVector.Block);
        });
        Softirq.Register(SoftirqVector.Block, _ => softirqs[Cpu.Id]++);
        for (var i = 0; i < 2; i++)
        {
            kernel.Spawn($"user{i}", () =>
            {
                for (var n = 0; n < 3; n++)
                {
                    machine.Raise(n & 1, PendingInterrupts.Serial);
                    Cpu.Interleave();
                    CrossCall.Run(CpuSet.FirstN(2), _ => Interlocked.Increment(ref calls[Cpu.Id]));
                }
            });
        }

        kernel.RunAll();
        for (var cpu = 0; cpu < 2; cpu++)
        {
            Assert.Equal(lines[cpu], InterruptTable.CountOf(InterruptLine.Serial, cpu));
            Assert.Equal(softirqs[cpu], Softirq.CountOf(SoftirqVector.Block, cpu));
            Assert.Equal(6, calls[cpu]);
        }

        // Each of the six went to the other CPU once.
        Assert.Equal(6, InterruptTable.CountOf(InterruptKind.Call, 0) + InterruptTable.CountOf(InterruptKind.Call, 1));
    }, schedules: 300);

    [Fact]
    public void Interrupts_in_a_softirq_are_counted_once_in_the_accounts_of_time() => Explore.Schedules(
        new ExploreOptions { Machine = new SimOptions { Cpus = 1, TimeLeaps = false }, Schedules = 50 }, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        long inTopHalf = 0, inSoftirq = 0, before = 0;
        InterruptTable.Register(InterruptLine.Serial, "test", () => inTopHalf += Spend(20_000));
        Softirq.Register(SoftirqVector.Block, _ =>
        {
            before = inTopHalf;
            machine.Raise(0, PendingInterrupts.Serial);
            inSoftirq += Spend(60_000);
        });
        kernel.Spawn("user", () =>
        {
            Softirq.Disable();
            Softirq.Raise(SoftirqVector.Block);
            Softirq.Enable();
        });
        kernel.RunAll();
        var account = CpuStatistics.Of(0);
        Assert.NotEqual(0, inTopHalf);
        Assert.InRange(account.Irq, inTopHalf, inTopHalf + 5_000);
        Assert.InRange(account.Softirq, inSoftirq - inTopHalf - 500, inSoftirq - inTopHalf + 5_000);
    });

    private static long Spend(long nanoseconds)
    {
        var start = Clock.Now;
        while (Clock.Now < start + nanoseconds)
            Cpu.Interleave();
        return Clock.Now - start;
    }
}
