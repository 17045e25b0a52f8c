// poll, ppoll, select and pselect on pipes: what each reports and counts, time-outs, waking, end of file and error, closed and
// negative descriptors, and that the signal mask is changed for the wait and nothing else.
// cpus: 1 2
#include "check.h"
#include <poll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/time.h>

static int ends[2];
static char buffer[65536];

static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000ll + time.tv_nsec;
}

// Polls one descriptor without waiting; gives its revents, or -1 if the count does not fit them.
static int events(int fd, short wanted)
{
    struct pollfd entry = { fd, wanted, 0x7777 };
    int count = poll(&entry, 1, 0);
    return count == (entry.revents != 0) ? entry.revents : -1;
}

static void what_it_reports(void)
{
    pipe(ends);
    CHECK_EQ("poll: an empty pipe to read", events(ends[0], POLLIN), 0);
    CHECK_EQ("poll: an empty pipe to write", events(ends[1], POLLOUT), POLLOUT);
    CHECK_EQ("poll: what was not asked", events(ends[1], POLLIN), 0);
    if (write(ends[1], "x", 1) != 1)
        return;
    CHECK_EQ("poll: data", events(ends[0], POLLIN | POLLRDNORM), POLLIN | POLLRDNORM);
    CHECK_EQ("poll: nothing asked, nothing said", events(ends[0], 0), 0);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    while (write(ends[1], buffer, 4096) > 0) { }
    while (write(ends[1], buffer, 1) > 0) { }
    CHECK_EQ("poll: a full pipe", events(ends[1], POLLOUT), 0);
    close(ends[1]);
    CHECK_EQ("poll: POLLHUP with data left", events(ends[0], POLLIN), POLLIN | POLLHUP);
    CHECK_EQ("poll: POLLHUP unasked", events(ends[0], 0), POLLHUP);
    close(ends[0]);
    CHECK_EQ("poll: closed", events(ends[0], POLLIN), POLLNVAL);
    CHECK_EQ("poll: negative is passed over", events(-1, POLLIN), 0);
    pipe(ends);
    close(ends[0]);
    CHECK_EQ("poll: POLLERR without a reader", events(ends[1], POLLOUT), POLLOUT | POLLERR);
    close(ends[1]);
    int file = open("/proc/self/exe", O_RDONLY);
    CHECK_EQ("poll: a file is always ready", events(file, POLLIN | POLLOUT), POLLIN | POLLOUT);
    close(file);

    pipe(ends);
    if (write(ends[1], "x", 1) != 1)
        return;
    struct pollfd entries[4] = { { ends[0], POLLIN, 0 }, { -5, POLLIN, 0 }, { ends[1], POLLOUT, 0 }, { 999, POLLIN, 0 } };
    CHECK_EQ("poll: counts the entries that report", poll(entries, 4, -1), 3);
    CHECK("poll: each its own", entries[0].revents == POLLIN && entries[1].revents == 0 && entries[2].revents == POLLOUT && entries[3].revents == POLLNVAL);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    CHECK_ERR("poll: more entries than files may be open", syscall(SYS_poll, entries, limit.rlim_cur + 1, 0), EINVAL);
    close(ends[0]), close(ends[1]);
}

static void time_outs(void)
{
    struct pollfd entry;
    pipe(ends);
    entry = (struct pollfd){ ends[0], POLLIN, 0 };
    long long start = now();
    CHECK_EQ("poll: 30 ms", poll(&entry, 1, 30), 0);
    CHECK("poll: not less", now() - start >= 30000000);
    start = now();
    CHECK_EQ("poll: of nothing sleeps", poll(NULL, 0, 20), 0);
    CHECK("poll: not less either", now() - start >= 20000000);
    start = now();
    CHECK_EQ("ppoll: 20 ms", ppoll(&entry, 1, &(struct timespec){ 0, 20000000 }, NULL), 0);
    CHECK("ppoll: not less", now() - start >= 20000000);
    CHECK_ERR("ppoll: 10^9 ns", syscall(SYS_ppoll, &entry, 1, &(struct timespec){ 0, 1000000000 }, NULL, 8), EINVAL);
    fd_set set;
    FD_ZERO(&set);
    FD_SET(ends[0], &set);
    struct timeval time = { 0, 20000 };
    start = now();
    CHECK_EQ("select: 20 ms", select(ends[0] + 1, &set, NULL, NULL, &time), 0);
    CHECK("select: not less", now() - start >= 20000000);
    CHECK("select: the set is empty after a time-out", !FD_ISSET(ends[0], &set));
    close(ends[0]), close(ends[1]);
}

