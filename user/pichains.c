// Torture of locks that lend priority: threads of random priorities take random chains of locks, in order, with time-outs and trylocks between, and
// change their policies meanwhile. No lock is lost or has two owners, and at the end nobody keeps what was lent and every word is free.
// usage: pichains [SECONDS]: a number of rounds, and more until the time is over
// cpus: 1 2 4
// libc: musl glibc
// flags: -static -pthread
// timeout: 180
#include "check.h"
#include <pthread.h>
#include <sched.h>

enum { LOCK_PI = 6, UNLOCK_PI = 7, TRYLOCK_PI = 8, LOCK_PI2 = 13, PRIVATE = 128, TID = 0x3fffffff };
enum { THREADS = 8, LOCKS = 6 };

struct lock { unsigned word; unsigned owner; long count; long pad[5]; };

static struct lock locks[LOCKS];
static const int rounds = 1500;
static int can_be_real_time;
static time_t end;
static long wrong_owner, wrong_error, wrong_priority, taken, given_up;
static int first_errno, first_call; // of the calls that failed otherwise than asked for

static long futex(unsigned *word, int operation, const void *time)
{
    return syscall(SYS_futex, word, operation | PRIVATE, 0, time, NULL, 0);
}

static unsigned next(unsigned *seed)
{
    *seed ^= *seed << 13, *seed ^= *seed >> 17, *seed ^= *seed << 5;
    return *seed;
}

static void count(long *what) { __atomic_add_fetch(what, 1, __ATOMIC_RELAXED); }

static void fails(int operation)
{
    int none = 0, error = errno;
    if (__atomic_compare_exchange_n(&first_errno, &none, error, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        first_call = operation;
    count(&wrong_error);
}

static void be(int priority)
{
    struct sched_param parameter = { .sched_priority = priority };
    if (can_be_real_time)
        syscall(SYS_sched_setscheduler, 0, priority ? SCHED_FIFO : SCHED_OTHER, &parameter);
}

static int priority_now(unsigned tid)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/self/task/%u/stat", tid);
    int file = open(path, O_RDONLY), fields = 0;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    text[length < 0 ? 0 : length] = 0;
    for (char *at = strrchr(text, ')'); at && *at; at++)
        if (*at == ' ' && ++fields == 16)
            return atoi(at + 1);
    return 9999;
}

// 1: taken.
static int take(struct lock *lock, unsigned tid, unsigned *seed)
{
    unsigned free = 0, how = next(seed) % 8;
    if (!__atomic_compare_exchange_n(&lock->word, &free, tid, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
        struct timespec time;
        clock_gettime(CLOCK_MONOTONIC, &time);
        time.tv_nsec += next(seed) % 200000;
        time.tv_sec += time.tv_nsec / 1000000000, time.tv_nsec %= 1000000000;
        int operation = how == 0 ? TRYLOCK_PI : how == 1 ? LOCK_PI2 : LOCK_PI;
        if (futex(&lock->word, operation, how == 1 ? &time : NULL)) {
            if (errno == (how == 0 ? EAGAIN : how == 1 ? ETIMEDOUT : 0))
                count(&given_up);
            else
                fails(operation);
            return 0;
        }
    }
    if (__atomic_exchange_n(&lock->owner, tid, __ATOMIC_RELAXED) != 0 || (__atomic_load_n(&lock->word, __ATOMIC_RELAXED) & TID) != tid)
        count(&wrong_owner);
    lock->count++;
    count(&taken);
    return 1;
}

static void give(struct lock *lock, unsigned tid)
{
    if (__atomic_exchange_n(&lock->owner, 0, __ATOMIC_RELAXED) != tid)
        count(&wrong_owner);
    unsigned mine = tid;
    if (!__atomic_compare_exchange_n(&lock->word, &mine, 0, 0, __ATOMIC_RELEASE, __ATOMIC_RELAXED) && futex(&lock->word, UNLOCK_PI, NULL))
        fails(UNLOCK_PI);
}

static time_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

static void *chain(void *number)
{
    unsigned tid = syscall(SYS_gettid), seed = 12345 + 7919 * (unsigned)(long)number;
    for (int round = 0; round < rounds || now() < end; round++) {
        if (next(&seed) % 4 == 0)
            be(next(&seed) % 3 ? 1 + next(&seed) % 40 : 0);
        int held[LOCKS], most = 0;
        for (int i = 0; i < LOCKS; i++)
            if (next(&seed) % 3 == 0 && take(&locks[i], tid, &seed))
                held[most++] = i;
        if (next(&seed) % 8 == 0)
            sched_yield();
        while (most > 0) {
            int which = next(&seed) % most;
            give(&locks[held[which]], tid);
            held[which] = held[--most];
        }
    }
    be(0);
    if (priority_now(tid) != 20)
        count(&wrong_priority);
    return NULL;
}

int main(int argument_count, char **arguments)
{
    int seconds = argument_count > 1 ? atoi(arguments[1]) : 0;
    check_begin(170 + seconds);
    end = now() + seconds;
    struct sched_param parameter = { .sched_priority = 1 };
    can_be_real_time = syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &parameter) == 0;
    be(0);
    pthread_t threads[THREADS];
    for (long i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, chain, (void *)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    long counted = 0;
    unsigned words = 0;
    for (int i = 0; i < LOCKS; i++)
        counted += locks[i].count, words |= locks[i].word;
    CHECK_EQ("each lock had one owner at a time", wrong_owner, 0);
    if (!CHECK_EQ("no call failed but as asked for", wrong_error, 0))
        check_line("  first: operation %d, errno %d", first_call, first_errno);
    CHECK_EQ("what they guard is exact", counted, taken);
    CHECK("much was taken", taken > rounds * THREADS);
    CHECK_EQ("nobody keeps a priority", wrong_priority, 0);
    CHECK_EQ("every word is free at the end", words & TID, 0);
    return check_end();
}
