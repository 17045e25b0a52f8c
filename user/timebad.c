// Bad input to every call of clocks and timers: bad addresses, clocks that are none, times that are none, times near 2^63, wrong flags.
// Each is refused with the errno of the manual, and changes nothing; and what looks wild but is allowed is accepted.
// cpus: 2
#include "check.h"
#include <limits.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/timex.h>

#define BAD ((void *)8)
#define KERNEL ((void *)0xffffffff81000000ull)

static long long to_ns(struct timespec time) { return time.tv_sec * 1000000000ll + time.tv_nsec; }

// Dynamic CPU-time clocks: the inverted id above three bits.
#define CLOCK_OF(pid, kind) ((clockid_t)(~(unsigned)(pid) << 3 | (kind)))
enum { PROF, VIRT, SCHED, NONE, THREAD = 4 };

static const struct { const char *name; struct timespec time; } bad_times[] = {
    { "-1 s", { -1, 0 } }, { "-1 ns", { 0, -1 } }, { "10^9 ns", { 0, 1000000000 } }, { "the least s", { LONG_MIN, 0 } },
    { "the least ns", { 1, LONG_MIN } }, { "the most ns", { 1, LONG_MAX } }, { "both", { -5, 2000000000 } },
};
#define BAD_TIMES (sizeof bad_times / sizeof *bad_times)

static void reading(void)
{
    static const clockid_t good[] = { 0, 1, 2, 3, 4, 5, 6, 7, 11 };
    static const clockid_t none[] = { 10, 12, 15, 16, 17, 31, 99, 0x7fffffff };
    struct timespec time = { 1, 2 };
    for (unsigned i = 0; i < sizeof good / sizeof *good; i++) {
        CHECK_OK(check_name("gettime %d", good[i]), syscall(SYS_clock_gettime, good[i], &time));
        CHECK_OK(check_name("getres %d", good[i]), syscall(SYS_clock_getres, good[i], &time));
        CHECK_OK(check_name("getres %d: nowhere", good[i]), syscall(SYS_clock_getres, good[i], NULL));
        CHECK_ERR(check_name("gettime %d: bad address", good[i]), syscall(SYS_clock_gettime, good[i], BAD), EFAULT);
        CHECK_ERR(check_name("gettime %d: nowhere", good[i]), syscall(SYS_clock_gettime, good[i], NULL), EFAULT);
        CHECK_ERR(check_name("gettime %d: kernel's address", good[i]), syscall(SYS_clock_gettime, good[i], KERNEL), EFAULT);
        CHECK_ERR(check_name("getres %d: bad address", good[i]), syscall(SYS_clock_getres, good[i], BAD), EFAULT);
    }
    time = (struct timespec){ 1, 2 };
    for (unsigned i = 0; i < sizeof none / sizeof *none; i++) {
        CHECK_ERR(check_name("gettime %d: no clock", none[i]), syscall(SYS_clock_gettime, none[i], &time), EINVAL);
        CHECK_ERR(check_name("getres %d: no clock", none[i]), syscall(SYS_clock_getres, none[i], &time), EINVAL);
        CHECK_ERR(check_name("settime %d: no clock", none[i]), syscall(SYS_clock_settime, none[i], &time), EINVAL);
        CHECK_ERR(check_name("nanosleep %d: no clock", none[i]), syscall(SYS_clock_nanosleep, none[i], 0, &time, NULL), EINVAL);
        CHECK_ERR(check_name("timer %d: no clock", none[i]), syscall(SYS_timer_create, none[i], NULL, &(int){ 0 }), EINVAL);
        CHECK_ERR(check_name("timerfd %d: no clock", none[i]), syscall(SYS_timerfd_create, none[i], 0), EINVAL);
        CHECK_ERR(check_name("adjtime %d: no clock", none[i]), syscall(SYS_clock_adjtime, none[i], &(struct timex){ .modes = 0 }), EINVAL);
    }
    CHECK("none of them wrote anything", time.tv_sec == 1 && time.tv_nsec == 2);

    // CPU time of others.
    pid_t self = getpid();
    for (int kind = PROF; kind <= SCHED; kind++) {
        CHECK_OK(check_name("CPU time %d of the process", kind), syscall(SYS_clock_gettime, CLOCK_OF(self, kind), &time));
        CHECK_OK(check_name("CPU time %d of the caller", kind), syscall(SYS_clock_gettime, CLOCK_OF(0, kind), &time));
        CHECK_OK(check_name("CPU time %d of the thread", kind), syscall(SYS_clock_gettime, CLOCK_OF(self, kind | THREAD), &time));
        CHECK_OK(check_name("CPU time %d: grain", kind), syscall(SYS_clock_getres, CLOCK_OF(self, kind), &time));
        CHECK(check_name("CPU time %d: a grain of a tick or a nanosecond", kind), to_ns(time) >= 1 && to_ns(time) <= 20000000);
        CHECK_OK(check_name("CPU time %d of init", kind), syscall(SYS_clock_gettime, CLOCK_OF(1, kind), &time));
    }
    CHECK_ERR("CPU time: no such kind", syscall(SYS_clock_gettime, CLOCK_OF(self, NONE), &time), EINVAL);
    CHECK_ERR("CPU time: no such process", syscall(SYS_clock_gettime, CLOCK_OF(1 << 27, SCHED), &time), EINVAL);
    CHECK_ERR("CPU time: a thread of another process", syscall(SYS_clock_gettime, CLOCK_OF(getppid(), SCHED | THREAD), &time), EINVAL);
    CHECK_ERR("CPU time: bad address", syscall(SYS_clock_gettime, CLOCK_OF(self, SCHED), BAD), EFAULT);
    CHECK_ERR("CPU time: cannot be set", syscall(SYS_clock_settime, CLOCK_OF(self, SCHED), &time), EPERM);
    CHECK_ERR("CPU time: no timers on that of no process", syscall(SYS_timer_create, CLOCK_OF(1 << 27, SCHED), NULL, &(int){ 0 }), EINVAL);
}

