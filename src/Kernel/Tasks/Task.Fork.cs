// Fork: fork, vfork, clone, clone3 and kernel threads are one operation whose flags say what is shared and what is copied.
// A failure half-way undoes every step before it, in the opposite order.
// Context: process; may sleep. Lock: TaskTree.Lock around linking. Linux: copy_process(), kernel_clone(). man 2 clone.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.Tasks;

/// <summary>What clone3 takes, and what the older calls are turned into.</summary>
public struct CloneArguments
{
    public ulong Flags;
    public ulong ParentIdAddress, ChildIdAddress, PidFdAddress;
    public int ExitSignal;

    /// <summary>The child's id; zero: any.</summary>
    public int WantedId;

    /// <summary>The child's stack pointer; zero: as the parent's.</summary>
    public ulong Stack;
    public ulong Tls;

    internal readonly bool Has(ulong flag) => (Flags & flag) != 0;
}

public sealed partial class Task
{
    /// <summary>Makes a child of the current task and lets it run. Returns the child's id; with CLONE_VFORK after the child let go.</summary>
    /// <returns>EINVAL: flags that do not go together; EAGAIN: a limit; ENOMEM; of an id of choice EEXIST, EPERM.</returns>
    public static Result<int> Fork(in CloneArguments arguments)
    {
        var error = CheckFlags(arguments);
        if (error != Errno.None)
            return error;
        var result = Copy(arguments, kernelThread: null);
        if (!result.TryGet(out var child))
            return result.Error;

        // The child may run, end and be reaped as soon as it is awake: its id is read before.
        var id = child.Id;
        if (arguments.Has(Clone.CLONE_PARENT_SETTID))
            UserAccess.TryWrite(arguments.ParentIdAddress, id);
        var vfork = arguments.Has(Clone.CLONE_VFORK);
        Scheduler.WakeUpNew(child);
        if (vfork)
            WaitForVforkChild();
        return id;
    }

    /// <summary>Combinations that the manual refuses.</summary>
    private static Errno CheckFlags(in CloneArguments arguments)
    {
        if (arguments.Has(Clone.CLONE_THREAD) && !arguments.Has(Clone.CLONE_SIGHAND))
            return Errno.EINVAL;
        if (arguments.Has(Clone.CLONE_SIGHAND) && !arguments.Has(Clone.CLONE_VM))
            return Errno.EINVAL;
        if (arguments.Has(Clone.CLONE_SIGHAND) && arguments.Has(Clone.CLONE_CLEAR_SIGHAND))
            return Errno.EINVAL;
        if ((arguments.Flags & Clone.Namespaces) != 0)
            return Errno.EINVAL;
        if (arguments.Has(Clone.CLONE_PIDFD) && (arguments.Flags & (Clone.CLONE_THREAD | Clone.CLONE_DETACHED)) != 0)
            return Errno.EINVAL;

        // The two would be written to one place.
        if (arguments.Has(Clone.CLONE_PIDFD) && arguments.Has(Clone.CLONE_PARENT_SETTID) && arguments.PidFdAddress == arguments.ParentIdAddress)
            return Errno.EINVAL;
        if (arguments.ExitSignal is < 0 or > SignalNumber.Count)
            return Errno.EINVAL;

        // The machine faults in the kernel on a thread pointer that is no address.
        if (arguments.Has(Clone.CLONE_SETTLS) && arguments.Tls >= UserMemory.Limit)
            return Errno.EPERM;

        if (arguments.WantedId != 0 && !Current.Credentials.Has(Capability.CAP_CHECKPOINT_RESTORE) && !Current.Credentials.Has(Capability.CAP_SYS_ADMIN))
            return Errno.EPERM;

        // Init's siblings would be children of nobody.
        if (arguments.Has(Clone.CLONE_PARENT) && Current.Group == TaskTree.Init)
            return Errno.EINVAL;
        return Errno.None;
    }

    /// <summary>Makes the child, linked and ready but asleep.</summary>
    internal static Result<Task> Copy(in CloneArguments arguments, KernelThreadState? kernelThread)
    {
        var parent = Current;
        if (IsOverProcessLimit(parent))
            return Errno.EAGAIN;
        if (!TaskTree.TaskPool.TryTake(out var child))
            return Errno.EAGAIN;
        child.ResetLife();
        if (FaultInjection.ShouldFail() || !child.TryCreateStack())
        {
            TaskTree.TaskPool.Give(child);
            return Errno.ENOMEM;
        }

        child.CopyPlainState(parent, kernelThread);
        var error = child.CopyResources(parent, arguments);
        if (error == Errno.None)
            error = arguments.Has(Clone.CLONE_PIDFD) ? child.LinkWithFile(parent, arguments) : child.Link(parent, arguments, pidFile: null);
        if (error == Errno.None)
            return child;
        child.Discard();
        return error;
    }

    private static bool IsOverProcessLimit(Task parent)
    {
        var limit = parent.Group.SoftLimit(Resource.NPROC);
        if (limit == ResourceLimit.Infinity || parent.Credentials.UserId == 0
            || parent.Credentials.Has(Capability.CAP_SYS_RESOURCE) || parent.Credentials.Has(Capability.CAP_SYS_ADMIN))
            return false;
        return (ulong)TaskTree.CountOfUser(parent.Credentials.UserId) >= limit;
    }

