// What basic operations cost: `jiffy bench task` runs this one binary on Jiffy and on Linux. It prints, for each row asked for,
//   round NAME OPERATIONS NANOSECONDS TICKS     one line for each measured round (clock_gettime and rdtsc)
//   skip NAME why  /  fail NAME why             in their place
// and last `end`. It exits with 0 only if nothing failed. Results of a row are written after its last round, and have left the serial line
// before the next row begins. Each row starts with a round that is not counted.
//
// task [--rounds N] [--scale N] [ROW...]   all rows without names; N times the operations of a round
// task --list                              the rows: name, how many CPUs each needs, what one operation is
// task --exit                              what the rows with exec start
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define LARGEST_ROUNDS 101
#define PAGE 4096

struct sample { long operations; int64_t nanoseconds; uint64_t ticks; };

static struct sample samples[LARGEST_ROUNDS];
static int sample_count, rounds = 7, failures;
static long scale = 1, cpus;
static const char *self;

// ---- Measuring --------------------------------------------------------------------------------------------

static inline uint64_t ticks(void)
{
    uint32_t low, high;
    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000ll + time.tv_nsec;
}

// The profiler (jiffy bench task --profile) stops the machine at these two.
__attribute__((noinline, used)) void profile_begin(void) { __asm__ volatile("" : : : "memory"); }
__attribute__((noinline, used)) void profile_end(void) { __asm__ volatile("" : : : "memory"); }

static struct sample started;

static inline void begin(void)
{
    profile_begin();
    started.nanoseconds = now();
    started.ticks = ticks();
}

static inline void end(long operations)
{
    uint64_t end_ticks = ticks();
    int64_t end_time = now();
    profile_end();
    if (sample_count < LARGEST_ROUNDS)
        samples[sample_count++] = (struct sample){ operations, end_time - started.nanoseconds, end_ticks - started.ticks };
}

// A row ends early with a reason; a call that should succeed is wrapped in TRY.
static char reason[200];
enum { DONE, SKIPPED, FAILED };

static int failed(const char *what)
{
    snprintf(reason, sizeof reason, "%s: %s", what, strerror(errno));
    return FAILED;
}

#define TRY(call) do { if ((long)(call) == -1) return failed(#call); } while (0)

// Every round does this many operations; a row that is slow asks for fewer.
#define ROUNDS(count) for (int round = -1; round < rounds && ((operations = (count) * scale), 1); round++, sample_count -= round == 0)

static long raw(long number, long a, long b, long c, long d)
{
    long result;
    register long r10 __asm__("r10") = d;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return result;
}

static int pin(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    return sched_setaffinity(0, sizeof set, &set);
}

static long operations;

// ---- Calls ------------------------------------------------------------------------------------------------

static int null_call(void)
{
    ROUNDS(1000) {
        begin();
        for (long i = 0; i < operations; i++)
            raw(SYS_getppid, 0, 0, 0, 0);
        end(operations);
    }
    return DONE;
}

static int clock_vdso(void)
{
    struct timespec time;
    TRY(clock_gettime(CLOCK_MONOTONIC, &time));
    ROUNDS(1000) {
        begin();
        for (long i = 0; i < operations; i++)
            clock_gettime(CLOCK_MONOTONIC, &time);
        end(operations);
    }
    return DONE;
}

static int clock_call(void)
{
    struct timespec time;
    TRY(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &time));
    ROUNDS(1000) {
        begin();
        for (long i = 0; i < operations; i++)
            raw(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&time, 0, 0);
        end(operations);
    }
    return DONE;
}

// ---- Two at work --------------------------------------------------------------------------------------------

static int yield_alone(void)
{
    ROUNDS(500) {
        begin();
        for (long i = 0; i < operations; i++)
            raw(SYS_sched_yield, 0, 0, 0, 0);
        end(operations);
    }
    return DONE;
}

static volatile long *shared;

static int start_peer(pid_t *peer, int cpu, void (*body)(pid_t))
{
    pid_t parent = getpid();
    TRY(pin(0));
    TRY(*peer = fork());
    if (*peer == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (pin(cpu))
            _exit(1);
        body(parent);
        _exit(0);
    }
    return DONE;
}

