// Processes: fork, exit, wait, copy-on-write, signals, under many interleavings, through the real system calls.
using System.Collections.Generic;
using Jiffy.Kernel.Abi;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Whole;
using Xunit;

namespace Jiffy.Tests.Sim.Kernel;

public sealed class ProcessTests
{
    private static void Explored(int cpus, int schedules, SimScript script)
    {
        var options = new ExploreOptions { Machine = ProcessKernel.Options(cpus), Schedules = schedules };
        Explore.Schedules(options, machine => new ProcessKernel(machine, script).Run());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void The_first_program_switches_off(int cpus) =>
        Explored(cpus, 20, new SimScript().Call(SyscallNumber.getpid).Expect(pid => pid == 1, "getpid").PowerOff());

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_parent_collects_its_childs_status(int cpus) => Explored(cpus, 200, new SimScript()
        .Call(SyscallNumber.fork)
        .JumpIf(result => result == 0, "child")
        .Expect(result => result > 2, "fork")
        .Do(user => { user.Registers.Rbx = (ulong)user.Result; user.Call(SyscallNumber.wait4, ulong.MaxValue, user.Data, 0, 0); })
        .Do(user => Same((long)user.Registers.Rbx, user.Result, "wait4"))
        .Do(user => Same(7 << 8, user.Load32(user.Data), "status"))
        .Call(SyscallNumber.wait4, ulong.MaxValue)
        .Expect(result => result == -(long)Errno.ECHILD, "second wait4")
        .PowerOff()
        .Label("child")
        .Exit(7));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Neither_sees_what_the_other_writes_after_fork(int cpus) => Explored(cpus, 200, new SimScript()
        .Do(user => user.Store(user.Data + 8, 1))
        .Call(SyscallNumber.fork)
        .JumpIf(result => result == 0, "child")
        .Do(user => user.Store(user.Data + 8, 2))
        .Do(user => Same(2, (long)user.Load(user.Data + 8), "parent's own"))
        .Do(user => user.Call(SyscallNumber.wait4, ulong.MaxValue, user.Data))
        .Do(user => Same(0, user.Load32(user.Data), "child's status"))
        .Do(user => Same(2, (long)user.Load(user.Data + 8), "parent's at the end"))
        .PowerOff()
        .Label("child")
        .Do(user => Same(1, (long)user.Load(user.Data + 8), "child's inheritance"))
        .Do(user => user.Store(user.Data + 8, 3))
        .Do(user => Same(3, (long)user.Load(user.Data + 8), "child's own"))
        .Exit(0));

    private static void Same(long expected, long found, string what)
    {
        if (expected != found)
            SimMachine.Current.Fail($"{what}: {found} where {expected} was expected");
    }
}
