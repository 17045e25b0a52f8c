// System calls of process groups and sessions. man 2 setpgid, setsid. Lock: TaskTree.Lock around each change.
using System.Runtime.CompilerServices;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Syscalls;

internal static class ProcessGroupCalls
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long GetPid() => Task.Current.Group.Id;

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static long GetTid() => Task.Current.Id;

    public static long GetPpid()
    {
        using (TaskTree.Lock.Acquire())
            return Task.Current.Group.Parent?.Id ?? 0;
    }

    public static long GetPgid(int id)
    {
        using (TaskTree.Lock.Acquire())
        {
            var task = id == 0 ? Task.Current : TaskTree.Find(id);
            return task is null ? -(long)Errno.ESRCH : task.Group.ProcessGroup?.Id ?? 0;
        }
    }

    public static long GetSid(int id)
    {
        using (TaskTree.Lock.Acquire())
        {
            var task = id == 0 ? Task.Current : TaskTree.Find(id);
            return task is null ? -(long)Errno.ESRCH : task.Group.Session?.Id ?? 0;
        }
    }

    public static long SetPgid(int id, int groupId)
    {
        var caller = Task.Current.Group;
        if (groupId < 0)
            return -(long)Errno.EINVAL;
        using (TaskTree.Lock.Acquire())
        {
            var task = id == 0 ? caller.Leader : TaskTree.Find(id);
            if (task is null)
                return -(long)Errno.ESRCH;
            var process = task.Group;
            if (task != process.Leader)
                return -(long)Errno.EINVAL;
            if (process != caller && process.Parent != caller)
                return -(long)Errno.ESRCH;
            return -(long)SetGroup(caller, process, groupId == 0 ? process.Id : groupId);
        }
    }

    private static Errno SetGroup(ThreadGroup caller, ThreadGroup process, int groupId)
    {
        if (process != caller)
        {
            if (process.Session != caller.Session)
                return Errno.EPERM;
            if (process.HasCalledExec)
                return Errno.EACCES;
        }

        if (process.Session?.Leader == process || process.ProcessGroup is not { } old)
            return Errno.EPERM;
        if (old.Id == groupId)
            return Errno.None;
        var group = ProcessGroup.Find(groupId);
        if (group is null)
        {
            if (groupId != process.Id)
                return Errno.EPERM;
            if (!ProcessGroup.TryCreate(groupId, old.Session, out group))
                return Errno.EAGAIN;
        }
        else if (group.Session != caller.Session)
        {
            return Errno.EPERM;
        }

        old.Remove(process);
        group.Add(process);
        return Errno.None;
    }

    public static long SetSid()
    {
        var process = Task.Current.Group;
        using (TaskTree.Lock.Acquire())
        {
            if (ProcessGroup.Find(process.Id) is not null)
                return -(long)Errno.EPERM;
            if (!Session.TryCreate(process, process.Id, out var session))
                return -(long)Errno.EAGAIN;
            if (!ProcessGroup.TryCreate(process.Id, session, out var group))
            {
                session.Discard();
                return -(long)Errno.EAGAIN;
            }

            process.ProcessGroup?.Remove(process);
            group.Add(process);
            return process.Id;
        }
    }
}
