// What every policy for ordinary tasks must do, and what the O(1) policy promises beyond that.
using System;
using System.Collections.Generic;
using System.Linq;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Xunit;

namespace Jiffy.Tests.Sim.Kernel;

public sealed class PolicyTests
{
    private const long Second = 1_000_000_000;

    public static TheoryData<string, int> PoliciesAndCpus
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var policy in OrdinaryPolicies.Names.Split(", "))
            {
                foreach (var cpus in new[] { 1, 2, 4 })
                    data.Add(policy, cpus);
            }

            return data;
        }
    }

    public static TheoryData<string> Policies => new(OrdinaryPolicies.Names.Split(", "));

    private static ExploreOptions Steady(int cpus, int step, int schedules) =>
        new() { Machine = new SimOptions { Cpus = cpus, StepNanoseconds = step, TimeLeaps = false }, Schedules = schedules };

    private static SchedulerKernel Boot(SimMachine machine, string policy, PolicyFault fault = PolicyFault.None)
    {
        PolicyFaults.Set(fault);
        return new SchedulerKernel(machine, policy);
    }

    [Theory]
    [MemberData(nameof(PoliciesAndCpus))]
    public void No_task_is_lost_between_yields_sleeps_moves_and_changes(string policy, int cpus) => Explore.Schedules(cpus, machine =>
    {
        var kernel = Boot(machine, policy);
        Assert.Equal(policy, Scheduler.Ordinary.Name);
        var queue = new WaitQueue();
        var isOpen = false;
        var ended = 0;
        var tasks = new List<Task>();
        for (var i = 0; i < 3; i++)
        {
            tasks.Add(kernel.Spawn($"worker{i}", () =>
            {
                Scheduler.Yield();
                queue.WaitEvent(0, _ => isOpen, TaskState.Uninterruptible);
                Scheduler.Yield();
                ended++;
            }, nice: 5 * i));
        }

        kernel.Spawn("other", () =>
        {
            Scheduler.SetNice(tasks[0], 7);
            Scheduler.SetAffinity(tasks[1], CpuSet.Of(Cpu.Count - 1));
            Scheduler.SetPolicy(tasks[2], SchedulingPolicy.SCHED_FIFO, 5, 0, false);
            Scheduler.Yield();
            isOpen = true;
            Cpu.Interleave();
            queue.WakeUpAll();
            Scheduler.SetPolicy(tasks[2], SchedulingPolicy.SCHED_IDLE, 0, 0, false);
        });
        kernel.RunAll();
        Assert.Equal(3, ended);
        Assert.All(Enumerable.Range(0, cpus), cpu => Assert.Equal(0, Scheduler.Ordinary.CountOf(RunQueue.Of(cpu))));
    }, schedules: 150);

    [Theory]
    [MemberData(nameof(Policies))]
    public void Equals_share_alike_and_nobody_waits_long(string policy) => Explore.Schedules(Steady(1, step: 100_000, schedules: 3), machine =>
    {
        var kernel = Boot(machine, policy);
        var tasks = Enumerable.Range(0, 4).Select(i => kernel.Spawn($"busy{i}", () => BusyUntil(8 * Second))).ToArray();
        kernel.RunAll();
        foreach (var task in tasks)
            AssertShare(task, tasks, 0.25);
    });

    private static void AssertShare(Task task, IReadOnlyList<Task> all, double share) =>
        Assert.InRange(task.RunTime / (double)all.Sum(other => other.RunTime), share - 0.02, share + 0.02);

    // So much CPU time, however long that takes.
    private static void Use(long nanoseconds)
    {
        var start = Task.Current.TotalRunTime;
        while (Task.Current.TotalRunTime - start < nanoseconds)
            Cpu.Interleave();
    }

    private static void BusyUntil(long end)
    {
        while (Clock.Now < end)
            Cpu.Interleave();
    }

    [Fact]
    public void O1_turns_are_as_long_as_the_nice_value_says() => Explore.Schedules(Steady(1, step: 100_000, schedules: 3), machine =>
    {
        var kernel = Boot(machine, "o1");
        var nices = new[] { 0, 10, -5 };
        var tasks = nices.Select(nice => kernel.Spawn($"nice{nice}", () => BusyUntil(30 * Second), nice: nice)).ToArray();
        kernel.RunAll();
        AssertShare(tasks[0], tasks, 100.0 / 650);
        AssertShare(tasks[1], tasks, 50.0 / 650);
        AssertShare(tasks[2], tasks, 500.0 / 650);
    });

    // One sleeps most of the time, one computes.
    [Fact]
    public void O1_serves_who_mostly_sleeps_at_once() => Explore.Schedules(Steady(1, step: 50_000, schedules: 3), machine =>
    {
        var kernel = Boot(machine, "o1");
        var latest = 0L;
        kernel.Spawn("busy", () => BusyUntil(6 * Second));
        kernel.Spawn("sleeper", () =>
        {
            for (var i = 0; i < 100; i++)
            {
                var wanted = TimeKeeper.Monotonic + 30_000_000;
                Sleep.Until(wanted, ClockBase.Monotonic, TaskState.Uninterruptible);
                if (i > 50)
                    latest = Math.Max(latest, TimeKeeper.Monotonic - wanted);
            }
        });
        kernel.RunAll();
        Assert.InRange(latest, 0, 5_000_000);
    });

    [Fact]
    public void O1_lets_nobody_starve_for_the_interactive() => Explore.Schedules(Steady(1, step: 40_000, schedules: 1), machine =>
        Assert.InRange(LongestWait(machine, PolicyFault.None), 5 * Second, 17 * Second));

    [Fact]
    public void O1_without_a_limit_for_the_expired_is_caught() => Explore.FindsFailure(Steady(1, step: 40_000, schedules: 1), machine =>
        Assert.InRange(LongestWait(machine, PolicyFault.ExpiredForgotten), 0, 17 * Second));

    // Two compute, so that one is in the expired array when six others begin that would compute two thirds of the time each, and sleep the rest: never
    // all at once, and they look interactive. After eight seconds (one for each task) they, too, have to expire; a busy one that then stands in
    // the active array behind them may have to wait for the next such time.
    private static long LongestWait(SimMachine machine, PolicyFault fault)
    {
        const long End = 24 * Second;
        var kernel = Boot(machine, "o1", fault);
        var longest = 0L;
        for (var i = 0; i < 2; i++)
        {
            kernel.Spawn($"busy{i}", () =>
            {
                for (var last = Clock.Now; last < End;)
                {
                    Cpu.Interleave();
                    var now = Clock.Now;
                    longest = Math.Max(longest, now - last);
                    last = now;
                }
            });
        }

        for (var i = 0; i < 6; i++)
        {
            kernel.Spawn($"chatty{i}", () =>
            {
                Sleep.For(2 * Second, TaskState.Uninterruptible);
                while (Clock.Now < End)
                {
                    Use(10_000_000);
                    Sleep.For(5_000_000, TaskState.Uninterruptible);
                }
            });
        }

        kernel.RunAll();
        return longest;
    }

    [Fact]
    public void O1_forking_gains_no_time() => Explore.Schedules(Steady(1, step: 100_000, schedules: 2), machine =>
        Assert.InRange(ShareOfForker(machine, PolicyFault.None), 0, 0.65));

    [Fact]
    public void O1_whole_turns_for_children_are_caught() => Explore.FindsFailure(Steady(1, step: 100_000, schedules: 2), machine =>
        Assert.InRange(ShareOfForker(machine, PolicyFault.TurnNotDivided), 0, 0.65));

    // One computes; another passes its work on to a child each time it has used half of a turn.
    private static double ShareOfForker(SimMachine machine, PolicyFault fault)
    {
        var kernel = Boot(machine, "o1", fault);
        var passed = new List<Task>();
        var busy = kernel.Spawn("busy", () => BusyUntil(4 * Second));
        passed.Add(kernel.Spawn("forker0", Pass));
        kernel.RunAll();
        var theirs = passed.Sum(task => task.RunTime);
        return theirs / (double)(theirs + busy.RunTime);

        void Pass()
        {
            Use(50_000_000);
            if (Clock.Now >= 4 * Second)
                return;
            passed.Add(kernel.Spawn($"forker{passed.Count}", Pass, parent: Task.Current));
        }
    }
}
