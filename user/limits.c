// Resource limits that bind: processes per user (EAGAIN, and free again when they end), file size (SIGXFSZ, EFBIG), CPU time
// (SIGXCPU, SIGKILL), descriptors; getrlimit, setrlimit and prlimit64 with their refusals; inheritance.
// timeout: 90
// flags: -static -pthread
// host: root
#include "check.h"
#include <pthread.h>
#include <sys/resource.h>
#include <sys/time.h>

enum { USER = 54321 };      // somebody of whom no other process runs

static long prlimit_of(pid_t pid, int resource, const struct rlimit *new, struct rlimit *old)
{
    return syscall(SYS_prlimit64, pid, resource, new, old);
}

static void reading_and_setting(void)
{
    struct rlimit limit = { 50, 100 }, old, now;
    CHECK_OK("setrlimit", setrlimit(RLIMIT_NOFILE, &limit));
    CHECK("getrlimit: as set", getrlimit(RLIMIT_NOFILE, &now) == 0 && now.rlim_cur == 50 && now.rlim_max == 100);
    CHECK_OK("setrlimit: soft up to hard", setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 100, 100 }));
    CHECK_ERR("setrlimit: soft above hard", setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 101, 100 }), EINVAL);
    CHECK_ERR("setrlimit: no such limit", syscall(SYS_setrlimit, 99, &limit), EINVAL);
    CHECK_ERR("getrlimit: no such limit", syscall(SYS_getrlimit, 99, &limit), EINVAL);
    limit.rlim_cur = 60;
    CHECK_OK("prlimit64: sets and gives the old one", prlimit_of(0, RLIMIT_NOFILE, &limit, &old));
    CHECK("prlimit64: the old one", old.rlim_cur == 100 && old.rlim_max == 100);
    CHECK_ERR("prlimit64: no such process", prlimit_of(0x3fffff0, RLIMIT_NOFILE, NULL, &old), ESRCH);
    CHECK("infinity", getrlimit(RLIMIT_CPU, &now) == 0 && now.rlim_cur == RLIM_INFINITY);

    int status;
    pid_t child = check_fork();
    if (child == 0)
        _exit(getrlimit(RLIMIT_NOFILE, &now) == 0 && now.rlim_cur == 60 && now.rlim_max == 100 ? 0 : 1);
    waitpid(child, &status, 0);
    CHECK_EQ("fork: inherits", status, 0);

    struct gate gate = gate_make();
    child = check_fork();
    if (child == 0) {
        gate_wait(&gate);
        _exit(getrlimit(RLIMIT_NOFILE, &now) == 0 ? (int)now.rlim_cur : 0);
    }
    CHECK_OK("prlimit64: a child's", prlimit_of(child, RLIMIT_NOFILE, &(struct rlimit){ 33, 44 }, &old));
    CHECK_EQ("prlimit64: its old one", old.rlim_cur, 60);
    gate_open(&gate);
    waitpid(child, &status, 0);
    CHECK_EQ("prlimit64: it binds there", status, EXITED(33));
    gate_close(&gate);

    child = check_fork();
    if (child == 0) {
        if (setuid(USER))
            _exit(127);
        int right = setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 50, 101 }) == -1 && errno == EPERM;
        right += setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 50, 90 }) == 0;
        right += setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 50, 100 }) == -1 && errno == EPERM;
        right += prlimit_of(getppid(), RLIMIT_NOFILE, NULL, &old) == -1 && errno == EPERM;
        _exit(right);
    }
    waitpid(child, &status, 0);
    CHECK_EQ("a plain user lowers a hard limit for good (4 cases)", status, EXITED(4));
}

static void *thread_body(void *gate)
{
    gate_wait(gate);
    return NULL;
}

