// Tasks, memory, signals and system calls without any file system: the first process is put together by hand, its program mapped as
// anonymous memory. Boots in a fraction of a millisecond, so that thousands of schedules are affordable.
using System;
using System.Text;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Boot;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Syscalls;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Xunit;
using Task = Jiffy.Kernel.Tasks.Task;

namespace Jiffy.Tests.Sim.Kernel;

internal sealed class ProcessKernel : TaskKernel
{
    private const ulong StackTop = 0x7fff_0000_0000;

    public ProcessKernel(SimMachine machine, ISimProgram init)
        : base(machine)
    {
        SimPrograms.Clear();
        SimPrograms.Register(init);
    }

    public static SimOptions Options(int cpus) => new() { Cpus = cpus, MemoryBytes = 8 << 20 };

    /// <summary>Runs until the first program switches the machine off.</summary>
    public void Run()
    {
        var result = Machine.Boot(10_000_000_000);
        if (result != RunResult.PoweredOff)
            Machine.Fail($"init did not switch the machine off: {result}");
    }

    public override void BootPrimary()
    {
        InitTasks(LogLevel.Warning);
        PosixTimer.Init(4 * Threads);
        SystemTimeZone.Init();
        Vdso.Init(enabled: true);
        UserClock.Init(Vdso.ValuesFrame);
        SyscallTable.Init();
        Cpu.StartOthers();
        StartFirst(_ => BecomeProgram()).Group.ExitSignal = SignalNumber.SIGCHLD;
        Scheduler.StartIdle();
    }

    // There is no terminal to drain, which the kernel's own way off would do.
    public override void SystemCall(ref UserRegisters user)
    {
        if (user.OriginalRax == (long)SyscallNumber.reboot)
            Power.Off(0);
        Doors.SystemCall(ref user);
    }

    public override bool TryTakeFrame(out FrameNumber frame)
    {
        frame = default;
        return !Machine.ShouldFail(FaultKind.Frame) && Doors.TryTakeFrame(out frame);
    }

    private int BecomeProgram()
    {
        var current = Task.Current;
        current.Handlers = SignalHandlers.Create(null, onlyIgnored: false)!;
        using (TaskTree.Lock.Acquire())
        {
            Assert.True(Session.TryCreate(null, 0, out var session));
            Assert.True(ProcessGroup.TryCreate(0, session, out var group));
            group.Add(current.Group);
        }

        current.IsKernelThread = false;
        Assert.True(AddressSpace.Create().TryGet(out var space));
        AddressSpace.Replace(current, space);
        MapProgram(space);
        current.ResetUserState();
        ref var user = ref current.User;
        user = default;
        user.Rip = SimPrograms.BaseOf(0);
        user.Rsp = StackTop - 64;
        user.Cs = UserRegisters.UserCodeSelector;
        user.Ss = UserRegisters.UserDataSelector;
        user.Rflags = 0x202;
        user.OriginalRax = -1;
        KernelThread.BecomeUserProcess();
        return 0;
    }

    private static void MapProgram(AddressSpace space)
    {
        const MapFlags Fixed = MapFlags.MAP_PRIVATE | MapFlags.MAP_ANONYMOUS | MapFlags.MAP_FIXED;
        var start = SimPrograms.BaseOf(0);
        Assert.True(space.Map(start, Frames.Size, Protection.PROT_READ | Protection.PROT_EXEC, Fixed, null, 0).IsOk);
        var data = start + SimPrograms.DataOffset;
        Assert.True(space.Map(data, Frames.Size, Protection.PROT_READ | Protection.PROT_WRITE, Fixed, null, 0).IsOk);
        Assert.Equal(Errno.None, space.MapStack(StackTop, 16 * Frames.Size));
    }
}
