// The system call table: number to handler, grouped by family. A handler decodes nothing but its arguments' types: it
// gets registers as they are, calls the service, and returns the result or a negated errno. Process context; may sleep.
// A short handler that asks for the running task or has buffers must not be inlined here: its locals would become those of Dispatch, and be
// cleared at every call (50 instructions of 320 in all were that).
// Longer than other files because it is one table, a line a call.
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
            case SyscallNumber.read:
                return FileCalls.Read((int)a, b, c);
            case SyscallNumber.write:
                return FileCalls.Write((int)a, b, c);
            case SyscallNumber.readv:
                return FileCalls.ReadV((int)a, b, (int)c);
            case SyscallNumber.writev:
                return FileCalls.WriteV((int)a, b, (int)c);
            case SyscallNumber.pread64:
                return FileCalls.PRead((int)a, b, c, (long)d);
            case SyscallNumber.pwrite64:
                return FileCalls.PWrite((int)a, b, c, (long)d);
            case SyscallNumber.preadv:
                return FileCalls.PReadV((int)a, b, (int)c, (long)d);
            case SyscallNumber.pwritev:
                return FileCalls.PWriteV((int)a, b, (int)c, (long)d);
            case SyscallNumber.preadv2:
                return FileCalls.PReadV2((int)a, b, (int)c, (long)d, (int)f);
            case SyscallNumber.pwritev2:
                return FileCalls.PWriteV2((int)a, b, (int)c, (long)d, (int)f);
            case SyscallNumber.lseek:
                return FileCalls.LSeek((int)a, (long)b, (int)c);
            case SyscallNumber.truncate:
                return FileCalls.Truncate(a, (long)b);
            case SyscallNumber.ftruncate:
                return FileCalls.FTruncate((int)a, (long)b);
            case SyscallNumber.fallocate:
                return FileCalls.FAllocate((int)a, (int)b, (long)c, (long)d);
            case SyscallNumber.sync:
                return 0;
            case SyscallNumber.syncfs:
                return FileCalls.SyncFileSystem((int)a);
            case SyscallNumber.fsync:
                return FileCalls.FSync((int)a);
            case SyscallNumber.fdatasync:
                return FileCalls.FSync((int)a);
            case SyscallNumber.fadvise64:
                return FileCalls.Advise((int)a, (long)c, (int)d);
            case SyscallNumber.readahead:
                return FileCalls.ReadAhead((int)a);
            case SyscallNumber.close:
                return DescriptorCalls.Close((int)a);
            case SyscallNumber.close_range:
                return DescriptorCalls.CloseRange((uint)a, (uint)b, (uint)c);
            case SyscallNumber.dup:
                return DescriptorCalls.Dup((int)a);
            case SyscallNumber.dup2:
                return DescriptorCalls.Dup2((int)a, (int)b);
            case SyscallNumber.dup3:
                return DescriptorCalls.Dup3((int)a, (int)b, (int)c);
            case SyscallNumber.fcntl:
                return DescriptorCalls.FControl((int)a, (int)b, c);
            case SyscallNumber.ioctl:
                return DescriptorCalls.IoControl((int)a, (uint)b, c);
            case SyscallNumber.flock:
                return DescriptorCalls.FLock((int)a, (int)b);
            case SyscallNumber.pipe:
                return PipeCalls.Pipe(a, 0);
            case SyscallNumber.pipe2:
                return PipeCalls.Pipe(a, (int)b);
            case SyscallNumber.sendfile:
                return SpliceCalls.SendFile((int)a, (int)b, c, d);
            case SyscallNumber.splice:
                return SpliceCalls.Splice((int)a, b, (int)c, d, e, (uint)f);
            case SyscallNumber.tee:
                return SpliceCalls.Tee((int)a, (int)b, c, (uint)d);
            case SyscallNumber.vmsplice:
                return SpliceCalls.VmSplice((int)a, b, c, (uint)d);
            case SyscallNumber.copy_file_range:
                return SpliceCalls.CopyFileRange((int)a, b, (int)c, d, e, (uint)f);

            // Sockets (SocketCalls, SocketDataCalls, SocketOptionCalls)
            case SyscallNumber.socket:
                return SocketCalls.Make((int)a, (int)b, (int)c);
            case SyscallNumber.socketpair:
                return SocketCalls.MakePair((int)a, (int)b, (int)c, d);
            case SyscallNumber.bind:
                return SocketCalls.Bind((int)a, b, (int)c);
            case SyscallNumber.listen:
                return SocketCalls.Listen((int)a, (int)b);
            case SyscallNumber.accept:
                return SocketCalls.Accept((int)a, b, c, 0);
            case SyscallNumber.accept4:
                return SocketCalls.Accept((int)a, b, c, (int)d);
            case SyscallNumber.connect:
                return SocketCalls.Connect((int)a, b, (int)c);
            case SyscallNumber.getsockname:
                return SocketCalls.GetName((int)a, b, c);
            case SyscallNumber.getpeername:
                return SocketCalls.GetPeerName((int)a, b, c);
            case SyscallNumber.shutdown:
                return SocketCalls.Shutdown((int)a, (int)b);
            case SyscallNumber.sendto:
                return SocketDataCalls.SendTo((int)a, b, c, (int)d, e, (int)f);
            case SyscallNumber.recvfrom:
                return SocketDataCalls.ReceiveFrom((int)a, b, c, (int)d, e, f);
            case SyscallNumber.sendmsg:
                return SocketDataCalls.SendMessage((int)a, b, (int)c);
            case SyscallNumber.recvmsg:
                return SocketDataCalls.ReceiveMessage((int)a, b, (int)c);
            case SyscallNumber.sendmmsg:
                return SocketDataCalls.SendMessages((int)a, b, (uint)c, (int)d);
            case SyscallNumber.recvmmsg:
                return SocketDataCalls.ReceiveMessages((int)a, b, (uint)c, (int)d, e);
            case SyscallNumber.setsockopt:
                return SocketOptionCalls.Set((int)a, (int)b, (int)c, d, (int)e);
            case SyscallNumber.getsockopt:
                return SocketOptionCalls.Get((int)a, (int)b, (int)c, d, e);

            // Files: names, directories, mounts (PathCalls, ...)
            case SyscallNumber.open:
                return OpenCalls.Open(a, (int)b, (uint)c);
            case SyscallNumber.openat:
                return OpenCalls.OpenAt((int)a, b, (int)c, (uint)d);
            case SyscallNumber.openat2:
                return OpenCalls.OpenAt2((int)a, b, c, d);
            case SyscallNumber.creat:
                return OpenCalls.Creat(a, (uint)b);
            case SyscallNumber.memfd_create:
                return OpenCalls.MemoryFile(a, (uint)b);
            case SyscallNumber.umask:
                return OpenCalls.UMask((uint)a);
            case SyscallNumber.stat:
                return StatCalls.Stat(a, b);
            case SyscallNumber.lstat:
                return StatCalls.LStat(a, b);
            case SyscallNumber.fstat:
                return StatCalls.FStat((int)a, b);
            case SyscallNumber.newfstatat:
                return StatCalls.StatAt((int)a, b, c, (int)d);
            case SyscallNumber.statx:
                return StatCalls.StatX((int)a, b, (int)c, (uint)d, e);
            case SyscallNumber.statfs:
                return StatCalls.StatFs(a, b);
            case SyscallNumber.fstatfs:
                return StatCalls.FStatFs((int)a, b);
            case SyscallNumber.access:
                return StatCalls.AccessAt(FileConstants.AT_FDCWD, a, (int)b, 0);
            case SyscallNumber.faccessat:
                return StatCalls.AccessAt((int)a, b, (int)c, 0);
            case SyscallNumber.faccessat2:
                return StatCalls.AccessAt((int)a, b, (int)c, (int)d);
            case SyscallNumber.readlink:
                return StatCalls.ReadLink(a, b, (int)c);
            case SyscallNumber.readlinkat:
                return StatCalls.ReadLinkAt((int)a, b, c, (int)d);
            case SyscallNumber.chmod:
                return AttributeCalls.ChModAt(FileConstants.AT_FDCWD, a, (uint)b);
            case SyscallNumber.fchmod:
                return AttributeCalls.FChMod((int)a, (uint)b);
            case SyscallNumber.fchmodat:
                return AttributeCalls.ChModAt((int)a, b, (uint)c);
            case SyscallNumber.chown:
                return AttributeCalls.ChOwnAt(FileConstants.AT_FDCWD, a, (uint)b, (uint)c, 0);
            case SyscallNumber.lchown:
                return AttributeCalls.ChOwnAt(FileConstants.AT_FDCWD, a, (uint)b, (uint)c, FileConstants.AT_SYMLINK_NOFOLLOW);
            case SyscallNumber.fchown:
                return AttributeCalls.FChOwn((int)a, (uint)b, (uint)c);
            case SyscallNumber.fchownat:
                return AttributeCalls.ChOwnAt((int)a, b, (uint)c, (uint)d, (int)e);
            case SyscallNumber.utime:
                return AttributeCalls.UTime(a, b);
            case SyscallNumber.utimes:
                return AttributeCalls.UTimesAt(FileConstants.AT_FDCWD, a, b);
            case SyscallNumber.futimesat:
                return AttributeCalls.UTimesAt((int)a, b, c);
            case SyscallNumber.utimensat:
                return AttributeCalls.UTimeNsAt((int)a, b, c, (int)d);
            case SyscallNumber.setxattr:
                return AttributeCalls.Extended(a, true, Errno.EOPNOTSUPP);
            case SyscallNumber.lsetxattr:
                return AttributeCalls.Extended(a, false, Errno.EOPNOTSUPP);
            case SyscallNumber.fsetxattr:
                return AttributeCalls.ExtendedOf((int)a, Errno.EOPNOTSUPP);
            case SyscallNumber.getxattr:
                return AttributeCalls.Extended(a, true, Errno.EOPNOTSUPP);
            case SyscallNumber.lgetxattr:
                return AttributeCalls.Extended(a, false, Errno.EOPNOTSUPP);
            case SyscallNumber.fgetxattr:
                return AttributeCalls.ExtendedOf((int)a, Errno.EOPNOTSUPP);
            case SyscallNumber.listxattr:
                return AttributeCalls.Extended(a, true, Errno.None);
            case SyscallNumber.llistxattr:
                return AttributeCalls.Extended(a, false, Errno.None);
            case SyscallNumber.flistxattr:
                return AttributeCalls.ExtendedOf((int)a, Errno.None);
            case SyscallNumber.removexattr:
                return AttributeCalls.Extended(a, true, Errno.EOPNOTSUPP);
            case SyscallNumber.lremovexattr:
                return AttributeCalls.Extended(a, false, Errno.EOPNOTSUPP);
            case SyscallNumber.fremovexattr:
                return AttributeCalls.ExtendedOf((int)a, Errno.EOPNOTSUPP);
            case SyscallNumber.mkdir:
                return NameCalls.MkDirAt(FileConstants.AT_FDCWD, a, (uint)b);
            case SyscallNumber.mkdirat:
                return NameCalls.MkDirAt((int)a, b, (uint)c);
            case SyscallNumber.rmdir:
                return NameCalls.UnlinkAt(FileConstants.AT_FDCWD, a, FileConstants.AT_REMOVEDIR);
            case SyscallNumber.mknod:
                return NameCalls.MkNodAt(FileConstants.AT_FDCWD, a, (uint)b, c);
            case SyscallNumber.mknodat:
                return NameCalls.MkNodAt((int)a, b, (uint)c, d);
            case SyscallNumber.link:
                return NameCalls.LinkAt(FileConstants.AT_FDCWD, a, FileConstants.AT_FDCWD, b, 0);
            case SyscallNumber.linkat:
                return NameCalls.LinkAt((int)a, b, (int)c, d, (int)e);
            case SyscallNumber.symlink:
                return NameCalls.SymLinkAt(a, FileConstants.AT_FDCWD, b);
            case SyscallNumber.symlinkat:
                return NameCalls.SymLinkAt(a, (int)b, c);
            case SyscallNumber.unlink:
                return NameCalls.UnlinkAt(FileConstants.AT_FDCWD, a, 0);
            case SyscallNumber.unlinkat:
                return NameCalls.UnlinkAt((int)a, b, (int)c);
            case SyscallNumber.rename:
                return NameCalls.RenameAt(FileConstants.AT_FDCWD, a, FileConstants.AT_FDCWD, b, 0);
            case SyscallNumber.renameat:
                return NameCalls.RenameAt((int)a, b, (int)c, d, 0);
            case SyscallNumber.renameat2:
                return NameCalls.RenameAt((int)a, b, (int)c, d, (uint)e);
            case SyscallNumber.getdents:
                return DirectoryCalls.GetDEnts((int)a, b, (uint)c, is64: false);
            case SyscallNumber.getdents64:
                return DirectoryCalls.GetDEnts((int)a, b, (uint)c, is64: true);
            case SyscallNumber.chdir:
                return DirectoryCalls.ChDir(a);
            case SyscallNumber.fchdir:
                return DirectoryCalls.FChDir((int)a);
            case SyscallNumber.chroot:
                return DirectoryCalls.ChRoot(a);
            case SyscallNumber.getcwd:
                return DirectoryCalls.GetCwd(a, b);
            case SyscallNumber.mount:
                return MountCalls.Mount(a, b, c, (uint)d, e);
            case SyscallNumber.umount2:
                return MountCalls.Unmount(a, (int)b);

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
            case SyscallNumber.unshare:
                return TaskCalls.Unshare(a);
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
            case SyscallNumber.capget:
                return CapabilityCalls.Get(a, b);
            case SyscallNumber.capset:
                return CapabilityCalls.Set(a, b);
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
                return KillCalls.SigQueueInfo((int)a, (int)b, c);
            case SyscallNumber.pidfd_open:
                return PidFdCalls.Open((int)a, (uint)b);
            case SyscallNumber.pidfd_send_signal:
                return PidFdCalls.SendSignal((int)a, (int)b, c, (uint)d);
            case SyscallNumber.pidfd_getfd:
                return PidFdCalls.GetFd((int)a, (int)b, (uint)c);
            case SyscallNumber.rt_tgsigqueueinfo:
                return KillCalls.TgSigQueueInfo((int)a, (int)b, (int)c, d);

            // Time (TimeCalls, SleepCalls, IntervalTimerCalls, PosixTimerCalls, TimerFileCalls)
            case SyscallNumber.clock_gettime:
                return TimeCalls.ClockGetTime((int)a, b);
            case SyscallNumber.clock_getres:
                return TimeCalls.ClockGetRes((int)a, b);
            case SyscallNumber.clock_settime:
                return TimeCalls.ClockSetTime((int)a, b);
            case SyscallNumber.clock_nanosleep:
                return SleepCalls.ClockNanoSleep((int)a, (int)b, c, d);
            case SyscallNumber.clock_adjtime:
                return TimeCalls.ClockAdjTime((int)a, b);
            case SyscallNumber.adjtimex:
                return TimeCalls.ClockAdjTime(ClockId.CLOCK_REALTIME, a);
            case SyscallNumber.gettimeofday:
                return TimeCalls.GetTimeOfDay(a, b);
            case SyscallNumber.settimeofday:
                return TimeCalls.SetTimeOfDay(a, b);
            case SyscallNumber.time:
                return TimeCalls.Time(a);
            case SyscallNumber.times:
                return TimeCalls.Times(a);
            case SyscallNumber.nanosleep:
                return SleepCalls.NanoSleep(a, b);
            case SyscallNumber.alarm:
                return IntervalTimerCalls.Alarm((uint)a);
            case SyscallNumber.getitimer:
                return IntervalTimerCalls.Get((int)a, b);
            case SyscallNumber.setitimer:
                return IntervalTimerCalls.Set((int)a, b, c);
            case SyscallNumber.restart_syscall:
                return SleepCalls.RestartSyscall();
            case SyscallNumber.timer_create:
                return PosixTimerCalls.Create((int)a, b, c);
            case SyscallNumber.timer_settime:
                return PosixTimerCalls.SetTime((int)a, (int)b, c, d);
            case SyscallNumber.timer_gettime:
                return PosixTimerCalls.GetTime((int)a, b);
            case SyscallNumber.timer_getoverrun:
                return PosixTimerCalls.GetOverrun((int)a);
            case SyscallNumber.timer_delete:
                return PosixTimerCalls.Delete((int)a);
            case SyscallNumber.timerfd_create:
                return TimerFileCalls.Create((int)a, (int)b);
            case SyscallNumber.timerfd_settime:
                return TimerFileCalls.SetTime((int)a, (int)b, c, d);
            case SyscallNumber.timerfd_gettime:
                return TimerFileCalls.GetTime((int)a, b);

            // Scheduling (SchedulingCalls)
            case SyscallNumber.sched_yield:
                return SchedulingCalls.Yield();
            case SyscallNumber.sched_setscheduler:
                return SchedulingCalls.SetScheduler((int)a, (int)b, c);
            case SyscallNumber.sched_getscheduler:
                return SchedulingCalls.GetScheduler((int)a);
            case SyscallNumber.sched_setparam:
                return SchedulingCalls.SetParam((int)a, b);
            case SyscallNumber.sched_getparam:
                return SchedulingCalls.GetParam((int)a, b);
            case SyscallNumber.sched_get_priority_max:
                return SchedulingCalls.PriorityMax((int)a);
            case SyscallNumber.sched_get_priority_min:
                return SchedulingCalls.PriorityMin((int)a);
            case SyscallNumber.sched_rr_get_interval:
                return SchedulingCalls.RoundRobinInterval((int)a, b);
            case SyscallNumber.sched_setaffinity:
                return SchedulingCalls.SetAffinity((int)a, (uint)b, c);
            case SyscallNumber.sched_getaffinity:
                return SchedulingCalls.GetAffinity((int)a, (uint)b, c);
            case SyscallNumber.sched_setattr:
                return SchedulingAttributeCalls.Set((int)a, b, (uint)c);
            case SyscallNumber.sched_getattr:
                return SchedulingAttributeCalls.Get((int)a, b, (uint)c, (uint)d);
            case SyscallNumber.getcpu:
                return SchedulingCalls.GetCpu(a, b);
            case SyscallNumber.getpriority:
                return PriorityCalls.Get((int)a, (int)b);
            case SyscallNumber.setpriority:
                return PriorityCalls.Set((int)a, (int)b, (int)c);

            // Waiting: futex, poll, select, epoll, counters and signals as files (FutexCalls, PollCalls, EpollCalls, EventCounterCalls, SignalFileCalls, NotifyCalls)
            case SyscallNumber.poll:
                return PollCalls.Poll(a, (uint)b, (int)c);
            case SyscallNumber.ppoll:
                return PollCalls.PPoll(a, (uint)b, c, d, e);
            case SyscallNumber.select:
                return SelectCalls.Select((int)a, b, c, d, e);
            case SyscallNumber.pselect6:
                return SelectCalls.PSelect((int)a, b, c, d, e, f);
            case SyscallNumber.epoll_create:
                return EpollCalls.Create((int)a);
            case SyscallNumber.epoll_create1:
                return EpollCalls.Create1((int)a);
            case SyscallNumber.epoll_ctl:
                return EpollCalls.Control((int)a, (int)b, (int)c, d);
            case SyscallNumber.epoll_wait:
                return EpollCalls.Wait((int)a, b, (int)c, (int)d);
            case SyscallNumber.epoll_pwait:
                return EpollCalls.PWait((int)a, b, (int)c, (int)d, e, f);
            case SyscallNumber.epoll_pwait2:
                return EpollCalls.PWait2((int)a, b, (int)c, d, e, f);
            case SyscallNumber.inotify_init:
                return NotifyCalls.Init(0);
            case SyscallNumber.inotify_init1:
                return NotifyCalls.Init((int)a);
            case SyscallNumber.inotify_add_watch:
                return NotifyCalls.AddWatch((int)a, b, (uint)c);
            case SyscallNumber.inotify_rm_watch:
                return NotifyCalls.RemoveWatch((int)a, (int)b);
            case SyscallNumber.signalfd:
                return SignalFileCalls.Create((int)a, b, c, 0);
            case SyscallNumber.signalfd4:
                return SignalFileCalls.Create((int)a, b, c, (int)d);
            case SyscallNumber.eventfd:
                return EventCounterCalls.Create((uint)a, 0);
            case SyscallNumber.eventfd2:
                return EventCounterCalls.Create((uint)a, (int)b);
            case SyscallNumber.futex:
                return FutexCalls.Call(a, (int)b, (uint)c, d, e, (uint)f);
            case SyscallNumber.futex_waitv:
                return FutexCalls.WaitVector(a, (uint)b, (uint)c, d, (int)e);
            case SyscallNumber.set_robust_list:
                return FutexCalls.SetRobustList(a, b);
            case SyscallNumber.get_robust_list:
                return FutexCalls.GetRobustList((int)a, b, c);

            // System V semaphores, queues, shared memory (SemaphoreCalls, ...)
            case SyscallNumber.semget:
                return SemaphoreCalls.Get((int)a, (int)b, (int)c);
            case SyscallNumber.semop:
                return SemaphoreCalls.Operate((int)a, b, (uint)c);
            case SyscallNumber.semtimedop:
                return SemaphoreCalls.OperateUntil((int)a, b, (uint)c, d);
            case SyscallNumber.semctl:
                return SemaphoreCalls.Control((int)a, (int)b, (int)c, d);
            case SyscallNumber.msgget:
                return MessageCalls.Get((int)a, (int)b);
            case SyscallNumber.msgsnd:
                return MessageCalls.Send((int)a, b, (long)c, (int)d);
            case SyscallNumber.msgrcv:
                return MessageCalls.Receive((int)a, b, (long)c, (long)d, (int)e);
            case SyscallNumber.msgctl:
                return MessageCalls.Control((int)a, (int)b, c);
            case SyscallNumber.shmget:
                return SegmentCalls.Get((int)a, b, (int)c);
            case SyscallNumber.shmat:
                return SegmentCalls.Attach((int)a, b, (int)c);
            case SyscallNumber.shmdt:
                return SegmentCalls.Detach(a);
            case SyscallNumber.shmctl:
                return SegmentCalls.Control((int)a, (int)b, c);

            // POSIX message queues (MessageQueueCalls)
            case SyscallNumber.mq_open:
                return MessageQueueCalls.Open(a, (int)b, (uint)c, d);
            case SyscallNumber.mq_unlink:
                return MessageQueueCalls.Unlink(a);
            case SyscallNumber.mq_timedsend:
                return MessageQueueCalls.Send((int)a, b, c, (uint)d, e);
            case SyscallNumber.mq_timedreceive:
                return MessageQueueCalls.Receive((int)a, b, c, d, e);
            case SyscallNumber.mq_notify:
                return MessageQueueCalls.Notify((int)a, b);
            case SyscallNumber.mq_getsetattr:
                return MessageQueueCalls.GetSetAttributes((int)a, b, c);

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

            case SyscallNumber.rseq: // offered by every program's C library at its start, and not missed: not worth a line
                return -(long)Errno.ENOSYS;

            default:
                return Unknown(user.OriginalRax);
        }
    }

    /// <summary>After exec the registers are the new program's, result included.</summary>
    private static long Start(ref UserRegisters user, long result) => result == 0 ? (long)user.Rax : result;

    private static long Unknown(long number)
    {
        if (s_unknown.Allows("unknown system calls"))
            KernelLog.Write(LogLevel.Info, $"{Task.Current.Name}[{Task.Current.Id}]: system call {number} is not implemented");
        return -(long)Errno.ENOSYS;
    }

    private static RateLimit s_unknown;

    public static void Init() => s_unknown = default;
}