static void stop_peer(pid_t peer)
{
    kill(peer, SIGKILL);
    waitpid(peer, NULL, 0);
}

static void yield_for_ever(pid_t parent)
{
    (void)parent;
    for (;;) {
        raw(SYS_sched_yield, 0, 0, 0, 0);
        shared[0]++;
    }
}

static int yield_two(void)
{
    pid_t peer;
    if (start_peer(&peer, 0, yield_for_ever))
        return FAILED;
    ROUNDS(200) {
        long before = shared[0];
        begin();
        for (long i = 0; i < operations; i++)
            raw(SYS_sched_yield, 0, 0, 0, 0);
        end(operations + shared[0] - before);
    }
    stop_peer(peer);
    return DONE;
}

static int there[2], back[2];

static void echo_pipe(pid_t parent)
{
    char byte;
    (void)parent;
    while (raw(SYS_read, there[0], (long)&byte, 1, 0) == 1)
        raw(SYS_write, back[1], (long)&byte, 1, 0);
}

static int pipe_rounds(int cpu)
{
    pid_t peer;
    char byte = 'x';
    TRY(pipe(there));
    TRY(pipe(back));
    if (start_peer(&peer, cpu, echo_pipe))
        return FAILED;
    int result = DONE;
    ROUNDS(200) {
        begin();
        for (long i = 0; i < operations; i++)
            if (raw(SYS_write, there[1], (long)&byte, 1, 0) != 1 || raw(SYS_read, back[0], (long)&byte, 1, 0) != 1)
                result = FAILED;
        end(operations);
    }
    stop_peer(peer);
    for (int i = 0; i < 2; i++) {
        close(there[i]);
        close(back[i]);
    }
    if (result)
        snprintf(reason, sizeof reason, "a byte did not come through");
    return result;
}

// The same with counters in place of pipes: nothing is copied but a number.
static void echo_event(pid_t parent)
{
    long value;
    (void)parent;
    while (raw(SYS_read, there[0], (long)&value, sizeof value, 0) == sizeof value)
        raw(SYS_write, back[0], (long)&value, sizeof value, 0);
}

static int event_rounds(int cpu)
{
    pid_t peer;
    long value = 1;
    TRY(there[0] = eventfd(0, 0));
    TRY(back[0] = eventfd(0, 0));
    if (start_peer(&peer, cpu, echo_event))
        return FAILED;
    int result = DONE;
    ROUNDS(200) {
        begin();
        for (long i = 0; i < operations; i++)
            if (raw(SYS_write, there[0], (long)&value, sizeof value, 0) != sizeof value || raw(SYS_read, back[0], (long)&value, sizeof value, 0) != sizeof value)
                result = FAILED;
        end(operations);
    }
    stop_peer(peer);
    close(there[0]);
    close(back[0]);
    if (result)
        snprintf(reason, sizeof reason, "a count did not come through");
    return result;
}

static int event_same(void) { return event_rounds(0); }
static int event_cross(void) { return event_rounds(1); }

// One of many watched counters becomes ready, is waited for and emptied: what must not depend on how many there are.
static int epoll_of(int many)
{
    static int counters[1000];
    struct epoll_event event = { .events = EPOLLIN };
    int set, result = DONE;
    long value = 1;
    TRY(set = epoll_create1(0));
    for (int i = 0; i < many; i++) {
        TRY(counters[i] = eventfd(0, 0));
        TRY(epoll_ctl(set, EPOLL_CTL_ADD, counters[i], &event));
    }
    ROUNDS(500) {
        begin();
        for (long i = 0; i < operations; i++) {
            int one = counters[i % many];
            raw(SYS_write, one, (long)&value, sizeof value, 0);
            if (raw(SYS_epoll_wait, set, (long)&event, 1, -1) != 1 || raw(SYS_read, one, (long)&value, sizeof value, 0) != sizeof value)
                result = FAILED;
        }
        end(operations);
    }
    for (int i = 0; i < many; i++)
        close(counters[i]);
    close(set);
    if (result)
        snprintf(reason, sizeof reason, "an event did not come through");
    return result;
}

static int epoll_one(void) { return epoll_of(1); }
static int epoll_thousand(void) { return epoll_of(1000); }

static int pipe_same(void) { return pipe_rounds(0); }
static int pipe_cross(void) { return pipe_rounds(1); }

