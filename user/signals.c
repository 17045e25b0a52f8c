// Signals that are handled: handlers and their siginfo, masks and what is pending, queued real-time signals, nesting,
// SA_NODEFER, SA_RESETHAND, the alternate stack and overflow of the usual one, sigsuspend and sigtimedwait.
// Default actions, stopping and permissions are the subject of sigdefault.c, the handler's frame that of sigframe.c.
// cpus: 1 2 4
#include "check.h"
#include <sched.h>
#include <sys/resource.h>

static volatile int calls, order[16], depth, deepest;
static volatile siginfo_t seen;
static volatile void *stack_seen;

static void set_handler(int signal, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags };
    sigaction(signal, &action, NULL);
}

static void remember(int signal, siginfo_t *info, void *context)
{
    (void)context;
    order[calls & 15] = signal;
    calls++;
    memcpy((void *)&seen, info, sizeof seen);
    stack_seen = __builtin_frame_address(0);
}

static sigset_t set_of(int signal)
{
    sigset_t set;
    sigemptyset(&set);
    if (signal)
        sigaddset(&set, signal);
    return set;
}

static int is_pending(int signal)
{
    sigset_t set = set_of(0);
    sigpending(&set);
    return sigismember(&set, signal);
}

static void handlers(void)
{
    struct sigaction old;
    set_handler(SIGUSR1, remember, SA_RESTART);
    sigaction(SIGUSR1, NULL, &old);
    CHECK("action: read back", old.sa_sigaction == remember && (old.sa_flags & (SA_SIGINFO | SA_RESTART)) == (SA_SIGINFO | SA_RESTART));
    calls = 0;
    CHECK_OK("kill self", kill(getpid(), SIGUSR1));
    CHECK_EQ("kill self: handled before kill returns", calls, 1);
    CHECK_EQ("siginfo: si_signo", seen.si_signo, SIGUSR1);
    CHECK_EQ("siginfo: si_code of kill", seen.si_code, SI_USER);
    CHECK_EQ("siginfo: si_pid", seen.si_pid, getpid());
    CHECK_EQ("siginfo: si_uid", seen.si_uid, getuid());
    CHECK_OK("tgkill self", syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1));
    CHECK_EQ("siginfo: si_code of tgkill", seen.si_code, SI_TKILL);
    CHECK_OK("sigqueue self", sigqueue(getpid(), SIGUSR1, (union sigval){ .sival_int = 4711 }));
    CHECK_EQ("siginfo: si_code of sigqueue", seen.si_code, SI_QUEUE);
    CHECK_EQ("siginfo: si_value", seen.si_value.sival_int, 4711);

    pid_t child = check_fork();
    if (child == 0)
        _exit(kill(getppid(), SIGUSR1));
    waitpid(child, NULL, 0);
    CHECK_EQ("siginfo: si_pid of a child", seen.si_pid, child);
    CHECK_EQ("siginfo: calls in all", calls, 4);

    CHECK_ERR("action: SIGKILL has no handler", sigaction(SIGKILL, &old, NULL), EINVAL);
    CHECK_ERR("action: SIGSTOP has no handler", sigaction(SIGSTOP, &old, NULL), EINVAL);
    CHECK_ERR("action: number 0", syscall(SYS_rt_sigaction, 0, NULL, NULL, 8), EINVAL);
    CHECK_ERR("action: number 65", syscall(SYS_rt_sigaction, 65, NULL, NULL, 8), EINVAL);
    CHECK_ERR("action: wrong set size", syscall(SYS_rt_sigaction, SIGUSR1, NULL, NULL, 16), EINVAL);
}

