// RCU under every interleaving: nobody sees what was freed, every callback runs, waiters wake, a CPU that idles neither holds a grace period up
// nor is woken for it. Twins: a callback that comes too early, a reader that does not count, a grace period that asks nobody.
using System;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Kernel;
using Xunit;

namespace Jiffy.Tests.Sim.Sync;

public sealed class RcuTests
{
    private static void With(LockFault fault, Action test)
    {
        LockFaults.Set(fault);
        try
        {
            test();
        }
        finally
        {
            LockFaults.Set(LockFault.None);
        }
    }

    private sealed class Version
    {
        public readonly RcuCallback Callback;
        public bool IsFreed;

        public Version() => Callback = new RcuCallback(static version => ((Version)version!).IsFreed = true, this);
    }

    private sealed class Shown
    {
        private Version _now = new();
        public int Reads;

        public void Read()
        {
            using (Rcu.Read())
            {
                var seen = Rcu.Look(ref _now);
                Assert.False(seen.IsFreed, "what was freed can be seen");
                for (var i = 0; i < 3; i++)
                    Cpu.Interleave();
                Assert.False(seen.IsFreed, "freed under its reader");
                Reads++;
            }
        }

        public Version Replace()
        {
            var old = _now;
            Rcu.Publish(ref _now, new Version());
            return old;
        }
    }

    private static SchedulerKernel Boot(SimMachine machine, CpuSet? threadsCpus = null)
    {
        var kernel = new SchedulerKernel(machine);
        kernel.SpawnDaemon("rcu_sched", static () => Rcu.Live(), threadsCpus);
        return kernel;
    }

    private static Action<SimMachine> ReadersAndUpdaters => machine =>
    {
        var kernel = Boot(machine);
        var shown = new Shown();
        var freed = 0;
        for (var i = 0; i < 2; i++)
        {
            kernel.Spawn($"reader{i}", () =>
            {
                for (var round = 0; round < 4; round++)
                {
                    shown.Read();
                    if (round == 1)
                        Scheduler.Yield();
                }
            });
        }

        kernel.Spawn("waiting", () =>
        {
            var old = shown.Replace();
            Rcu.Synchronize();
            old.IsFreed = true;
        });
        kernel.Spawn("calling", () =>
        {
            var first = shown.Replace();
            Rcu.Call(first.Callback);
            var second = shown.Replace();
            Rcu.Call(second.Callback);
            Rcu.Barrier();
            Assert.True(first.IsFreed && second.IsFreed, "the barrier did not wait");
            freed += 2;
        });
        kernel.RunAll();
        Assert.Equal(8, shown.Reads);
        Assert.Equal(2, freed);
        Assert.Equal(2, Rcu.CallbacksRun);
    };

    [Theory]
    [InlineData(1, Strategy.Mixed)]
    [InlineData(2, Strategy.Mixed)]
    [InlineData(3, Strategy.Mixed)]
    [InlineData(2, Strategy.PriorityChanges)]
    public void Nobody_sees_what_was_freed_and_every_callback_runs(int cpus, Strategy strategy) =>
        Explore.Schedules(cpus, ReadersAndUpdaters, schedules: 400, strategy);

    [Theory]
    [InlineData(LockFault.RcuRunsTooEarly)]
    [InlineData(LockFault.RcuReaderNotCounted)]
    [InlineData(LockFault.RcuWaitsForNobody)]
    internal void A_broken_grace_period_is_caught(LockFault broken) =>
        With(broken, () => Explore.FindsFailure(cpus: 2, ReadersAndUpdaters, schedules: 20_000));

    // One reader on each CPU, an updater on CPU 1 that frees what it replaced after a grace period.
    private static Action<SimMachine> TwoReadersAndAnUpdater => machine =>
    {
        var small = new SmallCase(machine);
        var kernel = Boot(machine);
        var shown = new Shown();
        kernel.Spawn("reader0", small.Part(shown.Read), CpuSet.Of(0));
        kernel.Spawn("updater", small.Part(() =>
        {
            var old = shown.Replace();
            Rcu.Synchronize();
            old.IsFreed = true;
        }), CpuSet.Of(1));
        kernel.Spawn("reader1", small.Part(shown.Read), CpuSet.Of(1));
        kernel.RunAll();
        Assert.Equal(2, shown.Reads);
    };

