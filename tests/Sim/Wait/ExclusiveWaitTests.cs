// Exclusive sleepers: a wake-up meant for one is not lost when that one gives up, by a signal or because its time is up, whatever the form of the wait; and the
// broken twin that swallows it is caught.
using System;
using System.Collections.Generic;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Kernel;
using Xunit;
using Task = Jiffy.Kernel.Tasks.Task;

namespace Jiffy.Tests.Sim.Wait;

public sealed class ExclusiveWaitTests
{
    public static IEnumerable<TheoryDataRow<Form, bool>> Ways()
    {
        foreach (var form in new[] { Form.Plain, Form.Command, Form.Holding, Form.OwnLock, Form.BitLock })
            yield return new TheoryDataRow<Form, bool>(form, false);
        foreach (var form in new[] { Form.Until, Form.Timeout, Form.BitLock })
            yield return new TheoryDataRow<Form, bool>(form, true);
    }

    // Two want the one unit; the first may give up. In the end nobody sleeps beside a unit that nobody took. In the small case both sleep when the others begin.
    private static Action<SimMachine> OneUnitForTwo(Form form, bool byTimeOut, WaitFault fault, bool isSmall) => machine =>
    {
        WaitFaults.Set(fault);
        var small = isSmall ? new SmallCase(machine) : null;
        var kernel = new SchedulerKernel(machine);
        WaitPlace.InitQueues(1);
        var gate = new Gate(form, takes: true);
        var results = new Errno?[2];
        var ticks = form == Form.Timeout ? 2 : 1; // of coarse timers one has begun already
        Action Part(Action body) => small?.Part(body) ?? body;
        CpuSet? On(int cpu) => isSmall ? CpuSet.Of(cpu) : null;
        var victim = kernel.Spawn("victim", Part(() => results[0] = gate.Wait(TaskState.Interruptible, byTimeOut ? 1 : long.MaxValue)), On(0));
        var other = kernel.Spawn("other", Part(() => results[1] = gate.Wait(TaskState.Uninterruptible)), On(0));
        kernel.Spawn("actor", Part(() =>
        {
            if (byTimeOut)
                Sleep.For(ticks * Jiffies.Nanoseconds, TaskState.Uninterruptible); // ends about when the victim's time does
            else
                WaitFormTests.Signal(victim, isFatal: false);
            gate.Give();
        }), On(1));
        kernel.Run();
        Assert.True(kernel.HasExited(victim) || results[1] == Errno.None);
        Assert.True(gate.Units == 0 || kernel.HasExited(other), "the unit that nobody took woke nobody");
    };

    private static ExploreOptions Options(int schedules, Strategy strategy = Strategy.Mixed) =>
        new() { Machine = new SimOptions { Cpus = 2 }, Schedules = schedules, Strategy = strategy };

    [Theory]
    [MemberData(nameof(Ways))]
    public void Who_gives_up_passes_the_wake_up_on(Form form, bool byTimeOut)
    {
        Explore.Schedules(Options(300), OneUnitForTwo(form, byTimeOut, WaitFault.None, isSmall: false));
        Explore.Schedules(Options(100, Strategy.PriorityChanges), OneUnitForTwo(form, byTimeOut, WaitFault.None, isSmall: false));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Small_case_all_orders_of_wake_up_and_giving_up(Form form, bool byTimeOut) =>
        Explore.All(OneUnitForTwo(form, byTimeOut, WaitFault.None, isSmall: true), Explore.Bound(1, 2));

    // Where the giver's lock is held from the last look to the end of the wait, as in the forms Holding and OwnLock, there is nothing to swallow.
    [Theory]
    [InlineData(Form.Plain, false)]
    [InlineData(Form.Command, false)]
    [InlineData(Form.BitLock, false)]
    [InlineData(Form.Until, true)]
    [InlineData(Form.Timeout, true)]
    [InlineData(Form.BitLock, true)]
    public void Who_swallows_it_is_caught(Form form, bool byTimeOut) =>
        Explore.FindsFailure(Options(20_000), OneUnitForTwo(form, byTimeOut, WaitFault.WakeUpSwallowed, isSmall: false));

    [Theory]
    [InlineData(Form.Plain, false)]
    [InlineData(Form.Until, true)]
    public void Small_case_who_swallows_it_is_caught(Form form, bool byTimeOut) =>
        Explore.AllFindFailure(OneUnitForTwo(form, byTimeOut, WaitFault.WakeUpSwallowed, isSmall: true));

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void A_lock_bit_lets_one_task_in_at_a_time(int cpus) => Explore.Schedules(cpus, machine =>
    {
        WaitFaults.Set(WaitFault.None);
        var kernel = new SchedulerKernel(machine);
        WaitPlace.InitQueues(1); // all places share one queue
        var cells = new Cell[2];
        var inside = new int[2];
        for (var i = 0; i < cells.Length; i++)
            cells[i] = new Cell();
        for (var i = 0; i < 4; i++)
        {
            var at = i & 1;
            kernel.Spawn($"task{i}", () =>
            {
                for (var round = 0; round < 2; round++)
                {
                    Assert.Equal(Errno.None, cells[at].Bits.WaitAndSet(31));
                    Assert.Equal(1, ++inside[at]);
                    Scheduler.Yield();
                    inside[at]--;
                    cells[at].Bits.ClearAndWakeUp(31);
                }
            });
        }

        kernel.RunAll();
    }, schedules: 300);

    private sealed class Cell
    {
        public WaitBits Bits;
    }
}
