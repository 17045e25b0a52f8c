// /proc on the simulated machine: read while the process it is about ends, under many interleavings, with lock order checked; and
// nothing of what reading took is left over.
using System;
using System.Text;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Machine.Sim;
using Xunit;

namespace Jiffy.Tests.Sim.Whole;

public sealed class ProcTests
{
    private const ulong PathOffset = 0x400, BufferOffset = 0x600, BufferBytes = 0x800;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_process_may_end_while_its_files_are_read(int cpus)
    {
        var script = new SimScript();
        Mount(script);
        script
            .Do(user => user.Registers.R12 = (ulong)(Inode.Pool.Used + DirectoryEntry.Pool.Used))
            .Call(SyscallNumber.fork)
            .JumpIf(result => result == 0, "child")
            .Do(user => user.Registers.Rbx = (ulong)user.Result);
        foreach (var name in new[] { "stat", "status", "statm", "cmdline", "environ", "maps", "smaps", "limits", "mounts", "comm", "fdinfo/0" })
            ReadAll(script, SyscallNumber.read, user => $"/proc/{user.Registers.Rbx}/{name}");
        foreach (var name in new[] { "", "fd", "task" })
            ReadAll(script, SyscallNumber.getdents64, user => $"/proc/{user.Registers.Rbx}/{name}");
        script
            .Do(user => user.Call(SyscallNumber.wait4, user.Registers.Rbx))
            .Expect(result => result > 0, "wait4");
        ReadAll(script, SyscallNumber.getdents64, _ => "/proc");
        script
            .Do(user => Store(user, $"/proc/{user.Registers.Rbx}/stat"))
            .Do(user => user.Call(SyscallNumber.open, user.Data + PathOffset))
            .Expect(result => result == -(long)Errno.ENOENT, "opening a file of a process that was waited for")
            .Do(CheckNothingIsLeft)
            .Print("done\n")
            .PowerOff()
            .Label("child")
            .Call(SyscallNumber.sched_yield)
            .Exit(0);
        var guest = new Guest(script);
        Explore.Schedules(
            new ExploreOptions { Machine = guest.Options(cpus), Schedules = 40 },
            machine => Assert.EndsWith("done\n", guest.Run(machine), StringComparison.Ordinal));
    }

    [Fact]
    public void Every_file_of_the_machine_and_of_a_process_can_be_read()
    {
        var script = new SimScript();
        Mount(script);
        foreach (var name in new[]
        {
            "stat", "uptime", "loadavg", "interrupts", "softirqs", "workqueues", "cpuinfo", "meminfo", "vmstat", "buddyinfo", "slabinfo", "swaps", "version",
            "cmdline", "filesystems", "devices", "partitions", "mounts", "sys/kernel/hostname", "sys/kernel/random/uuid", "sys/fs/file-nr",
            "self/stat", "self/status", "self/maps", "self/smaps", "self/auxv", "self/mountinfo", "self/sched", "thread-self/comm",
        })
        {
            ReadAll(script, SyscallNumber.read, _ => "/proc/" + name);
            script.Expect(result => result == 0, name);
        }

        script.PowerOff();
        var guest = new Guest(script);
        using var machine = new SimMachine(guest.Options(cpus: 2));
        guest.Run(machine);
    }

    private static void Mount(SimScript script) => script
        .Do(user => user.Store(user.Data + PathOffset, "/proc\0proc\0"u8))
        .Do(user => user.Call(SyscallNumber.mkdir, user.Data + PathOffset, 0x1ed))
        .Do(user => user.Call(SyscallNumber.mount, user.Data + PathOffset + 6, user.Data + PathOffset, user.Data + PathOffset + 6))
        .Expect(result => result == 0, "mount");

    // Opens, reads to the end, closes. What the path names may go at any time: then opening says ENOENT, reading ESRCH or ENOENT, or EINVAL for the mounts of a zombie.
    private static void ReadAll(SimScript script, SyscallNumber read, Func<SimUser, string> path)
    {
        var again = $"again{script.Count}";
        var end = $"end{script.Count}";
        script
            .Do(user => Store(user, path(user)))
            .Do(user => user.Call(SyscallNumber.open, user.Data + PathOffset))
            .JumpIf(result => result == -(long)Errno.ENOENT, end)
            .Expect(result => result >= 0, "open")
            .Do(user => user.Registers.R13 = (ulong)user.Result)
            .Label(again)
            .Do(user => user.Call(read, user.Registers.R13, user.Data + BufferOffset, BufferBytes))
            .JumpIf(result => result > 0, again)
            .Expect(result => result is 0 or -(long)Errno.ESRCH or -(long)Errno.ENOENT or -(long)Errno.EINVAL, "read")
            .Do(user => user.Call(SyscallNumber.close, user.Registers.R13))
            .Label(end)
            .Do(_ => { });
    }

    private static void Store(SimUser user, string path) => user.Store(user.Data + PathOffset, Encoding.ASCII.GetBytes(path + "\0"));

    private static void CheckNothingIsLeft(SimUser user)
    {
        var left = Inode.Pool.Used + DirectoryEntry.Pool.Used - (int)user.Registers.R12;
        if (left != 0 || PagedText.Pool.Used != 0)
            SimMachine.Current.Fail($"{left} inodes and entries are left, {PagedText.Pool.Used} texts");
    }
}