static void processes(void)
{
    enum { LIMIT = 10 };
    struct gate gate = gate_make();
    setrlimit(RLIMIT_NPROC, &(struct rlimit){ LIMIT, LIMIT });
    if (setuid(USER)) {
        check_skip("RLIMIT_NPROC", "setuid fails");
        return;
    }
    for (int time = 1; time <= 2; time++) {
        int born = 0;
        pid_t child;
        while (born < 2 * LIMIT && (child = fork()) >= 0) {
            if (child == 0) {
                gate_wait(&gate);
                _exit(0);
            }
            born++;
        }
        CHECK_EQ(check_name("RLIMIT_NPROC, %d: fork ends with EAGAIN", time), errno, EAGAIN);
        CHECK_EQ(check_name("RLIMIT_NPROC, %d: at the limit", time), born, LIMIT - 1);
        for (int i = 0; i < born; i++)
            gate_open(&gate);
        while (wait(NULL) > 0) { }
    }
    // Threads count, too.
    pthread_t threads[2 * LIMIT];
    int made = 0, error = 0;
    while (made < 2 * LIMIT && (error = pthread_create(&threads[made], NULL, thread_body, &gate)) == 0)
        made++;
    CHECK_EQ("RLIMIT_NPROC: threads end with EAGAIN", error, EAGAIN);
    CHECK_EQ("RLIMIT_NPROC: at the limit", made, LIMIT - 1);
    for (int i = 0; i < made; i++)
        gate_open(&gate);
    for (int i = 0; i < made; i++)
        pthread_join(threads[i], NULL);
    // What has ended and been joined may linger for a moment in its exit; a reaped process may not.
    pid_t child;
    while ((child = fork()) < 0 && errno == EAGAIN)
        syscall(SYS_sched_yield);
    if (child == 0)
        _exit(0);
    CHECK_EQ("RLIMIT_NPROC: and afterwards there is room", waitpid(child, NULL, 0), child);
    gate_close(&gate);
}

static volatile int caught;
static void count_signal(int signal) { (void)signal; caught++; }

static int write_too_much(void)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 100, 100 });
    int fd = open("big", O_RDWR | O_CREAT, 0600);
    static char block[200];
    return write(fd, block, 100) == 100 && write(fd, block, 1) == 1;
}

static void file_size(void)
{
    static char block[2000];
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 1000, 1000 });
    signal(SIGXFSZ, count_signal);
    int fd = open("file", O_RDWR | O_CREAT, 0600), ends[2];
    CHECK_EQ("RLIMIT_FSIZE: up to the limit", write(fd, block, 2000), 1000);
    CHECK_EQ("RLIMIT_FSIZE: no signal yet", caught, 0);
    CHECK_ERR("RLIMIT_FSIZE: beyond it", write(fd, block, 1), EFBIG);
    CHECK_EQ("RLIMIT_FSIZE: with SIGXFSZ", caught, 1);
    CHECK_ERR("RLIMIT_FSIZE: ftruncate", ftruncate(fd, 1001), EFBIG);
    CHECK_EQ("RLIMIT_FSIZE: with SIGXFSZ, too", caught, 2);
    CHECK_EQ("RLIMIT_FSIZE: within it", pwrite(fd, block, 10, 500), 10);
    pipe(ends);
    CHECK_EQ("RLIMIT_FSIZE: a pipe is no file", write(ends[1], block, 2000), 2000);
    close(fd);
}

// Busy with a limit of one second of CPU: SIGXCPU at the soft one, SIGKILL at the hard one.
static int burn(void)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
    setrlimit(RLIMIT_CPU, &(struct rlimit){ 1, 2 });
    for (;;) { }
    return 0;
}

static int burn_on(void)
{
    signal(SIGXCPU, SIG_IGN);
    return burn();
}

static void cpu_time(void)
{
    CHECK_EQ("RLIMIT_CPU: SIGXCPU at the soft limit", check_status(burn) & 0x7f, KILLED(SIGXCPU));
    CHECK_EQ("RLIMIT_CPU: SIGKILL at the hard one", check_status(burn_on) & 0x7f, KILLED(SIGKILL));
}

int main(void)
{
    check_begin(80);
    if (getuid() != 0) {
        check_skip("limits", "not root");
        return check_end();
    }
    check_in_child("reading and setting", reading_and_setting);
    check_in_child("processes", processes);
    check_scratch();
    check_in_child("file size", file_size);
    CHECK_EQ("RLIMIT_FSIZE: SIGXFSZ ends by default", check_status(write_too_much) & 0x7f, KILLED(SIGXFSZ));
    cpu_time();
    return check_end();
}
