// epoll: what can be watched, all errors, level and edge, one-shot, exclusive, sets in sets, circles, descriptors that are closed or
// doubled while watched, fairness with little room, time-outs, masks while waiting, /proc, limits.
// cpus: 1 2 4
// host: root
#include "check.h"
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#ifndef EPOLLEXCLUSIVE
#define EPOLLEXCLUSIVE (1u << 28)
#endif
#ifndef EPOLLWAKEUP
#define EPOLLWAKEUP (1u << 29)
#endif
#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

static int set(void) { return epoll_create1(EPOLL_CLOEXEC); }

static int control(int ep, int operation, int fd, uint32_t events)
{
    struct epoll_event event = { events, { .u64 = fd } };
    return epoll_ctl(ep, operation, fd, &event);
}

static int add(int ep, int fd, uint32_t events) { return control(ep, EPOLL_CTL_ADD, fd, events); }

// The events of the one descriptor that is ready now; 0: none; -1: more than one or an error.
static int64_t ready(int ep)
{
    struct epoll_event events[4];
    int count = epoll_wait(ep, events, 4, 0);
    return count == 0 ? 0 : count == 1 ? (int64_t)events[0].events : -1;
}

static void raise_event(int fd) { eventfd_write(fd, 1); }

static void clear_event(int fd)
{
    eventfd_t value;
    eventfd_read(fd, &value);
}

static int event_file(void) { return eventfd(0, EFD_NONBLOCK); }

static void creation(void)
{
    CHECK_ERR("size zero", syscall(SYS_epoll_create, 0), EINVAL);
    CHECK_ERR("size negative", syscall(SYS_epoll_create, -1), EINVAL);
    int ep = syscall(SYS_epoll_create, 1);
    CHECK_OK("any size", ep);
    CHECK_EQ("kept on exec", fcntl(ep, F_GETFD), 0);
    CHECK_EQ("flags", fcntl(ep, F_GETFL) & O_ACCMODE, O_RDWR);
    close(ep);
    CHECK_ERR("unknown flag", epoll_create1(1), EINVAL);
    ep = epoll_create1(EPOLL_CLOEXEC);
    CHECK_EQ("closed on exec", fcntl(ep, F_GETFD), FD_CLOEXEC);
    char byte, path[64], link[64] = "";
    CHECK_ERR("cannot be read", read(ep, &byte, 1), EINVAL);
    CHECK_ERR("cannot be written", write(ep, &byte, 1), EINVAL);
    snprintf(path, sizeof path, "/proc/self/fd/%d", ep);
    if (readlink(path, link, sizeof link - 1) < 0)
        link[0] = 0;
    CHECK_STR("name", link, "anon_inode:[eventpoll]");
    close(ep);
}