    [Fact]
    public void All_schedules_of_two_readers_and_an_updater_are_safe()
    {
        Explore.All(TwoReadersAndAnUpdater, Explore.Bound(1, 2));
        With(LockFault.RcuWaitsForNobody, () => Explore.AllFindFailure(TwoReadersAndAnUpdater));
    }

    private static ExploreOptions Steady(int cpus, int schedules = 20) =>
        new() { Machine = new SimOptions { Cpus = cpus, TimeLeaps = false }, Schedules = schedules };

    [Fact]
    public void An_idle_CPU_neither_holds_a_grace_period_up_nor_is_woken_for_it() => Explore.Schedules(Steady(4), machine =>
    {
        var kernel = Boot(machine, CpuSet.Of(1));
        kernel.Spawn("updater", () =>
        {
            Sleep.For(20_000_000, TaskState.Uninterruptible); // the others have gone idle
            var events = Alarms();
            var switches = Switches();
            for (var i = 0; i < 10; i++)
                Rcu.Synchronize();
            Assert.InRange(Alarms(), events, events);
            Assert.InRange(Switches(), switches, switches);
        }, CpuSet.Of(0));
        kernel.RunAll();

        static long Alarms() => CpuTimer.Of(2).Events + CpuTimer.Of(3).Events;
        static long Switches() => RunQueue.Of(2).Switches + RunQueue.Of(3).Switches;
    });

    [Fact]
    public void A_busy_CPU_is_waited_for_till_its_tick_and_hurried_in_less() => Explore.Schedules(Steady(2), machine =>
    {
        var kernel = Boot(machine);
        var isDone = false;
        kernel.Spawn("busy", () =>
        {
            while (!isDone)
                Cpu.Relax();
        }, CpuSet.Of(1));
        kernel.Spawn("updater", () =>
        {
            var start = Clock.Now;
            Rcu.Synchronize();
            var patient = Clock.Now - start;
            start = Clock.Now;
            Rcu.SynchronizeExpedited();
            var hurried = Clock.Now - start;
            isDone = true;
            Assert.InRange(patient, 0, 3 * CpuTimer.TickLength);
            Assert.InRange(hurried, 0, 1_000_000);
        }, CpuSet.Of(0));
        kernel.RunAll();
    });

    [Fact]
    public void A_reader_that_does_not_end_is_told() => Explore.Schedules(Steady(2, schedules: 3), machine =>
    {
        var kernel = Boot(machine);
        Jiffy.Kernel.Observe.KernelLog.Init(Jiffy.Kernel.Observe.KernelLog.ShowsAll);
        Rcu.StallSeconds = 1;
        kernel.Spawn("reader", () =>
        {
            using (Rcu.Read())
            {
                var end = Clock.Now + 2_000_000_000;
                while (Clock.Now < end)
                    Cpu.Relax();
            }
        }, CpuSet.Of(1));
        kernel.Spawn("updater", () =>
        {
            Sleep.For(1_000_000, TaskState.Uninterruptible);
            var moment = Rcu.Now;
            Rcu.Synchronize();
            Assert.True(Rcu.HasPassed(moment));
            Assert.True(Clock.Now >= 2_000_000_000);
        }, CpuSet.Of(0));
        kernel.RunAll();
        Assert.Contains("rcu_sched detected stalls on CPUs/tasks", machine.SerialText());
    });

    [Fact]
    public void A_callback_may_queue_itself_again() => Explore.Schedules(cpus: 2, machine =>
    {
        var kernel = Boot(machine);
        var runs = 0;
        RcuCallback callback = null!;
        callback = new RcuCallback(_ =>
        {
            Assert.True(Preemption.InSoftirq);
            if (++runs < 3)
                Rcu.Call(callback);
        }, null);
        kernel.Spawn("caller", () =>
        {
            Rcu.Call(callback);
            for (var i = 0; i < 3; i++)
                Rcu.Barrier();
            Assert.Equal(3, runs);
        });
        kernel.RunAll();
    }, schedules: 300);
}
