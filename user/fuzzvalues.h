// Values for the fuzzer's calls: mostly such as make sense, some at the edge of what does, some that never do. All from one number.
#ifndef FUZZVALUES_H
#define FUZZVALUES_H

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

#define PAGE 4096ul
#define ARENA_PAGES 64ul

struct random { uint64_t state; };

static uint64_t next(struct random *random)
{
    uint64_t word = random->state += 0x9e3779b97f4a7c15ull;
    word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9ull;
    word = (word ^ word >> 27) * 0x94d049bb133111ebull;
    return word ^ word >> 31;
}

static unsigned below(struct random *random, unsigned limit) { return (unsigned)(next(random) >> 33) % limit; }
static int chance(struct random *random, unsigned of) { return below(random, of) == 0; }

// Memory for what calls read and write: pages for all, then one that cannot be written, one that cannot be touched, one that is not there.
static char *arena;

// As many pages for calls that map, unmap and protect, and for results: only the kernel looks whether they are there.
static char *ground;

// What the calls of a round may name.
struct family {
    pid_t pids[8]; // the worker, its threads, children; zero: none yet
    int ids[8];    // of System V objects
    int as_root;
};

static struct family *family;

static long odd_number(struct random *random)
{
    static const long odd[] = { -1, -2, 0x7fffffff, 0x80000000, -0x80000000l, 0xffffffff, 0x100000000, LONG_MAX, LONG_MIN, 4095, 4097, 65535, 1l << 40, 1l << 47 };
    return chance(random, 4) ? (long)next(random) : odd[below(random, sizeof odd / sizeof *odd)];
}

static long odd_address(struct random *random)
{
    switch (below(random, 8)) {
    case 0: return 0;
    case 1: return 8;
    case 2: return (long)0xffffffff80000000ul;
    case 3: return (long)0x800000000000ul;
    case 4: return (long)0x7fffffffefffl;
    case 5: return (long)(arena + ARENA_PAGES * PAGE + below(random, 3 * PAGE)); // read-only, not to be touched, not there
    case 6: return (long)(arena + ARENA_PAGES * PAGE - 1 - below(random, 64));   // begins well, ends in the page that cannot be written
    default: return (long)next(random);
    }
}

// A place in the arena, sometimes one whose end is not there.
static char *place(struct random *random, size_t size)
{
    size_t at = below(random, (unsigned)((ARENA_PAGES * PAGE - size) & ~7ul));
    return arena + (chance(random, 8) ? at : at & ~7ul);
}

static long small(struct random *random) { return chance(random, 12) ? odd_number(random) : below(random, 9); }

static long a_time(struct random *random)
{
    struct timespec *time = (void *)place(random, sizeof *time);
    *time = (struct timespec){ chance(random, 16) ? odd_number(random) : 0, chance(random, 16) ? odd_number(random) : below(random, 3000000) };
    return (long)time;
}

static long two_times(struct random *random)
{
    struct timespec *times = (void *)place(random, 2 * sizeof *times);
    for (int i = 0; i < 2; i++)
        times[i] = (struct timespec){ chance(random, 16) ? odd_number(random) : 0, chance(random, 16) ? odd_number(random) : below(random, 3000000) };
    return (long)times;
}

static long a_descriptor(struct random *random)
{
    return chance(random, 16) ? odd_number(random) : chance(random, 12) ? AT_FDCWD : below(random, 28);
}

static long a_name(struct random *random)
{
    static const char *const names[] = { "a", "b", "c", "d", "d/a", "d/b", "d/e", "./a", "fifo", "sock", "link", "", ".", "..", "d/../d/e/f", "a/b", "../..",
        "/", "/dev/null", "/dev/zero", "/dev/full", "/dev/tty", "/proc/self/maps", "/proc/self/fd/3", "/proc/self/exe", "/proc/self/stat", "/proc/self/task",
        "/proc/stat", "/proc/interrupts", "/proc/sys/kernel/pid_max", "/proc/self/mem", "/proc/1/environ", "/sys", "/tmp", "/proc/self/fdinfo/4", "/dev", "/proc" };
    char *to = place(random, 300);
    if (chance(random, 24)) {
        memset(to, 'x', 299); // too long for a name
        to[299] = 0;
    } else
        strcpy(to, names[below(random, sizeof names / sizeof *names)]);
    return (long)to;
}

