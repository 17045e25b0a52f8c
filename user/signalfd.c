// Files that give signals: what they tell of each kind, several at once, blocking and not, poll and epoll, a changed set, whose signals
// a thread and a child read, ignored and unblockable ones, bad use, /proc.
// cpus: 1 2 4
#include "check.h"
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

typedef struct signalfd_siginfo info_t;

static sigset_t set_of(int first, int second)
{
    sigset_t set;
    sigemptyset(&set);
    if (first)
        sigaddset(&set, first);
    if (second)
        sigaddset(&set, second);
    return set;
}

static int file_of(int first, int second, int flags)
{
    sigset_t set = set_of(first, second);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, flags);
}

static int readable(int fd)
{
    struct pollfd item = { fd, POLLIN, 0 };
    return poll(&item, 1, 0) == 1 && item.revents == POLLIN;
}

static info_t take(int fd)
{
    info_t info;
    memset(&info, 0xff, sizeof info);
    if (read(fd, &info, sizeof info) != sizeof info)
        info.ssi_signo = 0;
    return info;
}

// What the fields of other kinds hold: nothing.
static int rest_is_zero(const info_t *info, size_t from) { return !memcmp((const char *)info + from, (char[128]){ 0 }, sizeof *info - from); }

static void kinds(void)
{
    int fd = file_of(SIGUSR1, SIGRTMIN + 1, SFD_NONBLOCK);
    info_t info;
    CHECK_ERR("nothing", read(fd, &info, sizeof info), EAGAIN);
    CHECK_EQ("not readable", readable(fd), 0);
    kill(getpid(), SIGUSR1);
    CHECK_EQ("readable", readable(fd), 1);
    info = take(fd);
    CHECK_EQ("kill: signal", info.ssi_signo, SIGUSR1);
    CHECK_EQ("kill: code", info.ssi_code, SI_USER);
    CHECK_EQ("kill: sender", info.ssi_pid, getpid());
    CHECK_EQ("kill: user", info.ssi_uid, getuid());
    CHECK("kill: no more", rest_is_zero(&info, 20));
    CHECK_EQ("taken", readable(fd), 0);
    sigset_t pending;
    sigpending(&pending);
    CHECK_EQ("and no longer pending", sigismember(&pending, SIGUSR1), 0);

    syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1);
    info = take(fd);
    CHECK_EQ("tgkill: code", info.ssi_code, SI_TKILL);
    CHECK_EQ("tgkill: sender", info.ssi_pid, getpid());

    sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_ptr = (void *)0x123456789abcdef0 });
    info = take(fd);
    CHECK_EQ("sigqueue: signal", info.ssi_signo, SIGRTMIN + 1);
    CHECK_EQ("sigqueue: code", info.ssi_code, SI_QUEUE);
    CHECK_EQ("sigqueue: sender", info.ssi_pid, getpid());
    CHECK_EQ("sigqueue: pointer", info.ssi_ptr, 0x123456789abcdef0);
    CHECK_EQ("sigqueue: number", info.ssi_int, (int)0x9abcdef0);
    CHECK("sigqueue: no more", rest_is_zero(&info, 56));

    timer_t timer;
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 77 };
    struct itimerspec soon = { { 0, 0 }, { 0, 1000000 } };
    timer_create(CLOCK_MONOTONIC, &event, &timer);
    timer_settime(timer, 0, &soon, NULL);
    struct pollfd item = { fd, POLLIN, 0 };
    CHECK_EQ("timer: waited for", poll(&item, 1, -1), 1);
    info = take(fd);
    CHECK_EQ("timer: code", info.ssi_code, SI_TIMER);
    CHECK_EQ("timer: its id", info.ssi_tid, (uint32_t)(uintptr_t)timer);
    CHECK_EQ("timer: overruns", info.ssi_overrun, 0);
    CHECK_EQ("timer: value", info.ssi_int, 77);
    CHECK_EQ("timer: no sender", info.ssi_pid, 0);
    timer_delete(timer);
    close(fd);

    fd = file_of(SIGCHLD, 0, 0);
    pid_t child = check_fork();
    if (child == 0)
        _exit(9);
    info = take(fd);
    CHECK_EQ("child: signal", info.ssi_signo, SIGCHLD);
    CHECK_EQ("child: code", info.ssi_code, CLD_EXITED);
    CHECK_EQ("child: who", info.ssi_pid, child);
    CHECK_EQ("child: status", info.ssi_status, 9);
    waitpid(child, NULL, 0);
    child = check_fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    kill(child, SIGKILL);
    info = take(fd);
    CHECK_EQ("child killed: code", info.ssi_code, CLD_KILLED);
    CHECK_EQ("child killed: status", info.ssi_status, SIGKILL);
    waitpid(child, NULL, 0);
    close(fd);

    // What a program tells itself of a fault is given as one.
    fd = file_of(SIGSEGV, SIGSYS, SFD_NONBLOCK);
    siginfo_t own;
    memset(&own, 0, sizeof own);
    own.si_signo = SIGSEGV;
    own.si_code = SEGV_MAPERR;
    own.si_addr = (void *)0x7f0012345678;
    CHECK_OK("a fault sent to oneself", syscall(SYS_rt_sigqueueinfo, getpid(), SIGSEGV, &own));
    info = take(fd);
    CHECK_EQ("fault: code", info.ssi_code, SEGV_MAPERR);
    CHECK_EQ("fault: address", info.ssi_addr, 0x7f0012345678);
    CHECK_EQ("fault: no sender", info.ssi_pid, 0);
    close(fd);
}