static void setting(void)
{
    static const clockid_t fixed[] = { 1, 2, 3, 4, 5, 6, 7, 11 };
    struct timespec time, before, after;
    struct timeval value;
    struct timezone zone;
    clock_gettime(CLOCK_REALTIME, &before);
    time = before;
    for (unsigned i = 0; i < sizeof fixed / sizeof *fixed; i++)
        CHECK_ERR(check_name("settime %d: cannot be set", fixed[i]), syscall(SYS_clock_settime, fixed[i], &time), EINVAL);
    CHECK_ERR("settime: bad address", syscall(SYS_clock_settime, 0, BAD), EFAULT);
    CHECK_ERR("settime: no address", syscall(SYS_clock_settime, 0, NULL), EFAULT);
    for (unsigned i = 0; i < BAD_TIMES; i++)
        CHECK_ERR(check_name("settime: %s", bad_times[i].name), syscall(SYS_clock_settime, 0, &bad_times[i].time), EINVAL);
    time = (struct timespec){ LONG_MAX, 0 };
    CHECK_ERR("settime: the most s", syscall(SYS_clock_settime, 0, &time), EINVAL);
    time = (struct timespec){ 9223372036, 0 };
    CHECK_ERR("settime: the last s that nanoseconds hold", syscall(SYS_clock_settime, 0, &time), EINVAL);
    CHECK_ERR("settimeofday: bad address", syscall(SYS_settimeofday, BAD, NULL), EFAULT);
    CHECK_ERR("settimeofday: bad zone", syscall(SYS_settimeofday, NULL, BAD), EFAULT);
    value = (struct timeval){ before.tv_sec, -1 };
    CHECK_ERR("settimeofday: -1 us", syscall(SYS_settimeofday, &value, NULL), EINVAL);
    value = (struct timeval){ before.tv_sec, 2000000 };
    CHECK_ERR("settimeofday: 2*10^6 us", syscall(SYS_settimeofday, &value, NULL), EINVAL);
    value = (struct timeval){ -1, 0 };
    CHECK_ERR("settimeofday: -1 s", syscall(SYS_settimeofday, &value, NULL), EINVAL);
    CHECK_ERR("gettimeofday: bad address", syscall(SYS_gettimeofday, BAD, NULL), EFAULT);
    CHECK_ERR("gettimeofday: bad zone", syscall(SYS_gettimeofday, &value, BAD), EFAULT);
    CHECK_OK("gettimeofday: nowhere", syscall(SYS_gettimeofday, NULL, NULL));
    CHECK_OK("gettimeofday: the zone alone", syscall(SYS_gettimeofday, NULL, &zone));
    CHECK_ERR("time: bad address", syscall(SYS_time, BAD), EFAULT);
    CHECK_ERR("times: bad address", syscall(SYS_times, BAD), EFAULT);
    CHECK_OK("times: nowhere", syscall(SYS_times, NULL));
    CHECK_ERR("adjtimex: bad address", syscall(SYS_adjtimex, BAD), EFAULT);
    CHECK_ERR("clock_adjtime: bad address", syscall(SYS_clock_adjtime, 0, BAD), EFAULT);
    CHECK_ERR("clock_adjtime: a clock that is not steered", syscall(SYS_clock_adjtime, CLOCK_MONOTONIC, &(struct timex){ .modes = 0 }), EOPNOTSUPP);
    clock_gettime(CLOCK_REALTIME, &after);
    CHECK("none of them set the clock", to_ns(after) >= to_ns(before) && to_ns(after) - to_ns(before) < 60000000000ll);

    if (getuid() != 0)
        return;
    pid_t child = check_fork();
    if (child == 0) {
        int wrong = setuid(NOBODY) != 0;
        wrong |= 2 * (syscall(SYS_clock_settime, 0, &after) != -1 || errno != EPERM);
        wrong |= 4 * (syscall(SYS_settimeofday, &(struct timeval){ after.tv_sec, 0 }, NULL) != -1 || errno != EPERM);
        wrong |= 8 * (syscall(SYS_settimeofday, NULL, &zone) != -1 || errno != EPERM);
        wrong |= 16 * (syscall(SYS_adjtimex, &(struct timex){ .modes = ADJ_TICK, .tick = 10000 }) != -1 || errno != EPERM);
        wrong |= 32 * (syscall(SYS_adjtimex, &(struct timex){ .modes = 0 }) == -1);
        _exit(wrong);
    }
    int status;
    waitpid(child, &status, 0);
    CHECK_EQ("without the privilege: EPERM", status, 0);
}

