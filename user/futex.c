// The futex call itself: wait and wake with exact counts, the value check, time-outs relative and absolute, interruption, bitsets,
// requeue and compare-requeue, wake-op, futexes shared between processes and private ones, and robust lists.
// cpus: 1 2 4
// flags: -static -pthread
#include "check.h"
#include <limits.h>
#include <pthread.h>
#include <stddef.h>

enum { WAIT = 0, WAKE = 1, REQUEUE = 3, CMP_REQUEUE = 4, WAKE_OP = 5, WAIT_BITSET = 9, WAKE_BITSET = 10, PRIVATE = 128, CLOCK_RT = 256 };
enum { SLEEPERS = 6 };

static unsigned *words;     // in memory shared with the children

static long futex(unsigned *word, int operation, unsigned value, const void *timeout, unsigned *second, unsigned third)
{
    return syscall(SYS_futex, word, operation, value, timeout, second, third);
}

static pid_t sleeper(unsigned *word, int operation, unsigned bits)
{
    pid_t child = check_fork();
    if (child == 0)
        _exit(futex(word, operation, 0, NULL, NULL, bits) == 0 ? 0 : errno);
    check_await_state(child, 'S');
    return child;
}

static int ended(int count)
{
    int status, right = 0;
    while (count-- > 0)
        right += wait(&status) > 0 && status == 0;
    return right;
}

static void refusals(void)
{
    struct timespec zero = { 0, 0 }, wrong = { 0, 1000000000 }, negative = { -1, 0 };
    words[0] = 5;
    CHECK_ERR("wait: another value", futex(words, WAIT, 4, NULL, NULL, 0), EAGAIN);
    CHECK_ERR("wait: unaligned", futex((unsigned *)((char *)words + 1), WAIT, 5, &zero, NULL, 0), EINVAL);
    CHECK_ERR("wait: a time-out of 10^9 ns", futex(words, WAIT, 5, &wrong, NULL, 0), EINVAL);
    CHECK_ERR("wait: a negative time-out", futex(words, WAIT, 5, &negative, NULL, 0), EINVAL);
    CHECK_ERR("wait: bitset 0", futex(words, WAIT_BITSET, 5, &zero, NULL, 0), EINVAL);
    CHECK_ERR("wake: bitset 0", futex(words, WAKE_BITSET, 1, NULL, NULL, 0), EINVAL);
    CHECK_ERR("no such operation", futex(words, 100, 5, NULL, NULL, 0), ENOSYS);
    CHECK_EQ("wake: nobody there", futex(words, WAKE, 1, NULL, NULL, 0), 0);
    words[0] = 0;
}

static long elapsed_ms(const struct timespec *start)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000;
}

static void time_outs(void)
{
    struct timespec start, time = { 0, 50000000 };
    clock_gettime(CLOCK_MONOTONIC, &start);
    CHECK_ERR("time-out: zero", futex(words, WAIT, 0, &(struct timespec){ 0, 0 }, NULL, 0), ETIMEDOUT);
    CHECK_ERR("time-out: relative", futex(words, WAIT, 0, &time, NULL, 0), ETIMEDOUT);
    CHECK("time-out: not before its time", elapsed_ms(&start) >= 50);
    clock_gettime(CLOCK_MONOTONIC, &start);
    time = start;
    time.tv_nsec += 50000000;
    time.tv_sec += time.tv_nsec / 1000000000, time.tv_nsec %= 1000000000;
    CHECK_ERR("time-out: absolute", futex(words, WAIT_BITSET, 0, &time, NULL, ~0u), ETIMEDOUT);
    CHECK("time-out: not before its time either", elapsed_ms(&start) >= 50);
    CHECK_ERR("time-out: long past", futex(words, WAIT_BITSET, 0, &start, NULL, ~0u), ETIMEDOUT);
    clock_gettime(CLOCK_REALTIME, &time);
    CHECK_ERR("time-out: on the real-time clock", futex(words, WAIT_BITSET | CLOCK_RT, 0, &time, NULL, ~0u), ETIMEDOUT);
}

static volatile int caught;
static void count_signal(int signal) { (void)signal; caught++; }

static int interrupted_wait(void)
{
    struct sigaction action = { .sa_handler = count_signal };
    sigaction(SIGUSR1, &action, NULL);
    long result = futex(words, WAIT, 0, NULL, NULL, 0);
    return result == -1 && errno == EINTR && caught == 1 ? 0 : 1;
}

