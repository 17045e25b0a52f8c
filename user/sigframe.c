// The frame through which a handler returns: every general register and the flags come back over a signal at an exact
// instruction; a handler may change the context it returns to; and a forged frame (kernel or nonsense selectors, an
// address no user has, a broken stack or vector area, flags of privilege) ends in SIGSEGV or is made harmless, never in
// a fault of the kernel. Also the siginfo of each kind of processor fault.
// test: 20
// cpus: 1 2
#include "check.h"
#include <sys/resource.h>
#include <ucontext.h>

enum { PAGE = 4096 };
static int repeat;
static volatile int calls;
static volatile siginfo_t seen;
static volatile greg_t seen_rip, seen_trap, seen_error, seen_cr2;
static int forgery;

static void set_handler(int signal, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags };
    sigaction(signal, &action, NULL);
}

// ---- All registers over a signal ---------------------------------------------------------------------------
// int3 raises SIGTRAP after the instruction, so the signal comes between two known instructions and even rcx and r11,
// which a system call would spoil, must survive the handler.

static void clobber(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info, (void)context;
    calls++;
    __asm__ volatile("xor %%eax, %%eax\n\txor %%ecx, %%ecx\n\txor %%edx, %%edx\n\txor %%esi, %%esi\n\txor %%edi, %%edi\n\t"
        "xor %%r8d, %%r8d\n\txor %%r9d, %%r9d\n\txor %%r10d, %%r10d\n\txor %%r11d, %%r11d\n\txor %%r12d, %%r12d\n\t"
        "xor %%r13d, %%r13d\n\txor %%r14d, %%r14d\n\txor %%r15d, %%r15d\n\tstc"
        : : : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "cc");
}

struct registers { unsigned long general[14], rbp, flags, rsp_before, rsp_after; };

// Fills every register from what it holds, lets the signal happen, and writes back what it finds.
void trap_with(struct registers *registers);
__asm__(
    ".text\n.globl trap_with\ntrap_with:\n\t"
    "push %rbx\n\tpush %rbp\n\tpush %r12\n\tpush %r13\n\tpush %r14\n\tpush %r15\n\tpush %rdi\n\t"
    "mov %rsp, 128(%rdi)\n\t"
    "push 120(%rdi)\n\tpopfq\n\t"
    "mov 0(%rdi), %rax\n\tmov 8(%rdi), %rbx\n\tmov 16(%rdi), %rcx\n\tmov 24(%rdi), %rdx\n\tmov 32(%rdi), %rsi\n\t"
    "mov 48(%rdi), %r8\n\tmov 56(%rdi), %r9\n\tmov 64(%rdi), %r10\n\tmov 72(%rdi), %r11\n\tmov 80(%rdi), %r12\n\t"
    "mov 88(%rdi), %r13\n\tmov 96(%rdi), %r14\n\tmov 104(%rdi), %r15\n\tmov 112(%rdi), %rbp\n\tmov 40(%rdi), %rdi\n\t"
    "int3\n\t"
    "push %rdi\n\tmov 8(%rsp), %rdi\n\t"
    "mov %rax, 0(%rdi)\n\tpop %rax\n\tmov %rax, 40(%rdi)\n\t"
    "mov %rbx, 8(%rdi)\n\tmov %rcx, 16(%rdi)\n\tmov %rdx, 24(%rdi)\n\tmov %rsi, 32(%rdi)\n\t"
    "mov %r8, 48(%rdi)\n\tmov %r9, 56(%rdi)\n\tmov %r10, 64(%rdi)\n\tmov %r11, 72(%rdi)\n\tmov %r12, 80(%rdi)\n\t"
    "mov %r13, 88(%rdi)\n\tmov %r14, 96(%rdi)\n\tmov %r15, 104(%rdi)\n\tmov %rbp, 112(%rdi)\n\t"
    "pushfq\n\tpopq 120(%rdi)\n\tmov %rsp, 136(%rdi)\n\tcld\n\t"
    "pop %rdi\n\tpop %r15\n\tpop %r14\n\tpop %r13\n\tpop %r12\n\tpop %rbp\n\tpop %rbx\n\tret\n");

