// Vector and floating-point state: xmm0-15 (ymm where the machine offers it), mxcsr and the x87 stack keep their bits over
// system calls, forks, preemption, signals and 10^5 context switches, in threads and in processes, and no task
// sees another's.
// test: 25000
// timeout: 120
// cpus: 1 2 4
// flags: -static -pthread
#include "check.h"
#include <pthread.h>
#include <sched.h>

typedef unsigned char bank[16][16] __attribute__((aligned(64)));
typedef unsigned char wide_bank[16][32] __attribute__((aligned(64)));

enum { TASKS = 4 };
static int switches;

static void fill(void *memory, size_t size, unsigned seed)
{
    unsigned char *bytes = memory;
    for (size_t i = 0; i < size; i++) {
        seed = seed * 1664525 + 1013904223;
        bytes[i] = seed >> 24;
    }
}

#define ALL_XMM \
    "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", \
    "xmm14", "xmm15"

#define EACH(op) \
    op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11) op(12) op(13) op(14) op(15)
#define LOAD(n)       "movdqa " #n "*16(%[in]), %%xmm" #n "\n\t"
#define STORE(n)      "movdqa %%xmm" #n ", " #n "*16(%[out])\n\t"
#define LOAD_WIDE(n)  "vmovdqa " #n "*32(%[in]), %%ymm" #n "\n\t"
#define STORE_WIDE(n) "vmovdqa %%ymm" #n ", " #n "*32(%[out])\n\t"

// Loads all registers, makes the call, stores all registers: nothing of C runs in between.
static long call_between(const bank in, bank out, long number, long a, long b, long c)
{
    long result = number;
    register long third __asm__("rdx") = c;
    __asm__ volatile(EACH(LOAD) "syscall\n\t" EACH(STORE)
        : "+a"(result), "+r"(third) : [in] "r"(in), [out] "r"(out), "D"(a), "S"(b) : "rcx", "r11", "memory", ALL_XMM);
    return result;
}

// The same with `turns` of a busy loop, in which preemption and signals happen.
static void spin_between(const bank in, bank out, long turns)
{
    __asm__ volatile(EACH(LOAD) "1: dec %[turns]\n\tjnz 1b\n\t" EACH(STORE)
        : [turns] "+r"(turns) : [in] "r"(in), [out] "r"(out) : "memory", "cc", ALL_XMM);
}

__attribute__((target("avx")))
static void yield_between_wide(const wide_bank in, wide_bank out)
{
    long number = SYS_sched_yield;
    __asm__ volatile(EACH(LOAD_WIDE) "syscall\n\t" EACH(STORE_WIDE) "vzeroupper\n\t"
        : "+a"(number) : [in] "r"(in), [out] "r"(out) : "rcx", "r11", "memory", ALL_XMM);
}

static void over_calls(void)
{
    static const char text[] = "a";
    int ends[2];
    if (pipe(ends))
        return;
    bank in, out;
    char byte;
    struct { const char *name; long number, a, b, c; } calls[] = {
        { "getpid", SYS_getpid, 0, 0, 0 },
        { "write", SYS_write, ends[1], (long)text, 1 },
        { "read", SYS_read, ends[0], (long)&byte, 1 },
        { "sched_yield", SYS_sched_yield, 0, 0, 0 },
        { "munmap of nonsense", SYS_munmap, 1, 1, 1 },
        { "open", SYS_open, (long)"/proc/self/stat", O_RDONLY, 0 },
        { "an unknown call", 100000, 1, 2, 3 },
    };
    for (unsigned i = 0; i < sizeof calls / sizeof *calls; i++) {
        fill(in, sizeof in, i + 1);
        call_between(in, out, calls[i].number, calls[i].a, calls[i].b, calls[i].c);
        CHECK(check_name("call: xmm0-15 over %s", calls[i].name), !memcmp(in, out, sizeof in));
    }

    fill(in, sizeof in, 77);
    int status = 0;
    pid_t child = call_between(in, out, SYS_fork, 0, 0, 0);
    int same = !memcmp(in, out, sizeof in);
    if (child == 0)
        _exit(same ? 0 : 1);
    waitpid(child, &status, 0);
    CHECK("call: xmm0-15 over fork, in the parent", same);
    CHECK_EQ("call: xmm0-15 over fork, in the child", status, 0);
    close(ends[0]);
    close(ends[1]);
}