static void several(void)
{
    int fd = file_of(SIGRTMIN + 2, SIGUSR2, SFD_NONBLOCK);
    info_t infos[5];
    for (int i = 1; i <= 3; i++)
        sigqueue(getpid(), SIGRTMIN + 2, (union sigval){ .sival_int = i });
    kill(getpid(), SIGUSR2);
    kill(getpid(), SIGUSR2);
    CHECK_EQ("two that fit", read(fd, infos, 2 * sizeof *infos + 100), 2 * (int)sizeof *infos);
    CHECK_EQ("the lowest number first", infos[0].ssi_signo, SIGUSR2);
    CHECK_EQ("then the oldest", infos[1].ssi_int, 1);
    CHECK_EQ("the rest", read(fd, infos, sizeof infos), 2 * (int)sizeof *infos);
    CHECK_EQ("in order", infos[0].ssi_int == 2 && infos[1].ssi_int == 3, 1);
    CHECK_ERR("too small", read(fd, infos, sizeof *infos - 1), EINVAL);
    sigqueue(getpid(), SIGRTMIN + 2, (union sigval){ .sival_int = 4 });
    CHECK_ERR("bad address", read(fd, (void *)8, sizeof *infos), EFAULT);
    CHECK_ERR("cannot be written", write(fd, infos, sizeof *infos), EINVAL);
    while (read(fd, infos, sizeof infos) > 0) { }
    close(fd);
}

