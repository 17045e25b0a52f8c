// High-resolution timers under every interleaving: start against callback, restart and cancel; clocks that are set; slack; both contexts.
using System;
using System.Collections.Generic;
using System.Threading;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Time;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Kernel;
using Xunit;

namespace Jiffy.Tests.Sim.Time;

public sealed class HighResolutionTimerTests
{
    private sealed class Owner
    {
        public readonly HighResolutionTimer Timer;
        public int Fired, Inside, Restarts;
        public bool IsGone;

        public Owner(TimerContext context) => Timer = new HighResolutionTimer(static timer => ((Owner)timer.Owner!).Fire(), this, context: context);

        private TimerRestart Fire()
        {
            Assert.False(IsGone, "the callback runs for an owner that is gone");
            Assert.Equal(1, Interlocked.Increment(ref Inside));
            Assert.Equal(-1, Timer.TryCancel());
            Cpu.Interleave();
            var again = Restarts-- > 0;
            if (again && !Timer.IsQueued)
                Timer.Forward(TimeKeeper.Monotonic, 1000);
            Cpu.Interleave();
            Assert.False(IsGone, "the owner went while the callback ran");
            Interlocked.Decrement(ref Inside);
            Fired++;
            return again ? TimerRestart.Yes : TimerRestart.No;
        }
    }

    private static SchedulerKernel Boot(SimMachine machine, TimerFault fault = TimerFault.None)
    {
        TimerFaults.Set(fault);
        return new SchedulerKernel(machine);
    }

    private static void StartAgainstCancel(SimMachine machine, TimerContext context, Action<HighResolutionTimer> cancel)
    {
        var kernel = Boot(machine);
        var owner = new Owner(context) { Restarts = 3 };
        var started = 0;
        kernel.Spawn("starter", () =>
        {
            owner.Timer.StartIn(500);
            started++;
            Cpu.Interleave();
        }, CpuSet.Of(0));
        kernel.Spawn("canceller", () =>
        {
            while (started == 0)
                Scheduler.Yield();
            cancel(owner.Timer);
            owner.IsGone = true;
        }, CpuSet.Of(1));
        kernel.RunAll();
        Assert.False(owner.Timer.IsQueued);
    }

    [Theory]
    [InlineData(TimerContext.Hardirq, Strategy.Mixed)]
    [InlineData(TimerContext.Hardirq, Strategy.PriorityChanges)]
    [InlineData(TimerContext.Softirq, Strategy.Mixed)]
    [InlineData(TimerContext.Softirq, Strategy.PriorityChanges)]
    public void When_Cancel_returns_the_callback_has_ended_and_will_not_restart(TimerContext context, Strategy strategy) => Explore.Schedules(cpus: 2,
        machine => StartAgainstCancel(machine, context, static timer => timer.Cancel()), 1000, strategy);

    [Theory]
    [InlineData(TimerContext.Hardirq)]
    [InlineData(TimerContext.Softirq)]
    public void TryCancel_once_is_not_enough(TimerContext context) => Explore.FindsFailure(cpus: 2,
        machine => StartAgainstCancel(machine, context, static timer => timer.TryCancel()));

    [Theory]
    [InlineData(TimerContext.Hardirq)]
    [InlineData(TimerContext.Softirq)]
    public void Started_from_two_CPUs_it_never_runs_twice_at_once_and_none_is_lost(TimerContext context) => Explore.Schedules(cpus: 2, machine =>
    {
        var kernel = Boot(machine);
        var owner = new Owner(context);
        for (var cpu = 0; cpu < 2; cpu++)
        {
            kernel.Spawn($"starter{cpu}", () =>
            {
                for (var i = 0; i < 3; i++)
                {
                    owner.Timer.StartIn(i * 300);
                    Scheduler.Yield();
                }
            }, CpuSet.Of(cpu));
        }

        kernel.RunAll();
        Assert.InRange(owner.Fired, 1, 6);
        Assert.False(owner.Timer.IsQueued);
    }, schedules: 1500);

