// Signal-driven input and output: O_ASYNC with SIGIO and with signals of one's own, owners of every kind, what each kind of file tells and when,
// whose signals are let through, and what is refused.
// cpus: 1 2 4
// libc: musl glibc
// flags: -static -pthread
#include "check.h"
#include <poll.h>
#include <pthread.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#undef F_SETOWN_EX // where the library has them, they come with types of its own
#undef F_GETOWN_EX
#define F_SETOWN_EX 15
#define F_GETOWN_EX 16
struct owner { int type, pid; };
enum { OF_THREAD, OF_PROCESS, OF_GROUP, NO_KIND };
#ifndef FIOASYNC
#define FIOASYNC 0x5452
#endif
#ifndef SIOCSPGRP
#define SIOCSPGRP 0x8902
#define SIOCGPGRP 0x8904
#endif

static int own; // the signal chosen with F_SETSIG
static siginfo_t told;
static const char *scratch;

// The next signal that waits for this thread: its number, with the rest in `told`; 0: none.
static int next_signal(void)
{
    sigset_t set;
    struct timespec zero = { 0, 0 };
    sigemptyset(&set);
    sigaddset(&set, SIGIO);
    sigaddset(&set, own);
    memset(&told, 0, sizeof told);
    int signal = sigtimedwait(&set, &told, &zero);
    return signal < 0 ? 0 : signal;
}

static int is_told(int fd, int code, long band)
{
    return next_signal() == own && told.si_code == code && told.si_band == band && told.si_fd == fd;
}

static int is_readable(int fd) { return is_told(fd, POLL_IN, POLLIN | POLLRDNORM); }
static int is_writable(int fd) { return is_told(fd, POLL_OUT, POLLOUT | POLLWRNORM | POLLWRBAND); }
static int is_hung_up(int fd) { return is_told(fd, POLL_HUP, POLLHUP | POLLERR); }

static void listen_to(int fd, int signal)
{
    CHECK_OK("an owner", fcntl(fd, F_SETOWN, getpid()));
    CHECK_OK("a signal", fcntl(fd, F_SETSIG, signal));
    CHECK_OK("O_ASYNC", fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC));
}

// ---- Pipes -------------------------------------------------------------------------------------------------------

static void plain(void)
{
    int ends[2];
    CHECK_OK("pipe", pipe(ends));
    CHECK_EQ("nobody owns it", fcntl(ends[0], F_GETOWN), 0);
    CHECK_OK("O_ASYNC without an owner", fcntl(ends[0], F_SETFL, O_ASYNC));
    CHECK_EQ("the flag is seen", fcntl(ends[0], F_GETFL) & O_ASYNC, O_ASYNC);
    CHECK_EQ("write", write(ends[1], "a", 1), 1);
    CHECK_EQ("without an owner nobody is told", next_signal(), 0);
    CHECK_OK("F_SETOWN", fcntl(ends[0], F_SETOWN, getpid()));
    CHECK_EQ("F_GETOWN", fcntl(ends[0], F_GETOWN), getpid());
    CHECK_EQ("write", write(ends[1], "b", 1), 1);
    CHECK_EQ("SIGIO has come with the write", next_signal(), SIGIO);
    CHECK_EQ("it says nothing more", told.si_code, SI_KERNEL);
    CHECK_EQ("once", next_signal(), 0);
    CHECK_EQ("write again", write(ends[1], "c", 1), 1);
    CHECK_EQ("also when there was something to read", next_signal(), SIGIO);
    char text[8];
    CHECK_EQ("read", read(ends[0], text, sizeof text), 3);
    CHECK_EQ("the reader hears nothing of room", next_signal(), 0);
    CHECK_OK("O_ASYNC off", fcntl(ends[0], F_SETFL, 0));
    CHECK_EQ("write", write(ends[1], "d", 1), 1);
    CHECK_EQ("nothing is told any more", next_signal(), 0);
    int on = 1, off = 0;
    CHECK_OK("FIOASYNC", ioctl(ends[0], FIOASYNC, &on));
    CHECK_EQ("is the same flag", fcntl(ends[0], F_GETFL) & O_ASYNC, O_ASYNC);
    CHECK_EQ("write", write(ends[1], "e", 1), 1);
    CHECK_EQ("and has the same effect", next_signal(), SIGIO);
    CHECK_OK("FIOASYNC off", ioctl(ends[0], FIOASYNC, &off));
    CHECK_EQ("write", write(ends[1], "f", 1), 1);
    CHECK_EQ("nothing", next_signal(), 0);
    close(ends[0]);
    close(ends[1]);
}

