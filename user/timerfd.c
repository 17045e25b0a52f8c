// Timers that are files: counts, blocking and not, poll and select, periods gone by, what is left, bad use, /proc, closing while a timer
// runs and while somebody waits, readers that share one. Nothing is ever early; upper bounds are not checked.
// cpus: 1 2 4
#include "check.h"
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/timerfd.h>

#ifndef TFD_TIMER_CANCEL_ON_SET
#define TFD_TIMER_CANCEL_ON_SET (1 << 1)
#endif
#define MS 1000000ll

static long long now(clockid_t clock)
{
    struct timespec time;
    return clock_gettime(clock, &time) ? -1 : time.tv_sec * 1000000000ll + time.tv_nsec;
}

static struct timespec from_ns(long long ns) { return (struct timespec){ ns / 1000000000, ns % 1000000000 }; }
static long long to_ns(struct timespec time) { return time.tv_sec * 1000000000ll + time.tv_nsec; }

static int arm(int fd, int flags, long long value, long long interval)
{
    struct itimerspec spec = { from_ns(interval), from_ns(value) };
    return timerfd_settime(fd, flags, &spec, NULL);
}

static struct itimerspec left(int fd)
{
    struct itimerspec spec = { { -1, -1 }, { -1, -1 } };
    timerfd_gettime(fd, &spec);
    return spec;
}

// The count, or minus the error.
static long long take(int fd)
{
    uint64_t count = 0;
    ssize_t length;
    while ((length = read(fd, &count, sizeof count)) < 0 && errno == EINTR) { }
    return length == sizeof count ? (long long)count : length < 0 ? -errno : -1000;
}

