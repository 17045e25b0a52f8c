// Locks in user memory that lend priority: the word's rules, taking and giving back, time-outs on both clocks, priorities lent along chains and
// back, deadlocks, the end of an owner, mixes with plain futexes, conditions whose waiters are moved to the lock; and what pthreads make of it.
// cpus: 1 2 4
// libc: musl glibc
// flags: -static -pthread
// timeout: 120
#include "check.h"
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>

enum { WAIT = 0, WAKE = 1, REQUEUE = 3, CMP_REQUEUE = 4, LOCK_PI = 6, UNLOCK_PI = 7, TRYLOCK_PI = 8, WAIT_REQUEUE_PI = 11, CMP_REQUEUE_PI = 12,
       LOCK_PI2 = 13, PRIVATE = 128, CLOCK_RT = 256 };
enum { DIED = 0x40000000, WAITERS = 0x80000000u, TID = 0x3fffffff };

static unsigned *words;     // in memory shared with the children
static int can_be_real_time;

static long futex(unsigned *word, int operation, unsigned value, const void *timeout, unsigned *second, unsigned third)
{
    return syscall(SYS_futex, word, operation, value, timeout, second, third);
}

static long lock(unsigned *word) { return futex(word, LOCK_PI, 0, NULL, NULL, 0); }
static long unlock(unsigned *word) { return futex(word, UNLOCK_PI, 0, NULL, NULL, 0); }
static unsigned self(void) { return syscall(SYS_gettid); }
static unsigned load(unsigned *word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }
static void store(unsigned *word, unsigned value) { __atomic_store_n(word, value, __ATOMIC_SEQ_CST); }

// ---- Helpers: a thread that does one call and tells its result ---------------------------------------------------

struct helper {
    pthread_t thread;
    unsigned tid, go, ended;
    unsigned *word, *second;
    int operation, priority;
    struct timespec *time;
    long result;
    int error;
    unsigned seen;      // the first (for a moved waiter, the second) word after the call
    unsigned keeps;     // does not give the lock back
};

// The C libraries do not agree on what these calls mean for a thread.
static int be_fifo(pid_t tid, int priority)
{
    struct sched_param parameter = { .sched_priority = priority };
    return syscall(SYS_sched_setscheduler, tid, priority ? SCHED_FIFO : SCHED_OTHER, &parameter);
}

static void *help(void *argument)
{
    struct helper *helper = argument;
    if (helper->priority)
        be_fifo(0, helper->priority);
    store(&helper->tid, self());
    helper->result = futex(helper->word, helper->operation, 0, helper->time, helper->second, 0);
    helper->error = helper->result ? errno : 0;
    unsigned *held = helper->second ? helper->second : helper->word;
    helper->seen = load(held);
    if (helper->result == 0 && helper->operation != WAIT && !helper->keeps)
        unlock(held);
    store(&helper->ended, 1);
    return NULL;
}

static void await_sleep(unsigned *tid)
{
    while (load(tid) == 0)
        sched_yield();
    while (check_task_state(load(tid)) != 'S')
        sched_yield();
}

// Starts a helper and waits until it sleeps.
static void start(struct helper *helper)
{
    helper->tid = helper->ended = 0;
    pthread_create(&helper->thread, NULL, help, helper);
    await_sleep(&helper->tid);
}

static void finish(struct helper *helper) { pthread_join(helper->thread, NULL); }

// Field 18 of /proc/PID/stat: what counts now, as the kernel shows it.
static int priority_of(pid_t tid)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)tid);
    int file = open(path, O_RDONLY), fields = 0, priority = 9999;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    text[length < 0 ? 0 : length] = 0;
    for (char *at = strrchr(text, ')'); at && *at; at++)
        if (*at == ' ' && ++fields == 16)
            priority = atoi(at + 1);
    return priority;
}

static struct timespec after(clockid_t clock, long ns)
{
    struct timespec time;
    clock_gettime(clock, &time);
    time.tv_nsec += ns;
    time.tv_sec += time.tv_nsec / 1000000000, time.tv_nsec %= 1000000000;
    return time;
}

// ---- The rules of the word ---------------------------------------------------------------------------------------

