// Tasks, memory, signals and system calls without any file system: the first process is put together by hand, its program mapped as
// anonymous memory. Boots in a fraction of a millisecond, so that thousands of schedules are affordable.
using System;
using System.Text;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Boot;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Syscalls;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Xunit;
using Task = Jiffy.Kernel.Tasks.Task;

namespace Jiffy.Tests.Sim.Kernel;

internal sealed class ProcessKernel : KernelEntry
{
    private const int Threads = 64;
    private const ulong StackTop = 0x7fff_0000_0000;

    private readonly JiffyKernel _doors = new();
    private readonly SimMachine _machine;

    public ProcessKernel(SimMachine machine, ISimProgram init)
    {
        _machine = machine;
        Instance = this;
        SimPrograms.Clear();
        SimPrograms.Register(init);
        SimMachine.NameTeller = static context => context is Task task ? $"{Encoding.UTF8.GetString(task.Name)}[{task.Id}]" : "?";
    }

    public static SimOptions Options(int cpus) => new() { Cpus = cpus, MemoryBytes = 8 << 20 };

    /// <summary>Runs until the first program switches the machine off.</summary>
    public void Run()
    {
        var result = _machine.Boot(10_000_000_000);
        if (result != RunResult.PoweredOff)
            _machine.Fail($"init did not switch the machine off: {result}");
    }

    public override TaskContext CreateIdle(int cpu) => _doors.CreateIdle(cpu);

    public override void BootPrimary()
    {
        KernelConsole.Init();
        Panic.Init();
        FaultReport.Init(panicOnFault: true);
        KernelLog.Init((int)LogLevel.Warning);
        SystemNames.Init();
        FrameAllocator.Init();
        TaskTree.Initialize(Threads);
        SignalSender.InitReports();
        SignalHandlers.Pool = new Pool<SignalHandlers, SignalHandlers.Pooled>("signal_handlers", Threads);
        QueuedSignal.Init(4 * Threads);
        PosixTimer.Init(4 * Threads);
        Softirq.Init();
        TimeKeeper.Init();
        SystemTimeZone.Init();
        Interrupts.Init();
        Scheduler.Init();
        IdleProcess.Init();
        KernelThread.Init();
        AddressSpace.Init();
        Vdso.Init(enabled: true);
        UserClock.Init(Vdso.ValuesFrame);
        Jiffy.Kernel.Ipc.Futex.Init();
        SyscallTable.Init();
        Cpu.StartOthers();
        StartFirst();
        Scheduler.StartIdle();
    }

    public override void BootSecondary() => _doors.BootSecondary();

    public override void StartTask(TaskContext previous, TaskContext self) => _doors.StartTask(previous, self);

    // There is no terminal to drain, which the kernel's own way off would do.
    public override void SystemCall(ref UserRegisters user)
    {
        if (user.OriginalRax == (long)SyscallNumber.reboot)
            Power.Off(0);
        _doors.SystemCall(ref user);
    }

    public override void ReturnToUser(ref UserRegisters user) => _doors.ReturnToUser(ref user);

    public override void DeviceInterrupt(InterruptLine line, bool fromUser) => _doors.DeviceInterrupt(line, fromUser);

    public override void TimerInterrupt(bool fromUser) => _doors.TimerInterrupt(fromUser);

    public override void RescheduleInterrupt() => _doors.RescheduleInterrupt();

    public override void CallInterrupt() => _doors.CallInterrupt();

    public override void ReturnToKernel() => _doors.ReturnToKernel();

    public override bool PageFault(ulong address, FaultAccess access, bool wasPresent, bool fromUser) =>
        _doors.PageFault(address, access, wasPresent, fromUser);

    public override void RaiseUserException(UserException kind, ulong address, ref UserRegisters user) =>
        _doors.RaiseUserException(kind, address, ref user);

    public override void KernelFault(KernelFaultKind kind, ulong address, ref KernelRegisters registers) =>
        _machine.Fail($"kernel fault {kind}: {Invariant.LastBroken}");

    public override bool TryTakeFrame(out FrameNumber frame)
    {
        frame = default;
        return !_machine.ShouldFail(FaultKind.Frame) && _doors.TryTakeFrame(out frame);
    }

    public override void GiveFrame(FrameNumber frame) => _doors.GiveFrame(frame);

    public override bool TryTakeHeapFrames(int order, out FrameNumber first) => _doors.TryTakeHeapFrames(order, out first);

    private void StartFirst()
    {
        var first = KernelThread.CreateFromBoot("init"u8, _ => BecomeProgram());
        Assert.True(first.TryGet(out var task));
        TaskTree.Init = task.Group;
        task.Group.Limits = ResourceLimits.ForInit(Threads);
        task.Group.ExitSignal = SignalNumber.SIGCHLD;
        Assert.Equal(Errno.None, KernelThread.StartDaemon());
        Scheduler.WakeUpNew(task);
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