static void errors(void)
{
    int ep = set(), fd = event_file(), file = open("file", O_RDWR | O_CREAT, 0600), directory = open(".", O_RDONLY);
    int null = open("/dev/null", O_RDWR), path = open("file", O_PATH);
    struct epoll_event event = { EPOLLIN, { .u64 = 1 } }, events[2];
    CHECK_ERR("no such set", add(999, fd, EPOLLIN), EBADF);
    CHECK_ERR("no such descriptor", add(ep, 999, EPOLLIN), EBADF);
    CHECK_ERR("regular file", add(ep, file, EPOLLIN), EPERM);
    CHECK_ERR("directory", add(ep, directory, EPOLLIN), EPERM);
    CHECK_ERR("/dev/null", add(ep, null, EPOLLIN), EPERM);
    CHECK_ERR("path only", add(ep, path, EPOLLIN), EBADF);
    CHECK_ERR("itself", add(ep, ep, EPOLLIN), EINVAL);
    CHECK_ERR("no set", add(fd, ep, EPOLLIN), EINVAL);
    CHECK_ERR("a file is no set, either", add(file, fd, EPOLLIN), EINVAL);
    CHECK_ERR("bad operation", control(ep, 4, fd, EPOLLIN), EINVAL);
    CHECK_ERR("bad operation zero", control(ep, 0, fd, EPOLLIN), EINVAL);
    CHECK_ERR("bad address", epoll_ctl(ep, EPOLL_CTL_ADD, fd, (void *)8), EFAULT);
    CHECK_ERR("bad address comes before bad descriptors", epoll_ctl(999, EPOLL_CTL_ADD, 999, NULL), EFAULT);
    CHECK_ERR("cannot be polled comes before no set", add(fd, file, EPOLLIN), EPERM);
    CHECK_ERR("not there: change", control(ep, EPOLL_CTL_MOD, fd, EPOLLIN), ENOENT);
    CHECK_ERR("not there: delete", epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL), ENOENT);
    CHECK_OK("added", epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event));
    CHECK_ERR("twice", add(ep, fd, EPOLLOUT), EEXIST);
    CHECK_OK("changed", control(ep, EPOLL_CTL_MOD, fd, EPOLLIN));
    CHECK_OK("deleted, without an event", epoll_ctl(ep, EPOLL_CTL_DEL, fd, NULL));
    CHECK_ERR("room for none", epoll_wait(ep, events, 0, 0), EINVAL);
    CHECK_ERR("negative room", epoll_wait(ep, events, -1, 0), EINVAL);
    CHECK_ERR("more than memory", epoll_wait(ep, events, 0x7fffffff / 12 + 1, 0), EINVAL);
    CHECK_ERR("wait: no such set", epoll_wait(999, events, 1, 0), EBADF);
    CHECK_ERR("wait: no set", epoll_wait(fd, events, 1, 0), EINVAL);
    CHECK_ERR("wait: kernel address", syscall(SYS_epoll_wait, ep, -4096ul, 1, 0), EFAULT);
    CHECK_EQ("nothing: the bad address is not used", syscall(SYS_epoll_wait, ep, 8ul, 1, 0), 0);
    add(ep, fd, EPOLLIN | EPOLLET);
    raise_event(fd);
    CHECK_ERR("wait: bad address", syscall(SYS_epoll_wait, ep, 8ul, 1, 0), EFAULT);
    CHECK_EQ("the event is not lost with it", ready(ep), EPOLLIN);
    close(ep), close(fd), close(file), close(directory), close(null), close(path);
}

static void triggers(void)
{
    int ep = set(), fd = event_file();
    add(ep, fd, EPOLLIN);
    CHECK_EQ("level: nothing", ready(ep), 0);
    raise_event(fd);
    CHECK_EQ("level: there", ready(ep), EPOLLIN);
    CHECK_EQ("level: still there", ready(ep), EPOLLIN);
    clear_event(fd);
    CHECK_EQ("level: gone", ready(ep), 0);

    raise_event(fd);
    control(ep, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLET);
    CHECK_EQ("edge: a change tells anew", ready(ep), EPOLLIN);
    CHECK_EQ("edge: told once", ready(ep), 0);
    raise_event(fd);
    CHECK_EQ("edge: another event", ready(ep), EPOLLIN);
    raise_event(fd), raise_event(fd);
    CHECK_EQ("edge: two at once are one", ready(ep), EPOLLIN);
    CHECK_EQ("edge: and no more", ready(ep), 0);
    raise_event(fd), clear_event(fd);
    CHECK_EQ("edge: gone before it was asked", ready(ep), 0);

    control(ep, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLONESHOT);
    raise_event(fd);
    CHECK_EQ("once", ready(ep), EPOLLIN);
    raise_event(fd);
    CHECK_EQ("and disarmed", ready(ep), 0);
    CHECK_ERR("but still there", add(ep, fd, EPOLLIN), EEXIST);
    control(ep, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLONESHOT);
    CHECK_EQ("armed again", ready(ep), EPOLLIN);

    control(ep, EPOLL_CTL_MOD, fd, 0);
    CHECK_EQ("nothing is wanted", ready(ep), 0);
    control(ep, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLOUT);
    CHECK_EQ("two bits in one event", ready(ep), EPOLLIN | EPOLLOUT);
    close(ep), close(fd);
}

