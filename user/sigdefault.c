// What signals do without a handler, and to whom: default actions as wait reports them, stop and continue, SIGCHLD and its
// fields, SA_NOCLDSTOP and SA_NOCLDWAIT, who may signal whom, and signals to groups.
// cpus: 1 2 4
// host: root
#include "check.h"
#include <sys/resource.h>

static volatile int calls;
static volatile siginfo_t seen;

static void remember(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    calls++;
    memcpy((void *)&seen, info, sizeof seen);
}

static void set_handler(int signal, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags };
    sigaction(signal, &action, NULL);
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

static int signal_under_test;
static int die(void)
{
    struct rlimit no_core = { 0, 0 };
    setrlimit(RLIMIT_CORE, &no_core);
    signal(signal_under_test, SIG_DFL);
    raise(signal_under_test);
    return 50;
}

static void default_actions(void)
{
    static const int deadly[] = { SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGUSR1, SIGSEGV,
        SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF, SIGIO, SIGSYS, 16, 30, 40, 64 };
    static const int harmless[] = { SIGCHLD, SIGCONT, SIGURG, SIGWINCH };
    for (unsigned i = 0; i < sizeof deadly / sizeof *deadly; i++) {
        signal_under_test = deadly[i];
        CHECK_EQ(check_name("default: signal %d ends", deadly[i]), check_status(die) & 0xff7f, KILLED(deadly[i]));
    }
    for (unsigned i = 0; i < sizeof harmless / sizeof *harmless; i++) {
        signal_under_test = harmless[i];
        CHECK_EQ(check_name("default: signal %d is ignored", harmless[i]), check_status(die), EXITED(50));
    }
}

static void stop_and_continue(void)
{
    int status = 0;
    siginfo_t info;
    pid_t child = check_fork();
    if (child == 0)
        for (;;)
            pause();
    static const int stops[] = { SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU };
    setpgid(child, 0);    // In the group of a session that has a parent outside: not orphaned, so it may be stopped.
    for (int i = 0; i < 4; i++) {
        kill(child, stops[i]);
        CHECK_EQ(check_name("stop %d: wait with WUNTRACED", stops[i]), waitpid(child, &status, WUNTRACED), child);
        CHECK_EQ(check_name("stop %d: status", stops[i]), status, stops[i] << 8 | 0x7f);
        CHECK_EQ(check_name("stop %d: state T", stops[i]), check_task_state(child), 'T');
        CHECK_EQ(check_name("stop %d: reported once", stops[i]), waitpid(child, &status, WUNTRACED | WNOHANG), 0);
        kill(child, SIGCONT);
        CHECK_EQ(check_name("stop %d: wait with WCONTINUED", stops[i]), waitpid(child, &status, WCONTINUED), child);
        CHECK_EQ(check_name("stop %d: continued", stops[i]), status, 0xffff);
    }
    kill(child, SIGSTOP);
    CHECK_OK("stop: waitid", waitid(P_PID, child, &info, WSTOPPED));
    CHECK("stop: waitid's fields", info.si_signo == SIGCHLD && info.si_code == CLD_STOPPED && info.si_status == SIGSTOP && info.si_pid == child);
    kill(child, SIGTERM);
    CHECK_EQ("stopped: SIGTERM stays pending", waitpid(child, &status, WNOHANG), 0);
    kill(child, SIGKILL);
    CHECK_EQ("stopped: SIGKILL ends it", waitpid(child, &status, 0), child);
    CHECK_EQ("stopped: with SIGKILL's status", status, KILLED(SIGKILL));

    // SIGCONT continues even when blocked or ignored, and drops a pending stop.
    child = check_fork();
    if (child == 0) {
        sigset_t set = set_of(SIGTSTP);
        sigprocmask(SIG_BLOCK, &set, NULL);
        raise(SIGTSTP);
        int before = is_pending(SIGTSTP);
        raise(SIGCONT);
        _exit(before && !is_pending(SIGTSTP) ? 0 : 1);
    }
    waitpid(child, &status, 0);
    CHECK_EQ("SIGCONT: a pending stop is dropped", status, 0);
}

