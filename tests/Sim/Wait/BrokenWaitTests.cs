// The ways to lose a wake-up, each a twin of a wait or a wake-up that is right: all are caught, by random schedules, by changing priorities, and by the search
// of all schedules of a small case; the last is how Linux's sleep_on came to go.
using System;
using System.IO;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Kernel;
using Xunit;
using Task = Jiffy.Kernel.Tasks.Task;

#pragma warning disable CS0618 // sleep_on is here to be caught

namespace Jiffy.Tests.Sim.Wait;

public sealed class BrokenWaitTests
{
    public enum Mistake
    {
        None,

        /// <summary>The sleeper looks at its condition, then queues itself.</summary>
        TestedBeforeQueueing,

        /// <summary>It is queued, looks, and then sets its state: a wake-up in between finds it running.</summary>
        StateSetAfterTest,

        /// <summary>The waker looks whether anybody is queued before its condition can be seen, as without a barrier.</summary>
        WakerLooksFirst,

        /// <summary>The waker wakes, then makes the condition true.</summary>
        WokenBeforeTrue,

        /// <summary>while (!ready) sleep_on(queue).</summary>
        SleepOn,

        InterruptibleSleepOn,
    }

    private sealed class Case
    {
        private readonly Gate _gate = new(Form.Plain);
        private readonly Mistake _mistake;

        public Case(Mistake mistake) => _mistake = mistake;

        // A step of its own, which a told interleaving shows.
        private bool Looks()
        {
            Cpu.Interleave();
            return _gate.HasUnit;
        }

        public void Wait()
        {
            var entry = Task.Current.OwnWait;
            switch (_mistake)
            {
                case Mistake.TestedBeforeQueueing:
                    while (!Looks())
                    {
                        Cpu.Interleave(); // has looked, and is not on the queue yet
                        _gate.Queue.PrepareToWait(entry, TaskState.Uninterruptible);
                        Scheduler.Schedule();
                    }

                    _gate.Queue.FinishWait(entry);
                    break;
                case Mistake.StateSetAfterTest:
                    entry.IsExclusive = false;
                    for (_gate.Queue.Add(entry); !Looks(); _gate.Queue.Add(entry))
                    {
                        Cpu.Interleave(); // is on the queue and has looked; its state says still that it runs
                        Task.Current.SetState(TaskState.Uninterruptible);
                        Scheduler.Schedule();
                    }

                    _gate.Queue.FinishWait(entry);
                    break;
                case Mistake.SleepOn:
                    while (!Looks())
                        SleepOn.Uninterruptible(_gate.Queue);
                    break;
                case Mistake.InterruptibleSleepOn:
                    while (!Looks())
                        SleepOn.Interruptible(_gate.Queue);
                    break;
                default:
                    _gate.Wait(TaskState.Uninterruptible);
                    break;
            }
        }

        // The last step that is told of the opener.
        private static void Done() => Cpu.Interleave();

        public void Open()
        {
            switch (_mistake)
            {
                case Mistake.WakerLooksFirst:
                    var isEmpty = _gate.Queue.IsEmpty; // has looked who is on the queue; the condition is not true yet
                    Cpu.Interleave();
                    _gate.Add();
                    if (!isEmpty)
                        _gate.Queue.WakeUp();
                    break;
                case Mistake.WokenBeforeTrue:
                    _gate.Queue.WakeUp();
                    Cpu.Interleave(); // has woken; the condition is not true yet
                    _gate.Add();
                    break;
                default:
                    _gate.Give();
                    break;
            }

            Done();
        }
    }

    // In the small case a third task disturbs the sleeper before.
    private static Action<SimMachine> Run(Mistake mistake, bool isSmall, bool isDisturbed = true) => machine =>
    {
        var small = isSmall ? new SmallCase(machine) : null;
        var kernel = new SchedulerKernel(machine);
        var item = new Case(mistake);
        Action Part(Action body) => small?.Part(body) ?? body;
        CpuSet? On(int cpu) => isSmall ? CpuSet.Of(cpu) : null;
        var sleeper = kernel.Spawn("sleeper", Part(item.Wait), On(0));
        if (isSmall && isDisturbed)
            kernel.Spawn("disturber", Part(() => Scheduler.TryToWakeUp(sleeper, TaskState.Normal)), On(1));
        kernel.Spawn("opener", Part(item.Open), On(1));
        kernel.RunAll();
    };

