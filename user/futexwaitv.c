// Waiting for one of several futexes: which of them was woken, values that differ, limits, time-outs on both clocks, flags, bad arguments,
// interruption, private and shared words, and wake-ups that are neither lost nor counted twice.
// cpus: 1 2 4
// flags: -static -pthread
// timeout: 120
#include "check.h"
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif
enum { WAIT = 0, WAKE = 1, CMP_REQUEUE = 4, PRIVATE = 128, SIZE_32 = 2, MOST = 128 };

struct item { uint64_t value, address; uint32_t flags, reserved; };

static unsigned words[MOST + 1];
static struct item items[MOST + 1];

static long waitv(struct item *list, unsigned count, unsigned flags, const void *time, clockid_t clock)
{
    return syscall(SYS_futex_waitv, list, count, flags, time, clock);
}

static long wake(unsigned *word, int most) { return syscall(SYS_futex, word, WAKE | PRIVATE, most, NULL, NULL, 0); }
static unsigned load(unsigned *word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }
static void store(unsigned *word, unsigned value) { __atomic_store_n(word, value, __ATOMIC_SEQ_CST); }

static void reset(void)
{
    for (int i = 0; i <= MOST; i++) {
        words[i] = 0;
        items[i] = (struct item){ 0, (uintptr_t)&words[i], SIZE_32 | PRIVATE, 0 };
    }
}

static void refusals(void)
{
    struct timespec past = { 1, 0 }, wrong = { 0, 1000000000 };
    CHECK_ERR("no words", waitv(items, 0, 0, NULL, CLOCK_MONOTONIC), EINVAL);
    CHECK_ERR("too many words", waitv(items, MOST + 1, 0, &past, CLOCK_MONOTONIC), EINVAL);
    CHECK_ERR("flags", waitv(items, 1, 1, NULL, CLOCK_MONOTONIC), EINVAL);
    CHECK_ERR("no list", waitv(NULL, 1, 0, NULL, CLOCK_MONOTONIC), EINVAL);
    CHECK_ERR("a list nowhere", waitv((void *)8, 1, 0, NULL, CLOCK_MONOTONIC), EFAULT);
    CHECK_ERR("a clock that does not fit", waitv(items, 1, 0, &past, CLOCK_BOOTTIME), EINVAL);
    CHECK_ERR("a time of 10^9 ns", waitv(items, 1, 0, &wrong, CLOCK_MONOTONIC), EINVAL);
    CHECK_ERR("a time nowhere", waitv(items, 1, 0, (void *)8, CLOCK_MONOTONIC), EFAULT);
    items[1].flags = PRIVATE;
    CHECK_ERR("no size", waitv(items, 2, 0, &past, CLOCK_MONOTONIC), EINVAL);
    items[1].flags = SIZE_32 | 4;
    CHECK_ERR("an unknown flag", waitv(items, 2, 0, &past, CLOCK_MONOTONIC), EINVAL);
    reset();
    items[1].reserved = 1;
    CHECK_ERR("a reserved field", waitv(items, 2, 0, &past, CLOCK_MONOTONIC), EINVAL);
    reset();
    items[1].address++;
    CHECK_ERR("misaligned", waitv(items, 2, 0, &past, CLOCK_MONOTONIC), EINVAL);
    items[1].address = 8;
    CHECK_ERR("a word nowhere", waitv(items, 2, 0, &past, CLOCK_MONOTONIC), EFAULT);
    reset();
    items[1].value = 1;
    CHECK_ERR("another value", waitv(items, 2, 0, NULL, 0), EAGAIN);
    CHECK_ERR("another value comes before the time", waitv(items, 2, 0, &past, CLOCK_MONOTONIC), EAGAIN);
    reset();
    CHECK_ERR("a time long past", waitv(items, 2, 0, &past, CLOCK_MONOTONIC), ETIMEDOUT);
    CHECK_ERR("a time long past on the real-time clock", waitv(items, MOST, 0, &past, CLOCK_REALTIME), ETIMEDOUT);
}

static void time_outs(void)
{
    const clockid_t clocks[] = { CLOCK_MONOTONIC, CLOCK_REALTIME };
    for (int i = 0; i < 2; i++) {
        struct timespec end, now;
        clock_gettime(clocks[i], &end);
        end.tv_nsec += 30000000;
        end.tv_sec += end.tv_nsec / 1000000000, end.tv_nsec %= 1000000000;
        CHECK_ERR(check_name("time-out on clock %d", clocks[i]), waitv(items, 3, 0, &end, clocks[i]), ETIMEDOUT);
        clock_gettime(clocks[i], &now);
        CHECK(check_name("not too early on clock %d", clocks[i]), now.tv_sec > end.tv_sec || (now.tv_sec == end.tv_sec && now.tv_nsec >= end.tv_nsec));
    }
}

struct sleeper { pthread_t thread; unsigned tid; int count; long result; int error; };

static void *sleep_on_all(void *argument)
{
    struct sleeper *sleeper = argument;
    store(&sleeper->tid, syscall(SYS_gettid));
    sleeper->result = waitv(items, sleeper->count, 0, NULL, 0);
    sleeper->error = errno;
    return NULL;
}

static void start(struct sleeper *sleeper, int count)
{
    sleeper->tid = 0;
    sleeper->count = count;
    pthread_create(&sleeper->thread, NULL, sleep_on_all, sleeper);
    while (load(&sleeper->tid) == 0 || check_task_state(load(&sleeper->tid)) != 'S')
        sched_yield();
}

