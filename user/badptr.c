// Bad pointers to every system call that takes one: NULL, an address of the kernel, a non-canonical one, an unmapped one, a
// read-only page where the kernel is to write, and an object that crosses into an unmapped page. Each must give EFAULT
// (or what the table names) and leave the kernel whole. A call that the kernel does not have (ENOSYS) is skipped.
// timeout: 90
// host: root
#include "check.h"
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/uio.h>

enum { PAGE = 4096 };
static char *good, *readonly, *unmapped;    // the area, a read-only page, and the page after the area
static int file, directory, reader, writer, zero;
static const char *existing = "existing";

// What an argument is. Inputs may lie in a read-only page, outputs may not; optional ones may be NULL
// and are NULL while another argument is tried; a time-out may be NULL but is zero then.
enum kind { END, VALUE, FILE_FD, DIRECTORY_FD, PIPE_IN, PIPE_OUT, ZERO_FD, PATH, IN, OUT, IN_OR_NULL, OUT_OR_NULL, TIMEOUT };
struct argument { enum kind kind; long value; };

#define V(x)  { VALUE, (long)(x) }
#define FD    { FILE_FD, 0 }
#define DIRFD { DIRECTORY_FD, 0 }
#define PIPE0 { PIPE_IN, 0 }
#define PIPE1 { PIPE_OUT, 0 }
#define ZERO  { ZERO_FD, 0 }
#define S     { PATH, 0 }
#define R     { IN, 0 }
#define W     { OUT, 0 }
#define R0    { IN_OR_NULL, 0 }
#define W0    { OUT_OR_NULL, 0 }
#define T     { TIMEOUT, 0 }

// `size` is how much the kernel touches, for the object that crosses (0: leave that case out); `other` is an errno that
// Linux is allowed to give in place of EFAULT.
struct row { const char *name; long number; struct argument arguments[6]; int size, other; };

#define ROW(name, size, other, ...) { #name, SYS_##name, { __VA_ARGS__ }, size, other }

