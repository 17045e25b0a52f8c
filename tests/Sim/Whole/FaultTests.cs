// Kernel faults on every schedule: the task ends and the rest goes on, or the machine panics with the reason; and readers of the kernel log
// are woken wherever a record is written.
using System;
using System.Text;
using Jiffy.Kernel.Abi;
using Jiffy.Machine.Sim;
using Xunit;

namespace Jiffy.Tests.Sim.Whole;

public sealed class FaultTests
{
    private const int Path = 0x400, Kind = 0x500, Buffer = 0x600, DataOfLog = 0x800;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Two_processes_that_fault_at_once_end_and_nobody_else(int cpus)
    {
        var script = WithSystemFiles()
            .Call(SyscallNumber.fork)
            .JumpIf(result => result == 0, "one")
            .Call(SyscallNumber.fork)
            .JumpIf(result => result == 0, "two")
            .Do(user => user.Call(SyscallNumber.wait4, ulong.MaxValue, user.Data))
            .Do(user => Same(SIGKILL, user.Load32(user.Data), "status of one"))
            .Do(user => user.Call(SyscallNumber.wait4, ulong.MaxValue, user.Data))
            .Do(user => Same(SIGKILL, user.Load32(user.Data), "status of the other"))
            .Print("all else goes on\n")
            .PowerOff();
        Provoke(script.Label("one"), "NULL").Label("two");
        var guest = new Guest(Provoke(script, "INDEX"));
        Explore.Schedules(
            new ExploreOptions { Machine = guest.Options(cpus, "provoke", survivesFaults: true), Schedules = 40 },
            machine =>
            {
                var shown = guest.Run(machine);
                Assert.Contains("kernel fault: null reference", shown, StringComparison.Ordinal);
                Assert.Contains("kernel fault: index out of range", shown, StringComparison.Ordinal);
                Assert.EndsWith("all else goes on\n", shown, StringComparison.Ordinal);
            });
    }

