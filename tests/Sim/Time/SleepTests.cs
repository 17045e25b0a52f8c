// Sleeping for a time in its variants: full length, ticks left, wake-ups and signals, and the sleeper that looks too early.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Kernel;
using Xunit;

namespace Jiffy.Tests.Sim.Time;

public sealed class SleepTests
{
    private static ExploreOptions Steady(int cpus, int schedules = 50) =>
        new() { Machine = new SimOptions { Cpus = cpus, TimeLeaps = false }, Schedules = schedules };

    [Theory]
    [InlineData(TaskState.Interruptible)]
    [InlineData(TaskState.Uninterruptible)]
    [InlineData(TaskState.Killable)]
    [InlineData(TaskState.Idle)]
    public void A_time_out_lasts_its_ticks_and_leaves_none(TaskState state) => Explore.Schedules(Steady(1), machine =>
    {
        var kernel = new SchedulerKernel(machine);
        kernel.Spawn("sleeper", () =>
        {
            Delay.Microseconds(1500);
            var start = Clock.Now;
            Assert.Equal(0, Sleep.ScheduleTimeout(3, state));
            Assert.InRange(Clock.Now - start, 3 * CpuTimer.TickLength, 5 * CpuTimer.TickLength);
            Assert.Equal(TaskState.Running, Jiffy.Kernel.Tasks.Task.Current.State);
        });
        kernel.RunAll();
    });

