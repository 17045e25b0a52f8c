// Sending: a signal is checked against what its target ignores, queued, and the thread that will take it is woken.
// SIGKILL and other signals whose default is the end act on the whole process at once; SIGCONT continues it whatever its mask.
// Contexts: any (the terminal's interrupt sends ^C). Lock: TaskTree.Lock, taken here unless the name says Locked.
// Linux: send_signal_locked(), complete_signal(), prepare_signal().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;

namespace Jiffy.Kernel.Signals;

public static partial class SignalSender
{
    /// <summary>To one thread. EAGAIN: a real-time signal could not be queued.</summary>
    public static Errno SendToTask(Task task, in SignalInfo info)
    {
        using (TaskTree.Lock.Acquire())
            return SendToTaskLocked(task, info);
    }

    public static Errno SendToTaskLocked(Task task, in SignalInfo info) => SendLocked(task, info, toProcess: false);

    /// <summary>To a process: any thread that does not block it takes it.</summary>
    public static Errno SendToProcess(ThreadGroup process, in SignalInfo info)
    {
        using (TaskTree.Lock.Acquire())
            return SendToProcessLocked(process, info);
    }

    public static Errno SendToProcessLocked(ThreadGroup process, in SignalInfo info) =>
        process.IsReaped ? Errno.ESRCH : SendLocked(process.Leader, info, toProcess: true);

    /// <summary>To every process of a group, from the kernel.</summary>
    public static void SendToProcessGroup(ProcessGroup group, int signal)
    {
        using (TaskTree.Lock.Acquire())
            SendToGroupLocked(group, signal);
    }

    public static void SendToGroupLocked(ProcessGroup group, int signal)
    {
        for (var member = group.FirstMember; member is not null; member = ProcessGroup.After(member))
            SendToProcessLocked(member, SignalInfo.FromKernel(signal));
    }

    /// <summary>The core of sending. TaskTree.Lock held.</summary>
    private static Errno SendLocked(Task target, in SignalInfo info, bool toProcess)
    {
        var process = target.Group;
        var signal = info.Signal;
        if (target.Handlers is not { } handlers || process.IsExiting && process.LiveThreads == 0)
            return Errno.None;
        if (!Prepare(process, handlers, target, signal))
            return Errno.None;
        var queued = toProcess ? process.SharedPending.TryAdd(target, info) : target.PendingSignals.TryAdd(target, info);
        if (!queued)
            return Errno.EAGAIN;
        Complete(target, handlers, signal, toProcess);
        return Errno.None;
    }

    /// <summary>Side effects that come before queueing; false: the signal is dropped.</summary>
    private static bool Prepare(ThreadGroup process, SignalHandlers handlers, Task target, int signal)
    {
        if (process.IsExiting)
            return signal == SignalNumber.SIGKILL;
        if (SignalSet.Stops.Contains(signal))
            RemovePending(process, SignalSet.Of(SignalNumber.SIGCONT));
        else if (signal == SignalNumber.SIGCONT)
            JobControl.Continue(process);

        // A blocked signal may be given a handler before it is unblocked; an awaited one is asked for.
        if (target.BlockedSignals.Or(target.AwaitedSignals).Contains(signal))
            return true;

        // Init takes only what it has a handler for: nobody may end it.
        return !handlers.Ignores(signal) && !(process == TaskTree.Init && handlers[signal].IsDefault);
    }

    internal static void RemovePending(ThreadGroup process, SignalSet set)
    {
        process.SharedPending.Remove(set);
        for (var thread = process.FirstThread; thread is not null; thread = ThreadGroup.AfterThread(thread))
            thread.PendingSignals.Remove(set);
    }

    private static void Complete(Task target, SignalHandlers handlers, int signal, bool toProcess)
    {
        // Files that give signals look at those that are blocked, too.
        if (!handlers.Arrivals.IsEmpty)
            handlers.Arrivals.WakeUpAll(key: new WakeKey(FileConstants.POLLIN));
        var taker = toProcess ? FindTaker(target.Group, target, signal) : Takes(target, signal) ? target : null;
        if (taker is null)
            return;
        if (IsFatal(handlers, signal) && !taker.AwaitedSignals.Contains(signal))
        {
            BeginGroupExit(target.Group, signal);
            return;
        }

        Notify(taker);
    }

    /// <summary>Ends the process now, where the signal's default says so and no dump is made first.</summary>
    private static bool IsFatal(SignalHandlers handlers, int signal)
    {
        if (signal == SignalNumber.SIGKILL)
            return true;
        return handlers[signal].IsDefault && !SignalSet.IgnoredByDefault.Contains(signal)
            && !SignalSet.Stops.Contains(signal) && !SignalSet.Dumps.Contains(signal);
    }

    private static void BeginGroupExit(ThreadGroup process, int signal)
    {
        process.BeginExit(signal);
        for (var thread = process.FirstThread; thread is not null; thread = ThreadGroup.AfterThread(thread))
        {
            if (!thread.IsExiting)
                thread.ForceKill();
        }
    }

    private static bool Takes(Task thread, int signal) =>
        !thread.IsExiting && (signal == SignalNumber.SIGKILL || (!thread.BlockedSignals.Contains(signal) && !IsStopped(thread)));

    /// <summary>A stopped thread takes only SIGKILL; the rest waits until it is continued.</summary>
    private static bool IsStopped(Task thread) => (thread.State & (TaskState.Stopped | TaskState.Traced)) != 0;

    private static Task? FindTaker(ThreadGroup process, Task first, int signal)
    {
        if (Takes(first, signal))
            return first;
        for (var thread = process.FirstThread; thread is not null; thread = ThreadGroup.AfterThread(thread))
        {
            if (Takes(thread, signal))
                return thread;
        }

        return null;
    }

    private static void Notify(Task thread)
    {
        WorkFlag.Set(thread, WorkFlag.SignalPending);
        if (!Scheduler.TryToWakeUp(thread, TaskState.Interruptible))
            Scheduler.Kick(thread);
    }

    /// <summary>A thread blocked signals that the process still has pending: another thread may take them. TaskTree.Lock held.</summary>
    internal static void Retarget(ThreadGroup process, Task blocker) =>
        OfferToOthers(process, blocker, process.SharedPending.Set.And(blocker.BlockedSignals));

    /// <summary>A thread ends that may have been chosen for what the process has pending. TaskTree.Lock held.</summary>
    internal static void RetargetAll(ThreadGroup process, Task leaving) => OfferToOthers(process, leaving, process.SharedPending.Set);

    private static void OfferToOthers(ThreadGroup process, Task except, SignalSet pending)
    {
        if (pending.IsEmpty)
            return;
        for (var thread = process.FirstThread; thread is not null; thread = ThreadGroup.AfterThread(thread))
        {
            if (thread != except && !thread.IsExiting && !pending.Except(thread.BlockedSignals).IsEmpty)
                Notify(thread);
        }
    }
}
