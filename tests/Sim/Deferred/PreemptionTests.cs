// The one counter: its levels keep their bits, kernel code is preempted wherever it is zero, and per-CPU variables keep their CPU.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Time;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Kernel;
using Xunit;

namespace Jiffy.Tests.Sim.Deferred;

public sealed class PreemptionTests
{
    private const long Computing = 12_000_000;

    // A kernel thread computes for long; a real-time task wakes up meanwhile. How late it runs, in nanoseconds.
    private static Action<SimMachine> LongComputation(Action<Action> around) => machine =>
    {
        var kernel = new SchedulerKernel(machine);
        kernel.Spawn("computer", () => around(static () =>
        {
            for (var end = Clock.Now + Computing; Clock.Now < end;)
                Cpu.Interleave();
        }));
        kernel.Spawn("sleeper", static () =>
        {
            for (var i = 0; i < 3; i++)
            {
                var deadline = Clock.Now + 3_333_333;
                Sleep.Until(deadline);
                Assert.InRange(Clock.Now - deadline, 0, CpuTimer.TickLength / 2); // a tick that comes at the same time is served first
            }
        }, policy: SchedulingPolicy.SCHED_FIFO, priority: 10);
        kernel.RunAll();
    };

    // Steps are long, since only the time matters; and time does not leap.
    private static ExploreOptions InLongSteps(int schedules) =>
        new() { Machine = new SimOptions { Cpus = 1, TimeLeaps = false, StepNanoseconds = 1000 }, Schedules = schedules };

    [Fact]
    public void A_computing_kernel_thread_gives_way_at_once() => Explore.Schedules(InLongSteps(2), LongComputation(static compute => compute()));

    [Fact]
    public void With_preemption_off_it_does_not() => Explore.FindsFailure(InLongSteps(2), LongComputation(static compute =>
    {
        Preemption.Disable();
        compute();
        Preemption.Enable();
    }));

    [Fact]
    public void With_softirqs_off_it_does_not() => Explore.FindsFailure(InLongSteps(2), LongComputation(static compute =>
    {
        Softirq.Disable();
        compute();
        Softirq.Enable();
    }));

    [Fact]
    public void Turning_on_what_was_not_off_is_a_broken_invariant()
    {
        Broken("preemption turned on", static () => Preemption.EnableNoReschedule());
        Broken("softirqs turned on", static () => Softirq.Enable());
        Broken("softirqs turned on", static () =>
        {
            Preemption.Disable();
            Softirq.Enable();
        });
    }

    [Fact]
    public void Levels_that_overflow_are_a_broken_invariant()
    {
        Broken("preemption turned off too often", static () =>
        {
            for (var i = 0; i < 256; i++)
                Preemption.Disable();
        });
        Broken("softirqs turned off too often", static () =>
        {
            for (var i = 0; i < 128; i++)
                Softirq.Disable();
        });
    }

    private static void Broken(string what, Action action)
    {
        var result = Explore.FindsFailure(cpus: 1, machine =>
        {
            var kernel = new SchedulerKernel(machine);
            kernel.Spawn("breaker", action);
            kernel.RunAll();
        }, schedules: 1);
        Assert.Contains(what, result.Failure!.Reason);
    }

    private static Action<SimMachine> CountOnEachCpu(Action<PerCpu<int>> count) => machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var counts = PerCpu<int>.Create();
        for (var i = 0; i < 3; i++)
        {
            kernel.Spawn($"counter{i}", () =>
            {
                for (var n = 0; n < 3; n++)
                    count(counts);
            }, nice: i);
        }

        kernel.RunAll();
        Assert.Equal(9, counts.Of(0) + counts.Of(1));
    };

    [Fact]
    public void A_per_CPU_variable_is_its_user_s_alone() => Explore.Schedules(cpus: 2, CountOnEachCpu(static counts =>
    {
        using var here = counts.Get();
        var value = here.Value;
        Cpu.Interleave();
        here.Value = value + 1;
    }), schedules: 500);

    [Fact]
    public void Without_its_guard_a_per_CPU_variable_is_another_s_too() => Explore.FindsFailure(cpus: 2, CountOnEachCpu(static counts =>
    {
        ref var here = ref counts.Of(Cpu.Id);
        var value = here;
        Cpu.Interleave();
        here = value + 1;
    }));

    [Fact]
    public void Here_without_preemption_off_is_a_broken_invariant() => Broken("where the task may move", static () => PerCpu<int>.Create().Here++);
}
