// Exec by a process of several threads, on the whole kernel: only the calling thread is left, and it has the process's id.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Whole;
using Xunit;
using static Jiffy.Tests.Sim.Tasks.Scripts;

namespace Jiffy.Tests.Sim.Tasks;

public sealed class ExecTests
{
    private const ulong PathAt = 0x100;

    /// <summary>Exits with 3 if its thread id is its process id.</summary>
    private static SimScript Other() => new SimScript()
        .Call(SyscallNumber.getpid)
        .Do(user => { user.Registers.R12 = (ulong)user.Result; user.Call(SyscallNumber.gettid); })
        .Do(user => Same((long)user.Registers.R12, user.Result, "gettid"))
        .Exit(3);

    private static SimScript Exec(SimScript script) => script
        .Do(user => user.Store(user.Data + PathAt, "/other\0"u8))
        .Do(user => user.Call(SyscallNumber.execve, user.Data + PathAt))
        .Expect(_ => false, "execve returned");

    private static void Explored(int cpus, SimScript init)
    {
        var guest = new Guest(init).Add("other", Other());
        var options = new ExploreOptions { Machine = guest.Options(cpus), Schedules = 60 };
        Explore.Schedules(options, machine => guest.Run(machine));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_thread_that_is_not_the_leader_takes_its_place(int cpus) => Explored(cpus, Exec(new SimScript()
        .Fork("process")
        .WaitFor(3 << 8)
        .ExpectNoChild()
        .PowerOff()
        .Label("process")
        .Thread("thread")
        .Spin()
        .Label("thread")));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_leader_that_has_ended_is_replaced(int cpus) => Explored(cpus, Exec(new SimScript()
        .Fork("process")
        .WaitFor(3 << 8)
        .ExpectNoChild()
        .PowerOff()
        .Label("process")
        .Thread("thread")
        .Call(SyscallNumber.exit)
        .Label("thread")));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Of_two_threads_that_exec_one_does(int cpus) => Explored(cpus, Exec(new SimScript()
        .Fork("process")
        .WaitFor(3 << 8)
        .ExpectNoChild()
        .PowerOff()
        .Label("process")
        .Thread("thread")
        .Label("thread")));

    // The end of the process and the exec race: whichever is first, no thread is left behind.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Exec_and_the_end_of_the_process_meet(int cpus) => Explored(cpus, Exec(new SimScript()
        .Fork("process")
        .Do(user => user.Call(SyscallNumber.wait4, user.Registers.Rbx, user.Data))
        .Do(user => user.Registers.R12 = user.Load32(user.Data))
        .Do(user => Same(1, user.Registers.R12 is 3 << 8 or 7 << 8 ? 1 : 0, "status is one of both"))
        .ExpectNoChild()
        .PowerOff()
        .Label("process")
        .Thread("thread")
        .Exit(7)
        .Label("thread")));
}
