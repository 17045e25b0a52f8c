// Signals that the kernel itself sends: faults of the running task, ends of children, hang-ups.
// Lock: TaskTree.Lock, taken here unless the name or remark says it is held. Linux: force_sig_fault(), do_notify_parent().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Signals;

public static partial class SignalSender
{
    /// <summary>Nanoseconds of the clock tick in which siginfo_t counts times.</summary>
    private const long ClockTick = 10_000_000;

    /// <summary>Raises a signal that the current task cannot put off: blocked or ignored, it ends the process.</summary>
    public static void ForceFault(int signal, int code, ulong address)
    {
        var current = Task.Current;
        using (TaskTree.Lock.Acquire())
        {
            if (current.Handlers is not { } handlers)
                return;
            ref var action = ref handlers[signal];
            if (current.BlockedSignals.Contains(signal) || action.IsIgnore)
            {
                action = default;
                current.BlockedSignals = current.BlockedSignals.Without(signal);
            }

            current.PendingSignals.TryAdd(current, SignalInfo.Fault(signal, code, address));
            WorkFlag.Set(current, WorkFlag.SignalPending);
        }
    }

    /// <summary>To the current task, from the kernel: SIGPIPE, SIGXFSZ.</summary>
    public static void SendToCurrent(int signal)
    {
        var current = Task.Current;
        SendToTask(current, SignalInfo.FromUser(signal, SignalCode.SI_USER, current.Group.Id, current.Credentials.UserId));
    }

    /// <summary>Keeps the processor's word on a page fault of user mode, should it end in a signal.</summary>
    public static void NotePageFault(FaultAccess access, bool wasPresent)
    {
        const ulong present = 1, write = 2, user = 4, fetch = 16;
        var current = Task.Current;
        current.FaultTrap = 14;
        current.FaultError = user | (wasPresent ? present : 0) | (access == FaultAccess.Write ? write : access == FaultAccess.Execute ? fetch : 0);
    }

    /// <summary>Vector of a processor exception.</summary>
    private static ulong TrapOf(UserException kind) => kind switch
    {
        UserException.DivideError => 0,
        UserException.Debug => 1,
        UserException.Breakpoint => 3,
        UserException.Overflow => 4,
        UserException.BoundRange => 5,
        UserException.InvalidOpcode => 6,
        UserException.StackSegment => 12,
        UserException.FloatingPoint => 16,
        UserException.AlignmentCheck => 17,
        UserException.SimdFloatingPoint => 19,
        _ => 13,
    };

    /// <summary>Turns a processor exception in user mode into its signal.</summary>
    public static void ForException(UserException kind, ulong address, ref UserRegisters user)
    {
        Task.Current.FaultTrap = TrapOf(kind);
        Task.Current.FaultError = 0;
        switch (kind)
        {
            case UserException.DivideError:
                TellTrap(SignalNumber.SIGFPE, "trap divide error");
                ForceFault(SignalNumber.SIGFPE, SignalCode.FPE_INTDIV, user.Rip);
                break;
            case UserException.FloatingPoint:
            case UserException.SimdFloatingPoint:
                TellTrap(SignalNumber.SIGFPE, "trap floating-point exception");
                ForceFault(SignalNumber.SIGFPE, SignalCode.FPE_FLTINV, user.Rip);
                break;
            case UserException.Breakpoint:
                ForceFault(SignalNumber.SIGTRAP, SignalCode.SI_KERNEL, 0);
                break;
            case UserException.Debug:
                user.Rflags &= ~0x100UL;
                ForceFault(SignalNumber.SIGTRAP, SignalCode.TRAP_TRACE, user.Rip);
                break;
            case UserException.InvalidOpcode:
                TellTrap(SignalNumber.SIGILL, "trap invalid opcode");
                ForceFault(SignalNumber.SIGILL, SignalCode.ILL_ILLOPN, user.Rip);
                break;
            case UserException.AlignmentCheck:
                TellTrap(SignalNumber.SIGBUS, "trap alignment check");
                ForceFault(SignalNumber.SIGBUS, SignalCode.BUS_ADRALN, address);
                break;
            case UserException.StackSegment:
                TellTrap(SignalNumber.SIGBUS, "stack segment");
                ForceFault(SignalNumber.SIGBUS, SignalCode.SI_KERNEL, 0);
                break;
            default:
                TellTrap(SignalNumber.SIGSEGV, "general protection fault");
                ForceFault(SignalNumber.SIGSEGV, SignalCode.SI_KERNEL, 0);
                break;
        }
    }

    /// <summary>
    /// Tells a parent that a child has ended. False: it ignores SIGCHLD, asked for no zombies, or is a kernel thread: nobody will wait. Lock held.
    /// </summary>
    internal static bool SendChildEnded(ThreadGroup parent, ThreadGroup child)
    {
        var wanted = !parent.Leader.IsKernelThread;
        if (child.ExitSignal == SignalNumber.SIGCHLD && parent.Leader.Handlers is { } handlers)
        {
            ref var action = ref handlers[SignalNumber.SIGCHLD];
            if (action.IsIgnore)
                return false;
            wanted = !action.Has(SignalAction.SA_NOCLDWAIT);
        }

        if (child.ExitSignal != 0)
            SendToProcessLocked(parent, InfoOfChild(child, child.ExitSignal, Task.CodeOfStatus(child.ExitStatus), StatusForInfo(child.ExitStatus)));
        return wanted;
    }

    /// <summary>Tells a parent of a stop or continuation, unless it does not want to know. Lock held.</summary>
    internal static void SendChildChanged(ThreadGroup child, int code, int status)
    {
        if (child.Parent is not { } parent || parent.Leader.Handlers is not { } handlers)
            return;
        ref var action = ref handlers[SignalNumber.SIGCHLD];
        if (!action.IsIgnore && !action.Has(SignalAction.SA_NOCLDSTOP))
            SendToProcessLocked(parent, InfoOfChild(child, SignalNumber.SIGCHLD, code, status));
        parent.ChildWait.WakeUpAll();
    }

    private static SignalInfo InfoOfChild(ThreadGroup child, int signal, int code, int status) => new()
    {
        Signal = signal,
        Code = code,
        ProcessId = child.Id,
        UserId = child.Leader.Credentials.UserId,
        Value = (uint)status,
        UserTicks = child.DeadThreads.UserTime / ClockTick,
        SystemTicks = child.DeadThreads.SystemTime / ClockTick,
    };

    /// <summary>si_status: the exit code, or the signal.</summary>
    internal static int StatusForInfo(int status) => (status & 0x7f) == 0 ? status >> 8 & 0xff : status & 0x7f;

    /// <summary>Sends the signal that a child asked for when its parent ends (PR_SET_PDEATHSIG). Lock held.</summary>
    internal static void ParentDied(ThreadGroup child)
    {
        for (var thread = child.FirstThread; thread is not null; thread = ThreadGroup.AfterThread(thread))
        {
            if (thread.ParentDeathSignal != 0)
                SendLocked(thread, SignalInfo.FromUser(thread.ParentDeathSignal, SignalCode.SI_USER, 0, 0), toProcess: false);
        }
    }

    /// <summary>A thread ends: its process may be wholly stopped now. Lock held.</summary>
    internal static void ThreadEnded(Task thread) => JobControl.ThreadEnded(thread);

    /// <summary>True when a process of the group is stopped. Lock held.</summary>
    internal static bool HasStopped(ProcessGroup group)
    {
        for (var member = group.FirstMember; member is not null; member = ProcessGroup.After(member))
        {
            if (member.IsStopped)
                return true;
        }

        return false;
    }
}
