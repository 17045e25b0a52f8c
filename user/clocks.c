// Clocks that are steered and sleeps that may be late: adjtimex in all its ways, timer slack, /proc/timer_list.
// host: no
// timeout: 60

#include "check.h"
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>

static long long now(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void reset(void)
{
    struct timex t = { .modes = ADJ_FREQUENCY | ADJ_TICK | ADJ_STATUS | ADJ_TAI, .tick = 10000, .status = STA_UNSYNC };
    adjtimex(&t);
    t = (struct timex){ .modes = ADJ_OFFSET_SINGLESHOT };
    adjtimex(&t);
}

// How much faster a clock runs than the raw one, in millionths, over a time.
static long long gain(clockid_t clock, long long nanoseconds)
{
    long long raw = now(CLOCK_MONOTONIC_RAW), other = now(clock), passed;
    while ((passed = now(CLOCK_MONOTONIC_RAW) - raw) < nanoseconds)
        usleep(1000);
    return (now(clock) - other - passed) * 1000000 / passed;
}

static void rates(void)
{
    struct timex t = { .modes = ADJ_TICK, .tick = 11000 };
    CHECK("tick set", adjtimex(&t) >= 0);
    CHECK("tick makes the monotonic clock faster", llabs(gain(CLOCK_MONOTONIC, 300000000) - 100000) < 5000);
    CHECK("and the real-time clock", llabs(gain(CLOCK_REALTIME, 300000000) - 100000) < 5000);
    CHECK("and the coarse one", llabs(gain(CLOCK_MONOTONIC_COARSE, 900000000) - 100000) < 20000);
    long long before = now(CLOCK_MONOTONIC);
    struct timespec span = { .tv_nsec = 200000000 };
    CHECK_OK("sleep on the fast clock", clock_nanosleep(CLOCK_MONOTONIC, 0, &span, NULL));
    CHECK("is not short", now(CLOCK_MONOTONIC) - before >= 200000000);
    t = (struct timex){ .modes = ADJ_TICK, .tick = 9000 };
    adjtimex(&t);
    CHECK("slower", llabs(gain(CLOCK_MONOTONIC, 300000000) + 100000) < 5000);
    reset();
    t = (struct timex){ .modes = ADJ_FREQUENCY, .freq = 500 << 16 };
    adjtimex(&t);
    CHECK_EQ("frequency is told", t.freq, 500 << 16);
    t = (struct timex){ .modes = ADJ_FREQUENCY, .freq = 900 << 16 };
    adjtimex(&t);
    CHECK_EQ("frequency is bounded", t.freq, 500 << 16);
    reset();
}

static void never_back(void)
{
    long long last = 0, back = 0;
    for (int i = 0; i < 200; i++) {
        struct timex t = { .modes = ADJ_TICK, .tick = i % 2 ? 9000 : 11000 };
        adjtimex(&t);
        for (int j = 0; j < 200; j++) {
            long long time = now(CLOCK_MONOTONIC);
            back += time < last;
            last = time;
        }
    }
    CHECK_EQ("the monotonic clock never goes back when its rate changes", back, 0);
    reset();
}

// What the old adjtime has still to do, in microseconds.
static long slew_left(void)
{
    struct timex t = { .modes = ADJ_OFFSET_SS_READ };
    adjtimex(&t);
    return t.offset;
}

static void offsets(void)
{
    long long before = now(CLOCK_REALTIME) - now(CLOCK_MONOTONIC);
    struct timex t = { .modes = ADJ_SETOFFSET | ADJ_NANO, .time = { 3600, 250000000 } };
    CHECK("step", adjtimex(&t) >= 0);
    CHECK("stepped by an hour and a quarter second", llabs(now(CLOCK_REALTIME) - now(CLOCK_MONOTONIC) - before - 3600250000000LL) < 1000000);
    t = (struct timex){ .modes = ADJ_SETOFFSET | ADJ_NANO, .time = { -3601, 750000000 } };
    CHECK("step back", adjtimex(&t) >= 0);
    t = (struct timex){ .modes = ADJ_TAI, .constant = 37 };
    CHECK("TAI", adjtimex(&t) >= 0);
    CHECK("TAI runs ahead", llabs(now(CLOCK_TAI) - now(CLOCK_REALTIME) - 37000000000LL) < 1000000);
    t = (struct timex){ 0 };
    adjtimex(&t);
    CHECK_EQ("TAI is told", t.tai, 37);
    reset();

    t = (struct timex){ .modes = ADJ_OFFSET_SINGLESHOT, .offset = 1000 };
    CHECK("the old adjtime", adjtimex(&t) >= 0);
    CHECK("something is left", slew_left() > 0 && slew_left() <= 1000);
    before = now(CLOCK_REALTIME) - now(CLOCK_MONOTONIC_RAW);
    for (int i = 0; i < 50 && slew_left(); i++)
        usleep(100000);
    usleep(1200000);
    long long slewed = now(CLOCK_REALTIME) - now(CLOCK_MONOTONIC_RAW) - before;
    CHECK("a millisecond was slewed", slewed > 400000 && slewed < 1200000);
    reset();
}

static void refusals(void)
{
    struct timex t = { .modes = ADJ_TICK, .tick = 8999 };
    CHECK_ERR("tick too small", adjtimex(&t), EINVAL);
    t = (struct timex){ .modes = ADJ_TICK, .tick = 11001 };
    CHECK_ERR("tick too large", adjtimex(&t), EINVAL);
    t = (struct timex){ .modes = ADJ_SETOFFSET, .time = { 0, 1000000 } };
    CHECK_ERR("microseconds too many", adjtimex(&t), EINVAL);
    t = (struct timex){ .modes = 0x8000 };
    CHECK_ERR("old way without an offset", adjtimex(&t), EINVAL);
    CHECK_ERR("bad address", adjtimex((struct timex *)8), EFAULT);
    t = (struct timex){ 0 };
    CHECK_ERR("another clock", clock_adjtime(CLOCK_MONOTONIC, &t), EOPNOTSUPP);
    CHECK_ERR("no clock", clock_adjtime(77, &t), EINVAL);
}

static void unprivileged(void)
{
    CHECK_OK("another user", setuid(1000));
    struct timex t = { 0 };
    CHECK("anybody may ask", adjtimex(&t) >= 0);
    CHECK_EQ("usual tick", t.tick, 10000);
    t = (struct timex){ .modes = ADJ_FREQUENCY };
    CHECK_ERR("nobody may change", adjtimex(&t), EPERM);
    t = (struct timex){ .modes = ADJ_OFFSET_SS_READ };
    CHECK("anybody may ask in the old way", adjtimex(&t) >= 0);
}

static long long lateness(void)
{
    long long least = 1000000000;
    for (int i = 0; i < 5; i++) {
        struct timespec end;
        clock_gettime(CLOCK_MONOTONIC, &end);
        end.tv_nsec += 1000000;
        if (end.tv_nsec >= 1000000000)
            end.tv_sec++, end.tv_nsec -= 1000000000;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL);
        long long late = now(CLOCK_MONOTONIC) - (end.tv_sec * 1000000000LL + end.tv_nsec);
        if (late < least)
            least = late;
    }
    return least;
}

