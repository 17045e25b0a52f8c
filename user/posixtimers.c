// POSIX timers: whom they tell and what, one-shot and periodic, overruns, absolute and relative, CPU-time clocks, what fork, exec and exit
// make of them, ids and limits. Nothing is ever early; upper bounds are not checked: a slow machine is not a wrong one.
// cpus: 1 2 4
#include "check.h"
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <time.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id __sev_fields.sigev_notify_thread_id
#endif
#define MS 1000000ll

typedef int kernel_timer;

static long long now(clockid_t clock)
{
    struct timespec time;
    return clock_gettime(clock, &time) ? -1 : time.tv_sec * 1000000000ll + time.tv_nsec;
}

static struct timespec from_ns(long long ns) { return (struct timespec){ ns / 1000000000, ns % 1000000000 }; }
static long long to_ns(struct timespec time) { return time.tv_sec * 1000000000ll + time.tv_nsec; }

// The bare calls: the C library has its own idea of SIGEV_THREAD and of ids.
static long create(clockid_t clock, struct sigevent *event, kernel_timer *id) { return syscall(SYS_timer_create, clock, event, id); }
static long erase(kernel_timer id) { return syscall(SYS_timer_delete, id); }
static long overrun(kernel_timer id) { return syscall(SYS_timer_getoverrun, id); }

static long arm(kernel_timer id, int flags, long long value, long long interval)
{
    struct itimerspec spec = { from_ns(interval), from_ns(value) };
    return syscall(SYS_timer_settime, id, flags, &spec, NULL);
}

static struct itimerspec left(kernel_timer id)
{
    struct itimerspec spec = { { -1, -1 }, { -1, -1 } };
    syscall(SYS_timer_gettime, id, &spec);
    return spec;
}

static struct sigevent event_for(int signal, int value)
{
    struct sigevent event;
    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = signal;
    event.sigev_value.sival_int = value;
    return event;
}

static sigset_t blocked_set(int signal)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return set;
}

static int take(sigset_t *set, siginfo_t *info)
{
    int signal;
    while ((signal = sigwaitinfo(set, info)) < 0 && errno == EINTR) { }
    return signal;
}

static int take_now(sigset_t *set, siginfo_t *info)
{
    return sigtimedwait(set, info, &(struct timespec){ 0, 0 });
}

static void once(void)
{
    static const struct { const char *name; clockid_t clock; } clocks[] = {
        { "REALTIME", CLOCK_REALTIME }, { "MONOTONIC", CLOCK_MONOTONIC }, { "BOOTTIME", CLOCK_BOOTTIME }, { "TAI", CLOCK_TAI } };
    sigset_t set = blocked_set(SIGRTMIN + 1);
    struct sigevent event = event_for(SIGRTMIN + 1, 77);
    siginfo_t info;
    for (unsigned i = 0; i < sizeof clocks / sizeof *clocks; i++) {
        kernel_timer id = -1;
        if (!CHECK_OK(check_name("once %s: created", clocks[i].name), create(clocks[i].clock, &event, &id)))
            continue;
        struct itimerspec before = left(id);
        CHECK(check_name("once %s: begins disarmed", clocks[i].name), to_ns(before.it_value) == 0 && to_ns(before.it_interval) == 0);
        long long start = now(clocks[i].clock);
        arm(id, 0, 5 * MS, 0);
        memset(&info, 0, sizeof info);
        CHECK_EQ(check_name("once %s: the signal", clocks[i].name), take(&set, &info), SIGRTMIN + 1);
        CHECK(check_name("once %s: not early", clocks[i].name), now(clocks[i].clock) - start >= 5 * MS);
        CHECK_EQ(check_name("once %s: si_code", clocks[i].name), info.si_code, SI_TIMER);
        CHECK_EQ(check_name("once %s: si_value", clocks[i].name), info.si_value.sival_int, 77);
        CHECK_EQ(check_name("once %s: si_timerid", clocks[i].name), info.si_timerid, id);
        CHECK_EQ(check_name("once %s: si_overrun", clocks[i].name), info.si_overrun, 0);
        CHECK_EQ(check_name("once %s: not again", clocks[i].name), take_now(&set, &info), -1);
        CHECK_EQ(check_name("once %s: then disarmed", clocks[i].name), to_ns(left(id).it_value), 0);

        long long until = now(clocks[i].clock) + 5 * MS;
        arm(id, TIMER_ABSTIME, until, 0);
        CHECK_EQ(check_name("absolute %s: the signal", clocks[i].name), take(&set, &info), SIGRTMIN + 1);
        CHECK(check_name("absolute %s: not early", clocks[i].name), now(clocks[i].clock) >= until);
        arm(id, TIMER_ABSTIME, 1, 0);
        CHECK_EQ(check_name("absolute %s: a moment long past", clocks[i].name), take(&set, &info), SIGRTMIN + 1);
        CHECK_OK(check_name("once %s: deleted", clocks[i].name), erase(id));
    }
}