    [Fact]
    public void The_right_way_loses_nothing()
    {
        Explore.Schedules(cpus: 2, Run(Mistake.None, isSmall: false));
        Explore.All(Run(Mistake.None, isSmall: true));
    }

    [Theory]
    [InlineData(Mistake.TestedBeforeQueueing)]
    [InlineData(Mistake.StateSetAfterTest)]
    [InlineData(Mistake.WakerLooksFirst)]
    [InlineData(Mistake.WokenBeforeTrue)]
    [InlineData(Mistake.SleepOn)]
    [InlineData(Mistake.InterruptibleSleepOn)]
    public void Each_mistake_is_caught(Mistake mistake)
    {
        Explore.FindsFailure(cpus: 2, Run(mistake, isSmall: false));
        Explore.FindsFailure(cpus: 2, Run(mistake, isSmall: false), strategy: Strategy.PriorityChanges);
        Explore.AllFindFailure(Run(mistake, isSmall: true));
    }

    // The interleaving with the fewest disturbances; `jiffy lab lost-wake-up` has it written to a directory.
    [Theory]
    [InlineData(Mistake.TestedBeforeQueueing)]
    [InlineData(Mistake.StateSetAfterTest)]
    [InlineData(Mistake.WakerLooksFirst)]
    [InlineData(Mistake.WokenBeforeTrue)]
    [InlineData(Mistake.SleepOn)]
    public void Each_mistake_can_be_told(Mistake mistake)
    {
        var failure = Explore.AllFindFailure(Run(mistake, isSmall: true, isDisturbed: false)).Failure!;
        Assert.Contains("sleeper never ended", failure.Reason);
        if (Environment.GetEnvironmentVariable("JIFFY_SIM_STORIES") is { Length: > 0 } directory)
            File.WriteAllText(Path.Combine(directory, $"{mistake}.txt"), failure.Message);
    }

    [Fact]
    public void Sleep_on_with_a_time_out_loses_no_more_than_the_time() => Explore.Schedules(cpus: 2, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var gate = new Gate(Form.Plain);
        kernel.Spawn("sleeper", () =>
        {
            while (!gate.HasUnit)
                Assert.InRange(SleepOn.UninterruptibleTimeout(gate.Queue, 2), 0, 2);
            Assert.InRange(SleepOn.InterruptibleTimeout(gate.Queue, 1), 0, 1);
        });
        kernel.Spawn("opener", gate.Give);
        kernel.RunAll();
    });

    [Fact]
    public void A_signal_ends_interruptible_sleep_on_only() => Explore.Schedules(cpus: 2, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var queue = new WaitQueue();
        var alert = kernel.Spawn("alert", () => SleepOn.Interruptible(queue));
        var deaf = kernel.Spawn("deaf", () => SleepOn.Uninterruptible(queue));
        kernel.Spawn("signaller", () =>
        {
            WaitFormTests.Signal(alert, isFatal: false);
            WaitFormTests.Signal(deaf, isFatal: false);
            Sleep.For(1_000_000_000, TaskState.Uninterruptible);
        });
        kernel.Run();
        Assert.True(kernel.HasExited(alert));
        Assert.False(kernel.HasExited(deaf));
    }, schedules: 200);

    [Fact]
    public void A_condition_that_sleeps_is_found() => Explore.FindsFailure(cpus: 1, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var gate = new Gate(Form.Plain);
        kernel.Spawn("wrong", () => gate.Queue.WaitEvent(gate, static g =>
        {
            Sleep.For(1000, TaskState.Uninterruptible);
            return false;
        }));
        kernel.RunAll();
    }, schedules: 2);

    [Theory]
    [InlineData(TaskState.Running, TaskState.New)]
    [InlineData(TaskState.Interruptible, TaskState.Uninterruptible)]
    [InlineData(TaskState.Uninterruptible, TaskState.Frozen)]
    [InlineData(TaskState.Idle, TaskState.Dead)]
    [InlineData(TaskState.Running, TaskState.Running | TaskState.NoLoad)]
    public void An_illegal_change_of_state_is_found(TaskState from, TaskState to) => Explore.FindsFailure(cpus: 1, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        kernel.Spawn("wrong", () =>
        {
            Task.Current.SetStateRelaxed(from);
            Task.Current.SetStateRelaxed(to);
            Task.Current.SetStateRelaxed(TaskState.Running);
        });
        kernel.RunAll();
    }, schedules: 2);
}
