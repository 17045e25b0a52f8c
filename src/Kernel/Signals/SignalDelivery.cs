// Delivery: the one place where signals take effect, on a task's way to user mode: default actions, handlers, restarts.
// Context: process, the task itself, interrupts on; may sleep (stops) and may not return (fatal signals).
// Lock: TaskTree.Lock for taking a signal. Linux: get_signal(), handle_signal(), arch_do_signal_or_restart().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.Signals;

public static class SignalDelivery
{
    /// <summary>Bytes of the syscall instruction, by which Rip is set back to call again.</summary>
    private const ulong SyscallBytes = 2;

    /// <summary>Deals with all that is pending. Called when WorkFlag.SignalPending is set, before user mode.</summary>
    public static void Deliver(ref UserRegisters user)
    {
        var current = Task.Current;
        while (true)
        {
            if (current.HasFatalSignal)
                Task.ExitGroupMember();
            Freezer.TryToFreeze();
            if (current.Group.IsStopping)
            {
                JobControl.SleepWhileStopped();
                continue;
            }

            var signal = Take(current, out var info, out var action);
            if (signal == 0)
                break;
            if (action.IsIgnore)
                continue;
            if (!action.IsDefault)
            {
                RunHandler(current, info, action, ref user);
                return;
            }

            ActByDefault(current, signal);
        }

        RestartWithoutHandler(current, ref user);
    }

    /// <summary>Takes the next deliverable signal with its action; zero: none is left.</summary>
    private static int Take(Task current, out SignalInfo info, out SignalAction action)
    {
        info = default;
        action = default;
        using (TaskTree.Lock.Acquire())
        {
            var signal = Next(current, current.BlockedSignals, out info);
            if (signal != 0)
            {
                ref var entry = ref current.Handlers![signal];
                action = entry;
                if (!action.IsDefault && !action.IsIgnore && action.Has(SignalAction.SA_RESETHAND))
                    entry.Handler = SignalAction.SIG_DFL;
                current.HasTakenStop = SignalSet.Stops.Contains(signal);
            }

            current.RecalculatePending();
            return signal;
        }
    }

    /// <summary>Takes a pending signal that is not in <paramref name="blocked"/>: the thread's own before the process's, of these faults first, then lowest numbers. Lock held.</summary>
    internal static int Next(Task task, SignalSet blocked, out SignalInfo info)
    {
        info = default;
        if (task.Handlers is null)
            return 0;
        var own = task.PendingSignals.Set.Except(blocked);
        var shared = task.Group.SharedPending.Set.Except(blocked);
        var signal = FirstOf(own.IsEmpty ? shared : own);
        if (signal == 0)
            return 0;
        info = !own.IsEmpty ? task.PendingSignals.Take(signal) : task.Group.SharedPending.Take(signal);
        info.Signal = signal;
        if (signal == SignalNumber.SIGALRM)
            IntervalTimers.GoOn(task.Group);
        return signal;
    }

    private static int FirstOf(SignalSet set)
    {
        var faults = set.And(SignalSet.Synchronous);
        return (faults.IsEmpty ? set : faults).First;
    }

    private static void ActByDefault(Task current, int signal)
    {
        if (SignalSet.IgnoredByDefault.Contains(signal))
            return;
        if (current.Group == TaskTree.Init && !SignalSet.Synchronous.Contains(signal))
            return;
        if (!SignalSet.Stops.Contains(signal))
            Task.ExitGroup(signal);
        using (TaskTree.Lock.Acquire())
        {
            // A SIGCONT that came after the signal was dequeued has undone it.
            if (current.HasTakenStop && JobControl.MayStop(current.Group, signal))
                JobControl.BeginStop(current.Group, signal);
        }
    }

    private static void RunHandler(Task current, in SignalInfo info, in SignalAction action, ref UserRegisters user)
    {
        RestartBeforeHandler(action, ref user);
        var restoring = WorkFlag.IsSet(current, WorkFlag.RestoreMask);
        var oldMask = restoring ? current.SavedMask : current.BlockedSignals;
        if (!SignalFrame.TryPush(current, info, action, oldMask, ref user))
        {
            // No room for the frame: the program cannot be told of this signal, nor of SIGSEGV.
            if (info.Signal == SignalNumber.SIGSEGV)
                Task.ExitGroup(SignalNumber.SIGSEGV);
            SignalSender.ForceFault(SignalNumber.SIGSEGV, SignalCode.SI_KERNEL, 0);
            return;
        }

        WorkFlag.Clear(current, WorkFlag.RestoreMask);
        var blocked = current.BlockedSignals.Or(action.Mask);
        if (!action.Has(SignalAction.SA_NODEFER))
            blocked = blocked.With(info.Signal);
        current.SetBlocked(blocked);
    }

    /// <summary>A handler runs: EINTR, or call again after it, as the call and SA_RESTART say. man 7 signal.</summary>
    private static void RestartBeforeHandler(in SignalAction action, ref UserRegisters user)
    {
        if (user.OriginalRax < 0)
            return;
        var again = (Errno)(-(long)user.Rax) switch
        {
            Errno.ERESTARTNOINTR => true,
            Errno.ERESTARTSYS => action.Has(SignalAction.SA_RESTART),
            Errno.ERESTARTNOHAND or Errno.ERESTART_RESTARTBLOCK => false,
            _ => (bool?)null,
        };
        if (again is not { } restart)
            return;
        if (restart)
            CallAgain(ref user, user.OriginalRax);
        else
            user.Rax = unchecked((ulong)-(long)Errno.EINTR);
        user.OriginalRax = -1;
    }

    /// <summary>No handler ran: interrupted calls go on, and a temporary mask is taken back.</summary>
    private static void RestartWithoutHandler(Task current, ref UserRegisters user)
    {
        if (user.OriginalRax >= 0)
        {
            var error = (Errno)(-(long)user.Rax);
            if (error is Errno.ERESTARTSYS or Errno.ERESTARTNOINTR or Errno.ERESTARTNOHAND)
                CallAgain(ref user, user.OriginalRax);
            else if (error == Errno.ERESTART_RESTARTBLOCK)
                CallAgain(ref user, (long)SyscallNumber.restart_syscall);
        }

        if (!WorkFlag.IsSet(current, WorkFlag.RestoreMask))
            return;
        WorkFlag.Clear(current, WorkFlag.RestoreMask);
        current.SetBlocked(current.SavedMask);
    }

    private static void CallAgain(ref UserRegisters user, long number)
    {
        user.Rax = (ulong)number;
        user.Rip -= SyscallBytes;
        user.OriginalRax = -1;
    }
}