static void registers_kept(void)
{
    set_handler(SIGTRAP, clobber, 0);
    int wrong = 0, wrong_flags = 0, wrong_stack = 0;
    calls = 0;
    for (int i = 0; i < repeat; i++) {
        struct registers before, after;
        for (int r = 0; r < 14; r++)
            before.general[r] = 0x0123456789abcdef * (2 * r + 3 + 64 * i);
        before.rbp = ~0x1111111111111111ul * (i + 1);
        before.flags = i & 1 ? 0xad7 : 0x602;   // carry, parity, ..., overflow; direction
        after = before;
        trap_with(&after);
        wrong += memcmp(before.general, after.general, sizeof before.general) != 0 || before.rbp != after.rbp;
        wrong_flags += ((before.flags ^ after.flags) & 0xcd5) != 0;
        wrong_stack += after.rsp_before != after.rsp_after;
    }
    CHECK_EQ("registers: the handler ran each time", calls, repeat);
    CHECK_EQ("registers: 15 general ones come back", wrong, 0);
    CHECK_EQ("registers: the flags come back", wrong_flags, 0);
    CHECK_EQ("registers: the stack pointer comes back", wrong_stack, 0);
}

// ---- A handler edits its context ---------------------------------------------------------------------------

static void skip_instruction(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    ucontext_t *user = context;
    calls++;
    memcpy((void *)&seen, info, sizeof seen);
    seen_rip = user->uc_mcontext.gregs[REG_RIP];
    seen_trap = user->uc_mcontext.gregs[REG_TRAPNO];
    seen_error = user->uc_mcontext.gregs[REG_ERR];
    seen_cr2 = user->uc_mcontext.gregs[REG_CR2];
    user->uc_mcontext.gregs[REG_RIP] = user->uc_mcontext.gregs[REG_RBX];   // where the code below says to go on
    user->uc_mcontext.gregs[REG_RAX] = 4242;
}

// Runs one faulting instruction and goes on behind it; gives rax as the handler left it, and where it stood.
#define FAULTING(result, place, code, input) \
    __asm__ volatile("lea 2f(%%rip), %%rbx\n\tlea 1f(%%rip), %1\n1:\t" code "\n2:" \
        : "=a"(result), "=&r"(place) : "0"(0L), "c"((long)(input)), "d"(0L) : "rbx", "memory", "cc")

