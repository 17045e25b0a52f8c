// The system call table: number to handler, grouped by family. A handler decodes nothing but its arguments' types: it
// gets registers as they are, calls the service, and returns the result or a negated errno. Process context; may sleep.
using Jiffy.Kernel.Abi;
using Jiffy.Machine;

namespace Jiffy.Kernel.Syscalls;

public static class SyscallTable
{
    /// <summary>Runs the call that <paramref name="user"/> asks for; its result, or a negated errno.</summary>
    public static long Dispatch(ref UserRegisters user)
    {
        var a = user.Rdi;
        var b = user.Rsi;
        var c = user.Rdx;
        var d = user.R10;
        var e = user.R8;
        var f = user.R9;
        switch ((SyscallNumber)user.OriginalRax)
        {
            // Files: descriptors and data (FileCalls, DescriptorCalls, ...)

            // Files: names, directories, mounts (PathCalls, ...)

            // Memory (MemoryCalls)

            // Tasks: fork, exec, exit, wait, identity, limits (TaskCalls, IdentityCalls, ...)

            // Signals (SignalCalls)

            // Time (TimeCalls)

            // Scheduling (SchedulingCalls)

            // Waiting: futex, poll, select (FutexCalls, PollCalls)

            // System: uname, sysinfo, reboot, syslog (SystemCalls)

            default:
                return -(long)Errno.ENOSYS;
        }
    }
}
