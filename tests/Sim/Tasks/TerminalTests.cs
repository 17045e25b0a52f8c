// The terminal, from the serial line to the program: line editing, end of file, signals for the foreground, raw mode, job control.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Whole;
using Xunit;
using static Jiffy.Tests.Sim.Tasks.Scripts;

namespace Jiffy.Tests.Sim.Tasks;

public sealed class TerminalTests
{
    private const int SIGHUP = 1, SIGINT = 2, SIGQUIT = 3, SIGCONT = 18, SIGTSTP = 20, SIGTTIN = 21;
    private const ulong TCGETS = 0x5401, TCSETS = 0x5402, TIOCSCTTY = 0x540e, TIOCSPGRP = 0x5410;
    private const ulong BufferAt = 0x200, ModesAt = 0x400, GroupAt = 0x480;
    private const long Second = 1_000_000_000;

    private static void Explored(SimScript script, string ending, int cpus = 2, int schedules = 40)
    {
        var guest = new Guest(script);

        // Time does not leap: what is typed after a second comes after a second.
        var machine = new SimOptions { Cpus = cpus, MemoryBytes = 16 << 20, Ramdisk = guest.Options(cpus).Ramdisk, TimeLeaps = false };
        Explore.Schedules(new ExploreOptions { Machine = machine, Schedules = schedules },
            run => Assert.EndsWith(ending, guest.Run(run, 20 * Second), StringComparison.Ordinal));
    }

    /// <summary>From here on it takes so long until somebody types.</summary>
    private static SimScript Types(SimScript script, string text, long after = Second) => script
        .Do(_ => SimMachine.Current.At(Clock.Now + after, () => SimMachine.Current.Type(text)));

    private static SimScript Read(SimScript script, int expected) => script
        .Do(user => user.Call(SyscallNumber.read, 0, user.Data + BufferAt, 100))
        .Do(user => Same(expected, user.Result, "read"));

    private static SimScript ReadAndShow(SimScript script, int expected) => Read(script, expected)
        .Do(user => user.Call(SyscallNumber.write, 1, user.Data + BufferAt, (ulong)expected))
        .PowerOff();

    // What is shown is the echo, with its erasing, and then the line.
    [Theory]
    [InlineData("jixx\u007f\u007fffy\r", "jixx\b \b\b \bffy\njiffy\n")]
    [InlineData("wrong one\u0017\u0017right\r", "right\nright\n")]
    [InlineData("wrong\u0015right\r", "right\nright\n")]
    [InlineData("no\u0003right\r", "^Cright\nright\n")]
    [InlineData("a\u0016\u0003b\u0016\u007fc\r", "^Cb^\b^?c\na\u0003b\u007fc\n")] // quoted by ^V
    public void A_line_can_be_edited_before_it_is_read(string typed, string shown) =>
        Explored(ReadAndShow(Types(new SimScript(), typed), 6), shown, schedules: 10);

    [Fact]
    public void End_of_file_ends_a_read_and_is_none_within_a_line() => Explored(
        Read(Read(Read(Types(new SimScript(), "ab\u0004\u0004cd\r"), 2), 0), 3).PowerOff(), "cd\n");

    [Fact]
    public void Each_reader_gets_a_line_and_none_an_end_of_file() => Explored(
        Read(Types(new SimScript(), "a\rb\r").Fork("reader").Label("reader"), 2)
            .Call(SyscallNumber.getpid)
            .JumpIf(id => id == 1, "init")
            .Exit(0)
            .Label("init")
            .WaitFor(0)
            .PowerOff(), "a\nb\n", schedules: 100);

    /// <summary>A child leads a session with the console as its terminal; init ends when it gets <paramref name="status"/>.</summary>
    private static SimScript Leader(int status) => new SimScript()
        .Fork("leader")
        .WaitFor(status)
        .PowerOff()
        .Label("leader")
        .Call(SyscallNumber.setsid)
        .Call(SyscallNumber.ioctl, 0, TIOCSCTTY)
        .Expect(result => result == 0, "TIOCSCTTY");

    [Theory]
    [InlineData("\u0003", SIGINT, "^C")]
    [InlineData("\u001c", SIGQUIT, "^\\")]
    public void Keys_signal_the_foreground(string typed, int signal, string shown) => Explored(
        Types(Leader(signal), typed, after: 1000).Call(SyscallNumber.pause).Exit(0), shown);