static void write_slack(const char *text)
{
    int file = open("/proc/self/timerslack_ns", O_WRONLY);
    CHECK_EQ("slack written", write(file, text, strlen(text)), strlen(text));
    close(file);
}

static void slack(void)
{
    CHECK_EQ("usual slack", prctl(PR_GET_TIMERSLACK), 50000);
    CHECK_OK("slack set", prctl(PR_SET_TIMERSLACK, 30000000));
    CHECK_EQ("slack is told", prctl(PR_GET_TIMERSLACK), 30000000);
    CHECK("no sleep is early", lateness() >= 0);
    int status = 0;
    pid_t child = check_fork();
    if (child == 0)
        _exit(prctl(PR_GET_TIMERSLACK) != 30000000 || prctl(PR_SET_TIMERSLACK, 1) || prctl(PR_SET_TIMERSLACK, 0) || prctl(PR_GET_TIMERSLACK) != 30000000);
    waitpid(child, &status, 0);
    CHECK_EQ("a child starts with it, and goes back to it", status, 0);
    write_slack("70000");
    CHECK_EQ("written through /proc", prctl(PR_GET_TIMERSLACK), 70000);
    CHECK_OK("back", prctl(PR_SET_TIMERSLACK, 0));
    CHECK_EQ("to the first", prctl(PR_GET_TIMERSLACK), 50000);
}

static void list(void)
{
    static char text[65536];
    pid_t child = check_fork();
    if (child == 0)
        for (;;)
            pause();
    struct itimerval timer = { .it_value = { 1000, 0 } };
    setitimer(ITIMER_REAL, &timer, NULL);
    int file = open("/proc/timer_list", O_RDONLY), length = 0;
    for (ssize_t n; (n = read(file, text + length, sizeof text - 1 - length)) > 0; length += n) { }
    close(file);
    check_rearm();
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    CHECK("header", strncmp(text, "Timer List Version: v0.9\n", 25) == 0);
    CHECK("the process's timer is there", strstr(text, ", it_real_fn, S:01\n") != NULL);
    CHECK("clocks", strstr(text, "ktime_get_clocktai") != NULL);
    CHECK("next event", strstr(text, ".expires_next   : ") != NULL);
}

static void resident(void)
{
    struct rusage usage;
    const size_t size = 8 << 20;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(memory, 1, size);
    munmap(memory, size);
    getrusage(RUSAGE_SELF, &usage);
    CHECK("the peak of memory is remembered", usage.ru_maxrss >= 8192 && usage.ru_maxrss < 32768);
    pid_t child = check_fork();
    if (child == 0) {
        char *more = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        memset(more, 1, 2 * size);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    getrusage(RUSAGE_CHILDREN, &usage);
    CHECK("and that of a child that has ended", usage.ru_maxrss >= 16384 && usage.ru_maxrss < 65536);
}

int main(void)
{
    check_begin(50);
    reset();
    rates();
    never_back();
    offsets();
    refusals();
    check_in_child("another user", unprivileged);
    slack();
    list();
    resident();
    return check_end();
}
