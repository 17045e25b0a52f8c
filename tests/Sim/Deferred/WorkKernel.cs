// A kernel of tasks, kernel threads, timers and work queues, without memory of users or files: made anew for each schedule in a fraction of a
// millisecond. The test's tasks are kernel threads. Boot and the making of threads are calm: the schedule's decisions go into the test.
using System;
using System.Collections.Generic;
using System.Text;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Boot;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Deferred.WorkQueues;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Xunit;
using Task = Jiffy.Kernel.Tasks.Task;

namespace Jiffy.Tests.Sim.Deferred;

internal sealed class WorkKernel : KernelEntry
{
    private const int Threads = 64;

    private readonly JiffyKernel _doors = new();
    private readonly SimMachine _machine;
    private readonly List<(string Name, Action Body, CpuSet? Cpus)> _bodies = new();
    private int _ended;

    public WorkKernel(SimMachine machine)
    {
        _machine = machine;
        Instance = this;
        SimMachine.NameTeller = static context => context is Task task ? $"{Encoding.UTF8.GetString(task.Name)}[{task.Id}]" : "?";
    }

    /// <summary>Runs in process context before the tasks start, when workers are there: makes queues. Calm.</summary>
    public Action? OnReady { get; set; }

    /// <summary>None unless the test is about it: the schedule may let time leap.</summary>
    public int StallSeconds { get; set; }

    /// <summary>Switched on when all is ready.</summary>
    public Mistake Mistake { get; set; }

    /// <summary>A task of the test; all start when the kernel is ready.</summary>
    public WorkKernel Spawn(string name, Action body, int? cpu = null)
    {
        _bodies.Add((name, body, cpu is { } only ? CpuSet.Of(only) : null));
        return this;
    }

    /// <summary>Runs until every task has ended and nothing is left to do, at most so long. Time may leap far.</summary>
    public void RunAll(long maxNanoseconds = 100_000_000_000_000)
    {
        _machine.IsCalm = true;
        _machine.Boot(maxNanoseconds);
        if (_ended != _bodies.Count)
            _machine.Fail($"{_bodies.Count - _ended} tasks never ended");
    }

    public override TaskContext CreateIdle(int cpu) => _doors.CreateIdle(cpu);

    public override void BootPrimary()
    {
        KernelConsole.Init();
        Panic.Init();
        FaultReport.Init(panicOnFault: true);
        KernelLog.Init((int)LogLevel.Error);
        SystemNames.Init();
        FrameAllocator.Init();
        TaskTree.Initialize(Threads);
        SignalSender.InitReports();
        SignalHandlers.Pool = new Pool<SignalHandlers, SignalHandlers.Pooled>("signal_handlers", Threads);
        QueuedSignal.Init(4 * Threads);
        Softirq.Init();
        TimeKeeper.Init();
        Interrupts.Init();
        Scheduler.Init();
        IdleProcess.Init();
        KernelThread.Init();
        FaultInjection.Init();
        WorkQueues.Init(stallSeconds: StallSeconds);
        AddressSpace.Init();
        Jiffy.Kernel.Ipc.Futex.Init();
        Cpu.StartOthers();
        while (Scheduler.Online.Count < Cpu.Count)
            Cpu.Relax();
        StartFirst();
        Scheduler.StartIdle();
    }

    public override void BootSecondary() => _doors.BootSecondary();

    public override void StartTask(TaskContext previous, TaskContext self) => _doors.StartTask(previous, self);

    public override void SystemCall(ref UserRegisters user) => throw new NotSupportedException();

    public override void ReturnToUser(ref UserRegisters user) => _doors.ReturnToUser(ref user);

    public override void DeviceInterrupt(InterruptLine line, bool fromUser) => _doors.DeviceInterrupt(line, fromUser);

    public override void TimerInterrupt(bool fromUser) => _doors.TimerInterrupt(fromUser);

    public override void RescheduleInterrupt() => _doors.RescheduleInterrupt();

    public override void CallInterrupt() => _doors.CallInterrupt();

    public override void ReturnToKernel() => _doors.ReturnToKernel();

    public override bool PageFault(ulong address, FaultAccess access, bool wasPresent, bool fromUser) =>
        _doors.PageFault(address, access, wasPresent, fromUser);

    public override void RaiseUserException(UserException kind, ulong address, ref UserRegisters user) => throw new NotSupportedException();

    public override void KernelFault(KernelFaultKind kind, ulong address, ref KernelRegisters registers) =>
        _machine.Fail($"kernel fault {kind}: {Invariant.LastBroken}");

    public override bool TryTakeFrame(out FrameNumber frame) => _doors.TryTakeFrame(out frame);

    public override void GiveFrame(FrameNumber frame) => _doors.GiveFrame(frame);

    public override bool TryTakeHeapFrames(int order, out FrameNumber first) => _doors.TryTakeHeapFrames(order, out first);

    private void StartFirst()
    {
        var first = KernelThread.CreateFromBoot("init"u8, _ => Prepare());
        Assert.True(first.TryGet(out var task));
        TaskTree.Init = task.Group;
        task.Group.Limits = ResourceLimits.ForInit(Threads);
        Assert.Equal(Errno.None, KernelThread.StartDaemon());
        Scheduler.WakeUpNew(task);
    }

    private int Prepare()
    {
        WorkQueues.StartWorkers();
        OnReady?.Invoke();
        var tasks = new List<Task>();
        foreach (var (name, body, cpus) in _bodies)
        {
            var result = KernelThread.Create(Encoding.ASCII.GetBytes(name), run => Run((Action)run!), body);
            Assert.True(result.TryGet(out var task));
            if (cpus is { } set)
                task.Affinity = set;
            tasks.Add(task);
        }

        Sleep.For(1_000_000); // the workers have gone idle
        BrokenTwin.Mistake = Mistake;
        foreach (var task in tasks)
            Scheduler.WakeUpNew(task);
        _machine.IsCalm = false;
        Task.Current.SetState(TaskState.Idle);
        Scheduler.Schedule();
        return 0;
    }

    private int Run(Action body)
    {
        body();
        _ended++;
        return 0;
    }
}