static const struct row rows[] = {
    ROW(read, 0, 0, ZERO, W, V(16)),
    ROW(pread64, 0, 0, FD, W, V(16), V(0)),
    ROW(write, 0, 0, FD, R, V(16)),
    ROW(pwrite64, 0, 0, FD, R, V(16), V(0)),
    ROW(readv, 16, 0, ZERO, R, V(1)),
    ROW(writev, 16, 0, FD, R, V(1)),
    ROW(preadv, 16, 0, FD, R, V(1), V(0), V(0)),
    ROW(pwritev, 16, 0, FD, R, V(1), V(0), V(0)),
    ROW(open, 2, 0, S, V(O_RDONLY), V(0)),
    ROW(openat, 2, 0, V(AT_FDCWD), S, V(O_RDONLY), V(0)),
    ROW(creat, 2, 0, S, V(0600)),
    ROW(stat, 144, 0, S, W),
    ROW(lstat, 144, 0, S, W),
    ROW(fstat, 144, 0, FD, W),
    ROW(newfstatat, 144, 0, V(AT_FDCWD), S, W, V(0)),
    ROW(statx, 256, 0, V(AT_FDCWD), S, V(0), V(0x7ff), W),
    ROW(statfs, 120, 0, S, W),
    ROW(fstatfs, 120, 0, FD, W),
    ROW(access, 2, 0, S, V(R_OK)),
    ROW(faccessat, 2, 0, V(AT_FDCWD), S, V(R_OK)),
    ROW(readlink, 2, 0, S, V(0), V(16)),
    ROW(readlinkat, 2, 0, V(AT_FDCWD), S, V(0), V(16)),
    ROW(getcwd, 2, 0, W, V(4096)),
    ROW(chdir, 2, 0, S),
    ROW(chroot, 2, 0, S),
    ROW(mkdir, 2, 0, S, V(0700)),
    ROW(mkdirat, 2, 0, V(AT_FDCWD), S, V(0700)),
    ROW(rmdir, 2, 0, S),
    ROW(unlink, 2, 0, S),
    ROW(unlinkat, 2, 0, V(AT_FDCWD), S, V(0)),
    ROW(rename, 2, 0, S, S),
    ROW(renameat, 2, 0, V(AT_FDCWD), S, V(AT_FDCWD), S),
    ROW(renameat2, 2, 0, V(AT_FDCWD), S, V(AT_FDCWD), S, V(0)),
    ROW(link, 2, 0, S, S),
    ROW(linkat, 2, 0, V(AT_FDCWD), S, V(AT_FDCWD), S, V(0)),
    ROW(symlink, 2, 0, S, S),
    ROW(symlinkat, 2, 0, S, V(AT_FDCWD), S),
    ROW(mknod, 2, 0, S, V(S_IFIFO | 0600), V(0)),
    ROW(mknodat, 2, 0, V(AT_FDCWD), S, V(S_IFIFO | 0600), V(0)),
    ROW(chmod, 2, 0, S, V(0600)),
    ROW(fchmodat, 2, 0, V(AT_FDCWD), S, V(0600)),
    ROW(chown, 2, 0, S, V(0), V(0)),
    ROW(lchown, 2, 0, S, V(0), V(0)),
    ROW(fchownat, 2, 0, V(AT_FDCWD), S, V(0), V(0), V(0)),
    ROW(truncate, 2, 0, S, V(0)),
    ROW(utime, 16, 0, S, R0),
    ROW(utimes, 32, 0, S, R0),
    ROW(utimensat, 32, 0, V(AT_FDCWD), S, R0, V(0)),
    ROW(getdents64, 24, 0, DIRFD, W, V(4096)),
    ROW(mount, 2, EINVAL, V(0), S, S, V(0), V(0)),
    ROW(umount2, 2, 0, S, V(0)),
    ROW(pipe, 8, 0, W),
    ROW(pipe2, 8, 0, W, V(0)),
    ROW(sendfile, 8, 0, PIPE1, FD, W0, V(1)),
    ROW(poll, 8, 0, W, V(1), V(0)),
    ROW(ppoll, 8, 0, W, V(1), T, V(0), V(8)),
    ROW(select, 16, 0, V(1), W0, W0, W0, T),
    ROW(pselect6, 16, 0, V(1), W0, W0, W0, T, V(0)),
    ROW(nanosleep, 16, 0, R, V(0)),
    ROW(clock_nanosleep, 16, 0, V(CLOCK_MONOTONIC), V(0), R, V(0)),
    ROW(clock_gettime, 16, 0, V(CLOCK_MONOTONIC), W),
    ROW(clock_getres, 16, 0, V(CLOCK_MONOTONIC), W0),
    ROW(clock_settime, 16, 0, V(CLOCK_REALTIME), R),
    ROW(gettimeofday, 8, 0, W0, W0),
    ROW(time, 8, 0, W0),
    ROW(times, 32, 0, W0),
    ROW(getitimer, 32, 0, V(1), W),
    ROW(setitimer, 32, 0, V(1), R0, W0),
    ROW(timer_create, 8, 0, V(CLOCK_MONOTONIC), R0, W),
    ROW(timerfd_settime, 32, EBADF, V(-1), V(0), R, W0),
    ROW(getrlimit, 16, 0, V(RLIMIT_NOFILE), W),
    ROW(setrlimit, 16, 0, V(RLIMIT_CORE), R),
    ROW(prlimit64, 16, 0, V(0), V(RLIMIT_NOFILE), V(0), W0),
    ROW(getrusage, 144, 0, V(RUSAGE_SELF), W),
    ROW(sysinfo, 112, 0, W),
    ROW(uname, 390, 0, W),
    ROW(sethostname, 5, 0, R, V(5)),
    ROW(setdomainname, 5, 0, R, V(5)),
    ROW(getgroups, 8, 0, V(2), W),
    ROW(setgroups, 8, 0, V(2), R),
    ROW(getresuid, 4, 0, W, W, W),
    ROW(getresgid, 4, 0, W, W, W),
    ROW(rt_sigaction, 32, 0, V(SIGUSR1), R0, W0, V(8)),
    ROW(rt_sigprocmask, 8, 0, V(SIG_BLOCK), R0, W0, V(8)),
    ROW(rt_sigpending, 8, 0, W, V(8)),
    ROW(rt_sigsuspend, 8, 0, R, V(8)),
    ROW(rt_sigtimedwait, 8, 0, R, V(0), T, V(8)),
    ROW(rt_sigqueueinfo, 128, 0, V(0), V(SIGUSR1), R),
    ROW(rt_tgsigqueueinfo, 128, 0, V(0), V(0), V(SIGUSR1), R),
    ROW(sigaltstack, 24, 0, R0, W0),
    ROW(signalfd4, 8, 0, V(-1), R, V(8), V(0)),
    ROW(sched_setparam, 4, EINVAL, V(0), R),
    ROW(sched_getparam, 4, EINVAL, V(0), W),
    ROW(sched_setscheduler, 4, EINVAL, V(0), V(0), R),
    ROW(sched_rr_get_interval, 16, 0, V(0), W),
    ROW(sched_setaffinity, 8, 0, V(0), V(8), R),
    ROW(sched_getaffinity, 8, 0, V(0), V(128), W),
    ROW(sched_getattr, 48, EINVAL, V(0), W, V(48), V(0)),
    ROW(sched_setattr, 48, EINVAL, V(0), R, V(0)),
    ROW(getcpu, 4, 0, W0, W0, V(0)),
    ROW(getrandom, 0, 0, W, V(16), V(0)),
    ROW(arch_prctl, 8, 0, V(0x1003 /* ARCH_GET_FS */), W),
    ROW(prctl, 16, 0, V(PR_GET_NAME), W),
    ROW(prctl, 0, 0, V(PR_SET_NAME), R),
    ROW(prctl, 4, 0, V(PR_GET_PDEATHSIG), W),
    ROW(get_robust_list, 8, 0, V(0), W, W),
    ROW(futex, 4, EINVAL, W, V(0 /* FUTEX_WAIT */), V(1), V(0)),
    ROW(futex, 0, EINVAL, W, V(5 /* FUTEX_WAKE_OP */), V(1), V(1), W, V(0)),
    ROW(clone3, 64, 0, R, V(64)),
    ROW(fcntl, 32, 0, FD, V(F_GETLK), W),
    ROW(fcntl, 32, 0, FD, V(F_SETLK), R),
    ROW(ioctl, 4, 0, PIPE0, V(FIONREAD), W),
    ROW(ioctl, 4, 0, FD, V(FIONBIO), R),
    ROW(epoll_ctl, 12, EBADF, V(-1), V(1), V(0), R),
    ROW(memfd_create, 2, 0, S, V(0)),
    ROW(execve, 2, 0, S, V(0), V(0)),
    ROW(execveat, 2, 0, V(AT_FDCWD), S, V(0), V(0), V(0)),
    ROW(mincore, 1, 0, V(0), V(PAGE), W),
    ROW(capget, 8, 0, R, V(0)),
};

