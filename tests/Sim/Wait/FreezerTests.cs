// The freezer under many schedules: freezable kernel threads stand still wherever they were, asleep or running, others go on; an event that comes meanwhile is
// seen after the thaw; and the broken twins are caught.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Deferred;
using Xunit;
using Task = Jiffy.Kernel.Tasks.Task;

namespace Jiffy.Tests.Sim.Wait;

public sealed class FreezerTests
{
    private sealed class World
    {
        public readonly WaitQueue Queue = new();
        public bool IsStill, IsOver, IsOpen;
        public int Rounds;

        public void CheckMoving() => Assert.False(IsStill, "runs although the system is frozen");
    }

    private static Action<SimMachine> Run(WaitFault fault, TaskState state, long limit = 20_000_000_000) => machine =>
    {
        WaitFaults.Set(WaitFault.None);
        var kernel = new WorkKernel(machine) { OnReady = () => WaitFaults.Set(fault) };
        var world = new World();
        kernel.Spawn("sleeper", () =>
        {
            Freezer.SetFreezable();
            world.Queue.WaitEvent(world, static w => w.IsOpen, state);
            world.CheckMoving();
        });
        kernel.Spawn("runner", () =>
        {
            Freezer.SetFreezable();
            while (!world.IsOver)
            {
                Freezer.TryToFreeze();
                world.CheckMoving();
                world.Rounds++;
                Scheduler.Yield();
            }
        });
        kernel.Spawn("freezer", () =>
        {
            Assert.Equal(Errno.None, Freezer.FreezeProcesses());
            if (Freezer.FreezeKernelThreads(limit) == Errno.None)
            {
                world.IsStill = true;
                world.IsOpen = true;
                Cpu.Interleave();
                world.Queue.WakeUpAll();
                Jiffy.Kernel.Time.Sleep.For(3_000_000, TaskState.Uninterruptible);
                world.IsStill = false;
            }

            Freezer.ThawProcesses();
            world.IsOpen = true;
            world.IsOver = true;
            if (fault == WaitFault.None)
                world.Queue.WakeUpAll();
        });
        kernel.RunAll();
        WaitFaults.Set(WaitFault.None);
    };

    private static ExploreOptions Options(int schedules) =>
        new() { Machine = new SimOptions { Cpus = 2, MemoryBytes = 8 << 20, TimeLeaps = false }, Schedules = schedules };

    [Theory]
    [InlineData(TaskState.Interruptible | TaskState.Freezable)]
    [InlineData(TaskState.Uninterruptible | TaskState.Freezable)]
    [InlineData(TaskState.Killable | TaskState.Freezable)]
    [InlineData(TaskState.Idle | TaskState.Freezable)]
    public void What_may_be_frozen_stands_still_and_goes_on(TaskState state) => Explore.Schedules(Options(60), Run(WaitFault.None, state));

    [Fact]
    public void A_sleeper_that_the_thaw_forgets_is_caught() =>
        Explore.FindsFailure(Options(300), Run(WaitFault.ThawForgotten, TaskState.Idle | TaskState.Freezable));

    [Fact]
    public void A_task_that_looks_before_it_says_that_it_is_frozen_is_caught() =>
        Explore.FindsFailure(Options(3000), Run(WaitFault.FrozenTooLate, TaskState.Idle | TaskState.Freezable, limit: 0));

    [Fact]
    public void A_freezer_that_gives_up_at_once_leaves_nobody_behind() =>
        Explore.Schedules(Options(200), Run(WaitFault.None, TaskState.Interruptible | TaskState.Freezable, limit: 0));

    [Fact]
    public void A_thread_that_does_not_stand_still_makes_freezing_fail_and_all_go_on() => Explore.Schedules(Options(5), machine =>
    {
        WaitFaults.Set(WaitFault.None);
        var kernel = new WorkKernel(machine);
        bool isOver = false, isThere = false;
        kernel.Spawn("stubborn", () =>
        {
            Freezer.SetFreezable();
            isThere = true;
            while (!isOver)
                Jiffy.Kernel.Time.Sleep.For(1_000_000, TaskState.Uninterruptible);
        });
        kernel.Spawn("freezer", () =>
        {
            while (!isThere)
                Scheduler.Yield();
            Assert.Equal(Errno.None, Freezer.FreezeProcesses());
            Assert.Equal(Errno.EBUSY, Freezer.FreezeProcesses());
            Assert.Equal(Errno.EBUSY, Freezer.FreezeKernelThreads(50_000_000));
            Freezer.ThawProcesses();
            Assert.False(Freezer.MustFreeze(Task.Current));
            isOver = true;
        });
        kernel.RunAll();
    });
}