    [Theory]
    [InlineData("LOCKED", "fault with a spin lock held")]
    [InlineData("MUTEX", "fault with a sleeping lock held")]
    [InlineData("IRQSOFF", "fault with interrupts off")]
    [InlineData("IRQ", "fault in an interrupt")]
    [InlineData("LOG", "fault with a spin lock held")]
    [InlineData("SERIAL", "fault with a spin lock held")]
    [InlineData("PANIC", "provoked")]
    public void What_cannot_be_survived_is_a_panic_with_its_reason(string kind, string reason)
    {
        var guest = new Guest(WithSystemFiles()
            .Call(SyscallNumber.fork)
            .JumpIf(result => result != 0, "parent")
            .Do(user => user.Call(SyscallNumber.open, user.Data + Path, 1))
            .Do(user => user.Store(user.Data + Kind, Encoding.UTF8.GetBytes(kind)))
            .Do(user => user.Call(SyscallNumber.write, 3, user.Data + Kind, (ulong)kind.Length))
            .Exit(1)
            .Label("parent")
            .Do(user => user.Call(SyscallNumber.wait4, ulong.MaxValue, user.Data))
            .PowerOff());
        using var machine = new SimMachine(guest.Options(cpus: 2, "provoke", survivesFaults: true));
        var failure = Assert.Throws<SimFailureException>(() => guest.Run(machine));
        Assert.StartsWith("kernel panic", failure.Reason, StringComparison.Ordinal);
        Assert.Contains($"Kernel panic - not syncing: {reason}", machine.SerialText(), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_the_word_on_the_command_line_nothing_can_be_provoked()
    {
        var guest = new Guest(WithSystemFiles()
            .Do(user => user.Call(SyscallNumber.open, user.Data + Path, 1))
            .Do(user => Same(-(long)Errno.ENOENT, user.Result, "open"))
            .PowerOff());
        using var machine = new SimMachine(guest.Options(cpus: 1));
        guest.Run(machine);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_reader_of_the_log_is_woken(int cpus)
    {
        var guest = new Guest(WithOpenLog(new SimScript())
            .Call(SyscallNumber.fork)
            .JumpIf(result => result == 0, "writer")
            .Do(user => user.Call(SyscallNumber.read, user.Load(user.Data), user.Data + DataOfLog, 300))
            .Do(user => Same(1, user.Result > 0 ? 1 : user.Result, "read"))
            .Print("woken\n")
            .PowerOff()
            .Label("writer")
            .Do(user => user.Store(user.Data + Buffer, "<7>news"u8))
            .Do(user => user.Call(SyscallNumber.write, user.Load(user.Data), user.Data + Buffer, 7))
            .Exit(0));
        Explore.Schedules(
            new ExploreOptions { Machine = guest.Options(cpus), Schedules = 100 },
            machine => Assert.Contains("woken\n", guest.Run(machine), StringComparison.Ordinal)); // the report may go on behind it
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_reader_of_the_log_is_woken_by_a_report(int cpus)
    {
        var guest = new Guest(Provoke(WithOpenLog(WithSystemFiles())
            .Call(SyscallNumber.fork)
            .JumpIf(result => result == 0, "faulty")
            .Do(user => user.Call(SyscallNumber.read, user.Load(user.Data), user.Data + DataOfLog, 300))
            .Do(user => Same(1, user.Result > 0 ? 1 : user.Result, "read"))
            .Print("woken\n")
            .PowerOff()
            .Label("faulty")
            .Do(user => user.Store(user.Data + Path, FaultFile)), "NULL"));
        Explore.Schedules(
            new ExploreOptions { Machine = guest.Options(cpus, "provoke", survivesFaults: true), Schedules = 40 },
            machine => Assert.Contains("woken\n", guest.Run(machine), StringComparison.Ordinal)); // the report may go on behind it
    }

    private const int SIGKILL = 9;

    private static ReadOnlySpan<byte> FaultFile => "/s/kernel/debug/provoke-crash/DIRECT\0"u8;

    /// <summary>Opens /kmsg at its end and leaves the descriptor in the data page's first word.</summary>
    private static SimScript WithOpenLog(SimScript script)
    {
        const ulong deviceMode = 0x2000 | 0x180, device = (1 << 8) | 11, seekEnd = 2;
        return script
            .Do(user => user.Store(user.Data + Path, "/kmsg\0"u8))
            .Do(user => user.Call(SyscallNumber.mknod, user.Data + Path, deviceMode, device))
            .Do(user => Same(0, user.Result, "mknod"))
            .Do(user => user.Call(SyscallNumber.open, user.Data + Path, 2))
            .Do(user => user.Store(user.Data, (ulong)user.Result))
            .Do(user => user.Call(SyscallNumber.lseek, user.Load(user.Data), 0, seekEnd));
    }

    private static SimScript WithSystemFiles() => new SimScript()
        .Do(user => user.Store(user.Data + Path, "/s\0"u8))
        .Do(user => user.Call(SyscallNumber.mkdir, user.Data + Path, 0x1ed))
        .Do(user => user.Store(user.Data + Kind, "sysfs\0"u8))
        .Do(user => user.Call(SyscallNumber.mount, user.Data + Kind, user.Data + Path, user.Data + Kind))
        .Do(user => Same(0, user.Result, "mount"))
        .Do(user => user.Store(user.Data + Path, FaultFile));

    private static SimScript Provoke(SimScript script, string kind) => script
        .Do(user => user.Call(SyscallNumber.open, user.Data + Path, 1))
        .Do(user => user.Store(user.Data + Kind, Encoding.UTF8.GetBytes(kind)))
        .Do(user => user.Call(SyscallNumber.write, (ulong)user.Result, user.Data + Kind, (ulong)kind.Length))
        .Exit(1);

    private static void Same(long expected, long found, string what)
    {
        if (expected != found)
            SimMachine.Current.Fail($"{what}: {found} where {expected} was expected");
    }
}