static void child_signals(void)
{
    sigset_t set = set_of(SIGCHLD), none = set_of(0);
    sigprocmask(SIG_BLOCK, &set, NULL);
    set_handler(SIGCHLD, remember, 0);
    pid_t child = check_fork();
    if (child == 0)
        _exit(19);
    sigsuspend(&none);
    CHECK("SIGCHLD: exit", seen.si_code == CLD_EXITED && seen.si_status == 19 && seen.si_pid == child && seen.si_uid == getuid());
    waitpid(child, NULL, 0);

    child = check_fork();
    if (child == 0)
        for (;;)
            pause();
    kill(child, SIGSTOP);
    sigsuspend(&none);
    CHECK("SIGCHLD: stop", seen.si_code == CLD_STOPPED && seen.si_status == SIGSTOP && seen.si_pid == child);
    kill(child, SIGCONT);
    sigsuspend(&none);
    CHECK("SIGCHLD: continue", seen.si_code == CLD_CONTINUED && seen.si_status == SIGCONT && seen.si_pid == child);
    set_handler(SIGCHLD, remember, SA_NOCLDSTOP);
    calls = 0;
    kill(child, SIGSTOP);
    int status;
    waitpid(child, &status, WUNTRACED);
    CHECK_EQ("SA_NOCLDSTOP: no signal for a stop", is_pending(SIGCHLD), 0);
    kill(child, SIGKILL);
    sigsuspend(&none);
    CHECK("SIGCHLD: kill", seen.si_code == CLD_KILLED && seen.si_status == SIGKILL && seen.si_pid == child);
    waitpid(child, NULL, 0);
    sigprocmask(SIG_UNBLOCK, &set, NULL);

    signal(SIGCHLD, SIG_IGN);
    child = check_fork();
    if (child == 0)
        _exit(1);
    CHECK_ERR("SIGCHLD ignored: wait ends with ECHILD", waitpid(child, NULL, 0), ECHILD);
    struct sigaction action = { .sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT };
    sigaction(SIGCHLD, &action, NULL);
    child = check_fork();
    if (child == 0)
        _exit(1);
    CHECK_ERR("SA_NOCLDWAIT: no zombie", waitpid(child, NULL, 0), ECHILD);
    signal(SIGCHLD, SIG_DFL);
}

// ---- Who may -----------------------------------------------------------------------------------------------

static void permissions(void)
{
    CHECK_OK("kill: signal 0 only asks", kill(getpid(), 0));
    CHECK_ERR("kill: number 65", kill(getpid(), 65), EINVAL);
    CHECK_ERR("kill: number -1", kill(getpid(), -1), EINVAL);
    CHECK_ERR("kill: no such process", kill(0x3fffff0, SIGTERM), ESRCH);
    CHECK_ERR("kill: no such group", kill(-0x3fffff0, SIGTERM), ESRCH);
    CHECK_ERR("tgkill: tgid 0", syscall(SYS_tgkill, 0, getpid(), 0), EINVAL);
    CHECK_ERR("tgkill: tid -1", syscall(SYS_tgkill, getpid(), -1, 0), EINVAL);
    CHECK_ERR("tgkill: a thread of another process", syscall(SYS_tgkill, getppid(), getpid(), 0), ESRCH);
    CHECK_ERR("tkill: tid 0", syscall(SYS_tkill, 0, 0), EINVAL);
    if (getuid() != 0) {
        check_skip("kill: permission", "not root");
        return;
    }
    pid_t parent = getpid(), child = check_fork();
    int status;
    if (child == 0) {
        if (setuid(NOBODY))
            _exit(1);
        int right = kill(parent, 0) == -1 && errno == EPERM;
        right += kill(parent, SIGTERM) == -1 && errno == EPERM;
        right += kill(1, 0) == -1 && errno == EPERM;
        right += syscall(SYS_tgkill, parent, parent, SIGTERM) == -1 && errno == EPERM;
        // Within the session, SIGCONT is allowed to everyone.
        right += kill(parent, SIGCONT) == 0;
        right += kill(getpid(), 0) == 0;
        _exit(right);
    }
    waitpid(child, &status, 0);
    CHECK_EQ("kill: permission (6 cases)", status, EXITED(6));
}

static void to_groups(void)
{
    int status, ended = 0;
    pid_t leader = 0;
    for (int i = 0; i < 3; i++) {
        pid_t child = check_fork();
        if (child == 0)
            for (;;)
                pause();
        leader = leader ? leader : child;
        setpgid(child, leader);
    }
    CHECK_OK("group: kill", kill(-leader, SIGTERM));
    for (int i = 0; i < 3; i++)
        ended += waitpid(-leader, &status, 0) > 0 && status == KILLED(SIGTERM);
    CHECK_EQ("group: all three ended", ended, 3);
    CHECK_ERR("group: gone", kill(-leader, 0), ESRCH);
}

int main(void)
{
    check_begin(50);
    default_actions();
    stop_and_continue();
    child_signals();
    permissions();
    to_groups();
    return check_end();
}