static int ends[2];

static void echo_socket(pid_t parent)
{
    char byte;
    (void)parent;
    while (raw(SYS_read, ends[1], (long)&byte, 1, 0) == 1)
        raw(SYS_write, ends[1], (long)&byte, 1, 0);
}

static int socket_rounds(int cpu)
{
    pid_t peer;
    char byte = 'x';
    TRY(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    if (start_peer(&peer, cpu, echo_socket))
        return FAILED;
    int result = DONE;
    ROUNDS(200) {
        begin();
        for (long i = 0; i < operations; i++)
            if (raw(SYS_write, ends[0], (long)&byte, 1, 0) != 1 || raw(SYS_read, ends[0], (long)&byte, 1, 0) != 1)
                result = FAILED;
        end(operations);
    }
    stop_peer(peer);
    close(ends[0]);
    close(ends[1]);
    if (result)
        snprintf(reason, sizeof reason, "a byte did not come through");
    return result;
}

static int socket_same(void) { return socket_rounds(0); }
static int socket_cross(void) { return socket_rounds(1); }

// Bytes through a pipe and out again, by one process: what copying and the pipe's pages cost, without a switch.
static int pipe_bytes(long bytes)
{
    static char much[1 << 16];
    int ends[2], result = DONE;
    TRY(pipe(ends));
    ROUNDS(bytes > PAGE ? 100 : 500) {
        begin();
        for (long i = 0; i < operations; i++)
            if (raw(SYS_write, ends[1], (long)much, bytes, 0) != bytes || raw(SYS_read, ends[0], (long)much, bytes, 0) != bytes)
                result = FAILED;
        end(operations);
    }
    close(ends[0]);
    close(ends[1]);
    if (result)
        snprintf(reason, sizeof reason, "not all bytes came through");
    return result;
}

static int pipe_page(void) { return pipe_bytes(PAGE); }
static int pipe_full(void) { return pipe_bytes(1 << 16); }

static volatile sig_atomic_t signals;

static void count_signal(int signal)
{
    (void)signal;
    signals++;
}

static int handle(int signal)
{
    struct sigaction action = { .sa_handler = count_signal };
    return sigaction(signal, &action, NULL);
}

static int block(int signal, sigset_t *old)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    return sigprocmask(SIG_BLOCK, &set, old);
}

// The handler runs in sigsuspend, and only there: the signal is blocked otherwise.
static void await_signal(long wanted)
{
    static const unsigned long nothing_blocked;
    while (signals < wanted)
        raw(SYS_rt_sigsuspend, (long)&nothing_blocked, sizeof nothing_blocked, 0, 0);
}

static void echo_signal(pid_t parent)
{
    for (;;) {
        await_signal(1);
        signals = 0;
        raw(SYS_kill, parent, SIGUSR1, 0, 0);
    }
}

static int signal_rounds(int cpu)
{
    pid_t peer;
    sigset_t old;
    TRY(handle(SIGUSR1));
    TRY(block(SIGUSR1, &old));
    if (start_peer(&peer, cpu, echo_signal))
        return FAILED;
    ROUNDS(100) {
        begin();
        for (long i = 0; i < operations; i++) {
            signals = 0;
            raw(SYS_kill, peer, SIGUSR1, 0, 0);
            await_signal(1);
        }
        end(operations);
    }
    stop_peer(peer);
    sigprocmask(SIG_SETMASK, &old, NULL);
    return DONE;
}

static int signal_same(void) { return signal_rounds(0); }
static int signal_cross(void) { return signal_rounds(1); }

enum { FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE = 129 };

// Two words, one for each side; each waits until its own is one.
static void futex_give(volatile int *word)
{
    __atomic_store_n(word, 1, __ATOMIC_SEQ_CST);
    raw(SYS_futex, (long)word, FUTEX_WAKE_PRIVATE, 1, 0);
}

static void futex_take(volatile int *word)
{
    while (__atomic_load_n(word, __ATOMIC_SEQ_CST) == 0)
        raw(SYS_futex, (long)word, FUTEX_WAIT_PRIVATE, 0, 0);
    __atomic_store_n(word, 0, __ATOMIC_SEQ_CST);
}

static volatile int ping, pong, futex_over;