static void faults(void)
{
    long result, place;
    char *readonly = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    static const int signals[] = { SIGSEGV, SIGILL, SIGFPE, SIGBUS };
    for (int i = 0; i < 4; i++)
        set_handler(signals[i], skip_instruction, 0);

    FAULTING(result, place, "movl $1, (%%rcx)", 0x1238);
    CHECK("edit: rax and rip as the handler set them", result == 4242);
    CHECK("edit: rip was the faulting instruction", seen_rip == place);
    CHECK("fault: unmapped", seen.si_signo == SIGSEGV && seen.si_code == SEGV_MAPERR && seen.si_addr == (void *)0x1238);
    CHECK_EQ("fault: trap number", seen_trap, 14);
    CHECK_EQ("fault: error code of a user write", seen_error, 6);
    CHECK_EQ("fault: cr2", seen_cr2, 0x1238);
    FAULTING(result, place, "movl (%%rcx), %%edx", 0xffffffff81000000);
    CHECK("fault: a kernel address", seen.si_signo == SIGSEGV && seen.si_code == SEGV_MAPERR && seen.si_addr == (void *)0xffffffff81000000);
    FAULTING(result, place, "movl $1, (%%rcx)", readonly);
    CHECK("fault: a read-only page", seen.si_signo == SIGSEGV && seen.si_code == SEGV_ACCERR && seen.si_addr == readonly);
    CHECK_EQ("fault: error code of a write to a present page or not", seen_error & ~1, 6);
    FAULTING(result, place, "movl (%%rcx), %%edx", 0x8000000000000000);
    CHECK("fault: a non-canonical address", seen.si_signo == SIGSEGV && seen.si_code == SI_KERNEL && seen_trap == 13);
    FAULTING(result, place, "hlt", 0);
    CHECK("fault: a privileged instruction", seen.si_signo == SIGSEGV && seen.si_code == SI_KERNEL && seen_trap == 13);
    FAULTING(result, place, "mov %%cr3, %%rdx", 0);
    CHECK("fault: a control register", seen.si_signo == SIGSEGV && seen_trap == 13);
    FAULTING(result, place, "xor %%ecx, %%ecx\n\tdivl %%ecx", 0);
    CHECK("fault: division by zero", seen.si_signo == SIGFPE && seen.si_code == FPE_INTDIV && seen_trap == 0);
    FAULTING(result, place, "ud2", 0);
    CHECK("fault: an undefined instruction", seen.si_signo == SIGILL && seen.si_code == ILL_ILLOPN && seen.si_addr == (void *)place);
    FAULTING(result, place, "int $0x20", 0);
    CHECK("fault: an interrupt no user may raise", seen.si_signo == SIGSEGV && seen_trap == 13);
    FAULTING(result, place, "mov $0x10, %%edx\n\tmov %%edx, %%ds", 0);
    CHECK("fault: a kernel selector", seen.si_signo == SIGSEGV && seen_trap == 13);
    munmap(readonly, PAGE);
}

// ---- Forged frames -----------------------------------------------------------------------------------------

static void forge(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    ucontext_t *user = context;
    greg_t *general = user->uc_mcontext.gregs;
    greg_t selectors = general[REG_CSGSFS];
    unsigned char *vectors = (unsigned char *)user->uc_mcontext.fpregs;
    if (calls++)
        _exit(60);   // the forged frame came back to life as a second signal: only a handler for SIGSEGV would do that
    switch (forgery) {
        case 0: general[REG_RIP] = 0x0000800000000000; break;
        case 1: general[REG_RIP] = 0xffffffff81000000; break;
        case 2: general[REG_RIP] = 0x8000000000000000; break;
        case 3: general[REG_RIP] = 0; break;
        case 4: general[REG_CSGSFS] = (selectors & ~0xffffl) | 0x10; break;
        case 5: general[REG_CSGSFS] = (selectors & ~0xffffl) | 0x08; break;
        case 6: general[REG_CSGSFS] = (selectors & ~0xffffl) | 0xfff8; break;
        case 7: general[REG_RSP] = 0x8000000000000000; break;
        case 8: general[REG_RSP] = 0xffffffff81000000; break;
        case 9: user->uc_mcontext.fpregs = (void *)0xffffffff81000000; break;
        case 10: user->uc_mcontext.fpregs = (void *)0x800000000000; break;
        case 11: user->uc_mcontext.fpregs = (void *)((char *)vectors + 1); break;
        case 12: general[REG_EFL] |= 0x3000; break;                     // I/O privilege
        case 13: general[REG_EFL] &= ~0x200; break;                     // interrupts off
        case 14: general[REG_EFL] |= 0x4000; break;                     // nested task
        case 15: if (vectors) memset(vectors + 24, 0xff, 4); break;     // reserved bits of mxcsr
        case 16: if (vectors) memset(vectors, 0xff, 512); break;
        case 17: general[REG_CSGSFS] = 0; break;
        case 18: general[REG_EFL] |= 0x20000; break;                    // virtual-8086 mode
    }
}

