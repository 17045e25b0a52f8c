// Processes: fork, exit, wait, copy-on-write, signals, under many interleavings, through the real system calls.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
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

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Fork_exit_and_wait_give_back_every_frame(int cpus)
    {
        long before = 0;
        var script = new SimScript();
        Explored(cpus, 100, script
            .Do(user => user.Store(user.Data, 0))
            .Do(user => user.Store(user.Registers.Rsp, 0))
            .Do(user => { user.Registers.R12 = 0; before = FrameAllocator.FreeFrames; })
            .Label("again")
            .Call(SyscallNumber.fork)
            .JumpIf(result => result == 0, "child")
            .Do(user => user.Call(SyscallNumber.wait4, ulong.MaxValue, user.Data))
            .Settle(() => FrameAllocator.FreeFrames == before)
            .Do(user => { if (++user.Registers.R12 != 4) user.Jump(script["again"]); })
            .PowerOff()
            .Label("child")
            .Do(user => user.Store(user.Data + 8, 3))
            .Exit(0));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_fork_that_runs_out_of_frames_undoes_what_it_did(int cpus)
    {
        for (var nth = 1; nth <= 12; nth++)
        {
            long before = 0;
            var failing = nth;
            var script = new SimScript();
            Explored(cpus, 20, script
                .Do(user => user.Store(user.Data, 0))
                .Do(user => user.Store(user.Registers.Rsp, 0))
                .Do(user =>
                {
                    before = FrameAllocator.FreeFrames;
                    SimMachine.Current.FailNth(FaultKind.Frame, failing);
                    user.Call(SyscallNumber.fork);
                })
                .JumpIf(result => result == 0, "child")
                .JumpIf(result => result is -(long)Errno.ENOMEM or -(long)Errno.EAGAIN, "failed")
                .Do(user => user.Call(SyscallNumber.wait4, ulong.MaxValue, user.Data))
                .Label("failed")
                .Settle(() => FrameAllocator.FreeFrames == before)
                .Call(SyscallNumber.wait4, ulong.MaxValue)
                .Expect(result => result == -(long)Errno.ECHILD, "no child is left")
                .PowerOff()
                .Label("child")
                .Exit(0));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_signal_runs_its_handler_and_the_program_goes_on(int cpus)
    {
        var script = new SimScript();
        Explored(cpus, 200, script
            .Do(user => user.Store(user.Data + 0x200, user.AddressOf(script["handler"])))
            .Do(user => user.Store(user.Data + 0x208, 0x0400_0000)) // SA_RESTORER
            .Do(user => user.Store(user.Data + 0x210, user.AddressOf(script["restorer"])))
            .Do(user => user.Call(SyscallNumber.rt_sigaction, 10, user.Data + 0x200, 0, 8))
            .Expect(result => result == 0, "sigaction")
            .Call(SyscallNumber.fork)
            .JumpIf(result => result == 0, "child")
            .Do(user => { user.Registers.Rbx = (ulong)user.Result; user.Call(SyscallNumber.kill, user.Registers.Rbx, 10); })
            .Do(user => user.Call(SyscallNumber.wait4, user.Registers.Rbx, user.Data))
            .Do(user => Same((long)user.Registers.Rbx, user.Result, "wait4"))
            .Do(user => Same(5 << 8, user.Load32(user.Data), "status"))
            .PowerOff()
            .Label("child")
            .Do(user => user.Registers.R15 = 0x1234)
            .Label("waiting")
            .Call(SyscallNumber.sched_yield)
            .Do(user => JumpUnless(user, user.Load(user.Data + 0x300) == 1, "waiting"))
            .Do(user => Same(0x1234, (long)user.Registers.R15, "register kept over the handler"))
            .Exit(5)
            .Label("handler")
            .Do(user => Same(10, (long)user.Registers.Rdi, "handler's argument"))
            .Do(user => user.Registers.R15 = 0)
            .Do(user => user.Store(user.Data + 0x300, 1))
            .Do(user => user.Return())
            .Label("restorer")
            .Call(SyscallNumber.rt_sigreturn));

        void JumpUnless(SimUser user, bool condition, string label)
        {
            if (!condition)
                user.Jump(script[label]);
        }
    }

    private const ulong ThreadFlags = 0x50f00; // VM, FS, FILES, SIGHAND, THREAD, SYSVSEM

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Threads_share_memory_and_end_with_their_process(int cpus)
    {
        var script = new SimScript();
        Explored(cpus, 200, script
            .Call(SyscallNumber.fork)
            .JumpIf(result => result == 0, "process")
            .Do(user => user.Call(SyscallNumber.wait4, ulong.MaxValue, user.Data))
            .Do(user => Same(9 << 8, user.Load32(user.Data), "status"))
            .Call(SyscallNumber.wait4, ulong.MaxValue)
            .Expect(result => result == -(long)Errno.ECHILD, "second wait4")
            .PowerOff()
            .Label("process")
            .Do(user => user.Call(SyscallNumber.clone, ThreadFlags, user.Registers.Rsp - 0x1000))
            .JumpIf(result => result == 0, "thread")
            .Expect(result => result > 0, "clone")
            .Label("waiting")
            .Call(SyscallNumber.sched_yield)
            .Do(user => { if (user.Load(user.Data + 8) != 1) user.Jump(script["waiting"]); })
            .Exit(9)
            .Label("thread")
            .Do(user => user.Store(user.Data + 8, 1))
            .Label("busy")
            .Call(SyscallNumber.sched_yield)
            .Jump("busy"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Memory_taken_away_by_one_thread_is_gone_for_the_other(int cpus)
    {
        var script = new SimScript();
        Explored(cpus, 50, script
            .Call(SyscallNumber.fork)
            .JumpIf(result => result == 0, "process")
            .Do(user => user.Call(SyscallNumber.wait4, ulong.MaxValue, user.Registers.Rsp))
            .Do(user => Same(11, user.Load32(user.Registers.Rsp), "status")) // SIGSEGV
            .PowerOff()
            .Label("process")
            .Do(user => user.Call(SyscallNumber.clone, ThreadFlags, user.Registers.Rsp - 0x1000))
            .JumpIf(result => result == 0, "thread")
            .Label("reading")
            .Do(user => user.Load(user.Data))
            .Jump("reading")
            .Label("thread")
            .Do(user => user.Call(SyscallNumber.munmap, user.Data, 4096))
            .Expect(result => result == 0, "munmap")
            .Label("busy")
            .Call(SyscallNumber.sched_yield)
            .Jump("busy"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_futex_waiter_never_misses_the_wake_up(int cpus)
    {
        const ulong FutexWait = 128, FutexWake = 129; // private
        var script = new SimScript();
        Explored(cpus, 300, script
            .Call(SyscallNumber.fork)
            .JumpIf(result => result == 0, "process")
            .Do(user => user.Call(SyscallNumber.wait4, ulong.MaxValue, user.Data))
            .Do(user => Same(4 << 8, user.Load32(user.Data), "status"))
            .PowerOff()
            .Label("process")
            .Do(user => user.Call(SyscallNumber.clone, ThreadFlags, user.Registers.Rsp - 0x1000))
            .JumpIf(result => result == 0, "thread")
            .Label("waiting")
            .Do(user => { if (user.Load32(user.Data + 16) != 0) user.Jump(script["woken"]); })
            .Do(user => user.Call(SyscallNumber.futex, user.Data + 16, FutexWait, 0, 0))
            .Expect(result => result is 0 or -(long)Errno.EAGAIN, "futex wait")
            .Jump("waiting")
            .Label("woken")
            .Exit(4)
            .Label("thread")
            .Do(user => user.Store32(user.Data + 16, 1))
            .Do(user => user.Call(SyscallNumber.futex, user.Data + 16, FutexWake, 1))
            .Expect(result => result is 0 or 1, "futex wake")
            .Call(SyscallNumber.exit, 0));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Killing_a_process_ends_its_sleep(int cpus) => Explored(cpus, 300, new SimScript()
        .Call(SyscallNumber.fork)
        .JumpIf(result => result == 0, "child")
        .Do(user => { user.Registers.Rbx = (ulong)user.Result; user.Call(SyscallNumber.kill, user.Registers.Rbx, 9); })
        .Expect(result => result == 0, "kill")
        .Do(user => user.Call(SyscallNumber.wait4, user.Registers.Rbx, user.Data))
        .Do(user => Same(9, user.Load32(user.Data), "status"))
        .PowerOff()
        .Label("child")
        .Call(SyscallNumber.pause)
        .Exit(1));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void An_orphan_is_collected_by_init(int cpus) => Explored(cpus, 300, new SimScript()
        .Call(SyscallNumber.fork)
        .JumpIf(result => result == 0, "child")
        .Call(SyscallNumber.wait4, ulong.MaxValue)
        .Expect(result => result > 0, "first wait4")
        .Call(SyscallNumber.wait4, ulong.MaxValue)
        .Expect(result => result > 0, "second wait4")
        .Call(SyscallNumber.wait4, ulong.MaxValue)
        .Expect(result => result == -(long)Errno.ECHILD, "third wait4")
        .PowerOff()
        .Label("child")
        .Call(SyscallNumber.fork)
        .Exit(0));

    private static void Same(long expected, long found, string what)
    {
        if (expected != found)
            SimMachine.Current.Fail($"{what}: {found} where {expected} was expected");
    }
}