static void sleeping(void)
{
    struct timespec time = { 0, 1 }, rest = { 1, 2 };
    CHECK_ERR("nanosleep: bad address", syscall(SYS_nanosleep, BAD, NULL), EFAULT);
    CHECK_ERR("nanosleep: no address", syscall(SYS_nanosleep, NULL, NULL), EFAULT);
    CHECK_OK("nanosleep: a bad rest that is not needed", syscall(SYS_nanosleep, &time, BAD));
    CHECK_ERR("clock_nanosleep: bad address", syscall(SYS_clock_nanosleep, 1, 0, BAD, NULL), EFAULT);
    for (unsigned i = 0; i < BAD_TIMES; i++) {
        CHECK_ERR(check_name("nanosleep: %s", bad_times[i].name), syscall(SYS_nanosleep, &bad_times[i].time, &rest), EINVAL);
        CHECK_ERR(check_name("clock_nanosleep: %s", bad_times[i].name), syscall(SYS_clock_nanosleep, 1, 0, &bad_times[i].time, &rest), EINVAL);
        CHECK_ERR(check_name("clock_nanosleep: until %s", bad_times[i].name), syscall(SYS_clock_nanosleep, 0, TIMER_ABSTIME, &bad_times[i].time, &rest), EINVAL);
        CHECK_ERR(check_name("clock_nanosleep: on CPU time, %s", bad_times[i].name), syscall(SYS_clock_nanosleep, 2, 0, &bad_times[i].time, &rest), EINVAL);
    }
    CHECK_ERR("clock_nanosleep: own thread's CPU time", syscall(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &time, NULL), EOPNOTSUPP);
    CHECK_ERR("clock_nanosleep: the same by its id", syscall(SYS_clock_nanosleep, CLOCK_OF(getpid(), SCHED | THREAD), 0, &time, NULL), EINVAL);
    CHECK_ERR("clock_nanosleep: the same as 0", syscall(SYS_clock_nanosleep, CLOCK_OF(0, SCHED | THREAD), 0, &time, NULL), EINVAL);
    CHECK_ERR("clock_nanosleep: CPU time of nobody", syscall(SYS_clock_nanosleep, CLOCK_OF(1 << 27, SCHED), 0, &time, NULL), EINVAL);
    CHECK_ERR("clock_nanosleep: MONOTONIC_RAW", syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC_RAW, 0, &time, NULL), EOPNOTSUPP);
    CHECK_ERR("clock_nanosleep: REALTIME_COARSE", syscall(SYS_clock_nanosleep, CLOCK_REALTIME_COARSE, 0, &time, NULL), EOPNOTSUPP);
    CHECK_ERR("clock_nanosleep: MONOTONIC_COARSE", syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC_COARSE, 0, &time, NULL), EOPNOTSUPP);
    CHECK_OK("clock_nanosleep: BOOTTIME", syscall(SYS_clock_nanosleep, CLOCK_BOOTTIME, 0, &time, NULL));
    CHECK_OK("clock_nanosleep: TAI", syscall(SYS_clock_nanosleep, CLOCK_TAI, TIMER_ABSTIME, &time, NULL));
    CHECK("no rest was written", rest.tv_sec == 1 && rest.tv_nsec == 2);

    // A time beyond all clocks is for ever, not the past.
    static const struct timespec longest[] = { { LONG_MAX, 999999999 }, { LONG_MAX, 0 }, { LONG_MAX / 1000000000, 999999999 }, { LONG_MAX / 1000000000 + 1, 0 } };
    for (int i = 0; i < 8; i++) {
        pid_t child = check_fork();
        if (child == 0) {
            syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, i < 4 ? 0 : TIMER_ABSTIME, &longest[i % 4], NULL);
            _exit(1);
        }
        int status;
        check_await_state(child, 'S');
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        CHECK_EQ(check_name("the longest sleeps last, %d", i), status, KILLED(SIGKILL));
    }
}

