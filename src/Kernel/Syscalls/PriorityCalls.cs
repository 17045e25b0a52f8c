// System calls of nice values. man 2 getpriority, setpriority.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Syscalls;

internal static class PriorityCalls
{
    private const int PRIO_PROCESS = 0, PRIO_PGRP = 1, PRIO_USER = 2;

    /// <summary>The raw call counts from 1 (nice 19) to 40 (nice -20), so that no answer looks like an error.</summary>
    public static long Get(int which, int who)
    {
        if (which is < PRIO_PROCESS or > PRIO_USER)
            return -(long)Errno.EINVAL;
        var best = 0;
        using (TaskTree.Lock.Acquire())
        {
            if (which == PRIO_PROCESS)
                best = FindTask(who) is { } task ? 20 - task.Nice : 0;
            else
                ForEach(which, who, null, ref best);
        }

        return best > 0 ? best : -(long)Errno.ESRCH;
    }

    public static long Set(int which, int who, int nice)
    {
        if (which is < PRIO_PROCESS or > PRIO_USER)
            return -(long)Errno.EINVAL;
        using (TaskTree.Lock.Acquire())
        {
            if (which == PRIO_PROCESS)
                return FindTask(who) is { } task ? -(long)SchedulingChange.SetNice(task, nice) : -(long)Errno.ESRCH;
            var best = 0;
            return -(long)ForEach(which, who, nice, ref best);
        }
    }

    private static Task? FindTask(int id) => id == 0 ? Task.Current : id > 0 ? TaskTree.Find(id) : null;

    // Every thread of every process that the call names: sets its nice value, or finds the best one. ESRCH when there is none.
    private static Errno ForEach(int which, int who, int? nice, ref int best)
    {
        var result = Errno.ESRCH;
        for (var process = TaskTree.FirstProcess; process is not null; process = TaskTree.After(process))
        {
            for (var thread = process.FirstThread; thread is not null; thread = ThreadGroup.AfterThread(thread))
            {
                if (!IsMeant(thread, which, who))
                    continue;
                if (result == Errno.ESRCH)
                    result = Errno.None;
                if (20 - thread.Nice > best)
                    best = 20 - thread.Nice;
                if (nice is not { } wanted)
                    continue;
                var error = SchedulingChange.SetNice(thread, wanted);
                if (error != Errno.None)
                    result = error;
            }
        }

        return result;
    }

    private static bool IsMeant(Task task, int which, int who)
    {
        if (which == PRIO_USER)
            return task.Credentials.UserId == (who == 0 ? Task.Current.Credentials.UserId : (uint)who);
        var wanted = who == 0 ? Task.Current.Group.ProcessGroup : TaskTree.FindGroup(who);
        return wanted is not null && task.Group.ProcessGroup == wanted;
    }
}