static int is_pointer(enum kind kind) { return kind >= PATH; }
static int is_output(enum kind kind) { return kind == OUT || kind == OUT_OR_NULL; }
static int may_be_null(enum kind kind) { return kind >= IN_OR_NULL; }

static long plain_value(const struct row *row, int index)
{
    switch (row->arguments[index].kind) {
        case FILE_FD: return file;
        case DIRECTORY_FD: return directory;
        case PIPE_IN: return reader;
        case PIPE_OUT: return writer;
        case ZERO_FD: return zero;
        case PATH: return (long)existing;
        case IN: case OUT: case TIMEOUT: return (long)(good + index * PAGE);
        case VALUE: return row->number == SYS_mincore && index == 0 ? (long)good : row->arguments[index].value;
        default: return 0;
    }
}

// The call with one argument replaced. Gives 0 or the errno.
static int call_with(const struct row *row, int bad, const void *address)
{
    long values[6];
    for (int i = 0; i < 6; i++)
        values[i] = i == bad ? (long)address : plain_value(row, i);
    memset(good, 0, 6 * PAGE);
    lseek(directory, 0, SEEK_SET);
    errno = 0;
    long result = syscall(row->number, values[0], values[1], values[2], values[3], values[4], values[5]);
    return result == -1 ? errno : 0;
}