static void timers(void)
{
    struct sigevent event;
    struct itimerspec spec = { { 0, 0 }, { 1000, 0 } }, got;
    int id = -1, other;
    memset(&event, 0, sizeof event);
    event.sigev_signo = SIGUSR1;
    CHECK_ERR("timer_create: bad event", syscall(SYS_timer_create, 1, BAD, &id), EFAULT);
    CHECK_ERR("timer_create: bad place for the id", syscall(SYS_timer_create, 1, &event, BAD), EFAULT);
    CHECK_ERR("timer_create: no place", syscall(SYS_timer_create, 1, &event, NULL), EFAULT);
    static const int signals[] = { -1, 0, 65, INT_MAX };
    for (int i = 0; i < 4; i++) {
        event.sigev_signo = signals[i];
        CHECK_ERR(check_name("timer_create: signal %d", signals[i]), syscall(SYS_timer_create, 1, &event, &id), EINVAL);
    }
    event.sigev_signo = SIGUSR1;
    static const int kinds[] = { 3, 5, 6, 7, 8, -1, INT_MAX };
    for (int i = 0; i < 7; i++) {
        event.sigev_notify = kinds[i];
        CHECK_ERR(check_name("timer_create: kind %d", kinds[i]), syscall(SYS_timer_create, 1, &event, &id), EINVAL);
    }
    event.sigev_notify = SIGEV_SIGNAL;
    CHECK_ERR("timer_create: MONOTONIC_RAW", syscall(SYS_timer_create, CLOCK_MONOTONIC_RAW, &event, &id), EOPNOTSUPP);
    CHECK_ERR("timer_create: REALTIME_COARSE", syscall(SYS_timer_create, CLOCK_REALTIME_COARSE, &event, &id), EOPNOTSUPP);
    CHECK_ERR("timer_create: MONOTONIC_COARSE", syscall(SYS_timer_create, CLOCK_MONOTONIC_COARSE, &event, &id), EOPNOTSUPP);
    CHECK_EQ("timer_create: none of them gave an id", id, -1);
    CHECK_OK("timer_create: good", syscall(SYS_timer_create, 1, &event, &id));
    CHECK_OK("timer_settime: good", syscall(SYS_timer_settime, id, 0, &spec, NULL));
    static const int wrong[] = { -1, INT_MAX, INT_MIN, 1 << 20 };
    for (int i = 0; i < 4; i++) {
        other = wrong[i];
        CHECK_ERR(check_name("timer_settime: id %d", other), syscall(SYS_timer_settime, other, 0, &spec, NULL), EINVAL);
        CHECK_ERR(check_name("timer_gettime: id %d", other), syscall(SYS_timer_gettime, other, &got), EINVAL);
        CHECK_ERR(check_name("timer_getoverrun: id %d", other), syscall(SYS_timer_getoverrun, other), EINVAL);
        CHECK_ERR(check_name("timer_delete: id %d", other), syscall(SYS_timer_delete, other), EINVAL);
    }
    CHECK_ERR("timer_settime: bad address", syscall(SYS_timer_settime, id, 0, BAD, NULL), EFAULT);
    CHECK_ERR("timer_settime: no address", syscall(SYS_timer_settime, id, 0, NULL, NULL), EINVAL);
    CHECK_ERR("timer_gettime: bad address", syscall(SYS_timer_gettime, id, BAD), EFAULT);
    for (unsigned i = 0; i < BAD_TIMES; i++) {
        spec = (struct itimerspec){ { 0, 0 }, bad_times[i].time };
        CHECK_ERR(check_name("timer_settime: %s", bad_times[i].name), syscall(SYS_timer_settime, id, 0, &spec, NULL), EINVAL);
        CHECK_ERR(check_name("timer_settime: until %s", bad_times[i].name), syscall(SYS_timer_settime, id, TIMER_ABSTIME, &spec, NULL), EINVAL);
        spec = (struct itimerspec){ bad_times[i].time, { 1, 0 } };
        CHECK_ERR(check_name("timer_settime: every %s", bad_times[i].name), syscall(SYS_timer_settime, id, 0, &spec, NULL), EINVAL);
    }
    CHECK_OK("timer_gettime: good", syscall(SYS_timer_gettime, id, &got));
    CHECK("none of them changed the timer", to_ns(got.it_value) > 900000000000ll && to_ns(got.it_value) <= 1000000000000ll && to_ns(got.it_interval) == 0);
    CHECK_OK("timer_delete", syscall(SYS_timer_delete, id));
}