// Gives the number of times a register came back wrong in `count` yields with values of its own.
static long wrong_over_yields(unsigned seed, int count)
{
    bank in, out;
    long wrong = 0;
    for (int i = 0; i < count; i++) {
        fill(in, sizeof in, seed + i * 64);
        call_between(in, out, SYS_sched_yield, 0, 0, 0);
        wrong += memcmp(in, out, sizeof in) != 0;
    }
    return wrong;
}

static void *yield_thread(void *seed)
{
    return (void *)wrong_over_yields((unsigned)(long)seed, switches);
}

static void over_switches(void)
{
    pthread_t threads[TASKS];
    long wrong = 0;
    for (long i = 0; i < TASKS; i++)
        pthread_create(&threads[i], NULL, yield_thread, (void *)(i + 1));
    for (int i = 0; i < TASKS; i++) {
        void *value;
        pthread_join(threads[i], &value);
        wrong += (long)value;
    }
    CHECK_EQ("switches: xmm0-15 between threads", wrong, 0);

    for (int i = 0; i < TASKS; i++)
        if (check_fork() == 0)
            _exit(wrong_over_yields(1000 + i, switches) != 0);
    int status, bad = 0;
    while (wait(&status) > 0)
        bad += status != 0;
    CHECK_EQ("switches: xmm0-15 between processes", bad, 0);
}

// Two processes hand a byte to and fro: every hand-over blocks and switches.
static void over_blocking(void)
{
    int there[2], back[2];
    if (pipe(there) || pipe(back))
        return;
    pid_t child = check_fork();
    bank in, out;
    char byte = 0;
    long wrong = 0;
    int rounds = switches / 10 + 1;
    for (int i = 0; i < rounds; i++) {
        fill(in, sizeof in, child ? i : ~i);
        if (child && write(there[1], &byte, 1) != 1)
            break;
        wrong += call_between(in, out, SYS_read, child ? back[0] : there[0], (long)&byte, 1) != 1;
        wrong += memcmp(in, out, sizeof in) != 0;
        if (!child && write(back[1], &byte, 1) != 1)
            break;
    }
    if (child == 0)
        _exit(wrong != 0);
    int status;
    waitpid(child, &status, 0);
    CHECK_EQ("blocking: xmm0-15 over reads that wait, parent", wrong, 0);
    CHECK_EQ("blocking: xmm0-15 over reads that wait, child", status, 0);
    close(there[0]), close(there[1]), close(back[0]), close(back[1]);
}

// Busy processes, more than CPUs: the registers live over preemption at any instruction.
static void over_preemption(void)
{
    for (int i = 0; i < TASKS; i++)
        if (check_fork() == 0) {
            bank in, out;
            long wrong = 0;
            for (int round = 0; round < 20; round++) {
                fill(in, sizeof in, i * 100 + round);
                spin_between(in, out, switches * 200L);
                wrong += memcmp(in, out, sizeof in) != 0;
            }
            _exit(wrong != 0);
        }
    int status, bad = 0;
    while (wait(&status) > 0)
        bad += status != 0;
    CHECK_EQ("preemption: xmm0-15 in four busy processes", bad, 0);
}

// ---- Signals ----------------------------------------------------------------------------------------------

static volatile int handled;

static void clobbering_handler(int signal)
{
    (void)signal;
    bank in, out;
    unsigned reset = 0x1f80;
    fill(in, sizeof in, ++handled);
    spin_between(in, out, 1);
    __asm__ volatile("fninit\n\tfldz\n\tfldl2e\n\tldmxcsr %0" : : "m"(reset));
}

static void over_signals(void)
{
    struct sigaction action = { .sa_handler = clobbering_handler };
    sigaction(SIGUSR1, &action, NULL);
    bank in, out;
    long wrong = 0;
    int count = switches / 25 + 1;
    for (int i = 0; i < count; i++) {
        fill(in, sizeof in, i);
        call_between(in, out, SYS_kill, getpid(), SIGUSR1, 0);
        wrong += memcmp(in, out, sizeof in) != 0;
    }
    CHECK_EQ("signals: every one was handled", handled, count);
    CHECK_EQ("signals: xmm0-15 over a handler that uses them all", wrong, 0);

    // And at arbitrary instructions: a child sends while the parent spins.
    handled = 0;
    pid_t parent = getpid(), child = check_fork();
    if (child == 0) {
        for (int i = 0; i < count; i++) {
            kill(parent, SIGUSR1);
            sched_yield();
        }
        _exit(0);
    }
    int status;
    wrong = 0;
    for (unsigned i = 0; waitpid(child, &status, WNOHANG) != child; i++) {
        fill(in, sizeof in, i);
        spin_between(in, out, 20000);
        wrong += memcmp(in, out, sizeof in) != 0;
    }
    CHECK("signals: some arrived while spinning", handled > 0);
    CHECK_EQ("signals: xmm0-15 at arbitrary instructions", wrong, 0);
}