// The readings of Linux of pipes under epoll.
static void pipes(void)
{
    int ends[2], ep = set();
    char bytes[8192] = { 0 };
    if (pipe2(ends, O_NONBLOCK))
        return;
    add(ep, ends[0], EPOLLIN | EPOLLRDHUP | EPOLLET);
    CHECK_EQ("empty", ready(ep), 0);
    CHECK_EQ("a byte", write(ends[1], bytes, 1), 1);
    CHECK_EQ("tells", ready(ep), EPOLLIN);
    CHECK_EQ("another byte behind it", write(ends[1], bytes, 1), 1);
    CHECK_EQ("tells again", ready(ep), EPOLLIN);
    CHECK_EQ("reading some", read(ends[0], bytes, 1), 1);
    CHECK_EQ("tells nothing", ready(ep), 0);
    close(ends[1]);
    CHECK_EQ("hang-up with a byte left", ready(ep), EPOLLIN | EPOLLHUP);
    close(ends[0]);
    CHECK_EQ("closed: gone from the set", ready(ep), 0);

    if (pipe2(ends, O_NONBLOCK))
        return;
    add(ep, ends[1], EPOLLOUT);
    CHECK_EQ("room", ready(ep), EPOLLOUT);
    while (write(ends[1], bytes, sizeof bytes) > 0) { }
    CHECK_EQ("full", ready(ep), 0);
    CHECK_EQ("a page read", read(ends[0], bytes, 4096), 4096);
    CHECK_EQ("room again", ready(ep), EPOLLOUT);
    control(ep, EPOLL_CTL_MOD, ends[1], 0);
    close(ends[0]);
    CHECK_EQ("no reader: told without being asked for", ready(ep), EPOLLERR);
    close(ends[1]), close(ep);
}

static void descriptors(void)
{
    int ep = set(), fd = event_file(), copy = dup(fd);
    raise_event(fd);
    add(ep, fd, EPOLLIN);
    CHECK_OK("the same file under another number", add(ep, copy, EPOLLIN));
    struct epoll_event events[4];
    CHECK_EQ("both tell", epoll_wait(ep, events, 4, 0), 2);
    close(copy);
    CHECK_EQ("a closed number goes on while the file is open", epoll_wait(ep, events, 4, 0), 2);
    CHECK_ERR("but cannot be named", epoll_ctl(ep, EPOLL_CTL_DEL, copy, NULL), EBADF);
    close(fd);
    CHECK_EQ("the last close empties the set", epoll_wait(ep, events, 4, 0), 0);
    fd = event_file();
    CHECK_OK("another file under the old number", add(ep, fd, EPOLLIN));
    CHECK_EQ("has nothing to tell", ready(ep), 0);

    // In a child that keeps it open, too.
    raise_event(fd);
    struct gate gate = gate_make();
    pid_t child = check_fork();
    if (child == 0) {
        close(gate.ends[1]);
        gate_wait(&gate);
        _exit(0);
    }
    close(fd);
    CHECK_EQ("a child has it open", ready(ep), EPOLLIN);
    gate_open(&gate);
    waitpid(child, NULL, 0);
    CHECK_EQ("and ends", ready(ep), 0);
    gate_close(&gate);
    close(ep);
}

static void fairness(void)
{
    int ep = set(), fds[6], order = 1;
    unsigned seen = 0;
    for (int i = 0; i < 6; i++) {
        fds[i] = event_file();
        add(ep, fds[i], EPOLLIN);
        raise_event(fds[i]);
    }
    struct epoll_event events[8];
    for (int round = 0; round < 12; round++) {
        if (epoll_wait(ep, events, 1, 0) != 1)
            break;
        seen |= 1u << (round % 6 ? 0 : 31);
        order &= (int)events[0].data.u64 == fds[round % 6];
    }
    CHECK_EQ("room for one: each in turn", order, 1);
    CHECK_EQ("room for four: the next four", epoll_wait(ep, events, 4, 0), 4);
    CHECK_EQ("then from where it was", (int)events[0].data.u64 == fds[0], 1);
    CHECK_EQ("room for all", epoll_wait(ep, events, 8, 0), 6);
    CHECK_EQ("those left behind come first", (int)events[0].data.u64 == fds[4], 1);
    for (int i = 0; i < 6; i++)
        close(fds[i]);
    close(ep);
}

