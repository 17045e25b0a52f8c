// Time: sleeps that are never too short, relative and absolute, interrupted ones and what remains of them, clocks that do not go
// back on any CPU and agree with each other, interval timers, and the process's own time. Upper bounds are not checked:
// a slow machine is not a wrong one.
// cpus: 1 2 4
#include "check.h"
#include <sched.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>

static long long now(clockid_t clock)
{
    struct timespec time;
    return clock_gettime(clock, &time) ? -1 : time.tv_sec * 1000000000ll + time.tv_nsec;
}

static struct timespec from_ns(long long ns)
{
    return (struct timespec){ ns / 1000000000, ns % 1000000000 };
}

static long raw_sleep(const struct timespec *time, struct timespec *left) { return syscall(SYS_nanosleep, time, left); }

static long raw_clock_sleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *left)
{
    return syscall(SYS_clock_nanosleep, clock, flags, time, left);
}

static void sleeps(void)
{
    static const long lengths[] = { 0, 1, 1000, 100000, 1000000, 5000000, 30000000 };
    for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct timespec time = from_ns(lengths[i]);
        long long start = now(CLOCK_MONOTONIC);
        long result = raw_sleep(&time, NULL);
        long long took = now(CLOCK_MONOTONIC) - start;
        CHECK(check_name("nanosleep: %ld ns, not less", lengths[i]), result == 0 && took >= lengths[i]);
    }
    CHECK_ERR("nanosleep: 10^9 ns", raw_sleep(&(struct timespec){ 0, 1000000000 }, NULL), EINVAL);
    CHECK_ERR("nanosleep: negative", raw_sleep(&(struct timespec){ -1, 0 }, NULL), EINVAL);

    long long until = now(CLOCK_MONOTONIC) + 20000000;
    struct timespec time = from_ns(until);
    CHECK_OK("clock_nanosleep: absolute", raw_clock_sleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL));
    CHECK("clock_nanosleep: not before", now(CLOCK_MONOTONIC) >= until);
    CHECK_OK("clock_nanosleep: long past", raw_clock_sleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &(struct timespec){ 0, 1 }, NULL));
    until = now(CLOCK_REALTIME) + 20000000;
    time = from_ns(until);
    CHECK_OK("clock_nanosleep: absolute on the real-time clock", raw_clock_sleep(CLOCK_REALTIME, TIMER_ABSTIME, &time, NULL));
    CHECK("clock_nanosleep: not before", now(CLOCK_REALTIME) >= until);
    CHECK_ERR("clock_nanosleep: no such clock", raw_clock_sleep(99, 0, &(struct timespec){ 0, 1 }, NULL), EINVAL);
    CHECK_ERR("clock_gettime: no such clock", syscall(SYS_clock_gettime, 99, &time), EINVAL);
}

static volatile int caught;
static void count_signal(int signal) { (void)signal; caught++; }

// A child interrupts the parent's sleep of a long time once it sleeps.
static pid_t interrupter(void)
{
    pid_t parent = getpid(), child = check_fork();
    if (child == 0) {
        check_await_state(parent, 'S');
        _exit(kill(parent, SIGUSR1));
    }
    return child;
}

static void interrupted(void)
{
    struct sigaction action = { .sa_handler = count_signal, .sa_flags = SA_RESTART };
    sigaction(SIGUSR1, &action, NULL);
    struct timespec time = { 1000, 0 }, left = { 0, 0 };
    pid_t child = interrupter();
    CHECK_ERR("interrupted: EINTR in spite of SA_RESTART", raw_sleep(&time, &left), EINTR);
    waitpid(child, NULL, 0);
    // A timer's slack may count as remaining, so that it may be a little more than was asked for.
    CHECK("interrupted: what remains", left.tv_sec >= 900 && left.tv_sec <= 1000 && left.tv_nsec >= 0 && left.tv_nsec < 1000000000);
    left = (struct timespec){ 1, 2 };
    time = from_ns(now(CLOCK_MONOTONIC) + 1000000000000ll);
    child = interrupter();
    CHECK_ERR("interrupted: an absolute one", raw_clock_sleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, &left), EINTR);
    waitpid(child, NULL, 0);
    CHECK("interrupted: an absolute one says no remainder", left.tv_sec == 1 && left.tv_nsec == 2);
    CHECK_EQ("interrupted: the handler ran", caught, 2);

    // Stopped and continued, a sleep goes on without a handler and still is not too short.
    struct gate gate = gate_make();
    child = check_fork();
    if (child == 0) {
        long long start = now(CLOCK_MONOTONIC);
        time = from_ns(100000000);
        gate_open(&gate);
        long result = raw_sleep(&time, NULL);
        _exit(result == 0 && now(CLOCK_MONOTONIC) - start >= 100000000 ? 0 : 1);
    }
    gate_wait(&gate);
    int status;
    kill(child, SIGSTOP);
    waitpid(child, &status, WUNTRACED);
    kill(child, SIGCONT);
    waitpid(child, &status, 0);
    CHECK_EQ("interrupted: a stop does not end the sleep", status, 0);
    gate_close(&gate);
}

