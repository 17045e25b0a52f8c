// Robust mutexes of the C library on the kernel's robust lists: an owner that ends as a thread, as a process, by a signal or by exec leaves them to the next
// one, who learns of it and makes them consistent, or not; with and without lent priorities, with waiters and without, many at a time.
// cpus: 1 2 4
// libc: musl glibc
// flags: -static -pthread
#include "check.h"
#include <pthread.h>

enum { MANY = 200 };
struct shared { pthread_mutex_t mutex, other; int inside, started; pthread_mutex_t many[MANY]; };

static struct shared *shared;
static int lends;

static int prepare(pthread_mutex_t *mutex)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    if (lends)
        pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
    memset(mutex, 0, sizeof *mutex);
    return pthread_mutex_init(mutex, &attributes);
}

static void make(pthread_mutex_t *mutex) { CHECK_EQ("a robust mutex", prepare(mutex), 0); }

static const char *named(const char *what)
{
    static char name[200];
    snprintf(name, sizeof name, "%s%s", what, lends ? ", priority lent" : "");
    return name;
}

static int reap(pid_t child)
{
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) { }
    return status;
}

static void *takes_and_ends(void *mutex) { return pthread_mutex_lock(mutex), NULL; }

static void a_thread_ends(void)
{
    pthread_t thread;
    make(&shared->mutex);
    pthread_create(&thread, NULL, takes_and_ends, &shared->mutex);
    pthread_join(thread, NULL);
    // Joined is not yet gone: the list is looked at on the way out, before the word that join waits for is zeroed.
    CHECK_EQ(named("thread ended: trylock tells"), pthread_mutex_trylock(&shared->mutex), EOWNERDEAD);
    CHECK_EQ(named("thread ended: made consistent"), pthread_mutex_consistent(&shared->mutex), 0);
    CHECK_EQ(named("thread ended: given back"), pthread_mutex_unlock(&shared->mutex), 0);
    CHECK_EQ(named("thread ended: as if nothing had been"), pthread_mutex_lock(&shared->mutex), 0);
    pthread_mutex_unlock(&shared->mutex);
}

static void nobody_mends(void)
{
    pthread_t thread;
    make(&shared->mutex);
    pthread_create(&thread, NULL, takes_and_ends, &shared->mutex);
    pthread_join(thread, NULL);
    CHECK_EQ(named("not mended: the next owner learns"), pthread_mutex_lock(&shared->mutex), EOWNERDEAD);
    CHECK_EQ(named("not mended: given back"), pthread_mutex_unlock(&shared->mutex), 0);
    CHECK_EQ(named("not mended: nobody has it ever again"), pthread_mutex_lock(&shared->mutex), ENOTRECOVERABLE);
}

static pid_t owner(void (*ends)(void))
{
    __atomic_store_n(&shared->started, 0, __ATOMIC_SEQ_CST);
    pid_t child = check_fork();
    if (child == 0) {
        pthread_mutex_lock(&shared->mutex);
        pthread_mutex_lock(&shared->other);
        __atomic_store_n(&shared->started, 1, __ATOMIC_SEQ_CST);
        ends();
        _exit(0);
    }
    while (!__atomic_load_n(&shared->started, __ATOMIC_SEQ_CST))
        sched_yield();
    return child;
}

static void exits(void) { _exit(0); }
static void waits(void) { for (;;) pause(); }
static void execs(void) { execl("/proc/self/exe", "robust", "nothing", NULL); }

static void a_process_ends(const char *how, void (*ends)(void), int kills)
{
    make(&shared->mutex), make(&shared->other);
    pid_t child = owner(ends);
    pid_t waiter = check_fork();
    if (waiter == 0)
        _exit(pthread_mutex_lock(&shared->mutex) == EOWNERDEAD && pthread_mutex_consistent(&shared->mutex) == 0 && pthread_mutex_unlock(&shared->mutex) == 0 ? 0 : 1);
    if (kills)
        kill(child, SIGKILL);
    reap(child);
    char name[100];
    snprintf(name, sizeof name, "%s: who waits gets it", how);
    CHECK_EQ(named(name), reap(waiter), 0);
    snprintf(name, sizeof name, "%s: the other one, too", how);
    CHECK_EQ(named(name), pthread_mutex_lock(&shared->other), EOWNERDEAD);
    pthread_mutex_consistent(&shared->other), pthread_mutex_unlock(&shared->other);
    CHECK_EQ(named("mended by the waiter"), pthread_mutex_lock(&shared->mutex), 0);
    pthread_mutex_unlock(&shared->mutex);
}

static void many_at_once(void)
{
    for (int i = 0; i < MANY; i++)
        prepare(&shared->many[i]);
    pid_t child = check_fork();
    if (child == 0) {
        for (int i = 0; i < MANY; i++)
            pthread_mutex_lock(&shared->many[i]);
        for (int i = 0; i < MANY; i += 3)
            pthread_mutex_unlock(&shared->many[i]);
        raise(SIGKILL);
    }
    reap(child);
    int left = 0, fine = 0;
    for (int i = 0; i < MANY; i++) {
        int result = pthread_mutex_lock(&shared->many[i]);
        left += result == EOWNERDEAD && i % 3 != 0;
        fine += result == 0 && i % 3 == 0;
        if (result == EOWNERDEAD)
            pthread_mutex_consistent(&shared->many[i]);
        pthread_mutex_unlock(&shared->many[i]);
    }
    CHECK_EQ(named("many: those that were held"), left, MANY - (MANY + 2) / 3);
    CHECK_EQ(named("many: those that were not"), fine, (MANY + 2) / 3);
}

// Workers that are killed at any moment, one after the other: never two inside, and no lock is lost.
static void killing(void)
{
    make(&shared->mutex);
    shared->inside = 0;
    int wrong = 0, told = 0;
    for (int round = 0; round < 24; round++) {
        __atomic_store_n(&shared->started, 0, __ATOMIC_SEQ_CST);
        pid_t child = check_fork();
        if (child == 0)
            for (;;) {
                int result = pthread_mutex_lock(&shared->mutex);
                if (result == EOWNERDEAD)
                    shared->inside = 0, pthread_mutex_consistent(&shared->mutex);
                if (shared->inside++)
                    _exit(1);
                __atomic_store_n(&shared->started, 1, __ATOMIC_SEQ_CST);
                shared->inside--;
                pthread_mutex_unlock(&shared->mutex);
            }
        while (!__atomic_load_n(&shared->started, __ATOMIC_SEQ_CST) && waitpid(child, NULL, WNOHANG) == 0)
            sched_yield();
        for (int i = 0; i < round % 6; i++)
            sched_yield();
        kill(child, SIGKILL);
        int status = reap(child);
        wrong += WIFEXITED(status);
        int result = pthread_mutex_lock(&shared->mutex);
        if (result == EOWNERDEAD)
            told++, shared->inside = 0, pthread_mutex_consistent(&shared->mutex);
        else if (result != 0 || shared->inside != 0)
            wrong++;
        pthread_mutex_unlock(&shared->mutex);
    }
    CHECK_EQ(named("killed at any moment: all is well"), wrong, 0);
    check_line("# %d of 24 were killed inside", told);
}

int main(int count, char **arguments)
{
    (void)arguments;
    if (count > 1)
        return 0;
    check_begin(50);
    shared = check_shared(sizeof *shared);
    for (lends = 0; lends < 2; lends++) {
        a_thread_ends();
        nobody_mends();
        a_process_ends("exit", exits, 0);
        a_process_ends("exec", execs, 0);
        a_process_ends("killed", waits, 1);
        many_at_once();
        killing();
    }
    return check_end();
}
