// A kernel of the scheduler's and memory's rooms only: kernel threads given by a test, no user mode. The rooms are the real ones.
using System;
using System.Collections.Generic;
using System.Text;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Task = Jiffy.Kernel.Tasks.Task;

namespace Jiffy.Tests.Sim.Kernel;

internal sealed class SchedulerKernel : KernelEntry
{
    private readonly List<Task> _spawned = new();
    private readonly Dictionary<Task, Action> _bodies = new();
    private readonly HashSet<Task> _daemons = new();
    private readonly SimMachine _machine;
    private bool _isUp;

    public SchedulerKernel(SimMachine machine, string policy = "")
    {
        _machine = machine;
        Instance = this;
        SimMachine.NameTeller = static context => context is Task task ? Encoding.ASCII.GetString(task.Name) : context.ToString() ?? "?";
        TaskKernel.ForgetOthers();
        FrameAllocator.Init();
        WaitQueue.Init();
        Scheduler.CreateIdle(0);
        Softirq.Init();
        Interrupts.Init();
        TimeKeeper.Init();
        Scheduler.Init(Encoding.ASCII.GetBytes(policy));
        AddressSpace.Init();
    }

    public List<Task> Exited { get; } = new();

    public Action? OnSerial { get; set; }

    /// <summary>Brings further rooms up, on CPU 0 before any task runs.</summary>
    public Action? OnBoot { get; set; }

    /// <summary>Makes a task; it starts when the machine boots, or now if it runs. Its share comes from <paramref name="parent"/>, which is the running one or none.</summary>
    public Task Spawn(string name, Action body, CpuSet? cpus = null, int nice = 0, int policy = 0, int priority = 0, Task? parent = null)
    {
        var task = Task.Pooled.Create();
        task.SetName(Encoding.ASCII.GetBytes(name));
        task.IsKernelThread = true;
        task.ChangeState(TaskState.New, Who.Maker);
        Assert(task.TryCreateStack());
        task.PrepareStart();
        Scheduler.ForkScheduling(parent ?? Scheduler.IdleOf(0), task);
        if (cpus is { } set)
            task.Affinity = set;
        Scheduler.SetPolicy(task, policy, priority, nice, resetOnFork: false);
        _bodies[task] = body;
        if (_isUp)
            Scheduler.WakeUpNew(task);
        else
            _spawned.Add(task);
        return task;
    }

    /// <summary>A task that need not come to its end.</summary>
    public Task SpawnDaemon(string name, Action body, CpuSet? cpus = null)
    {
        var task = Spawn(name, body, cpus);
        _daemons.Add(task);
        return task;
    }

    public bool HasExited(Task task) => Exited.Contains(task);

    /// <summary>Runs the machine until nothing is left to do.</summary>
    public void Run(long maxNanoseconds = 60_000_000_000) => _machine.Boot(maxNanoseconds);

    /// <summary>Runs it, and demands that every task comes to its end.</summary>
    public void RunAll()
    {
        Run();
        foreach (var task in _bodies.Keys)
        {
            if (!HasExited(task) && !_daemons.Contains(task))
                _machine.Fail($"{Encoding.ASCII.GetString(task.Name)} never ended; its state is {task.State}");
        }
    }

    public override TaskContext CreateIdle(int cpu) => cpu == 0 ? Scheduler.IdleOf(0) : Scheduler.IdleOf(cpu);

    public override void BootPrimary()
    {
        OnBoot?.Invoke();
        _isUp = true;
        // Who may not run on CPU 0 waits until there is another.
        var late = _spawned.FindAll(static task => !task.Affinity.Contains(0));
        foreach (var task in _spawned)
        {
            if (!late.Contains(task))
                Scheduler.WakeUpNew(task);
        }

        Cpu.StartOthers();
        while (Scheduler.Online.Count < Cpu.Count)
            Cpu.Relax();
        foreach (var task in late)
            Scheduler.WakeUpNew(task);
        Scheduler.StartIdle();
    }

    public override void BootSecondary() => Scheduler.StartIdle();

    public override void StartTask(TaskContext previous, TaskContext self)
    {
        Scheduler.FinishSwitch(previous);
        _bodies[(Task)self]();
        Exited.Add((Task)self);
        Scheduler.ExitCurrent();
    }

    public override void SystemCall(ref UserRegisters user) => throw new NotSupportedException();

    public override void ReturnToUser(ref UserRegisters user) => ReturnPath.ToUser(ref user);

    public override void DeviceInterrupt(InterruptLine line, bool fromUser) => Interrupts.Device(line, fromUser);

    public override void TimerInterrupt(bool fromUser) => Interrupts.Timer(fromUser);

    public override void RescheduleInterrupt() => Interrupts.Reschedule();

    public override void CallInterrupt() => Interrupts.Call();

    public override void ReturnToKernel() => Interrupts.ReturnToKernel();

    public override bool PageFault(ulong address, FaultAccess access, bool wasPresent, bool fromUser) =>
        MemoryFault.Handle(address, access, wasPresent, fromUser);

    public override void RaiseUserException(UserException kind, ulong address, ref UserRegisters user) => throw new NotSupportedException();

    public override void KernelFault(KernelFaultKind kind, ulong address, ref KernelRegisters registers) =>
        _machine.Fail($"kernel fault {kind}: {Invariant.LastBroken}{DescribeLocks()}");

    // As the kernel's own report has it: FaultReport is not part of this kernel.
    private static string DescribeLocks()
    {
        if (LockChecks.Wanted == 0)
            return "";
        Span<ulong> addresses = stackalloc ulong[16];
        var count = LockChecks.CopyHeldPlace(addresses);
        var text = new StringBuilder($"\n{LockRankNames.Of(LockChecks.Wanted)} is wanted; {LockRankNames.Of(LockChecks.Held)} was taken here:");
        foreach (var address in addresses[..count])
        {
            if (Backtrace.TryDescribe(address, out var at))
                text.Append($"\n    at {Encoding.UTF8.GetString(at.Method)} ({Encoding.UTF8.GetString(at.File)}:{at.Line})");
        }

        return text.Append('\n').ToString();
    }

    public override bool TryTakeFrame(out FrameNumber frame) => FrameAllocator.TryTakeClear(out frame);

    public override void GiveFrame(FrameNumber frame) => FrameAllocator.Give(frame);

    public override bool TryTakeHeapFrames(int order, out FrameNumber first) => FrameAllocator.TryTake(order, out first);

    private static void Assert(bool condition)
    {
        if (!condition)
            throw new InvalidOperationException("the test's kernel cannot make a task");
    }
}
