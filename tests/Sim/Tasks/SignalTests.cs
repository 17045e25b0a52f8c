// Signals and those who wait for them: none is lost between a change of mask and a sleep, or with a thread that ends.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Whole;
using Xunit;
using static Jiffy.Tests.Sim.Tasks.Scripts;

namespace Jiffy.Tests.Sim.Tasks;

public sealed class SignalTests
{
    private const int SIGUSR1 = 10, SIGTERM = 15, SIGCHLD = 17;
    private const ulong SA_RESTART = 0x10000000;
    private const ulong SetAt = 0x100, CaughtAt = 0x300;

    /// <summary>A child with SIGUSR1 blocked and a handler for it waits as <paramref name="waits"/> says; its parent sends the signal.</summary>
    private static SimScript Waiter(Action<SimScript> waits)
    {
        var script = new SimScript()
            .Handle(SIGUSR1, "handler")
            .Block(Bit(SIGUSR1))
            .Fork("child")
            .Kill(SIGUSR1)
            .WaitFor(4 << 8)
            .PowerOff()
            .Label("child");
        waits(script);
        return script
            .Do(user => Same(1, (long)user.Load(user.Data + CaughtAt), "handler calls"))
            .Exit(4)
            .Label("handler")
            .Do(user => user.Registers.R12 = user.Load(user.Data + CaughtAt) + 1)
            .Do(user => user.Store(user.Data + CaughtAt, user.Registers.R12))
            .EndHandler("handler");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Sigsuspend_misses_no_signal(int cpus) => Explored(cpus, Waiter(script => script
        .Put(SetAt, 0)
        .Do(user => user.Call(SyscallNumber.rt_sigsuspend, user.Data + SetAt, 8))
        .Expect(result => result == -(long)Errno.EINTR, "rt_sigsuspend")
        .Block(0)));

    [Fact]
    public void Unblocking_before_pause_misses_the_signal() => FailsSomewhere(cpus: 2, Waiter(script => script
        .Block(0)
        .Call(SyscallNumber.pause)));

    // SIGTERM's default is the end, and SIGCHLD's to be forgotten: not for who waits for them.
    [Theory]
    [InlineData(1, SIGTERM)]
    [InlineData(2, SIGTERM)]
    [InlineData(1, SIGCHLD)]
    [InlineData(2, SIGCHLD)]
    public void Sigtimedwait_takes_what_it_waits_for(int cpus, int signal) => Explored(cpus, new SimScript()
        .Block(Bit(signal))
        .Fork("child")
        .Kill(signal)
        .WaitFor(4 << 8)
        .PowerOff()
        .Label("child")
        .Put(SetAt, Bit(signal))
        .Do(user => user.Call(SyscallNumber.rt_sigtimedwait, user.Data + SetAt, 0, 0, 8))
        .Expect(result => result == signal, "rt_sigtimedwait")
        .Exit(4));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Sigtimedwait_of_two_threads_gives_each_its_signal(int cpus) => Explored(cpus, new SimScript()
        .Block(Bit(40))
        .Fork("process")
        .Kill(40)
        .Kill(40)
        .WaitFor(4 << 8)
        .PowerOff()
        .Label("process")
        .Put(SetAt, Bit(40))
        .Thread("thread")
        .Do(user => user.Call(SyscallNumber.rt_sigtimedwait, user.Data + SetAt, 0, 0, 8))
        .Expect(result => result == 40, "rt_sigtimedwait")
        .Await(0x20, 1)
        .Exit(4)
        .Label("thread")
        .Do(user => user.Call(SyscallNumber.rt_sigtimedwait, user.Data + SetAt, 0, 0, 8))
        .Expect(result => result == 40, "rt_sigtimedwait of the thread")
        .Put(0x20, 1)
        .Call(SyscallNumber.exit));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_signal_given_to_a_thread_that_ends_goes_to_another(int cpus) => Explored(cpus, new SimScript()
        .Handle(SIGUSR1, "handler")
        .Fork("process")
        .Kill(SIGUSR1)
        .WaitFor(4 << 8)
        .PowerOff()
        .Label("process")
        .Thread("thread")
        .Call(SyscallNumber.exit)
        .Label("thread")
        .Await(CaughtAt, 1)
        .Exit(4)
        .Label("handler")
        .Put(CaughtAt, 1)
        .EndHandler("handler"));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_wait_is_restarted_after_a_handler_that_asks_for_it(int cpus) => Explored(cpus, new SimScript()
        .Handle(SIGUSR1, "handler", SA_RESTART)
        .Fork("child")
        .WaitFor(6 << 8)
        .Do(user => Same(1, (long)user.Load(user.Data + CaughtAt), "handler calls"))
        .PowerOff()
        .Label("child")
        .Call(SyscallNumber.kill, 1, SIGUSR1)
        .Exit(6)
        .Label("handler")
        .Put(CaughtAt, 1)
        .EndHandler("handler"));

    // Two fit; what is taken makes room again. Standard signals get through without being queued.
    [Fact]
    public void No_more_signals_are_queued_than_the_limit_allows() => Explored(1, new SimScript()
        .Fork("child")
        .WaitFor(0)
        .PowerOff()
        .Label("child")
        .Call(SyscallNumber.getpid)
        .Do(user => user.Registers.R12 = (ulong)user.Result)
        .Block(Bit(40) | Bit(SIGCHLD))
        .Put(SetAt, 2)
        .Put(SetAt + 8, 2)
        .Do(user => user.Call(SyscallNumber.setrlimit, 11, user.Data + SetAt)) // RLIMIT_SIGPENDING
        .Do(user => user.Call(SyscallNumber.tgkill, user.Registers.R12, user.Registers.R12, 40))
        .Do(user => user.Call(SyscallNumber.tgkill, user.Registers.R12, user.Registers.R12, 40))
        .Expect(result => result == 0, "second signal")
        .Do(user => user.Call(SyscallNumber.tgkill, user.Registers.R12, user.Registers.R12, 40))
        .Expect(result => result == -(long)Errno.EAGAIN, "third signal")
        .Do(user => user.Call(SyscallNumber.tgkill, user.Registers.R12, user.Registers.R12, SIGCHLD))
        .Expect(result => result == 0, "standard signal")
        .Put(SetAt, Bit(40))
        .Do(user => user.Call(SyscallNumber.rt_sigtimedwait, user.Data + SetAt, 0, 0, 8))
        .Expect(result => result == 40, "rt_sigtimedwait")
        .Do(user => user.Call(SyscallNumber.tgkill, user.Registers.R12, user.Registers.R12, 40))
        .Expect(result => result == 0, "signal in the room made")
        .Exit(0), schedules: 5);
}
