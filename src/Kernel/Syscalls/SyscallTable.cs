// The system call table: number to handler, grouped by family. A handler decodes nothing but its arguments' types: it
// gets registers as they are, calls the service, and returns the result or a negated errno. Process context; may sleep.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Tasks;
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
            case SyscallNumber.mmap:
                return MemoryCalls.Mmap(a, b, c, d, e, f);
            case SyscallNumber.munmap:
                return MemoryCalls.Munmap(a, b);
            case SyscallNumber.mprotect:
                return MemoryCalls.Mprotect(a, b, c);
            case SyscallNumber.mremap:
                return MemoryCalls.Mremap(a, b, c, d, e);
            case SyscallNumber.brk:
                return MemoryCalls.Brk(a);
            case SyscallNumber.madvise:
                return MemoryCalls.Madvise(a, b, c);
            case SyscallNumber.msync:
                return MemoryCalls.Msync(a, b, c);
            case SyscallNumber.mincore:
                return MemoryCalls.Mincore(a, b, c);
            case SyscallNumber.mlock:
                return MemoryCalls.Mlock(a, b);
            case SyscallNumber.mlock2:
                return MemoryCalls.Mlock2(a, b, c);
            case SyscallNumber.munlock:
                return MemoryCalls.Munlock(a, b);
            case SyscallNumber.mlockall:
                return MemoryCalls.Mlockall(a);
            case SyscallNumber.munlockall:
                return MemoryCalls.Munlockall();

            // Tasks: fork, exec, exit, wait, identity, limits (TaskCalls, IdentityCalls, ...)
            case SyscallNumber.fork:
                return TaskCalls.Fork();
            case SyscallNumber.vfork:
                return TaskCalls.VFork();
            case SyscallNumber.clone:
                return TaskCalls.CloneCall(a, b, c, d, e);
            case SyscallNumber.clone3:
                return TaskCalls.Clone3(a, b);
            case SyscallNumber.execve:
                return Start(ref user, TaskCalls.Execve(a, b, c));
            case SyscallNumber.execveat:
                return Start(ref user, TaskCalls.ExecveAt((int)a, b, c, d, (int)e));
            case SyscallNumber.exit:
                return TaskCalls.Exit((int)a);
            case SyscallNumber.exit_group:
                return TaskCalls.ExitGroup((int)a);
            case SyscallNumber.wait4:
                return TaskCalls.Wait4((int)a, b, (int)c, d);
            case SyscallNumber.waitid:
                return TaskCalls.WaitId((int)a, (int)b, c, (int)d, e);
            case SyscallNumber.set_tid_address:
                return TaskCalls.SetTidAddress(a);
            case SyscallNumber.getuid:
                return IdentityCalls.GetUid();
            case SyscallNumber.geteuid:
                return IdentityCalls.GetEuid();
            case SyscallNumber.getgid:
                return IdentityCalls.GetGid();
            case SyscallNumber.getegid:
                return IdentityCalls.GetEgid();
            case SyscallNumber.setuid:
                return IdentityCalls.SetUid((uint)a);
            case SyscallNumber.setgid:
                return IdentityCalls.SetGid((uint)a);
            case SyscallNumber.setreuid:
                return IdentityCalls.SetReUid((uint)a, (uint)b);
            case SyscallNumber.setregid:
                return IdentityCalls.SetReGid((uint)a, (uint)b);
            case SyscallNumber.setresuid:
                return IdentityCalls.SetResUid((uint)a, (uint)b, (uint)c);
            case SyscallNumber.setresgid:
                return IdentityCalls.SetResGid((uint)a, (uint)b, (uint)c);
            case SyscallNumber.getresuid:
                return IdentityCalls.GetResUid(a, b, c);
            case SyscallNumber.getresgid:
                return IdentityCalls.GetResGid(a, b, c);
            case SyscallNumber.setfsuid:
                return IdentityCalls.SetFsUid((uint)a);
            case SyscallNumber.setfsgid:
                return IdentityCalls.SetFsGid((uint)a);
            case SyscallNumber.getgroups:
                return IdentityCalls.GetGroups((int)a, b);
            case SyscallNumber.setgroups:
                return IdentityCalls.SetGroups((int)a, b);
            case SyscallNumber.getpid:
                return ProcessGroupCalls.GetPid();
            case SyscallNumber.gettid:
                return ProcessGroupCalls.GetTid();
            case SyscallNumber.getppid:
                return ProcessGroupCalls.GetPpid();
            case SyscallNumber.getpgrp:
                return ProcessGroupCalls.GetPgid(0);
            case SyscallNumber.getpgid:
                return ProcessGroupCalls.GetPgid((int)a);
            case SyscallNumber.setpgid:
                return ProcessGroupCalls.SetPgid((int)a, (int)b);
            case SyscallNumber.getsid:
                return ProcessGroupCalls.GetSid((int)a);
            case SyscallNumber.setsid:
                return ProcessGroupCalls.SetSid();
            case SyscallNumber.getrlimit:
                return LimitCalls.GetRLimit((int)a, b);
            case SyscallNumber.setrlimit:
                return LimitCalls.SetRLimit((int)a, b);
            case SyscallNumber.prlimit64:
                return LimitCalls.PrLimit((int)a, (int)b, c, d);
            case SyscallNumber.getrusage:
                return LimitCalls.GetRUsage((int)a, b);
            case SyscallNumber.prctl:
                return ProcessControlCalls.Prctl((int)a, b, c, d, e);
            case SyscallNumber.arch_prctl:
                return ProcessControlCalls.ArchPrctl((int)a, b);
            case SyscallNumber.personality:
                return ProcessControlCalls.Personality((uint)a);

            // Signals (SignalCalls)
            case SyscallNumber.rt_sigaction:
                return SignalCalls.SigAction((int)a, b, c, d);
            case SyscallNumber.rt_sigprocmask:
                return SignalCalls.SigProcMask((int)a, b, c, d);
            case SyscallNumber.rt_sigpending:
                return SignalCalls.SigPending(a, b);
            case SyscallNumber.rt_sigsuspend:
                return SignalCalls.SigSuspend(a, b);
            case SyscallNumber.rt_sigtimedwait:
                return SignalCalls.SigTimedWait(a, b, c, d);
            case SyscallNumber.rt_sigreturn:
                return SignalCalls.SigReturn(ref user);
            case SyscallNumber.sigaltstack:
                return SignalCalls.SigAltStack(a, b, ref user);
            case SyscallNumber.pause:
                return SignalCalls.Pause();
            case SyscallNumber.kill:
                return KillCalls.Kill((int)a, (int)b);
            case SyscallNumber.tkill:
                return KillCalls.TgKill(-1, (int)a, (int)b, anyGroup: true);
            case SyscallNumber.tgkill:
                return KillCalls.TgKill((int)a, (int)b, (int)c);
            case SyscallNumber.rt_sigqueueinfo:
                return KillCalls.SigQueueInfo((int)a, 0, (int)b, c);
            case SyscallNumber.rt_tgsigqueueinfo:
                return KillCalls.SigQueueInfo((int)a, (int)b, (int)c, d);

            // Time (TimeCalls)

            // Scheduling (SchedulingCalls)

            // Waiting: futex, poll, select (FutexCalls, PollCalls)

            // System: uname, sysinfo, reboot, syslog (SystemCalls)
            case SyscallNumber.uname:
                return SystemCalls.Uname(a);
            case SyscallNumber.sysinfo:
                return SystemCalls.SysInfo(a);
            case SyscallNumber.sethostname:
                return SystemCalls.SetName(a, (int)b, domain: false);
            case SyscallNumber.setdomainname:
                return SystemCalls.SetName(a, (int)b, domain: true);
            case SyscallNumber.reboot:
                return SystemCalls.Reboot((uint)a, (uint)b, (uint)c);
            case SyscallNumber.syslog:
                return LogCalls.SysLog((int)a, b, (int)c);
            case SyscallNumber.getrandom:
                return SystemCalls.GetRandom(a, b, (int)c);

            default:
                return Unknown(user.OriginalRax);
        }
    }

    /// <summary>After exec the registers are the new program's, result included.</summary>
    private static long Start(ref UserRegisters user, long result) => result == 0 ? (long)user.Rax : result;

    /// <summary>At most one line a second tells of calls that do not exist here.</summary>
    private static long Unknown(long number)
    {
        var now = Clock.Now;
        if (now - s_toldAt >= 1_000_000_000)
        {
            s_toldAt = now;
            KernelLog.Write(LogLevel.Info, $"{Task.Current.Name}[{Task.Current.Id}]: system call {number} is not implemented");
        }

        return -(long)Errno.ENOSYS;
    }

    /// <summary>Races between CPUs may let a second line through; nothing else depends on it.</summary>
    private static long s_toldAt;

    public static void Init() => s_toldAt = -1_000_000_000;
}