static void pipes(void)
{
    int ends[2];
    char text[8];
    CHECK_OK("pipe", pipe(ends));
    listen_to(ends[0], own);
    listen_to(ends[1], own);
    CHECK_EQ("F_GETSIG", fcntl(ends[0], F_GETSIG), own);
    CHECK_EQ("write", write(ends[1], "a", 1), 1);
    CHECK("readable, and which", is_readable(ends[0]));
    CHECK_EQ("read", read(ends[0], text, 1), 1);
    CHECK("writable, and which", is_writable(ends[1]));
    CHECK_EQ("nothing else", next_signal(), 0);

    // One open file by two descriptors: the one by which it was asked for is told.
    int copy = dup(ends[0]);
    CHECK_EQ("a copy has the flag", fcntl(copy, F_GETFL) & O_ASYNC, O_ASYNC);
    CHECK_OK("asked for anew by the copy: off", fcntl(copy, F_SETFL, 0));
    CHECK_OK("and on", fcntl(copy, F_SETFL, O_ASYNC));
    CHECK_EQ("write", write(ends[1], "b", 1), 1);
    CHECK("the copy's number", is_readable(copy));
    close(copy);
    CHECK_EQ("write", write(ends[1], "c", 1), 1);
    CHECK("also when that is closed", is_readable(copy));
    close(ends[1]);
    CHECK("the last writer goes", is_readable(copy));
    CHECK_EQ("nothing else", next_signal(), 0);
    close(ends[0]);

    // An end with both directions.
    char path[200];
    snprintf(path, sizeof path, "%s/fifo", scratch);
    CHECK_OK("mkfifo", mkfifo(path, 0600));
    int both = open(path, O_RDWR);
    listen_to(both, own);
    CHECK_EQ("write", write(both, "ab", 2), 2);
    CHECK("both ways: readable", is_readable(both));
    CHECK_EQ("read", read(both, text, 1), 1);
    CHECK("both ways: writable", is_writable(both));
    close(both);
    unlink(path);

    // Between pipes.
    int from[2], to[2];
    CHECK("pipes", pipe(from) == 0 && pipe(to) == 0);
    CHECK_EQ("write", write(from[1], "abc", 3), 3);
    listen_to(to[0], own);
    CHECK_EQ("tee", tee(from[0], to[1], 1, 0), 1);
    CHECK("tee: readable", is_readable(to[0]));
    listen_to(from[1], own);
    CHECK_EQ("splice", splice(from[0], NULL, to[1], NULL, 3, 0), 3);
    int first = next_signal(), first_fd = told.si_fd, second = next_signal();
    CHECK("splice: both are told", first == own && second == own && first_fd + told.si_fd == from[1] + to[0]);
    for (int i = 0; i < 2; i++)
        close(from[i]), close(to[i]);
    while (next_signal())
        ;
}

// ---- Owners ------------------------------------------------------------------------------------------------------

static int other_tid, other_goes, other_got;
static void *be_other(void *unused)
{
    (void)unused;
    __atomic_store_n(&other_tid, syscall(SYS_gettid), __ATOMIC_SEQ_CST);
    while (!__atomic_load_n(&other_goes, __ATOMIC_SEQ_CST))
        sched_yield();
    other_got = next_signal();
    return NULL;
}