static void setting(void)
{
    sigset_t set = blocked_set(SIGRTMIN + 1);
    struct sigevent event = event_for(SIGRTMIN + 1, 1);
    struct itimerspec spec, old;
    kernel_timer id, other;
    siginfo_t info;
    create(CLOCK_MONOTONIC, &event, &id);
    create(CLOCK_MONOTONIC, &event, &other);
    CHECK("ids differ", id != other && id >= 0 && other >= 0);
    erase(other);
    spec = (struct itimerspec){ { 7, 8 }, { 1000, 5 } };
    CHECK_OK("settime: a long time", syscall(SYS_timer_settime, id, 0, &spec, NULL));
    old = left(id);
    CHECK("gettime: what is left, and the interval", to_ns(old.it_value) > 0 && to_ns(old.it_value) <= 1000000000005ll && to_ns(old.it_interval) == 7000000008ll);
    memset(&old, 0x55, sizeof old);
    spec = (struct itimerspec){ { 0, 1 }, { 0, 0 } };
    CHECK_OK("settime: zero disarms", syscall(SYS_timer_settime, id, 0, &spec, &old));
    CHECK("settime: gives the old one", to_ns(old.it_value) > 0 && to_ns(old.it_value) <= 1000000000005ll && to_ns(old.it_interval) == 7000000008ll);
    CHECK_EQ("settime: disarmed has no time left", to_ns(left(id).it_value), 0);
    CHECK_EQ("settime: disarmed is silent", take_now(&set, &info), -1);
    CHECK_OK("settime: the longest time there is", arm(id, 0, 0x7fffffffffffffffll, 0x7fffffffffffffffll));
    CHECK_EQ("settime: which is not over", take_now(&set, &info), -1);
    spec = (struct itimerspec){ { 0x7fffffffffffffffll, 0 }, { 0x7fffffffffffffffll, 999999999 } };
    CHECK_OK("settime: seconds near 2^63", syscall(SYS_timer_settime, id, 0, &spec, NULL));
    CHECK_OK("settime: absolute seconds near 2^63", syscall(SYS_timer_settime, id, TIMER_ABSTIME, &spec, NULL));
    CHECK_EQ("settime: which are not over, either", take_now(&set, &info), -1);
    CHECK_OK("settime: soon, with the longest interval", arm(id, 0, 1, 0x7fffffffffffffffll));
    CHECK_EQ("settime: the first signal comes", take(&set, &info), SIGRTMIN + 1);
    CHECK_EQ("settime: the second does not", take_now(&set, &info), -1);
    CHECK_OK("delete: an armed one", erase(id));
    CHECK_ERR("delete: not twice", erase(id), EINVAL);
    CHECK_ERR("gettime: of a deleted one", syscall(SYS_timer_gettime, id, &old), EINVAL);

    // SIGEV_NONE: nobody is told, but the time can be asked for.
    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_NONE;
    CHECK_OK("none: created", create(CLOCK_MONOTONIC, &event, &id));
    long long start = now(CLOCK_MONOTONIC);
    arm(id, 0, 3 * MS, 0);
    while (to_ns(left(id).it_value) != 0)
        sched_yield();
    CHECK("none: runs down to zero, not early", now(CLOCK_MONOTONIC) - start >= 3 * MS);
    arm(id, 0, MS, 1000000000);
    while (now(CLOCK_MONOTONIC) - start < 10 * MS)
        sched_yield();
    CHECK("none: a periodic one shows the next period", to_ns(left(id).it_value) > 0 && to_ns(left(id).it_value) <= 1000000000);
    erase(id);

    // Without a sigevent: SIGALRM with the id.
    set = blocked_set(SIGALRM);
    alarm(0);
    CHECK_OK("no sigevent: created", create(CLOCK_MONOTONIC, NULL, &id));
    arm(id, 0, MS, 0);
    CHECK_EQ("no sigevent: SIGALRM", take(&set, &info), SIGALRM);
    CHECK("no sigevent: with the id", info.si_value.sival_int == id && info.si_timerid == id && info.si_code == SI_TIMER);
    erase(id);
    check_rearm();
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

// Signals and their overruns together are exactly the periods that have gone by.
static void overruns(void)
{
    sigset_t set = blocked_set(SIGRTMIN + 2);
    struct sigevent event = event_for(SIGRTMIN + 2, 2);
    siginfo_t info;
    kernel_timer id;
    create(CLOCK_MONOTONIC, &event, &id);
    CHECK_EQ("overrun: none yet", overrun(id), 0);
    const long long period = 200000;
    long long start = now(CLOCK_MONOTONIC), expirations = 0, wrong = 0, early = 0;
    arm(id, TIMER_ABSTIME, start + period, period);
    for (int i = 0; i < 60; i++) {
        if (i % 7 == 0)
            while (now(CLOCK_MONOTONIC) < start + (expirations + 5) * period) { }
        take(&set, &info);
        expirations += 1 + info.si_overrun;
        early += now(CLOCK_MONOTONIC) < start + expirations * period;
        wrong += overrun(id) != info.si_overrun;
    }
    CHECK_EQ("overrun: no more expirations than periods have gone by", early, 0);
    CHECK_EQ("overrun: timer_getoverrun says what si_overrun said", wrong, 0);
    CHECK("overrun: there were some", expirations > 60);

    // Held back for 50 periods: one signal tells of all, and the next one of what was after that.
    arm(id, 0, 0, 0);
    while (take_now(&set, &info) > 0) { } // one that waits would tell of its expiration, too
    start = now(CLOCK_MONOTONIC);
    arm(id, TIMER_ABSTIME, start + period, period);
    while (now(CLOCK_MONOTONIC) < start + 50 * period + period / 2) { }
    take(&set, &info);
    long long after = now(CLOCK_MONOTONIC);
    CHECK("overrun: at least 49 while blocked", info.si_overrun >= 49);
    CHECK("overrun: and none that was not", start + (1 + info.si_overrun) * period <= after);
    arm(id, 0, 0, 0);
    while (take_now(&set, &info) > 0) { }
    CHECK_EQ("overrun: setting it begins to count anew", overrun(id), 0);

    // A signal that waits while the timer is set anew tells of both expirations.
    arm(id, 0, 1, 0);
    while (to_ns(left(id).it_value)) { }
    arm(id, 0, 1, 0);
    while (to_ns(left(id).it_value)) { }
    CHECK_EQ("set anew while its signal waits: one signal", take(&set, &info), SIGRTMIN + 2);
    CHECK_EQ("set anew while its signal waits: only one", take_now(&set, &info), -1);
    erase(id);
}

static volatile int caught, caught_thread;
static void count_signal(int signal) { (void)signal; caught++; caught_thread = syscall(SYS_gettid); }

// A handler, an ignored signal that comes back, and the signal of another sender.
static void handlers(void)
{
    struct sigaction action = { .sa_handler = count_signal };
    struct sigevent event = event_for(SIGUSR2, 3);
    kernel_timer id;
    sigaction(SIGUSR2, &action, NULL);
    create(CLOCK_MONOTONIC, &event, &id);
    caught = 0;
    long long start = now(CLOCK_MONOTONIC);
    arm(id, 0, MS, MS);
    while (caught < 5)
        sched_yield();
    CHECK("handler: five times, not early", now(CLOCK_MONOTONIC) - start >= 5 * MS);
    signal(SIGUSR2, SIG_IGN);
    int count = caught;
    start = now(CLOCK_MONOTONIC);
    while (now(CLOCK_MONOTONIC) - start < 20 * MS)
        sched_yield();
    CHECK_EQ("ignored: the handler is not called", caught, count);
    CHECK("ignored: the timer goes on", to_ns(left(id).it_value) > 0 && to_ns(left(id).it_value) <= MS);
    sigaction(SIGUSR2, &action, NULL);
    while (caught < count + 3)
        sched_yield();
    check_pass("ignored: wanted again, it comes again");
    erase(id);
    sigset_t set = blocked_set(SIGUSR2), pending;
    create(CLOCK_MONOTONIC, &event, &id);
    arm(id, 0, 1, 0);
    do
        sigpending(&pending);
    while (!sigismember(&pending, SIGUSR2));
    check_pass("blocked: the signal waits");
    siginfo_t info;
    kill(getpid(), SIGUSR2);
    int taken = 0;
    while (take_now(&set, &info) > 0)
        taken++;
    CHECK("blocked: it comes once, or beside another's", taken == 1 || taken == 2);
    erase(id);
    signal(SIGUSR2, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static kernel_timer thread_timer;
static volatile int thread_id, thread_go, thread_end;

static void *thread_body(void *argument)
{
    (void)argument;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 4);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    __atomic_store_n(&thread_id, syscall(SYS_gettid), __ATOMIC_RELEASE);
    while (!thread_end)
        sched_yield();
    return NULL;
}

static void threads(void)
{
    struct sigaction action = { .sa_handler = count_signal };
    struct sigevent event = event_for(SIGRTMIN + 4, 4);
    pthread_t thread;
    sigaction(SIGRTMIN + 4, &action, NULL);
    pthread_create(&thread, NULL, thread_body, NULL);
    while (!__atomic_load_n(&thread_id, __ATOMIC_ACQUIRE))
        sched_yield();
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_notify_thread_id = thread_id;
    CHECK_OK("thread: created", create(CLOCK_MONOTONIC, &event, &thread_timer));
    caught = 0;
    arm(thread_timer, 0, MS, MS);
    while (caught < 3)
        sched_yield();
    CHECK_EQ("thread: that very thread was told", caught_thread, thread_id);
    event.sigev_notify_thread_id = getppid();
    CHECK_ERR("thread: not another process's", create(CLOCK_MONOTONIC, &event, &(kernel_timer){ 0 }), EINVAL);
    event.sigev_notify_thread_id = 1 << 29;
    CHECK_ERR("thread: not one that is none", create(CLOCK_MONOTONIC, &event, &(kernel_timer){ 0 }), EINVAL);
    thread_end = 1;
    pthread_join(thread, NULL);
    CHECK_OK("thread: the timer outlives it", arm(thread_timer, 0, 1, MS));
    CHECK_OK("thread: and can be deleted", erase(thread_timer));

    // What the C library needs for SIGEV_THREAD is the same as a signal.
    event = event_for(SIGRTMIN + 4, 5);
    event.sigev_notify = SIGEV_THREAD;
    caught = 0;
    CHECK_OK("SIGEV_THREAD: created", create(CLOCK_MONOTONIC, &event, &thread_timer));
    arm(thread_timer, 0, 1, 0);
    while (!caught)
        sched_yield();
    check_pass("SIGEV_THREAD: a signal comes");
    erase(thread_timer);
    signal(SIGRTMIN + 4, SIG_DFL);
}

static volatile int notified;
static void notify(union sigval value) { notified = value.sival_int; }

static void library_thread(void)
{
    struct sigevent event;
    timer_t timer;
    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_THREAD;
    event.sigev_notify_function = notify;
    event.sigev_value.sival_int = 9;
    if (!CHECK_OK("library's SIGEV_THREAD: created", timer_create(CLOCK_MONOTONIC, &event, &timer)))
        return;
    timer_settime(timer, 0, &(struct itimerspec){ { 0, 0 }, { 0, MS } }, NULL);
    while (notified != 9)
        sched_yield();
    check_pass("library's SIGEV_THREAD: the function is called");
    CHECK_OK("library's SIGEV_THREAD: deleted", timer_delete(timer));
}

static int spin(long long ns)
{
    long long start = now(CLOCK_THREAD_CPUTIME_ID);
    while (now(CLOCK_THREAD_CPUTIME_ID) - start < ns) { }
    return 0;
}

static void cpu_clocks(void)
{
    sigset_t set = blocked_set(SIGRTMIN + 5);
    struct sigevent event = event_for(SIGRTMIN + 5, 5);
    siginfo_t info;
    kernel_timer id;
    static const struct { const char *name; clockid_t clock; } clocks[] = {
        { "process", CLOCK_PROCESS_CPUTIME_ID }, { "thread", CLOCK_THREAD_CPUTIME_ID } };
    for (int i = 0; i < 2; i++) {
        if (!CHECK_OK(check_name("CPU time of the %s: created", clocks[i].name), create(clocks[i].clock, &event, &id)))
            continue;
        long long start = now(clocks[i].clock);
        arm(id, 0, 30 * MS, 20 * MS);
        nanosleep(&(struct timespec){ 0, 60 * MS }, NULL);
        CHECK(check_name("CPU time of the %s: sleeping does not use it", clocks[i].name), now(clocks[i].clock) - start >= 30 * MS || take_now(&set, &info) == -1);
        while (take_now(&set, &info) == -1) { }
        CHECK(check_name("CPU time of the %s: not early", clocks[i].name), now(clocks[i].clock) - start >= 30 * MS);
        long long expired = 1 + info.si_overrun;
        while (take_now(&set, &info) == -1) { }
        expired += 1 + info.si_overrun;
        CHECK(check_name("CPU time of the %s: again, not early", clocks[i].name), now(clocks[i].clock) - start >= 30 * MS + (expired - 1) * 20 * MS);
        CHECK(check_name("CPU time of the %s: what is left", clocks[i].name), to_ns(left(id).it_value) > 0 && to_ns(left(id).it_value) <= 20 * MS);
        long long until = now(clocks[i].clock) + 20 * MS;
        arm(id, TIMER_ABSTIME, until, 0);
        while (take_now(&set, &info) == -1) { }
        CHECK(check_name("CPU time of the %s: absolute, not early", clocks[i].name), now(clocks[i].clock) >= until);
        erase(id);
    }

    // Another process's clock: it works, we sleep.
    int status;
    pid_t child = check_fork();
    if (child == 0)
        for (;;)
            spin(MS);
    clockid_t clock;
    CHECK_EQ("CPU time of a child: its clock", clock_getcpuclockid(child, &clock), 0);
    CHECK_OK("CPU time of a child: created", create(clock, &event, &id));
    long long start = now(clock);
    arm(id, 0, 20 * MS, 0);
    CHECK_EQ("CPU time of a child: the signal", take(&set, &info), SIGRTMIN + 5);
    CHECK("CPU time of a child: not early", now(clock) - start >= 20 * MS);
    arm(id, 0, 100000 * MS, 0);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    CHECK_ERR("CPU time of a child that is gone: no clock", clock_gettime(clock, &(struct timespec){ 0, 0 }), EINVAL);
    CHECK_EQ("CPU time of a child that is gone: nothing left", to_ns(left(id).it_value), 0);
    CHECK_ERR("CPU time of a child that is gone: cannot be set", arm(id, 0, MS, 0), ESRCH);
    CHECK_OK("CPU time of a child that is gone: can be deleted", erase(id));
}

static int child_has_none(void)
{
    struct itimerspec spec;
    return syscall(SYS_timer_gettime, thread_timer, &spec) == -1 && errno == EINVAL ? 0 : 1;
}

static int exec_self(void)
{
    struct sigevent event = event_for(SIGRTMIN + 6, 6);
    kernel_timer id;
    char digits[16];
    blocked_set(SIGRTMIN + 6);
    if (create(CLOCK_MONOTONIC, &event, &id))
        return 2;
    arm(id, 0, MS, MS);
    snprintf(digits, sizeof digits, "%d", id);
    execl("/proc/self/exe", "posixtimers", "exec", digits, (char *)NULL);
    return 3;
}

static void lives(void)
{
    struct sigevent event = event_for(SIGRTMIN + 6, 6);
    create(CLOCK_MONOTONIC, &event, &thread_timer);
    CHECK_EQ("fork: the child has none", check_status(child_has_none), 0);
    erase(thread_timer);
    CHECK_EQ("exec: the new program has none", check_status(exec_self), 0);

    // Ids are each process's own, and limited as queued signals are.
    pid_t child = check_fork();
    if (child == 0) {
        struct rlimit limit = { 5, 5 };
        kernel_timer id, last = -1;
        int made = 0, error = 0;
        if (getuid() == 0 && setuid(NOBODY - 1))
            _exit(9);
        setrlimit(RLIMIT_SIGPENDING, &limit);
        while (made < 10 && create(CLOCK_MONOTONIC, &event, &id) == 0) {
            made++;
            last = id;
        }
        error = errno;
        if (made > 5 || error != EAGAIN)
            _exit(1);
        if (made && (erase(last) || create(CLOCK_MONOTONIC, &event, &id)))
            _exit(2);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    CHECK_EQ("RLIMIT_SIGPENDING: EAGAIN beyond it, and one deleted makes room", status, 0);
}

static void shown(void)
{
    struct sigevent event = event_for(SIGRTMIN + 7, 0x1234);
    char text[400] = "", expected[400];
    kernel_timer id;
    create(CLOCK_BOOTTIME, &event, &id);
    int file = open("/proc/self/timers", O_RDONLY);
    if (file < 0) {
        check_skip("/proc/self/timers", "this kernel has none");
        erase(id);
        return;
    }
    (void)!read(file, text, sizeof text - 1);
    close(file);
    snprintf(expected, sizeof expected, "ID: %d\nsignal: %d/0000000000001234\nnotify: signal/pid.%d\nClockID: %d\n", id, SIGRTMIN + 7, getpid(), CLOCK_BOOTTIME);
    CHECK("/proc/self/timers shows it", strstr(text, expected) != NULL);
    if (!strstr(text, expected))
        check_line("%s", text);
    erase(id);
}

int main(int argc, char **argv)
{
    if (argc > 2 && !strcmp(argv[1], "exec")) {
        struct itimerspec spec;
        return syscall(SYS_timer_gettime, atoi(argv[2]), &spec) == -1 && errno == EINVAL ? 0 : 1;
    }
    check_begin(50);
    once();
    setting();
    overruns();
    handlers();
    threads();
    library_thread();
    cpu_clocks();
    lives();
    shown();
    return check_end();
}
