// Scheduling as a program sees it: affinity set, read and honoured, sched_yield, nice values and who may change them, policies,
// two busy processes on two CPUs, and a busy process that does not starve the others.
// cpus: 1 2 4
// host: root
#include "check.h"
#include <sched.h>
#include <sys/resource.h>

static cpu_set_t all;
static int cpus[CPU_SETSIZE], cpu_count;

static unsigned current_cpu(void)
{
    unsigned cpu = ~0u;
    syscall(SYS_getcpu, &cpu, NULL, NULL);
    return cpu;
}

static int bind_to(int cpu)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    return sched_setaffinity(0, sizeof one, &one);
}

static void affinity(void)
{
    unsigned char mask[128];
    long length = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
    CHECK("getaffinity: gives the bytes it wrote, in words", length > 0 && length % 8 == 0);
    CHECK_ERR("getaffinity: a size not of words", syscall(SYS_sched_getaffinity, 0, 5, mask), EINVAL);
    CHECK_ERR("getaffinity: no such task", syscall(SYS_sched_getaffinity, 0x3fffff0, sizeof mask, mask), ESRCH);
    CHECK("getaffinity: this CPU is in it", CPU_ISSET(current_cpu(), &all));
    int wrong = 0;
    for (int round = 0; round < 5; round++)
        for (int i = 0; i < cpu_count; i++) {
            wrong += bind_to(cpus[i]) != 0;
            wrong += current_cpu() != (unsigned)cpus[i];
            sched_yield();
            wrong += current_cpu() != (unsigned)cpus[i];
        }
    CHECK_EQ("setaffinity: at once on the CPU that was set", wrong, 0);
    bind_to(cpus[cpu_count - 1]);
    pid_t child = check_fork();
    if (child == 0) {
        cpu_set_t own;
        sched_getaffinity(0, sizeof own, &own);
        _exit(CPU_COUNT(&own) == 1 && current_cpu() == (unsigned)cpus[cpu_count - 1] ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    CHECK_EQ("setaffinity: a child inherits it", status, 0);
    memset(mask, 0, sizeof mask);
    CHECK_ERR("setaffinity: no CPU", syscall(SYS_sched_setaffinity, 0, sizeof mask, mask), EINVAL);
    mask[100] = 1;
    CHECK_ERR("setaffinity: only CPUs there are not", syscall(SYS_sched_setaffinity, 0, sizeof mask, mask), EINVAL);
    memset(mask, 0xff, sizeof mask);
    CHECK_OK("setaffinity: more than there are", syscall(SYS_sched_setaffinity, 0, sizeof mask, mask));
    cpu_set_t now;
    sched_getaffinity(0, sizeof now, &now);
    CHECK("setaffinity: cut to those there are", CPU_EQUAL(&now, &all));
    CHECK_OK("setaffinity: back", sched_setaffinity(0, sizeof all, &all));

    // Another process's: a busy one is moved while it runs.
    volatile int *stop = check_shared(4096);
    volatile unsigned *seen = (volatile unsigned *)stop + 1;
    *seen = ~0u;
    child = check_fork();
    if (child == 0) {
        while (!*stop)
            *seen = current_cpu();
        _exit(0);
    }
    wrong = 0;
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < cpu_count; i++) {
            cpu_set_t one;
            CPU_ZERO(&one);
            CPU_SET(cpus[i], &one);
            wrong += sched_setaffinity(child, sizeof one, &one) != 0;
            *seen = ~0u;
            while (*seen == ~0u)
                sched_yield();
            // The first value may be one it read just before it was moved.
            *seen = ~0u;
            while (*seen == ~0u)
                sched_yield();
            wrong += *seen != (unsigned)cpus[i];
        }
    *stop = 1;
    waitpid(child, NULL, 0);
    CHECK_EQ("setaffinity: a running process moves", wrong, 0);
}

// sched_yield lets others run: processes bound to one CPU take turns through shared memory without blocking.
static void yielding(void)
{
    enum { TURNS = 300, PLAYERS = 3 };
    volatile int *turn = check_shared(4096);
    bind_to(cpus[0]);
    for (int self = 0; self < PLAYERS; self++)
        if (check_fork() == 0) {
            for (int i = 0; i < TURNS; i++) {
                while (*turn % PLAYERS != self)
                    sched_yield();
                (*turn)++;
            }
            _exit(0);
        }
    int status, right = 0;
    while (wait(&status) > 0)
        right += status == 0;
    sched_setaffinity(0, sizeof all, &all);
    CHECK_EQ("sched_yield: three on one CPU take turns", right == PLAYERS ? *turn : -1, TURNS * PLAYERS);
}

// Spinners bound to one CPU without ever yielding: preemption alone lets each come forward.
static void preemption(void)
{
    enum { SPINNERS = 3 };
    volatile int *flags = check_shared(4096);
    bind_to(cpus[0]);
    for (int self = 0; self < SPINNERS; self++)
        if (check_fork() == 0) {
            for (int round = 1; round <= 3; round++) {
                flags[self * 16] = round;
                for (int other = 0; other < SPINNERS; other++)
                    while (flags[other * 16] < round)
                        __builtin_ia32_pause();
            }
            _exit(0);
        }
    int status, right = 0;
    while (wait(&status) > 0)
        right += status == 0;
    sched_setaffinity(0, sizeof all, &all);
    CHECK_EQ("preemption: three that spin on one CPU all come forward", right, SPINNERS);
}

static long used_microseconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

// Two busy processes, unbound: each goes on until both have seen the other on another CPU. That they do is balancing's work.
static void two_cpus(void)
{
    if (cpu_count < 2) {
        check_skip("two CPUs", "there is one");
        return;
    }
    struct { volatile int cpu, satisfied, padding[14]; } *players = check_shared(4096);
    for (int self = 0; self < 2; self++)
        if (check_fork() == 0) {
            while (!players[0].satisfied || !players[1].satisfied) {
                players[self].cpu = current_cpu() + 1;
                int other = players[!self].cpu;
                if (other != 0 && other != players[self].cpu && used_microseconds() > 50000)
                    players[self].satisfied = 1;
            }
            _exit(0);
        }
    int status, right = 0;
    while (wait(&status) > 0)
        right += status == 0;
    CHECK_EQ("two CPUs: two busy processes are on different ones", right, 2);
}

static void nice_values(void)
{
    CHECK_EQ("nice: starts at 0", (errno = 0, getpriority(PRIO_PROCESS, 0)), 0);
    CHECK_EQ("getpriority: the raw call gives 20 - nice", syscall(SYS_getpriority, PRIO_PROCESS, 0), 20);
    CHECK_OK("setpriority: 5", setpriority(PRIO_PROCESS, 0, 5));
    CHECK_EQ("getpriority: 5", getpriority(PRIO_PROCESS, 0), 5);
    CHECK_EQ("nice: adds", nice(3), 8);
    CHECK_OK("setpriority: too much", setpriority(PRIO_PROCESS, getpid(), 100));
    CHECK_EQ("setpriority: is cut to 19", getpriority(PRIO_PROCESS, 0), 19);
    int status;
    pid_t child = check_fork();
    if (child == 0)
        _exit(getpriority(PRIO_PROCESS, 0));
    waitpid(child, &status, 0);
    CHECK_EQ("nice: a child inherits it", status, EXITED(19));
    CHECK_ERR("setpriority: no such kind", setpriority(7, 0, 0), EINVAL);
    CHECK_ERR("setpriority: no such process", setpriority(PRIO_PROCESS, 0x3fffff0, 0), ESRCH);
    CHECK_ERR("getpriority: no such process", getpriority(PRIO_PROCESS, 0x3fffff0), ESRCH);
    if (getuid() != 0) {
        check_skip("nice: root", "not root");
        return;
    }
    CHECK_OK("setpriority: root lowers it", setpriority(PRIO_PROCESS, 0, -5));
    CHECK_EQ("getpriority: -5", (errno = 0, getpriority(PRIO_PROCESS, 0)), -5);
    CHECK_OK("setpriority: back", setpriority(PRIO_PROCESS, 0, 0));
    child = check_fork();
    if (child == 0) {
        struct rlimit none = { 0, 0 };
        setrlimit(RLIMIT_NICE, &none);
        if (setuid(NOBODY))
            _exit(127);
        int right = setpriority(PRIO_PROCESS, 0, -1) == -1 && errno == EACCES;
        right += setpriority(PRIO_PROCESS, getppid(), 5) == -1 && errno == EPERM;
        right += setpriority(PRIO_PROCESS, 0, 4) == 0;
        right += setpriority(PRIO_PROCESS, 0, 3) == -1 && errno == EACCES;
        _exit(right);
    }
    waitpid(child, &status, 0);
    CHECK_EQ("setpriority: what a plain user may (4 cases)", status, EXITED(4));
}

static void policies(void)
{
    struct sched_param param = { .sched_priority = 0 };
    // Raw calls: musl's own wrappers give ENOSYS.
    if (syscall(SYS_sched_getscheduler, 0) == -1 && errno == ENOSYS) {
        check_skip("policies", "sched_getscheduler is not in this kernel");
        return;
    }
    CHECK_EQ("policy: SCHED_OTHER", syscall(SYS_sched_getscheduler, 0), SCHED_OTHER);
    CHECK_OK("policy: getparam", syscall(SYS_sched_getparam, 0, &param));
    CHECK_EQ("policy: priority 0", param.sched_priority, 0);
    param.sched_priority = 5;
    CHECK_ERR("policy: SCHED_OTHER has no priorities", syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &param), EINVAL);
    CHECK_ERR("policy: no such policy", syscall(SYS_sched_setscheduler, 0, 77, &param), EINVAL);
    CHECK_ERR("policy: no such task", syscall(SYS_sched_getscheduler, 0x3fffff0), ESRCH);
    CHECK_EQ("policy: the least priority of SCHED_FIFO", sched_get_priority_min(SCHED_FIFO), 1);
    CHECK_EQ("policy: the greatest", sched_get_priority_max(SCHED_FIFO), 99);
    CHECK_EQ("policy: SCHED_OTHER's", sched_get_priority_max(SCHED_OTHER), 0);
}

int main(void)
{
    check_begin(55);
    // All CPUs there are, whatever was inherited.
    memset(&all, 0xff, sizeof all);
    sched_setaffinity(0, sizeof all, &all);
    CPU_ZERO(&all);
    if (sched_getaffinity(0, sizeof all, &all))
        check_fail("getaffinity", "expected success, got errno %d", errno);
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &all))
            cpus[cpu_count++] = i;
    CHECK("getaffinity: some CPU", cpu_count > 0);
    affinity();
    yielding();
    preemption();
    two_cpus();
    nice_values();
    policies();
    return check_end();
}
