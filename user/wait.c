// wait4 and waitid: every way to choose children, every option, the status and siginfo of each way to end, WNOHANG, WNOWAIT,
// process groups, ECHILD and EINVAL, waiting from several threads, interruption, and the rusage of what was reaped.
// cpus: 1 2 4
// flags: -static -pthread
#include "check.h"
#include <pthread.h>
#include <sys/resource.h>

static pid_t child_that_exits(int code)
{
    pid_t child = check_fork();
    if (child == 0)
        _exit(code);
    return child;
}

static pid_t child_that_waits(void)
{
    pid_t child = check_fork();
    if (child == 0)
        for (;;)
            pause();
    return child;
}

static void end(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static void statuses(void)
{
    static const int codes[] = { 0, 1, 127, 128, 255, 256, 511, -1 };
    for (unsigned i = 0; i < sizeof codes / sizeof *codes; i++) {
        int status = -1;
        pid_t child = child_that_exits(codes[i]);
        CHECK_EQ(check_name("exit %d: pid", codes[i]), waitpid(child, &status, 0), child);
        CHECK_EQ(check_name("exit %d: status", codes[i]), status, (codes[i] & 0xff) << 8);
    }
    int status;
    pid_t child = child_that_waits();
    kill(child, SIGTERM);
    CHECK_EQ("killed: pid", wait(&status), child);
    CHECK_EQ("killed: status", status, SIGTERM);
    child = child_that_exits(3);
    CHECK_EQ("no status wanted", waitpid(child, NULL, 0), child);
}

static void choosing(void)
{
    int status;
    CHECK_ERR("no children: wait", waitpid(-1, &status, 0), ECHILD);
    CHECK_ERR("no children: WNOHANG", waitpid(-1, &status, WNOHANG), ECHILD);
    CHECK_ERR("not a child: init", waitpid(1, &status, WNOHANG), ECHILD);
    CHECK_ERR("not a child: self", waitpid(getpid(), &status, WNOHANG), ECHILD);
    CHECK_ERR("no such group", waitpid(-0x3fffff0, &status, WNOHANG), ECHILD);
    CHECK_ERR("wrong options", waitpid(-1, &status, 0x40000), EINVAL);
    CHECK_ERR("pid of INT_MIN", waitpid((pid_t)0x80000000, &status, 0), ESRCH);

    pid_t first = child_that_waits(), second = child_that_waits(), third = child_that_waits();
    CHECK_EQ("WNOHANG: children, none has ended", waitpid(-1, &status, WNOHANG), 0);
    kill(second, SIGKILL);
    CHECK_EQ("the one that has ended", waitpid(-1, &status, 0), second);

    setpgid(first, first);
    kill(first, SIGUSR1);
    kill(third, SIGUSR2);
    CHECK_EQ("own group: pid 0", waitpid(0, &status, 0), third);
    CHECK_EQ("own group: status", status, SIGUSR2);
    CHECK_ERR("own group: none left", waitpid(0, &status, WNOHANG), ECHILD);
    CHECK_EQ("another group: -pgid", waitpid(-first, &status, 0), first);
    CHECK_EQ("another group: status", status, SIGUSR1);
}

static void with_waitid(void)
{
    siginfo_t info;
    int status;
    pid_t child = child_that_exits(77);
    memset(&info, 0x55, sizeof info);
    CHECK_OK("waitid exited: WNOWAIT", waitid(P_PID, child, &info, WEXITED | WNOWAIT));
    CHECK_EQ("waitid exited: si_signo", info.si_signo, SIGCHLD);
    CHECK_EQ("waitid exited: si_code", info.si_code, CLD_EXITED);
    CHECK_EQ("waitid exited: si_status", info.si_status, 77);
    CHECK_EQ("waitid exited: si_pid", info.si_pid, child);
    CHECK_EQ("waitid exited: si_uid", info.si_uid, getuid());
    CHECK_EQ("waitid exited: still there after WNOWAIT", check_task_state(child), 'Z');
    CHECK_OK("waitid exited: again", waitid(P_ALL, 0, &info, WEXITED));
    CHECK_ERR("waitid exited: now gone", waitid(P_PID, child, &info, WEXITED), ECHILD);

    child = child_that_waits();
    memset(&info, 0x55, sizeof info);
    CHECK_OK("waitid WNOHANG: nothing yet", waitid(P_PID, child, &info, WEXITED | WNOHANG));
    CHECK("waitid WNOHANG: si_pid and si_signo are 0", info.si_pid == 0 && info.si_signo == 0);
    kill(child, SIGSTOP);
    CHECK_OK("waitid stopped", waitid(P_PID, child, &info, WSTOPPED | WNOWAIT));
    CHECK("waitid stopped: fields", info.si_code == CLD_STOPPED && info.si_status == SIGSTOP && info.si_pid == child);
    CHECK_EQ("wait4 without WUNTRACED does not see the stop", waitpid(child, &status, WNOHANG), 0);
    CHECK_OK("waitid stopped: consumed", waitid(P_PID, child, &info, WSTOPPED));
    info.si_pid = 1;
    CHECK_OK("waitid stopped: once only", waitid(P_PID, child, &info, WSTOPPED | WNOHANG));
    CHECK_EQ("waitid stopped: nothing more", info.si_pid, 0);
    kill(child, SIGCONT);
    CHECK_OK("waitid continued", waitid(P_PID, child, &info, WCONTINUED));
    CHECK("waitid continued: fields", info.si_code == CLD_CONTINUED && info.si_status == SIGCONT && info.si_pid == child);
    setpgid(child, child);
    kill(child, SIGKILL);
    CHECK_OK("waitid killed: by group", waitid(P_PGID, child, &info, WEXITED));
    CHECK("waitid killed: fields", info.si_code == CLD_KILLED && info.si_status == SIGKILL && info.si_pid == child);

    child = child_that_exits(1);
    CHECK_OK("waitid: no siginfo wanted", waitid(P_PID, child, NULL, WEXITED));
    CHECK_ERR("waitid: no state asked for", waitid(P_ALL, 0, &info, WNOHANG), EINVAL);
    CHECK_ERR("waitid: wrong options", waitid(P_ALL, 0, &info, WEXITED | 0x100), EINVAL);
    CHECK_ERR("waitid: wrong kind of id", waitid(17, 0, &info, WEXITED), EINVAL);
    CHECK_ERR("waitid: pid 0", waitid(P_PID, 0, &info, WEXITED), EINVAL);
    CHECK_ERR("waitid: no children", waitid(P_ALL, 0, &info, WEXITED), ECHILD);
}

// ---- Waiting that has to wait --------------------------------------------------------------------------------

static void blocking(void)
{
    int status;
    pid_t child = check_fork();
    if (child == 0) {
        // Ends only when the parent sleeps in wait.
        check_await_state(getppid(), 'S');
        _exit(66);
    }
    CHECK_EQ("blocking: the child", waitpid(child, &status, 0), child);
    CHECK_EQ("blocking: its status", status, EXITED(66));
}

static volatile int caught;
static void count_signal(int signal) { (void)signal; caught++; }

static void interrupted(int flags, const char *name, int restarts)
{
    struct sigaction action = { .sa_handler = count_signal, .sa_flags = flags };
    sigaction(SIGUSR1, &action, NULL);
    caught = 0;
    struct gate gate = gate_make();
    pid_t parent = getpid(), child = check_fork();
    if (child == 0) {
        check_await_state(parent, 'S');
        kill(parent, SIGUSR1);
        gate_wait(&gate);
        _exit(4);
    }
    if (restarts)
        gate_open(&gate);
    int status = 0;
    errno = 0;
    pid_t result = waitpid(child, &status, 0);
    CHECK(name, restarts ? result == child && status == EXITED(4) : result == -1 && errno == EINTR);
    CHECK_EQ(check_name("%s, the handler ran", name), caught, 1);
    if (!restarts) {
        gate_open(&gate);
        waitpid(child, NULL, 0);
    }
    gate_close(&gate);
}

static pid_t made_by_thread, thread_result;
static int thread_status;

static void *make_child(void *unused)
{
    made_by_thread = child_that_exits(12);
    return unused;
}

static void *wait_for_it(void *unused)
{
    thread_result = waitpid(made_by_thread, &thread_status, 0);
    return unused;
}

static void threads(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, make_child, NULL);
    pthread_join(thread, NULL);
    pthread_create(&thread, NULL, wait_for_it, NULL);
    pthread_join(thread, NULL);
    CHECK("threads: any thread may wait for any thread's child", thread_result == made_by_thread && thread_status == EXITED(12));
}

