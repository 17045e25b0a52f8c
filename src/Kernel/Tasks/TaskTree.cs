// All tasks and processes: the table of ids, the walk over all processes, and the lock of the family.
// Contexts: any (interrupts signal process groups). Lock: TaskTree.Lock guards the table, family links, thread lists,
// process groups and sessions. Ids go up and wrap at PidMax, so a freed one is not soon used again.
// Linux: tasklist_lock, alloc_pid(), find_task_by_vpid().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;

namespace Jiffy.Kernel.Tasks;

public readonly struct TaskTreeRank : ILockRank
{
    public static LockRank Rank => LockRank.TaskTree;
}

public static class TaskTree
{
    /// <summary>Ids are below this, as /proc/sys/kernel/pid_max says.</summary>
    public const int PidMax = 32768;

    /// <summary>After wrapping, ids below this are left to the system's first processes.</summary>
    private const int ReservedIds = 300;

    public static SpinLock<TaskTreeRank, IrqsOff> Lock;

    private struct Slot
    {
        public Task? Task;
        public ProcessGroup? Group;
        public Session? Session;
        public readonly bool IsFree => Task is null && Group is null && Session is null;
    }

    private static Slot[] s_slots = null!;
    private static int s_lastId;
    private static uint s_lastSerial;
    private static LinkedRing<ThreadGroup, ThreadGroup.InProcesses> s_processes;

    internal static Pool<Task, Task.Pooled> TaskPool = null!;
    internal static Pool<ThreadGroup, ThreadGroup.Pooled> ThreadGroupPool = null!;
    internal static Pool<ProcessGroup, ProcessGroup.Pooled> GroupPool = null!;
    internal static Pool<Session, Session.Pooled> SessionPool = null!;

    /// <summary>The most threads there may be: an eighth of memory for kernel stacks, as /proc/sys/kernel/threads-max says.</summary>
    public static int MaxThreads { get; private set; }

    /// <summary>Threads there are now, kernel threads too, idle tasks not. Guard: Lock.</summary>
    public static int ThreadCount;

    /// <summary>Forks since boot, for /proc/stat. Guard: Lock.</summary>
    public static long ForkCount;

    /// <summary>The first process; adopts orphans. Null until it is made.</summary>
    public static ThreadGroup? Init;

    /// <summary>Sets up empty tables for at most <paramref name="maxThreads"/> threads. Boot, once.</summary>
    public static void Initialize(int maxThreads)
    {
        Lock = default;
        MaxThreads = maxThreads;
        ThreadCount = 0;
        ForkCount = 0;
        Init = null;
        s_slots = new Slot[PidMax];
        s_lastId = 0;
        s_lastSerial = 0;
        s_processes = default;
        TaskPool = new Pool<Task, Task.Pooled>("task", maxThreads + Jiffy.Machine.Cpu.Max);
        ThreadGroupPool = new Pool<ThreadGroup, ThreadGroup.Pooled>("thread_group", maxThreads + Jiffy.Machine.Cpu.Max);
        GroupPool = new Pool<ProcessGroup, ProcessGroup.Pooled>("process_group", maxThreads + 1);
        SessionPool = new Pool<Session, Session.Pooled>("session", maxThreads + 1);
    }

    /// <summary>The task with that thread id, or null. Lock held.</summary>
    public static Task? Find(int id) => (uint)id < PidMax ? s_slots[id].Task : null;

    /// <summary>The process with that id, or null (also for ids of threads that are not leaders). Lock held.</summary>
    public static ThreadGroup? FindProcess(int id)
    {
        var task = Find(id);
        return task is not null && task.Group.Id == id ? task.Group : null;
    }

    public static ThreadGroup? FirstProcess => s_processes.First;

    public static ThreadGroup? After(ThreadGroup process) => LinkedRing<ThreadGroup, ThreadGroup.InProcesses>.After(process);

    /// <summary>The last id given out, for /proc/loadavg.</summary>
    public static int LastId => s_lastId;

    /// <summary>Gives <paramref name="task"/> that id, or, zero, the next free one. EEXIST: it has another; EAGAIN: none left. Lock held.</summary>
    internal static Errno AssignId(Task task, int wanted)
    {
        if (wanted == 0)
            return TryAssignId(task) ? Errno.None : Errno.EAGAIN;
        if (!s_slots[wanted].IsFree)
            return Errno.EEXIST;
        SetId(task, wanted);
        return Errno.None;
    }

    private static void SetId(Task task, int id)
    {
        s_slots[id].Task = task;
        task.Id = id;
        task.Serial = ++s_lastSerial;
    }

    private static bool TryAssignId(Task task)
    {
        var id = s_lastId;
        for (var tries = 0; tries < PidMax; tries++)
        {
            if (++id >= PidMax)
                id = ReservedIds;
            if (!s_slots[id].IsFree)
                continue;
            s_lastId = id;
            SetId(task, id);
            return true;
        }

        return false;
    }

    /// <summary>Makes another task the owner of an id (exec from a thread). Lock held.</summary>
    internal static void SetTask(int id, Task? task) => s_slots[id].Task = task;

    internal static ProcessGroup? FindGroup(int id) => (uint)id < PidMax ? s_slots[id].Group : null;

    internal static void SetGroup(int id, ProcessGroup? group) => s_slots[id].Group = group;

    internal static void SetSession(int id, Session? session) => s_slots[id].Session = session;

    internal static void AddProcess(ThreadGroup process) => s_processes.AddLast(process);

    internal static void RemoveProcess(ThreadGroup process) => s_processes.Remove(process);

    /// <summary>How many threads have that real user id. Takes the lock.</summary>
    public static int CountOfUser(uint userId)
    {
        var count = 0;
        using (Lock.Acquire())
        {
            for (var process = s_processes.First; process is not null; process = After(process))
            {
                for (var thread = process.FirstThread; thread is not null; thread = ThreadGroup.AfterThread(thread))
                {
                    if (thread.Credentials.UserId == userId)
                        count++;
                }
            }
        }

        return count;
    }
}
