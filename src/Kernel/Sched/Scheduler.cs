// The scheduler's state and start. Beside it: Scheduler.Switch.cs (the one place that switches), Scheduler.Wake.cs (how tasks become
// runnable), Scheduler.Change.cs (policy, nice, affinity), Scheduler.Idle.cs, Scheduler.Tick.cs, Balancer.cs.
// Locks: a task's WakeLock before its run queue's Lock; two run queues by CPU index. Contexts: Init and CreateIdle at boot.
// Linux: kernel/sched/core.c, sched_init(), init_idle().
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sched;

public static partial class Scheduler
{
    /// <summary>
    /// The preemption count of a task that is not running: <see cref="Schedule"/>'s own one, and one for the run queue's lock that it holds.
    /// </summary>
    public const int CountAtSwitch = 2 * Preemption.PreemptOne;

    private static Task[] s_idle = null!;
    private static SchedulingClass[] s_classes = null!;
    private static long s_online;

    /// <summary>CPUs that schedule: a task may be placed on these.</summary>
    public static CpuSet Online => new((ulong)Volatile.Read(ref s_online));

    /// <summary>The first CPU is in its idle loop: from now on tasks run, and sleeping is possible where it is allowed.</summary>
    public static bool HasStarted { get; private set; }

    /// <summary>
    /// The idle task of a CPU, made when it is first asked for: by the machine for CPU 0 before any other kernel code has run, by
    /// <see cref="Init"/> for the others. Boot.
    /// </summary>
    public static Task CreateIdle(int cpu)
    {
        if (cpu == 0)
        {
            s_idle = new Task[Cpu.Max];
            HasStarted = false;
            s_online = 0;
            LockChecks.Init(0);
            IdleClass.Init();
        }
        else if (s_idle[cpu] is { } made)
        {
            return made;
        }

        var task = Task.Pooled.Create();
        task.ChangeState(TaskState.Running, Who.Maker);
        task.Id = 0;
        task.IsKernelThread = true;
        task.PreemptCount = Preemption.PreemptOne; // leaves the CPU only through its own loop
        task.CpuIndex = cpu;
        task.Affinity = CpuSet.Of(cpu);
        task.IsBound = true;
        task.Class = IdleClass.Instance;
        task.Policy = SchedulingPolicy.SCHED_OTHER;
        task.EffectivePriority = Priorities.None;
        task.Weight = FairWeights.One;
        task.QueueState = QueueState.On;
        SetIdleName(task, cpu);
        s_idle[cpu] = task;
        return task;
    }

    /// <summary>The policy of ordinary tasks, the same for all CPUs from boot on.</summary>
    public static OrdinaryPolicy Ordinary { get; private set; } = null!;

    /// <summary>
    /// Sets up classes and run queues; the caller runs on CPU 0's idle task. Boot, once. An unknown <paramref name="policy"/> is told in the log, and
    /// the usual one serves.
    /// </summary>
    public static void Init(System.ReadOnlySpan<byte> policy = default)
    {
        RealTimeClass.Init();
        Ordinary = ChoosePolicy(policy);
        s_classes = new SchedulingClass[] { RealTimeClass.Instance, Ordinary, IdleClass.Instance };
        RunQueue.InitAll(Cpu.Count);
        for (var cpu = 0; cpu < Cpu.Count; cpu++)
        {
            var idle = s_idle[cpu] ?? CreateIdle(cpu);
            RunQueue.Set(cpu, new RunQueue(cpu, idle));
        }

        CpuStatistics.Init();
        LoadAverage.Init();
        LockupWatch.Init(seconds: 0);
        Rcu.Init();
        s_online = 1; // this CPU takes new tasks from now on, though it runs them only once it idles
    }

    private static OrdinaryPolicy ChoosePolicy(System.ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty)
            return new FairClass();
        var policy = OrdinaryPolicies.Make(name);
        if (policy is null)
            KernelLog.Write(LogLevel.Warning, $"sched: there is no policy of this name ({OrdinaryPolicies.Names}); {OrdinaryPolicies.Usual} serves");
        else
            KernelLog.Write(LogLevel.Notice, $"sched: {policy.Name} serves ordinary tasks");
        return policy ?? new FairClass();
    }

    /// <summary>The idle task of a CPU.</summary>
    public static Task IdleOf(int cpu) => s_idle[cpu];

    private static void SetIdleName(Task task, int cpu)
    {
        System.Span<byte> name = stackalloc byte[10];
        "swapper/"u8.CopyTo(name);
        var length = 8;
        if (cpu >= 10)
            name[length++] = (byte)('0' + cpu / 10);
        name[length++] = (byte)('0' + cpu % 10);
        task.SetName(name.Slice(0, length));
    }

    /// <summary>The class that serves an effective priority.</summary>
    private static SchedulingClass ClassOf(int priority) => Priorities.IsRealTime(priority) ? RealTimeClass.Instance : Ordinary;
}