static void *wait_any(void *total)
{
    int status;
    while (wait(&status) > 0)
        __atomic_add_fetch((int *)total, status >> 8, __ATOMIC_RELAXED);
    return NULL;
}

// Four threads reap forty children: each is reaped exactly once.
static void contention(void)
{
    pthread_t threads[4];
    int total = 0, expected = 0;
    struct gate gate = gate_make();
    for (int i = 1; i <= 40; i++) {
        expected += i;
        if (check_fork() == 0) {
            gate_wait(&gate);
            _exit(i);
        }
    }
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, wait_any, &total);
    for (int i = 0; i < 40; i++)
        gate_open(&gate);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    CHECK_EQ("contention: every child is reaped once", total, expected);
    gate_close(&gate);
}

// ---- Resources ---------------------------------------------------------------------------------------------

static long micro(struct timeval time) { return time.tv_sec * 1000000L + time.tv_usec; }

static void resources(void)
{
    struct rusage before, after, own;
    int status;
    getrusage(RUSAGE_CHILDREN, &before);
    pid_t child = check_fork();
    if (child == 0) {
        // Busy until the clock of this process says 100 ms, and fifty pages written.
        char *pages = mmap(NULL, 50 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        for (int i = 0; i < 50; i++)
            pages[i * 4096] = 1;
        do
            getrusage(RUSAGE_SELF, &own);
        while (micro(own.ru_utime) + micro(own.ru_stime) < 100000);
        _exit(0);
    }
    memset(&own, 0x55, sizeof own);
    CHECK_EQ("rusage: wait4", wait4(child, &status, 0, &own), child);
    long used = micro(own.ru_utime) + micro(own.ru_stime);
    CHECK("rusage: the child's time, at least 100 ms and not absurd", used >= 100000 && used < 60000000);
    CHECK("rusage: the child's minor faults", own.ru_minflt >= 50 && own.ru_minflt < 5000);
    getrusage(RUSAGE_CHILDREN, &after);
    long added = micro(after.ru_utime) + micro(after.ru_stime) - micro(before.ru_utime) - micro(before.ru_stime);
    CHECK("rusage: added to RUSAGE_CHILDREN", added >= used - 20000 && added <= used + 20000);
    CHECK("rusage: its faults, too", after.ru_minflt - before.ru_minflt >= 50);

    child = child_that_waits();
    memset(&own, 0x55, sizeof own);
    CHECK_EQ("rusage: WNOHANG with nothing", wait4(child, &status, WNOHANG, &own), 0);
    end(child);
    CHECK_ERR("rusage: who is wrong", getrusage(17, &own), EINVAL);
}

int main(void)
{
    check_begin(50);
    statuses();
    choosing();
    with_waitid();
    blocking();
    interrupted(SA_RESTART, "a signal: SA_RESTART goes on waiting", 1);
    interrupted(0, "a signal: EINTR without", 0);
    threads();
    contention();
    resources();
    return check_end();
}
