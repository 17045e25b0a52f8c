// Queued signals and who takes them: real-time signals lowest first and in order, their values, RLIMIT_SIGPENDING; a thread's own before its
// process's; which thread takes one; sigtimedwait; sigsuspend; SIGCHLD's codes and who wants no zombies; pending stops and SIGCONT; what
// kill, tgkill and rt_sigqueueinfo refuse.
// cpus: 1 2 4
// host: root
#include "check.h"
#include <pthread.h>
#include <sys/resource.h>

static volatile int calls, order[64], values[64], codes[64];
static volatile pid_t takers[64];
static volatile siginfo_t seen;

static void remember(int signal, siginfo_t *info, void *context)
{
    (void)context;
    int at = __atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED) & 63;
    order[at] = signal;
    values[at] = info->si_value.sival_int;
    codes[at] = info->si_code;
    takers[at] = syscall(SYS_gettid);
    memcpy((void *)&seen, info, sizeof seen);
}

static void handle(int signal, int flags)
{
    struct sigaction action = { .sa_sigaction = remember, .sa_flags = SA_SIGINFO | flags };
    sigfillset(&action.sa_mask);
    sigaction(signal, &action, NULL);
}

static sigset_t set_of(int first, int second)
{
    sigset_t set;
    sigemptyset(&set);
    if (first)
        sigaddset(&set, first);
    if (second)
        sigaddset(&set, second);
    return set;
}

static void block(int how, int first, int second)
{
    sigset_t set = set_of(first, second);
    sigprocmask(how, &set, NULL);
}

static int is_pending(int signal)
{
    sigset_t set;
    sigpending(&set);
    return sigismember(&set, signal);
}

static int send_value(int signal, int value) { return sigqueue(getpid(), signal, (union sigval){ .sival_int = value }); }
static int send_thread(int signal) { return syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), signal); }

static int take(int first, int second, siginfo_t *info)
{
    sigset_t set = set_of(first, second);
    struct timespec now = { 0, 0 };
    return sigtimedwait(&set, info, &now);
}