    /// <summary>Makes the child in Rbx a group of its own, in the foreground.</summary>
    private static SimScript Foreground(SimScript script) => script
        .Do(user => user.Call(SyscallNumber.setpgid, user.Registers.Rbx, user.Registers.Rbx))
        .Do(user => user.Store32(user.Data + GroupAt, (uint)user.Registers.Rbx))
        .Do(user => user.Call(SyscallNumber.ioctl, 0, TIOCSPGRP, user.Data + GroupAt))
        .Expect(result => result == 0, "TIOCSPGRP");

    [Fact]
    public void A_key_stops_the_job_and_the_shell_hears_of_it() => Explored(
        Types(Foreground(Leader(0).Fork("job")), "\u001a", after: 1000)
            .WaitFor(SIGTSTP << 8 | StoppedBy, Untraced)
            .Kill(SIGCONT)
            .Kill(SIGINT)
            .WaitFor(SIGINT)
            .Exit(0)
            .Label("job")
            .Call(SyscallNumber.pause)
            .Exit(1), "^Z");

    [Fact]
    public void A_background_job_that_reads_is_stopped_until_it_is_in_the_foreground() => Explored(
        Read(Foreground(Types(Leader(0), "hi\r")
                .Fork("job")
                .WaitFor(SIGTTIN << 8 | StoppedBy, Untraced))
            .Kill(SIGCONT)
            .WaitFor(5 << 8)
            .Exit(0)
            .Label("job")
            .Call(SyscallNumber.setpgid), 3)
            .Exit(5), "hi\n");

    [Fact]
    public void The_end_of_the_leader_hangs_the_foreground_up() => Explored(
        Foreground(new SimScript()
            .Fork("leader")
            .WaitFor(0)
            .WaitFor(SIGHUP, id: AnyChild)
            .ExpectNoChild()
            .PowerOff()
            .Label("leader")
            .Call(SyscallNumber.setsid)
            .Call(SyscallNumber.ioctl, 0, TIOCSCTTY)
            .Fork("job"))
            .Exit(0)
            .Label("job")
            .Call(SyscallNumber.pause)
            .Exit(1), "");

    /// <summary>Raw mode with these limits. c_lflag is the fourth word, VTIME and VMIN the sixth and seventh control character.</summary>
    private static SimScript Raw(int least, int time) => new SimScript()
        .Do(user => user.Call(SyscallNumber.ioctl, 0, TCGETS, user.Data + ModesAt))
        .Do(user => user.Store32(user.Data + ModesAt + 12, 0))
        .Do(user => user.Store(user.Data + ModesAt + 17 + 5, new[] { (byte)time, (byte)least }))
        .Do(user => user.Call(SyscallNumber.ioctl, 0, TCSETS, user.Data + ModesAt))
        .Expect(result => result == 0, "TCSETS");

    [Theory]
    [InlineData(4, 0, 4)] // as many bytes as asked for, over any pause
    [InlineData(2, 0, 2)]
    [InlineData(4, 5, 2)] // half a second of silence after the first two
    [InlineData(0, 5, 0)] // half a second from the start
    [InlineData(0, 20, 2)]
    [InlineData(0, 0, 0)] // what is there
    public void Raw_reads_end_by_count_or_by_time(int least, int time, int expected) => Explored(
        Read(Types(Types(Raw(least, time), "ab"), "cd", after: 3 * Second), expected).PowerOff(), "", schedules: 20);

    // The port takes a few bytes at a time; whoever sleeps for room or for the end of output must be woken, whoever made the room.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Writers_and_those_who_wait_for_the_output_are_woken(int cpus) => Explored(new SimScript()
        .Fork("second")
        .Label("second")
        .Call(SyscallNumber.write, 1, SimPrograms.FirstBase, 3000)
        .Expect(result => result == 3000, "write")
        .Call(SyscallNumber.ioctl, 1, 0x5409, 1) // TCSBRK: tcdrain
        .Expect(result => result == 0, "tcdrain")
        .Call(SyscallNumber.write, 1, SimPrograms.FirstBase, 3)
        .Call(SyscallNumber.ioctl, 1, 0x5409, 1)
        .Call(SyscallNumber.getpid)
        .JumpIf(id => id == 1, "init")
        .Exit(0)
        .Label("init")
        .WaitFor(0)
        .PowerOff(), "", cpus);
}
