// Coarse timers under every interleaving: starting, changing, stopping and waiting beside the callback, on one and more CPUs.
using System;
using System.Threading;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Time;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Kernel;
using Xunit;
using Timer = Jiffy.Kernel.Time.Timer;

namespace Jiffy.Tests.Sim.Time;

public sealed class TimerTests
{
    // What a timer belongs to: it may go when the timer was stopped for good.
    private sealed class Owner
    {
        public readonly Timer Timer;
        public int Fired, Inside, Restarts;
        public bool IsGone;

        public Owner(TimerOptions options = TimerOptions.None) => Timer = new Timer(static timer => ((Owner)timer.Owner!).Fire(), this, options);

        private void Fire()
        {
            Assert.False(IsGone, "the callback runs for an owner that is gone");
            Assert.Equal(1, Interlocked.Increment(ref Inside));
            Cpu.Interleave();
            if (Restarts-- > 0)
                Timer.Start(Jiffies.Now + 1);
            Cpu.Interleave();
            Assert.False(IsGone, "the owner went while the callback ran");
            Interlocked.Decrement(ref Inside);
            Fired++;
        }
    }

    private static SchedulerKernel Boot(SimMachine machine, TimerFault fault = TimerFault.None)
    {
        TimerFaults.Set(fault);
        return new SchedulerKernel(machine);
    }

    private static void AddAgainstStop(SimMachine machine, Func<Timer, bool> stop)
    {
        var kernel = Boot(machine);
        var owner = new Owner { Restarts = 2 };
        kernel.Spawn("starter", () => owner.Timer.Start(Jiffies.Now + 1), CpuSet.Of(0));
        kernel.Spawn("stopper", () =>
        {
            while (!owner.Timer.IsPending && owner.Fired == 0)
                Scheduler.Yield();
            stop(owner.Timer);
            owner.IsGone = true;
        }, CpuSet.Of(1));
        kernel.RunAll();
        Assert.False(owner.Timer.IsPending);
    }

    [Theory]
    [InlineData(Strategy.Mixed, 1500)]
    [InlineData(Strategy.PriorityChanges, 1000)]
    public void When_CancelAndWait_returns_the_callback_has_ended(Strategy strategy, int schedules) => Explore.Schedules(cpus: 2, machine =>
        AddAgainstStop(machine, static timer => timer.CancelAndWait()), schedules, strategy);

    [Fact]
    public void Cancel_without_waiting_lets_the_owner_go_too_early() => Explore.FindsFailure(cpus: 2, machine =>
        AddAgainstStop(machine, static timer => timer.Cancel()));

    [Fact]
    public void Shutting_down_ends_a_timer_that_restarts_itself_and_that_others_start() => Explore.Schedules(cpus: 2, machine =>
    {
        var kernel = Boot(machine);
        var owner = new Owner { Restarts = 100 };
        var mayStart = true;
        kernel.Spawn("starter", () =>
        {
            while (mayStart)
            {
                owner.Timer.Start(Jiffies.Now + 1);
                Scheduler.Yield();
            }
        });
        kernel.Spawn("stopper", () =>
        {
            owner.Timer.ShutDownAndWait();
            owner.IsGone = true;
            Scheduler.Yield();
            mayStart = false;
        });
        kernel.RunAll();
        Assert.False(owner.Timer.IsPending);
    });

    private static void ChangedFromTwoCpus(SimMachine machine, TimerFault fault)
    {
        var kernel = Boot(machine, fault);
        var owner = new Owner();
        for (var cpu = 0; cpu < 2; cpu++)
        {
            kernel.Spawn($"changer{cpu}", () =>
            {
                for (var i = 0; i < 3; i++)
                {
                    owner.Timer.Start(Jiffies.Now + i % 2);
                    Cpu.Interleave();
                    if (i == 1)
                        Sleep.ScheduleTimeoutUninterruptible(1);
                }
            }, CpuSet.Of(cpu));
        }

        kernel.RunAll();
        Assert.InRange(owner.Fired, 1, 6);
        Assert.False(owner.Timer.IsPending);
    }

    [Theory]
    [InlineData(Strategy.Mixed, 1500)]
    [InlineData(Strategy.PriorityChanges, 1000)]
    public void A_timer_changed_from_two_CPUs_never_runs_twice_at_once(Strategy strategy, int schedules) => Explore.Schedules(cpus: 2, static machine =>
        ChangedFromTwoCpus(machine, TimerFault.None), schedules, strategy);

    [Fact]
    public void Moving_a_timer_whose_callback_runs_makes_it_run_twice_at_once() => Explore.FindsFailure(cpus: 2, static machine =>
        ChangedFromTwoCpus(machine, TimerFault.MovesWhileFiring), schedules: 20_000);

    // A timer that starts itself once more is due on CPU 0 when CPU 1 stops it.
    private static Action<SimMachine> StopBesideExpiry(Func<Timer, bool> stop, bool[]? outcomes = null) => machine =>
    {
        var small = new SmallCase(machine);
        var kernel = Boot(machine);
        var owner = new Owner { Restarts = 1 };
        small.Prepare = () =>
        {
            owner.Timer.Start(Jiffies.Now);
            small.HoldNextInterrupt();
        };
        kernel.Spawn("expiring", small.Part(Cpu.EnableInterrupts), CpuSet.Of(0));
        kernel.Spawn("stopper", small.Part(() =>
        {
            stop(owner.Timer);
            owner.IsGone = true;
        }), CpuSet.Of(1));
        kernel.RunAll();
        Assert.False(owner.Timer.IsPending);
        if (outcomes is not null)
            outcomes[owner.Fired] = true;
    };

