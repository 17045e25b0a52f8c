// The end of a task: what it holds goes back in a fixed order, its children get a new parent, its parent is told, and the
// last switch away leaves a zombie until somebody waits for it.
// Context: process, the task itself; never returns. Lock: TaskTree.Lock for everything that others see change.
// Linux: do_exit(), do_group_exit(), exit_notify(). man 2 _exit, exit_group.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Time;
using Jiffy.Kernel.Wait;

namespace Jiffy.Kernel.Tasks;

public sealed partial class Task
{
    /// <summary>Ends every thread of the process; <paramref name="status"/> as wait4 shows it. Does not return.</summary>
    public static void ExitGroup(int status) => ExitCurrent(BeginExitGroup(status));

    /// <summary>The same, but returns: the current task ends, too, instead of going back to user mode. For callers that hold something.</summary>
    internal static void ExitGroupLater(int status)
    {
        BeginExitGroup(status);
        using (TaskTree.Lock.Acquire())
            Current.ForceKill();
    }

    /// <summary>Tells the other threads to end; the status that counts, which is another's if the process was ending already.</summary>
    private static int BeginExitGroup(int status)
    {
        var current = Current;
        var process = current.Group;
        using (TaskTree.Lock.Acquire())
        {
            if (!process.IsExiting)
                KillOtherThreads(current);
            process.BeginExit(status);
            return process.ExitStatus;
        }
    }

    /// <summary>Ends the current thread because its process ends or another thread calls exec. Does not return.</summary>
    internal static void ExitGroupMember()
    {
        var process = Current.Group;
        ExitCurrent(process.IsExiting ? process.ExitStatus : SignalNumber.SIGKILL);
    }

    /// <summary>Tells all other threads of the process to end. TaskTree.Lock held.</summary>
    internal static void KillOtherThreads(Task current)
    {
        for (var thread = current.Group.FirstThread; thread is not null; thread = ThreadGroup.AfterThread(thread))
        {
            if (thread != current && !thread.IsExiting)
                thread.ForceKill();
        }
    }

    /// <summary>Makes this task leave user mode for good and end at the next chance. Any context.</summary>
    internal void ForceKill()
    {
        WorkFlag.Set(this, WorkFlag.MustExit | WorkFlag.SignalPending);
        Scheduler.TryToWakeUp(this, TaskState.Interruptible | TaskState.WakeKill | TaskState.Stopped | TaskState.Traced);
        Scheduler.Kick(this);
    }

    /// <summary>Ends the running thread. Does not return.</summary>
    public static void ExitCurrent(int status)
    {
        var current = Current;
        if (current.Group == TaskTree.Init && IsLastThread(current))
            Observe.Panic.Stop("Attempted to kill init!", status);
        if (current.BeginEnd(status))
            PosixTimers.DeleteAll();
        Futex.OnTaskExit(current);
        current.ReleaseMemory();
        SemaphoreUndoList.Leave(current);
        current.ReleaseFiles();
        current.ReleaseFileContext();
        current.Notify();
        Scheduler.ExitCurrent();
    }

    /// <summary>
    /// From here on no signal is given to this thread; what it was given but did not take goes to another. True: no thread of the process
    /// is left that could go back to user mode.
    /// </summary>
    private bool BeginEnd(int status)
    {
        using (TaskTree.Lock.Acquire())
        {
            IsExiting = true;
            ExitStatus = status;
            if (!Group.IsExiting && Group.LiveThreads > 1)
                SignalSender.RetargetAll(Group, this);
            for (var thread = Group.FirstThread; thread is not null; thread = ThreadGroup.AfterThread(thread))
            {
                if (!thread.IsExiting)
                    return false;
            }

            return true;
        }
    }

    private static bool IsLastThread(Task current)
    {
        using (TaskTree.Lock.Acquire())
            return current.Group.LiveThreads == 1;
    }

    /// <summary>Lets go of user memory; a parent in vfork may go on.</summary>
    internal void ReleaseMemory()
    {
        if (Memory is null)
            return;
        AddressSpace.Replace(this, null);
        EndVfork();
    }

