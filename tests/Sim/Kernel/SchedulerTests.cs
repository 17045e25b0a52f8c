// The scheduler, wait queues and locks under every interleaving, on one and more CPUs.
using System;
using System.Collections.Generic;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Xunit;

namespace Jiffy.Tests.Sim.Kernel;

public sealed class SchedulerTests
{
    private readonly struct TestRank : ILockRank
    {
        public static LockRank Rank => LockRank.FileContents;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Every_task_runs_and_ends(int cpus) => Explore.Schedules(cpus, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var ran = 0;
        for (var i = 0; i < 5; i++)
            kernel.Spawn($"task{i}", () => { Scheduler.Yield(); ran++; });
        kernel.RunAll();
        Assert.Equal(5, ran);
    }, schedules: 500);

    private sealed class Gate
    {
        public readonly WaitQueue Queue = new();
        public bool IsOpen;

        public void Open()
        {
            IsOpen = true;
            Cpu.Interleave();
            Queue.WakeUpAll();
        }

        public Errno Wait() => Queue.WaitEvent(this, static gate => gate.IsOpen, TaskState.Uninterruptible);

        public void WaitTestingBeforeQueueing()
        {
            var entry = Task.Current.OwnWait;
            while (!IsOpen)
            {
                Cpu.Interleave();
                Queue.PrepareToWait(entry, TaskState.Uninterruptible);
                Scheduler.Schedule();
            }

            Queue.FinishWait(entry);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_sleeper_never_misses_the_wake_up(int cpus) => Explore.Schedules(cpus, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var gate = new Gate();
        kernel.Spawn("sleeper1", () => gate.Wait());
        kernel.Spawn("sleeper2", () => gate.Wait());
        kernel.Spawn("opener", gate.Open);
        kernel.RunAll();
    });

    [Fact]
    public void Testing_before_queueing_loses_the_wake_up() => Explore.FindsFailure(cpus: 2, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var gate = new Gate();
        kernel.Spawn("sleeper", gate.WaitTestingBeforeQueueing);
        kernel.Spawn("opener", gate.Open);
        kernel.RunAll();
    });

    private sealed class Shared
    {
        public Mutex<TestRank> Mutex;
        public int Value, Inside;

        public void Add()
        {
            using (Mutex.Acquire())
            {
                Assert.Equal(1, ++Inside);
                var value = Value;
                Scheduler.Yield();
                Value = value + 1;
                Inside--;
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_mutex_lets_one_task_in_at_a_time(int cpus) => Explore.Schedules(cpus, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var shared = new Shared();
        for (var i = 0; i < 3; i++)
            kernel.Spawn($"adder{i}", () => { shared.Add(); shared.Add(); });
        kernel.RunAll();
        Assert.Equal(6, shared.Value);
        Assert.False(shared.Mutex.IsHeld);
    });

    [Fact]
    public void A_waiter_that_was_passed_over_is_handed_the_mutex() => Explore.Schedules(cpus: 1, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var shared = new Shared();
        var greedy = 0;
        var taken = false;
        kernel.Spawn("greedy", () =>
        {
            for (; greedy < 1000 && !taken; greedy++)
            {
                using (shared.Mutex.Acquire())
                    Scheduler.Yield();
            }
        });
        kernel.Spawn("patient", () =>
        {
            using (shared.Mutex.Acquire())
                taken = true;
        });
        kernel.RunAll();
        Assert.InRange(greedy, 0, 10);
    }, schedules: 300);