    // A timer that restarts itself once is due on CPU 0 when CPU 1 cancels it.
    private static Action<SimMachine> CancelBesideExpiry(TimerContext context, Action<HighResolutionTimer> cancel) => machine =>
    {
        var small = new SmallCase(machine);
        var kernel = Boot(machine);
        var owner = new Owner(context) { Restarts = 1 };
        small.Prepare = () =>
        {
            owner.Timer.StartIn(500);
            small.HoldNextInterrupt();
        };
        kernel.Spawn("expiring", small.Part(Cpu.EnableInterrupts), CpuSet.Of(0));
        kernel.Spawn("canceller", small.Part(() =>
        {
            cancel(owner.Timer);
            owner.IsGone = true;
        }), CpuSet.Of(1));
        kernel.RunAll();
        Assert.False(owner.Timer.IsQueued);
    };

    [Theory]
    [InlineData(TimerContext.Hardirq)]
    [InlineData(TimerContext.Softirq)]
    public void All_schedules_of_expiry_and_cancel_keep_the_rules(TimerContext context)
    {
        Explore.All(CancelBesideExpiry(context, static timer => timer.Cancel()));
        Explore.AllFindFailure(CancelBesideExpiry(context, static timer => timer.TryCancel()));
    }

    // Three tasks: the timer is due on CPU 0, two on CPU 1 start it anew and cancel it.
    [Fact]
    public void All_schedules_of_expiry_start_and_cancel_keep_the_rules() => Explore.All(
        machine =>
        {
            var small = new SmallCase(machine);
            var kernel = Boot(machine);
            var owner = new Owner(TimerContext.Hardirq);
            small.Prepare = () =>
            {
                owner.Timer.StartIn(500);
                small.HoldNextInterrupt();
            };
            kernel.Spawn("expiring", small.Part(Cpu.EnableInterrupts), CpuSet.Of(0));
            kernel.Spawn("starter", small.Part(() => owner.Timer.StartIn(500)), CpuSet.Of(1));
            kernel.Spawn("canceller", small.Part(() => owner.Timer.Cancel()), CpuSet.Of(1));
            kernel.RunAll();
            Assert.InRange(owner.Fired, 0, 2);
            Assert.False(owner.Timer.IsQueued);
        });

    private static void EarlierOneLater(SimMachine machine)
    {
        var kernel = Boot(machine);
        var order = new List<int>();
        var far = new HighResolutionTimer(timer => { order.Add(2); return TimerRestart.No; }, null);
        var near = new HighResolutionTimer(timer => { order.Add(1); return TimerRestart.No; }, null);
        kernel.Spawn("starter", () =>
        {
            far.Start(2_000_000, ClockBase.Monotonic);
            near.Start(1_000_000, ClockBase.Monotonic);
            Sleep.ScheduleTimeoutUninterruptible(2);
        });
        kernel.RunAll();
        Assert.Equal([1, 2], order);
    }

    [Fact]
    public void A_new_first_timer_sets_the_alarm() => Explore.Schedules(
        new ExploreOptions { Machine = new SimOptions { Cpus = 1, TimeLeaps = false }, Schedules = 50 }, static machine => EarlierOneLater(machine));

    [Fact]
    public void An_alarm_that_is_not_set_anew_lets_the_timer_come_too_late() => Explore.FindsFailure(cpus: 1, static machine =>
    {
        var kernel = Boot(machine, TimerFault.ForgetsAlarm);
        long late = 0;
        kernel.Spawn("sleeper", () =>
        {
            var end = TimeKeeper.Monotonic + 1_000_000;
            Sleep.Until(end);
            late = TimeKeeper.Monotonic - end;
        });
        kernel.RunAll();
        Assert.InRange(late, 0, 2_000_000);
    }, schedules: 10);