static void *echo_futex(void *cpu)
{
    if (pin((int)(long)cpu))
        futex_over = 1;
    for (;;) {
        futex_take(&ping);
        if (futex_over)
            return NULL;
        futex_give(&pong);
    }
}

static int futex_rounds(int cpu)
{
    pthread_t thread;
    ping = pong = futex_over = 0;
    TRY(pin(0));
    if ((errno = pthread_create(&thread, NULL, echo_futex, (void *)(long)cpu)))
        return failed("pthread_create");
    ROUNDS(200) {
        begin();
        for (long i = 0; i < operations; i++) {
            futex_give(&ping);
            futex_take(&pong);
        }
        end(operations);
    }
    futex_over = 1;
    futex_give(&ping);
    pthread_join(thread, NULL);
    return DONE;
}

static int futex_same(void) { return futex_rounds(0); }
static int futex_cross(void) { return futex_rounds(1); }

// ---- Mutexes of the C library ---------------------------------------------------------------------------------

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static int mutex_free(void)
{
    ROUNDS(1000) {
        begin();
        for (long i = 0; i < operations; i++) {
            pthread_mutex_lock(&mutex);
            pthread_mutex_unlock(&mutex);
        }
        end(operations);
    }
    return DONE;
}

static int urgency(int policy, int priority)
{
    struct sched_param how = { .sched_priority = priority };
    return raw(SYS_sched_setscheduler, 0, policy, (long)&how, 0) ? -1 : 0;
}

// Who holds the mutex wakes a more urgent thread, which wants it and must wait; given back, it goes there at once. So each operation waits
// once, whatever order the scheduler likes; the price of that is that a wake-up to begin with is counted, too.
static pthread_barrier_t turn;
static volatile int calls, stopping;
static volatile long answers;

static void *urgent(void *argument)
{
    if (urgency(SCHED_FIFO, 2))
        stopping = 1;
    pthread_barrier_wait(&turn);
    for (int seen = 0; !stopping; seen++) {
        raw(SYS_futex, (long)&calls, FUTEX_WAIT_PRIVATE, seen, 0);
        pthread_mutex_lock(&mutex);
        answers++;
        pthread_mutex_unlock(&mutex);
    }
    return argument;
}

static int mutex_same(void)
{
    pthread_t thread;
    calls = stopping = answers = 0;
    pthread_barrier_init(&turn, NULL, 2);
    TRY(urgency(SCHED_FIFO, 1));
    if ((errno = pthread_create(&thread, NULL, urgent, NULL)))
        return failed("pthread_create");
    pthread_barrier_wait(&turn);
    long wanted = 0;
    ROUNDS(200) {
        begin();
        for (long i = 0; i < operations; i++) {
            pthread_mutex_lock(&mutex);
            calls++;
            raw(SYS_futex, (long)&calls, FUTEX_WAKE_PRIVATE, 1, 0);
            pthread_mutex_unlock(&mutex);
        }
        end(operations);
        wanted += operations;
    }
    int result = answers == wanted ? DONE : FAILED;
    snprintf(reason, sizeof reason, "of %ld calls %ld were answered", wanted, answers);
    stopping = 1;
    calls++;
    raw(SYS_futex, (long)&calls, FUTEX_WAKE_PRIVATE, 1, 0);
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&turn);
    TRY(urgency(SCHED_OTHER, 0));
    return result;
}

// On two CPUs each takes the mutex so many times; whoever is done first sleeps until the other is.
static long holds;

static void hold_often(void)
{
    pthread_barrier_wait(&turn);
    for (long i = 0; i < holds; i++) {
        pthread_mutex_lock(&mutex);
        for (int step = 0; step < 100; step++)
            __asm__ volatile("" : : : "memory");
        pthread_mutex_unlock(&mutex);
    }
    pthread_barrier_wait(&turn);
}

static void *rival(void *argument)
{
    pin(1);
    for (int round = -1; round < rounds; round++)
        hold_often();
    return argument;
}

static int mutex_cross(void)
{
    pthread_t thread;
    pthread_barrier_init(&turn, NULL, 2);
    holds = 200 * scale;
    if ((errno = pthread_create(&thread, NULL, rival, NULL)))
        return failed("pthread_create");
    ROUNDS(200) {
        begin();
        hold_often();
        end(2 * operations);
    }
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&turn);
    return DONE;
}