    [Fact]
    public void An_interruptible_mutex_wait_ends_with_the_signal() => Explore.Schedules(cpus: 2, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var shared = new Shared();
        var result = Errno.None;
        var waiter = kernel.Spawn("waiter", () =>
        {
            result = shared.Mutex.AcquireInterruptible();
            if (result == Errno.None)
                shared.Mutex.Release();
        });
        kernel.Spawn("owner", () =>
        {
            using (shared.Mutex.Acquire())
            {
                WorkFlag.Set(waiter, WorkFlag.SignalPending);
                Scheduler.TryToWakeUp(waiter, TaskState.Interruptible);
                Scheduler.Yield();
            }
        });
        kernel.RunAll();
        Assert.True(result is Errno.None or Errno.ERESTARTSYS);
        Assert.False(shared.Mutex.IsHeld);
    });

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Exclusive_sleepers_wake_one_by_one_and_none_is_forgotten(int cpus) => Explore.Schedules(cpus, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var semaphore = new Jiffy.Kernel.Sync.Semaphore(0);
        var downs = 0;
        for (var i = 0; i < 3; i++)
            kernel.Spawn($"down{i}", () => { semaphore.Down(); Interlocked.Increment(ref downs); });
        kernel.Spawn("up", () => { semaphore.Up(); semaphore.Up(); semaphore.Up(); });
        kernel.RunAll();
        Assert.Equal(3, downs);
        Assert.Equal(0, semaphore.Count);
    });

    [Fact]
    public void A_signalled_exclusive_sleeper_passes_its_wake_up_on() => Explore.Schedules(cpus: 2, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var semaphore = new Jiffy.Kernel.Sync.Semaphore(0);
        var interrupted = false;
        var victim = kernel.Spawn("victim", () => interrupted = semaphore.Down(TaskState.Interruptible) != Errno.None);
        var other = kernel.Spawn("other", () => semaphore.Down());
        kernel.Spawn("actor", () =>
        {
            semaphore.Up();
            WorkFlag.Set(victim, WorkFlag.SignalPending);
            Scheduler.TryToWakeUp(victim, TaskState.Interruptible);
        });
        kernel.Run();
        Assert.True(kernel.HasExited(victim));
        Assert.True(!interrupted || kernel.HasExited(other), "the unit that nobody took woke nobody");
    });

    [Fact]
    public void Two_busy_tasks_run_on_two_CPUs() => Explore.Schedules(Steady(2), machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var both = new bool[2];
        var ends = false;
        for (var i = 0; i < 2; i++)
        {
            kernel.Spawn($"busy{i}", () =>
            {
                var end = Clock.Now + 2_000_000;
                while (!ends && Clock.Now < end)
                {
                    both[Cpu.Id] = true;
                    ends |= both[0] && both[1];
                    Cpu.Relax();
                }
            });
        }

        kernel.RunAll();
        Assert.True(ends);
    });

    [Fact]
    public void On_one_CPU_busy_tasks_share_it_by_weight() => Explore.Schedules(Steady(1, step: 100_000, schedules: 5), machine =>
    {
        var kernel = new SchedulerKernel(machine);
        const long End = 3_000_000_000;
        var first = kernel.Spawn("nice0", () => BusyUntil(End));
        var second = kernel.Spawn("nice0b", () => BusyUntil(End));
        var third = kernel.Spawn("nice5", () => BusyUntil(End), nice: 5);
        kernel.RunAll();
        var total = first.RunTime + second.RunTime + third.RunTime;
        AssertShare(first, total, 1024.0 / 2383);
        AssertShare(second, total, 1024.0 / 2383);
        AssertShare(third, total, 335.0 / 2383);
    });

    private static void AssertShare(Task task, long total, double share) => Assert.InRange(task.RunTime / (double)total, share - 0.03, share + 0.03);

    private static void BusyUntil(long end)
    {
        while (Clock.Now < end)
            Cpu.Interleave();
    }

    [Fact]
    public void A_real_time_task_runs_before_an_ordinary_one_and_leaves_it_a_little() => Explore.Schedules(Steady(1, step: 100_000, schedules: 5), machine =>
    {
        var kernel = new SchedulerKernel(machine);
        const long End = 4_000_000_000;
        var ordinary = kernel.Spawn("ordinary", () => BusyUntil(End));
        var urgent = kernel.Spawn("urgent", () => BusyUntil(End), policy: SchedulingPolicy.SCHED_FIFO, priority: 10);
        kernel.RunAll();
        Assert.InRange(urgent.RunTime / (double)(urgent.RunTime + ordinary.RunTime), 0.9, 0.97);
    });

    [Fact]
    public void Affinity_moves_waiting_running_and_new_tasks() => Explore.Schedules(Steady(2, schedules: 300), machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var wrong = 0;
        kernel.Spawn("mover", () =>
        {
            for (var i = 0; i < 4; i++)
            {
                Assert.Equal(Errno.None, Scheduler.SetAffinity(Task.Current, CpuSet.Of(i & 1)));
                Scheduler.Yield();
                if (Cpu.Id != (i & 1))
                    wrong++;
            }
        });
        var target = kernel.Spawn("moved", () =>
        {
            while (Task.Current.Affinity.Contains(0) || Cpu.Id == 0)
            {
                Cpu.Relax();
                Scheduler.Yield();
            }
        });
        kernel.Spawn("other", () => Scheduler.SetAffinity(target, CpuSet.Of(1)));
        kernel.RunAll();
        Assert.Equal(0, wrong);
        Assert.Equal(1, target.CpuIndex);
    });

    [Fact]
    public void Timers_fire_in_order_and_not_early() => Explore.Schedules(Steady(2, schedules: 100), machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var order = new List<int>();
        foreach (var milliseconds in new[] { 30, 10, 20, 5 })
        {
            kernel.Spawn($"sleep{milliseconds}", () =>
            {
                var start = Clock.Now;
                Sleep.For(milliseconds * 1_000_000L);
                Assert.True(Clock.Now - start >= milliseconds * 1_000_000L);
                order.Add(milliseconds);
            });
        }

        kernel.RunAll();
        Assert.Equal([5, 10, 20, 30], order);
        Assert.InRange(machine.Now, 30_000_000, 31_000_000);
    });

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void A_sleeper_disturbed_on_its_way_is_still_woken_by_its_timer(int cpus) => Explore.Schedules(cpus, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var sleeper = kernel.Spawn("sleeper", () => Sleep.For(50_000));
        kernel.Spawn("disturber", () =>
        {
            for (var i = 0; i < 3; i++)
            {
                Scheduler.SetAffinity(sleeper, CpuSet.Of(i & 1));
                Scheduler.TryToWakeUp(sleeper, TaskState.Interruptible);
                Scheduler.Yield();
            }
        });
        kernel.RunAll();
    }, schedules: 3000);

    [Fact]
    public void A_time_out_ends_a_wait_and_a_wake_up_beats_it() => Explore.Schedules(cpus: 2, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var never = new Gate();
        var soon = new Gate();
        Errno late = Errno.None, early = Errno.None;
        kernel.Spawn("late", () => late = never.Queue.WaitEventUntil(never, static g => g.IsOpen, Clock.Now + 1_000_000));
        kernel.Spawn("early", () => early = soon.Queue.WaitEventUntil(soon, static g => g.IsOpen, Clock.Now + 10_000_000_000));
        kernel.Spawn("opener", soon.Open);
        kernel.RunAll();
        Assert.Equal(Errno.ETIMEDOUT, late);
        Assert.True(early == Errno.None || machine.Now >= 10_000_000_000);
    });

    [Fact]
    public void A_sleeping_system_has_no_ticks()
    {
        Explore.Schedules(Steady(2, schedules: 3), machine =>
        {
            var kernel = new SchedulerKernel(machine);
            kernel.Spawn("sleeper", () => Sleep.For(10_000_000_000));
            kernel.RunAll();
            Assert.InRange(machine.Steps, 0, 2000);
        });
    }

    [Fact]
    public void A_wrong_lock_order_is_found_without_a_second_CPU() => Explore.FindsFailure(cpus: 1, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var queue = new WaitQueue();
        kernel.Spawn("wrong", () =>
        {
            SpinLock<PoolRank, IrqsOff> leaf = default;
            using (leaf.Acquire())
                queue.WakeUp();
        });
        kernel.RunAll();
    }, schedules: 2);

    [Fact]
    public void Sleeping_with_a_spin_lock_is_found() => Explore.FindsFailure(cpus: 1, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var gate = new Gate { IsOpen = true };
        kernel.Spawn("wrong", () =>
        {
            SpinLock<PoolRank, PreemptionOff> leaf = default;
            using (leaf.Acquire())
                gate.Wait();
        });
        kernel.RunAll();
    }, schedules: 2);

    private static ExploreOptions Steady(int cpus, int step = 20, int schedules = 200) => new()
    {
        Machine = new SimOptions { Cpus = cpus, TimeLeaps = false, StepNanoseconds = step },
        Schedules = schedules,
    };
}