static void masks(void)
{
    sigset_t set = set_of(SIGUSR1), old, all;
    calls = 0;
    sigprocmask(SIG_BLOCK, &set, &old);
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGUSR1);
    CHECK_EQ("mask: not handled while blocked", calls, 0);
    CHECK_EQ("mask: pending", is_pending(SIGUSR1), 1);
    pid_t child = check_fork();
    if (child == 0)
        _exit(is_pending(SIGUSR1) ? 1 : 0);
    int status;
    waitpid(child, &status, 0);
    CHECK_EQ("mask: a child has nothing pending", status, 0);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    CHECK_EQ("mask: a standard signal is queued once", calls, 1);
    CHECK_EQ("mask: no longer pending", is_pending(SIGUSR1), 0);

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    sigprocmask(SIG_SETMASK, NULL, &set);
    CHECK("mask: SIGKILL and SIGSTOP cannot be blocked", !sigismember(&set, SIGKILL) && !sigismember(&set, SIGSTOP) && sigismember(&set, SIGUSR1));
    sigprocmask(SIG_SETMASK, &old, NULL);
    CHECK_ERR("mask: wrong how", sigprocmask(17, &set, NULL), EINVAL);

    // Real-time signals queue, and come lowest number first.
    int low = SIGRTMIN + 1, high = SIGRTMIN + 3;
    set = set_of(low), sigaddset(&set, high);
    set_handler(low, remember, 0), set_handler(high, remember, 0);
    sigprocmask(SIG_BLOCK, &set, NULL);
    calls = 0;
    for (int i = 0; i < 3; i++) {
        sigqueue(getpid(), high, (union sigval){ .sival_int = i });
        sigqueue(getpid(), low, (union sigval){ .sival_int = i });
    }
    // Handlers do not mask each other here, so the one delivered last runs first; sigtimedwait takes them in order.
    int right = 1;
    struct timespec none = { 0, 0 };
    for (int i = 0; i < 6; i++) {
        siginfo_t info;
        right &= sigtimedwait(&set, &info, &none) == (i < 3 ? low : high) && info.si_value.sival_int == i % 3;
    }
    CHECK("real-time: queued, in order of number and then of sending", right);
    CHECK_ERR("sigtimedwait: nothing left", sigtimedwait(&set, NULL, &none), EAGAIN);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    CHECK_EQ("sigtimedwait: taken ones are not handled", calls, 0);
}

static void nest(int signal, siginfo_t *info, void *context)
{
    (void)info, (void)context;
    if (++depth > deepest)
        deepest = depth;
    if (calls++ == 0)
        raise(signal);
    depth--;
}

static void raise_other(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info, (void)context;
    order[calls++] = 1;
    raise(SIGUSR2);
    order[calls++] = 3;
}

static void note_two(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info, (void)context;
    order[calls++] = 2;
}

static void flags(void)
{
    calls = depth = deepest = 0;
    set_handler(SIGUSR1, nest, 0);
    raise(SIGUSR1);
    CHECK_EQ("flags: a handler's own signal waits", deepest, 1);
    CHECK_EQ("flags: and comes afterwards", calls, 2);

    calls = depth = deepest = 0;
    set_handler(SIGUSR1, nest, SA_NODEFER);
    raise(SIGUSR1);
    CHECK_EQ("SA_NODEFER: it interrupts its own handler", deepest, 2);

    calls = 0;
    set_handler(SIGUSR1, raise_other, 0);
    set_handler(SIGUSR2, note_two, 0);
    raise(SIGUSR1);
    CHECK("nested: another signal interrupts", order[0] == 1 && order[1] == 2 && order[2] == 3);

    calls = 0;
    struct sigaction action = { .sa_sigaction = raise_other, .sa_flags = SA_SIGINFO };
    sigaddset(&action.sa_mask, SIGUSR2);
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    CHECK("sa_mask: another signal is held back", order[0] == 1 && order[1] == 3 && order[2] == 2);

    set_handler(SIGUSR1, remember, SA_RESETHAND);
    raise(SIGUSR1);
    sigaction(SIGUSR1, NULL, &action);
    CHECK("SA_RESETHAND: back to the default", action.sa_handler == SIG_DFL);
}