static void intervals(void)
{
    struct itimerval value = { { 0, 0 }, { 1000, 0 } }, got;
    alarm(0);
    CHECK_OK("setitimer: good", syscall(SYS_setitimer, ITIMER_REAL, &value, NULL));
    static const struct timeval wrong[] = { { -1, 0 }, { 0, -1 }, { 0, 1000000 }, { LONG_MIN, 0 }, { 0, LONG_MAX }, { 0, LONG_MIN } };
    for (int which = ITIMER_REAL; which <= ITIMER_PROF; which++) {
        for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++) {
            value = (struct itimerval){ { 0, 0 }, wrong[i] };
            CHECK_ERR(check_name("setitimer %d: wrong value %u", which, i), syscall(SYS_setitimer, which, &value, NULL), EINVAL);
            value = (struct itimerval){ wrong[i], { 1, 0 } };
            CHECK_ERR(check_name("setitimer %d: wrong interval %u", which, i), syscall(SYS_setitimer, which, &value, NULL), EINVAL);
        }
        CHECK_ERR(check_name("setitimer %d: bad address", which), syscall(SYS_setitimer, which, BAD, NULL), EFAULT);
        CHECK_ERR(check_name("getitimer %d: bad address", which), syscall(SYS_getitimer, which, BAD), EFAULT);
    }
    value = (struct itimerval){ { 0, 0 }, { 1, 0 } };
    static const int none[] = { -1, 3, INT_MAX };
    for (int i = 0; i < 3; i++) {
        CHECK_ERR(check_name("setitimer: timer %d", none[i]), syscall(SYS_setitimer, none[i], &value, NULL), EINVAL);
        CHECK_ERR(check_name("getitimer: timer %d", none[i]), syscall(SYS_getitimer, none[i], &got), EINVAL);
    }
    getitimer(ITIMER_REAL, &got);
    CHECK("none of them changed the timer", got.it_value.tv_sec >= 900 && got.it_value.tv_sec <= 1000 && got.it_interval.tv_sec == 0);
    value = (struct itimerval){ { LONG_MAX, 999999 }, { LONG_MAX, 999999 } };
    for (int which = ITIMER_REAL; which <= ITIMER_PROF; which++) {
        CHECK_OK(check_name("setitimer %d: the longest time", which), syscall(SYS_setitimer, which, &value, NULL));
        getitimer(which, &got);
        CHECK(check_name("setitimer %d: is on", which), got.it_value.tv_sec || got.it_value.tv_usec);
        value.it_value = (struct timeval){ 0, 0 };
        CHECK_OK(check_name("setitimer %d: zero stops it", which), syscall(SYS_setitimer, which, &value, NULL));
        getitimer(which, &got);
        CHECK(check_name("setitimer %d: it is off", which), got.it_value.tv_sec == 0 && got.it_value.tv_usec == 0);
        value.it_value = (struct timeval){ LONG_MAX, 999999 };
    }
    check_rearm();
}

