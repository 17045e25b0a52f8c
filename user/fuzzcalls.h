// The calls that the fuzzer makes: for each its number, what kinds of values its arguments are, and what its flags or commands may be.
// A letter stands for an argument; fuzzvalues.h makes values of it. Whoever adds a system call to the kernel adds its row here.
#ifndef FUZZCALLS_H
#define FUZZCALLS_H

#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif
#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

struct call {
    short number;
    const char *name;
    const char *arguments;
    long flags[10];    // 'f': any of these together; the first zero ends them
    long commands[24]; // 'n': one of these, or zero
    char weight;       // how often beside others; 0 is 8
    char not_as_root;  // would leave the fuzzer's hands: other processes, priorities
};

// musl makes these names macros; SYS_ is to be put before them.
#undef pread64
#undef pwrite64
#undef prlimit64
#undef getdents64

#define CALL(name_, arguments_, ...) { .number = SYS_##name_, .name = #name_, .arguments = arguments_, __VA_ARGS__ }
#define PLAIN(name, arguments) CALL(name, arguments, )
#define FLAGS(name, arguments, ...) CALL(name, arguments, .flags = { __VA_ARGS__ })
#define COMMANDS(name, arguments, ...) CALL(name, arguments, .commands = { __VA_ARGS__ })

#define OPEN_FLAGS O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND, O_NONBLOCK, O_DIRECTORY, O_CLOEXEC, O_EXCL
#define AT_FLAGS AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH, 0x200, 0x400
#define MAP_BITS MAP_SHARED, MAP_PRIVATE, MAP_FIXED, MAP_ANONYMOUS, MAP_NORESERVE, MAP_POPULATE, MAP_STACK, 0x100000
#define MSG_BITS MSG_DONTWAIT, MSG_PEEK, MSG_TRUNC, MSG_WAITALL, MSG_NOSIGNAL, MSG_OOB, MSG_CMSG_CLOEXEC
#define CLONE_BITS CLONE_VM, CLONE_FS, CLONE_FILES, CLONE_SIGHAND, CLONE_THREAD, CLONE_SYSVSEM, CLONE_PARENT, CLONE_VFORK, CLONE_CHILD_CLEARTID