static long a_vector(struct random *random)
{
    struct iovec { long base, length; } *vector = (void *)place(random, 8 * sizeof *vector);
    for (int i = 0; i < 8; i++) {
        vector[i].base = chance(random, 12) ? odd_address(random) : (long)place(random, 5000);
        vector[i].length = chance(random, 24) ? odd_number(random) : below(random, 3000);
    }
    return (long)vector;
}

static long a_socket_name(struct random *random)
{
    struct sockaddr_un *name = (void *)place(random, sizeof *name);
    memset(name, 0, sizeof *name);
    name->sun_family = chance(random, 12) ? (unsigned short)next(random) : AF_UNIX;
    sprintf(name->sun_path + chance(random, 2), "s%u", below(random, 4)); // in the tree, or abstract
    return (long)name;
}

static long a_message(struct random *random)
{
    struct parts { long name; int name_length, unused; long vector, vectors, control, control_length, flags, length; } *message = (void *)place(random, 8 * sizeof *message);
    for (int i = 0; i < 8; i++) {
        char *control = place(random, 64);
        *(long *)(control) = chance(random, 8) ? odd_number(random) : 20;       // cmsg_len of one descriptor
        *(int *)(control + 8) = 1, *(int *)(control + 12) = 1 + below(random, 2); // SOL_SOCKET, SCM_RIGHTS or SCM_CREDENTIALS
        *(int *)(control + 16) = (int)a_descriptor(random);
        message[i] = (struct parts){ chance(random, 2) ? a_socket_name(random) : 0, below(random, 30), 0, a_vector(random), below(random, 5), chance(random, 3) ? (long)control : 0,
            24, 0, 0 };
    }
    return (long)message;
}

static void ignore_signal(int signal) { (void)signal; }

static long an_action(struct random *random)
{
    struct { long handler; unsigned long flags; long restorer; uint64_t mask; } *action = (void *)place(random, sizeof *action);
    extern void fuzz_restorer(void);
    action->handler = chance(random, 64) ? odd_address(random) : chance(random, 16) ? (long)below(random, 2) : (long)ignore_signal;
    action->flags = (next(random) & 0xd8000007ul) | 0x04000000;
    action->restorer = chance(random, 64) ? odd_address(random) : (long)fuzz_restorer;
    action->mask = chance(random, 2) ? 0 : next(random);
    return (long)action;
}

static long an_event(struct random *random)
{
    struct { unsigned events; long data; } __attribute__((packed)) *event = (void *)place(random, sizeof *event);
    event->events = chance(random, 4) ? (unsigned)next(random) : (1u << below(random, 5)) | (chance(random, 2) ? 1u << 31 : 0) | (chance(random, 4) ? 1u << 30 : 0);
    event->data = (long)next(random);
    return (long)event;
}

static long poll_files(struct random *random)
{
    struct pollfd *files = (void *)place(random, 16 * sizeof *files);
    for (int i = 0; i < 16; i++)
        files[i] = (struct pollfd){ (int)a_descriptor(random), (short)next(random), 0 };
    return (long)files;
}

static long a_signal_event(struct random *random)
{
    struct { long value; int signal, notify, thread; char rest[44]; } *event = (void *)place(random, sizeof *event);
    memset(event, 0, sizeof *event);
    event->signal = below(random, 66), event->notify = below(random, 5), event->thread = family->pids[below(random, 8)];
    return (long)event;
}

static long semaphore_operations(struct random *random)
{
    struct { unsigned short number; short operation, flags; } *operations = (void *)place(random, 16 * sizeof *operations);
    for (int i = 0; i < 16; i++)
        operations[i].number = below(random, 6), operations[i].operation = (short)(below(random, 7) - 3), operations[i].flags = chance(random, 2) ? IPC_NOWAIT : (short)below(random, 0x2000);
    return (long)operations;
}

static long some_bytes(struct random *random)
{
    uint64_t *words = (void *)place(random, 160);
    for (int i = 0; i < 20; i++)
        words[i] = chance(random, 3) ? next(random) : chance(random, 2) ? below(random, 16) : 0;
    return (long)words;
}

static long a_queue_name(struct random *random)
{
    char *name = place(random, 16);
    sprintf(name, chance(random, 16) ? "/" : "q%u", below(random, 3));
    return (long)name;
}

static long any_flags(struct random *random, const struct call *call)
{
    long flags = 0;
    if (chance(random, 16))
        return odd_number(random);
    for (int i = 0; i < 10 && call->flags[i]; i++)
        if (chance(random, 3))
            flags |= call->flags[i];
    return flags;
}