static void clocks(void)
{
    static const clockid_t ids[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME,
        CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE };
    static const char *const names[] = { "REALTIME", "MONOTONIC", "PROCESS_CPUTIME", "THREAD_CPUTIME", "MONOTONIC_RAW", "BOOTTIME", "REALTIME_COARSE", "MONOTONIC_COARSE" };
    for (int i = 0; i < 8; i++) {
        long long last = now(ids[i]), back = 0;
        struct timespec resolution;
        for (int round = 0; round < 2000; round++) {
            long long next = now(ids[i]);
            back += next < last;
            last = next;
        }
        CHECK_EQ(check_name("clock %s: never back", names[i]), last < 0 ? -1 : back, 0);
        CHECK(check_name("clock %s: resolution", names[i]), clock_getres(ids[i], &resolution) == 0 && resolution.tv_sec == 0 && resolution.tv_nsec >= 1 && resolution.tv_nsec <= 20000000);
    }
    struct timeval day;
    long long before = now(CLOCK_REALTIME);
    syscall(SYS_gettimeofday, &day, NULL);
    long long after = now(CLOCK_REALTIME), middle = day.tv_sec * 1000000000ll + day.tv_usec * 1000ll;
    CHECK("gettimeofday agrees with the real-time clock", middle >= before - 1000 && middle <= after);
    long seconds = syscall(SYS_time, NULL);
    CHECK("time agrees, too", seconds >= before / 1000000000 - 1 && seconds <= now(CLOCK_REALTIME) / 1000000000);
    CHECK("the real-time clock is past the year 2020", before / 1000000000 > 1577836800);
}

// The monotonic clock read on one CPU after the other: each reading happens after the one before.
static void across_cpus(void)
{
    cpu_set_t all, one;
    CPU_ZERO(&all);
    if (sched_getaffinity(0, sizeof all, &all) || CPU_COUNT(&all) < 2) {
        check_skip("clock across CPUs", "one CPU");
        return;
    }
    int cpus[CPU_SETSIZE], count = 0;
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &all))
            cpus[count++] = i;
    long long last = 0, back = 0;
    for (int round = 0; round < 200; round++) {
        CPU_ZERO(&one);
        CPU_SET(cpus[round % count], &one);
        sched_setaffinity(0, sizeof one, &one);
        long long next = now(CLOCK_MONOTONIC);
        back += next < last;
        last = next;
    }
    sched_setaffinity(0, sizeof all, &all);
    CHECK_EQ("clock across CPUs: never back when moving", back, 0);

    // Two processes hand the latest reading to each other.
    volatile long long *shared = check_shared(4096);
    volatile int *turn = (volatile int *)(shared + 8), *wrong = turn + 1;
    pid_t child = check_fork();
    int self = child == 0;
    CPU_ZERO(&one);
    CPU_SET(cpus[self], &one);
    sched_setaffinity(0, sizeof one, &one);
    for (int round = 0; round < 300; round++) {
        while (__atomic_load_n(turn, __ATOMIC_ACQUIRE) != self)
            __builtin_ia32_pause();
        long long next = now(CLOCK_MONOTONIC);
        *wrong += next < *shared;
        *shared = next;
        __atomic_store_n(turn, !self, __ATOMIC_RELEASE);
    }
    if (self)
        _exit(0);
    waitpid(child, NULL, 0);
    sched_setaffinity(0, sizeof all, &all);
    CHECK_EQ("clock across CPUs: never back between processes", *wrong, 0);
}