static void reading(void)
{
    static const struct { const char *name; clockid_t clock; } clocks[] = {
        { "REALTIME", CLOCK_REALTIME }, { "MONOTONIC", CLOCK_MONOTONIC }, { "BOOTTIME", CLOCK_BOOTTIME } };
    for (int i = 0; i < 3; i++) {
        int fd = timerfd_create(clocks[i].clock, 0);
        if (!CHECK_OK(check_name("%s: created", clocks[i].name), fd))
            continue;
        CHECK(check_name("%s: begins disarmed", clocks[i].name), to_ns(left(fd).it_value) == 0);
        long long start = now(clocks[i].clock);
        arm(fd, 0, 5 * MS, 0);
        CHECK_EQ(check_name("%s: one expiration", clocks[i].name), take(fd), 1);
        CHECK(check_name("%s: not early", clocks[i].name), now(clocks[i].clock) - start >= 5 * MS);
        CHECK(check_name("%s: then disarmed", clocks[i].name), to_ns(left(fd).it_value) == 0);
        long long until = now(clocks[i].clock) + 5 * MS;
        arm(fd, TFD_TIMER_ABSTIME, until, 0);
        CHECK_EQ(check_name("%s: absolute", clocks[i].name), take(fd), 1);
        CHECK(check_name("%s: absolute, not early", clocks[i].name), now(clocks[i].clock) >= until);
        arm(fd, TFD_TIMER_ABSTIME, 1, 0);
        CHECK_EQ(check_name("%s: a moment long past", clocks[i].name), take(fd), 1);
        close(fd);
    }
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    uint64_t words[2] = { 1, 2 };
    CHECK_EQ("flags: close on exec", fcntl(fd, F_GETFD), FD_CLOEXEC);
    CHECK_EQ("flags: not blocking", fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    CHECK_ERR("nothing to count: EAGAIN", read(fd, words, 8), EAGAIN);
    CHECK_ERR("short buffer: EINVAL", read(fd, words, 7), EINVAL);
    arm(fd, 0, 1, 0);
    struct pollfd polled = { fd, POLLIN, 0 };
    CHECK_EQ("poll: waits until there is", poll(&polled, 1, -1), 1);
    CHECK_EQ("poll: readable", polled.revents, POLLIN);
    CHECK_ERR("a short buffer takes nothing", read(fd, words, 7), EINVAL);
    CHECK_ERR("nor does a bad one give it back", read(fd, (void *)8, 8), EFAULT);
    arm(fd, 0, 1, 0);
    poll(&polled, 1, -1);
    CHECK_EQ("a long buffer gets eight bytes", read(fd, words, sizeof words), 8);
    CHECK("and no more", words[0] == 1 && words[1] == 2);
    CHECK_EQ("poll: nothing any more", poll(&polled, 1, 0), 0);
    CHECK_ERR("cannot be written", write(fd, words, 8), EINVAL);
    CHECK_ERR("has no other ioctl", ioctl(fd, 0x5401, words), ENOTTY);

    // Periods gone by are all counted, those before a settime not.
    const long long period = 300000;
    long long start = now(CLOCK_MONOTONIC), total = 0, early = 0;
    arm(fd, TFD_TIMER_ABSTIME, start + period, period);
    for (int i = 0; i < 50; i++) {
        if (i % 5 == 0)
            while (now(CLOCK_MONOTONIC) < start + (total + 4) * period) { }
        poll(&polled, 1, -1);
        total += take(fd);
        early += now(CLOCK_MONOTONIC) < start + total * period;
    }
    CHECK_EQ("periods: no more than have gone by", early, 0);
    while (now(CLOCK_MONOTONIC) < start + (total + 20) * period) { }
    poll(&polled, 1, -1); // the timer's interrupt may be late; once it has come, all is counted
    long long count = take(fd);
    CHECK("periods: all that have gone by", count >= 20 && start + (total + count) * period <= now(CLOCK_MONOTONIC));
    CHECK("periods: what is left of the next", to_ns(left(fd).it_value) > 0 && to_ns(left(fd).it_value) <= period && to_ns(left(fd).it_interval) == period);
    while (now(CLOCK_MONOTONIC) < start + (total + count + 3) * period) { }
    poll(&polled, 1, -1);
    CHECK("periods: asking for the time left", to_ns(left(fd).it_value) > 0 && to_ns(left(fd).it_value) <= period);
    // Asking may have started the timer again while its next interrupt is late: one more expiry, and all that have gone by are counted.
    long long gone = (now(CLOCK_MONOTONIC) - start) / period, after = take(fd);
    poll(&polled, 1, -1);
    after += take(fd);
    CHECK("periods: does not take the count", total + count + after >= gone);
    struct itimerspec old, spec = { { 3, 4 }, { 100, 0 } };
    CHECK_OK("settime gives the old one", timerfd_settime(fd, 0, &spec, &old));
    CHECK("which was", to_ns(old.it_interval) == period && to_ns(old.it_value) > 0 && to_ns(old.it_value) <= period);
    CHECK_EQ("settime forgets the count", take(fd), -EAGAIN);
    spec = (struct itimerspec){ { 0x7fffffffffffffffll, 0 }, { 0x7fffffffffffffffll, 999999999 } };
    CHECK_OK("seconds near 2^63", timerfd_settime(fd, 0, &spec, NULL));
    CHECK_OK("absolute, too", timerfd_settime(fd, TFD_TIMER_ABSTIME, &spec, NULL));
    CHECK_EQ("are not over", take(fd), -EAGAIN);
    arm(fd, 0, 1, 0x7fffffffffffffffll);
    poll(&polled, 1, -1);
    CHECK_EQ("the longest interval: once", take(fd), 1);
    CHECK_EQ("the longest interval: not twice", take(fd), -EAGAIN);
    arm(fd, 0, 0, 5);
    CHECK_EQ("zero disarms, whatever the interval", take(fd), -EAGAIN);
    close(fd);
}

static volatile int caught;
static void count_signal(int signal) { (void)signal; caught++; }

static void waiting(void)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, 0);
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fd, &set);
    long long start = now(CLOCK_MONOTONIC);
    arm(fd, 0, 5 * MS, 0);
    CHECK_EQ("select: one is readable", select(fd + 1, &set, NULL, NULL, NULL), 1);
    CHECK("select: not early", FD_ISSET(fd, &set) && now(CLOCK_MONOTONIC) - start >= 5 * MS);
    struct pollfd polled = { fd, POLLIN | POLLOUT, 0 };
    CHECK_EQ("poll: stays readable", poll(&polled, 1, -1), 1);
    CHECK_EQ("poll: never writable", polled.revents, POLLIN);
    take(fd);
    arm(fd, 0, 1000000 * MS, 0);
    CHECK_EQ("poll: its own time-out", poll(&polled, 1, 1), 0);

    // A blocked read is interrupted by a handler, or goes on after it.
    uint64_t count = 0;
    pid_t parent = getpid();
    for (int restart = 0; restart < 2; restart++) {
        struct sigaction action = { .sa_handler = count_signal, .sa_flags = restart ? SA_RESTART : 0 };
        sigaction(SIGUSR1, &action, NULL);
        caught = 0;
        pid_t child = check_fork();
        if (child == 0) {
            check_await_state(parent, 'S');
            kill(parent, SIGUSR1);
            if (restart)
                while (arm(fd, 0, 1, 0)) { }
            _exit(0);
        }
        if (restart)
            CHECK_EQ("blocked read: goes on after a handler with SA_RESTART", read(fd, &count, 8), 8);
        else
            CHECK_ERR("blocked read: EINTR without", read(fd, &count, 8), EINTR);
        waitpid(child, NULL, 0);
        CHECK_EQ(check_name("blocked read: the handler ran, %d", restart), caught, 1);
    }

    // A stop and a continuation do not end it.
    pid_t child = check_fork();
    if (child == 0)
        _exit(take(fd) == 1 ? 0 : 1);
    check_await_state(child, 'S');
    int status;
    kill(child, SIGSTOP);
    waitpid(child, &status, WUNTRACED);
    kill(child, SIGCONT);
    check_await_state(child, 'S');
    arm(fd, 0, 1, 0);
    waitpid(child, &status, 0);
    CHECK_EQ("blocked read: a stop does not end it; the timer is shared with the child", status, 0);

    // Two descriptors of one timer; closing the last ends it while it runs.
    int second = dup(fd);
    arm(fd, 0, 1, 100000);
    close(fd);
    CHECK("dup: the timer is the same", take(second) >= 1);
    close(second);
    for (int i = 0; i < 200; i++) {
        fd = timerfd_create(CLOCK_MONOTONIC, 0);
        arm(fd, 0, 1 + i * 500, 1 + i * 100);
        close(fd);
    }
    check_pass("closed while they run");
}