static void nesting(void)
{
    int fd = event_file(), inner = set(), outer = set();
    CHECK_OK("a set in a set", add(outer, inner, EPOLLIN));
    CHECK_OK("the inner one is filled later", add(inner, fd, EPOLLIN));
    CHECK_EQ("nothing", ready(outer), 0);
    raise_event(fd);
    struct pollfd item = { outer, POLLIN, 0 };
    CHECK_EQ("poll sees the outer set", poll(&item, 1, 0), 1);
    CHECK_EQ("with these bits", item.revents, POLLIN);
    CHECK_EQ("event through two sets", ready(outer), EPOLLIN);
    CHECK_EQ("the inner one has it, too", ready(inner), EPOLLIN);
    clear_event(fd);
    CHECK_EQ("gone from the outer", ready(outer), 0);
    CHECK_ERR("circle of two", add(inner, outer, EPOLLIN), ELOOP);
    int third = set();
    add(third, outer, EPOLLIN);
    CHECK_ERR("circle of three", add(inner, third, EPOLLIN), ELOOP);
    CHECK_ERR("exclusive on a set", add(set(), inner, EPOLLIN | EPOLLEXCLUSIVE), EINVAL);
    close(inner);
    CHECK_OK("no circle when it is closed", add(third, fd, EPOLLIN));
    close(outer), close(third), close(fd);

    // Upwards: each new set watches the one before. No file at the bottom.
    int chain[12], depth = 0;
    chain[0] = set();
    for (depth = 1; depth < 12; depth++) {
        chain[depth] = set();
        if (add(chain[depth], chain[depth - 1], EPOLLIN))
            break;
    }
    int error = errno;
    CHECK_EQ("chain of sets: how many", depth, 5);
    CHECK_EQ("chain of sets: error", error, ELOOP);
    fd = event_file();
    CHECK_OK("a file below five sets", add(chain[0], fd, EPOLLIN));
    raise_event(fd);
    CHECK_EQ("tells through all", ready(chain[4]), EPOLLIN);
    clear_event(fd);
    CHECK_EQ("and is gone", ready(chain[4]), 0);
    int below = set();
    CHECK_ERR("too deep from below, too", add(chain[0], below, EPOLLIN), ELOOP);
    close(below);
    for (int i = 0; i < 12 && i <= depth; i++)
        close(chain[i]);
    close(fd);

    // Many ways from one file.
    fd = event_file();
    int middle[64], most = 0;
    for (int level = 0; level < 2; level++)
        chain[level] = set();
    for (most = 0; most < 60; most++) {
        middle[most] = set();
        if (add(middle[most], fd, EPOLLIN))
            break;
    }
    CHECK_EQ("a file in many sets", most, 60);
    for (int i = 0; i < most; i++)
        add(chain[0], middle[i], EPOLLIN);
    add(chain[1], chain[0], EPOLLIN);
    int upper = set(), error_at = 0;
    for (int i = 0; i < 4 && !error_at; i++)
        if (add(upper = set(), chain[0], EPOLLIN))
            error_at = i + 1;
    CHECK_EQ("too many paths", error_at, 1);
    close(upper), close(chain[0]), close(chain[1]), close(fd);
    for (int i = 0; i < most; i++)
        close(middle[i]);
}

static int shared_set, shared_file;

static void *wait_one(void *timeout)
{
    struct epoll_event event;
    return (void *)(intptr_t)epoll_wait(shared_set, &event, 1, (int)(intptr_t)timeout);
}

