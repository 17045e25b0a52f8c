// Threads as pthread_create makes them and as raw clone does: mutexes, condition variables and barriers built on futexes
// with exact counts, join values, thread-local storage, exit of one thread against exit of all, and what each
// CLONE_ flag shares or copies.
// test: 64 500
// timeout: 120
// cpus: 1 2 4
// libc: musl glibc
// flags: -static -pthread
#include "check.h"
#include <pthread.h>
#include <sched.h>

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif

static int thread_count, rounds;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn_changed = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static long counter, barrier_faults, tls_faults;
static int turn;
static __thread long local;

static void run_threads(void *(*body)(void *), int count, const char *name)
{
    pthread_t *threads = malloc(count * sizeof *threads);
    long created = 0, joined = 0;
    for (long i = 0; i < count; i++)
        created += pthread_create(&threads[i], NULL, body, (void *)i) == 0;
    for (long i = 0; i < created; i++) {
        void *value = NULL;
        joined += pthread_join(threads[i], &value) == 0 && value == (void *)(i * 3 + 1);
    }
    CHECK_EQ(check_name("%s: threads created", name), created, count);
    CHECK_EQ(check_name("%s: threads joined with their values", name), joined, count);
    free(threads);
}

static void *count_under_mutex(void *argument)
{
    long self = (long)argument;
    for (int i = 0; i < rounds; i++) {
        pthread_mutex_lock(&mutex);
        long before = counter;
        if (i % 16 == 0)
            sched_yield();
        counter = before + 1;
        pthread_mutex_unlock(&mutex);
        if (local++ != i)
            __atomic_add_fetch(&tls_faults, 1, __ATOMIC_RELAXED);
    }
    return (void *)(self * 3 + 1);
}

// Each thread waits for its turn: the baton goes round `laps` times in strict order.
static void *pass_baton(void *argument)
{
    long self = (long)argument;
    int laps = rounds / 50 + 1;
    for (int lap = 0; lap < laps; lap++) {
        pthread_mutex_lock(&mutex);
        while (turn % thread_count != self)
            pthread_cond_wait(&turn_changed, &mutex);
        turn++;
        pthread_cond_broadcast(&turn_changed);
        pthread_mutex_unlock(&mutex);
    }
    return (void *)(self * 3 + 1);
}

// All add, meet at the barrier, and must then all see the full sum.
static void *meet(void *argument)
{
    long self = (long)argument;
    for (int i = 1; i <= 20; i++) {
        __atomic_add_fetch(&counter, 1, __ATOMIC_RELAXED);
        pthread_barrier_wait(&barrier);
        if (__atomic_load_n(&counter, __ATOMIC_RELAXED) != (long)i * thread_count)
            __atomic_add_fetch(&barrier_faults, 1, __ATOMIC_RELAXED);
        pthread_barrier_wait(&barrier);
    }
    return (void *)(self * 3 + 1);
}

static void with_futexes(void)
{
    run_threads(count_under_mutex, thread_count, "mutex");
    CHECK_EQ("mutex: the count is exact", counter, (long)thread_count * rounds);
    CHECK_EQ("mutex: thread-local storage is each thread's own", tls_faults, 0);

    run_threads(pass_baton, thread_count, "condition");
    CHECK_EQ("condition: the baton went round in order", turn, thread_count * (rounds / 50 + 1));

    counter = 0;
    pthread_barrier_init(&barrier, NULL, thread_count);
    run_threads(meet, thread_count, "barrier");
    CHECK_EQ("barrier: nobody passed early", barrier_faults, 0);
}

static void *identity(void *result)
{
    pid_t *ids = result;
    ids[0] = getpid();
    ids[1] = syscall(SYS_gettid);
    ids[2] = getppid();
    return NULL;
}