static const struct call calls[] = {
    // Files: descriptors and data.
    PLAIN(read, "dol"), PLAIN(write, "dil"), PLAIN(readv, "dvc"), PLAIN(writev, "dvc"), PLAIN(pread64, "dolZ"), PLAIN(pwrite64, "dilZ"),
    PLAIN(preadv, "dvcZ"), PLAIN(pwritev, "dvcZ"), FLAGS(preadv2, "dvcZxf", 1, 2, 8), FLAGS(pwritev2, "dvcZxf", 1, 2, 8, 16),
    COMMANDS(lseek, "dZn", 1, 2, 3, 4), PLAIN(truncate, "pZ"), PLAIN(ftruncate, "dZ"), FLAGS(fallocate, "dfZZ", 1, 2, 8, 16),
    PLAIN(fsync, "d"), PLAIN(fdatasync, "d"), COMMANDS(fadvise64, "dZZn", 1, 2, 3, 4, 5), PLAIN(readahead, "dZl"), PLAIN(syncfs, "d"),
    PLAIN(close, "d"), FLAGS(close_range, "ddf", 2, 4), PLAIN(dup, "d"), PLAIN(dup2, "dd"), FLAGS(dup3, "ddf", O_CLOEXEC),
    COMMANDS(fcntl, "dny", F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW, F_SETOWN, F_GETOWN, F_SETSIG, F_GETSIG, 1030, 1031, 1032, 1024, 1025,
        1033, 1034, 36, 37, 38),
    COMMANDS(ioctl, "dno", FIONREAD, FIONBIO, FIOCLEX, FIONCLEX, FIOASYNC, TCGETS, TCSETS, TIOCGPGRP, TIOCSPGRP, TIOCGWINSZ, TIOCSWINSZ, TIOCSCTTY, TIOCNOTTY, TIOCGSID,
        TIOCEXCL, TIOCSTI, TIOCOUTQ, 0x1260),
    FLAGS(flock, "df", 1, 2, 4, 8), PLAIN(pipe, "o"), FLAGS(pipe2, "of", O_CLOEXEC, O_NONBLOCK, O_DIRECT), PLAIN(sendfile, "ddyl"),
    FLAGS(splice, "dydylf", 1, 2, 4, 8), FLAGS(tee, "ddlf", 1, 2, 4), FLAGS(vmsplice, "dvcf", 1, 2, 4, 8), PLAIN(copy_file_range, "dydyl0"),

    // Sockets.
    COMMANDS(socket, "nn0", 1, 2, 5, 10, 16, 0x801, 0x80001, 0x802, 0x80005), COMMANDS(socketpair, "1n0o", 1, 2, 5, 0x801, 0x80001, 0x802, 0x80005),
    PLAIN(connect, "dSL"), PLAIN(bind, "dSL"), PLAIN(listen, "dc"), PLAIN(accept, "dSR"), FLAGS(accept4, "dSRf", O_NONBLOCK, O_CLOEXEC),
    FLAGS(sendto, "dilfSL", MSG_BITS), FLAGS(recvfrom, "dolfSR", MSG_BITS), FLAGS(sendmsg, "dhf", MSG_BITS), FLAGS(recvmsg, "dhf", MSG_BITS),
    FLAGS(sendmmsg, "dhcf", MSG_BITS), FLAGS(recvmmsg, "dhcft", MSG_BITS), COMMANDS(shutdown, "dn", 1, 2), PLAIN(getsockname, "dSR"), PLAIN(getpeername, "dSR"),
    COMMANDS(setsockopt, "d1niL", 2, 6, 7, 8, 15, 16, 17, 20, 21, 42), COMMANDS(getsockopt, "d1noR", 2, 3, 4, 7, 8, 16, 17, 20, 30, 38, 39),

    // Files: names.
    FLAGS(open, "pfm", OPEN_FLAGS), FLAGS(openat, "Dpfm", OPEN_FLAGS), PLAIN(openat2, "DpiL"), PLAIN(creat, "pm"), FLAGS(memfd_create, "pf", 1, 2),
    PLAIN(umask, "m"), PLAIN(stat, "po"), PLAIN(lstat, "po"), PLAIN(fstat, "do"), FLAGS(newfstatat, "Dpof", AT_FLAGS), FLAGS(statx, "Dpfxo", AT_FLAGS),
    PLAIN(statfs, "po"), PLAIN(fstatfs, "do"), PLAIN(access, "pc"), PLAIN(faccessat, "Dpc"), PLAIN(readlink, "pol"), PLAIN(readlinkat, "Dpol"),
    PLAIN(chmod, "pm"), PLAIN(fchmod, "dm"), PLAIN(fchmodat, "Dpm"), PLAIN(chown, "puu"), PLAIN(lchown, "puu"), PLAIN(fchown, "duu"), FLAGS(fchownat, "Dpuuf", AT_FLAGS),
    PLAIN(utime, "pi"), PLAIN(utimes, "pi"), FLAGS(utimensat, "Dptf", AT_FLAGS), PLAIN(setxattr, "ppil0"), PLAIN(getxattr, "ppol"), PLAIN(listxattr, "pol"),
    PLAIN(mkdir, "pm"), PLAIN(mkdirat, "Dpm"), PLAIN(rmdir, "p"), PLAIN(mknod, "pmx"), PLAIN(mknodat, "Dpmx"), PLAIN(link, "pp"), FLAGS(linkat, "DpDpf", 0x400, 0x1000),
    PLAIN(symlink, "pp"), PLAIN(symlinkat, "pDp"), PLAIN(unlink, "p"), FLAGS(unlinkat, "Dpf", 0x200), PLAIN(rename, "pp"), FLAGS(renameat2, "DpDpf", 1, 2, 4),
    PLAIN(getdents, "dol"), PLAIN(getdents64, "dol"), PLAIN(chdir, "p"), PLAIN(fchdir, "d"), CALL(chroot, "p", .not_as_root = 1), PLAIN(getcwd, "ol"),
    FLAGS(mount, "ppTfi", MS_RDONLY, MS_NOSUID, MS_BIND, MS_REMOUNT, MS_MOVE, MS_REC, MS_PRIVATE), FLAGS(umount2, "pf", 1, 2, 4, 8),

    // Memory.
    FLAGS(mmap, "azcfdZ", MAP_BITS), PLAIN(munmap, "az"), PLAIN(mprotect, "azc"), FLAGS(mremap, "azzfa", 1, 2, 4), PLAIN(brk, "a"),
    COMMANDS(madvise, "azn", 1, 2, 3, 4, 8, 9, 10, 11, 14, 15, 16, 17, 18, 19, 20, 21), FLAGS(msync, "azf", 1, 2, 4), PLAIN(mincore, "azo"), PLAIN(mlock, "az"),
    FLAGS(mlock2, "azf", 1), PLAIN(munlock, "az"), FLAGS(mlockall, "f", 1, 2, 4), PLAIN(munlockall, ""),

    // Tasks. What forks is made by hand (fuzz.c) and has its row for the record of what was called.
    CALL(fork, "", .weight = 2, .not_as_root = 1), CALL(vfork, "", .weight = 2, .not_as_root = 1),
    CALL(clone, "f0000", .flags = { CLONE_BITS }, .weight = 3, .not_as_root = 1),
    CALL(clone3, "iL", .weight = 2, .not_as_root = 1), CALL(execve, "pVV", .weight = 1, .not_as_root = 1),
    CALL(execveat, "DpVVf", .flags = { AT_FLAGS }, .weight = 1, .not_as_root = 1), CALL(exit, "x", .weight = 1),
    CALL(exit_group, "x", .weight = 1), FLAGS(wait4, "qofo", 1, 2, 8, 0x20000000, 0x40000000, 0x80000000),
    CALL(waitid, "nqofo", .flags = { 1, 2, 4, 8, 0x01000000 }, .commands = { 1, 2, 3 }),
    PLAIN(set_tid_address, "y"), PLAIN(getuid, ""), PLAIN(geteuid, ""), PLAIN(getgid, ""), PLAIN(getegid, ""), PLAIN(setuid, "u"), PLAIN(setgid, "u"),
    PLAIN(setreuid, "uu"), PLAIN(setregid, "uu"), PLAIN(setresuid, "uuu"), PLAIN(setresgid, "uuu"), PLAIN(getresuid, "ooo"), PLAIN(getresgid, "ooo"),
    PLAIN(setfsuid, "u"), PLAIN(setfsgid, "u"), PLAIN(getgroups, "co"), PLAIN(setgroups, "ci"), PLAIN(getpid, ""), PLAIN(gettid, ""), PLAIN(getppid, ""),
    PLAIN(getpgrp, ""), PLAIN(getpgid, "q"), PLAIN(setpgid, "qq"), PLAIN(getsid, "q"), PLAIN(setsid, ""), PLAIN(getrlimit, "co"), PLAIN(setrlimit, "ci"),
    CALL(prlimit64, "qcio", .not_as_root = 1), COMMANDS(getrusage, "no", -1, 1),
    COMMANDS(prctl, "nxxxx", 1, 2, 3, 4, 8, 15, 16, 21, 23, 24, 29, 30, 36, 37, 38, 39, 40, 41, 42), CALL(arch_prctl, "na", .commands = { 0x1001, 0x1003, 0x1004, 0x1011 }, .weight = 1),
    PLAIN(personality, "x"), PLAIN(capget, "oo"), PLAIN(capset, "ii"), PLAIN(getcpu, "oo0"), FLAGS(rseq, "ilfx", 1), COMMANDS(membarrier, "n00", 1, 2, 4, 8, 16, 32),

    // Signals.
    PLAIN(rt_sigaction, "sAoG"), COMMANDS(rt_sigprocmask, "ngoG", 1, 2), PLAIN(rt_sigpending, "oG"), PLAIN(rt_sigsuspend, "gG"), PLAIN(rt_sigtimedwait, "gotG"),
    CALL(rt_sigreturn, "", .weight = 1), PLAIN(sigaltstack, "ko"), CALL(pause, "", .weight = 1),
    CALL(kill, "qs", .not_as_root = 1), CALL(tkill, "qs", .not_as_root = 1), CALL(tgkill, "qqs", .not_as_root = 1),
    CALL(rt_sigqueueinfo, "qsi", .not_as_root = 1), CALL(rt_tgsigqueueinfo, "qqsi", .not_as_root = 1),
    FLAGS(signalfd4, "dgGf", O_NONBLOCK, O_CLOEXEC), PLAIN(signalfd, "dgG"), FLAGS(pidfd_open, "qf", O_NONBLOCK),
    CALL(pidfd_send_signal, "dsi0", .not_as_root = 1), PLAIN(pidfd_getfd, "dd0"),

    // Time.
    PLAIN(clock_gettime, "wo"), PLAIN(clock_getres, "wo"), PLAIN(clock_settime, "wt"), FLAGS(clock_nanosleep, "wfto", 1), PLAIN(clock_adjtime, "wi"), PLAIN(adjtimex, "i"),
    PLAIN(gettimeofday, "oo"), PLAIN(settimeofday, "tt"), PLAIN(time, "o"), PLAIN(times, "o"), PLAIN(nanosleep, "to"), PLAIN(alarm, "c"), COMMANDS(getitimer, "no", 1, 2),
    COMMANDS(setitimer, "nIo", 1, 2), PLAIN(timer_create, "wEo"), FLAGS(timer_settime, "cfIo", 1), PLAIN(timer_gettime, "co"), PLAIN(timer_getoverrun, "c"),
    PLAIN(timer_delete, "c"), FLAGS(timerfd_create, "wf", O_NONBLOCK, O_CLOEXEC), FLAGS(timerfd_settime, "dfIo", 1, 2), PLAIN(timerfd_gettime, "do"),
    PLAIN(restart_syscall, ""),

    // Scheduling.
    CALL(sched_yield, "", .weight = 2), PLAIN(sched_getaffinity, "qlo"), PLAIN(sched_setaffinity, "qli"), PLAIN(sched_getparam, "qo"),
    CALL(sched_setparam, "qi", .not_as_root = 1), PLAIN(sched_getscheduler, "q"), CALL(sched_setscheduler, "qci", .not_as_root = 1),
    PLAIN(sched_get_priority_max, "c"), PLAIN(sched_get_priority_min, "c"), PLAIN(sched_rr_get_interval, "qo"), CALL(sched_setattr, "qi0", .not_as_root = 1),
    PLAIN(sched_getattr, "qol0"), PLAIN(getpriority, "cq"), CALL(setpriority, "cqc", .not_as_root = 1), PLAIN(ioprio_get, "cq"), PLAIN(ioprio_set, "cqx"),

    // Waiting: futexes, poll, epoll, events.
    CALL(futex, "ynctyc", .commands = { 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 128, 129, 131, 132, 133, 134, 135, 136, 137, 138, 139, 140 }, .weight = 40),
    PLAIN(futex_waitv, "yc0tw"), PLAIN(set_robust_list, "yL"), PLAIN(get_robust_list, "qoo"),
    PLAIN(poll, "bct"), PLAIN(ppoll, "bctgG"), PLAIN(select, "ciiit"), PLAIN(pselect6, "ciiit0"),
    PLAIN(epoll_create, "c"), FLAGS(epoll_create1, "f", O_CLOEXEC), CALL(epoll_ctl, "dnde", .commands = { 1, 2, 3 }, .weight = 24),
    PLAIN(epoll_wait, "docc"), PLAIN(epoll_pwait, "doccgG"), PLAIN(epoll_pwait2, "doctgG"), PLAIN(eventfd, "c"), FLAGS(eventfd2, "cf", 1, O_NONBLOCK, O_CLOEXEC),
    PLAIN(inotify_init, ""), FLAGS(inotify_init1, "f", O_NONBLOCK, O_CLOEXEC), FLAGS(inotify_add_watch, "dpf", 1, 2, 0x100, 0x200, 0x3c0, 0xfff, 0x1000000, 0x20000000, 0x80000000),
    PLAIN(inotify_rm_watch, "dc"),

    // System V and POSIX objects between processes.
    FLAGS(semget, "Kcf", IPC_CREAT, IPC_EXCL, 0600), PLAIN(semop, "HOc"), PLAIN(semtimedop, "HOct"),
    COMMANDS(semctl, "Hcno", 1, 2, 3, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20), FLAGS(shmget, "Kzf", IPC_CREAT, IPC_EXCL, 0600), FLAGS(shmat, "Haf", 010000, 020000, 040000),
    PLAIN(shmdt, "a"), COMMANDS(shmctl, "Hno", 1, 2, 3, 11, 12, 13, 14, 15), FLAGS(msgget, "Kf", IPC_CREAT, IPC_EXCL, 0600), FLAGS(msgsnd, "HMlf", IPC_NOWAIT),
    FLAGS(msgrcv, "Holcf", IPC_NOWAIT, 010000, 020000), COMMANDS(msgctl, "Hno", 1, 2, 3, 11, 12, 13),
    FLAGS(mq_open, "Nfm0", O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_NONBLOCK), PLAIN(mq_unlink, "N"), PLAIN(mq_timedsend, "dilct"), PLAIN(mq_timedreceive, "dolot"),
    PLAIN(mq_notify, "dE"), PLAIN(mq_getsetattr, "dio"),

    // The system.
    PLAIN(uname, "o"), PLAIN(sysinfo, "o"), COMMANDS(syslog, "nol", 2, 3, 4, 9, 10), FLAGS(getrandom, "olf", 1, 2, 4), PLAIN(sethostname, "il"),
    PLAIN(setdomainname, "il"), CALL(reboot, "xxnx", .not_as_root = 1), PLAIN(sysfs, "cpo"), FLAGS(unshare, "f", CLONE_FILES, CLONE_FS, CLONE_SYSVSEM, CLONE_VM),
    PLAIN(kcmp, "qqcdd"), CALL(process_vm_readv, "qvcvc0", ), CALL(process_vm_writev, "qvcvc0", .not_as_root = 1),
    { .number = 999, .name = "no such call", .arguments = "xxxxxx", .weight = 1 }, { .number = -1, .name = "call -1", .arguments = "xxxxxx", .weight = 1 },
};

#define CALLS (int)(sizeof calls / sizeof *calls)

#endif
