// The very end: a zombie that was waited for leaves the tables and its memory goes back.
// Context: process. Lock: takes TaskTree.Lock. Linux: release_task().
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Tasks;

public sealed partial class Task
{
    /// <summary>Reaps a zombie process whose exit the caller has claimed: out of all tables, back to the pools.</summary>
    internal static void Release(ThreadGroup process)
    {
        Task leader;
        using (TaskTree.Lock.Acquire())
        {
            leader = process.Leader;
            leader.ChangeExitState(ExitState.Reaped, Who.Parent);
            if (process.Parent is { } parent)
            {
                parent.ChildRing.Remove(process);
                parent.DeadChildren.Add(process.DeadThreads);
                parent.DeadChildren.Add(process.DeadChildren);
                Scheduler.Ordinary.Exit(parent.Leader, leader);
            }

            process.ProcessGroup?.Remove(process);
            process.ProcessGroup = null;
            TaskTree.RemoveProcess(process);
            leader.Unlink();
            process.ReleaseSignals();
        }

        leader.Drop();
        TaskTree.ThreadGroupPool.Give(process);
    }
}
