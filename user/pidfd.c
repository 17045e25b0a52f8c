// Files that stand for processes: pidfd_open, CLONE_PIDFD of clone and clone3, pidfd_send_signal, pidfd_getfd, poll, waitid(P_PIDFD),
// what /proc tells of them, that an id used again is never hit, and what clone and clone3 refuse.
// cpus: 1 2 4
// host: root
// test:
// test: 33000
// timeout: 120
#include "check.h"
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/utsname.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif
enum { PIDFD = 0x1000, PAGE = 4096 };
#define CLEAR_SIGHAND 0x100000000ull
#define INTO_CGROUP 0x200000000ull

struct clone_arguments {
    unsigned long long flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

static int pidfd_open(pid_t pid, unsigned flags) { return syscall(SYS_pidfd_open, pid, flags); }
static int pidfd_send(int fd, int signal, siginfo_t *info, unsigned flags) { return syscall(SYS_pidfd_send_signal, fd, signal, info, flags); }
static int pidfd_getfd(int fd, int target, unsigned flags) { return syscall(SYS_pidfd_getfd, fd, target, flags); }
static int clone3(struct clone_arguments *arguments) { return syscall(SYS_clone3, arguments, sizeof *arguments); }

static short events_of(int fd)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN | POLLOUT };
    return poll(&poll_fd, 1, 0) < 0 ? -1 : poll_fd.revents;
}

// Later versions of Linux have files for threads, too.
static int is_before(int major, int minor)
{
    struct utsname names;
    int mine = 0, also = 0;
    uname(&names);
    sscanf(names.release, "%d.%d", &mine, &also);
    return mine < major || (mine == major && also < minor);
}

static int await_end(int fd)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
    return poll(&poll_fd, 1, -1);
}

static int wait_code(pid_t child)
{
    int status;
    return waitpid(child, &status, 0) == child ? status : -1;
}

// A child that sleeps until a byte or a signal comes; ends[1] is the parent's.
static pid_t sleeper(int ends[2], int code)
{
    if (pipe(ends))
        check_fail("pipe", "expected a pipe, got errno %d", errno);
    pid_t child = check_fork();
    if (child == 0) {
        char byte;
        close(ends[1]);
        if (read(ends[0], &byte, 1) < 0)
            _exit(99);
        _exit(code);
    }
    close(ends[0]);
    return child;
}

static void information(int fd, char *text, int bytes)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    int file = open(path, O_RDONLY), length = read(file, text, bytes - 1);
    text[length < 0 ? 0 : length] = 0;
    close(file);
}

