// The real-time clock is set while timers and sleepers wait on it: absolute ones follow, relative ones do not, and a timer's file that asked
// for it is cancelled. Also the time zone, and sleeping on another process's CPU time. Sets the clock: only with the word `jump`.
// test: quiet
#include "check.h"
#include <poll.h>
#include <sched.h>
#include <sys/timerfd.h>
#include <sys/time.h>

#define MS 1000000ll
#define HOUR 3600000000000ll

static long long now(clockid_t clock)
{
    struct timespec time;
    return clock_gettime(clock, &time) ? -1 : time.tv_sec * 1000000000ll + time.tv_nsec;
}

static struct timespec from_ns(long long ns) { return (struct timespec){ ns / 1000000000, ns % 1000000000 }; }
static int jump(long long ns) { return clock_settime(CLOCK_REALTIME, &(struct timespec){ from_ns(now(CLOCK_REALTIME) + ns).tv_sec, 0 }); }

static void sleepers(void)
{
    int status;
    pid_t child = check_fork();
    if (child == 0) {
        struct timespec until = from_ns(now(CLOCK_REALTIME) + HOUR);
        _exit(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL));
    }
    check_await_state(child, 'S');
    CHECK_OK("the clock is set two hours on", jump(2 * HOUR));
    waitpid(child, &status, 0);
    CHECK_EQ("an absolute sleep of one hour is over", status, 0);
    child = check_fork();
    if (child == 0) {
        struct timespec length = from_ns(HOUR);
        _exit(clock_nanosleep(CLOCK_REALTIME, 0, &length, NULL) ? 1 : 2);
    }
    check_await_state(child, 'S');
    jump(2 * HOUR);
    kill(child, SIGSTOP); // had it been woken, it would have ended
    waitpid(child, &status, WUNTRACED);
    CHECK("a relative one goes on", WIFSTOPPED(status));
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
}

static void files(void)
{
    int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK), plain = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
    unsigned long long count;
    struct itimerspec far = { { 0, 0 }, from_ns(now(CLOCK_REALTIME) + 100 * HOUR) };
    timerfd_settime(fd, TFD_TIMER_ABSTIME | 2, &far, NULL);
    timerfd_settime(plain, TFD_TIMER_ABSTIME, &far, NULL);
    CHECK_ERR("cancel on set: not yet", read(fd, &count, 8), EAGAIN);
    jump(HOUR);
    CHECK_ERR("cancel on set: the clock was set", read(fd, &count, 8), ECANCELED);
    CHECK_ERR("cancel on set: told once", read(fd, &count, 8), EAGAIN);
    CHECK_ERR("without it: nothing", read(plain, &count, 8), EAGAIN);
    jump(HOUR);
    CHECK_ERR("cancel on set: setting it anew says so, too", timerfd_settime(fd, TFD_TIMER_ABSTIME | 2, &far, NULL), ECANCELED);
    CHECK_ERR("cancel on set: and then it is set", read(fd, &count, 8), EAGAIN);
    jump(200 * HOUR);
    struct pollfd over = { plain, POLLIN, 0 }; // the alarm, due at once, may ring a moment later
    CHECK_EQ("an absolute timer rings", poll(&over, 1, 20000), 1);
    CHECK_EQ("an absolute timer follows the clock", read(plain, &count, 8) == 8 ? (long)count : -errno, 1);
    close(fd);
    close(plain);
}

static void cpu_time(void)
{
    clockid_t clock;
    pid_t child = check_fork();
    if (child == 0)
        for (;;) { }
    CHECK_EQ("CPU time: the child's clock", clock_getcpuclockid(child, &clock), 0);
    long long start = now(clock);
    struct timespec length = from_ns(20 * MS);
    CHECK_EQ("CPU time: a sleep on it", clock_nanosleep(clock, 0, &length, NULL), 0);
    CHECK("CPU time: not early", now(clock) - start >= 20 * MS);
    struct timespec until = from_ns(now(clock) + 20 * MS);
    CHECK_EQ("CPU time: until a moment of it", clock_nanosleep(clock, TIMER_ABSTIME, &until, NULL), 0);
    CHECK("CPU time: not before", now(clock) >= until.tv_sec * 1000000000ll + until.tv_nsec);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

int main(int argc, char **argv)
{
    check_begin(50);
    cpu_time();
    if (argc > 1 && !strcmp(argv[1], "jump")) {
        struct timezone zone = { -60, 0 }, got;
        sleepers();
        files();
        CHECK_OK("the time zone with a time", syscall(SYS_settimeofday, &(struct timeval){ now(CLOCK_REALTIME) / 1000000000, 0 }, &zone));
        CHECK("is kept", syscall(SYS_gettimeofday, NULL, &got) == 0 && got.tz_minuteswest == -60);
        CHECK_ERR("a zone that is none", syscall(SYS_settimeofday, NULL, &(struct timezone){ 901, 0 }), EINVAL);
    }
    return check_end();
}