static void others(void)
{
    struct timespec time;
    CHECK_ERR("getrusage: whose", syscall(SYS_getrusage, 7, &time), EINVAL);
    CHECK_ERR("getrusage: whose, negative", syscall(SYS_getrusage, -2, &time), EINVAL);
    CHECK_ERR("getrusage: bad address", syscall(SYS_getrusage, RUSAGE_SELF, BAD), EFAULT);
    CHECK_ERR("getrusage: bad address, thread", syscall(SYS_getrusage, 1, BAD), EFAULT);
    CHECK_ERR("getrusage: bad address, children", syscall(SYS_getrusage, RUSAGE_CHILDREN, BAD), EFAULT);
    CHECK_ERR("sched_rr_get_interval: bad address", syscall(SYS_sched_rr_get_interval, 0, BAD), EFAULT);
    CHECK_ERR("sched_rr_get_interval: negative", syscall(SYS_sched_rr_get_interval, -1, &time), EINVAL);
    CHECK_ERR("sched_rr_get_interval: nobody", syscall(SYS_sched_rr_get_interval, 1 << 29, &time), ESRCH);
    CHECK_OK("sched_rr_get_interval", syscall(SYS_sched_rr_get_interval, 0, &time));
    CHECK_ERR("restart_syscall: nothing to restart", syscall(SYS_restart_syscall), EINTR);
}

int main(void)
{
    check_begin(50);
    reading();
    setting();
    sleeping();
    timers();
    intervals();
    others();
    return check_end();
}