// ---- x87 and the control words -----------------------------------------------------------------------------

struct fpu { double top, next; unsigned short control; unsigned mxcsr; };

// Sets control words that are not the default ones and a stack of two, makes the call, reads it all back.
static struct fpu fpu_between(long number, long a, long b)
{
    static const unsigned mxcsr = 0x1f80 | 0x6000;
    static const unsigned short control = 0x0f7f, initial = 0x037f;
    static const unsigned usual = 0x1f80;
    struct fpu seen;
    __asm__ volatile("fninit\n\tfldcw %[control]\n\tldmxcsr %[mxcsr]\n\tfld1\n\tfldpi\n\t"
        "syscall\n\t"
        "fnstcw %[c]\n\tstmxcsr %[m]\n\tfstpl %[top]\n\tfstpl %[next]\n\tfldcw %[initial]\n\tldmxcsr %[usual]"
        : "+a"(number), [c] "=m"(seen.control), [m] "=m"(seen.mxcsr), [top] "=m"(seen.top), [next] "=m"(seen.next)
        : "D"(a), "S"(b), [control] "m"(control), [mxcsr] "m"(mxcsr), [initial] "m"(initial), [usual] "m"(usual)
        : "rcx", "r11", "memory");
    return seen;
}

static int fpu_right(struct fpu seen)
{
    return seen.next == 1.0 && seen.top > 3.14159 && seen.top < 3.1416 && seen.control == 0x0f7f && seen.mxcsr == 0x7f80;
}

static void x87(void)
{
    CHECK("x87: stack and control words over getpid", fpu_right(fpu_between(SYS_getpid, 0, 0)));
    CHECK("x87: over a signal whose handler resets them", fpu_right(fpu_between(SYS_kill, getpid(), SIGUSR1)));
    for (int i = 0; i < TASKS; i++)
        if (check_fork() == 0) {
            int wrong = 0;
            for (int round = 0; round < switches / 10; round++)
                wrong += !fpu_right(fpu_between(SYS_sched_yield, 0, 0));
            _exit(wrong != 0);
        }
    int status, bad = 0;
    while (wait(&status) > 0)
        bad += status != 0;
    CHECK_EQ("x87: between processes", bad, 0);

    pid_t parent = getpid();
    struct fpu seen = fpu_between(SYS_fork, 0, 0);
    if (getpid() != parent)
        _exit(!fpu_right(seen));
    CHECK_EQ("x87: over fork, in the child", wait(&status) > 0 ? status : -1, 0);
    CHECK("x87: over fork, in the parent", fpu_right(seen));
}

static void ymm(void)
{
    if (!__builtin_cpu_supports("avx")) {
        check_skip("ymm", "the machine or the kernel offers no AVX");
        return;
    }
    for (int i = 0; i < TASKS; i++)
        if (check_fork() == 0) {
            wide_bank in, out;
            long wrong = 0;
            for (int round = 0; round < switches / 10; round++) {
                fill(in, sizeof in, i * 1000 + round);
                yield_between_wide(in, out);
                wrong += memcmp(in, out, sizeof in) != 0;
            }
            _exit(wrong != 0);
        }
    int status, bad = 0;
    while (wait(&status) > 0)
        bad += status != 0;
    CHECK_EQ("ymm: ymm0-15 between processes", bad, 0);
}

// A new program starts with clean registers: nothing of the old one, or of the kernel, shows.
static void clean_after_exec(void)
{
    pid_t child = check_fork();
    int status = -1;
    if (child == 0) {
        bank in, out;
        fill(in, sizeof in, 5);
        char *arguments[] = { "vectors", "fresh", NULL };
        call_between(in, out, SYS_execve, (long)"/proc/self/exe", (long)arguments, 0);
        _exit(2);
    }
    waitpid(child, &status, 0);
    CHECK_EQ("exec: the new program's mxcsr and x87 control are the defaults", status, 0);
}

static int fresh(void)
{
    unsigned mxcsr;
    unsigned short control;
    __asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(mxcsr), "=m"(control));
    return (mxcsr & ~0x3fu) != 0x1f80 || control != 0x037f;
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "fresh"))
        return fresh();
    switches = argc > 1 ? atoi(argv[1]) : 25000;
    check_begin(110);
    over_calls();
    over_switches();
    over_blocking();
    over_preemption();
    over_signals();
    x87();
    ymm();
    clean_after_exec();
    return check_end();
}