static long a_command(struct random *random, const struct call *call)
{
    int count = 0;
    while (count < 24 && call->commands[count])
        count++;
    int which = below(random, count + 1);
    return chance(random, 24) ? odd_number(random) : which == count ? 0 : call->commands[which];
}

static long a_process(struct random *random)
{
    pid_t pid = family->pids[below(random, 8)];
    if (family->as_root)
        return chance(random, 2) ? 0 : family->pids[0];
    return chance(random, 16) ? odd_number(random) : chance(random, 8) ? -pid : pid;
}

static long make_value(struct random *random, const struct call *call, char kind)
{
    if (strchr("oivgAkeSRbIMOhEVtpN", kind) && chance(random, 20))
        return odd_address(random);
    switch (kind) {
    case '0': return 0;
    case '1': return 1;
    case 'd': return a_descriptor(random);
    case 'D': return chance(random, 2) ? AT_FDCWD : a_descriptor(random);
    case 'p': return a_name(random);
    case 'T': return (long)strcpy(place(random, 16), ((const char *const[]){ "tmpfs", "proc", "sysfs", "devtmpfs", "mqueue", "none" })[below(random, 6)]);
    case 'N': return a_queue_name(random);
    case 'o': return (long)(chance(random, 3) ? ground + below(random, ARENA_PAGES * PAGE) : place(random, 4096));
    case 'i': case 'r': return some_bytes(random);
    case 'l': return chance(random, 16) ? odd_number(random) : below(random, chance(random, 4) ? 70000 : 300);
    case 'L': return chance(random, 8) ? odd_number(random) : below(random, 2) ? 8 : below(random, 112);
    case 'R': { int *length = (void *)place(random, 8); *length = below(random, 128); return (long)length; }
    case 'c': return small(random);
    case 'x': return chance(random, 2) ? small(random) : odd_number(random);
    case 'f': return any_flags(random, call);
    case 'n': return a_command(random, call);
    case 'm': return below(random, 010000) | (chance(random, 4) ? (long)below(random, 16) << 12 : 0);
    case 'q': return a_process(random);
    case 's': return chance(random, 12) ? odd_number(random) : chance(random, 6) ? (int)below(random, 65) : ((const int[]){ 0, SIGUSR1, SIGUSR2, SIGCONT, SIGCHLD, 34, 40, 64 })[below(random, 8)];
    case 'a': return chance(random, 16) ? odd_address(random) : (long)(ground + PAGE * below(random, ARENA_PAGES));
    case 'z': return chance(random, 16) ? odd_number(random) : (long)(PAGE * below(random, 9)) + (chance(random, 8) ? 100 : 0);
    case 'Z': return chance(random, 8) ? odd_number(random) : below(random, 9000);
    case 't': return chance(random, 4) ? 0 : a_time(random);
    case 'I': return two_times(random);
    case 'v': return a_vector(random);
    case 'g': { uint64_t *set = (void *)place(random, 8); *set = chance(random, 2) ? next(random) : 0; return (long)set; }
    case 'G': return chance(random, 24) ? odd_number(random) : 8;
    case 'A': return an_action(random);
    case 'k': { stack_t *stack = (void *)place(random, sizeof *stack); *stack = (stack_t){ .ss_sp = place(random, 16384), .ss_flags = (int)below(random, 4), .ss_size = below(random, 16384) }; return (long)stack; }
    case 'u': return chance(random, 4) ? odd_number(random) : chance(random, 2) ? 65534 : below(random, 3);
    case 'w': return chance(random, 12) ? odd_number(random) : below(random, 12);
    case 'e': return an_event(random);
    case 'h': return a_message(random);
    case 'S': return chance(random, 6) ? 0 : a_socket_name(random);
    case 'y': return (long)(arena + 8 * below(random, 4)); // few words, so that they meet
    case 'b': return poll_files(random);
    case 'E': return a_signal_event(random);
    case 'O': return semaphore_operations(random);
    case 'M': { long *message = (void *)some_bytes(random); *message = 1 + below(random, 3); return (long)message; }
    case 'K': return chance(random, 4) ? 0 : 4711 + below(random, 3);
    case 'H': return chance(random, 8) ? odd_number(random) : family->ids[below(random, 8)];
    case 'V': { long *vector = (void *)place(random, 32); vector[0] = a_name(random), vector[1] = chance(random, 8) ? odd_address(random) : a_name(random), vector[2] = 0; return (long)vector; }
    default: return odd_number(random);
    }
}

#endif