// ---- Locks that lend priority -----------------------------------------------------------------------------------

enum { FUTEX_LOCK_PI_PRIVATE = 128 + 6, FUTEX_UNLOCK_PI_PRIVATE = 128 + 7 };

static volatile unsigned pi_word;

static void pi_take(void) { raw(SYS_futex, (long)&pi_word, FUTEX_LOCK_PI_PRIVATE, 0, 0); }
static void pi_give(void) { raw(SYS_futex, (long)&pi_word, FUTEX_UNLOCK_PI_PRIVATE, 0, 0); }

// As no program does it, who changes the word itself while nobody waits: what the kernel's part costs.
static int pi_free(void)
{
    pi_word = 0;
    ROUNDS(500) {
        begin();
        for (long i = 0; i < operations; i++) {
            pi_take();
            pi_give();
        }
        end(operations);
    }
    return DONE;
}

// ---- Signals to oneself, sleeping -----------------------------------------------------------------------------

static int signal_self(void)
{
    long group = getpid(), thread = syscall(SYS_gettid);
    TRY(handle(SIGUSR2));
    signals = 0;
    ROUNDS(300) {
        begin();
        for (long i = 0; i < operations; i++)
            raw(SYS_tgkill, group, thread, SIGUSR2, 0);
        end(operations);
    }
    if (signals != 300 * scale * (rounds + 1)) {
        snprintf(reason, sizeof reason, "the handler ran %ld times", (long)signals);
        return FAILED;
    }
    return DONE;
}

// One operation is one sleep; what is told is how much longer than asked it took.
static int nanosleep_late(void)
{
    const long asked = 100000;
    struct timespec time = { 0, asked };
    prctl(PR_SET_TIMERSLACK, 1);
    ROUNDS(1) {
        begin();
        int result = raw(SYS_nanosleep, (long)&time, 0, 0, 0);
        end(1);
        if (result || samples[sample_count - 1].nanoseconds < asked) {
            snprintf(reason, sizeof reason, "slept %lld ns, result %d", (long long)samples[sample_count - 1].nanoseconds, result);
            return FAILED;
        }
        struct sample *last = &samples[sample_count - 1];
        last->ticks -= (uint64_t)((double)last->ticks / last->nanoseconds * asked);
        last->nanoseconds -= asked;
    }
    return DONE;
}

// ---- Memory -----------------------------------------------------------------------------------------------

#define PAGES 128

static char *new_pages(void)
{
    char *memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED)
        madvise(memory, PAGES * PAGE, MADV_NOHUGEPAGE);
    return memory;
}

static void touch(char *memory)
{
    for (long i = 0; i < PAGES; i++)
        ((volatile char *)memory)[i * PAGE] = 1;
}

static int fault_anonymous(void)
{
    ROUNDS(1) {
        char *memory = new_pages();
        TRY(memory);
        memory[0] = 1;      // the page table, too
        begin();
        touch(memory);
        end(PAGES - 1);
        munmap(memory, PAGES * PAGE);
    }
    return DONE;
}

static void wait_for_end(pid_t parent)
{
    (void)parent;
    for (;;)
        pause();
}

static int fault_copy(void)
{
    char *memory = new_pages();
    TRY(memory);
    ROUNDS(1) {
        pid_t peer;
        touch(memory);
        if (start_peer(&peer, 0, wait_for_end))
            return FAILED;
        memory[0] = 1;
        begin();
        touch(memory);
        end(PAGES - 1);
        stop_peer(peer);
    }
    munmap(memory, PAGES * PAGE);
    return DONE;
}

