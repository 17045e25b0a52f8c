// Waiting for signals: sigsuspend, pause, sigtimedwait. A signal that arrives between the change of mask and the sleep is not
// lost: it sets the pending flag, which the sleep looks at after it has published its state.
// Context: process; may sleep. man 2 rt_sigsuspend, rt_sigtimedwait.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Wait;

namespace Jiffy.Kernel.Signals;

internal static class SignalWait
{
    /// <summary>Uses <paramref name="mask"/> until a handler runs. Always ERESTARTNOHAND, which becomes EINTR.</summary>
    public static Errno Suspend(SignalSet mask)
    {
        UseTemporarily(mask);
        if (SignalFaults.Has(SignalFault.SuspendSleepsWithOldMask) && !Task.Current.HasSignalPending)
            Task.Current.SetBlocked(Task.Current.SavedMask);
        return Pause();
    }

    /// <summary>Sets a mask that the way to user mode takes back (ppoll, pselect, sigsuspend).</summary>
    public static void UseTemporarily(SignalSet mask)
    {
        var current = Task.Current;
        current.SavedMask = current.BlockedSignals;
        current.SetBlocked(mask);
        WorkFlag.Set(current, WorkFlag.RestoreMask);
    }

    /// <summary>Takes a temporary mask back at once, when the call was not interrupted.</summary>
    public static void EndTemporary()
    {
        var current = Task.Current;
        if (!WorkFlag.IsSet(current, WorkFlag.RestoreMask))
            return;
        WorkFlag.Clear(current, WorkFlag.RestoreMask);
        current.SetBlocked(current.SavedMask);
    }

    /// <summary>Sleeps until a signal is pending.</summary>
    public static Errno Pause()
    {
        var current = Task.Current;
        while (true)
        {
            current.SetState(TaskState.Interruptible);
            if (current.HasSignalPending)
                break;
            Scheduler.Schedule();
        }

        current.SetStateRelaxed(TaskState.Running);
        return Errno.ERESTARTNOHAND;
    }

    /// <summary>Takes a signal of <paramref name="set"/> without running its handler. EAGAIN: the deadline passed; EINTR: another signal.</summary>
    public static Result<SignalInfo> Take(SignalSet set, long deadline)
    {
        var current = Task.Current;
        set = set.Except(SignalSet.Unblockable);
        if (TryTake(current, set, out var info))
            return info;
        if (deadline == 0)
            return Errno.EAGAIN;

        // While it waits the signals are not blocked, so that senders wake it, and awaited, so that they neither end it nor get lost.
        var blocked = current.BlockedSignals;
        current.AwaitedSignals = set;
        current.SetBlocked(SignalFaults.Has(SignalFault.AwaitedStaysBlocked) ? blocked : blocked.Except(set));
        var late = false;
        var taken = false;
        while (!taken && !late)
        {
            current.SetState(TaskState.Interruptible);
            if (!current.HasSignalPending)
                late = Scheduler.ScheduleUntil(deadline);
            current.SetStateRelaxed(TaskState.Running);
            taken = TryTake(current, set, out info);

            // What woke it may have been taken by another thread; then it waits on.
            if (!taken && IsInterrupted(current))
                break;
        }

        // In this order: neither blocked nor awaited, one that comes now would end the process.
        current.SetBlocked(blocked);
        using (TaskTree.Lock.Acquire())
            current.AwaitedSignals = default;
        if (taken)
            return info;
        return late ? Errno.EAGAIN : Errno.EINTR;
    }

    /// <summary>Where the running task waits for any signal of its process to come, blocked or not.</summary>
    internal static WaitQueue Arrivals => Task.Current.Handlers!.Arrivals;

    /// <summary>Takes a pending signal of <paramref name="set"/> from the running task or its process, if there is one.</summary>
    internal static bool TryTake(SignalSet set, out SignalInfo info) => TryTake(Task.Current, set, out info);

    /// <summary>A signal of <paramref name="set"/> is pending for the running task or its process.</summary>
    internal static bool IsPending(SignalSet set)
    {
        var current = Task.Current;
        using (TaskTree.Lock.Acquire())
            return !current.PendingSet.Or(current.Group.SharedPendingSet).And(set).IsEmpty;
    }

    private static bool IsInterrupted(Task current)
    {
        using (TaskTree.Lock.Acquire())
            return current.MustActOnSignal();
    }

    private static bool TryTake(Task current, SignalSet set, out SignalInfo info)
    {
        using (TaskTree.Lock.Acquire())
        {
            var signal = SignalDelivery.Next(current, new SignalSet(~set.Bits), out info);
            if (signal != 0)
                current.RecalculatePending();
            return signal != 0;
        }
    }
}