    private void CopyPlainState(Task parent, KernelThreadState? kernelThread)
    {
        Credentials = parent.Credentials;
        HasNoNewPrivileges = parent.HasNoNewPrivileges;
        SetName(parent.Name);
        IsKernelThread = kernelThread is not null;
        ThreadState = kernelThread;
        StartTime = TimeKeeper.Monotonic;
        TimerSlack = DefaultTimerSlack = parent.TimerSlack;
        MinorFaults = 0;
        ForgetPeakResident();
        MajorFaults = 0;
        Scheduler.ForkScheduling(parent, this);
        PrepareStart();
        if (IsKernelThread)
            ResetUserState();
        else
            CopyUserStateFrom(parent);
    }

    /// <summary>Shares or copies memory, files, directory context and signal actions; on failure nothing of it is left.</summary>
    private Errno CopyResources(Task parent, in CloneArguments arguments)
    {
        var error = CopyFiles(parent, arguments);
        if (error != Errno.None)
            return error;
        error = CopyFileContext(parent, arguments);
        if (error != Errno.None)
        {
            ReleaseFiles();
            return error;
        }

        error = CopySignals(parent, arguments);
        if (error != Errno.None)
        {
            ReleaseFileContext();
            ReleaseFiles();
            return error;
        }

        error = SemaphoreUndoList.Fork(this, arguments.Has(Clone.CLONE_SYSVSEM) && !IsKernelThread);
        if (error == Errno.None)
            error = CopyMemory(parent, arguments);
        if (error == Errno.None)
        {
            SetChildRegisters(arguments);
            return Errno.None;
        }

        SemaphoreUndoList.Leave(this);

        ReleaseSignals();
        ReleaseFileContext();
        ReleaseFiles();
        return error;
    }

    private Errno CopyFiles(Task parent, in CloneArguments arguments)
    {
        Files = null;
        if (parent.Files is not { } files || IsKernelThread)
            return Errno.None;
        if (arguments.Has(Clone.CLONE_FILES))
        {
            files.AddUser();
            Files = files;
            return Errno.None;
        }

        var copy = files.Fork();
        Files = copy.IsOk ? copy.Value : null;
        return copy.Error;
    }

    private Errno CopyFileContext(Task parent, in CloneArguments arguments)
    {
        FileContext = null;
        if (parent.FileContext is not { } context)
            return Errno.None;
        if (arguments.Has(Clone.CLONE_FS) || IsKernelThread)
        {
            context.AddUser();
            FileContext = context;
            return Errno.None;
        }

        var copy = context.Copy();
        FileContext = copy.IsOk ? copy.Value : null;
        return copy.Error;
    }

    private Errno CopyMemory(Task parent, in CloneArguments arguments)
    {
        Memory = null;
        if (parent.Memory is not { } memory || IsKernelThread)
            return Errno.None;
        if (arguments.Has(Clone.CLONE_VM))
        {
            memory.AddUser();
            Memory = memory;
            return Errno.None;
        }

        var copy = memory.Fork();
        Memory = copy.IsOk ? copy.Value : null;
        return copy.Error;
    }

    internal void ReleaseFiles()
    {
        FileTable? files;
        using (TaskTree.Lock.Acquire())
        {
            files = Files;
            Files = null;
        }

        files?.Drop();
    }

    internal void ReleaseFileContext()
    {
        FileContext? context;
        using (TaskTree.Lock.Acquire())
        {
            context = FileContext;
            FileContext = null;
        }

        context?.Drop();
    }

    private void SetChildRegisters(in CloneArguments arguments)
    {
        if (IsKernelThread)
            return;
        ref var user = ref User;
        user.Rax = 0;
        if (arguments.Stack != 0)
            user.Rsp = arguments.Stack;
        if (arguments.Has(Clone.CLONE_SETTLS))
            UserFsBase = arguments.Tls;
        if (arguments.Has(Clone.CLONE_CHILD_CLEARTID))
            ClearChildId = arguments.ChildIdAddress;
        SetChildIdAddress = arguments.Has(Clone.CLONE_CHILD_SETTID) ? arguments.ChildIdAddress : 0;
    }

    /// <summary>Where the child writes its id, in its own memory, before it first goes to user mode; zero: nowhere.</summary>
    internal ulong SetChildIdAddress;

    /// <summary>Sleeps until the child execs or ends; a fatal signal ends the wait.</summary>
    private static void WaitForVforkChild()
    {
        var current = Current;
        current.VforkWait.WaitEvent(current, static task => !task.IsInVfork, TaskState.Killable | TaskState.Freezable);
        using (TaskTree.Lock.Acquire())
            current.IsInVfork = false;
    }

    /// <summary>Lets a parent in vfork go on: the child does not use its memory any more.</summary>
    internal void EndVfork()
    {
        Task? parent;
        using (TaskTree.Lock.Acquire())
        {
            parent = VforkParent;
            VforkParent = null;
            if (parent is null)
                return;
            parent.IsInVfork = false;
            parent.VforkWait.WakeUpAll();
        }

        parent.Drop();
    }
}