static void refusals(void)
{
    struct timespec zero = { 0, 0 }, wrong = { 0, 1000000000 };
    unsigned *word = words;
    *word = self();
    CHECK_ERR("lock: what one has", lock(word), EDEADLK);
    CHECK_ERR("trylock: what one has", futex(word, TRYLOCK_PI, 0, NULL, NULL, 0), EDEADLK);
    *word = 0;
    CHECK_ERR("unlock: a free lock", unlock(word), EPERM);
    *word = 1;
    CHECK_ERR("unlock: another's lock", unlock(word), EPERM);
    *word = 0;
    CHECK_ERR("lock: misaligned", lock((unsigned *)((char *)words + 1)), EINVAL);
    CHECK_ERR("lock: no address", lock(NULL), EFAULT);
    CHECK_ERR("lock: a kernel address", lock((unsigned *)0xffff888000000000), EFAULT);
    CHECK_ERR("unlock: no address", unlock(NULL), EFAULT);
    static const unsigned constant = 0;
    CHECK_ERR("lock: read-only memory", lock((unsigned *)&constant), EFAULT);
    CHECK_ERR("lock: its clock is fixed", futex(word, LOCK_PI | CLOCK_RT, 0, NULL, NULL, 0), ENOSYS);
    CHECK_ERR("unlock: no clock", futex(word, UNLOCK_PI | CLOCK_RT, 0, NULL, NULL, 0), ENOSYS);
    CHECK_ERR("wait: the clock cannot be chosen", futex(word, WAIT | CLOCK_RT, 0, &zero, NULL, 0), ENOSYS);
    CHECK_ERR("lock: a time of 10^9 ns", futex(word, LOCK_PI, 0, &wrong, NULL, 0), EINVAL);
    CHECK_ERR("lock2: a time of 10^9 ns", futex(word, LOCK_PI2, 0, &wrong, NULL, 0), EINVAL);
    CHECK_ERR("lock: a time nowhere", futex(word, LOCK_PI, 0, (void *)8, NULL, 0), EFAULT);
    CHECK_EQ("the word is untouched", *word, 0);

    pid_t child = check_fork();
    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
    *word = child;
    CHECK_ERR("lock: an owner that is gone", lock(word), ESRCH);
    CHECK_EQ("lock: the waiters' bit was set", *word, child | WAITERS);
    *word = 0x3ffffffe;
    CHECK_ERR("lock: an owner that never was", lock(word), ESRCH);
    char name[16] = "";
    int file = open("/proc/2/comm", O_RDONLY);
    if (file >= 0 && read(file, name, 8) == 8 && !memcmp(name, "kthreadd", 8)) {
        *word = 2;
        CHECK_ERR("lock: a kernel thread's", lock(word), EPERM);
    } else {
        check_skip("lock: a kernel thread's", "no kernel thread in sight");
    }
    if (file >= 0)
        close(file);
    *word = 0;
}

static void uncontended(void)
{
    unsigned *word = words;
    *word = 0;
    CHECK_OK("lock: a free one", lock(word));
    CHECK_EQ("lock: the word", *word, self());
    CHECK_OK("unlock", unlock(word));
    CHECK_EQ("unlock: the word", *word, 0);
    *word = DIED;
    CHECK_OK("lock: a dead owner's", lock(word));
    CHECK_EQ("lock: the word tells of it", *word, self() | DIED);
    CHECK_OK("unlock: a dead owner's", unlock(word));
    CHECK_EQ("unlock: forgets it", *word, 0);
    CHECK_OK("trylock: a free one", futex(word, TRYLOCK_PI, 0, NULL, NULL, 0));
    CHECK_OK("unlock: with the waiters' bit but nobody there", (*word |= WAITERS, unlock(word)));
    CHECK_EQ("unlock: forgets it, too", *word, 0);
    CHECK_OK("lock2: a free one", futex(word, LOCK_PI2, 0, NULL, NULL, 0));
    CHECK_OK("unlock: private", futex(word, UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0));
}

