// A task as it is at one moment, copied under the lock so that it can be written out without it.
// Process totals or one thread's own numbers, as the handle asks. Lock: TaskTree.Lock, taken here; run queues' inside it, for times.
// Linux: do_task_stat(), proc_pid_status().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files.Proc;

internal ref struct TaskSnapshot
{
    private const uint Exiting = 0x4, HasNotCalledExec = 0x40, KernelThread = 0x200000;
    private const int SerialDevice = 0x440;

    public int Id, ProcessId, ParentId, GroupId, SessionId;

    /// <summary>Number of the controlling terminal, or 0; its foreground group, or -1.</summary>
    public int Terminal, ForegroundId;

    /// <summary>The name; a worker's with what it works for.</summary>
    public ShownName Name;

    /// <summary>As ps shows it: R S D I T t Z P.</summary>
    public char State;

    /// <summary>PF_ bits that programs look at.</summary>
    public uint Flags;

    public int Threads;
    public Credentials Credentials;
    public bool HasNoNewPrivileges;

    public ResourceUsage Usage, ChildUsage;
    public long StartTime, RunTime;
    public int Policy, Nice, RealTimePriority, EffectivePriority, Cpu;
    public CpuSet Affinity;

    public SignalSet Pending, SharedPending, Blocked, Ignored, Caught;
    public int ExitSignal, ExitStatus;
    public ulong MaxResident, MaxPendingSignals;
    public long QueuedSignals;

    /// <summary>Counted, as the next two; null for kernel threads and zombies. <see cref="Release"/>.</summary>
    public AddressSpace? Memory;
    public FileContext? Context;
    public FileTable? Files;

    /// <summary>False: the task has gone (ESRCH).</summary>
    public static bool TryTake(TaskHandle handle, out TaskSnapshot snapshot)
    {
        snapshot = default;
        using (TaskTree.Lock.Acquire())
        {
            if (handle.Find() is not { } task)
                return false;
            snapshot.TakeIdentity(task);
            snapshot.TakeFamily(task.Group);
            snapshot.TakeTimes(task, handle.IsThread);
            snapshot.TakeSignals(task);
            snapshot.Memory = task.Memory;
            snapshot.Memory?.AddUser();
            snapshot.Context = task.FileContext;
            snapshot.Context?.AddUser();
            snapshot.Files = task.Files;
            snapshot.Files?.AddUser();
            return true;
        }
    }

    /// <summary>Lets go of what is counted. May sleep.</summary>
    public void Release()
    {
        Memory?.Drop();
        Context?.Drop();
        Files?.Drop();
    }

    /// <summary>The letter of a task's state. TaskTree.Lock held, or a hint.</summary>
    public static char LetterOf(Task task)
    {
        if (task.HasNotified)
            return 'Z';
        var state = task.State;
        if ((state & TaskState.Dead) != 0)
            return 'Z';
        if ((state & TaskState.Stopped) != 0)
            return 'T';
        if ((state & TaskState.Traced) != 0)
            return 't';
        if ((state & TaskState.Parked) != 0)
            return 'P';
        if ((state & TaskState.Frozen) != 0)
            return 'D';
        if ((state & TaskState.Uninterruptible) != 0)
            return (state & TaskState.NoLoad) != 0 ? 'I' : 'D';
        return (state & TaskState.Interruptible) != 0 ? 'S' : 'R';
    }

    private void TakeIdentity(Task task)
    {
        Id = task.Id;
        Name.Take(task);
        State = LetterOf(task);
        Flags = (task.IsExiting ? Exiting : 0) | (task.IsKernelThread ? KernelThread : 0) | (task.Group.HasCalledExec ? 0 : HasNotCalledExec);
        Credentials = task.Credentials;
        HasNoNewPrivileges = task.HasNoNewPrivileges;
        StartTime = task.StartTime;
        Policy = task.Policy;
        Nice = task.Nice;
        RealTimePriority = task.RealTimePriority;
        EffectivePriority = task.EffectivePriority;
        Cpu = task.CpuIndex;
        Affinity = task.Affinity;
    }

    private void TakeFamily(ThreadGroup process)
    {
        ProcessId = process.Id;
        ParentId = process.Parent?.Id ?? 0;
        GroupId = process.ProcessGroup?.Id ?? 0;
        SessionId = process.Session?.Id ?? 0;
        ForegroundId = -1;
        if (process.Session?.Terminal is { } terminal)
        {
            Terminal = SerialDevice;
            ForegroundId = terminal.ForegroundId;
        }

        ExitSignal = process.ExitSignal;
        ExitStatus = process.IsZombie ? process.ExitStatus : 0;
        MaxResident = process.SoftLimit(Resource.RSS);
        MaxPendingSignals = process.SoftLimit(Resource.SIGPENDING);
        QueuedSignals = SignalAccount.CountOf(process.Leader.Credentials.UserId);
        ChildUsage = process.DeadChildren;
        for (var thread = process.FirstThread; thread is not null; thread = ThreadGroup.AfterThread(thread))
            Threads++;
    }

    private void TakeTimes(Task task, bool isThread)
    {
        RunTime = task.TotalRunTime;
        if (isThread)
        {
            Usage = task.Usage;
            return;
        }

        // Times are kept for the process as a whole: no need to ask each thread's run queue.
        var process = task.Group;
        Usage = process.DeadThreads;
        for (var thread = process.FirstThread; thread is not null; thread = ThreadGroup.AfterThread(thread))
        {
            if (thread.HasNotified)
                continue;
            Usage.MinorFaults += thread.MinorFaults;
            Usage.MajorFaults += thread.MajorFaults;
            Usage.VoluntarySwitches += thread.VoluntarySwitches;
            Usage.InvoluntarySwitches += thread.InvoluntarySwitches;
        }

        process.GetTimes(out Usage.UserTime, out Usage.SystemTime);
    }

    private void TakeSignals(Task task)
    {
        Pending = task.PendingSet;
        SharedPending = task.Group.SharedPendingSet;
        Blocked = task.BlockedSignals;
        if (task.Handlers is not { } handlers)
            return;
        for (var signal = 1; signal <= SignalNumber.Count; signal++)
        {
            ref var action = ref handlers[signal];
            if (action.IsIgnore)
                Ignored = Ignored.With(signal);
            else if (!action.IsDefault)
                Caught = Caught.With(signal);
        }
    }
}