static int shared_fd;
static long long taken[3];

static void *reader(void *argument)
{
    long long *mine = argument;
    for (int i = 0; i < 40; i++) {
        long long count = take(shared_fd);
        if (count > 0)
            *mine += count;
    }
    return NULL;
}

// Three readers of one timer: together they get every expiration, and none twice.
static void sharing(void)
{
    pthread_t threads[3];
    const long long period = 200000;
    shared_fd = timerfd_create(CLOCK_MONOTONIC, 0);
    long long start = now(CLOCK_MONOTONIC);
    arm(shared_fd, TFD_TIMER_ABSTIME, start + period, period);
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, reader, &taken[i]);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    long long total = taken[0] + taken[1] + taken[2];
    long long gone = (now(CLOCK_MONOTONIC) - start) / period;
    CHECK("shared: not more than have gone by", total >= 120 && total <= gone);
    poll(&(struct pollfd){ shared_fd, POLLIN, 0 }, 1, -1);
    long long rest = take(shared_fd);
    total += rest > 0 ? rest : 0;
    CHECK("shared: and none is lost", total >= gone);
    close(shared_fd);
}

static void bad(void)
{
    struct itimerspec spec = { { 0, 0 }, { 5, 0 } }, got;
    int fd = timerfd_create(CLOCK_MONOTONIC, 0), other = open("/dev/null", O_RDWR);
    CHECK_ERR("create: no such clock", timerfd_create(77, 0), EINVAL);
    CHECK_ERR("create: a clock without files", timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0), EINVAL);
    CHECK_ERR("create: CLOCK_TAI", timerfd_create(CLOCK_TAI, 0), EINVAL);
    CHECK_ERR("create: coarse", timerfd_create(CLOCK_MONOTONIC_COARSE, 0), EINVAL);
    CHECK_ERR("create: negative", timerfd_create(-1, 0), EINVAL);
    CHECK_ERR("create: flags", timerfd_create(CLOCK_MONOTONIC, 4), EINVAL);
    CHECK_ERR("settime: no file", timerfd_settime(-1, 0, &spec, NULL), EBADF);
    CHECK_ERR("settime: no timer", timerfd_settime(other, 0, &spec, NULL), EINVAL);
    CHECK_ERR("gettime: no file", timerfd_gettime(999, &got), EBADF);
    CHECK_ERR("gettime: no timer", timerfd_gettime(other, &got), EINVAL);
    CHECK_ERR("gettime: bad address", timerfd_gettime(fd, (void *)8), EFAULT);
    CHECK_OK("settime: good", timerfd_settime(fd, 0, &spec, NULL));
    CHECK_ERR("settime: bad address", timerfd_settime(fd, 0, (void *)8, NULL), EFAULT);
    CHECK_ERR("settime: flags", timerfd_settime(fd, 4, &spec, NULL), EINVAL);
    spec.it_value.tv_nsec = 1000000000;
    CHECK_ERR("settime: 10^9 ns", timerfd_settime(fd, 0, &spec, NULL), EINVAL);
    spec.it_value.tv_nsec = -1;
    CHECK_ERR("settime: negative ns", timerfd_settime(fd, 0, &spec, NULL), EINVAL);
    spec.it_value = (struct timespec){ -1, 0 };
    CHECK_ERR("settime: negative seconds", timerfd_settime(fd, 0, &spec, NULL), EINVAL);
    spec = (struct itimerspec){ { 0, 1000000000 }, { 1, 0 } };
    CHECK_ERR("settime: the interval, too", timerfd_settime(fd, 0, &spec, NULL), EINVAL);
    long long rest = to_ns(left(fd).it_value);
    CHECK("none of them changed it", rest > 0 && rest <= 5000 * MS && to_ns(left(fd).it_interval) == 0);
    if (getuid() == 0) {
        pid_t child = check_fork();
        if (child == 0) {
            if (setuid(NOBODY))
                _exit(9);
            _exit(timerfd_create(CLOCK_REALTIME_ALARM, 0) == -1 && errno == EPERM && timerfd_create(CLOCK_BOOTTIME_ALARM, 0) == -1 && errno == EPERM ? 0 : 1);
        }
        int status;
        waitpid(child, &status, 0);
        CHECK_EQ("create: alarm clocks need a privilege", status, 0);
    }
    close(fd);
    close(other);
}