static void contended(void)
{
    unsigned *word = words;
    *word = 0;
    lock(word);
    struct helper first = { .word = word, .operation = LOCK_PI }, second = { .word = word, .operation = LOCK_PI2 }, try = { .word = word, .operation = TRYLOCK_PI };
    start(&first);
    CHECK_EQ("a waiter sets its bit", load(word), self() | WAITERS);
    start(&second);
    pthread_create(&try.thread, NULL, help, &try);
    finish(&try);
    CHECK_EQ("trylock: taken", try.error, EAGAIN);
    CHECK_ERR("wake: does not fit who waits for a lock", futex(word, WAKE, 1, NULL, NULL, 0), EINVAL);
    CHECK_ERR("requeue: does not fit who waits for a lock", futex(word, REQUEUE, 1, (void *)1, words + 1, 0), EINVAL);
    CHECK_OK("unlock: with waiters", unlock(word));
    finish(&first);
    finish(&second);
    CHECK_EQ("the first waiter has it", first.seen, first.tid | WAITERS);
    CHECK_EQ("the second waiter has it then", second.seen & TID, second.tid);
    CHECK_EQ("free at the end", load(word) & TID, 0);
}

static void time_outs(void)
{
    unsigned *word = words;
    *word = 0;
    lock(word);
    struct timespec past = { 1, 0 }, soon;
    const struct { const char *name; int operation; clockid_t clock; } cases[] = {
        { "lock", LOCK_PI, CLOCK_REALTIME }, { "lock2", LOCK_PI2, CLOCK_MONOTONIC }, { "lock2 on the real-time clock", LOCK_PI2 | CLOCK_RT, CLOCK_REALTIME } };
    for (int i = 0; i < 3; i++) {
        struct helper late = { .word = word, .operation = cases[i].operation, .time = &past };
        pthread_create(&late.thread, NULL, help, &late);
        finish(&late);
        CHECK_EQ(check_name("%s: a time long past", cases[i].name), late.error, ETIMEDOUT);
        soon = after(cases[i].clock, 20000000);
        late.time = &soon;
        pthread_create(&late.thread, NULL, help, &late);
        finish(&late);
        struct timespec now = after(cases[i].clock, 0);
        CHECK_EQ(check_name("%s: time-out", cases[i].name), late.error, ETIMEDOUT);
        CHECK(check_name("%s: not too early", cases[i].name), now.tv_sec > soon.tv_sec || (now.tv_sec == soon.tv_sec && now.tv_nsec >= soon.tv_nsec));
    }
    CHECK_EQ("a time-out leaves the bit", load(word), self() | WAITERS);
    CHECK_OK("unlock: everybody has given up", unlock(word));
    CHECK_EQ("and the word is free", load(word), 0);
}

// ---- Priorities --------------------------------------------------------------------------------------------------

static void priorities(void)
{
    if (!can_be_real_time) {
        check_skip("priorities", "not allowed to have one");
        return;
    }
    unsigned *word = words, *other = words + 1;
    *word = *other = 0;
    lock(word);
    CHECK_EQ("priority: one's own", priority_of(self()), 20);
    struct helper high = { .word = word, .operation = LOCK_PI, .priority = 30 }, higher = { .word = word, .operation = LOCK_PI, .priority = 50 };
    start(&high);
    CHECK_EQ("priority: the waiter's", priority_of(self()), -31);
    CHECK_EQ("priority: the policy stays", syscall(SYS_sched_getscheduler, 0), SCHED_OTHER);
    start(&higher);
    CHECK_EQ("priority: the best waiter's", priority_of(self()), -51);
    be_fifo(0, 10);
    CHECK_EQ("priority: a new policy keeps what is lent", priority_of(self()), -51);
    be_fifo(0, 60);
    CHECK_EQ("priority: one's own is better", priority_of(self()), -61);
    be_fifo(0, 0);
    CHECK_EQ("priority: and again the waiter's", priority_of(self()), -51);
    be_fifo(higher.tid, 40);
    CHECK_EQ("priority: the waiter's new one", priority_of(self()), -41);
    be_fifo(higher.tid, 0);
    CHECK_EQ("priority: the other waiter's", priority_of(self()), -31);
    unlock(word);
    CHECK_EQ("priority: given back with the lock", priority_of(self()), 20);
    finish(&high);
    finish(&higher);
    CHECK_EQ("priority: the best waiter was first", high.seen, high.tid | WAITERS);

    // A thread that ends gives nothing back by itself.
    struct helper keeper = { .word = other, .operation = LOCK_PI, .keeps = 1, .priority = 5 };
    pthread_create(&keeper.thread, NULL, help, &keeper);
    finish(&keeper);
    CHECK_EQ("a thread that ends leaves the word as it is", load(other), keeper.tid);
    *other = 0;
}

