// Tasklets under every interleaving: nothing asked for is lost, no handler runs twice at once, disabling and killing wait.
// Each property also on a twin that breaks the rule it rests on.
using System;
using System.Threading;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Kernel;
using Xunit;

namespace Jiffy.Tests.Sim.Deferred;

public sealed class TaskletTests
{
    /// <summary>What the tests ask of a tasklet; the kernel's and the twin's.</summary>
    private sealed record Subject(Action Schedule, Action Serve, Action Disable, Action Enable);

    private static Subject Real(SimMachine machine, Action handler)
    {
        _ = new SchedulerKernel(machine);
        var tasklet = new Tasklet(_ => handler());
        return new Subject(() => tasklet.Schedule(), Softirq.RunPending, tasklet.Disable, tasklet.Enable);
    }

    private static Func<SimMachine, Action, Subject> Twin(TaskletFault fault) => (_, handler) =>
    {
        var tasklet = new TwinTasklet(handler, fault);
        return new Subject(tasklet.Schedule, tasklet.Serve, tasklet.Disable, tasklet.Enable);
    };

    // A run after each asking sees what was asked for.
    private static Action<SimMachine> NothingIsLost(Func<SimMachine, Action, Subject> make) => machine =>
    {
        int wanted = 0, seen = 0;
        var subject = make(machine, () =>
        {
            var now = Volatile.Read(ref wanted);
            Cpu.Interleave();
            Volatile.Write(ref seen, now);
        });
        var both = () =>
        {
            Interlocked.Increment(ref wanted);
            subject.Schedule();
            for (subject.Serve(); Volatile.Read(ref seen) != 2; subject.Serve())
                Cpu.Relax();
        };
        machine.RunBodies(both, both);
    };

    private static Action<SimMachine> NeverTwiceAtOnce(Func<SimMachine, Action, Subject> make) => machine =>
    {
        int inside = 0, runs = 0;
        var subject = make(machine, () =>
        {
            Assert.Equal(1, ++inside);
            Cpu.Interleave();
            inside--;
            runs++;
        });
        var both = () =>
        {
            subject.Schedule();
            for (subject.Serve(); Volatile.Read(ref runs) == 0; subject.Serve())
                Cpu.Relax();
        };
        machine.RunBodies(both, both);
        Assert.InRange(runs, 1, 2);
    };

    private static Action<SimMachine> DisablingWaits(Func<SimMachine, Action, Subject> make) => machine =>
    {
        int inside = 0, runs = 0;
        var subject = make(machine, () =>
        {
            inside++;
            Cpu.Interleave();
            inside--;
            runs++;
        });
        machine.RunBodies(
            () =>
            {
                subject.Schedule();
                for (subject.Serve(); Volatile.Read(ref runs) == 0; subject.Serve())
                    Cpu.Relax();
            },
            () =>
            {
                subject.Disable();
                var before = runs;
                Assert.Equal(0, inside);
                Cpu.Interleave();
                Assert.Equal(0, inside);
                Assert.Equal(before, runs);
                subject.Enable();
            });
        Assert.Equal(1, runs);
    };

    [Fact]
    public void What_is_asked_for_while_it_runs_is_another_run()
    {
        Explore.Schedules(cpus: 2, NothingIsLost(Real), schedules: 600);
        Explore.Schedules(cpus: 2, NothingIsLost(Twin(TaskletFault.None)), schedules: 600);
    }

    [Fact]
    public void Clearing_the_pending_flag_too_late_loses_a_run() => Explore.FindsFailure(cpus: 2, NothingIsLost(Twin(TaskletFault.ClearsLate)));

    [Fact]
    public void A_tasklet_runs_on_one_CPU_at_a_time() => Explore.Schedules(cpus: 2, NeverTwiceAtOnce(Real), schedules: 600);

    [Fact]
    public void Without_its_running_bit_a_tasklet_runs_on_two_CPUs() => Explore.FindsFailure(cpus: 2, NeverTwiceAtOnce(Twin(TaskletFault.NoRunningBit)));

    [Fact]
    public void Disabling_waits_for_a_run_under_way() => Explore.Schedules(cpus: 2, DisablingWaits(Real), schedules: 600);

    [Fact]
    public void Disabling_without_waiting_is_caught() => Explore.FindsFailure(cpus: 2, DisablingWaits(Twin(TaskletFault.DisableDoesNotWait)));

    [Fact]
    public void All_schedules_of_two_CPUs_keep_the_rules()
    {
        Exhaust(NothingIsLost(Real));
        Exhaust(NeverTwiceAtOnce(Real));
        Exhaust(DisablingWaits(Real));
    }

    private static void Exhaust(Action<SimMachine> body) => Assert.True(Explore.Schedules(
        new ExploreOptions { Machine = new SimOptions { Cpus = 2 }, Schedules = 50_000, Strategy = Strategy.Exhaustive, PreemptionBound = 2 }, body).IsComplete);