static void owners(void)
{
    int ends[2];
    CHECK_OK("pipe", pipe(ends));
    listen_to(ends[0], own);
    pthread_t thread;
    pthread_create(&thread, NULL, be_other, NULL);
    while (!__atomic_load_n(&other_tid, __ATOMIC_SEQ_CST))
        sched_yield();
    struct owner owner = { OF_THREAD, other_tid }, seen = { 9, 9 };
    CHECK_OK("a thread", fcntl(ends[0], F_SETOWN_EX, &owner));
    CHECK_OK("is told back", fcntl(ends[0], F_GETOWN_EX, &seen));
    CHECK("as it was", seen.type == OF_THREAD && seen.pid == other_tid);
    CHECK_EQ("write", write(ends[1], "a", 1), 1);
    CHECK_EQ("not for this thread", next_signal(), 0);
    __atomic_store_n(&other_goes, 1, __ATOMIC_SEQ_CST);
    pthread_join(thread, NULL);
    CHECK_EQ("but for that one", other_got, own);
    while (fcntl(ends[0], F_GETOWN) != 0) // the join may come before the kernel is done with the thread
        sched_yield();
    CHECK_EQ("a thread that has ended owns nothing", fcntl(ends[0], F_GETOWN), 0);
    CHECK_EQ("write", write(ends[1], "a", 1), 1);
    CHECK_EQ("nobody", next_signal(), 0);

    // A group: this process and its child.
    int report[2];
    CHECK_OK("pipe", pipe(report));
    pid_t child = check_fork();
    if (child == 0) {
        setpgid(0, 0);
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, own);
        (void)!write(report[1], "r", 1);
        siginfo_t info;
        struct timespec long_time = { 60, 0 };
        _exit(sigtimedwait(&set, &info, &long_time) == own && info.si_fd == ends[0] ? 7 : 1);
    }
    char byte;
    CHECK_EQ("the child is ready", read(report[0], &byte, 1), 1);
    CHECK_OK("a group", fcntl(ends[0], F_SETOWN, -child));
    owner.type = owner.pid = 9;
    CHECK_OK("is told back", fcntl(ends[0], F_GETOWN_EX, &owner));
    CHECK("as a group", owner.type == OF_GROUP && owner.pid == child);
    CHECK_EQ("write", write(ends[1], "b", 1), 1);
    int status;
    waitpid(child, &status, 0);
    CHECK("the group's process is told", WIFEXITED(status) && WEXITSTATUS(status) == 7);
    CHECK_EQ("not this one", next_signal(), 0);
    owner = (struct owner){ OF_PROCESS, getpid() };
    CHECK_OK("a process", fcntl(ends[0], F_SETOWN_EX, &owner));
    CHECK_EQ("is F_SETOWN's", fcntl(ends[0], F_GETOWN), getpid());
    CHECK_OK("nobody", fcntl(ends[0], F_SETOWN, 0));
    CHECK_EQ("owns it", fcntl(ends[0], F_GETOWN), 0);
    for (int i = 0; i < 2; i++)
        close(ends[i]), close(report[i]);
}

static void permissions(void)
{
    if (getuid() != 0) {
        check_skip("permissions", "takes root to give it up");
        return;
    }
    int ends[2];
    CHECK_OK("pipe", pipe(ends));
    CHECK_OK("O_ASYNC", fcntl(ends[0], F_SETFL, O_ASYNC));
    pid_t parent = getpid(), child = check_fork();
    if (child == 0) {
        if (setgid(65534) || setuid(65534))
            _exit(1);
        _exit(fcntl(ends[0], F_SETOWN, parent) ? 2 : 0);
    }
    int status;
    waitpid(child, &status, 0);
    CHECK_EQ("another user may name any owner", status, 0);
    CHECK_EQ("write", write(ends[1], "a", 1), 1);
    CHECK_EQ("but in its name nobody else's process is told", next_signal(), 0);
    CHECK_OK("root", fcntl(ends[0], F_SETOWN, parent));
    CHECK_EQ("write", write(ends[1], "a", 1), 1);
    CHECK_EQ("may", next_signal(), SIGIO);
    close(ends[0]);
    close(ends[1]);
}

static void overflow(void)
{
    int ends[2];
    struct rlimit before, none;
    CHECK_OK("pipe", pipe(ends));
    listen_to(ends[0], own);
    getrlimit(RLIMIT_SIGPENDING, &before);
    none = before;
    none.rlim_cur = 0;
    CHECK_OK("no place for signals", setrlimit(RLIMIT_SIGPENDING, &none));
    CHECK_EQ("write", write(ends[1], "a", 1), 1);
    CHECK_OK("as before", setrlimit(RLIMIT_SIGPENDING, &before));
    CHECK_EQ("SIGIO comes in its place", next_signal(), SIGIO);
    CHECK_EQ("alone", next_signal(), 0);
    close(ends[0]);
    close(ends[1]);
}

// ---- Other kinds of files ----------------------------------------------------------------------------------------