static void waking(void)
{
    for (int i = 0; i < SLEEPERS; i++)
        sleeper(words, WAIT, 0);
    CHECK_EQ("wake: nobody at another word", futex(words + 1, WAKE, INT_MAX, NULL, NULL, 0), 0);
    CHECK_EQ("wake: one", futex(words, WAKE, 1, NULL, NULL, 0), 1);
    CHECK_EQ("wake: it ends", ended(1), 1);
    CHECK_EQ("wake: two", futex(words, WAKE, 2, NULL, NULL, 0), 2);
    CHECK_EQ("wake: none means one", futex(words, WAKE, 0, NULL, NULL, 0), 1);
    CHECK_EQ("wake: the rest", futex(words, WAKE, INT_MAX, NULL, NULL, 0), SLEEPERS - 4);
    CHECK_EQ("wake: all end", ended(SLEEPERS - 1), SLEEPERS - 1);

    sleeper(words, WAIT_BITSET, 1);
    sleeper(words, WAIT_BITSET, 2);
    sleeper(words, WAIT_BITSET, 4);
    CHECK_EQ("bitset: no bit in common", futex(words, WAKE_BITSET, INT_MAX, NULL, NULL, 8), 0);
    CHECK_EQ("bitset: one bit", futex(words, WAKE_BITSET, INT_MAX, NULL, NULL, 2), 1);
    CHECK_EQ("bitset: a plain wake matches all", futex(words, WAKE, INT_MAX, NULL, NULL, 0), 2);
    CHECK_EQ("bitset: all end", ended(3), 3);

    caught = 0;
    int status;
    pid_t child = check_fork();
    if (child == 0)
        _exit(interrupted_wait());
    check_await_state(child, 'S');
    kill(child, SIGUSR1);
    waitpid(child, &status, 0);
    CHECK_EQ("signal: EINTR", status, 0);
    child = sleeper(words, WAIT, 0);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    CHECK_EQ("signal: a killed sleeper is no longer there to wake", futex(words, WAKE, INT_MAX, NULL, NULL, 0), 0);
}

static void requeueing(void)
{
    for (int i = 0; i < SLEEPERS; i++)
        sleeper(words, WAIT, 0);
    CHECK_ERR("cmp_requeue: another value", futex(words, CMP_REQUEUE, 1, (void *)2, words + 1, 99), EAGAIN);
    CHECK_EQ("cmp_requeue: one woken and two moved", futex(words, CMP_REQUEUE, 1, (void *)2, words + 1, 0), 3);
    CHECK_EQ("cmp_requeue: the woken one ends", ended(1), 1);
    CHECK_EQ("cmp_requeue: the moved ones are woken there", futex(words + 1, WAKE, INT_MAX, NULL, NULL, 0), 2);
    CHECK_EQ("cmp_requeue: they end", ended(2), 2);
    CHECK_EQ("requeue: the woken and the moved are counted", futex(words, REQUEUE, 1, (void *)INT_MAX, words + 1, 0), SLEEPERS - 3);
    CHECK_EQ("requeue: nobody is left", futex(words, WAKE, INT_MAX, NULL, NULL, 0), 0);
    CHECK_EQ("requeue: all moved", futex(words + 1, WAKE, INT_MAX, NULL, NULL, 0), SLEEPERS - 4);
    CHECK_EQ("requeue: all end", ended(SLEEPERS - 3), SLEEPERS - 3);

    // Set the second word to 7, wake one at the first, and one at the second if it was 0.
    sleeper(words, WAIT, 0);
    words[1] = 0;
    sleeper(words + 1, WAIT, 0);
    CHECK_EQ("wake_op: wakes at both", futex(words, WAKE_OP, 1, (void *)1, words + 1, 0 << 28 | 0 << 24 | 7 << 12 | 0), 2);
    CHECK_EQ("wake_op: sets the word", words[1], 7);
    CHECK_EQ("wake_op: both end", ended(2), 2);
    words[1] = 0;
}

static unsigned private_word;
static void *private_sleeper(void *tid)
{
    __atomic_store_n((int *)tid, syscall(SYS_gettid), __ATOMIC_SEQ_CST);
    return (void *)futex(&private_word, WAIT | PRIVATE, 0, NULL, NULL, 0);
}

static void private_and_shared(void)
{
    pthread_t thread;
    int tid = 0;
    void *result = (void *)1;

    // While fork blocks all signals in the caller, the child's SIGCHLD may go to the sleeper, which is then off the queue for a moment.
    sigset_t child_ended, old;
    sigemptyset(&child_ended);
    sigaddset(&child_ended, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child_ended, &old);
    pthread_create(&thread, NULL, private_sleeper, &tid);
    while (__atomic_load_n(&tid, __ATOMIC_SEQ_CST) == 0)
        syscall(SYS_sched_yield);
    // A child's wake reaches its own copy of the word, not ours.
    while (check_task_state(tid) != 'S')
        syscall(SYS_sched_yield);
    int status;
    pid_t child = check_fork();
    if (child == 0)
        _exit(futex(&private_word, WAKE, INT_MAX, NULL, NULL, 0));
    waitpid(child, &status, 0);
    CHECK_EQ("private memory: not woken from another process", status, 0);
    CHECK_EQ("private: woken from the same one", futex(&private_word, WAKE | PRIVATE, 1, NULL, NULL, 0), 1);
    pthread_join(thread, &result);
    CHECK_EQ("private: its result", (long)result, 0);
    sigprocmask(SIG_SETMASK, &old, NULL);
}