static void identities(void)
{
    pid_t ids[3];
    pthread_t thread;
    CHECK_EQ("identity: create", pthread_create(&thread, NULL, identity, ids), 0);
    pthread_join(thread, NULL);
    CHECK_EQ("identity: one pid for all threads", ids[0], getpid());
    CHECK("identity: a tid of its own", ids[1] != getpid() && ids[1] > 0);
    CHECK_EQ("identity: the first thread's tid is the pid", syscall(SYS_gettid), getpid());
    CHECK_EQ("identity: one parent for all threads", ids[2], getppid());

    // The join returns when the kernel clears the tid, a moment before the thread leaves the tables.
    for (int i = 0; i < 10000 && syscall(SYS_tgkill, getpid(), ids[1], 0) == 0; i++)
        sched_yield();
    CHECK_ERR("identity: the tid is gone soon after join", syscall(SYS_tgkill, getpid(), ids[1], 0), ESRCH);
}

// ---- How a process of several threads ends ----------------------------------------------------------------

static void *sleep_for_ever(void *unused)
{
    for (;;)
        pause();
    return unused;
}

static void *exit_group_from_thread(void *unused)
{
    (void)unused;
    _exit(77);
}

static void *fault_in_thread(void *unused)
{
    volatile int *volatile nowhere = NULL;
    *nowhere = 1;
    return unused;
}

static void *outlive_the_leader(void *unused)
{
    (void)unused;
    check_await_state(getpid(), 'Z');
    _exit(78);
}

static int others_then(void *(*last)(void *))
{
    pthread_t thread;
    for (int i = 0; i < 8; i++)
        pthread_create(&thread, NULL, sleep_for_ever, NULL);
    pthread_create(&thread, NULL, last, NULL);
    return 0;
}

static int end_by_group_exit(void) { others_then(exit_group_from_thread); return sleep_for_ever(NULL) != NULL; }
static int end_by_fault(void) { others_then(fault_in_thread); return sleep_for_ever(NULL) != NULL; }
static int end_by_return(void) { others_then(sleep_for_ever); return 79; }
static int end_after_leader(void) { others_then(outlive_the_leader); return syscall(SYS_exit, 3); }
static int end_by_kill(void) { others_then(sleep_for_ever); raise(SIGKILL); return 0; }

static void ends(void)
{
    CHECK_EQ("end: exit_group in a thread ends all", check_status(end_by_group_exit), EXITED(77));
    CHECK_EQ("end: a fault in a thread ends all", check_status(end_by_fault) & 0x7f, KILLED(SIGSEGV));
    CHECK_EQ("end: return of main ends all", check_status(end_by_return), EXITED(79));
    CHECK_EQ("end: the leader may leave first", check_status(end_after_leader), EXITED(78));
    CHECK_EQ("end: SIGKILL ends all", check_status(end_by_kill), KILLED(SIGKILL));
}

// A continued process that is stopped again before all its threads have run stops again as a whole, and says so.
static void stops(void)
{
    int reported = 0, status;
    pid_t child = fork();
    if (child == 0) {
        others_then(sleep_for_ever);
        sleep_for_ever(NULL);
    }
    for (int i = 0; i < 20; i++) {
        kill(child, SIGSTOP);
        reported += waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status);
        kill(child, SIGCONT);
    }
    kill(child, SIGKILL);
    CHECK_EQ("stop: each is reported", reported, 20);
    CHECK_EQ("stop: killed afterwards", waitpid(child, &status, 0), child);
}

// ---- What clone's flags share -----------------------------------------------------------------------------

static char clone_stack[65536] __attribute__((aligned(16)));
static volatile int shared_value;

static int change_everything(void *file)
{
    shared_value = 1;
    umask(0077);
    if (chdir("/proc"))
        return 2;
    close(*(int *)file);
    signal(SIGUSR1, SIG_IGN);
    return 5;
}

static int clone_and_wait(int flags, int *file)
{
    int status = -1;
    shared_value = 0;
    umask(0022);
    *file = open("/dev/null", O_RDONLY);
    signal(SIGUSR1, SIG_DFL);
    if (chdir("/"))
        return -1;
    pid_t child = clone(change_everything, clone_stack + sizeof clone_stack, flags | SIGCHLD, file);
    if (child < 0)
        return -errno;
    waitpid(child, &status, 0);
    return status;
}

