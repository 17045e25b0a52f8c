// A kernel of tasks, kernel threads, timers and work queues, without memory of users or files: made anew for each schedule in a fraction of a
// millisecond. The test's tasks are kernel threads. Boot and the making of threads are calm: the schedule's decisions go into the test.
using System;
using System.Collections.Generic;
using System.Text;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Boot;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Deferred.WorkQueues;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Kernel;
using Xunit;
using Task = Jiffy.Kernel.Tasks.Task;

namespace Jiffy.Tests.Sim.Deferred;

internal sealed class WorkKernel : TaskKernel
{
    private readonly List<(string Name, Action Body, CpuSet? Cpus)> _bodies = new();
    private int _ended;

    public WorkKernel(SimMachine machine)
        : base(machine)
    {
    }

    /// <summary>Runs in process context before the tasks start, when workers are there: makes queues. Calm.</summary>
    public Action? OnReady { get; set; }

    /// <summary>None unless the test is about it: the schedule may let time leap.</summary>
    public int StallSeconds { get; set; }

    /// <summary>Switched on when all is ready.</summary>
    public Mistake Mistake { get; set; }

    /// <summary>A <see cref="SmallCase"/> says when the schedule begins to decide.</summary>
    public bool StaysCalm { get; init; }

    /// <summary>A task of the test; all start when the kernel is ready.</summary>
    public WorkKernel Spawn(string name, Action body, int? cpu = null)
    {
        _bodies.Add((name, body, cpu is { } only ? CpuSet.Of(only) : null));
        return this;
    }

    /// <summary>Runs until every task has ended and nothing is left to do, at most so long. Time may leap far.</summary>
    public void RunAll(long maxNanoseconds = 100_000_000_000_000)
    {
        Machine.IsCalm = true;
        Machine.Boot(maxNanoseconds);
        if (_ended != _bodies.Count)
            Machine.Fail($"{_bodies.Count - _ended} tasks never ended");
    }

    public override void BootPrimary()
    {
        InitTasks(LogLevel.Error);
        FaultInjection.Init();
        WorkQueues.Init(stallSeconds: StallSeconds);
        Cpu.StartOthers();
        while (Scheduler.Online.Count < Cpu.Count)
            Cpu.Relax();
        StartFirst(_ => Prepare());
        Scheduler.StartIdle();
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
        if (!StaysCalm)
            Machine.IsCalm = false;
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