    /// <summary>Makes the end known: children, parent, ids.</summary>
    private void Notify()
    {
        var process = Group;
        var reaped = default(LinkedRing<ThreadGroup, ThreadGroup.InUnwaited>);
        var unlinked = false;
        using (TaskTree.Lock.Acquire())
        {
            process.DeadThreads.Add(Usage);
            HasNotified = true;
            ChangeExitState(process.Leader == this ? ExitState.Zombie : ExitState.Reaped, Who.Itself);
            process.LiveThreads--;
            TaskTree.ThreadCount--;
            SignalSender.ThreadEnded(this);
            CpuAlarms.Clear();
            if (process.LiveThreads == 0)
            {
                process.CpuAlarms.Clear();
                process.BeginExit(process.Leader.ExitStatus);
                LeaveSession(process);
                GiveChildrenAway(process, ref reaped);
                process.IsZombie = true;
            }

            if (process.Leader != this)
            {
                Unlink();
                unlinked = true;
            }

            process.ExecTask?.OwnWaitForThreads();
            if (process.IsZombie)
            {
                process.EndWait.WakeUpAll(key: new WakeKey(FileConstants.POLLIN | FileConstants.POLLRDNORM));
                NotifyParent(process, ref reaped);
            }
        }

        // Nobody will wait for these, its own process perhaps among them.
        while (reaped.RemoveFirst() is { } unwaited)
            Release(unwaited);
        if (unlinked)
            Drop();
    }

    /// <summary>Wakes the thread that waits in exec for the others to end. TaskTree.Lock held.</summary>
    private void OwnWaitForThreads() => Group.ExecWait.WakeUpAll();

    /// <summary>Takes a thread out of the tables. TaskTree.Lock held; the tables' reference is the caller's to drop.</summary>
    internal void Unlink()
    {
        IsUnlinked = true;
        Group.ThreadRing.Remove(this);
        TaskTree.SetTask(Id, null);
        ReleaseSignals();
    }

    /// <summary>Orphans go to the nearest living subreaper, else to init. TaskTree.Lock held.</summary>
    private static void GiveChildrenAway(ThreadGroup process, ref LinkedRing<ThreadGroup, ThreadGroup.InUnwaited> reaped)
    {
        var heir = FindReaper(process);
        while (process.FirstChild is { } child)
        {
            process.ChildRing.Remove(child);
            child.Parent = heir;
            heir?.ChildRing.AddLast(child);
            if (heir is null)
                continue;
            SignalSender.ParentDied(child);

            // What an adoptive parent is told at the end is always SIGCHLD.
            child.ExitSignal = SignalNumber.SIGCHLD;
            if (child.IsZombie && !child.IsReaped)
                NotifyParent(child, ref reaped);
            else if (!child.IsZombie && IsConnection(process, child))
                HangUpIfOrphaned(child.ProcessGroup, leaving: null);
        }
    }

    private static ThreadGroup? FindReaper(ThreadGroup process)
    {
        for (var ancestor = process.Parent; ancestor is not null; ancestor = ancestor.Parent)
        {
            if (ancestor.IsSubreaper && !ancestor.IsZombie && !ancestor.IsExiting)
                return ancestor;
        }

        return TaskTree.Init;
    }

    /// <summary>A parent in the same session but another group keeps its child's group from being orphaned. TaskTree.Lock held.</summary>
    private static bool IsConnection(ThreadGroup parent, ThreadGroup child) =>
        parent.ProcessGroup != child.ProcessGroup && parent.Session == child.Session;

    /// <summary>
    /// A stopped process group that has lost its last connection gets SIGHUP and SIGCONT, else it would stay stopped for ever; one that
    /// was orphaned before is left alone. TaskTree.Lock held.
    /// </summary>
    private static void HangUpIfOrphaned(ProcessGroup? group, ThreadGroup? leaving)
    {
        if (group is null || !group.IsOrphaned(leaving) || !SignalSender.HasStopped(group))
            return;
        SignalSender.SendToGroupLocked(group, SignalNumber.SIGHUP);
        SignalSender.SendToGroupLocked(group, SignalNumber.SIGCONT);
    }

    /// <summary>A session leader's end frees its terminal; the foreground group is hung up. TaskTree.Lock held.</summary>
    private static void LeaveSession(ThreadGroup process)
    {
        if (process.Session is not { } session)
            return;
        if (process.Parent is { } parent && IsConnection(parent, process))
            HangUpIfOrphaned(process.ProcessGroup, process);
        if (session.Leader != process)
            return;
        session.Leader = null;
        session.Terminal?.LeaderEnded(session);
    }

    /// <summary>
    /// Tells the parent of a zombie. When it does not care (or there is none) the zombie is claimed for the caller, who releases it
    /// without the lock. TaskTree.Lock held.
    /// </summary>
    private static void NotifyParent(ThreadGroup process, ref LinkedRing<ThreadGroup, ThreadGroup.InUnwaited> reaped)
    {
        var parent = process.Parent;
        var wanted = parent is not null && SignalSender.SendChildEnded(parent, process);
        parent?.ChildWait.WakeUpAll();
        if (wanted)
            return;
        process.IsReaped = true;
        reaped.AddLast(process);
    }
}
