// Walking tasks by id while they come and go: each step looks at a stretch of ids under the lock, so that interrupts are never off for
// long, and whoever lives during the whole walk is seen once. Lock: TaskTree.Lock, taken here. Linux: next_tgid(), next_tid().
using System;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Files.Proc;

internal static class TaskList
{
    private const int Stretch = 1024;

    /// <summary>The process or thread of an id. False: there is none.</summary>
    public static bool TryFind(int id, out TaskHandle handle)
    {
        using (TaskTree.Lock.Acquire())
        {
            var task = TaskTree.Find(id);
            handle = task is null ? default : TaskHandle.Of(task, isThread: false);
            return task is not null;
        }
    }

    /// <summary>A thread of the process that <paramref name="process"/> is of. False: there is none with that id.</summary>
    public static bool TryFindThread(TaskHandle process, int id, out TaskHandle handle)
    {
        using (TaskTree.Lock.Acquire())
        {
            var found = TaskTree.Find(id);
            var isMember = found is not null && process.Find() is { } task && task.Group == found.Group;
            handle = isMember ? TaskHandle.Of(found!, isThread: true) : default;
            return isMember;
        }
    }

    /// <summary>The process of the lowest id at or above <paramref name="from"/>.</summary>
    public static bool TryNextProcess(long from, out TaskHandle handle)
    {
        for (; from < TaskTree.PidMax; from += Stretch)
        {
            using (TaskTree.Lock.Acquire())
            {
                var end = Math.Min(from + Stretch, TaskTree.PidMax);
                for (var id = (int)from; id < end; id++)
                {
                    if (TaskTree.FindProcess(id) is not { } process)
                        continue;
                    handle = TaskHandle.Of(process.Leader, isThread: false);
                    return true;
                }
            }
        }

        handle = default;
        return false;
    }

    /// <summary>The thread of the lowest id at or above <paramref name="from"/> in a process. False also when the process has gone.</summary>
    public static bool TryNextThread(TaskHandle process, long from, out TaskHandle handle)
    {
        using (TaskTree.Lock.Acquire())
        {
            Task? next = null;
            for (var thread = process.Find()?.Group.FirstThread; thread is not null; thread = ThreadGroup.AfterThread(thread))
            {
                if (thread.Id >= from && (next is null || thread.Id < next.Id))
                    next = thread;
            }

            handle = next is null ? default : TaskHandle.Of(next, isThread: true);
            return next is not null;
        }
    }

    /// <summary>How many threads a process has, ended leaders too; for link counts.</summary>
    public static int CountThreads(TaskHandle process)
    {
        var count = 0;
        using (TaskTree.Lock.Acquire())
        {
            for (var thread = process.Find()?.Group.FirstThread; thread is not null; thread = ThreadGroup.AfterThread(thread))
                count++;
        }

        return count;
    }
}
