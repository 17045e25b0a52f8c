// Signals in cases so small that the search of all schedules ends, in the kernel without programs, and races of programs that a fork, a stop
// or a continuation could lose; each with the mistake that it would be.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Deferred;
using Jiffy.Tests.Sim.Kernel;
using Jiffy.Tests.Sim.Whole;
using Xunit;
using static Jiffy.Tests.Sim.Tasks.Scripts;
using Task = Jiffy.Kernel.Tasks.Task;

namespace Jiffy.Tests.Sim.Tasks;

public sealed class SmallSignalTests
{
    private const int SIGUSR1 = 10, SIGTERM = 15, SIGCONT = 18, SIGSTOP = 19, SIGTSTP = 20;

    private static void With(SignalFault fault, Action run)
    {
        SignalFaults.Set(fault);
        try
        {
            run();
        }
        finally
        {
            SignalFaults.Set(SignalFault.None);
        }
    }

    private static Action TakingSignals(Action<Task> tell, Action part) => () =>
    {
        var current = Task.Current;
        current.Handlers = SignalHandlers.Create(null, onlyIgnored: false)!;
        current.Handlers[SIGUSR1].Handler = 0x1000;
        tell(current);
        part();
    };

    // On CPU 0 one waits for SIGUSR1, which it blocks but for the wait; on CPU 1 two send it.
    private static Action<SimMachine> Suspend(SignalFault fault) => machine => With(fault, () =>
    {
        var small = new SmallCase(machine);
        Task sleeper = null!;
        void Send() => Assert.Equal(Errno.None, SignalSender.SendToTask(sleeper, SignalInfo.FromKernel(SIGUSR1)));
        void Tell(Task task)
        {
            sleeper = task;
            task.SetBlocked(SignalSet.Of(SIGUSR1));
        }

        var wait = small.Part(() => Assert.Equal(Errno.ERESTARTNOHAND, SignalWait.Suspend(SignalSet.None)));
        new WorkKernel(machine) { StaysCalm = true }
            .Spawn("sleeper", TakingSignals(Tell, wait), cpu: 0)
            .Spawn("sender1", small.Part(Send), cpu: 1)
            .Spawn("sender2", small.Part(Send), cpu: 1)
            .RunAll();
    });

    [Fact]
    public void All_schedules_of_sigsuspend_and_two_senders_wake_it()
    {
        Explore.All(Suspend(SignalFault.None), Explore.Bound(1, 2));
        Explore.AllFindFailure(Suspend(SignalFault.SuspendSleepsWithOldMask));
    }

    // A stopping signal waits for the task on CPU 0, which takes it; on CPU 1 two continue it: it must come to its end.
    private static Action<SimMachine> StopAndContinue(SignalFault fault) => machine => With(fault, () =>
    {
        var small = new SmallCase(machine);
        Task target = null!;
        void Continue() => SignalSender.SendToProcess(target.Group, SignalInfo.FromKernel(SIGCONT));
        void Tell(Task task)
        {
            target = task;
            SignalSender.SendToProcess(task.Group, SignalInfo.FromKernel(SIGSTOP));
        }

        void TakeSignals()
        {
            var user = default(UserRegisters);
            user.OriginalRax = -1;
            if (Task.Current.HasSignalPending)
                SignalDelivery.Deliver(ref user);
        }

        new WorkKernel(machine) { StaysCalm = true }
            .Spawn("target", TakingSignals(Tell, small.Part(TakeSignals)), cpu: 0)
            .Spawn("continuer1", small.Part(Continue), cpu: 1)
            .Spawn("continuer2", small.Part(Continue), cpu: 1)
            .RunAll();
    });

    [Fact]
    public void All_schedules_of_a_stop_and_a_continuation_end_going_on()
    {
        Explore.All(StopAndContinue(SignalFault.None), Explore.Bound(1, 2));
        Explore.AllFindFailure(StopAndContinue(SignalFault.ContinueLeavesStops));
        Explore.AllFindFailure(StopAndContinue(SignalFault.TakenStopBegins));
    }

    // ---- Programs --------------------------------------------------------------------------------------------------------------

    private static void FailsWith(SignalFault fault, SimScript script)
    {
        var options = new ExploreOptions { Machine = new SimOptions { Cpus = 2, MemoryBytes = 8 << 20, MaxSteps = 60_000 }, Schedules = 1500 };
        Explore.FindsFailure(options, machine => With(fault, () => new ProcessKernel(machine, script).Run()));
    }

    // A shell stops and continues a job at once; the job's group has its shell, so that SIGTSTP can stop it.
    private static SimScript StopUndone() => new SimScript()
        .Fork("shell")
        .WaitFor(0)
        .PowerOff()
        .Label("shell")
        .Fork("job")
        .Do(user => user.Call(SyscallNumber.setpgid, user.Registers.Rbx, user.Registers.Rbx))
        .Kill(SIGTSTP)
        .Kill(SIGCONT)
        .WaitFor(3 << 8)
        .Exit(0)
        .Label("job")
        .Call(SyscallNumber.sched_yield)
        .Call(SyscallNumber.sched_yield)
        .Exit(3);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_continuation_undoes_a_stop_of_a_job(int cpus) => Explored(cpus, StopUndone());

    [Theory]
    [InlineData(SignalFault.ContinueLeavesStops)]
    [InlineData(SignalFault.TakenStopBegins)]
    internal void A_continuation_that_leaves_a_stop_is_caught(SignalFault fault) => FailsWith(fault, StopUndone());

    // The leader takes the signal that stops all, while another thread makes a third: the parent hears of the stop of all three.
    private static SimScript ThreadsAgainstStop() => new SimScript()
        .Fork("child")
        .Kill(SIGSTOP)
        .WaitFor(SIGSTOP << 8 | StoppedBy, Untraced)
        .Kill(9)
        .WaitFor(9)
        .PowerOff()
        .Label("child")
        .Thread("thread")
        .Spin()
        .Label("thread")
        .Thread("inner")
        .Label("inner")
        .Spin();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_thread_that_is_made_during_a_stop_stops_too(int cpus) => Explored(cpus, ThreadsAgainstStop());

    [Fact]
    public void A_thread_that_escapes_the_stop_is_caught() => FailsWith(SignalFault.ForkOverlooksSignal, ThreadsAgainstStop());

    // A signal to a group reaches every member, also one that is made just now: nobody is left.
    private static SimScript ForkAgainstGroupSignal() => new SimScript()
        .Fork("child")
        .KillOnceThere(static user => (ulong)-(long)user.Registers.Rbx, SIGTERM)
        .WaitFor(SIGTERM)
        .Label("others")
        .Call(SyscallNumber.wait4, AnyChild)
        .JumpIf(result => result > 0, "others")
        .Expect(result => result == -(long)Errno.ECHILD, "wait4")
        .PowerOff()
        .Label("child")
        .Call(SyscallNumber.setpgid)
        .Call(SyscallNumber.fork)
        .Call(SyscallNumber.fork)
        .Spin();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_child_that_is_made_during_a_signal_to_its_group_is_hit_too(int cpus) => Explored(cpus, ForkAgainstGroupSignal());

    [Fact]
    public void A_child_that_escapes_the_signal_is_caught() => FailsWith(SignalFault.ForkOverlooksSignal, ForkAgainstGroupSignal());
}