static void waiting(void)
{
    struct timespec before, after;
    struct epoll_event event;
    int ep = shared_set = set(), fd = shared_file = event_file();
    add(ep, fd, EPOLLIN);
    clock_gettime(CLOCK_MONOTONIC, &before);
    CHECK_EQ("time-out", epoll_wait(ep, &event, 1, 20), 0);
    clock_gettime(CLOCK_MONOTONIC, &after);
    long long passed = (after.tv_sec - before.tv_sec) * 1000000000ll + after.tv_nsec - before.tv_nsec;
    CHECK("not early", passed >= 20000000);
    struct timespec brief = { 0, 5000000 }, bad = { 0, 1000000000 }, none = { 0, 0 };
    CHECK_EQ("time-out in nanoseconds", syscall(SYS_epoll_pwait2, ep, &event, 1, &brief, NULL, 0), 0);
    CHECK_EQ("its time is not written back", brief.tv_nsec, 5000000);
    CHECK_EQ("no waiting", syscall(SYS_epoll_pwait2, ep, &event, 1, &none, NULL, 0), 0);
    CHECK_ERR("bad time", syscall(SYS_epoll_pwait2, ep, &event, 1, &bad, NULL, 0), EINVAL);
    CHECK_ERR("bad address of a time", syscall(SYS_epoll_pwait2, ep, &event, 1, 8, NULL, 0), EFAULT);

    pthread_t threads[3];
    void *result;
    pthread_create(&threads[0], NULL, wait_one, (void *)-1);
    raise_event(fd);
    pthread_join(threads[0], &result);
    CHECK_EQ("woken", (intptr_t)result, 1);
    clear_event(fd);

    // Each of three events wakes somebody, and all three come to an end.
    control(ep, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLET);
    int others[2] = { event_file(), event_file() };
    add(ep, others[0], EPOLLIN | EPOLLET), add(ep, others[1], EPOLLIN | EPOLLET);
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, wait_one, (void *)-1);
    raise_event(fd), raise_event(others[0]), raise_event(others[1]);
    int sum = 0;
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], &result);
        sum += (intptr_t)result;
    }
    CHECK_EQ("three edges for three threads", sum, 3);

    // Added while somebody waits.
    close(others[0]);
    pthread_create(&threads[0], NULL, wait_one, (void *)-1);
    others[0] = eventfd(1, 0);
    add(ep, others[0], EPOLLIN);
    pthread_join(threads[0], &result);
    CHECK_EQ("added while one waits", (intptr_t)result, 1);
    control(ep, EPOLL_CTL_MOD, others[0], 0);
    pthread_create(&threads[0], NULL, wait_one, (void *)-1);
    control(ep, EPOLL_CTL_MOD, others[0], EPOLLIN);
    pthread_join(threads[0], &result);
    CHECK_EQ("changed while one waits", (intptr_t)result, 1);
    close(others[0]), close(others[1]), close(ep), close(fd);

    int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    ep = set();
    add(ep, timer, EPOLLIN);
    struct itimerspec soon = { { 0, 0 }, { 0, 3000000 } };
    timerfd_settime(timer, 0, &soon, NULL);
    CHECK_EQ("a timer's interrupt wakes", epoll_wait(ep, &event, 1, -1), 1);
    close(timer), close(ep);
}

static volatile sig_atomic_t handled;
static void handle(int signal) { handled = signal; }