static void try_row(const struct row *row, int occurrence)
{
    struct { const char *what; const void *address; } cases[] = {
        { "NULL", NULL },
        { "a kernel address", (void *)0xffffffff81000000 },
        { "the last byte", (void *)~0ul },
        { "a non-canonical address", (void *)0x800000000000 },
        { "the end of user space", (void *)0x7fffffffffff },
        { "an unmapped address", unmapped + 64 },
        { "a crossing object", unmapped - 1 },
        { "a read-only page", readonly },
    };
    const char *name = check_name(occurrence ? "%s (%d)" : "%s", row->name, occurrence + 1);
    for (int i = 0; i < 6; i++) {
        enum kind kind = row->arguments[i].kind;
        if (!is_pointer(kind))
            continue;
        for (unsigned c = 0; c < sizeof cases / sizeof *cases; c++) {
            const char *what = cases[c].what;
            if ((cases[c].address == NULL && may_be_null(kind)) || (cases[c].address == readonly && !is_output(kind)))
                continue;
            if (cases[c].address == unmapped - 1) {
                if (row->size < 2 && kind != PATH)
                    continue;
                unmapped[-1] = kind == PATH ? 'a' : 0;
            }
            int error = call_with(row, i, cases[c].address);
            if (error == ENOSYS) {
                check_skip(name, "not in this kernel");
                return;
            }
            if (getuid() != 0 && (error == EPERM || row->number == SYS_getgroups)) {
                check_skip(name, "not root");
                return;
            }
            if (error != EFAULT && (error != row->other || !row->other)) {
                check_fail(name, "argument %d, %s: expected EFAULT, got %d", i + 1, what, error);
                return;
            }
        }
    }
    check_pass(name);
}

// ---- Calls whose pointers the table cannot express ---------------------------------------------------------

static pid_t ended_child(void)
{
    pid_t child = check_fork();
    if (child == 0)
        _exit(0);
    return child;
}

static void waits(void *bad, const char *what)
{
    ended_child();
    CHECK_ERR(check_name("wait4 status: %s", what), syscall(SYS_wait4, -1, bad, 0, NULL), EFAULT);
    waitpid(-1, NULL, WNOHANG);
    ended_child();
    CHECK_ERR(check_name("wait4 rusage: %s", what), syscall(SYS_wait4, -1, NULL, 0, bad), EFAULT);
    waitpid(-1, NULL, WNOHANG);
    ended_child();
    CHECK_ERR(check_name("waitid info: %s", what), syscall(SYS_waitid, P_ALL, 0, bad, WEXITED, NULL), EFAULT);
    waitpid(-1, NULL, WNOHANG);
}

static void vectors_with_bad_parts(void *bad, const char *what)
{
    char byte[4] = "abc";
    struct iovec first_bad[2] = { { bad, 4 }, { byte, 4 } }, second_bad[2] = { { byte, 4 }, { bad, 4 } };
    CHECK_ERR(check_name("readv, first part: %s", what), syscall(SYS_readv, zero, first_bad, 2), EFAULT);
    CHECK_ERR(check_name("writev, first part: %s", what), syscall(SYS_writev, writer, first_bad, 2), EFAULT);
    // What came before the bad part may have been transferred; then that length is the result.
    long length = syscall(SYS_readv, zero, second_bad, 2);
    CHECK(check_name("readv, second part: %s", what), length == 4 || (length == -1 && errno == EFAULT));
}

static void exec_arguments(void *bad, const char *what)
{
    char *half[] = { "/proc/self/exe", bad, NULL }, *whole[] = { "/proc/self/exe", "child", NULL };
    for (int which = 0; which < 4; which++) {
        pid_t child = check_fork();
        int status = 0;
        if (child == 0) {
            char *environment[] = { "BADPTR_CHILD=1", NULL };
            if (which == 0)
                syscall(SYS_execve, whole[0], bad, environment);
            else if (which == 1)
                syscall(SYS_execve, whole[0], half, environment);
            else if (which == 2)
                syscall(SYS_execve, whole[0], whole, bad);
            else
                syscall(SYS_execve, whole[0], whole, half + 1);
            _exit(errno == EFAULT ? 0 : 1);
        }
        waitpid(child, &status, 0);
        static const char *const names[] = { "argv", "argv[1]", "envp", "envp[0]" };
        CHECK_EQ(check_name("execve %s: %s", names[which], what), status, 0);
    }
}