static void with_select(void)
{
    int more[2];
    fd_set in, out, error;
    pipe(ends), pipe(more);
    if (write(ends[1], "x", 1) != 1)
        return;
    FD_ZERO(&in); FD_ZERO(&out); FD_ZERO(&error);
    FD_SET(ends[0], &in), FD_SET(more[0], &in), FD_SET(more[1], &out), FD_SET(more[1], &error);
    CHECK_EQ("select: counts the bits", select(more[1] + 1, &in, &out, &error, NULL), 2);
    CHECK("select: each set", FD_ISSET(ends[0], &in) && !FD_ISSET(more[0], &in) && FD_ISSET(more[1], &out) && !FD_ISSET(more[1], &error));
    FD_ZERO(&in); FD_SET(more[0], &in); FD_SET(more[0], &out);
    close(more[1]);
    CHECK_EQ("select: end of file is readable", select(more[0] + 1, &in, NULL, NULL, NULL), 1);
    close(more[0]);
    FD_ZERO(&in); FD_SET(more[0], &in);
    struct timeval none = { 0, 0 };
    CHECK_ERR("select: a closed one", select(more[0] + 1, &in, NULL, NULL, &none), EBADF);
    CHECK_ERR("select: a negative count", syscall(SYS_select, -1, NULL, NULL, NULL, &none), EINVAL);
    CHECK_ERR("select: a negative time", syscall(SYS_select, 0, NULL, NULL, NULL, &(struct timeval){ -1, 0 }), EINVAL);
    FD_ZERO(&in); FD_SET(ends[0], &in);
    CHECK_EQ("select: only up to the count", select(ends[0], &in, NULL, NULL, &none), 0);
    close(ends[0]), close(ends[1]);
}

// A poller that sleeps is woken by each of: data, room, end of file, the last reader's leaving.
static void wake_ups(void)
{
    static const struct { const char *name; int end; short wanted, expected; } cases[] = {
        { "data", 0, POLLIN, POLLIN }, { "end of file", 0, POLLIN, POLLHUP }, { "room", 1, POLLOUT, POLLOUT }, { "no reader", 1, POLLOUT, POLLERR },
    };
    for (int i = 0; i < 4; i++) {
        pipe(ends);
        if (cases[i].end == 1 && write(ends[1], buffer, sizeof buffer) != (ssize_t)sizeof buffer)
            return;
        pid_t child = check_fork();
        if (child == 0) {
            close(ends[!cases[i].end]);
            struct pollfd entry = { ends[cases[i].end], cases[i].wanted, 0 };
            _exit(poll(&entry, 1, -1) == 1 && entry.revents == cases[i].expected ? 0 : entry.revents | 0x80);
        }
        check_await_state(child, 'S');
        int status, done = 1;
        switch (i) {
            case 0: done = write(ends[1], "x", 1) == 1; break;
            case 2: done = read(ends[0], buffer, sizeof buffer) > 0; break;
            default: close(ends[0]), close(ends[1]);
        }
        waitpid(child, &status, 0);
        CHECK_EQ(check_name("woken by %s", cases[i].name), done ? status : -1, 0);
        close(ends[0]), close(ends[1]);
    }
}

// Three pollers of one pipe: all are woken by one byte.
static void all_pollers(void)
{
    pid_t pollers[3];
    int status, right = 0;
    pipe(ends);
    for (int i = 0; i < 3; i++)
        if ((pollers[i] = check_fork()) == 0) {
            struct pollfd entry = { ends[0], POLLIN, 0 };
            _exit(poll(&entry, 1, -1) != 1);
        }
    for (int i = 0; i < 3; i++)
        check_await_state(pollers[i], 'S');
    if (write(ends[1], "x", 1) != 1)
        return;
    for (int i = 0; i < 3; i++)
        right += waitpid(pollers[i], &status, 0) > 0 && status == 0;
    CHECK_EQ("all pollers are woken", right, 3);
    close(ends[0]), close(ends[1]);
}

static volatile int caught;
static void count_signal(int signal) { (void)signal; caught++; }

static void signals(void)
{
    struct sigaction action = { .sa_handler = count_signal, .sa_flags = SA_RESTART };
    sigaction(SIGUSR1, &action, NULL);
    sigset_t set, none, now_set;
    sigemptyset(&none);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    pipe(ends);
    struct pollfd entry = { ends[0], POLLIN, 0 };

    // The signal is pending before: the mask lets it in exactly during the wait.
    raise(SIGUSR1);
    CHECK_ERR("ppoll: a pending signal ends it, SA_RESTART or not", ppoll(&entry, 1, NULL, &none), EINTR);
    CHECK_EQ("ppoll: the handler ran", caught, 1);
    sigprocmask(SIG_SETMASK, NULL, &now_set);
    CHECK_EQ("ppoll: the mask is back", sigismember(&now_set, SIGUSR1), 1);
    raise(SIGUSR1);
    fd_set in;
    FD_ZERO(&in);
    FD_SET(ends[0], &in);
    CHECK_ERR("pselect: a pending signal ends it", pselect(ends[0] + 1, &in, NULL, NULL, NULL, &none), EINTR);
    CHECK_EQ("pselect: the handler ran", caught, 2);
    raise(SIGUSR1);
    CHECK_EQ("ppoll: with the signal blocked, the time-out", ppoll(&entry, 1, &(struct timespec){ 0, 1000000 }, &set), 0);
    CHECK_EQ("ppoll: still pending", caught, 2);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    CHECK_EQ("ppoll: delivered afterwards", caught, 3);

    pid_t parent = getpid(), child = check_fork();
    if (child == 0) {
        check_await_state(parent, 'S');
        _exit(kill(parent, SIGUSR1));
    }
    CHECK_ERR("poll: interrupted", poll(&entry, 1, -1), EINTR);
    waitpid(child, NULL, 0);
    CHECK_ERR("ppoll: wrong size of the set", syscall(SYS_ppoll, &entry, 1, NULL, &none, 5), EINVAL);
    close(ends[0]), close(ends[1]);
}

int main(void)
{
    check_begin(50);
    signal(SIGPIPE, SIG_IGN);
    what_it_reports();
    time_outs();
    with_select();
    wake_ups();
    all_pollers();
    signals();
    return check_end();
}