static int map_unmap(void)
{
    ROUNDS(200) {
        begin();
        for (long i = 0; i < operations; i++) {
            long at = raw(SYS_mmap, 0, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
            raw(SYS_munmap, at, 4 * PAGE, 0, 0);
        }
        end(operations);
    }
    return DONE;
}

static int map_touch_unmap(void)
{
    ROUNDS(100) {
        begin();
        for (long i = 0; i < operations; i++) {
            char *at = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            TRY(at);
            for (long page = 0; page < 4; page++)
                ((volatile char *)at)[page * PAGE] = 1;
            munmap(at, 4 * PAGE);
        }
        end(operations);
    }
    return DONE;
}

// ---- Processes and threads ------------------------------------------------------------------------------------

static int collect(pid_t child, int wanted)
{
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return failed("waitpid");
    if (status != wanted) {
        snprintf(reason, sizeof reason, "a child ended with 0x%x", status);
        return FAILED;
    }
    return DONE;
}

static int fork_exit(void)
{
    ROUNDS(20) {
        int result = DONE;
        begin();
        for (long i = 0; i < operations && !result; i++) {
            pid_t child = fork();
            if (child == 0)
                _exit(0);
            result = child < 0 ? failed("fork") : collect(child, 0);
        }
        end(operations);
        if (result)
            return result;
    }
    return DONE;
}

static char *const exec_words[] = { "task", "--exit", NULL };
static char *const exec_environment[] = { NULL };

__attribute__((noinline)) static pid_t start_by_fork(void)
{
    pid_t child = fork();
    if (child == 0) {
        execve(self, exec_words, exec_environment);
        _exit(127);
    }
    return child;
}

__attribute__((noinline)) static pid_t start_by_vfork(void)
{
    pid_t child = vfork();
    if (child == 0) {
        execve(self, exec_words, exec_environment);
        _exit(127);
    }
    return child;
}

static int exec_rounds(pid_t (*start)(void))
{
    ROUNDS(10) {
        int result = DONE;
        begin();
        for (long i = 0; i < operations && !result; i++) {
            pid_t child = start();
            result = child < 0 ? failed("no child") : collect(child, 0);
        }
        end(operations);
        if (result)
            return result;
    }
    return DONE;
}

static int fork_exec(void) { return exec_rounds(start_by_fork); }
static int vfork_exec(void) { return exec_rounds(start_by_vfork); }

static void *no_work(void *argument) { return argument; }

static int thread_join(void)
{
    ROUNDS(30) {
        begin();
        for (long i = 0; i < operations; i++) {
            pthread_t thread;
            if ((errno = pthread_create(&thread, NULL, no_work, NULL)))
                return failed("pthread_create");
            pthread_join(thread, NULL);
        }
        end(operations);
    }
    return DONE;
}

// ---- hackbench ------------------------------------------------------------------------------------------------

// Debian's own, in the guest's root if the row was asked for. Twenty senders and twenty receivers a group, each sender sends so many messages
// to each receiver; one operation is a message, the processes' making and end shared among all.
#define HACKBENCH "/usr/bin/hackbench"
#define MESSAGES 20l

static int hackbench(const char *groups)
{
    char messages[12];
    snprintf(messages, sizeof messages, "%ld", MESSAGES * scale);
    char *const words[] = { HACKBENCH, "-g", (char *)groups, "-l", messages, NULL };
    if (access(HACKBENCH, X_OK)) {
        snprintf(reason, sizeof reason, "%s is not here", HACKBENCH);
        return SKIPPED;
    }
    ROUNDS(20 * 20 * MESSAGES * atol(groups)) {
        int result = DONE;
        begin();
        pid_t child = fork();
        if (child == 0) {
            int nowhere = open("/dev/null", O_WRONLY);
            dup2(nowhere, 1);
            execve(HACKBENCH, words, exec_environment);
            _exit(127);
        }
        result = child < 0 ? failed("fork") : collect(child, 0);
        end(operations);
        if (result)
            return result;
    }
    return DONE;
}

static int hackbench_one(void) { return hackbench("1"); }
static int hackbench_four(void) { return hackbench("4"); }
static int hackbench_ten(void) { return hackbench("10"); }

// ---- Timers -----------------------------------------------------------------------------------------------

static int timer_interval(void)
{
    struct itimerval hour = { .it_value = { 3600, 0 } }, none = { 0 };
    TRY(setitimer(ITIMER_REAL, &none, NULL));
    ROUNDS(500) {
        begin();
        for (long i = 0; i < operations; i++) {
            raw(SYS_setitimer, ITIMER_REAL, (long)&hour, 0, 0);
            raw(SYS_setitimer, ITIMER_REAL, (long)&none, 0, 0);
        }
        end(operations);
    }
    return DONE;
}

static int timer_posix(void)
{
    struct itimerspec hour = { .it_value = { 3600, 0 } }, none = { 0 };
    struct sigevent event = { .sigev_notify = SIGEV_NONE };
    int timer;
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGUSR1;
    TRY(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer));
    ROUNDS(500) {
        begin();
        for (long i = 0; i < operations; i++) {
            raw(SYS_timer_settime, timer, 0, (long)&hour, 0);
            raw(SYS_timer_settime, timer, 0, (long)&none, 0);
        }
        end(operations);
    }
    TRY(syscall(SYS_timer_delete, timer));
    return DONE;
}