static unsigned chain_ready, chain_tid;
static void *hold_and_wait(void *result)
{
    be_fifo(0, 5);
    lock(words + 1);
    store(&chain_tid, self());
    store(&chain_ready, 1);
    *(long *)result = lock(words) ? errno : 0;
    int before = priority_of(self());
    unlock(words + 1);
    unlock(words);
    return (void *)(long)before;
}

static void chains(void)
{
    if (!can_be_real_time) {
        check_skip("chains", "not allowed to have priorities");
        return;
    }
    words[0] = words[1] = 0;
    chain_tid = chain_ready = 0;
    lock(words);
    pthread_t middle;
    long result;
    void *seen;
    pthread_create(&middle, NULL, hold_and_wait, &result);
    await_sleep(&chain_tid);
    while (priority_of(self()) != -6)
        sched_yield();
    struct helper high = { .word = words + 1, .operation = LOCK_PI, .priority = 70 };
    start(&high);
    CHECK_EQ("chain: the middle one runs for the high one", priority_of(chain_tid), -71);
    CHECK_EQ("chain: and so does the low one", priority_of(self()), -71);
    be_fifo(high.tid, 80);
    CHECK_EQ("chain: a change at the end arrives at the start", priority_of(self()), -81);
    unlock(words);
    pthread_join(middle, &seen);
    finish(&high);
    CHECK_EQ("chain: the low one is itself again", priority_of(self()), 20);
    CHECK_EQ("chain: the middle one ran for the high one to the end", (long)seen, -81);
    CHECK_EQ("chain: nothing failed", result | high.result, 0);
}

// ---- Deadlocks, ends, mixes --------------------------------------------------------------------------------------

static unsigned circle_ready;
static void *close_circle(void *unused)
{
    (void)unused;
    lock(words + 1);
    store(&chain_tid, self());
    store(&circle_ready, 1);
    long result = lock(words) ? errno : 0;
    if (result == 0)
        unlock(words);
    unlock(words + 1);
    return (void *)result;
}

static void deadlocks(void)
{
    words[0] = words[1] = chain_tid = circle_ready = 0;
    lock(words);
    pthread_t thread;
    void *result;
    pthread_create(&thread, NULL, close_circle, NULL);
    await_sleep(&chain_tid);
    while (load(words) != (self() | WAITERS))
        sched_yield();
    while (check_task_state(chain_tid) != 'S')
        sched_yield();
    CHECK_ERR("deadlock: told to the one that closes the circle", lock(words + 1), EDEADLK);
    unlock(words);
    pthread_join(thread, &result);
    CHECK_EQ("deadlock: the other one gets its lock", (long)result, 0);
}

static void ends(void)
{
    unsigned *word = words + 2;
    *word = 0;
    struct gate gate = gate_make(), done = gate_make();
    pid_t child = check_fork();
    if (child == 0) {
        lock(word);
        gate_open(&done);
        gate_wait(&gate);
        _exit(0);
    }
    gate_wait(&done);
    struct helper waiter = { .word = word, .operation = LOCK_PI, .keeps = 1 };
    start(&waiter);
    CHECK_EQ("end: the child has the lock", load(word), child | WAITERS);
    gate_open(&gate);
    waitpid(child, NULL, 0);
    finish(&waiter);
    CHECK_EQ("end: the waiter gets the lock", waiter.result, 0);
    CHECK_EQ("end: and is told how", waiter.seen, waiter.tid | WAITERS | DIED);
    CHECK_ERR("end: the waiter has ended with it", lock(word), ESRCH);
    *word = 0;
    gate_close(&gate);
    gate_close(&done);

    // A killed waiter: the lock goes to the next.
    lock(word);
    child = check_fork();
    if (child == 0)
        _exit(lock(word) == 0);
    check_await_state(child, 'S');
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    CHECK_OK("end: a killed waiter", unlock(word));
    CHECK_EQ("end: a killed waiter gets nothing", load(word), 0);

    // An exec ends the old program's locks, too.
    child = check_fork();
    if (child == 0) {
        lock(word);
        gate = gate_make();
        char *const nothing[] = { NULL };
        execve("/proc/self/exe", (char *[]){ "futexpi", "idle", NULL }, nothing);
        _exit(1);
    }
    int status;
    waitpid(child, &status, 0);
    CHECK_EQ("exec: the program ran", status, EXITED(7));
    CHECK_EQ("exec: a word without a waiter stays", load(word), child);
    *word = 0;
}