static void changes(void)
{
    sigset_t none = set_of(0, 0), second = set_of(SIGUSR2, 0), all;
    int fd = file_of(SIGUSR1, SIGUSR2, SFD_NONBLOCK | SFD_CLOEXEC), plain = open("/dev/null", O_RDONLY);
    CHECK_EQ("closed on exec", fcntl(fd, F_GETFD), FD_CLOEXEC);
    CHECK_EQ("does not wait", fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    raise(SIGUSR1);
    CHECK_EQ("the same descriptor", signalfd(fd, &none, 0), fd);
    CHECK_EQ("nothing of no signals", readable(fd), 0);
    signalfd(fd, &second, 0);
    CHECK_EQ("nor of another", readable(fd), 0);
    sigfillset(&all);
    CHECK_EQ("all signals", signalfd(fd, &all, 0), fd);
    CHECK_EQ("has it", take(fd).ssi_signo, SIGUSR1);

    char path[64], text[1024] = "", link[64] = "";
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    sigset_t shown = set_of(SIGUSR1, SIGKILL);
    sigaddset(&shown, 64);
    syscall(SYS_signalfd4, fd, &shown, 8, 0);
    int file = open(path, O_RDONLY);
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    text[length < 0 ? 0 : length] = 0;
    CHECK("fdinfo: never KILL", strstr(text, "sigmask:\t8000000000000200\n"));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (readlink(path, link, sizeof link - 1) < 0)
        link[0] = 0;
    CHECK_STR("name", link, "anon_inode:[signalfd]");

    CHECK_ERR("bad descriptor", signalfd(999, &none, 0), EBADF);
    CHECK_ERR("no signal's file", signalfd(plain, &none, 0), EINVAL);
    CHECK_ERR("bad flags", signalfd(-1, &none, 1), EINVAL);
    CHECK_ERR("bad size of a set", syscall(SYS_signalfd4, -1, &none, 4, 0), EINVAL);
    CHECK_ERR("bad address of a set", syscall(SYS_signalfd4, -1, 8, 8, 0), EFAULT);
    int old = syscall(SYS_signalfd, -1, &none, 8);
    CHECK_OK("the first call", old);
    close(fd), close(plain), close(old);
}

static int shared;

static void *reader(void *ignored)
{
    (void)ignored;
    return (void *)(uintptr_t)take(shared).ssi_signo;
}

static void threads(void)
{
    pthread_t thread;
    void *result;
    shared = file_of(SIGUSR1, SIGUSR2, 0);
    pthread_create(&thread, NULL, reader, NULL);
    kill(getpid(), SIGUSR1);
    pthread_join(thread, &result);
    CHECK_EQ("a waiting thread reads the process's", (intptr_t)result, SIGUSR1);

    raise(SIGUSR1);          // to this thread alone
    pthread_create(&thread, NULL, reader, NULL);
    kill(getpid(), SIGUSR2); // so the other one gets only this
    pthread_join(thread, &result);
    CHECK_EQ("another thread's signal is not read", (intptr_t)result, SIGUSR2);
    CHECK_EQ("its own thread reads it", take(shared).ssi_signo, SIGUSR1);
    close(shared);
}

static int own_signals(void)
{
    sigset_t old;
    sigprocmask(SIG_BLOCK, NULL, &old);
    if (readable(shared))
        return 1;
    raise(SIGUSR2);
    return take(shared).ssi_signo == SIGUSR2 && !readable(shared) ? 0 : 2;
}

static void after_fork(void)
{
    shared = file_of(SIGUSR1, SIGUSR2, SFD_NONBLOCK);
    kill(getpid(), SIGUSR1);
    CHECK_EQ("a child reads its own", check_status(own_signals), EXITED(0));
    CHECK_EQ("the parent has kept its own", take(shared).ssi_signo, SIGUSR1);
    close(shared);
}

static void watched(void)
{
    int fd = file_of(SIGUSR1, 0, SFD_NONBLOCK), ep = epoll_create1(0);
    struct epoll_event event = { EPOLLIN, { .u32 = 5 } };
    CHECK_OK("in a set", epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event));
    CHECK_EQ("nothing", epoll_wait(ep, &event, 1, 0), 0);
    pid_t parent = getpid(), child = check_fork();
    if (child == 0) {
        check_await_state(parent, 'S');
        kill(parent, SIGUSR1);
        _exit(0);
    }
    CHECK_EQ("woken by a signal's file", epoll_wait(ep, &event, 1, -1), 1);
    CHECK_EQ("with its event", event.events, EPOLLIN);
    CHECK_EQ("the signal", take(fd).ssi_signo, SIGUSR1);
    waitpid(child, NULL, 0);
    close(fd), close(ep);

    // A set whose signal file was added by a process that is no more.
    fd = file_of(SIGUSR1, 0, SFD_NONBLOCK), ep = epoll_create1(0);
    child = check_fork();
    if (child == 0) {
        epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    raise(SIGUSR1);
    CHECK("a set outlives the process that filled it", epoll_wait(ep, &event, 1, 0) >= 0);
    take(fd);
    close(fd), close(ep);
}

static volatile sig_atomic_t handled;
static void handle(int signal) { handled = signal; }

static void others(void)
{
    // A signal that is not blocked goes to its handler, and one that interrupts a read is not in the set.
    struct sigaction action = { .sa_handler = handle };
    sigaction(SIGHUP, &action, NULL);
    int fd = file_of(SIGUSR1, 0, 0);
    pid_t parent = getpid(), child = check_fork();
    if (child == 0) {
        check_await_state(parent, 'S');
        kill(parent, SIGHUP);
        _exit(0);
    }
    info_t info;
    CHECK_ERR("another signal interrupts", read(fd, &info, sizeof info), EINTR);
    CHECK_EQ("its handler ran", handled, SIGHUP);
    waitpid(child, NULL, 0);
    close(fd);
    signal(SIGUSR2, SIG_IGN);
    fd = file_of(SIGUSR2, 0, SFD_NONBLOCK);
    raise(SIGUSR2);
    CHECK_EQ("ignored, but blocked: it waits", take(fd).ssi_signo, SIGUSR2);
    signal(SIGUSR2, SIG_DFL);
    close(fd);
}

int main(void)
{
    check_begin(50);
    kinds();
    several();
    changes();
    threads();
    after_fork();
    watched();
    others();
    return check_end();
}