static void waking(void)
{
    struct sleeper sleeper, other;
    const int which[] = { 0, 1, 63, MOST - 1 };
    for (int i = 0; i < 4; i++) {
        start(&sleeper, MOST);
        CHECK_EQ(check_name("wake word %d", which[i]), wake(&words[which[i]], INT_MAX), 1);
        pthread_join(sleeper.thread, NULL);
        CHECK_EQ(check_name("its index is %d", which[i]), sleeper.result, which[i]);
        CHECK_EQ("nobody is left at the others", wake(&words[2], INT_MAX), 0);
    }

    // The same word twice, and two sleepers on overlapping lists.
    items[1].address = items[0].address;
    start(&sleeper, 2);
    CHECK_EQ("one word twice: both are woken", wake(&words[0], INT_MAX), 2);
    pthread_join(sleeper.thread, NULL);
    CHECK("one word twice: one of its indexes", sleeper.result == 0 || sleeper.result == 1);
    reset();
    start(&sleeper, 3);
    start(&other, 2);
    CHECK_EQ("two sleepers: one at the third word", wake(&words[2], INT_MAX), 1);
    pthread_join(sleeper.thread, NULL);
    CHECK_EQ("two sleepers: one at the second", wake(&words[1], INT_MAX), 1);
    pthread_join(other.thread, NULL);
    CHECK_EQ("two sleepers: their indexes", sleeper.result * 10 + other.result, 21);

    // A moved waiter is found at its new word.
    start(&sleeper, 2);
    CHECK_EQ("requeue: one moved", syscall(SYS_futex, &words[0], CMP_REQUEUE | PRIVATE, 0, 1, &words[50], 0), 1);
    CHECK_EQ("requeue: woken there", wake(&words[50], 1), 1);
    pthread_join(sleeper.thread, NULL);
    CHECK_EQ("requeue: still its index", sleeper.result, 0);
}

static volatile int caught;
static void count_signal(int signal) { (void)signal; caught++; }

static int interrupted(void)
{
    struct sigaction action = { .sa_handler = count_signal };
    sigaction(SIGUSR1, &action, NULL);
    long result = waitv(items, 3, 0, NULL, 0);
    return result == -1 && errno == EINTR && caught == 1 ? 0 : 1;
}

static int restarted(void)
{
    struct sigaction action = { .sa_handler = count_signal, .sa_flags = SA_RESTART };
    sigaction(SIGUSR1, &action, NULL);
    unsigned *word = (unsigned *)(uintptr_t)items[0].address;
    long result = waitv(items, 1, 0, NULL, 0);
    return result == 0 && caught == 1 && load(word) == 0 ? 0 : 1;
}

static void signals(void)
{
    int status;
    pid_t child = check_fork();
    if (child == 0)
        _exit(interrupted());
    check_await_state(child, 'S');
    kill(child, SIGUSR1);
    waitpid(child, &status, 0);
    CHECK_EQ("signal: EINTR", status, 0);

    // Shared words: woken by another process, after a signal whose handler lets the call go on.
    unsigned *shared = check_shared(4096);
    items[0] = (struct item){ 0, (uintptr_t)shared, SIZE_32, 0 };
    child = check_fork();
    if (child == 0)
        _exit(restarted());
    check_await_state(child, 'S');
    kill(child, SIGUSR1);
    while (waitpid(child, &status, WNOHANG) == 0)
        syscall(SYS_futex, shared, WAKE, 1, NULL, NULL, 0);
    CHECK_EQ("signal: the call goes on after a handler with SA_RESTART", status, 0);
    reset();
}

// Tokens: each is handed over by one wake-up, of one word of four; what was given and what was taken must agree.
enum { TAKERS = 4, TOKENS = 300 };
static unsigned given, taken;

static void *take(void *unused)
{
    (void)unused;
    for (;;) {
        unsigned left = load(&given) - load(&taken);
        unsigned now = load(&taken);
        if (now == TOKENS)
            return NULL;
        if (left > 0 && left < TOKENS + 1) {
            __atomic_compare_exchange_n(&taken, &now, now + 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
            continue;
        }
        struct item list[4];
        for (int i = 0; i < 4; i++)
            list[i] = (struct item){ load(&words[i]), (uintptr_t)&words[i], SIZE_32 | PRIVATE, 0 };
        if (load(&given) == load(&taken) && load(&taken) != TOKENS)
            waitv(list, 4, 0, NULL, 0);
    }
}

static void tokens(void)
{
    pthread_t takers[TAKERS];
    for (int i = 0; i < TAKERS; i++)
        pthread_create(&takers[i], NULL, take, NULL);
    for (int i = 0; i < TOKENS; i++) {
        while (load(&taken) != (unsigned)i)
            sched_yield();
        store(&given, i + 1);
        __atomic_add_fetch(&words[i % 4], 1, __ATOMIC_SEQ_CST);
        wake(&words[i % 4], 1);
    }
    while (load(&taken) != TOKENS)
        sched_yield();
    for (int i = 0; i < TAKERS; i++) {
        __atomic_add_fetch(&words[0], 1, __ATOMIC_SEQ_CST);
        wake(&words[0], INT_MAX);
    }
    for (int i = 0; i < TAKERS; i++)
        pthread_join(takers[i], NULL);
    CHECK_EQ("tokens: none lost", taken, TOKENS);
}

int main(void)
{
    check_begin(100);
    reset();
    refusals();
    time_outs();
    waking();
    signals();
    tokens();
    return check_end();
}
