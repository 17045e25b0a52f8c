// What kernels of some rooms have in common: the kernel's own doors, a fault that fails the schedule, and what tasks rest on.
using System;
using System.Text;
using Jiffy.Kernel.Boot;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Xunit;
using Task = Jiffy.Kernel.Tasks.Task;

namespace Jiffy.Tests.Sim.Kernel;

internal abstract class TaskKernel : KernelEntry
{
    protected const int Threads = 64;

    protected TaskKernel(SimMachine machine)
    {
        Machine = machine;
        Instance = this;
        SimMachine.NameTeller = static context => context is Task task ? $"{Encoding.UTF8.GetString(task.Name)}[{task.Id}]" : "?";
    }

    protected SimMachine Machine { get; }

    /// <summary>The whole kernel's, to which a kernel of some rooms leaves what it does not do in its own way.</summary>
    protected JiffyKernel Doors { get; } = new();

    /// <summary>Tasks, signals, time and memory, in the order of StartUp. Further rooms come after it.</summary>
    protected static void InitTasks(LogLevel level)
    {
        ForgetOthers();
        KernelConsole.Init();
        KernelLog.Init((int)level);
        SystemNames.Init();
        FrameAllocator.Init();
        TaskTree.Initialize(Threads);
        WaitQueue.Init();
        SignalSender.InitReports();
        SignalHandlers.Pool = new Pool<SignalHandlers, SignalHandlers.Pooled>("signal_handlers", Threads);
        QueuedSignal.Init(4 * Threads);
        Softirq.Init();
        TimeKeeper.Init();
        Interrupts.Init();
        Scheduler.Init();
        IdleProcess.Init();
        KernelThread.Init();
        AddressSpace.Init();
        Jiffy.Kernel.Ipc.Futex.Init();
        Jiffy.Kernel.Ipc.Semaphores.Init();
        Jiffy.Kernel.Ipc.SysVMessages.Init();
        Jiffy.Kernel.Ipc.SharedSegments.Init();
    }

    /// <summary>What StartUp settles first, so that nothing of the kernel that ran before in this process is left: RebootTests.</summary>
    internal static void ForgetOthers()
    {
        SpinNodes.Init(areUsed: true);
        PoolRegistry.Init();
        PriorityChain.Init();
        LockChecks.Init(0);
        Panic.Init();
        FaultReport.Init(panicOnFault: true);
        Provoke.Init(isOn: false);
        KernelLog.Init((int)LogLevel.Warning);
        TaskStateRules.Init(checks: false);
        Freezer.Init();
    }

    /// <summary>Makes task 1 with a body, and kthreadd; the first runs as soon as the CPU is idle.</summary>
    protected static Task StartFirst(Func<object?, int> body)
    {
        Assert.True(KernelThread.CreateFromBoot("init"u8, body).TryGet(out var task));
        TaskTree.Init = task.Group;
        task.Group.Limits = ResourceLimits.ForInit(Threads);
        Assert.Equal(Jiffy.Kernel.Abi.Errno.None, KernelThread.StartDaemon());
        Scheduler.WakeUpNew(task);
        return task;
    }

    public override TaskContext CreateIdle(int cpu) => Doors.CreateIdle(cpu);

    public override void BootSecondary() => Doors.BootSecondary();

    public override void StartTask(TaskContext previous, TaskContext self) => Doors.StartTask(previous, self);

    public override void SystemCall(ref UserRegisters user) => Doors.SystemCall(ref user);

    public override void ReturnToUser(ref UserRegisters user) => Doors.ReturnToUser(ref user);

    public override void DeviceInterrupt(InterruptLine line, bool fromUser) => Doors.DeviceInterrupt(line, fromUser);

    public override void TimerInterrupt(bool fromUser) => Doors.TimerInterrupt(fromUser);

    public override void RescheduleInterrupt() => Doors.RescheduleInterrupt();

    public override void CallInterrupt() => Doors.CallInterrupt();

    public override void ReturnToKernel() => Doors.ReturnToKernel();

    public override bool PageFault(ulong address, FaultAccess access, bool wasPresent, bool fromUser) =>
        Doors.PageFault(address, access, wasPresent, fromUser);

    public override void RaiseUserException(UserException kind, ulong address, ref UserRegisters user) =>
        Doors.RaiseUserException(kind, address, ref user);

    public override void KernelFault(KernelFaultKind kind, ulong address, ref KernelRegisters registers) =>
        Machine.Fail($"kernel fault {kind}: {Invariant.LastBroken}");

    public override bool TryTakeFrame(out FrameNumber frame) => Doors.TryTakeFrame(out frame);

    public override void GiveFrame(FrameNumber frame) => Doors.GiveFrame(frame);

    public override bool TryTakeHeapFrames(int order, out FrameNumber first) => Doors.TryTakeHeapFrames(order, out first);
}