    [Fact]
    public void All_schedules_of_expiry_and_stop_keep_the_rules()
    {
        var outcomes = new bool[3];
        Explore.All(StopBesideExpiry(static timer => timer.CancelAndWait(), outcomes));
        Assert.True(outcomes[0] && outcomes[1], "stopped before it fires, and after");
        Explore.All(StopBesideExpiry(static timer => timer.ShutDownAndWait()));
        Explore.AllFindFailure(StopBesideExpiry(static timer => timer.Cancel()));
    }

    // Three tasks: on CPU 0 the timer is due; on CPU 1 one changes it and takes a tick, another stops it.
    private static Action<SimMachine> ChangeBesideExpiry(TimerFault fault) => machine =>
    {
        var small = new SmallCase(machine) { InterruptsOffOn = 3 };
        var kernel = Boot(machine, fault);
        var owner = new Owner();
        small.Prepare = () =>
        {
            owner.Timer.Start(Jiffies.Now);
            small.HoldNextInterrupt();
            Cpu.Relax();
            small.HoldNextInterrupt();
        };
        kernel.Spawn("expiring", small.Part(Cpu.EnableInterrupts), CpuSet.Of(0));
        kernel.Spawn("changer", small.Part(() =>
        {
            owner.Timer.Start(Jiffies.Now);
            Cpu.EnableInterrupts();
        }), CpuSet.Of(1));
        kernel.Spawn("stopper", small.Part(() =>
        {
            Cpu.EnableInterrupts();
            owner.Timer.ShutDownAndWait();
        }), CpuSet.Of(1));
        kernel.RunAll();
        Assert.InRange(owner.Fired, 0, 2);
    };

    [Fact]
    public void All_schedules_of_expiry_change_and_stop_run_it_once_at_a_time()
    {
        Explore.All(ChangeBesideExpiry(TimerFault.None), Explore.Bound(1, 2));
        Explore.AllFindFailure(ChangeBesideExpiry(TimerFault.MovesWhileFiring));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_timer_started_on_another_CPU_wakes_it_from_idling(bool cascading) => Explore.Schedules(cpus: 2, machine =>
    {
        var kernel = Boot(machine);
        kernel.OnBoot = () => TimeKeeper.Init(cascading);
        var where = -1;
        long at = 0;
        var timer = new Timer(timer => { where = Cpu.Id; at = Jiffies.Now; }, null);
        kernel.Spawn("starter", () =>
        {
            Sleep.For(30_000_000);
            timer.StartOn(1, Jiffies.Now + 2);
            Sleep.For(100_000_000);
        }, CpuSet.Of(0));
        kernel.RunAll();
        Assert.Equal(1, where);
        Assert.InRange(at, timer.Expires, machine.Options.TimeLeaps ? long.MaxValue : timer.Expires + 1);
    }, schedules: 300);

    [Fact]
    public void A_deferrable_timer_does_not_wake_an_idle_CPU_and_fires_when_that_works_again() =>
        Explore.Schedules(new ExploreOptions { Machine = new SimOptions { Cpus = 1, TimeLeaps = false }, Schedules = 20 }, machine =>
    {
        var kernel = Boot(machine);
        long lazyAt = 0, keenAt = 0;
        var lazy = new Timer(timer => lazyAt = Clock.Now, null, TimerOptions.Deferrable);
        var keen = new Timer(timer => keenAt = Clock.Now, null);
        kernel.Spawn("starter", () =>
        {
            lazy.StartIn(5);
            keen.StartIn(20);
            Sleep.For(1_000_000_000);
            Delay.Milliseconds(10);
        });
        kernel.RunAll();
        Assert.InRange(keenAt, 20 * CpuTimer.TickLength, 23 * CpuTimer.TickLength);
        Assert.InRange(lazyAt, 20 * CpuTimer.TickLength, 1_010_000_000);
    });

    [Fact]
    public void An_irq_safe_callback_runs_with_interrupts_off_and_may_be_stopped_by_an_interrupt() => Explore.Schedules(cpus: 2, machine =>
    {
        var kernel = Boot(machine);
        var wereOn = false;
        var fired = 0;
        var coarse = new Timer(timer => { wereOn |= Cpu.InterruptsOn; fired++; Cpu.Interleave(); }, null, TimerOptions.IrqSafe);
        var fine = new HighResolutionTimer(timer => { coarse.CancelAndWait(); return TimerRestart.No; }, null);
        kernel.Spawn("both", () =>
        {
            coarse.Start(Jiffies.Now + 1);
            fine.StartIn(CpuTimer.TickLength);
            Sleep.For(20_000_000);
        });
        kernel.RunAll();
        Assert.False(wereOn);
        Assert.InRange(fired, 0, 1);
        Assert.False(coarse.IsPending);
    });
}
