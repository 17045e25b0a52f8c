// The alternate signal stack: what can be set and what is told, who inherits it, nesting, SS_AUTODISARM, what sigreturn puts back, what does
// not fit; and that stacks hold no code.
// cpus: 1 2 4
#include "check.h"
#include <sched.h>
#include <setjmp.h>
#include <ucontext.h>

enum { BYTES = 65536 };
#define AUTODISARM (1u << 31)
static char memory[BYTES] __attribute__((aligned(16))), second[BYTES] __attribute__((aligned(16)));
static volatile unsigned long seen, inner_seen;
static volatile int calls, flags_seen, error_seen, context_flags;
static stack_t context_stack;

// The C library looks at some of it itself; here the kernel does.
static int set(void *base, int flags, size_t bytes) { return syscall(SYS_sigaltstack, &(stack_t){ .ss_sp = base, .ss_flags = flags, .ss_size = bytes }, NULL); }
static stack_t get(void) { stack_t old; syscall(SYS_sigaltstack, NULL, &old); return old; }
static int is_on(unsigned long at, const char *stack) { return at >= (unsigned long)stack && at < (unsigned long)stack + BYTES; }
#define HERE ((unsigned long)__builtin_frame_address(0))

static void look(int signal, siginfo_t *info, void *context)
{
    (void)info;
    calls++;
    if (signal == SIGUSR2) {
        inner_seen = HERE;
        return;
    }
    seen = HERE;
    flags_seen = get().ss_flags;
    error_seen = set(second, 0, BYTES) ? errno : 0;
    context_stack = ((ucontext_t *)context)->uc_stack;
    raise(SIGUSR2);
}

static void handle(int signal, int flags, void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags };
    sigaction(signal, &action, NULL);
}

static void settings(void)
{
    CHECK_EQ("set: none at first", get().ss_flags, SS_DISABLE);
    CHECK_ERR("set: too small", set(memory, 0, 2047), ENOMEM);
    CHECK_OK("set: the smallest", set(memory, 0, 2048));
    CHECK_ERR("set: unknown flags", set(memory, 4, BYTES), EINVAL);
    CHECK_ERR("set: both modes", set(memory, SS_ONSTACK | SS_DISABLE, BYTES), EINVAL);
    CHECK_ERR("set: a bad address", syscall(SYS_sigaltstack, 8, NULL), EFAULT);
    CHECK_ERR("set: a bad address for the old", syscall(SYS_sigaltstack, NULL, 8), EFAULT);
    CHECK_OK("set: SS_ONSTACK is taken for none", set(memory, SS_ONSTACK, BYTES));
    stack_t now = get();
    CHECK("get: as set", now.ss_sp == memory && now.ss_size == BYTES && now.ss_flags == 0);
    stack_t old;
    CHECK_OK("set: the old with the new", syscall(SYS_sigaltstack, &(stack_t){ .ss_sp = second, .ss_size = BYTES }, &old));
    CHECK("get: the old", old.ss_sp == memory && get().ss_sp == second);
    CHECK_OK("set: SS_AUTODISARM", set(memory, AUTODISARM, BYTES));
    CHECK_EQ("get: SS_AUTODISARM", (unsigned)get().ss_flags, AUTODISARM);
    CHECK_OK("set: off, whatever else", set(memory, SS_DISABLE, 1));
    now = get();
    CHECK("get: off", now.ss_flags == SS_DISABLE && now.ss_size == 0 && now.ss_sp == NULL);
}

static void use(void)
{
    set(memory, 0, BYTES);
    handle(SIGUSR1, SA_ONSTACK, look);
    handle(SIGUSR2, SA_ONSTACK, look);
    raise(SIGUSR1);
    CHECK("use: the handler is on it", is_on(seen, memory));
    CHECK_EQ("use: SS_ONSTACK", flags_seen, SS_ONSTACK);
    CHECK_EQ("use: it cannot be changed", error_seen, EPERM);
    CHECK("use: the frame tells it", context_stack.ss_sp == memory && context_stack.ss_size == BYTES && context_stack.ss_flags == 0);
    CHECK("use: a second handler goes on below the first", is_on(inner_seen, memory) && inner_seen < seen);
    CHECK_EQ("use: afterwards it is not in use", get().ss_flags, 0);
    handle(SIGUSR2, 0, look);
    raise(SIGUSR1);
    CHECK("use: one without SA_ONSTACK goes on where it is", is_on(inner_seen, memory));
    handle(SIGUSR1, 0, look);
    raise(SIGUSR1);
    CHECK("use: without SA_ONSTACK not", !is_on(seen, memory) && flags_seen == 0);
    CHECK("use: so it could be changed, but that is put back", error_seen == 0 && get().ss_sp == memory);

    set(memory, AUTODISARM, BYTES);
    handle(SIGUSR1, SA_ONSTACK, look);
    handle(SIGUSR2, SA_ONSTACK, look);
    raise(SIGUSR1);
    CHECK("autodisarm: the handler is on it", is_on(seen, memory));
    CHECK_EQ("autodisarm: it is off meanwhile", flags_seen, SS_DISABLE);
    CHECK_EQ("autodisarm: another can be set", error_seen, 0);
    CHECK("autodisarm: a second handler is on that", is_on(inner_seen, second));
    CHECK("autodisarm: afterwards it is as it was", get().ss_sp == memory && (unsigned)get().ss_flags == AUTODISARM);
}

// ---- Changing the frame ------------------------------------------------------------------------------------

