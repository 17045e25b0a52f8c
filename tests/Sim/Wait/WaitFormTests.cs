// Every form of waiting, under random schedules and all of a small case: the event, a signal and the time-out come in any order and at every step, no wake-up is
// lost, and the result tells what happened.
using System;
using System.Collections.Generic;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Kernel;
using Xunit;
using Task = Jiffy.Kernel.Tasks.Task;

namespace Jiffy.Tests.Sim.Wait;

public sealed class WaitFormTests
{
    private static readonly Form[] Limited = [Form.Until, Form.Timeout, Form.Place, Form.Bit, Form.BitLock];

    public static IEnumerable<TheoryDataRow<Form>> Forms() => Array.ConvertAll(Enum.GetValues<Form>(), form => new TheoryDataRow<Form>(form));

    public static IEnumerable<TheoryDataRow<Form>> LimitedForms() => Array.ConvertAll(Limited, form => new TheoryDataRow<Form>(form));

    // What can come first, or at once: the event, a signal, the end of the time.
    private sealed record Trial(Form Form, TaskState State, bool Gives = true, bool Signals = false, bool IsFatal = false, bool Ends = false, int Sleepers = 1);

    private static Action<SimMachine> Run(Trial trial, bool isSmall) => machine =>
    {
        var small = isSmall ? new SmallCase(machine) : null;
        var kernel = new SchedulerKernel(machine);
        var gate = new Gate(trial.Form);
        var results = new List<Errno>();
        var sleepers = new List<Task>();
        Action Part(Action body) => small?.Part(body) ?? body;
        CpuSet? On(int cpu) => isSmall ? CpuSet.Of(cpu) : null;
        for (var i = 0; i < trial.Sleepers; i++)
            sleepers.Add(kernel.Spawn($"sleeper{i}", Part(() => results.Add(gate.Wait(trial.State, trial.Ends ? 1 : long.MaxValue))), On(0)));
        if (trial.Gives)
            kernel.Spawn("giver", Part(gate.Give), On(1));
        if (trial.Signals)
            kernel.Spawn("signaller", Part(() => Signal(sleepers[0], trial.IsFatal)), On(1));
        kernel.RunAll();
        Judge(trial, results);
        Assert.True(gate.Queue.IsEmpty);
        Assert.Equal(0, gate.InCommand);
        foreach (var sleeper in sleepers)
            Assert.False(sleeper.SleepTimer.IsQueued || sleeper.TimeoutTimer.IsPending);
    };

    internal static void Signal(Task task, bool isFatal)
    {
        WorkFlag.Set(task, WorkFlag.SignalPending | (isFatal ? WorkFlag.MustExit : 0));
        Scheduler.TryToWakeUp(task, TaskState.Interruptible | (isFatal ? TaskState.WakeKill : 0));
    }

    private static void Judge(Trial trial, List<Errno> results)
    {
        Assert.Equal(trial.Sleepers, results.Count);
        var maySignal = trial.Signals && (trial.State == TaskState.Interruptible || (trial.IsFatal && trial.State == TaskState.Killable));
        foreach (var result in results)
            Assert.True(result == Errno.None ? trial.Gives : result == Errno.ERESTARTSYS ? maySignal : result == Errno.ETIMEDOUT && trial.Ends, $"{result}");
    }

    private static void Explored(Trial trial, int schedules = 250)
    {
        Explore.Schedules(cpus: 2, Run(trial, isSmall: false), schedules);
        Explore.Schedules(cpus: 2, Run(trial, isSmall: false), schedules / 3, Strategy.PriorityChanges);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Nobody_misses_the_event(Form form) => Explored(new Trial(form, TaskState.Uninterruptible, Sleepers: form == Form.BitLock ? 1 : 3));

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_signal_ends_an_interruptible_wait(Form form) => Explored(new Trial(form, TaskState.Interruptible, Gives: false, Signals: true));

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_fatal_signal_ends_a_killable_wait_and_no_other_does(Form form)
    {
        Explored(new Trial(form, TaskState.Killable, Gives: false, Signals: true, IsFatal: true), 100);
        Explored(new Trial(form, TaskState.Killable, Gives: true, Signals: true), 100);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_signal_leaves_uninterruptible_and_idle_waits_alone(Form form)
    {
        Explored(new Trial(form, TaskState.Uninterruptible, Signals: true, IsFatal: true), 100);
        Explored(new Trial(form, TaskState.Idle, Signals: true, IsFatal: true), 100);
    }

    [Theory]
    [MemberData(nameof(LimitedForms))]
    public void The_time_out_ends_a_wait(Form form) => Explored(new Trial(form, TaskState.Uninterruptible, Gives: false, Ends: true), 100);

    // Two disturbances for the form that the others are made of.
    private static int Bound(Form form) => form == Form.Until ? 2 : Explore.Bound(1, 2);

    [Theory]
    [MemberData(nameof(Forms))]
    public void Small_case_the_event_and_a_signal_at_every_step(Form form)
    {
        Explore.All(Run(new Trial(form, TaskState.Interruptible, Signals: true), isSmall: true), Bound(form));
        Explore.All(Run(new Trial(form, TaskState.Interruptible, Gives: false, Signals: true), isSmall: true), Bound(form));
        Explore.All(Run(new Trial(form, TaskState.Killable, Signals: true, IsFatal: true), isSmall: true), Bound(form));
    }

    [Theory]
    [MemberData(nameof(LimitedForms))]
    public void Small_case_the_time_out_the_event_and_a_signal_at_every_step(Form form)
    {
        Explore.All(Run(new Trial(form, TaskState.Interruptible, Signals: true, Ends: true), isSmall: true), Bound(form));
        Explore.All(Run(new Trial(form, TaskState.Uninterruptible, Gives: false, Ends: true, Signals: true), isSmall: true), Bound(form));
    }

    [Fact]
    public void A_limit_in_ticks_tells_what_is_left() => Explore.Schedules(new ExploreOptions
    {
        Machine = new SimOptions { Cpus = 2, TimeLeaps = false },
        Schedules = 30,
    }, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var gate = new Gate(Form.Plain);
        kernel.Spawn("sleeper", () =>
        {
            Assert.Equal(0, gate.Queue.WaitEventTimeout(gate, static g => g.HasUnit, 0).Value);
            Assert.Equal(0, gate.Queue.WaitEventTimeout(gate, static g => g.HasUnit, 2).Value);
            Assert.InRange(gate.Queue.WaitEventTimeout(gate, static g => g.HasUnit, 100).Value, 85, 96);
            Assert.Equal(7, gate.Queue.WaitEventTimeout(gate, static g => g.HasUnit, 7).Value);
            Assert.Equal(1, gate.Queue.WaitEventTimeout(gate, static g => g.HasUnit, 0).Value);
        });
        kernel.Spawn("giver", () =>
        {
            Jiffy.Kernel.Time.Sleep.For(40_000_000);
            gate.Give();
        });
        kernel.RunAll();
    });
}