static void sockets(void)
{
    int pair[2];
    static char buffer[4096];
    CHECK_OK("socketpair", socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair));
    int owner = getpid(), seen = 0;
    CHECK_OK("SIOCSPGRP", ioctl(pair[0], SIOCSPGRP, &owner));
    CHECK_OK("SIOCGPGRP", ioctl(pair[0], SIOCGPGRP, &seen));
    CHECK_EQ("is F_SETOWN's", seen, owner);
    CHECK_EQ("and F_GETOWN's", fcntl(pair[0], F_GETOWN), owner);
    listen_to(pair[0], own);
    CHECK_EQ("send", write(pair[1], "a", 1), 1);
    CHECK("socket: readable", is_readable(pair[0]));
    CHECK_EQ("nothing else", next_signal(), 0);
    while (write(pair[0], buffer, sizeof buffer) > 0)
        ;
    CHECK_EQ("full", errno, EAGAIN);
    CHECK_EQ("nothing to tell yet", next_signal(), 0);
    while (read(pair[1], buffer, sizeof buffer) > 0)
        ;
    CHECK("socket: writable again", is_writable(pair[0]));
    CHECK_EQ("once", next_signal(), 0);
    CHECK_OK("the other side will send no more", shutdown(pair[1], SHUT_WR));
    CHECK("socket: the end can be read", is_readable(pair[0]));
    close(pair[1]);
    CHECK("socket: hung up", is_hung_up(pair[0]));
    close(pair[0]);
    while (next_signal())
        ;

    CHECK_OK("socketpair of datagrams", socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
    listen_to(pair[0], own);
    CHECK_EQ("send", write(pair[1], "a", 1), 1);
    CHECK("datagram: readable", is_readable(pair[0]));
    close(pair[0]);
    close(pair[1]);

    struct sockaddr_un name = { .sun_family = AF_UNIX };
    snprintf(name.sun_path, sizeof name.sun_path, "%s/name", scratch);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_OK("bind", bind(listener, (struct sockaddr *)&name, sizeof name));
    CHECK_OK("listen", listen(listener, 5));
    listen_to(listener, own);
    CHECK_OK("connect", connect(client, (struct sockaddr *)&name, sizeof name));
    CHECK("listener: readable", is_readable(listener));
    close(client);
    close(listener);
    unlink(name.sun_path);
    while (next_signal())
        ;
}

static void others(void)
{
    int events = inotify_init1(IN_NONBLOCK);
    char path[200];
    snprintf(path, sizeof path, "%s/watched", scratch);
    int file = open(path, O_CREAT | O_RDWR, 0600), on = 1;
    CHECK_OK("watch", inotify_add_watch(events, path, IN_MODIFY));
    listen_to(events, own);
    CHECK_EQ("a change", write(file, "a", 1), 1);
    CHECK("inotify: readable", is_readable(events));
    CHECK_EQ("once", next_signal(), 0);
    close(events);

    CHECK_OK("a plain file takes the flag", fcntl(file, F_SETFL, O_ASYNC));
    CHECK_EQ("and ignores it", fcntl(file, F_GETFL) & O_ASYNC, 0);
    CHECK_ERR("it says by ioctl that it gives no signals", ioctl(file, FIOASYNC, &on), ENOTTY);
    close(file);
    unlink(path);
}

static void refusals(void)
{
    int ends[2];
    struct owner wrong = { NO_KIND, getpid() }, missing = { OF_PROCESS, 4000000 }, negative = { OF_PROCESS, -1 };
    CHECK_OK("pipe", pipe(ends));
    listen_to(ends[0], own);
    CHECK_ERR("no such process", fcntl(ends[0], F_SETOWN, 4000000), ESRCH);
    CHECK_ERR("no such group", fcntl(ends[0], F_SETOWN, -4000000), ESRCH);
    CHECK_ERR("the one number without an opposite", fcntl(ends[0], F_SETOWN, INT32_MIN), EINVAL);
    CHECK_ERR("no such kind", fcntl(ends[0], F_SETOWN_EX, &wrong), EINVAL);
    CHECK_ERR("no such process by its kind", fcntl(ends[0], F_SETOWN_EX, &missing), ESRCH);
    CHECK_ERR("no such number", fcntl(ends[0], F_SETOWN_EX, &negative), ESRCH);
    CHECK_ERR("a bad pointer", syscall(SYS_fcntl, ends[0], F_SETOWN_EX, 1), EFAULT);
    CHECK_ERR("a bad pointer back", syscall(SYS_fcntl, ends[0], F_GETOWN_EX, 1), EFAULT);
    CHECK_ERR("a bad pointer to FIOASYNC", ioctl(ends[0], FIOASYNC, (void *)1), EFAULT);
    CHECK_ERR("no such signal", fcntl(ends[0], F_SETSIG, 65), EINVAL);
    CHECK_ERR("a negative one", fcntl(ends[0], F_SETSIG, -1), EINVAL);
    CHECK_EQ("the owner is the same", fcntl(ends[0], F_GETOWN), getpid());
    CHECK_EQ("the signal is the same", fcntl(ends[0], F_GETSIG), own);
    CHECK_EQ("write", write(ends[1], "a", 1), 1);
    CHECK("and all works on", is_readable(ends[0]));
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    check_begin(60);
    scratch = check_scratch();
    own = SIGRTMIN + 1;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGIO);
    sigaddset(&set, own);
    sigprocmask(SIG_BLOCK, &set, NULL);
    plain();
    pipes();
    owners();
    permissions();
    overflow();
    sockets();
    others();
    refusals();
    return check_end();
}