static void queueing(void)
{
    int low = SIGRTMIN + 1, high = SIGRTMIN + 5;
    handle(low, 0), handle(high, 0), handle(SIGUSR1, 0);
    block(SIG_BLOCK, low, high);
    block(SIG_BLOCK, SIGUSR1, 0);
    calls = 0;
    for (int i = 0; i < 3; i++)
        send_value(high, 10 + i), send_value(low, 20 + i), send_value(SIGUSR1, 30 + i);
    CHECK("queue: all are pending", is_pending(low) && is_pending(high) && is_pending(SIGUSR1));
    sigset_t all = set_of(low, high);
    sigaddset(&all, SIGUSR1);
    sigprocmask(SIG_UNBLOCK, &all, NULL);
    CHECK_EQ("queue: handled, a standard one once", calls, 7);
    static const int wanted[] = { 30, 20, 21, 22, 10, 11, 12 };
    int wrong = 0;
    for (int i = 0; i < 7; i++)
        wrong += values[i] != wanted[i];
    CHECK_EQ("queue: lowest first, each in order, the first value of a standard one", wrong, 0);

    block(SIG_BLOCK, low, high);
    siginfo_t info;
    send_value(high, 1), send_value(low, 2), send_value(low, 3);
    CHECK_EQ("queue: sigtimedwait takes the lowest", take(low, high, &info), low);
    CHECK_EQ("queue: its value", info.si_value.sival_int, 2);
    CHECK("queue: its sender", info.si_code == SI_QUEUE && info.si_pid == getpid() && info.si_uid == getuid());
    CHECK_EQ("queue: of one", take(high, 0, &info), high);
    CHECK_EQ("queue: the next", take(low, high, &info), low);
    CHECK_EQ("queue: the next value", info.si_value.sival_int, 3);
    CHECK_ERR("queue: no more", take(low, high, &info), EAGAIN);

    // The thread's own come first, whatever their numbers.
    calls = 0;
    block(SIG_BLOCK, SIGUSR1, 0);
    send_value(low, 1), kill(getpid(), SIGUSR1), send_thread(high);
    sigprocmask(SIG_UNBLOCK, &all, NULL);
    CHECK("queue: the thread's own, then the process's", calls == 3 && order[0] == high && order[1] == SIGUSR1 && order[2] == low);
    CHECK("queue: codes", codes[0] == SI_TKILL && codes[1] == SI_USER && codes[2] == SI_QUEUE);

    struct rlimit limit, old;
    getrlimit(RLIMIT_SIGPENDING, &old);
    limit = (struct rlimit){ 3, old.rlim_max };
    pid_t child = check_fork();
    if (child == 0) {
        if (setuid(4242))
            _exit(9);
        setrlimit(RLIMIT_SIGPENDING, &limit);
        block(SIG_BLOCK, low, SIGUSR2);
        int sent = 0;
        while (sent < 10 && send_value(low, sent) == 0)
            sent++;
        int error = errno, standard = kill(getpid(), SIGUSR2), plain = kill(getpid(), low);
        int counted = take(low, 0, NULL) == low ? send_value(low, 7) : 0; // the standard one is one more
        take(SIGUSR2, 0, NULL);
        int again = send_value(low, 7), full = send_value(low, 8);
        _exit(sent == 3 && error == EAGAIN && !standard && !plain && counted == -1 && !again && full == -1 ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    CHECK_EQ("queue: RLIMIT_SIGPENDING", status, 0);
}

static void waiting(void)
{
    struct timespec second = { 1, 0 }, bad = { 0, 1000000000 }, minus = { -1, 0 }, short_time = { 0, 1000000 };
    sigset_t set = set_of(SIGUSR2, 0);
    siginfo_t info;
    block(SIG_BLOCK, SIGUSR2, 0);
    CHECK_ERR("sigtimedwait: its time passes", sigtimedwait(&set, &info, &short_time), EAGAIN);
    CHECK_ERR("sigtimedwait: a bad time", syscall(SYS_rt_sigtimedwait, &set, NULL, &bad, 8), EINVAL);
    CHECK_ERR("sigtimedwait: a negative time", syscall(SYS_rt_sigtimedwait, &set, NULL, &minus, 8), EINVAL);
    CHECK_ERR("sigtimedwait: a bad size", syscall(SYS_rt_sigtimedwait, &set, NULL, &second, 4), EINVAL);
    CHECK_ERR("sigtimedwait: a bad address", syscall(SYS_rt_sigtimedwait, 8, NULL, &second, 8), EFAULT);
    pid_t parent = getpid(), child = check_fork();
    if (child == 0) {
        check_await_state(parent, 'S');
        _exit(kill(parent, SIGUSR2));
    }
    CHECK_EQ("sigwaitinfo: waits", syscall(SYS_rt_sigtimedwait, &set, &info, NULL, 8), SIGUSR2);
    CHECK_EQ("sigwaitinfo: from whom", info.si_pid, child);
    waitpid(child, NULL, 0);
    handle(SIGUSR1, SA_RESTART);
    child = check_fork();
    if (child == 0) {
        check_await_state(parent, 'S');
        _exit(kill(parent, SIGUSR1));
    }
    calls = 0;
    CHECK_ERR("sigwaitinfo: another signal ends it", syscall(SYS_rt_sigtimedwait, &set, &info, NULL, 8), EINTR);
    CHECK_EQ("sigwaitinfo: that one was handled", calls, 1);
    waitpid(child, NULL, 0);
    set = set_of(SIGKILL, SIGSTOP);
    CHECK_ERR("sigtimedwait: SIGKILL is not waited for", sigtimedwait(&set, &info, &short_time), EAGAIN);

    // sigsuspend: the mask of the wait holds in the handler only by what the action adds; afterwards the old one is back.
    block(SIG_BLOCK, SIGUSR1, 0);
    kill(getpid(), SIGUSR1);
    calls = 0;
    sigset_t none, now;
    sigemptyset(&none);
    CHECK_ERR("sigsuspend: takes what is pending", sigsuspend(&none), EINTR);
    CHECK_EQ("sigsuspend: handled", calls, 1);
    sigprocmask(SIG_SETMASK, NULL, &now);
    CHECK("sigsuspend: the old mask is back", sigismember(&now, SIGUSR1) && sigismember(&now, SIGUSR2));
    CHECK_ERR("sigsuspend: a bad size", syscall(SYS_rt_sigsuspend, &none, 4), EINVAL);
    CHECK_ERR("sigsuspend: a bad address", syscall(SYS_rt_sigsuspend, 8, 8), EFAULT);
    block(SIG_UNBLOCK, SIGUSR1, SIGUSR2);
}

// ---- Threads -----------------------------------------------------------------------------------------------

static volatile int ready, over;
static volatile pid_t open_thread;

static void *open_to_all(void *nothing)
{
    block(SIG_UNBLOCK, SIGUSR1, SIGUSR2);
    open_thread = syscall(SYS_gettid);
    __atomic_store_n(&ready, 1, __ATOMIC_SEQ_CST);
    while (!__atomic_load_n(&over, __ATOMIC_SEQ_CST))
        syscall(SYS_sched_yield);
    return nothing;
}

static void threads(void)
{
    pthread_t thread;
    handle(SIGUSR1, 0), handle(SIGUSR2, 0);
    block(SIG_BLOCK, SIGUSR1, SIGUSR2);
    if (pthread_create(&thread, NULL, open_to_all, NULL)) {
        check_fail("threads", "expected a thread");
        return;
    }
    while (!ready)
        syscall(SYS_sched_yield);
    calls = 0;
    kill(getpid(), SIGUSR1);
    while (calls < 1)
        syscall(SYS_sched_yield);
    CHECK_EQ("threads: who does not block it takes it", takers[0], open_thread);
    send_thread(SIGUSR1);
    CHECK_EQ("threads: one for a thread waits for it", is_pending(SIGUSR1), 1);
    syscall(SYS_tgkill, getpid(), open_thread, SIGUSR2);
    while (calls < 2)
        syscall(SYS_sched_yield);
    CHECK("threads: the other gets its own", takers[1] == open_thread && order[1] == SIGUSR2 && codes[1] == SI_TKILL);
    CHECK_EQ("threads: and not the first's", calls, 2);
    block(SIG_UNBLOCK, SIGUSR1, SIGUSR2);
    CHECK_EQ("threads: which the first takes", takers[2], getpid());
    over = 1;
    pthread_join(thread, NULL);
}

// ---- Children ----------------------------------------------------------------------------------------------

static void children(void)
{
    int status;
    block(SIG_BLOCK, SIGCHLD, 0);
    handle(SIGCHLD, 0);
    siginfo_t info;
    sigset_t set = set_of(SIGCHLD, 0);
    pid_t child = check_fork();
    if (child == 0)
        _exit(7);
    CHECK_EQ("SIGCHLD: exit", sigwaitinfo(&set, &info), SIGCHLD);
    CHECK("SIGCHLD: exit's siginfo", info.si_code == CLD_EXITED && info.si_status == 7 && info.si_pid == child && info.si_uid == getuid());
    waitpid(child, &status, 0);
    child = check_fork();
    if (child == 0)
        for (;;)
            pause();
    kill(child, SIGSTOP);
    sigwaitinfo(&set, &info);
    CHECK("SIGCHLD: stop", info.si_code == CLD_STOPPED && info.si_status == SIGSTOP && info.si_pid == child);
    kill(child, SIGCONT);
    sigwaitinfo(&set, &info);
    CHECK("SIGCHLD: continue", info.si_code == CLD_CONTINUED && info.si_status == SIGCONT && info.si_pid == child);
    handle(SIGCHLD, SA_NOCLDSTOP);
    kill(child, SIGSTOP);
    waitpid(child, &status, WUNTRACED);
    CHECK_EQ("SA_NOCLDSTOP: a stop is told by wait only", is_pending(SIGCHLD), 0);
    kill(child, SIGKILL);
    sigwaitinfo(&set, &info);
    CHECK("SIGCHLD: killed while stopped", info.si_code == CLD_KILLED && info.si_status == SIGKILL);
    waitpid(child, &status, 0);
    CHECK_EQ("killed while stopped", status, KILLED(SIGKILL));
    child = check_fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
        raise(SIGABRT);
    }
    sigwaitinfo(&set, &info);
    waitpid(child, &status, 0);
    CHECK("no dump: neither the code nor the status says so", info.si_code == CLD_KILLED && !WCOREDUMP(status) && WTERMSIG(status) == SIGABRT);

    // Nobody waits: children are gone at once, and wait says so when the last has ended.
    for (int way = 0; way < 2; way++) {
        struct sigaction action = { .sa_handler = SIG_IGN };
        if (way)
            handle(SIGCHLD, SA_NOCLDWAIT);
        else
            sigaction(SIGCHLD, &action, NULL);
        struct gate gate = gate_make();
        for (int i = 0; i < 3; i++)
            if (check_fork() == 0) {
                gate_wait(&gate);
                _exit(1);
            }
        for (int i = 0; i < 3; i++)
            gate_open(&gate);
        CHECK_ERR(check_name("%s: wait", way ? "SA_NOCLDWAIT" : "SIG_IGN"), wait(&status), ECHILD);
        CHECK_EQ(check_name("%s: the signal", way ? "SA_NOCLDWAIT" : "SIG_IGN"), take(SIGCHLD, 0, &info), way ? SIGCHLD : -1);
        gate_close(&gate);
    }
    signal(SIGCHLD, SIG_DFL);
    block(SIG_UNBLOCK, SIGCHLD, 0);
}

// Stops that are pending are undone by SIGCONT, and a pending SIGCONT by a stop.
static void stops(void)
{
    block(SIG_BLOCK, SIGTSTP, SIGCONT);
    handle(SIGCONT, 0);
    kill(getpid(), SIGTSTP);
    CHECK_EQ("stops: SIGTSTP is pending", is_pending(SIGTSTP), 1);
    kill(getpid(), SIGCONT);
    CHECK_EQ("stops: SIGCONT undoes it", is_pending(SIGTSTP), 0);
    CHECK_EQ("stops: and is pending itself", is_pending(SIGCONT), 1);
    kill(getpid(), SIGTSTP);
    CHECK_EQ("stops: until a stop undoes it", is_pending(SIGCONT), 0);
    CHECK_EQ("stops: which is pending", is_pending(SIGTSTP), 1);
    kill(getpid(), SIGCONT);
    block(SIG_UNBLOCK, SIGTSTP, SIGCONT);
    signal(SIGCONT, SIG_DFL);

    // SIGCONT continues who blocks or ignores it.
    for (int ignored = 0; ignored < 2; ignored++) {
        pid_t child = check_fork();
        if (child == 0) {
            if (ignored)
                signal(SIGCONT, SIG_IGN);
            else
                block(SIG_BLOCK, SIGCONT, 0);
            kill(getpid(), SIGSTOP);
            _exit(3);
        }
        int status;
        waitpid(child, &status, WUNTRACED);
        kill(child, SIGCONT);
        waitpid(child, &status, 0);
        CHECK_EQ(ignored ? "stops: SIGCONT ignored continues" : "stops: SIGCONT blocked continues", status, EXITED(3));
    }
}

static int queue_info(pid_t pid, int signal, int code)
{
    siginfo_t info = { .si_code = code };
    return syscall(SYS_rt_sigqueueinfo, pid, signal, &info);
}

static void refusals(void)
{
    siginfo_t info = { .si_code = SI_QUEUE };
    pid_t child = check_fork();
    if (child == 0)
        for (;;)
            pause();
    CHECK_ERR("kill: number 65", kill(getpid(), 65), EINVAL);
    CHECK_ERR("kill: a negative number", kill(getpid(), -1), EINVAL);
    CHECK_ERR("kill: nobody", kill(2000000000, 0), ESRCH);
    CHECK_ERR("kill: nobody, before the number is looked at", kill(2000000000, 65), ESRCH);
    CHECK_ERR("kill: no such group", kill(-2000000000, 0), ESRCH);
    CHECK_OK("kill: signal 0", kill(child, 0));
    CHECK_ERR("tgkill: another process's thread", syscall(SYS_tgkill, getpid(), child, 0), ESRCH);
    CHECK_ERR("tgkill: id 0", syscall(SYS_tgkill, getpid(), 0, 0), EINVAL);
    CHECK_ERR("tgkill: a negative group", syscall(SYS_tgkill, -1, getpid(), 0), EINVAL);
    CHECK_ERR("tgkill: number 65", syscall(SYS_tgkill, getpid(), getpid(), 65), EINVAL);
    CHECK_ERR("tkill: id 0", syscall(SYS_tkill, 0, 0), EINVAL);
    CHECK_ERR("sigqueue: nobody", queue_info(2000000000, SIGUSR1, SI_QUEUE), ESRCH);
    CHECK_ERR("sigqueue: number 65", queue_info(getpid(), 65, SI_QUEUE), EINVAL);
    CHECK_ERR("sigqueue: a bad address", syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, 8), EFAULT);
    CHECK_ERR("sigqueue: nobody pretends to be kill", queue_info(child, SIGUSR1, SI_USER), EPERM);
    CHECK_ERR("sigqueue: nor tgkill", queue_info(child, SIGUSR1, SI_TKILL), EPERM);
    CHECK_ERR("sigqueue: nor the kernel", queue_info(child, SIGUSR1, SI_KERNEL), EPERM);
    CHECK_OK("sigqueue: a timer perhaps", queue_info(child, 0, SI_TIMER));
    calls = 0;
    handle(SIGUSR1, 0);
    CHECK_OK("sigqueue: oneself in any way", queue_info(getpid(), SIGUSR1, SI_KERNEL));
    CHECK_EQ("sigqueue: told so", seen.si_code, SI_KERNEL);
    CHECK_ERR("rt_tgsigqueueinfo: a negative id", syscall(SYS_rt_tgsigqueueinfo, -1, getpid(), SIGUSR1, &info), EINVAL);
    CHECK_ERR("rt_tgsigqueueinfo: another process's thread", syscall(SYS_rt_tgsigqueueinfo, getpid(), child, SIGUSR1, &info), ESRCH);
    CHECK_OK("rt_tgsigqueueinfo: this thread", syscall(SYS_rt_tgsigqueueinfo, getpid(), getpid(), SIGUSR1, &info));
    CHECK("rt_tgsigqueueinfo: handled", calls == 2 && seen.si_code == SI_QUEUE);
    pid_t nobody = check_fork();
    if (nobody == 0) {
        if (setuid(NOBODY))
            _exit(9);
        int one = kill(child, 0) == -1 && errno == EPERM, all = kill(-1, 0) == 0 || errno == ESRCH;
        int thread = syscall(SYS_tgkill, child, child, 0) == -1 && errno == EPERM;
        _exit(one && all && thread ? 0 : one * 1 + all * 2 + thread * 4 + 10);
    }
    int status;
    waitpid(nobody, &status, 0);
    CHECK_EQ("kill: nobody may not", status, 0);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
}

int main(void)
{
    check_begin(50);
    queueing();
    waiting();
    threads();
    children();
    stops();
    refusals();
    return check_end();
}