static void opening(void)
{
    int ends[2];
    pid_t child = sleeper(ends, 7);
    int fd = pidfd_open(child, 0);
    CHECK("open", fd >= 0);
    CHECK_EQ("open: close-on-exec", fcntl(fd, F_GETFD), FD_CLOEXEC);
    CHECK_EQ("open: flags", fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDWR);
    char link[64], path[64], text[512], wanted[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int length = readlink(path, link, sizeof link - 1);
    link[length < 0 ? 0 : length] = 0;
    CHECK("open: its name", !strcmp(link, "anon_inode:[pidfd]") || !strncmp(link, "pidfd:[", 7));
    information(fd, text, sizeof text);
    snprintf(wanted, sizeof wanted, "Pid:\t%d\nNSpid:\t%d\n", child, child);
    CHECK("open: fdinfo", strstr(text, wanted) != NULL);
    CHECK_ERR("open: nothing to read", read(fd, text, 1), EINVAL);
    CHECK_EQ("poll: it runs", events_of(fd), 0);
    write(ends[1], "x", 1);
    CHECK_EQ("poll: until it ends", await_end(fd), 1);
    CHECK_EQ("poll: it is a zombie", events_of(fd) & POLLIN, POLLIN);
    CHECK_OK("signal 0 to a zombie", pidfd_send(fd, 0, NULL, 0));
    CHECK_OK("a signal to a zombie", pidfd_send(fd, SIGTERM, NULL, 0));
    CHECK_EQ("wait", wait_code(child), EXITED(7));
    CHECK_EQ("poll: it was waited for", events_of(fd) & POLLIN, POLLIN);
    CHECK_ERR("a signal to who has gone", pidfd_send(fd, SIGTERM, NULL, 0), ESRCH);
    information(fd, text, sizeof text);
    CHECK("fdinfo of who has gone", strstr(text, "Pid:\t-1\n") != NULL);
    siginfo_t info;
    CHECK_ERR("waitid for who has gone", waitid(P_PIDFD, fd, &info, WEXITED), ECHILD);
    CHECK_ERR("getfd of who has gone", pidfd_getfd(fd, 0, 0), ESRCH);
    close(fd);
    close(ends[1]);

    CHECK_ERR("open: flags", pidfd_open(getpid(), 1), EINVAL);
    CHECK_ERR("open: id 0", pidfd_open(0, 0), EINVAL);
    CHECK_ERR("open: a negative id", pidfd_open(-1, 0), EINVAL);
    CHECK_ERR("open: nobody", pidfd_open(child, 0), ESRCH);
    CHECK("open: oneself", (fd = pidfd_open(getpid(), 0)) >= 0);
    close(fd);
}

static volatile siginfo_t seen;
static volatile int calls;
static void remember(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    calls++;
    memcpy((void *)&seen, info, sizeof seen);
}

static void signals(void)
{
    struct sigaction action = { .sa_sigaction = remember, .sa_flags = SA_SIGINFO };
    sigaction(SIGUSR1, &action, NULL);
    int self = pidfd_open(getpid(), 0), ends[2];
    CHECK_OK("signal to oneself", pidfd_send(self, SIGUSR1, NULL, 0));
    CHECK_EQ("signal: handled", calls, 1);
    CHECK_EQ("signal: si_code", seen.si_code, SI_USER);
    CHECK_EQ("signal: si_pid", seen.si_pid, getpid());
    siginfo_t info = { .si_signo = SIGUSR1, .si_code = SI_QUEUE };
    info.si_pid = 4711, info.si_value.sival_int = 42;
    CHECK_OK("signal with information", pidfd_send(self, SIGUSR1, &info, 0));
    CHECK("signal: its information", seen.si_code == SI_QUEUE && seen.si_pid == 4711 && seen.si_value.sival_int == 42);
    info.si_code = SI_USER;
    CHECK_OK("signal: oneself may pretend", pidfd_send(self, SIGUSR1, &info, 0));
    CHECK_ERR("signal: another number in it", pidfd_send(self, SIGUSR2, &info, 0), EINVAL);
    CHECK_ERR("signal: number 65", pidfd_send(self, 65, NULL, 0), EINVAL);
    CHECK_ERR("signal: flags", pidfd_send(self, SIGUSR1, NULL, 0x1000), EINVAL);
    CHECK_ERR("signal: no descriptor", pidfd_send(-1, SIGUSR1, NULL, 0), EBADF);
    CHECK_ERR("signal: another file", pidfd_send(1, SIGUSR1, NULL, 0), EBADF);
    CHECK_ERR("signal: a bad address", pidfd_send(self, SIGUSR1, (void *)8, 0), EFAULT);
    close(self);

    pid_t child = sleeper(ends, 1);
    int fd = pidfd_open(child, 0);
    CHECK_ERR("signal: others are not lied to", pidfd_send(fd, SIGUSR1, &info, 0), EPERM);
    pid_t nobody = check_fork();
    if (nobody == 0)
        _exit(setuid(NOBODY) || pidfd_send(fd, SIGTERM, NULL, 0) != -1 || errno != EPERM);
    CHECK_EQ("signal: nobody may not", wait_code(nobody), 0);
    CHECK_OK("signal: the end", pidfd_send(fd, SIGKILL, NULL, 0));
    CHECK_EQ("signal: killed", wait_code(child), KILLED(SIGKILL));
    close(fd);
    close(ends[1]);

    child = sleeper(ends, 1);
    char path[64];
    snprintf(path, sizeof path, "/proc/%d", child);
    fd = open(path, O_RDONLY | O_DIRECTORY);
    CHECK_OK("signal through /proc", pidfd_send(fd, SIGTERM, NULL, 0));
    CHECK_EQ("signal through /proc: killed", wait_code(child), KILLED(SIGTERM));
    CHECK_ERR("signal through /proc: it has gone", pidfd_send(fd, SIGTERM, NULL, 0), ESRCH);
    close(fd);
    close(ends[1]);
}

static void waiting(void)
{
    int ends[2];
    pid_t child = sleeper(ends, 9);
    int fd = pidfd_open(child, O_NONBLOCK);
    siginfo_t info = { 0 };
    CHECK_EQ("waitid: O_NONBLOCK shows", fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    CHECK_ERR("waitid: not yet", waitid(P_PIDFD, fd, &info, WEXITED), EAGAIN);
    CHECK_EQ("waitid: WNOHANG", waitid(P_PIDFD, fd, &info, WEXITED | WNOHANG), 0);
    fcntl(fd, F_SETFL, 0);
    write(ends[1], "x", 1);
    CHECK_EQ("waitid", waitid(P_PIDFD, fd, &info, WEXITED | WNOWAIT), 0);
    CHECK("waitid: what it tells", info.si_pid == child && info.si_code == CLD_EXITED && info.si_status == 9 && info.si_signo == SIGCHLD);
    CHECK_EQ("waitid: again", waitid(P_PIDFD, fd, &info, WEXITED), 0);
    CHECK_ERR("waitid: no more", waitid(P_PIDFD, fd, &info, WEXITED), ECHILD);
    close(fd);
    close(ends[1]);
    fd = pidfd_open(getpid(), 0);
    CHECK_ERR("waitid: no child", waitid(P_PIDFD, fd, &info, WEXITED), ECHILD);
    close(fd);
    CHECK_ERR("waitid: no such descriptor", waitid(P_PIDFD, 999, &info, WEXITED), EBADF);
    CHECK_ERR("waitid: a negative descriptor", waitid(P_PIDFD, -1, &info, WEXITED), EINVAL);
    CHECK_ERR("waitid: another file", waitid(P_PIDFD, 1, &info, WEXITED), EBADF);
}

static void getting(void)
{
    int ends[2], through[2];
    if (pipe(through))
        return;
    pid_t child = sleeper(ends, 3);
    int fd = pidfd_open(child, 0), other = pidfd_getfd(fd, through[1], 0);
    CHECK("getfd", other >= 0);
    CHECK_EQ("getfd: close-on-exec", fcntl(other, F_GETFD), FD_CLOEXEC);
    char byte = 0;
    CHECK_EQ("getfd: it is the same file", write(other, "y", 1) + read(through[0], &byte, 1), 2);
    CHECK_EQ("getfd: the byte", byte, 'y');
    close(other);
    CHECK_ERR("getfd: flags", pidfd_getfd(fd, 0, 1), EINVAL);
    CHECK_ERR("getfd: no such descriptor there", pidfd_getfd(fd, 999, 0), EBADF);
    CHECK_ERR("getfd: no descriptor", pidfd_getfd(-1, 0, 0), EBADF);
    CHECK_ERR("getfd: another file", pidfd_getfd(1, 0, 0), EBADF);
    pid_t nobody = check_fork();
    if (nobody == 0)
        _exit(setgid(NOBODY) || setuid(NOBODY) || pidfd_getfd(fd, 0, 0) != -1 || errno != EPERM);
    CHECK_EQ("getfd: nobody may not", wait_code(nobody), 0);

    // Who may not be dumped is not looked into, not even by the same user.
    for (int dumpable = 0; dumpable < 2; dumpable++) {
        nobody = check_fork();
        if (nobody == 0) {
            if (setgid(NOBODY) || setuid(NOBODY))
                _exit(9);
            int mine[2], ready[2];
            if (pipe(ready))
                _exit(8);
            pid_t inner = fork();
            if (inner == 0) {
                prctl(PR_SET_DUMPABLE, dumpable);
                if (prctl(PR_GET_DUMPABLE) != dumpable || write(ready[1], "r", 1) != 1)
                    _exit(1);
                pause();
            }
            if (read(ready[0], &byte, 1) != 1)
                _exit(7);
            mine[0] = pidfd_open(inner, 0);
            mine[1] = pidfd_getfd(mine[0], ready[0], 0);
            int code = mine[1] >= 0 ? 2 : errno == EPERM ? 3 : 4;
            kill(inner, SIGKILL);
            _exit(code);
        }
        CHECK_EQ(check_name("getfd: PR_SET_DUMPABLE %d", dumpable), wait_code(nobody), EXITED(dumpable ? 2 : 3));
    }
    kill(child, SIGKILL);
    wait_code(child);
    close(fd), close(ends[1]), close(through[0]), close(through[1]);
}

// clone3's set_tid: the child's id is the caller's choice, if he may choose.
static void chosen_ids(void)
{
    pid_t wanted = 0, child = fork();
    if (child == 0)
        _exit(0);
    wait_code(child); // its id is free again, and not given to another soon
    wanted = child;
    struct clone_arguments arguments = { .exit_signal = SIGCHLD, .set_tid = (unsigned long)&wanted };
    CHECK_ERR("set_tid: none of them", clone3(&arguments), EINVAL);
    arguments.set_tid_size = 33;
    CHECK_ERR("set_tid: too many", clone3(&arguments), EINVAL);
    arguments.set_tid = 0, arguments.set_tid_size = 1;
    CHECK_ERR("set_tid: nowhere", clone3(&arguments), EINVAL);
    arguments.set_tid = 8;
    CHECK_ERR("set_tid: a bad address", clone3(&arguments), EFAULT);
    arguments.set_tid = (unsigned long)&wanted;
    if (geteuid() != 0)
        return check_skip("set_tid: chosen", "needs to be root");
    child = clone3(&arguments);
    if (child == 0)
        _exit(getpid() == wanted && syscall(SYS_gettid) == wanted ? 5 : 6);
    CHECK_EQ("set_tid: the child has that id", child, wanted);
    CHECK_EQ("set_tid: and knows", wait_code(child), 5 << 8);
    wanted = getpid();
    CHECK_ERR("set_tid: another has it", clone3(&arguments), EEXIST);
    wanted = 0;
    CHECK_ERR("set_tid: zero", clone3(&arguments), EINVAL);
    wanted = 1 << 30;
    CHECK_ERR("set_tid: beyond all ids", clone3(&arguments), EINVAL);
    child = check_fork();
    if (child == 0) {
        wanted = 30000;
        _exit(setresuid(65534, 65534, 65534) == 0 && clone3(&arguments) < 0 && errno == EPERM ? 7 : 8);
    }
    CHECK_EQ("set_tid: not for everybody", wait_code(child), 7 << 8);
}

static void cloning(void)
{
    int fd = -1, parent = -1;
    pid_t child = syscall(SYS_clone, PIDFD | SIGCHLD, 0, &fd, 0, 0);
    if (child == 0)
        _exit(fcntl(fd, F_GETFD) == -1 ? 5 : 6);
    CHECK("clone: a descriptor", child > 0 && fd > 2);
    CHECK_EQ("clone: close-on-exec", fcntl(fd, F_GETFD), FD_CLOEXEC);
    await_end(fd);
    siginfo_t info;
    CHECK_EQ("clone: waitid", waitid(P_PIDFD, fd, &info, WEXITED), 0);
    CHECK_EQ("clone: who ended, without the descriptor", info.si_status, 5);
    CHECK_EQ("clone: it is the child's", info.si_pid, child);
    close(fd);
    CHECK_ERR("clone: the id at the same place", syscall(SYS_clone, PIDFD | CLONE_PARENT_SETTID | SIGCHLD, 0, &fd, 0, 0), EINVAL);
    CHECK_ERR("clone: with CLONE_DETACHED", syscall(SYS_clone, PIDFD | 0x400000 | SIGCHLD, 0, &fd, 0, 0), EINVAL);
    if (is_before(6, 9))
        CHECK_ERR("clone: for a thread", syscall(SYS_clone, PIDFD | CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, 0, &fd, 0, 0), EINVAL);
    CHECK_ERR("clone: a bad address", syscall(SYS_clone, PIDFD | SIGCHLD, 0, 8, 0, 0), EFAULT);
    CHECK_ERR("clone: no child is left of it", waitpid(-1, NULL, WNOHANG), ECHILD);
    int next = dup(1);
    CHECK_EQ("clone: no descriptor is left of it", next, fd);
    close(next);

    struct clone_arguments arguments = { .flags = PIDFD | CLONE_PARENT_SETTID, .pidfd = (unsigned long)&fd,
        .parent_tid = (unsigned long)&parent, .exit_signal = SIGCHLD };
    child = clone3(&arguments);
    if (child == 0)
        _exit(4);
    CHECK("clone3: both", child > 0 && parent == child && fd > 2);
    CHECK_EQ("clone3: waitid", waitid(P_PIDFD, fd, &info, WEXITED), 0);
    CHECK_EQ("clone3: who ended", info.si_status, 4);
    close(fd);
    arguments.parent_tid = arguments.pidfd;
    CHECK_ERR("clone3: the id at the same place", clone3(&arguments), EINVAL);

    signal(SIGUSR1, SIG_IGN);
    struct sigaction action = { .sa_sigaction = remember, .sa_flags = SA_SIGINFO };
    sigaction(SIGUSR2, &action, NULL);
    arguments = (struct clone_arguments){ .flags = CLEAR_SIGHAND, .exit_signal = SIGCHLD };
    child = clone3(&arguments);
    if (child == 0) {
        struct sigaction one, two;
        sigaction(SIGUSR1, NULL, &one);
        sigaction(SIGUSR2, NULL, &two);
        _exit(one.sa_handler == SIG_IGN && two.sa_handler == SIG_DFL ? 0 : 1);
    }
    CHECK_EQ("clone3: CLONE_CLEAR_SIGHAND leaves only the ignored", wait_code(child), 0);
    chosen_ids();
    arguments.flags |= CLONE_SIGHAND | CLONE_VM;
    CHECK_ERR("clone3: CLONE_CLEAR_SIGHAND with CLONE_SIGHAND", clone3(&arguments), EINVAL);
    arguments.flags = 1ull << 40;
    CHECK_ERR("clone3: an unknown flag", clone3(&arguments), EINVAL);
    arguments = (struct clone_arguments){ .flags = INTO_CGROUP, .cgroup = 1ull << 40, .exit_signal = SIGCHLD };
    CHECK_ERR("clone3: CLONE_INTO_CGROUP without a descriptor", clone3(&arguments), EINVAL);
    arguments = (struct clone_arguments){ .exit_signal = SIGCHLD, .set_tid_size = 1 };
    CHECK_ERR("clone3: ids to set, but none given", clone3(&arguments), EINVAL);
    arguments = (struct clone_arguments){ .exit_signal = 65 };
    CHECK_ERR("clone3: exit signal 65", clone3(&arguments), EINVAL);
    arguments = (struct clone_arguments){ .exit_signal = SIGCHLD, .stack = 4096 };
    CHECK_ERR("clone3: a stack without a size", clone3(&arguments), EINVAL);
    CHECK_ERR("clone3: too small", syscall(SYS_clone3, &arguments, 56), EINVAL);
    CHECK_ERR("clone3: too large", syscall(SYS_clone3, &arguments, PAGE + 8), E2BIG);
    signal(SIGUSR1, SIG_DFL);
}

// The file goes on standing for a process that execs from another thread than its first.
static char stack[4 * PAGE] __attribute__((aligned(16)));
static int exec_self(void *path)
{
    char *arguments[] = { path, "execed", NULL }, *nothing[] = { NULL };
    execve(path, arguments, nothing);
    _exit(8);
}

static void exec_from_a_thread(void)
{
    int ready[2];
    char byte;
    if (pipe(ready))
        return;
    pid_t child = check_fork();
    if (child == 0) {
        if (read(ready[0], &byte, 1) != 1)
            _exit(7);
        clone(exec_self, stack + sizeof stack, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD, "/proc/self/exe");
        for (;;)
            pause();
    }
    int fd = pidfd_open(child, 0);
    siginfo_t info;
    CHECK_EQ("exec from a thread: begin", write(ready[1], "x", 1), 1);
    CHECK_EQ("exec from a thread: the file stands for it", waitid(P_PIDFD, fd, &info, WEXITED), 0);
    CHECK_EQ("exec from a thread: the new program ended", info.si_status, 6);
    close(fd), close(ready[0]), close(ready[1]);
}

// Ids go round; a new process with the old one's id is not the one that the file stands for.
static void used_again(int most)
{
    int ends[2], tries = 0;
    pid_t first = sleeper(ends, 0), child = 0;
    int fd = pidfd_open(first, 0);
    close(ends[1]);
    CHECK_EQ("used again: the first ended", wait_code(first), 0);
    while (tries++ < most && child != first) {
        child = vfork();
        if (child == 0)
            _exit(0);
        if (child != first)
            waitpid(child, NULL, 0);
    }
    if (child != first) {
        check_skip("used again", "the id did not come round");
    } else {
        CHECK_ERR("used again: a signal does not hit it", pidfd_send(fd, SIGTERM, NULL, 0), ESRCH);
        CHECK_EQ("used again: poll says ended", events_of(fd) & POLLIN, POLLIN);
        CHECK_EQ("used again: the new one was not hit", wait_code(child), 0);
    }
    close(fd);
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "execed"))
        return 6;
    check_begin(100);
    if (geteuid() != 0)
        check_skip("most", "needs root");
    opening();
    signals();
    waiting();
    getting();
    cloning();
    exec_from_a_thread();
    if (argc > 1)
        used_again(atoi(argv[1]));
    return check_end();
}
