// One line in the kernel log for a program that is about to end from a fault of its own, as kernel engineers look for it.
// Contexts: process, the faulting task. Locks: none; the action is read without, since a wrong guess only costs or spares a line.
// Linux: show_signal_msg(), do_trap() with show_unhandled_signals.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Signals;

public static partial class SignalSender
{
    private static RateLimit s_faultLines;

    public static void InitReports() => s_faultLines = default;

    /// <summary>A bad access of user mode, with the error code the processor gave.</summary>
    internal static void TellBadAccess(int signal, ulong address)
    {
        var current = Task.Current;
        if (IsHandled(current, signal) || !s_faultLines.Allows("faults of programs"))
            return;
        var name = signal == SignalNumber.SIGSEGV ? "segfault" : "bus error";
        KernelLog.Write(LogLevel.Info, $"{current.Name}[{current.Id}]: {name} at {address:x} ip {current.User.Rip:x16} sp {current.User.Rsp:x16} error {current.FaultError:x}");
    }

    /// <summary>Another exception of user mode.</summary>
    private static void TellTrap(int signal, string what)
    {
        var current = Task.Current;
        if (IsHandled(current, signal) || !s_faultLines.Allows("faults of programs"))
            return;
        KernelLog.Write(LogLevel.Info, $"traps: {current.Name}[{current.Id}] {what} ip:{current.User.Rip:x} sp:{current.User.Rsp:x} error:{current.FaultError:x}");
    }

    /// <summary>No memory could be found for a page of user mode.</summary>
    internal static void TellOutOfMemory()
    {
        var current = Task.Current;
        if (s_faultLines.Allows("faults of programs"))
            KernelLog.Write(LogLevel.Warning, $"out of memory: {current.Name}[{current.Id}] is killed");
    }

    private static bool IsHandled(Task current, int signal)
    {
        if (current.Handlers is not { } handlers || current.BlockedSignals.Contains(signal))
            return false;
        ref var action = ref handlers[signal];
        return !action.IsDefault && !action.IsIgnore;
    }
}
