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

    private static ulong Auxiliary(SimUser user, ulong type)
    {
        var at = user.Registers.Rsp + 8 * (user.Load(user.Registers.Rsp) + 2);
        while (user.Load(at) != 0)
            at += 8;
        for (at += 8; user.Load(at) != 0; at += 16)
        {
            if (user.Load(at) == type)
                return user.Load(at + 8);
        }

        return 0;
    }

    /// <summary>Finds the program through the auxiliary vector and goes there.</summary>
    private static SimScript Interpreter(int program) => new SimScript()
        .Do(user => Same((long)SimPrograms.BaseOf(program), (long)Auxiliary(user, Jiffy.Kernel.Abi.Auxiliary.AT_ENTRY), "AT_ENTRY"))
        .Do(user => Same((long)SimPrograms.BaseOf(program) + 64, (long)Auxiliary(user, Jiffy.Kernel.Abi.Auxiliary.AT_PHDR), "AT_PHDR"))
        .Do(user => Same(3, (long)Auxiliary(user, Jiffy.Kernel.Abi.Auxiliary.AT_PHNUM), "AT_PHNUM"))
        .Do(user => user.Store(user.Data, Auxiliary(user, Jiffy.Kernel.Abi.Auxiliary.AT_ENTRY)))
        .Do(user => user.Registers.Rsp = user.Data)
        .Do(user => user.Return());

    // A program with an interpreter, from one of two threads: the interpreter has control first, the program then.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void An_interpreter_is_entered_and_hands_over(int cpus)
    {
        var guest = new Guest(Exec(new SimScript()
            .Fork("process")
            .WaitFor(3 << 8)
            .ExpectNoChild()
            .PowerOff()
            .Label("process")
            .Thread("thread")
            .Spin()
            .Label("thread"))).Add("other", Other(), "/interpreter").Add("interpreter", Interpreter(1));
        var options = new ExploreOptions { Machine = guest.Options(cpus), Schedules = 60 };
        Explore.Schedules(options, machine => guest.Run(machine));
    }

    // What cannot be the interpreter leaves the caller as it was.
    [Theory]
    [InlineData("/nothing", Errno.ENOENT)]
    [InlineData("/dev", Errno.EACCES)]
    [InlineData("/dev/console", Errno.EACCES)]
    public void Without_its_interpreter_a_program_does_not_start(string interpreter, Errno error)
    {
        var guest = new Guest(new SimScript()
            .Do(user => user.Store(user.Data + PathAt, "/other\0"u8))
            .Do(user => user.Call(SyscallNumber.execve, user.Data + PathAt))
            .Expect(result => result == -(long)error, "execve's error")
            .PowerOff()).Add("other", Other(), interpreter);
        var options = new ExploreOptions { Machine = guest.Options(1), Schedules = 5 };
        Explore.Schedules(options, machine => guest.Run(machine));
    }

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
