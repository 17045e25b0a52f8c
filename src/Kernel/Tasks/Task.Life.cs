// What a task keeps for its life from fork to reap: family links, identity, references.
// A task object has two owners: the tables (until it is reaped) and its own stack (until it was switched away from for the
// last time). Whoever else needs it beyond TaskTree.Lock counts itself in. The last one out gives it back to the pool.
// Lock: TaskTree.Lock for the links; the count is atomic. Linux: usage in task_struct, put_task_struct().
using System.Threading;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Wait;

namespace Jiffy.Kernel.Tasks;

public sealed partial class Task
{
    private Links<Task> _groupLinks;
    private int _references;

    /// <summary>Who it acts as; changed by itself only.</summary>
    public Credentials Credentials = Credentials.OfSuperuser;

    /// <summary>Its program has more rights than its caller's real user: AT_SECURE.</summary>
    internal bool HasGainedRights;

    /// <summary>User address of the word that is zeroed, and woken as a futex, when the thread ends: set_tid_address.</summary>
    public ulong ClearChildId;

    /// <summary>Has begun to end; never goes back to user mode.</summary>
    public bool IsExiting { get; internal set; }

    /// <summary>Status as wait4 shows it, of this thread.</summary>
    internal int ExitStatus;

    /// <summary>Its end is counted in the process's totals. Guard: TaskTree.Lock.</summary>
    internal bool HasNotified;

    /// <summary>Not found by id any more.</summary>
    internal bool IsUnlinked;

    /// <summary>The parent that sleeps in vfork until this task execs or ends. Guard: TaskTree.Lock.</summary>
    internal Task? VforkParent;

    /// <summary>The child this task waits for in vfork has not let go of the memory yet. Guard: TaskTree.Lock.</summary>
    internal bool IsInVfork;

    internal WaitQueue VforkWait { get; } = new();

    /// <summary>The kernel thread's function and its argument, else null.</summary>
    internal KernelThreadState? ThreadState;

    /// <summary>A kernel thread that may be frozen: <see cref="Freezer"/>. Set by itself.</summary>
    internal bool IsFreezable;

    /// <summary>Counts a user of the object in. The caller must know that it lives (TaskTree.Lock, or a reference).</summary>
    public void AddUser() => Interlocked.Increment(ref _references);

    /// <summary>Counts a user out; the last one gives stack and object back. Any context but hardirq.</summary>
    public void Drop()
    {
        if (Interlocked.Decrement(ref _references) != 0)
            return;
        FreeStack();
        if (ThreadState is { } state)
            KernelThread.Release(state);
        ThreadState = null;
        TaskTree.TaskPool.Give(this);
    }

    /// <summary>Called by its successor once a dead task has left the CPU for ever.</summary>
    internal void ReleaseAfterLastSwitch() => Drop();

    /// <summary>Sets an object from the pool up as a task nobody knows yet, owned by the caller.</summary>
    internal void ResetLife()
    {
        _references = 2;
        FaultInjection.Forget(this);
        Id = 0;
        IsKernelThread = false;
        IsExiting = false;
        ExitStatus = 0;
        IsUnlinked = false;
        HasNotified = false;
        VforkParent = null;
        IsInVfork = false;
        ThreadState = null;
        ResetWork();
        ClearChildId = 0;
        RobustList = 0;
        FutexLife = Ipc.FutexLife.Alive;
        Restart = default;
        Volatile.Write(ref WorkFlags, 0);
        PreemptCount = 0;
        IsFreezable = false;
        ChangeState(TaskState.New, Who.Maker);
        ChangeExitState(ExitState.Alive, Who.Maker);
    }

    /// <summary>Gives an object back that never became a task.</summary>
    internal void Discard()
    {
        FreeStack();
        ChangeState(TaskState.Dead, Who.Maker);
        ChangeExitState(ExitState.Reaped, Who.Maker);
        TaskTree.TaskPool.Give(this);
    }

    /// <summary>Set-user-id bits have no effect on it or its children: PR_SET_NO_NEW_PRIVS.</summary>
    internal bool HasNoNewPrivileges;

    /// <summary>Times and counts of this thread alone.</summary>
    public ResourceUsage Usage => new()
    {
        UserTime = UserTime,
        SystemTime = SystemTime,
        MinorFaults = MinorFaults,
        MajorFaults = MajorFaults,
        VoluntarySwitches = VoluntarySwitches,
        InvoluntarySwitches = InvoluntarySwitches,
        MaxResident = PeakResident,
    };

    internal readonly struct InGroup : ILinksOf<Task>
    {
        public static ref Links<Task> Of(Task item) => ref item._groupLinks;
    }
}