static void timers(void)
{
    struct itimerval timer = { { 0, 0 }, { 0, 20000 } }, old;
    sigset_t alarms, none;
    sigemptyset(&none);
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    alarm(0);
    if (syscall(SYS_setitimer, ITIMER_REAL, &timer, NULL) == -1 && errno == ENOSYS) {
        check_skip("timers", "setitimer is not in this kernel");
        check_rearm();
        return;
    }
    setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 0 }, { 0, 0 } }, NULL);
    sigprocmask(SIG_BLOCK, &alarms, NULL);
    signal(SIGALRM, count_signal);
    caught = 0;
    long long start = now(CLOCK_MONOTONIC);
    CHECK_OK("setitimer: once", setitimer(ITIMER_REAL, &timer, NULL));
    sigsuspend(&none);
    CHECK("setitimer: SIGALRM, not before its time", caught == 1 && now(CLOCK_MONOTONIC) - start >= 20000000);
    timer.it_interval.tv_usec = timer.it_value.tv_usec = 5000;
    start = now(CLOCK_MONOTONIC);
    setitimer(ITIMER_REAL, &timer, NULL);
    for (int i = 0; i < 5; i++)
        sigsuspend(&none);
    CHECK("setitimer: again and again", caught == 6 && now(CLOCK_MONOTONIC) - start >= 25000000);
    getitimer(ITIMER_REAL, &old);
    CHECK("getitimer: the interval", old.it_interval.tv_usec == 5000 && old.it_value.tv_usec <= 5000);
    setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 0 }, { 500, 0 } }, &old);
    CHECK("setitimer: gives the old one", old.it_interval.tv_usec == 5000);
    CHECK("alarm: gives the seconds that were left", (start = alarm(700)) >= 400 && start <= 500);
    pid_t child = fork();
    if (child == 0)
        _exit(alarm(0) == 0 ? 0 : 1);
    int status;
    waitpid(child, &status, 0);
    CHECK_EQ("alarm: a child has none", status, 0);
    CHECK("alarm: 0 takes it back", alarm(0) >= 600 && alarm(0) == 0);
    CHECK_ERR("setitimer: no such timer", setitimer(9, &timer, NULL), EINVAL);
    timer.it_value.tv_usec = 1000000;
    CHECK_ERR("setitimer: 10^6 us", syscall(SYS_setitimer, ITIMER_REAL, &timer, NULL), EINVAL);
    struct timespec zero = { 0, 0 };
    sigtimedwait(&alarms, NULL, &zero);
    check_rearm();
    sigprocmask(SIG_UNBLOCK, &alarms, NULL);
}

static void own_time(void)
{
    // Busy until the process's own clock has gone on by 50 ms: the other accounts must say about the same.
    long long start = now(CLOCK_PROCESS_CPUTIME_ID), wall = now(CLOCK_MONOTONIC);
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    struct tms first, second;
    clock_t ticks = times(&first);
    while (now(CLOCK_PROCESS_CPUTIME_ID) - start < 50000000) { }
    getrusage(RUSAGE_SELF, &after);
    CHECK("own time: not more than has passed", now(CLOCK_MONOTONIC) - wall >= 50000000);
    long used = (after.ru_utime.tv_sec - before.ru_utime.tv_sec + after.ru_stime.tv_sec - before.ru_stime.tv_sec) * 1000000
        + after.ru_utime.tv_usec - before.ru_utime.tv_usec + after.ru_stime.tv_usec - before.ru_stime.tv_usec;
    CHECK("own time: getrusage says so, too", used >= 30000);
    CHECK("own time: times, in ticks of 10 ms", times(&second) >= ticks && second.tms_utime + second.tms_stime - first.tms_utime - first.tms_stime >= 3);
    start = now(CLOCK_PROCESS_CPUTIME_ID);
    raw_sleep(&(struct timespec){ 0, 200000000 }, NULL);
    CHECK("own time: sleeping does not use it", now(CLOCK_PROCESS_CPUTIME_ID) - start < 150000000);
}

int main(void)
{
    check_begin(50);
    sleeps();
    interrupted();
    clocks();
    across_cpus();
    timers();
    own_time();
    return check_end();
}
