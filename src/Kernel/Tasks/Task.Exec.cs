// What exec asks of the task itself: be the only thread, share nothing that must not be shared, forget the old program.
// Context: process; may sleep. Lock: TaskTree.Lock for identity. Linux: de_thread(), begin_new_exec().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Time;

namespace Jiffy.Kernel.Tasks;

public sealed partial class Task
{
    /// <summary>Ends all other threads of the process and takes the leader's place. ERESTARTNOINTR: the process is ending.</summary>
    internal static Errno BecomeOnlyThread()
    {
        var current = Current;
        var process = current.Group;
        using (TaskTree.Lock.Acquire())
        {
            if (process.IsExiting || process.ExecTask is not null)
                return Errno.ERESTARTNOINTR;
            if (process.LiveThreads == 1 && process.Leader == current)
                return Errno.None;
            process.ExecTask = current;
            KillOtherThreads(current);
        }

        var error = process.ExecWait.WaitEvent(process, static p => p.LiveThreads == 1, TaskState.Killable);
        using (TaskTree.Lock.Acquire())
        {
            process.ExecTask = null;
            if (error != Errno.None)
                return Errno.ERESTARTNOINTR;
            if (process.Leader == current)
                return Errno.None;
        }

        TakeLeadersPlace(current, process);
        return Errno.None;
    }

    /// <summary>The thread that execs gets the process's id; the old leader, which has ended, goes.</summary>
    private static void TakeLeadersPlace(Task current, ThreadGroup process)
    {
        Task old;
        using (TaskTree.Lock.Acquire())
        {
            old = process.Leader;
            process.ThreadRing.Remove(old);
            old.IsUnlinked = true;
            old.ChangeExitState(ExitState.Reaped, Who.Parent);
            old.ReleaseSignals();
            TaskTree.SetTask(current.Id, null);
            current.Id = process.Id;
            current.Serial = old.Serial;
            current.StartTime = old.StartTime;
            TaskTree.SetTask(current.Id, current);
            process.Leader = current;
        }

        old.Drop();
    }

    /// <summary>Gets an own descriptor table and own signal actions where they are shared. ENOMEM, EMFILE.</summary>
    internal Errno UnshareForExec()
    {
        var error = UnshareSignals();
        if (error != Errno.None || Files is not { IsShared: true } shared)
            return error;
        var copy = shared.Fork();
        if (!copy.IsOk)
            return copy.Error;
        ReplaceFiles(copy.Value);
        return Errno.None;
    }

    /// <summary>Lets go of the old program's memory, which others may go on using: they learn that this thread is gone from it.</summary>
    internal void LeaveMemoryFor(AddressSpace next)
    {
        Futex.OnExec(this);
        ClearChildId = 0;
        AddressSpace.Replace(this, next);
        EndVfork();
    }

    /// <summary>Forgets what belonged to the old program: signal handlers, descriptors marked so; and takes set-user-id.</summary>
    internal void BecomeProgram(OpenFile file)
    {
        PosixTimers.DeleteAll();
        ResetSignalsForExec();
        Files?.CloseOnExec();
        TakeFileIdentity(file);
        using (TaskTree.Lock.Acquire())
        {
            Group.HasCalledExec = true;
            Group.IsUndumpable = false;
            Group.ExitSignal = SignalNumber.SIGCHLD;
        }
    }

    /// <summary>Set-user-id and set-group-id bits of the program's file. man 2 execve.</summary>
    private void TakeFileIdentity(OpenFile file)
    {
        const uint setUserId = 0x800, setGroupId = 0x400, groupExecute = 8;
        var inode = file.Inode;
        var user = Credentials.EffectiveUserId;
        var group = Credentials.EffectiveGroupId;
        if (!file.IsOnNoSuidMount && !HasNoNewPrivileges)
        {
            if ((inode.Mode & setUserId) != 0)
                Credentials.EffectiveUserId = inode.UserId;
            if ((inode.Mode & (setGroupId | groupExecute)) == (setGroupId | groupExecute))
                Credentials.EffectiveGroupId = inode.GroupId;
        }

        // A signal that the parent's end causes must not reach a program of other rights.
        if (Credentials.EffectiveUserId != Credentials.UserId || Credentials.EffectiveGroupId != Credentials.GroupId)
            ParentDeathSignal = 0;
        Credentials.SavedUserId = Credentials.FileUserId = Credentials.EffectiveUserId;
        Credentials.SavedGroupId = Credentials.FileGroupId = Credentials.EffectiveGroupId;
        var changedIds = Credentials.EffectiveUserId != user || Credentials.EffectiveGroupId != group;
        HasGainedRights = Credentials.Capabilities.Exec(Credentials, changedIds);
    }
}
