// Orders to kernel threads under every interleaving: a stop is never lost and returns what the thread returned; a parked thread stands still.
using System;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Xunit;
using Task = Jiffy.Kernel.Tasks.Task;

namespace Jiffy.Tests.Sim.Deferred;

public sealed class KernelThreadTests
{
    private static ExploreOptions Options(int cpus, int schedules = 300, Strategy strategy = Strategy.Mixed, int bound = 1) => new()
    {
        Machine = new SimOptions { Cpus = cpus, MemoryBytes = 8 << 20 },
        Schedules = schedules,
        Strategy = strategy,
        PreemptionBound = bound,
    };

    private sealed class Counter
    {
        public int Rounds, Starts;
        public bool MustStandStill, LooksFirst;

        // The loop that the comments of KernelThread.Control ask for, or one that looks for orders before it says that it sleeps.
        public int Run()
        {
            Starts++;
            while (true)
            {
                if (LooksFirst && KernelThread.ShouldStop)
                    return 7;
                Cpu.Interleave();
                Task.Current.SetState(TaskState.Idle);
                if (!LooksFirst && KernelThread.ShouldStop)
                    break;
                if (!KernelThread.ShouldPark)
                    Scheduler.Schedule();
                Task.Current.SetStateRelaxed(TaskState.Running);
                if (KernelThread.ShouldPark)
                    KernelThread.ParkHere();
                Assert.False(MustStandStill, "runs although it is parked");
                Rounds++;
            }

            Task.Current.SetStateRelaxed(TaskState.Running);
            return 7;
        }
    }

    private static Task Make(Counter counter)
    {
        Assert.True(KernelThread.Create("counter"u8, static counter => ((Counter)counter!).Run(), counter).TryGet(out var task));
        return task;
    }

    private static void StopWhileItGoesToSleep(SimMachine machine, bool looksFirst = false)
    {
        var kernel = new WorkKernel(machine);
        var counter = new Counter { LooksFirst = looksFirst };
        Task task = null!;
        kernel.OnReady = () => task = Make(counter);
        var code = 0;
        var used = 0;
        kernel.Spawn("stopper", () =>
        {
            used = TaskTree.TaskPool.Used;
            Scheduler.WakeUpNew(task);
            Scheduler.Yield();
            code = KernelThread.Stop(task);
        });
        kernel.RunAll();
        Assert.True(code == (counter.Starts == 0 ? -(int)Errno.EINTR : 7), $"{code}");
        Assert.Equal(used - 2, TaskTree.TaskPool.Used); // the counter's and the stopper's
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_stop_is_never_lost(int cpus) => Explore.Schedules(Options(cpus), machine => StopWhileItGoesToSleep(machine));

    private static readonly SimOptions s_two = new() { Cpus = 2, MemoryBytes = 8 << 20 };

    // Three tasks: the counter and another one on CPU 0, who stops it on CPU 1. Parked: it is parked first, and let go.
    private static Action<SimMachine> StopOnTheOther(bool looksFirst, bool parks = false) => machine =>
    {
        var small = new SmallCase(machine);
        var kernel = new WorkKernel(machine) { StaysCalm = true };
        var counter = new Counter { LooksFirst = looksFirst };
        Task task = null!;
        kernel.OnReady = () =>
        {
            task = Make(counter);
            task.Affinity = CpuSet.Of(0);
        };
        small.Prepare = () => Scheduler.WakeUpNew(task);
        kernel.Spawn("disturber", small.Part(() => Scheduler.TryToWakeUp(task, TaskState.Normal)), cpu: 0);
        var code = 0;
        kernel.Spawn("stopper", small.Part(() =>
        {
            if (parks)
            {
                Assert.Equal(Errno.None, KernelThread.Park(task));
                counter.MustStandStill = true;
                Cpu.Interleave();
                counter.MustStandStill = false;
                KernelThread.Unpark(task);
            }

            code = KernelThread.Stop(task);
        }), cpu: 1);
        kernel.RunAll();
        Assert.True(code == (counter.Starts == 0 ? -(int)Errno.EINTR : 7), $"{code}");
    };

    [Fact]
    public void A_stop_is_not_lost_under_any_schedule()
    {
        Explore.All(StopOnTheOther(looksFirst: false), Explore.Bound(1, 2), s_two);
        Explore.AllFindFailure(StopOnTheOther(looksFirst: true), bound: 2, s_two);
    }

    [Fact]
    public void A_parked_thread_stands_still_under_any_schedule() =>
        Explore.All(StopOnTheOther(looksFirst: false, parks: true), Explore.Bound(1, 2), s_two);

    [Fact]
    public void A_thread_that_looks_for_orders_before_it_says_that_it_sleeps_misses_one() =>
        Explore.FindsFailure(Options(2, 3000), machine => StopWhileItGoesToSleep(machine, looksFirst: true));

    [Fact]
    public void A_thread_that_never_ran_is_stopped_without_running() => Explore.Schedules(Options(2, 100), machine =>
    {
        var kernel = new WorkKernel(machine);
        var counter = new Counter();
        var code = 0;
        kernel.Spawn("stopper", () => code = KernelThread.Stop(Make(counter)));
        kernel.RunAll();
        Assert.Equal(-(int)Errno.EINTR, code);
        Assert.Equal(0, counter.Starts);
    });

    [Fact]
    public void How_a_thread_ended_can_be_asked_afterwards() => Explore.Schedules(Options(2, 100), machine =>
    {
        var kernel = new WorkKernel(machine);
        var code = 0;
        kernel.Spawn("maker", () =>
        {
            Assert.True(KernelThread.Create("short"u8, static _ => 5).TryGet(out var task));
            task.AddUser();
            Scheduler.WakeUpNew(task);
            Scheduler.Yield();
            code = KernelThread.Stop(task);
            task.Drop();
        });
        kernel.RunAll();
        Assert.True(code is 5 or -(int)Errno.EINTR, $"{code}");
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_parked_thread_stands_still_until_it_may_go_on(int cpus) => Explore.Schedules(Options(cpus), machine =>
    {
        var kernel = new WorkKernel(machine);
        var counter = new Counter();
        Task task = null!;
        var disturbed = true;
        kernel.OnReady = () =>
        {
            task = Make(counter);
            task.AddUser();
        };
        kernel.Spawn("parker", () =>
        {
            Scheduler.WakeUpNew(task);
            for (var i = 0; i < 2; i++)
            {
                Assert.Equal(Errno.None, KernelThread.Park(task));
                counter.MustStandStill = true;
                Assert.Equal(Errno.EBUSY, KernelThread.Park(task));
                Scheduler.TryToWakeUp(task, TaskState.Normal);
                Scheduler.Yield();
                counter.MustStandStill = false;
                KernelThread.Unpark(task);
            }

            disturbed = false;
            Assert.True(KernelThread.Stop(task) == (counter.Starts == 0 ? -(int)Errno.EINTR : 7));
            Assert.Equal(Errno.ENOSYS, KernelThread.Park(task));
            task.Drop();
        });
        kernel.Spawn("disturber", () =>
        {
            for (var i = 0; i < 3 && disturbed; i++)
            {
                Scheduler.TryToWakeUp(task, TaskState.Normal);
                Scheduler.Yield();
            }
        }, cpu: cpus - 1);
        kernel.RunAll();
    });
}
