// The whole kernel boots, unpacks its root file system, runs programs, reads what is typed, and switches off.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Machine.Sim;
using Xunit;

namespace Jiffy.Tests.Sim.Whole;

public sealed class BootTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Init_prints_and_switches_off(int cpus)
    {
        var guest = new Guest(new SimScript().Print("hello\n").PowerOff());
        using var machine = new SimMachine(guest.Options(cpus));
        Assert.Contains("hello\n", guest.Run(machine), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_child_becomes_another_program(int cpus)
    {
        var guest = new Guest(new SimScript()
            .Call(SyscallNumber.fork)
            .JumpIf(result => result == 0, "child")
            .Do(user => user.Call(SyscallNumber.wait4, ulong.MaxValue, user.Data))
            .Do(user => Same(3 << 8, user.Load32(user.Data), "status"))
            .Print("parent\n")
            .PowerOff()
            .Label("child")
            .Do(user => user.Store(user.Data + 0x100, "/other\0"u8))
            .Do(user => user.Call(SyscallNumber.execve, user.Data + 0x100))
            .Expect(_ => false, "execve returned"));
        guest.Add("other", new SimScript().Print("other\n").Exit(3));
        Explored(guest, cpus, "other\nparent\n");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void What_is_written_into_a_pipe_comes_out(int cpus)
    {
        var guest = new Guest(new SimScript()
            .Do(user => user.Call(SyscallNumber.pipe, user.Data))
            .Expect(result => result == 0, "pipe")
            .Call(SyscallNumber.fork)
            .JumpIf(result => result == 0, "child")
            .Do(user => user.Call(SyscallNumber.close, user.Load32(user.Data + 4)))
            .Do(user => user.Call(SyscallNumber.read, user.Load32(user.Data), user.Data + 0x200, 100))
            .Do(user => { Same(6, user.Result, "read"); user.Call(SyscallNumber.write, 1, user.Data + 0x200, 6); })
            .Do(user => user.Call(SyscallNumber.read, user.Load32(user.Data), user.Data + 0x200, 100))
            .Expect(result => result == 0, "end of file")
            .PowerOff()
            .Label("child")
            .Do(user => user.Store(user.Data + 0x200, "piped\n"u8))
            .Do(user => user.Call(SyscallNumber.write, user.Load32(user.Data + 4), user.Data + 0x200, 6))
            .Expect(result => result == 6, "write")
            .Exit(0));
        Explored(guest, cpus, "piped\n");
    }

    [Fact]
    public void A_typed_line_is_read()
    {
        var guest = new Guest(new SimScript()
            .Print("name? ")
            .Do(user => user.Call(SyscallNumber.read, 0, user.Data + 0x200, 100))
            .Do(user => { Same(6, user.Result, "read"); user.Call(SyscallNumber.write, 1, user.Data + 0x200, 6); })
            .PowerOff());
        using var machine = new SimMachine(guest.Options(cpus: 2));
        machine.At(1_000_000_000, () => machine.Type("jiffy\r"));
        Assert.EndsWith("name? jiffy\njiffy\n", guest.Run(machine), StringComparison.Ordinal);
    }

    private static void Explored(Guest guest, int cpus, string expected) => Explore.Schedules(
        new ExploreOptions { Machine = guest.Options(cpus), Schedules = 40 },
        machine => Assert.EndsWith(expected, guest.Run(machine), StringComparison.Ordinal));

    private static void Same(long expected, long found, string what)
    {
        if (expected != found)
            SimMachine.Current.Fail($"{what}: {found} where {expected} was expected");
    }
}