static void masks(void)
{
    struct epoll_event event;
    sigset_t blocked, none, old;
    sigemptyset(&none), sigemptyset(&blocked), sigaddset(&blocked, SIGUSR1);
    struct sigaction action = { .sa_handler = handle, .sa_flags = SA_RESTART };
    sigaction(SIGUSR1, &action, NULL);
    sigprocmask(SIG_BLOCK, &blocked, &old);
    int ep = set();
    raise(SIGUSR1);
    CHECK_EQ("blocked: not interrupted", epoll_wait(ep, &event, 1, 1), 0);
    CHECK_ERR("the mask lets it in", epoll_pwait(ep, &event, 1, -1, &none), EINTR);
    CHECK_EQ("handled", handled, SIGUSR1);
    sigset_t now;
    sigprocmask(SIG_BLOCK, NULL, &now);
    CHECK_EQ("the old mask is back", sigismember(&now, SIGUSR1), 1);
    handled = 0;
    raise(SIGUSR1);
    int fd = eventfd(1, 0);
    add(ep, fd, EPOLLIN);
    CHECK_EQ("ready: no signal is taken", epoll_pwait(ep, &event, 1, -1, &none), 1);
    CHECK_EQ("not handled", handled, 0);
    sigprocmask(SIG_BLOCK, NULL, &now);
    CHECK_EQ("and the old mask is back", sigismember(&now, SIGUSR1), 1);
    sigprocmask(SIG_SETMASK, &old, NULL);
    CHECK_EQ("handled when unblocked", handled, SIGUSR1);
    CHECK_ERR("bad size of a mask", syscall(SYS_epoll_pwait, ep, &event, 1, 0, &none, 4), EINVAL);
    CHECK_ERR("bad address of a mask", syscall(SYS_epoll_pwait, ep, &event, 1, 0, 8, 8), EFAULT);
    close(fd);

    // SA_RESTART does not restart it; nor does a stop that no handler sees.
    pid_t parent = getpid(), child = check_fork();
    if (child == 0) {
        check_await_state(parent, 'S');
        kill(parent, SIGUSR1);
        _exit(0);
    }
    CHECK_ERR("interrupted despite SA_RESTART", epoll_wait(ep, &event, 1, -1), EINTR);
    waitpid(child, NULL, 0);
    child = check_fork();
    if (child == 0)
        _exit(epoll_wait(ep, &event, 1, -1) < 0 ? errno : 0);
    int status;
    check_await_state(child, 'S');
    kill(child, SIGSTOP);
    waitpid(child, &status, WUNTRACED);
    kill(child, SIGCONT);
    waitpid(child, &status, 0);
    CHECK_EQ("interrupted by stop and continue", status, EXITED(EINTR));
    close(ep);
}

static void exclusive(void)
{
    int first = set(), second = set(), fd = event_file();
    CHECK_OK("exclusive", add(first, fd, EPOLLIN | EPOLLEXCLUSIVE));
    CHECK_ERR("cannot be changed", control(first, EPOLL_CTL_MOD, fd, EPOLLIN), EINVAL);
    CHECK_ERR("nor made by a change", control(first, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLEXCLUSIVE), EINVAL);
    CHECK_ERR("not with one-shot", add(second, fd, EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT), EINVAL);
    CHECK_ERR("not with urgent", add(second, fd, EPOLLPRI | EPOLLEXCLUSIVE), EINVAL);
    CHECK_ERR("not with half a hang-up", add(second, fd, EPOLLRDHUP | EPOLLEXCLUSIVE), EINVAL);
    CHECK_OK("with edges", add(second, fd, EPOLLIN | EPOLLOUT | EPOLLET | EPOLLWAKEUP | EPOLLEXCLUSIVE));
    raise_event(fd);
    CHECK_EQ("the first sees it", ready(first), EPOLLIN);
    CHECK_EQ("the second sees it, nobody waits", ready(second), EPOLLIN | EPOLLOUT);
    clear_event(fd);
    CHECK_OK("deleted", epoll_ctl(first, EPOLL_CTL_DEL, fd, NULL));
    close(first), close(second), close(fd);

    // One thread waits in each of two sets: one event, and each of the two ends with its event; then both are empty.
    shared_set = set();
    fd = eventfd(0, EFD_NONBLOCK | EFD_SEMAPHORE);
    add(shared_set, fd, EPOLLIN | EPOLLEXCLUSIVE);
    pthread_t thread;
    void *result;
    pthread_create(&thread, NULL, wait_one, (void *)-1);
    raise_event(fd);
    pthread_join(thread, &result);
    CHECK_EQ("an exclusive item wakes its waiter", (intptr_t)result, 1);
    close(shared_set), close(fd);
}

