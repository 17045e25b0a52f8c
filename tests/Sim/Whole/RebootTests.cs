// One simulated kernel after another in a process: nothing of the first may be left in the statics when the second is up, or a schedule's name
// would not give the same run.
using System;
using System.Linq;
using Jiffy.Kernel.Abi;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Kernel;
using Xunit;

namespace Jiffy.Tests.Sim.Whole;

public sealed class RebootTests
{
    private const ulong Name = 0x200;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Init_finds_the_same_kernel_after_any_other(int cpus)
    {
        var first = Boot(cpus);
        var second = Boot(cpus);
        Assert.True(first.Count > 1000, $"only {first.Count} values");
        AssertSame(first, second);
    }

    [Fact]
    public void A_kernel_of_some_rooms_finds_no_other_before_it()
    {
        Boot(2); // the rooms it does without are left alike both times
        var first = BootScheduler();
        Boot(2);
        AssertSame(first, BootScheduler());
    }

    // Whatever the last kernel has left in a number, the next one sets it, or uses it never before it is set.
    [Fact]
    public void Boot_sets_every_number() => CheckBoot(static () => Boot(2), IsSetByUse);

    [Fact]
    public void So_does_a_kernel_of_some_rooms() => CheckBoot(BootScheduler, static type => IsSetByUse(type) || !IsOfScheduler(type));

    private static void CheckBoot(Func<StateGraph> boot, Func<Type, bool> except)
    {
        var first = boot();
        var restore = StateGraph.Spoil(except);
        try
        {
            AssertSame(first, boot());
        }
        finally
        {
            restore();
        }
    }

    // What it brings up: not all of these rooms.
    private static bool IsOfScheduler(Type type) =>
        type.Name is not ("KernelAreas" or "PowerOffStatus" or "SystemTimeZone") &&
        type.Namespace?.Split('.')[^1] is "Structures" or "Sync" or "Wait" or "Observe" or "Sched" or "Deferred" or "Time" or "Irq" or "Memory";

    // Faults are switched by the tests; self-tests and labs begin by setting what they count in.
    private static bool IsSetByUse(Type type) =>
        type.Name.EndsWith("Faults", StringComparison.Ordinal)
        || type.Namespace is "Jiffy.Kernel.SelfTests" or "Jiffy.Kernel.Labs"
        || type.Name is "ReportLock" or "BrokenTwin";

    private static void AssertSame(StateGraph first, StateGraph second)
    {
        var found = first.DifferencesFrom(second).ToList();
        Assert.True(found.Count == 0, $"{found.Count} of {first.Count} values:\n{string.Join('\n', found.Take(100))}");
    }

    private static StateGraph BootScheduler()
    {
        StateGraph? state = null;
        using var machine = new SimMachine(new SimOptions { Cpus = 2 });
        var kernel = new SchedulerKernel(machine);
        kernel.Spawn("first", () => state = StateGraph.Take());
        kernel.RunAll();
        return state!;
    }

    // The state at the first step of init, which then does some of all a kernel can.
    private static StateGraph Boot(int cpus)
    {
        StateGraph? state = null;
        var guest = new Guest(new SimScript()
            .Do(_ => state ??= StateGraph.Take())
            .Call(SyscallNumber.fork)
            .JumpIf(result => result == 0, "child")
            .Do(user => user.Call(SyscallNumber.wait4, ulong.MaxValue, user.Data))
            .Do(user => user.Store(user.Data + Name, "proc\0"u8))
            .Do(user => user.Call(SyscallNumber.mkdir, user.Data + Name, 0x1ed))
            .Do(user => user.Call(SyscallNumber.mount, user.Data + Name, user.Data + Name, user.Data + Name))
            .Do(user => user.Call(SyscallNumber.sethostname, user.Data + Name, 4))
            .Do(user => user.Store(user.Data, 1_000_000_000))
            .Do(user => user.Store(user.Data + 8, 0))
            .Do(user => user.Call(SyscallNumber.clock_settime, 0, user.Data))
            .Do(user => user.Call(SyscallNumber.syslog, 8, 0, 7))
            .PowerOff()
            .Label("child")
            .Do(user => user.Call(SyscallNumber.pipe, user.Data))
            .Call(SyscallNumber.eventfd2, 3)
            .Call(SyscallNumber.epoll_create1)
            .Call(SyscallNumber.timerfd_create, 1)
            .Call(SyscallNumber.inotify_init1)
            .Do(user => user.Store(user.Data + Name, "/\0"u8))
            .Do(user => user.Call(SyscallNumber.inotify_add_watch, (ulong)user.Result, user.Data + Name, 0xfff))
            .Do(user => user.Store(user.Data, 1UL << 20))
            .Do(user => user.Call(SyscallNumber.signalfd4, ulong.MaxValue, user.Data, 8))
            .Call(SyscallNumber.pidfd_open, 1)
            .Do(user => user.Call(SyscallNumber.socketpair, 1, 1, 0, user.Data))
            .Do(user => user.Call(SyscallNumber.memfd_create, user.Data + Name))
            .Call(SyscallNumber.semget, 0, 2, 0x180)
            .Call(SyscallNumber.msgget, 0, 0x180)
            .Call(SyscallNumber.shmget, 0, 8192, 0x380)
            .Do(user => user.Call(SyscallNumber.timer_create, 1, 0, user.Data))
            .Do(user => user.Store(user.Data, 0))
            .Do(user => user.Store(user.Data + 8, 5_000))
            .Do(user => user.Call(SyscallNumber.futex, user.Data + Name + 8, 0, 0, user.Data))
            .Do(user => user.Call(SyscallNumber.sched_setscheduler, 0, 1, user.Data + 8))
            .Do(user => user.Call(SyscallNumber.setpriority, 0, 0, 5))
            .Exit(0));
        using var machine = new SimMachine(guest.Options(cpus));
        guest.Run(machine);
        return state!;
    }
}