static void shown(void)
{
    int fd = timerfd_create(CLOCK_REALTIME, 0);
    char path[64], text[512] = "";
    struct itimerspec spec = { { 7, 8 }, { 4000000000, 0 } };
    timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &spec, NULL);
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    int file = open(path, O_RDONLY);
    (void)!read(file, text, sizeof text - 1);
    close(file);
    CHECK("fdinfo: the clock", strstr(text, "clockid: 0\n") != NULL);
    CHECK("fdinfo: the count", strstr(text, "ticks: 0\n") != NULL);
    CHECK("fdinfo: flags", strstr(text, "settime flags: 03\n") != NULL);
    CHECK("fdinfo: interval", strstr(text, "it_interval: (7, 8)\n") != NULL);
    CHECK("fdinfo: value", strstr(text, "it_value: (") != NULL && !strstr(text, "it_value: (0, 0)"));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(path, text, sizeof text - 1);
    text[length > 0 ? length : 0] = 0;
    CHECK_STR("its name", text, "anon_inode:[timerfd]");
    CHECK_ERR("cannot be opened by it", open(path, O_RDWR), ENXIO);
    uint64_t ticks = 5;
    if (ioctl(fd, _IOW('T', 0, uint64_t), &ticks) == -1 && errno == ENOTTY)
        check_skip("TFD_IOC_SET_TICKS", "this kernel has none");
    else {
        CHECK_EQ("TFD_IOC_SET_TICKS: the count is set", take(fd), 5);
        ticks = 0;
        CHECK_ERR("TFD_IOC_SET_TICKS: not to zero", ioctl(fd, _IOW('T', 0, uint64_t), &ticks), EINVAL);
    }
    close(fd);
}

int main(void)
{
    check_begin(50);
    reading();
    waiting();
    sharing();
    bad();
    shown();
    return check_end();
}