    [Fact]
    public void Scheduled_twice_before_it_runs_it_runs_once_and_high_ones_run_first() => Explore.Schedules(cpus: 1, machine =>
    {
        _ = new SchedulerKernel(machine);
        var order = "";
        var low = new Tasklet(_ => order += "l");
        var high = new Tasklet(_ => order += "h");
        var first = new Tasklet(t => order += (string)t.Data!, "f");
        machine.RunBodies(() =>
        {
            Softirq.Disable();
            Assert.True(low.Schedule());
            Assert.False(low.Schedule());
            Assert.False(low.ScheduleHigh());
            Assert.True(high.ScheduleHigh());
            Assert.True(first.ScheduleHighFirst());
            Assert.True(low.IsScheduled);
            Softirq.Enable();
        });
        Assert.Equal("fhl", order);
        Assert.False(low.IsScheduled || high.IsScheduled || first.IsRunning);
    }, schedules: 50);

    [Fact]
    public void A_disabled_tasklet_stays_pending_without_work_and_runs_where_it_was_scheduled() => Explore.Schedules(cpus: 2, machine =>
    {
        _ = new SchedulerKernel(machine);
        var ranOn = -1;
        var isEnabled = false;
        var tasklet = new Tasklet(_ => { Assert.True(isEnabled); ranOn = Cpu.Id; }, isDisabled: true);
        tasklet.DisableNoSync();
        machine.RunBodies(
            () =>
            {
                Softirq.Disable();
                tasklet.Schedule();
                Softirq.Enable();
                Assert.True(tasklet.IsScheduled || isEnabled);
                Assert.False(Softirq.IsPendingOn(SoftirqVector.Tasklet, 0) && !isEnabled);
                while (Volatile.Read(ref ranOn) < 0)
                    Cpu.Relax();
            },
            () =>
            {
                tasklet.Enable();
                while (!tasklet.IsScheduled)
                    Cpu.Relax();
                isEnabled = true;
                tasklet.Enable();
            });
        Assert.Equal(0, ranOn);
    }, schedules: 600);

    [Fact]
    public void A_tasklet_that_schedules_itself_runs_again_each_time() => Explore.Schedules(cpus: 1, machine =>
    {
        _ = new SchedulerKernel(machine);
        var runs = 0;
        var tasklet = new Tasklet(t =>
        {
            if (++runs < 25)
                Assert.True(t.Schedule());
        });
        machine.RunBodies(() =>
        {
            tasklet.Schedule();
            for (var rounds = 0; Volatile.Read(ref runs) < 25; rounds++)
            {
                var before = runs;
                Softirq.RunPending();
                Assert.InRange(runs - before, 1, Softirq.MostRounds);
            }
        });
        Assert.Equal(25, Softirq.CountOf(SoftirqVector.Tasklet, 0));
    }, schedules: 50);

    private static Action<SimMachine> KillingWaits(Action<Tasklet> kill) => machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var isDead = false;
        var isScheduled = false;
        var tasklet = new Tasklet(_ =>
        {
            Assert.False(isDead);
            Cpu.Interleave();
            Assert.False(isDead);
        });
        kernel.Spawn("scheduler", () =>
        {
            tasklet.Schedule();
            Volatile.Write(ref isScheduled, true);
            Softirq.RunPending();
        }, CpuSet.Of(0));
        kernel.Spawn("killer", () =>
        {
            while (!Volatile.Read(ref isScheduled))
                Cpu.Relax();
            kill(tasklet);
            isDead = true;
            Assert.False(tasklet.IsScheduled || tasklet.IsRunning);
        }, CpuSet.Of(1));
        kernel.RunAll();
        Assert.True(isDead);
    };

    [Fact]
    public void Killing_waits_until_it_neither_waits_nor_runs() => Explore.Schedules(cpus: 2, KillingWaits(static tasklet => tasklet.Kill()), schedules: 400);

    [Fact]
    public void Killing_that_does_not_wait_for_the_run_is_caught() => Explore.FindsFailure(cpus: 2, KillingWaits(static tasklet =>
    {
        while (tasklet.IsScheduled)
            Scheduler.Yield();
    }));

    [Fact]
    public void Killing_a_disabled_tasklet_forgets_it_and_it_can_be_used_again() => Explore.Schedules(cpus: 2, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var runs = 0;
        var tasklet = new Tasklet(_ => runs++, isDisabled: true);
        kernel.Spawn("killer", () =>
        {
            tasklet.Schedule();
            tasklet.Kill();
            tasklet.Enable();
            Softirq.RunPending();
            Assert.Equal(0, runs);
            Assert.True(tasklet.Schedule());
            tasklet.Kill();
            Assert.Equal(1, runs);
        });
        kernel.RunAll();
    }, schedules: 200);
}
