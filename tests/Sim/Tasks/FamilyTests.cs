// Parents and children: who may wait for whom, and that each zombie goes exactly once, whoever races for it.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Whole;
using Xunit;
using static Jiffy.Tests.Sim.Tasks.Scripts;

namespace Jiffy.Tests.Sim.Tasks;

public sealed class FamilyTests
{
    private const int SIGKILL = 9, SIGCHLD = 17;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Of_two_threads_that_wait_for_a_child_one_gets_it(int cpus) => Explored(cpus, new SimScript()
        .Thread("thread")
        .Fork("child")
        .Put(0x10, 1)
        .Do(user => user.Call(SyscallNumber.wait4, user.Registers.Rbx))
        .Do(user => user.Store(user.Data + 0x20, (ulong)user.Result))
        .Await(0x30, 1)
        .Do(user => user.Registers.R12 = user.Load(user.Data + 0x20))
        .Do(user => user.Registers.R13 = user.Load(user.Data + 0x28))
        .Do(user => Same((long)user.Registers.Rbx - (long)Errno.ECHILD, (long)(user.Registers.R12 + user.Registers.R13), "both results together"))
        .PowerOff()
        .Label("thread")
        .Await(0x10, 1)
        .Call(SyscallNumber.wait4, AnyChild)
        .Do(user => user.Store(user.Data + 0x28, (ulong)user.Result))
        .Put(0x30, 1)
        .Call(SyscallNumber.exit)
        .Label("child")
        .Exit(0));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Children_of_a_parent_that_ignores_SIGCHLD_leave_nothing(int cpus)
    {
        var before = 0;
        Explored(cpus, new SimScript()
            .Handle(SIGCHLD, null)
            .Do(_ => before = TaskTree.TaskPool.Used)
            .Fork("child")
            .Fork("child")
            .ExpectNoChild()
            .Settle(() => TaskTree.TaskPool.Used == before)
            .Do(_ => Same(before, TaskTree.ThreadGroupPool.Used, "processes"))
            .PowerOff()
            .Label("child")
            .Exit(0));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Zombies_left_to_a_parent_that_ignores_SIGCHLD_go(int cpus)
    {
        var before = 0;
        Explored(cpus, new SimScript()
            .Handle(SIGCHLD, null)
            .Do(_ => before = TaskTree.TaskPool.Used)
            .Fork("parent")
            .ExpectNoChild()
            .Settle(() => TaskTree.TaskPool.Used == before)
            .PowerOff()
            .Label("parent")
            .Handle(SIGCHLD, "handler")
            .Fork("child")
            .Call(SyscallNumber.waitid, 0, 0, 0, 0x1000004) // WEXITED and WNOWAIT: it stays a zombie
            .Label("child")
            .Exit(0)
            .Label("handler")
            .EndHandler("handler"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Orphans_go_to_the_subreaper(int cpus) => Explored(cpus, new SimScript()
        .Fork("subreaper")
        .WaitFor(0)
        .ExpectNoChild()
        .PowerOff()
        .Label("subreaper")
        .Call(SyscallNumber.prctl, 36, 1)
        .Fork("child")
        .WaitFor(1 << 8)
        .WaitFor(2 << 8, id: AnyChild)
        .ExpectNoChild()
        .Exit(0)
        .Label("child")
        .Fork("grandchild")
        .Exit(1)
        .Label("grandchild")
        .Call(SyscallNumber.sched_yield)
        .Call(SyscallNumber.getppid)
        .JumpIf(parent => parent != 3, "grandchild")
        .Exit(2));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_parent_in_vfork_goes_on_when_the_child_has_ended(int cpus) => Explored(cpus, new SimScript()
        .Put(0x10, 1)
        .Call(SyscallNumber.vfork)
        .JumpIf(result => result == 0, "child")
        .Do(user => Same(2, (long)user.Load(user.Data + 0x10), "what the child wrote"))
        .WaitFor(0, id: AnyChild)
        .PowerOff()
        .Label("child")
        .Call(SyscallNumber.sched_yield)
        .Put(0x10, 2)
        .Exit(0));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Either_side_of_a_vfork_may_be_killed(int cpus)
    {
        foreach (var victim in new ulong[] { 3, 4 })
        {
            Explored(cpus, new SimScript()
                .Fork("process")
                .KillOnceThere(_ => victim, SIGKILL)
                .WaitFor(victim == 3 ? SIGKILL : 0)
                .JumpIf(_ => victim == 4, "end")
                .Call(SyscallNumber.kill, 4, SIGKILL)
                .JumpIf(result => result == -(long)Errno.ESRCH, "end") // the victim died before it forked
                .Call(SyscallNumber.wait4, AnyChild)
                .Label("end")
                .ExpectNoChild()
                .PowerOff()
                .Label("process")
                .Call(SyscallNumber.vfork)
                .JumpIf(result => result == 0, "child")
                .WaitFor(SIGKILL, id: AnyChild)
                .Exit(0)
                .Label("child")
                .Call(SyscallNumber.pause)
                .Exit(1));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void No_fork_escapes_a_signal_to_its_group(int cpus) => Explored(cpus, new SimScript()
        .Fork("leader")
        .KillOnceThere(user => (ulong)-(long)user.Registers.Rbx, SIGKILL)
        .Label("more")
        .Call(SyscallNumber.wait4, AnyChild)
        .JumpIf(result => result > 0, "more")
        .Expect(result => result == -(long)Errno.ECHILD, "wait4")
        .PowerOff()
        .Label("leader")
        .Call(SyscallNumber.setpgid)
        .Call(SyscallNumber.fork)
        .Call(SyscallNumber.fork)
        .Label("sleep")
        .Call(SyscallNumber.pause)
        .Jump("sleep"));

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void A_process_whose_leader_has_ended_lives_on(int cpus) => Explored(cpus, new SimScript()
        .Fork("process")
        .WaitFor(5 << 8)
        .ExpectNoChild()
        .PowerOff()
        .Label("process")
        .Thread("thread")
        .Call(SyscallNumber.exit, 1)
        .Label("thread")
        .Call(SyscallNumber.sched_yield)
        .Exit(5));
}
