// Stop and continue: a stopping signal stops every thread of the process, SIGCONT lets all go on; the parent hears of both.
// Lock: TaskTree.Lock. No continuation is lost: a thread publishes its stopped state under the lock that SIGCONT's sender holds.
// A stop that is dequeued but not yet begun when SIGCONT comes does not begin: HasTakenStop.
// Linux: do_signal_stop(), prepare_signal(). man 7 signal.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Signals;

internal static class JobControl
{
    /// <summary>SIGCONT's effect on a process, before the signal itself. Lock held.</summary>
    public static void Continue(ThreadGroup process)
    {
        if (!SignalFaults.Has(SignalFault.ContinueLeavesStops))
            SignalSender.RemovePending(process, SignalSet.Stops);
        for (var thread = process.FirstThread; thread is not null; thread = ThreadGroup.AfterThread(thread))
            thread.HasTakenStop &= SignalFaults.Has(SignalFault.TakenStopBegins);
        if (!process.IsStopping)
            return;
        var wasStopped = process.IsStopped;
        process.IsStopping = false;
        for (var thread = process.FirstThread; thread is not null; thread = ThreadGroup.AfterThread(thread))
            Scheduler.TryToWakeUp(thread, TaskState.Stopped);
        if (!wasStopped)
            return;
        process.ReportContinue();
        SignalSender.SendChildChanged(process, ChildCode.CLD_CONTINUED, SignalNumber.SIGCONT);
    }

    /// <summary>Begins a stop of the whole process. Lock held.</summary>
    public static void BeginStop(ThreadGroup process, int signal)
    {
        if (process.IsStopping || process.IsExiting)
            return;
        process.IsStopping = true;
        process.StopSignal = signal;
        process.StoppedThreads = 0;
        for (var thread = process.FirstThread; thread is not null; thread = ThreadGroup.AfterThread(thread))
        {
            thread.IsCountedStopped = false;
            WorkFlag.Set(thread, WorkFlag.SignalPending);
            if (!Scheduler.TryToWakeUp(thread, TaskState.Interruptible))
                Scheduler.Kick(thread);
        }
    }

    /// <summary>The current task sleeps while its process is stopped. Process context; may sleep.</summary>
    public static void SleepWhileStopped()
    {
        var current = Task.Current;
        var process = current.Group;
        while (true)
        {
            using (TaskTree.Lock.Acquire())
            {
                if (!process.IsStopping || current.HasFatalSignal)
                {
                    current.RecalculatePending();
                    return;
                }

                // Special: whoever wakes it late, from a sleep that it has left, must not undo it.
                Scheduler.SetSpecialState(current, TaskState.Stopped | TaskState.WakeKill);
                current.IsCountedStopped = true;
                process.StoppedThreads++;
                ReportWhenComplete(process);
            }

            Scheduler.Schedule();
            using (TaskTree.Lock.Acquire())
                Uncount(current);
        }
    }

    /// <summary>A thread ends: a stop may have waited for it alone. LiveThreads counts it no more. Lock held.</summary>
    public static void ThreadEnded(Task thread)
    {
        Uncount(thread);
        if (thread.Group.IsStopping && thread.Group.LiveThreads > 0)
            ReportWhenComplete(thread.Group);
    }

    // The stop it was counted for may be over and another one begun: then it is not counted there.
    private static void Uncount(Task thread)
    {
        if (!thread.IsCountedStopped)
            return;
        thread.IsCountedStopped = false;
        thread.Group.StoppedThreads--;
    }

    private static void ReportWhenComplete(ThreadGroup process)
    {
        if (process.StoppedThreads != process.LiveThreads)
            return;
        process.ReportStop();
        SignalSender.SendChildChanged(process, ChildCode.CLD_STOPPED, process.StopSignal);
    }

    /// <summary>A default-action stop is refused to orphaned process groups, but for SIGSTOP. Lock held.</summary>
    public static bool MayStop(ThreadGroup process, int signal) =>
        signal == SignalNumber.SIGSTOP || process.ProcessGroup is { } group && !group.IsOrphaned(null);
}