static void shown(void)
{
    int ep = set(), fd = event_file(), pipes[2];
    if (pipe(pipes))
        return;
    struct epoll_event event = { EPOLLIN | EPOLLET, { .u64 = 0xfeedbeef12345678 } };
    epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
    struct stat status;
    fstat(fd, &status);
    char path[64], text[2048] = "", expected[200];
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", ep);
    int file = open(path, O_RDONLY);
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    text[length < 0 ? 0 : length] = 0;
    char *line = strstr(text, "tfd:");
    if (line)
        line[strcspn(line, "\n")] = 0;
    snprintf(expected, sizeof expected, "tfd: %8d events: 80000019 data: feedbeef12345678  pos:0 ino:%lx sdev:%x", fd,
        (unsigned long)status.st_ino, (unsigned)status.st_dev);
    CHECK_STR("fdinfo", line, expected);
    close(ep), close(fd), close(pipes[0]), close(pipes[1]);
}

static void wakeup_flag(void)
{
    int ep = set(), fd = eventfd(1, 0);
    CHECK_OK("EPOLLWAKEUP is taken", add(ep, fd, EPOLLIN | EPOLLWAKEUP));
    CHECK_EQ("and tells no bit of its own", ready(ep), EPOLLIN);
    close(ep), close(fd);
}

static int set_limit(long value)
{
    char text[32];
    int file = open("/proc/sys/fs/epoll/max_user_watches", O_WRONLY);
    int length = snprintf(text, sizeof text, "%ld\n", value), done = write(file, text, length);
    close(file);
    return done == length ? 0 : -1;
}

static int watch_two(void)
{
    if (setgid(4711) || setuid(4711))
        return 100;
    int ep = set(), fds[3] = { event_file(), event_file(), event_file() };
    int result = add(ep, fds[0], EPOLLIN) == 0 && add(ep, fds[1], EPOLLIN) == 0 ? 0 : 1;
    if (add(ep, fds[2], EPOLLIN) != -1 || errno != ENOSPC)
        result |= 2;
    epoll_ctl(ep, EPOLL_CTL_DEL, fds[0], NULL);
    if (add(ep, fds[2], EPOLLIN))
        result |= 4;
    close(fds[1]);
    if (add(ep, fds[0], EPOLLIN))
        result |= 8;
    return result;
}

static void limits(void)
{
    char text[32] = "";
    int file = open("/proc/sys/fs/epoll/max_user_watches", O_RDONLY);
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    long old = atol(text);
    CHECK("a limit is shown", length > 1 && old > 100);
    if (geteuid() || set_limit(2)) {
        check_skip("limit of a user", "must be root");
        return;
    }
    CHECK_EQ("a user's limit, and what gives back", check_status(watch_two), EXITED(0));
    set_limit(old);
}

static void many(void)
{
    enum { COUNT = 900 };
    static int fds[COUNT];
    static struct epoll_event events[COUNT];
    int ep = set(), count = 0;
    while (count < COUNT && (fds[count] = event_file()) >= 0 && add(ep, fds[count], EPOLLIN) == 0)
        count++;
    CHECK_EQ("many descriptors", count, COUNT);
    raise_event(fds[COUNT / 2]);
    CHECK_EQ("one of many", epoll_wait(ep, events, COUNT, -1), 1);
    CHECK_EQ("the right one", (int)events[0].data.u64 == fds[COUNT / 2], 1);
    for (int i = 0; i < count; i++)
        if (i != COUNT / 2)
            raise_event(fds[i]);
    CHECK_EQ("all of many", epoll_wait(ep, events, COUNT, -1), COUNT);
    for (int i = 0; i < count; i++)
        close(fds[i]);
    CHECK_EQ("all closed", epoll_wait(ep, events, COUNT, 0), 0);
    close(ep);
}

int main(void)
{
    check_begin(50);
    check_scratch();
    creation();
    errors();
    triggers();
    pipes();
    descriptors();
    fairness();
    nesting();
    waiting();
    masks();
    exclusive();
    shown();
    wakeup_flag();
    limits();
    many();
    return check_end();
}