static int timer_descriptor(void)
{
    struct itimerspec hour = { .it_value = { 3600, 0 } }, none = { 0 };
    int timer;
    TRY(timer = timerfd_create(CLOCK_MONOTONIC, 0));
    ROUNDS(500) {
        begin();
        for (long i = 0; i < operations; i++) {
            raw(SYS_timerfd_settime, timer, 0, (long)&hour, 0);
            raw(SYS_timerfd_settime, timer, 0, (long)&none, 0);
        }
        end(operations);
    }
    close(timer);
    return DONE;
}

// The program only reads the TSC; where more passes than between two readings, an interrupt was served. Of what comes within 40 ms the
// median is told: the tick while one task computes.
static int by_size(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

#define GAPS 512

static int timer_interrupt(void)
{
    uint64_t usual = UINT64_MAX, gaps[GAPS];
    for (int i = 0; i < 1000; i++) {
        uint64_t before = ticks(), gap = ticks() - before;
        if (gap < usual)
            usual = gap;
    }
    ROUNDS(1) {
        int count = 0;
        begin();
        for (int64_t start = now(); now() - start < 40000000;) {
            uint64_t last = ticks();
            for (int i = 0; i < 1000 && count < GAPS; i++) {
                uint64_t next = ticks();
                if (next - last > 10 * usual + 100)
                    gaps[count++] = next - last - usual;
                last = next;
            }
        }
        end(1);
        if (count == 0) {
            snprintf(reason, sizeof reason, "no interrupt came within 40 ms");
            return FAILED;
        }
        qsort(gaps, count, sizeof *gaps, by_size);
        struct sample *sample = &samples[sample_count - 1];
        sample->nanoseconds = (int64_t)((double)sample->nanoseconds / sample->ticks * gaps[count / 2]);
        sample->ticks = gaps[count / 2];
    }
    return DONE;
}

// ---- Rows -------------------------------------------------------------------------------------------------

static const struct row { const char *name; int cpus; const char *operation; int (*run)(void); } rows[] = {
    { "null-call", 1, "getppid", null_call },
    { "clock-vdso", 1, "clock_gettime through the C library: the vDSO where there is one", clock_vdso },
    { "clock-call", 1, "clock_gettime as a system call", clock_call },
    { "yield-alone", 1, "sched_yield with nobody else to run", yield_alone },
    { "yield-two", 1, "sched_yield of two processes on one CPU, each call", yield_two },
    { "pipe-same", 1, "a byte through a pipe and one back, two processes on one CPU", pipe_same },
    { "pipe-cross", 2, "the same, on two CPUs", pipe_cross },
    { "eventfd-same", 1, "one added to a counter and one to another back, two processes on one CPU", event_same },
    { "eventfd-cross", 2, "the same, on two CPUs", event_cross },
    { "socket-same", 1, "a byte through a stream of AF_UNIX and one back, two processes on one CPU", socket_same },
    { "socket-cross", 2, "the same, on two CPUs", socket_cross },
    { "pipe-4k", 1, "4 KiB written to a pipe and read again by the same process", pipe_page },
    { "pipe-64k", 1, "64 KiB likewise, all that a pipe holds", pipe_full },
    { "signal-same", 1, "a signal to another process and one back (kill, sigsuspend, handler), on one CPU", signal_same },
    { "signal-cross", 2, "the same, on two CPUs", signal_cross },
    { "futex-same", 1, "a futex wake-up and one back, two threads on one CPU", futex_same },
    { "futex-cross", 2, "the same, on two CPUs", futex_cross },
    { "mutex-free", 1, "pthread_mutex_lock and _unlock of a mutex that is free", mutex_free },
    { "mutex-same", 1, "a mutex whose holder wakes a more urgent thread, which has to wait for it and gets it: one wait for a mutex, one CPU", mutex_same },
    { "mutex-cross", 2, "a mutex held for a hundred steps and given back, two threads on two CPUs", mutex_cross },
    { "pi-free", 1, "a free lock that lends priority, taken and given back by the kernel", pi_free },
    { "signal-self", 1, "a signal to oneself: tgkill, handler, sigreturn", signal_self },
    { "nanosleep-late", 1, "how much longer than 100 us a nanosleep of 100 us takes", nanosleep_late },
    { "fault-anonymous", 1, "first write to an anonymous page", fault_anonymous },
    { "fault-copy", 1, "first write to a page shared with a child since fork", fault_copy },
    { "map-unmap", 1, "mmap and munmap of four anonymous pages", map_unmap },
    { "map-touch-unmap", 1, "the same with a write to each page", map_touch_unmap },
    { "fork-exit", 1, "fork, _exit of the child, waitpid", fork_exit },
    { "fork-exec", 1, "fork, execve of this program, its _exit, waitpid", fork_exec },
    { "vfork-exec", 1, "the same with vfork", vfork_exec },
    { "thread", 1, "pthread_create and pthread_join", thread_join },
    { "timer-interval", 1, "setitimer that arms and setitimer that cancels", timer_interval },
    { "timer-posix", 1, "timer_settime that arms and timer_settime that cancels", timer_posix },
    { "timer-descriptor", 1, "timerfd_settime that arms and timerfd_settime that cancels", timer_descriptor },
    { "timer-interrupt", 1, "a timer interrupt while a program computes", timer_interrupt },

    // Last: a table of a thousand descriptors makes every later fork dearer.
    { "epoll-1", 1, "a counter watched by epoll is added to, waited for and read", epoll_one },
    { "epoll-1000", 1, "the same with a thousand watched, each in turn", epoll_thousand },

    // Many processes: what memory and queues look like afterwards is another matter.
    { "hackbench-1", 1, "a message of hackbench (Debian's rt-tests) with one group of forty processes", hackbench_one },
    { "hackbench-4", 1, "the same with four groups", hackbench_four },
    { "hackbench-10", 1, "the same with ten groups", hackbench_ten },
};
#define ROWS (int)(sizeof rows / sizeof *rows)

static void run(const struct row *row)
{
    sample_count = 0;
    pin(0);
    int result = SKIPPED;
    if (row->cpus > cpus)
        snprintf(reason, sizeof reason, "needs %d CPUs", row->cpus);
    else
        result = row->run();
    if (result == DONE)
        for (int i = 0; i < sample_count; i++)
            printf("round %s %ld %lld %llu\n", row->name, samples[i].operations, (long long)samples[i].nanoseconds,
                (unsigned long long)samples[i].ticks);
    else
        printf("%s %s %s\n", result == SKIPPED ? "skip" : "fail", row->name, reason);
    failures += result == FAILED;
    fflush(stdout);
    tcdrain(1);
}

static int wanted(const char *name, char **names)
{
    if (!*names)
        return 1;
    for (; *names; names++)
        if (!strcmp(*names, name))
            return 1;
    return 0;
}

int main(int count, char **words)
{
    self = words[0];
    for (words++; count > 1 && *words && !strncmp(*words, "--", 2); words++) {
        if (!strcmp(*words, "--exit"))
            _exit(0);
        else if (!strcmp(*words, "--list"))
            for (int i = 0; i < ROWS; i++)
                printf("%s\t%d\t%s\n", rows[i].name, rows[i].cpus, rows[i].operation);
        else if (!strcmp(*words, "--rounds") && words[1])
            rounds = atoi(*++words);
        else if (!strcmp(*words, "--scale") && words[1])
            scale = atol(*++words);
        else
            return 2;
        if (!strcmp(*words, "--list"))
            return 0;
    }
    if (rounds < 1 || rounds >= LARGEST_ROUNDS || scale < 1)
        return 2;
    cpus = sysconf(_SC_NPROCESSORS_ONLN);   // asked before this program keeps to one
    shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return 2;
    for (int i = 0; i < ROWS; i++)
        if (wanted(rows[i].name, words))
            run(&rows[i]);
    puts("end");
    return failures != 0;
}