static int return_through_forgery(void)
{
    struct rlimit no_core = { 0, 0 };
    setrlimit(RLIMIT_CORE, &no_core);
    signal(SIGSEGV, SIG_DFL);
    signal(SIGBUS, SIG_DFL);
    set_handler(SIGUSR1, forge, 0);
    raise(SIGUSR1);
    unsigned long flags;
    __asm__ volatile("pushfq\n\tpopq %0" : "=r"(flags));
    return (flags & 0x27200) == 0x200 ? 0 : 61;   // no privilege, interrupts on, no nested task, no virtual mode
}

static int return_from_nowhere(void)
{
    struct rlimit no_core = { 0, 0 };
    setrlimit(RLIMIT_CORE, &no_core);
    signal(SIGSEGV, SIG_DFL);
    __asm__ volatile("mov %0, %%rsp\n\tmov $15, %%eax\n\tsyscall" : : "r"(forgery ? 0x800000000000 : 0x1000) : "memory");
    return 62;
}

static int return_without_signal(void)
{
    // rt_sigreturn with whatever stands on the stack: the process may live or die, the kernel must not care.
    struct rlimit no_core = { 0, 0 };
    setrlimit(RLIMIT_CORE, &no_core);
    signal(SIGSEGV, SIG_DFL);
    syscall(SYS_rt_sigreturn);
    return 0;
}

static int handler_without_stack(void)
{
    struct rlimit no_core = { 0, 0 };
    setrlimit(RLIMIT_CORE, &no_core);
    signal(SIGSEGV, SIG_DFL);
    set_handler(SIGUSR1, clobber, 0);
    // The signal is raised while the stack pointer points nowhere: there is no place for the frame.
    __asm__ volatile("mov %0, %%rsp\n\tsyscall" : : "r"(0x2000L), "a"(SYS_kill), "D"((long)getpid()), "S"((long)SIGUSR1)
        : "memory", "rcx", "r11");
    return 63;
}

static void forgeries(void)
{
    static const char *const names[] = { "rip just above user space", "rip in the kernel", "rip non-canonical", "rip 0",
        "kernel code selector", "another kernel selector", "a selector outside the table", "rsp non-canonical", "rsp in the kernel",
        "vector area in the kernel", "vector area non-canonical", "vector area unaligned", "I/O privilege", "interrupts off",
        "nested task", "reserved bits in mxcsr", "a vector area of ones", "no selectors", "virtual-8086 mode" };
    // 's' must end in SIGSEGV; 'h' must be made harmless; 'e' either.
    static const char wanted[] = "sssssssssseehhheeeh";
    signal(SIGTRAP, SIG_DFL);
    for (forgery = 0; forgery < (int)(sizeof names / sizeof *names); forgery++) {
        calls = 0;
        int status = check_status(return_through_forgery);
        int faulted = (status & 0x7f) == SIGSEGV || (status & 0x7f) == SIGBUS;
        int right = wanted[forgery] == 's' ? faulted : wanted[forgery] == 'h' ? status == 0 : faulted || status == 0;
        if (right)
            check_pass(check_name("forged: %s", names[forgery]));
        else
            check_fail(check_name("forged: %s", names[forgery]), "expected %s, got status 0x%x",
                wanted[forgery] == 's' ? "SIGSEGV" : wanted[forgery] == 'h' ? "exit 0" : "SIGSEGV or exit 0", status);
    }
    for (forgery = 0; forgery < 2; forgery++)
        CHECK_EQ(check_name("forged: no frame at all, stack at %s", forgery ? "non-canonical" : "an unmapped page"),
            check_status(return_from_nowhere) & 0x7f, KILLED(SIGSEGV));
    int status = check_status(return_without_signal);
    CHECK("forged: sigreturn outside of a handler", status == 0 || (status & 0x7f) != 0);
    CHECK_EQ("no place for the frame: SIGSEGV", check_status(handler_without_stack) & 0x7f, KILLED(SIGSEGV));
}

int main(int argc, char **argv)
{
    repeat = argc > 1 ? atoi(argv[1]) : 20;
    check_begin(50);
    registers_kept();
    faults();
    forgeries();
    return check_end();
}