static void mixes(void)
{
    unsigned *word = words + 3;
    *word = 0;
    struct helper plain = { .word = word, .operation = WAIT };
    start(&plain);
    store(word, 1);
    CHECK_ERR("mix: a plain waiter is there", lock(word), EINVAL);
    store(word, self());
    CHECK_ERR("mix: unlock finds a plain waiter", unlock(word), EINVAL);
    CHECK_EQ("mix: the plain waiter is woken as ever", futex(word, WAKE, 1, NULL, NULL, 0), 1);
    finish(&plain);

    // The word is made to lie while somebody waits: who must not begin anew for the child's SIGCHLD, which comes to any thread if it comes while
    // fork() has the signals blocked in this one.
    sigset_t child_ends, before;
    sigemptyset(&child_ends);
    sigaddset(&child_ends, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &child_ends, &before);
    store(word, 0);
    lock(word);
    struct helper waiter = { .word = word, .operation = LOCK_PI };
    start(&waiter);
    while (!(load(word) & WAITERS)) // it may have slept for something else before
        sched_yield();
    pid_t child = check_fork();
    if (child == 0) {
        store(word, 1 | WAITERS);
        _exit(lock(word) == -1 && errno == EINVAL ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    CHECK_EQ("mix: a word that names another than the kernel knows", status, 0);
    store(word, self() | WAITERS);
    CHECK_OK("mix: set right it works on", unlock(word));
    finish(&waiter);
    CHECK_EQ("mix: the waiter has got it", waiter.result, 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

// ---- Conditions --------------------------------------------------------------------------------------------------

static void moved_waiters(void)
{
    unsigned *condition = words + 8, *mutex = words + 9;
    struct timespec past = { 1, 0 };
    *condition = *mutex = 0;
    CHECK_ERR("wait_requeue: one word", futex(condition, WAIT_REQUEUE_PI, 0, NULL, condition, 0), EINVAL);
    CHECK_ERR("wait_requeue: another value", futex(condition, WAIT_REQUEUE_PI, 1, NULL, mutex, 0), EAGAIN);
    CHECK_ERR("wait_requeue: a time long past", futex(condition, WAIT_REQUEUE_PI, 0, &past, mutex, 0), ETIMEDOUT);
    CHECK_ERR("wait_requeue: the same on the real-time clock", futex(condition, WAIT_REQUEUE_PI | CLOCK_RT, 0, &past, mutex, 0), ETIMEDOUT);
    CHECK_ERR("wait_requeue: misaligned", futex(condition, WAIT_REQUEUE_PI, 0, &past, (unsigned *)((char *)mutex + 2), 0), EINVAL);
    CHECK_ERR("cmp_requeue_pi: one word", futex(condition, CMP_REQUEUE_PI, 1, (void *)1, condition, 0), EINVAL);
    CHECK_ERR("cmp_requeue_pi: not one to wake", futex(condition, CMP_REQUEUE_PI, 2, (void *)1, mutex, 0), EINVAL);
    CHECK_ERR("cmp_requeue_pi: another value", futex(condition, CMP_REQUEUE_PI, 1, (void *)1, mutex, 5), EAGAIN);
    CHECK_ERR("cmp_requeue_pi: a negative count", futex(condition, CMP_REQUEUE_PI, 1, (void *)-1, mutex, 0), EINVAL);
    CHECK_EQ("cmp_requeue_pi: nobody there", futex(condition, CMP_REQUEUE_PI, 1, (void *)1, mutex, 0), 0);

    struct helper waiters[3];
    for (int i = 0; i < 3; i++) {
        waiters[i] = (struct helper){ .word = condition, .operation = WAIT_REQUEUE_PI, .second = mutex };
        start(&waiters[i]);
    }
    CHECK_ERR("a plain wake does not fit", futex(condition, WAKE, 1, NULL, NULL, 0), EINVAL);
    CHECK_ERR("a plain requeue does not fit", futex(condition, CMP_REQUEUE, 1, (void *)1, mutex, 0), EINVAL);
    CHECK_ERR("another lock than the waiters named", futex(condition, CMP_REQUEUE_PI, 1, (void *)1, words + 10, 0), EINVAL);

    // The lock is free: it is taken for the first waiter, and the second is moved.
    CHECK_EQ("free lock: one has it and one waits for it", futex(condition, CMP_REQUEUE_PI, 1, (void *)1, mutex, 0), 2);
    finish(&waiters[0]);
    finish(&waiters[1]);
    CHECK_EQ("free lock: the first waiter has it", waiters[0].seen, waiters[0].tid | WAITERS);
    CHECK_EQ("free lock: the second waiter gets it", waiters[1].result, 0);
    CHECK_EQ("free lock: its word", waiters[1].seen & TID, waiters[1].tid);

    // The lock is taken: all are moved.
    lock(mutex);
    start(&waiters[0]);
    start(&waiters[1]);
    CHECK_EQ("taken lock: all wait for it", futex(condition, CMP_REQUEUE_PI, 1, (void *)INT_MAX, mutex, 0), 3);
    CHECK_EQ("taken lock: nobody runs", waiters[0].ended | waiters[1].ended | waiters[2].ended, 0);
    CHECK_EQ("taken lock: its word", load(mutex), self() | WAITERS);
    unlock(mutex);
    for (int i = 0; i < 3; i++) {
        finish(&waiters[i]);
        CHECK_EQ(check_name("taken lock: waiter %d gets it", i), waiters[i].result, 0);
    }

    // A time-out after the move.
    struct timespec soon = after(CLOCK_MONOTONIC, 300000000);
    *mutex = 0;
    lock(mutex);
    waiters[0].time = &soon;
    start(&waiters[0]);
    long moved = futex(condition, CMP_REQUEUE_PI, 1, (void *)0, mutex, 0);
    finish(&waiters[0]);
    CHECK("moved waiter: moved, unless it was too late", moved == 1 || moved == 0);
    CHECK_EQ("moved waiter: time-out", waiters[0].error, ETIMEDOUT);
    CHECK_OK("moved waiter: the lock is ours still", unlock(mutex));
    CHECK_EQ("moved waiter: and free then", load(mutex), 0);
}

// ---- pthreads ----------------------------------------------------------------------------------------------------

enum { THREADS = 6, ROUNDS = 200 };
static pthread_mutex_t mutex;
static pthread_cond_t condition;
static volatile long count, turn;

static void *count_up(void *argument)
{
    if (can_be_real_time)
        be_fifo(0, (int)(long)argument);
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&mutex);
        long before = count;
        if (i % 16 == 0)
            sched_yield();
        count = before + 1;
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void *take_turns(void *argument)
{
    long mine = (long)argument;
    for (int i = 0; i < ROUNDS / 4; i++) {
        pthread_mutex_lock(&mutex);
        while (turn % THREADS != mine)
            pthread_cond_wait(&condition, &mutex);
        turn++;
        pthread_cond_broadcast(&condition);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void run_all(void *(*body)(void *))
{
    pthread_t threads[THREADS];
    for (long i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, body, (void *)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

static void *lock_and_end(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&mutex);
    return NULL;
}

static void *lock_later(void *tid)
{
    store(tid, self());
    return (void *)(long)pthread_mutex_lock(&mutex);
}

static void make(int robust)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
    if (robust)
        pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&mutex, &attributes);
}

static void pthreads(void)
{
    make(0);
    run_all(count_up);
    CHECK_EQ("pthread: the count is exact", count, THREADS * ROUNDS);
    pthread_cond_init(&condition, NULL);
    run_all(take_turns);
    CHECK_EQ("pthread: turns through a condition", turn, THREADS * (ROUNDS / 4));
    CHECK_EQ("pthread: trylock of a free one", pthread_mutex_trylock(&mutex), 0);
    struct timespec soon = after(CLOCK_REALTIME, 10000000);
    pthread_mutex_unlock(&mutex);
    CHECK_EQ("pthread: timedlock of a free one", pthread_mutex_timedlock(&mutex, &soon), 0);
    pthread_mutex_unlock(&mutex);

    make(1);
    pthread_t thread, waiter;
    void *result;
    pthread_create(&thread, NULL, lock_and_end, NULL);
    pthread_join(thread, NULL);
    CHECK_EQ("robust: told that the owner has died", pthread_mutex_lock(&mutex), EOWNERDEAD);
    unsigned tid = 0;
    pthread_create(&waiter, NULL, lock_later, &tid);
    await_sleep(&tid);
    CHECK_EQ("robust: made whole", pthread_mutex_consistent(&mutex), 0);
    pthread_mutex_unlock(&mutex);
    pthread_join(waiter, &result);
    CHECK_EQ("robust: then it is like any other", (long)result, 0);

    // The waiter has ended with it.
    CHECK_EQ("robust: dead again", pthread_mutex_lock(&mutex), EOWNERDEAD);
    pthread_mutex_unlock(&mutex);
    CHECK_EQ("robust: not made whole it is lost", pthread_mutex_lock(&mutex), ENOTRECOVERABLE);
}

// Each thread of a chain has a word and waits for the one before: as many as the limit says are followed.
enum { LINKS = 12 };
static unsigned links_end, link_tids[LINKS];
static long link_errors[LINKS];

static void *be_link(void *number)
{
    long i = (long)number;
    unsigned *mine = words + 100 + i;
    store(mine, self());
    store(&link_tids[i], self());
    if (i == 0) {
        while (!load(&links_end))
            futex(&links_end, WAIT, 0, NULL, NULL, 0);
    } else if (lock(mine - 1) == 0)
        unlock(mine - 1);
    else
        link_errors[i] = errno;
    unlock(mine);
    return NULL;
}

// What a last waiter is told, when the limit is set after the others have begun to wait.
static long chain_within(int file, const char *limit)
{
    pthread_t threads[LINKS];
    links_end = 0;
    memset(link_errors, 0, sizeof link_errors);
    for (long i = 0; i < LINKS; i++) {
        link_tids[i] = 0;
        pthread_create(&threads[i], NULL, be_link, (void *)i);
        await_sleep(&link_tids[i]);
    }
    struct timespec soon;
    clock_gettime(CLOCK_MONOTONIC, &soon);
    soon.tv_nsec += 1000000, soon.tv_sec += soon.tv_nsec / 1000000000, soon.tv_nsec %= 1000000000;
    long set = pwrite(file, limit, strlen(limit), 0), result = futex(words + 100 + LINKS - 1, LOCK_PI2, 0, &soon, NULL, 0) ? errno : 0;
    pwrite(file, "1024", 4, 0) < 0 ? set = -1 : 0;
    store(&links_end, 1);
    futex(&links_end, WAKE, 1, NULL, NULL, 0);
    for (int i = 0; i < LINKS; i++) {
        pthread_join(threads[i], NULL);
        set = link_errors[i] ? -1 : set;
    }
    return set < 0 ? -1 : result;
}

static void depth(void)
{
    int file = open("/proc/sys/kernel/max_lock_depth", O_RDWR);
    if (file < 0)
        return check_skip("depth", "the limit cannot be set");
    CHECK_EQ("depth: a chain within the limit", chain_within(file, "1024"), ETIMEDOUT);
    CHECK_EQ("depth: a chain beyond the limit", chain_within(file, "4"), EDEADLK);
    close(file);
}

int main(int count_of, char **arguments)
{
    (void)arguments;
    if (count_of > 1)
        return 7;
    check_begin(100);
    words = check_shared(4096);
    can_be_real_time = be_fifo(0, 1) == 0;
    be_fifo(0, 0);
    refusals();
    uncontended();
    contended();
    time_outs();
    priorities();
    chains();
    deadlocks();
    ends();
    mixes();
    moved_waiters();
    pthreads();
    depth();
    return check_end();
}