    [Fact]
    public void Neighbours_within_their_slack_share_an_interrupt_and_none_is_early() =>
        Explore.Schedules(new ExploreOptions { Machine = new SimOptions { Cpus = 1, TimeLeaps = false }, Schedules = 20 }, machine =>
    {
        var kernel = Boot(machine);
        var at = new long[3];
        var timers = new HighResolutionTimer[3];
        for (var i = 0; i < 3; i++)
        {
            var index = i;
            timers[i] = new HighResolutionTimer(timer => { at[index] = TimeKeeper.Monotonic; return TimerRestart.No; }, null);
        }

        kernel.Spawn("starter", () =>
        {
            timers[0].Start(10_000_000, ClockBase.Monotonic, slack: 3_000_000);
            timers[1].Start(11_000_000, ClockBase.Monotonic, slack: 1_000_000);
            timers[2].Start(12_500_000, ClockBase.Monotonic);
            Sleep.For(30_000_000);
        });
        kernel.RunAll();
        Assert.InRange(at[0], 12_500_000, 12_520_000); // together with the last, before its own alarm
        Assert.InRange(at[1], 11_000_000, 12_010_000);
        Assert.InRange(at[2], 12_500_000, 12_510_000);
        Assert.InRange(Math.Abs(at[0] - at[2]), 0, 10_000);
    });

    private static void SetTheClock(SimMachine machine, TimerFault fault, ClockBase clock)
    {
        var kernel = Boot(machine, fault);
        const long Hour = 3600L * 1_000_000_000;
        long woke = 0;
        var sleeper = kernel.Spawn("sleeper", () =>
        {
            Sleep.Until(TimeKeeper.RealTime + Hour, clock);
            woke = Clock.Now;
        }, CpuSet.Of(1));
        kernel.Spawn("setter", () =>
        {
            while (!sleeper.SleepTimer.IsQueued)
                Scheduler.Yield();
            TimeKeeper.SetRealTime(TimeKeeper.RealTime + 2 * Hour);
        }, CpuSet.Of(0));
        kernel.RunAll();
        Assert.InRange(woke, 1, Hour / 2);
    }

    [Theory]
    [InlineData(ClockBase.RealTime)]
    [InlineData(ClockBase.Tai)]
    public void Timers_on_real_time_follow_when_the_clock_is_set(ClockBase clock) => Explore.Schedules(
        new ExploreOptions { Machine = new SimOptions { Cpus = 2, TimeLeaps = false }, Schedules = 300 }, machine => SetTheClock(machine, TimerFault.None, clock));

    [Fact]
    public void A_CPU_that_is_not_told_of_the_set_clock_sleeps_on() => Explore.FindsFailure(
        new ExploreOptions { Machine = new SimOptions { Cpus = 2, TimeLeaps = false }, Schedules = 300 },
        static machine => SetTheClock(machine, TimerFault.ForgetsClockSet, ClockBase.RealTime));

    [Fact]
    public void Setting_the_clock_back_makes_a_real_time_sleeper_wait_longer_and_a_monotonic_one_not() =>
        Explore.Schedules(new ExploreOptions { Machine = new SimOptions { Cpus = 2, TimeLeaps = false }, Schedules = 100 }, machine =>
    {
        var kernel = Boot(machine);
        const long Second = 1_000_000_000;
        long real = 0, monotonic = 0;
        kernel.Spawn("real", () => { Sleep.Until(TimeKeeper.RealTime + Second, ClockBase.RealTime); real = Clock.Now; });
        kernel.Spawn("monotonic", () => { Sleep.For(Second); monotonic = Clock.Now; });
        kernel.Spawn("setter", () => { Sleep.For(Second / 2); TimeKeeper.SetRealTime(TimeKeeper.RealTime - 10 * Second); });
        kernel.RunAll();
        Assert.InRange(monotonic, Second, Second + 1_000_000);
        Assert.InRange(real, 11 * Second, 11 * Second + 1_000_000);
    });

    [Fact]
    public void Soft_callbacks_run_in_softirq_context_with_interrupts_on() => Explore.Schedules(cpus: 1, machine =>
    {
        var kernel = Boot(machine);
        var seen = false;
        var timer = new HighResolutionTimer(
            timer =>
            {
                seen = Jiffy.Kernel.Irq.Context.ServingSoftirq && !Jiffy.Kernel.Irq.Context.InHardirq && Cpu.InterruptsOn;
                return TimerRestart.No;
            },
            null, context: TimerContext.Softirq);
        kernel.Spawn("starter", () => { timer.StartIn(1000); Sleep.For(1_000_000); });
        kernel.RunAll();
        Assert.True(seen);
    }, schedules: 200);
}
