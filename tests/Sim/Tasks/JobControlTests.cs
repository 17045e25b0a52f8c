// Stop and continue: no report is lost or doubled, whatever the threads of the process are doing, and a stopped process can be killed.
using Jiffy.Kernel.Abi;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Whole;
using Xunit;
using static Jiffy.Tests.Sim.Tasks.Scripts;

namespace Jiffy.Tests.Sim.Tasks;

public sealed class JobControlTests
{
    private const int SIGHUP = 1, SIGKILL = 9, SIGCONT = 18, SIGSTOP = 19, SIGTSTP = 20;
    private const int Stopped = SIGSTOP << 8 | StoppedBy;

    /// <summary>Stops and continues the child in Rbx <paramref name="times"/> times, then kills it.</summary>
    private static SimScript StopAndContinue(SimScript script, int times)
    {
        for (var i = 0; i < times; i++)
        {
            script
                .Kill(SIGSTOP)
                .WaitFor(Stopped, Untraced)
                .Kill(SIGCONT)
                .WaitFor(ContinuedStatus, Continued);
        }

        return script
            .Do(user => user.Call(SyscallNumber.wait4, user.Registers.Rbx, user.Data, NoHang | Untraced | Continued))
            .Expect(result => result == 0, "wait4 after all reports")
            .Kill(SIGKILL)
            .WaitFor(SIGKILL)
            .ExpectNoChild()
            .PowerOff();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Each_stop_and_continuation_is_told_once(int cpus) => Explored(cpus,
        StopAndContinue(new SimScript().Fork("child"), times: 2)
            .Label("child")
            .Spin());

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_process_of_three_threads_stops_as_one(int cpus) => Explored(cpus,
        StopAndContinue(new SimScript().Fork("child"), times: 2)
            .Label("child")
            .Thread("thread")
            .Do(user => user.Registers.Rsp -= 0x1000)
            .Thread("thread")
            .Label("thread")
            .Spin());

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_thread_that_ends_meanwhile_holds_no_stop_up(int cpus) => Explored(cpus,
        StopAndContinue(new SimScript().Fork("child"), times: 1)
            .Label("child")
            .Thread("thread")
            .Spin()
            .Label("thread")
            .Call(SyscallNumber.exit));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_sleeper_stops_and_goes_on_sleeping(int cpus) => Explored(cpus,
        StopAndContinue(new SimScript().Fork("child"), times: 2)
            .Label("child")
            .Call(SyscallNumber.pause)
            .Exit(1));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_stopped_process_can_be_killed(int cpus) => Explored(cpus, new SimScript()
        .Fork("child")
        .Kill(SIGSTOP)
        .WaitFor(Stopped, Untraced)
        .Kill(SIGKILL)
        .WaitFor(SIGKILL)
        .PowerOff()
        .Label("child")
        .Thread("thread")
        .Label("thread")
        .Spin());

    // The child is ended by the signal, or by SIGCONT let go to its end; it may not stay stopped.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_continuation_undoes_a_stop_that_has_not_begun(int cpus) => Explored(cpus, new SimScript()
        .Fork("child")
        .Do(user => user.Call(SyscallNumber.setpgid, user.Registers.Rbx, user.Registers.Rbx))
        .Kill(SIGTSTP)
        .Kill(SIGCONT)
        .WaitFor(3 << 8)
        .PowerOff()
        .Label("child")
        .Call(SyscallNumber.sched_yield)
        .Call(SyscallNumber.sched_yield)
        .Exit(3));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_stopped_group_that_is_orphaned_is_hung_up(int cpus) => Explored(cpus, new SimScript()
        .Fork("shell")
        .WaitFor(0)
        .WaitFor(SIGHUP, id: AnyChild)
        .ExpectNoChild()
        .PowerOff()
        .Label("shell")
        .Call(SyscallNumber.setsid)
        .Fork("job")
        .WaitFor(Stopped, Untraced)
        .Exit(0)
        .Label("job")
        .Call(SyscallNumber.setpgid)
        .Call(SyscallNumber.getpid)
        .Do(user => user.Call(SyscallNumber.kill, (ulong)user.Result, SIGSTOP))
        .Exit(1));

    // The group was an orphan before: nobody depended on the process that ends.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_group_orphaned_long_ago_is_not_hung_up_again(int cpus) => Explored(cpus, new SimScript()
        .Fork("leader")
        .WaitFor(0)
        .Do(user => user.Call(SyscallNumber.kill, (ulong)-(long)user.Registers.Rbx, SIGCONT))
        .WaitFor(5 << 8, id: AnyChild)
        .ExpectNoChild()
        .PowerOff()
        .Label("leader")
        .Call(SyscallNumber.setsid)
        .Fork("member")
        .WaitFor(Stopped, Untraced)
        .Exit(0)
        .Label("member")
        .Call(SyscallNumber.getpid)
        .Do(user => user.Call(SyscallNumber.kill, (ulong)user.Result, SIGSTOP))
        .Exit(5));
}