    [Theory]
    [InlineData(Strategy.Mixed, 1500)]
    [InlineData(Strategy.PriorityChanges, 500)]
    public void Time_out_wake_up_and_signal_may_come_in_any_order(Strategy strategy, int schedules) => Explore.Schedules(cpus: 2, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        long left = -1;
        var sleeper = kernel.Spawn("sleeper", () =>
        {
            left = Sleep.ScheduleTimeoutInterruptible(2);
            Assert.False(Jiffy.Kernel.Tasks.Task.Current.TimeoutTimer.IsPending);
            Sleep.ScheduleTimeoutUninterruptible(1); // a stale time-out must not end this one
        });
        kernel.Spawn("waker", () => Scheduler.TryToWakeUp(sleeper, TaskState.Interruptible));
        kernel.Spawn("signaller", () =>
        {
            WorkFlag.Set(sleeper, WorkFlag.SignalPending);
            Scheduler.TryToWakeUp(sleeper, TaskState.Interruptible);
        });
        kernel.RunAll();
        Assert.InRange(left, 0, 2);
    }, schedules, strategy);

    // Three tasks: one sleeps on CPU 0, on CPU 1 one wakes it and another signals it; the time-out may come at any step.
    private static System.Action<SimMachine> TimeOutAndWakeUps(bool isBroken) => machine =>
    {
        var small = new SmallCase(machine);
        var kernel = new SchedulerKernel(machine);
        long left = 0;
        var sleeper = kernel.Spawn("sleeper", small.Part(() =>
        {
            if (isBroken)
                SleepTestingFirst(1000);
            else
                left = Sleep.ScheduleTimeoutInterruptible(1);
        }), CpuSet.Of(0));
        kernel.Spawn("waker", small.Part(() => Scheduler.TryToWakeUp(sleeper, TaskState.Normal)), CpuSet.Of(1));
        kernel.Spawn("signaller", small.Part(() =>
        {
            WorkFlag.Set(sleeper, WorkFlag.SignalPending);
            Scheduler.TryToWakeUp(sleeper, TaskState.Interruptible);
        }), CpuSet.Of(1));
        kernel.RunAll();
        Assert.InRange(left, 0, 1);
        Assert.False(sleeper.TimeoutTimer.IsPending);
    };

    [Fact]
    public void All_orders_of_time_out_wake_up_and_signal_end_the_sleep()
    {
        Explore.All(TimeOutAndWakeUps(isBroken: false), Explore.Bound(1, 2));
        Explore.AllFindFailure(TimeOutAndWakeUps(isBroken: true));
    }

    [Fact]
    public void Forever_ends_only_by_a_wake_up_and_a_negative_time_at_once() => Explore.Schedules(cpus: 2, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var isThere = false;
        var sleeper = kernel.Spawn("sleeper", () =>
        {
            Assert.Equal(0, Sleep.ScheduleTimeoutUninterruptible(-1));
            isThere = true;
            Assert.Equal(Sleep.Forever, Sleep.ScheduleTimeoutUninterruptible(Sleep.Forever));
        });
        kernel.Spawn("waker", () =>
        {
            while (!isThere || !Scheduler.TryToWakeUp(sleeper, TaskState.Normal))
                Scheduler.Yield();
        });
        kernel.RunAll();
    }, schedules: 500);

    [Fact]
    public void A_millisecond_sleep_defies_wake_ups_and_an_interruptible_one_tells_the_rest() => Explore.Schedules(Steady(2), machine =>
    {
        var kernel = new SchedulerKernel(machine);
        long slept = 0, rest = -1;
        var deaf = kernel.Spawn("deaf", () =>
        {
            var start = Clock.Now;
            Sleep.Milliseconds(40);
            slept = Clock.Now - start;
        });
        var alert = kernel.Spawn("alert", () => rest = Sleep.MillisecondsInterruptible(1000));
        kernel.Spawn("disturber", () =>
        {
            Sleep.For(20_000_000);
            Scheduler.TryToWakeUp(deaf, TaskState.Normal);
            WorkFlag.Set(alert, WorkFlag.SignalPending);
            Scheduler.TryToWakeUp(alert, TaskState.Interruptible);
        });
        kernel.RunAll();
        Assert.InRange(slept, 40_000_000, 60_000_000);
        Assert.InRange(rest, 950, 990);
    });

    [Fact]
    public void Flexible_waits_last_at_least_what_was_asked_for() => Explore.Schedules(Steady(1), machine =>
    {
        var kernel = new SchedulerKernel(machine);
        kernel.Spawn("sleeper", () =>
        {
            foreach (var microseconds in new[] { 3L, 300L, 30_000L })
            {
                var start = Clock.Now;
                Sleep.MicrosecondsFlexibly(microseconds);
                Assert.InRange(Clock.Now - start, microseconds * 1000, 2 * microseconds * 1000 + 2 * CpuTimer.TickLength);
            }
        });
        kernel.RunAll();
    });

    // The broken twin: looks whether the time has come, and only then says that it sleeps.
    private static void SleepTestingFirst(long nanoseconds)
    {
        var current = Jiffy.Kernel.Tasks.Task.Current;
        var timer = current.SleepTimer;
        timer.StartIn(nanoseconds);
        while (timer.IsQueued)
        {
            Cpu.Interleave();
            current.SetState(TaskState.Uninterruptible);
            Scheduler.Schedule();
        }

        timer.Cancel();
    }

    [Fact]
    public void A_sleeper_that_looks_before_it_sets_its_state_sleeps_for_ever() => Explore.FindsFailure(cpus: 1, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        kernel.Spawn("sleeper", () => SleepTestingFirst(1000));
        kernel.RunAll();
    });

    [Fact]
    public void A_sleeper_that_looks_afterwards_does_not() => Explore.Schedules(cpus: 1, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        kernel.Spawn("sleeper", () => Sleep.For(1000, TaskState.Uninterruptible));
        kernel.RunAll();
    });

    [Fact]
    public void A_better_task_that_its_timer_wakes_preempts_at_once() => Explore.Schedules(Steady(1), machine =>
    {
        var kernel = new SchedulerKernel(machine);
        long late = -1;
        kernel.Spawn("urgent", () =>
        {
            var end = TimeKeeper.Monotonic + 10_500_000;
            Sleep.Until(end);
            late = TimeKeeper.Monotonic - end;
        }, policy: SchedulingPolicy.SCHED_FIFO, priority: 5);
        kernel.Spawn("busy", () =>
        {
            while (Clock.Now < 30_000_000)
                Cpu.Interleave();
        });
        kernel.RunAll();
        Assert.InRange(late, 0, 20_000); // well before the next tick, and without slack
    });
}
