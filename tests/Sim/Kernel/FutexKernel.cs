// Tasks that share one page of user memory and call the futex services directly: quick enough for thousands of schedules, and free of the
// system call's way in and out.
using System;
using System.Collections.Generic;
using System.Text;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Xunit;
using Task = Jiffy.Kernel.Tasks.Task;

namespace Jiffy.Tests.Sim.Kernel;

internal sealed class FutexKernel : TaskKernel
{
    /// <summary>Where the shared page is mapped.</summary>
    public const ulong Base = 0x40_0000;

    private sealed record Body(string Name, Action Run, CpuSet? Cpus, int Priority);

    private readonly List<Body> _bodies = new();
    private readonly Semaphore _ended = new(0);
    private AddressSpace _space = null!;

    private FutexKernel(SimMachine machine)
        : base(machine)
    {
    }

    /// <summary>Boots a machine with such tasks and runs it until all have ended; nothing may be left behind.</summary>
    public static void Run(SimMachine machine, FutexFault fault, Action<FutexKernel> spawn)
    {
        FutexFaults.Set(fault);
        try
        {
            var kernel = new FutexKernel(machine);
            spawn(kernel);
            var result = machine.Boot(60_000_000_000);
            if (result != RunResult.PoweredOff)
                machine.Fail($"some task never ended: {result}");
        }
        finally
        {
            FutexFaults.Set(FutexFault.None);
        }
    }

    public static SimOptions Options(int cpus) => new() { Cpus = cpus, MemoryBytes = 8 << 20, MaxSteps = 500_000 };

    /// <summary>A task, real-time (FIFO) when it has a priority.</summary>
    public void Spawn(string name, Action body, CpuSet? cpus = null, int priority = 0) => _bodies.Add(new Body(name, body, cpus, priority));

    public override void BootPrimary()
    {
        InitTasks(LogLevel.Warning);
        Cpu.StartOthers();
        StartFirst(_ => RunBodies());
        Scheduler.StartIdle();
    }

    private int RunBodies()
    {
        Assert.True(AddressSpace.Create().TryGet(out var space));
        _space = space;
        AddressSpace.Replace(Task.Current, space);
        const MapFlags Fixed = MapFlags.MAP_PRIVATE | MapFlags.MAP_ANONYMOUS | MapFlags.MAP_FIXED;
        Assert.True(space.Map(Base, Frames.Size, Protection.PROT_READ | Protection.PROT_WRITE, Fixed, null, 0).IsOk);
        Store(0, 0);
        var tasks = new List<Task>();
        foreach (var body in _bodies)
        {
            Assert.True(KernelThread.Create(Encoding.ASCII.GetBytes(body.Name), static o => Call(o!), (Action)(() => Start(body))).TryGet(out var task));
            if (body.Cpus is { } cpus)
                task.Affinity = cpus;
            if (body.Priority > 0)
                Scheduler.SetPolicy(task, SchedulingPolicy.SCHED_FIFO, body.Priority, 0, resetOnFork: false);
            task.AddUser();
            tasks.Add(task);
        }

        foreach (var task in tasks)
            Scheduler.WakeUpNew(task);
        for (var i = 0; i < tasks.Count; i++)
            _ended.Down();
        foreach (var task in tasks)
        {
            while (task.FutexLife != FutexLife.Dead)
                Jiffy.Kernel.Time.Sleep.For(100_000);
            if (task.EffectivePriority != Priorities.NormalOf(task) || task.HasLenders || task.BlockedOn is not null)
                Machine.Fail($"task {task.Id} ended with priority {task.EffectivePriority}");
        }

        if (FutexPiState.Pool.Used != 0 || Futex.VectorWaitersUsed != 0)
            Machine.Fail($"{FutexPiState.Pool.Used} states and {Futex.VectorWaitersUsed} waiters are left");
        Power.Off(0);
        return 0;
    }

    private static int Call(object body)
    {
        ((Action)body)();
        return 0;
    }

    private void Start(Body body)
    {
        var current = Task.Current;
        current.IsKernelThread = false;
        _space.AddUser();
        AddressSpace.Replace(current, _space);
        body.Run();
        _ended.Up();
    }

    // ---- The shared page, by word ----------------------------------------------------------------------------------

    public static ulong At(int word) => Base + 4 * (ulong)word;

    public static uint Load(int word)
    {
        Assert.True(UserAccess.TryRead(At(word), out uint value));
        return value;
    }

    public static void Store(int word, uint value) => Assert.True(UserAccess.TryWrite(At(word), value));

    public static uint Exchange(int word, uint value, uint expected)
    {
        Assert.True(UserMemory.TryCompareExchange(At(word), value, expected, out var previous));
        return previous;
    }
}