// A shared lock of the simplest kind, to show that no wake-up is lost: 0 free, 1 taken, 2 taken with sleepers.
static void take(unsigned *lock)
{
    unsigned free = 0;
    if (__atomic_compare_exchange_n(lock, &free, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return;
    while (__atomic_exchange_n(lock, 2, __ATOMIC_ACQUIRE) != 0)
        futex(lock, WAIT, 2, NULL, NULL, 0);
}

static void give(unsigned *lock)
{
    if (__atomic_exchange_n(lock, 0, __ATOMIC_RELEASE) == 2)
        futex(lock, WAKE, 1, NULL, NULL, 0);
}

static void contention(void)
{
    unsigned *lock = words + 16, *count = words + 32;
    *lock = *count = 0;
    for (int i = 0; i < 8; i++)
        if (check_fork() == 0) {
            for (int round = 0; round < 300; round++) {
                take(lock);
                unsigned before = *(volatile unsigned *)count;
                if (round % 8 == 0)
                    syscall(SYS_sched_yield);
                *(volatile unsigned *)count = before + 1;
                give(lock);
            }
            _exit(0);
        }
    CHECK_EQ("contention: eight processes end", ended(8), 8);
    CHECK_EQ("contention: the count is exact", *count, 8 * 300);
}

// ---- Robust lists --------------------------------------------------------------------------------------------

struct robust_node { struct robust_node *next; };
struct robust_head { struct robust_node list; long futex_offset; struct robust_node *pending; };
struct robust_lock { struct robust_node node; unsigned word; };

enum { OWNER_DIED = 0x40000000, WAITERS = 0x80000000u };

static void robust_list(void)
{
    struct robust_lock *lock = check_shared(4096);
    struct robust_head *head = (struct robust_head *)(lock + 4), *read_back;
    size_t size;
    CHECK_ERR("robust: wrong size", syscall(SYS_set_robust_list, head, 5), EINVAL);
    pid_t child = check_fork();
    if (child == 0) {
        head->list.next = &lock[0].node;
        lock[0].node.next = &lock[1].node;
        lock[1].node.next = &head->list;
        head->futex_offset = offsetof(struct robust_lock, word);
        head->pending = &lock[2].node;
        for (int i = 0; i < 3; i++)
            lock[i].word = syscall(SYS_gettid) | WAITERS;
        lock[3].word = 12345;
        int right = syscall(SYS_set_robust_list, head, sizeof *head) == 0;
        right += syscall(SYS_get_robust_list, 0, &read_back, &size) == 0 && read_back == head && size == sizeof *head;
        lock[3].word = right;
        for (;;)
            pause();
    }
    while (__atomic_load_n(&lock[3].word, __ATOMIC_SEQ_CST) != 2)
        if (waitpid(child, NULL, WNOHANG) == child) {
            check_fail("robust: set and get", "expected success, got %u of 2", lock[3].word);
            return;
        }
    pid_t waiter = check_fork();
    if (waiter == 0)
        _exit(futex(&lock[1].word, WAIT, child | WAITERS, NULL, NULL, 0) == 0 ? 0 : errno);
    check_await_state(waiter, 'S');
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(check_name("robust: word %d is marked as left by a dead owner", i), lock[i].word & ~0x3fffffffu, OWNER_DIED | WAITERS);
    CHECK_EQ("robust: a waiter is woken", ended(1), 1);

    // A list that bites its own tail must not keep the kernel.
    child = check_fork();
    if (child == 0) {
        head->list.next = &lock[0].node;
        lock[0].node.next = &lock[1].node;
        lock[1].node.next = &lock[0].node;
        head->pending = NULL;
        syscall(SYS_set_robust_list, head, sizeof *head);
        _exit(3);
    }
    int status;
    waitpid(child, &status, 0);
    CHECK_EQ("robust: a circular list ends, too", status, EXITED(3));
}

int main(void)
{
    check_begin(50);
    words = check_shared(4096);
    refusals();
    time_outs();
    waking();
    requeueing();
    private_and_shared();
    contention();
    robust_list();
    return check_end();
}
