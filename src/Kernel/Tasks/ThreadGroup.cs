// A process: the threads that share a pid, signal actions, limits and children.
// Locks: TaskTree.Lock guards membership, family, exit status and times of the dead; signals have their own (room Signals).
// Objects are pooled; a process lives until its leader is reaped. Linux: struct signal_struct.
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Wait;

namespace Jiffy.Kernel.Tasks;

public sealed partial class ThreadGroup
{
    private Links<ThreadGroup> _poolLinks, _processLinks, _siblingLinks, _groupLinks, _unwaitedLinks;
    internal LinkedRing<Task, Task.InGroup> ThreadRing;
    internal LinkedRing<ThreadGroup, InChildren> ChildRing;

    /// <summary>Process id: the number getpid shows.</summary>
    public int Id;

    /// <summary>The first thread, or the one that called exec.</summary>
    public Task Leader = null!;

    /// <summary>Who is told of the end, and may wait for it. Null only for idle and for those without one.</summary>
    public ThreadGroup? Parent;

    public ProcessGroup? ProcessGroup;
    public Session? Session => ProcessGroup?.Session;

    /// <summary>Threads that have not ended.</summary>
    public int LiveThreads;

    /// <summary>Where parents sleep in wait4 and waitid.</summary>
    public WaitQueue ChildWait { get; } = new();

    /// <summary>Where exec waits for the other threads to end.</summary>
    internal WaitQueue ExecWait { get; } = new();

    /// <summary>Where those sleep who poll files that stand for the process: woken when it has ended.</summary>
    internal WaitQueue EndWait { get; } = new();

    /// <summary>The signal the parent gets at the end; zero: none. Set by clone.</summary>
    public int ExitSignal;

    /// <summary>All threads must end, with <see cref="ExitStatus"/>: exit_group or a fatal signal.</summary>
    public bool IsExiting;

    /// <summary>As wait4 shows it.</summary>
    public int ExitStatus;

    /// <summary>All threads have ended; waits for its parent.</summary>
    public bool IsZombie;

    /// <summary>A waiter has claimed the zombie.</summary>
    internal bool IsReaped;

    /// <summary>Orphaned descendants become its children: PR_SET_CHILD_SUBREAPER.</summary>
    public bool IsSubreaper;

    /// <summary>PR_SET_DUMPABLE has said no; inherited by fork, forgotten by exec.</summary>
    public bool IsUndumpable;

    /// <summary>Has called exec since fork: its parent may not move it to another group.</summary>
    public bool HasCalledExec;

    /// <summary>While exec waits for the other threads to end: who. Null else.</summary>
    internal Task? ExecTask;

    public ResourceLimits Limits;

    /// <summary>Times of threads that have ended, and of children that were waited for.</summary>
    public ResourceUsage DeadThreads, DeadChildren;

    public Task? FirstThread => ThreadRing.First;
    public ThreadGroup? FirstChild => ChildRing.First;
    public static Task? AfterThread(Task thread) => LinkedRing<Task, Task.InGroup>.After(thread);
    public static ThreadGroup? AfterChild(ThreadGroup child) => LinkedRing<ThreadGroup, InChildren>.After(child);

    public ulong SoftLimit(Resource resource) => Limits[(int)resource].Soft;

    /// <summary>Usage of all threads, ended ones too. Takes TaskTree.Lock.</summary>
    public ResourceUsage TotalUsage()
    {
        using (TaskTree.Lock.Acquire())
        {
            var usage = DeadThreads;
            for (var thread = FirstThread; thread is not null; thread = AfterThread(thread))
            {
                if (!thread.HasNotified)
                    usage.Add(thread.Usage);
            }

            return usage;
        }
    }

    /// <summary>Sets an object from the pool up as a process of no threads.</summary>
    internal void Reset()
    {
        ThreadRing = default;
        ChildRing = default;
        Leader = null!;
        Parent = null;
        ProcessGroup = null;
        LiveThreads = 0;
        ExitSignal = 0;
        IsExiting = false;
        ExitStatus = 0;
        IsZombie = false;
        IsReaped = false;
        IsSubreaper = false;
        IsUndumpable = false;
        HasCalledExec = false;
        ExecTask = null;
        DeadThreads = default;
        DeadChildren = default;
    }

    internal readonly struct Pooled : IPooled<ThreadGroup>
    {
        public static ref Links<ThreadGroup> Of(ThreadGroup item) => ref item._poolLinks;
        public static ThreadGroup Create() => new();
        public static int Bytes => 4096;
    }

    internal readonly struct InProcesses : ILinksOf<ThreadGroup>
    {
        public static ref Links<ThreadGroup> Of(ThreadGroup item) => ref item._processLinks;
    }

    internal readonly struct InChildren : ILinksOf<ThreadGroup>
    {
        public static ref Links<ThreadGroup> Of(ThreadGroup item) => ref item._siblingLinks;
    }

    /// <summary>Zombies that nobody will wait for, on their way out; the list of the task that ended.</summary>
    internal readonly struct InUnwaited : ILinksOf<ThreadGroup>
    {
        public static ref Links<ThreadGroup> Of(ThreadGroup item) => ref item._unwaitedLinks;
    }

    internal readonly struct InProcessGroup : ILinksOf<ThreadGroup>
    {
        public static ref Links<ThreadGroup> Of(ThreadGroup item) => ref item._groupLinks;
    }
}

/// <summary>What getrusage and wait4 tell of a task or a sum of tasks. Times in nanoseconds.</summary>
public struct ResourceUsage
{
    public long UserTime, SystemTime;
    public long MinorFaults, MajorFaults;
    public long VoluntarySwitches, InvoluntarySwitches;

    /// <summary>The largest resident set, in KiB.</summary>
    public long MaxResident;

    public void Add(in ResourceUsage other)
    {
        UserTime += other.UserTime;
        SystemTime += other.SystemTime;
        MinorFaults += other.MinorFaults;
        MajorFaults += other.MajorFaults;
        VoluntarySwitches += other.VoluntarySwitches;
        InvoluntarySwitches += other.InvoluntarySwitches;
        if (other.MaxResident > MaxResident)
            MaxResident = other.MaxResident;
    }
}