static void alternate_stack(void)
{
    static char memory[32768];
    stack_t stack = { .ss_sp = memory, .ss_size = sizeof memory }, old;
    CHECK_OK("sigaltstack: set", sigaltstack(&stack, NULL));
    CHECK_OK("sigaltstack: get", sigaltstack(NULL, &old));
    CHECK("sigaltstack: read back", old.ss_sp == memory && old.ss_size == sizeof memory && old.ss_flags == 0);
    set_handler(SIGUSR1, remember, SA_ONSTACK);
    raise(SIGUSR1);
    CHECK("sigaltstack: the handler runs on it", (char *)stack_seen > memory && (char *)stack_seen < memory + sizeof memory);
    set_handler(SIGUSR1, remember, 0);
    raise(SIGUSR1);
    CHECK("sigaltstack: not without SA_ONSTACK", (char *)stack_seen < memory || (char *)stack_seen >= memory + sizeof memory);
    stack.ss_size = 100;
    CHECK_ERR("sigaltstack: too small", sigaltstack(&stack, NULL), ENOMEM);
    stack.ss_size = sizeof memory;
    stack.ss_flags = 0x40;
    CHECK_ERR("sigaltstack: wrong flags", sigaltstack(&stack, NULL), EINVAL);
    stack = (stack_t){ .ss_flags = SS_DISABLE };
    CHECK_OK("sigaltstack: disable", sigaltstack(&stack, NULL));
    sigaltstack(NULL, &old);
    CHECK_EQ("sigaltstack: disabled", old.ss_flags, SS_DISABLE);
}

// Far more than any stack of this program's limit holds.
static int overflow(int levels)
{
    volatile char here[4096];
    here[levels & 4095] = 1;
    return levels == 0 ? 0 : overflow(levels - 1) + here[levels & 4095];
}

static void leave(int signal, siginfo_t *info, void *context)
{
    (void)context;
    _exit(signal == SIGSEGV && info->si_code > 0 ? 21 : 22);
}

static int overflow_on_own_stack(void)
{
    static char memory[32768];
    stack_t stack = { .ss_sp = memory, .ss_size = sizeof memory };
    struct rlimit limit = { 256 << 10, 256 << 10 };
    setrlimit(RLIMIT_STACK, &limit);
    sigaltstack(&stack, NULL);
    set_handler(SIGSEGV, leave, SA_ONSTACK);
    return overflow(100000);
}

static int overflow_without(void)
{
    struct rlimit limit = { 256 << 10, 256 << 10 };
    setrlimit(RLIMIT_STACK, &limit);
    set_handler(SIGSEGV, leave, 0);
    return overflow(100000);
}

static void suspended(void)
{
    sigset_t set = set_of(SIGUSR1), none = set_of(0), now;
    sigprocmask(SIG_BLOCK, &set, NULL);
    set_handler(SIGUSR1, remember, SA_RESTART);
    calls = 0;
    pid_t parent = getpid(), child = check_fork();
    if (child == 0)
        _exit(kill(parent, SIGUSR1));
    CHECK_ERR("sigsuspend: ends with EINTR", sigsuspend(&none), EINTR);
    CHECK_EQ("sigsuspend: the handler ran", calls, 1);
    sigprocmask(SIG_SETMASK, NULL, &now);
    CHECK_EQ("sigsuspend: the mask is back", sigismember(&now, SIGUSR1), 1);
    waitpid(child, NULL, 0);

    child = check_fork();
    if (child == 0)
        _exit(kill(parent, SIGUSR1));
    siginfo_t info;
    CHECK_EQ("sigwaitinfo: takes it", sigwaitinfo(&set, &info), SIGUSR1);
    CHECK_EQ("sigwaitinfo: its sender", info.si_pid, child);
    waitpid(child, NULL, 0);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    CHECK_EQ("sigwaitinfo: no handler", calls, 1);
}

int main(void)
{
    check_begin(50);
    handlers();
    masks();
    flags();
    alternate_stack();
    CHECK_EQ("overflow of the stack: handled on the alternate one", check_status(overflow_on_own_stack), EXITED(21));
    CHECK_EQ("overflow of the stack: ends without one", check_status(overflow_without) & 0x7f, KILLED(SIGSEGV));
    suspended();
    return check_end();
}