static void sharing(void)
{
    struct sigaction action;
    char directory[64];
    int file;
    static const struct { const char *name; int flags; } rows[] = {
        { "nothing", 0 }, { "CLONE_VM", CLONE_VM }, { "CLONE_FS", CLONE_FS }, { "CLONE_FILES", CLONE_FILES },
        { "CLONE_SIGHAND", CLONE_VM | CLONE_SIGHAND }, { "all", CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND },
        { "CLONE_VFORK", CLONE_VM | CLONE_VFORK },
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        int flags = rows[i].flags;
        const char *name = rows[i].name;
        if (!CHECK_EQ(check_name("clone %s: status", name), clone_and_wait(flags, &file), EXITED(5)))
            continue;
        CHECK_EQ(check_name("clone %s: memory", name), shared_value, !!(flags & CLONE_VM));
        CHECK_EQ(check_name("clone %s: umask", name), umask(0022), flags & CLONE_FS ? 0077 : 0022);
        CHECK_STR(check_name("clone %s: directory", name), getcwd(directory, sizeof directory), flags & CLONE_FS ? "/proc" : "/");
        CHECK_EQ(check_name("clone %s: file", name), fcntl(file, F_GETFD), flags & CLONE_FILES ? -1 : 0);
        sigaction(SIGUSR1, NULL, &action);
        CHECK(check_name("clone %s: handlers", name), (action.sa_handler == SIG_IGN) == !!(flags & CLONE_SIGHAND));
        close(file);
    }
}

static int do_nothing(void *unused)
{
    (void)unused;
    return 0;
}

static void refusals(void)
{
    char *top = clone_stack + sizeof clone_stack;
    CHECK_ERR("clone: SIGHAND needs VM", clone(do_nothing, top, CLONE_SIGHAND | SIGCHLD, NULL), EINVAL);
    CHECK_ERR("clone: THREAD needs SIGHAND", clone(do_nothing, top, CLONE_THREAD | CLONE_VM | SIGCHLD, NULL), EINVAL);
    CHECK_ERR("clone: NEWNS and FS exclude each other", clone(do_nothing, top, CLONE_NEWNS | CLONE_FS | SIGCHLD, NULL), EINVAL);
}

static void ids_written(void)
{
    pid_t in_parent = 0, in_child = -1;
    int status;
    // vfork semantics keep the parent out until the child has ended, so the child's words can be read afterwards.
    pid_t child = clone(do_nothing, clone_stack + sizeof clone_stack,
        CLONE_VM | CLONE_VFORK | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, NULL, &in_parent, NULL, &in_child);
    CHECK_EQ("clone: PARENT_SETTID", in_parent, child);
    CHECK_EQ("clone: CHILD_SETTID", in_child, child);
    waitpid(child, &status, 0);

    in_child = -1;
    child = clone(do_nothing, clone_stack + sizeof clone_stack, CLONE_VM | CLONE_VFORK | CLONE_CHILD_CLEARTID | SIGCHLD,
        NULL, NULL, NULL, &in_child);
    CHECK_EQ("clone: CHILD_CLEARTID", in_child, 0);
    waitpid(child, &status, 0);

    child = clone(do_nothing, clone_stack + sizeof clone_stack, CLONE_VM | CLONE_VFORK, NULL);
    CHECK_ERR("clone: no exit signal hides it from wait", waitpid(child, &status, 0), ECHILD);
    CHECK_EQ("clone: but not from __WCLONE", waitpid(child, &status, __WCLONE), child);
}

int main(int argc, char **argv)
{
    thread_count = argc > 1 ? atoi(argv[1]) : 64;
    rounds = argc > 2 ? atoi(argv[2]) : 500;
    check_begin(110);
    with_futexes();
    identities();
    ends();
    stops();
    sharing();
    refusals();
    ids_written();
    return check_end();
}