static void change(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    ((ucontext_t *)context)->uc_stack = (stack_t){ .ss_sp = second, .ss_size = BYTES };
}

static void change_badly(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    ((ucontext_t *)context)->uc_stack = (stack_t){ .ss_sp = memory, .ss_size = 100 };
}

static sigjmp_buf out;
static void jump(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info, (void)context;
    siglongjmp(out, 1);
}

static void frames(void)
{
    set(memory, 0, BYTES);
    handle(SIGUSR1, 0, change);
    raise(SIGUSR1);
    CHECK("frame: what the handler put there is set", get().ss_sp == second);
    handle(SIGUSR1, 0, change_badly);
    raise(SIGUSR1);
    CHECK("frame: what cannot be set is left out", get().ss_sp == second && get().ss_size == BYTES);
    handle(SIGUSR1, SA_ONSTACK, jump);
    for (volatile int i = 0; i < 3; i++)
        if (sigsetjmp(out, 1) == 0)
            raise(SIGUSR1);
    CHECK_EQ("frame: who jumps out is not on it any more", get().ss_flags, 0);
}

// ---- Overflow ----------------------------------------------------------------------------------------------

// Nothing but frames: one that does not fit is found. But when a handler's own bytes have just left the stack it is not in use any more, and
// the next begins at the top again, on Linux too; so several sizes are tried, of which at most one can end so.
static int less;
static void deeper(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info, (void)context;
    if (++calls > 1000)
        _exit(7);
    syscall(SYS_tkill, syscall(SYS_gettid), SIGUSR1);
    calls--;
}

static int overflow(void)
{
    set(memory, 0, BYTES - less);
    handle(SIGUSR1, SA_ONSTACK | SA_NODEFER, deeper);
    raise(SIGUSR1);
    return 0;
}

static int no_memory(void)
{
    set((void *)4096, 0, BYTES);
    handle(SIGUSR1, SA_ONSTACK, look);
    raise(SIGUSR1);
    return 0;
}

static int endless(volatile char *from)
{
    volatile char much[4096];
    much[0] = from[0];
    return from[0] == 'x' ? 0 : much[0] + endless(much);
}

static void leave(int signal, siginfo_t *info, void *context)
{
    (void)context;
    _exit(signal == SIGSEGV && info->si_code == SEGV_MAPERR && is_on(HERE, memory) ? 5 : 6);
}

static int whole_stack(void)
{
    set(memory, 0, BYTES);
    handle(SIGSEGV, SA_ONSTACK, leave);
    return endless("");
}

static int whole_stack_without(void)
{
    set(NULL, SS_DISABLE, 0);
    handle(SIGSEGV, SA_ONSTACK, leave);
    return endless("");
}

// ---- Who has it --------------------------------------------------------------------------------------------

static char thread_stack[BYTES] __attribute__((aligned(16)));
static volatile int told;
static int tell_thread(void *nothing)
{
    (void)nothing;
    stack_t now = { 0 };
    syscall(SYS_sigaltstack, NULL, &now);
    __atomic_store_n(&told, now.ss_flags == SS_DISABLE ? 1 : 2, __ATOMIC_SEQ_CST);
    syscall(SYS_exit, 0);
    return 0;
}

static void inheritance(const char *path)
{
    set(memory, 0, BYTES);
    pid_t child = check_fork();
    if (child == 0)
        _exit(get().ss_sp == memory && get().ss_flags == 0 ? 0 : 1);
    int status;
    waitpid(child, &status, 0);
    CHECK_EQ("fork: has it", status, 0);
    clone(tell_thread, thread_stack + sizeof thread_stack, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD, NULL);
    while (!told)
        syscall(SYS_sched_yield);
    CHECK_EQ("a thread: has none", told, 1);
    child = vfork();
    if (child == 0) {
        execl(path, path, "execed", (char *)NULL);
        _exit(9);
    }
    waitpid(child, &status, 0);
    CHECK_EQ("exec: has none", status, 0);
}

// ---- Code on stacks ----------------------------------------------------------------------------------------

static void fault(int signal, siginfo_t *info, void *context)
{
    (void)context;
    _exit(signal == SIGSEGV && info->si_code == SEGV_ACCERR ? 5 : 6);
}

static int run_on_stack(void)
{
    volatile unsigned char code[16] = { 0xc3 };
    handle(SIGSEGV, 0, fault);
    ((void (*)(void))code)();
    return 0;
}

static int run_on_heap(void)
{
    unsigned char *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    code[0] = 0xc3;
    handle(SIGSEGV, 0, fault);
    ((void (*)(void))code)();
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "execed"))
        return get().ss_flags != SS_DISABLE;
    check_begin(50);
    settings();
    use();
    frames();
    int found = 0;
    for (; less < 1200; less += 300)
        found += check_status(overflow) == KILLED(SIGSEGV);
    CHECK("overflow of it", found >= 3);
    CHECK_EQ("no memory there", check_status(no_memory), KILLED(SIGSEGV));
    CHECK_EQ("overflow of the usual one", check_status(whole_stack), EXITED(5));
    CHECK_EQ("overflow of the usual one and no other", check_status(whole_stack_without), KILLED(SIGSEGV));
    inheritance("/proc/self/exe");
    CHECK_EQ("no code on a stack", check_status(run_on_stack), EXITED(5));
    CHECK_EQ("nor in memory that may not be executed", check_status(run_on_heap), EXITED(5));
    return check_end();
}