// The places clone writes to are not promised: a bad one is passed over, and the child runs.
static void clone_places(void *bad, const char *what)
{
    static const struct { const char *name; long flag; } flags[] = {
        { "PARENT_SETTID", CLONE_PARENT_SETTID }, { "CHILD_SETTID", CLONE_CHILD_SETTID }, { "CHILD_CLEARTID", CLONE_CHILD_CLEARTID },
    };
    for (int i = 0; i < 3; i++) {
        int status = -1;
        pid_t child = syscall(SYS_clone, flags[i].flag | SIGCHLD, 0, bad, bad, 0);
        if (child == 0)
            _exit(9);
        waitpid(child, &status, 0);
        CHECK_EQ(check_name("clone %s: %s", flags[i].name, what), status, EXITED(9));
    }
}

static int set_bad_robust_list(void)
{
    syscall(SYS_set_robust_list, 0xffffffff81000000, 24);
    syscall(SYS_set_tid_address, 0x800000000000);
    return 11;
}

static int set_bad_fs(void)
{
    // ARCH_SET_FS and ARCH_SET_GS to where no user may point.
    int refused = syscall(SYS_arch_prctl, 0x1002, 0x8000000000000000ul) == -1 && errno == EPERM;
    refused += syscall(SYS_arch_prctl, 0x1001, 0xffffffff81000000ul) == -1 && errno == EPERM;
    return refused;
}

static void partial_transfers(void)
{
    // A file's worth of good bytes before the bad page counts; the call gives the length or EFAULT, never more.
    long length = syscall(SYS_read, zero, unmapped - 8, 64);
    CHECK("read across the edge: what fits, or EFAULT", length == 8 || (length == -1 && errno == EFAULT));
    length = syscall(SYS_write, writer, unmapped - 8, 64);
    CHECK("write across the edge: what is there, or EFAULT", length == 8 || (length == -1 && errno == EFAULT));
    CHECK_ERR("read of a huge length into little", syscall(SYS_read, zero, unmapped, 0x7ffff000), EFAULT);
    CHECK("write of nothing from nowhere", syscall(SYS_write, writer, NULL, 0) == 0);
    char *strings = unmapped - PAGE;
    memset(strings, 'a', PAGE);
    CHECK_ERR("a path without an end", syscall(SYS_open, strings, O_RDONLY, 0), ENAMETOOLONG);
    CHECK_ERR("a path up to the edge", syscall(SYS_open, strings + 8, O_RDONLY, 0), EFAULT);
}

int main(int argc, char **argv)
{
    (void)argv;
    if (getenv("BADPTR_CHILD") || argc != 1)
        return 99;
    check_begin(80);
    check_scratch();
    good = mmap(NULL, 10 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    readonly = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unmapped = good + 9 * PAGE;
    munmap(unmapped, PAGE);
    file = open(existing, O_RDWR | O_CREAT, 0600);
    zero = open("/dev/zero", O_RDONLY);
    directory = open(".", O_RDONLY | O_DIRECTORY);
    int ends[2];
    if (pipe(ends) || write(file, "content of a file", 17) != 17 || write(ends[1], "x", 1) != 1 || (getuid() == 0 && setgroups(2, (gid_t[]){ 1, 2 })))
        return check_fail("preparation", "expected files and a pipe, got errno %d", errno), check_end();
    reader = ends[0];
    writer = ends[1];

    int occurrence = 0;
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        occurrence = i > 0 && rows[i].number == rows[i - 1].number ? occurrence + 1 : 0;
        try_row(&rows[i], occurrence);
    }
    struct { const char *what; void *address; } bad[] = {
        { "kernel", (void *)0xffffffff81000000 }, { "non-canonical", (void *)0x800000000000 }, { "unmapped", unmapped + 64 },
    };
    for (int i = 0; i < 3; i++) {
        waits(bad[i].address, bad[i].what);
        vectors_with_bad_parts(bad[i].address, bad[i].what);
        exec_arguments(bad[i].address, bad[i].what);
        clone_places(bad[i].address, bad[i].what);
    }
    CHECK_EQ("a bad robust list and tid address do not keep a task from ending", check_status(set_bad_robust_list), EXITED(11));
    CHECK_EQ("FS and GS bases outside of user space are refused", check_status(set_bad_fs), EXITED(2));
    partial_transfers();
    return check_end();
}
