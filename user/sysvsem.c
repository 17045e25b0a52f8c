// System V semaphores: sets by key, several operations at once, waiting for more and for zero, what ends a wait, SEM_UNDO at exit and with
// CLONE_SYSVSEM, values read and set, permissions, limits, removal beside sleepers, /proc/sysvipc/sem, and many processes at once.
// cpus: 1 2 4
// host: root
// timeout: 100
#include "check.h"
#include <limits.h>
#include <sched.h>
#include <sys/ipc.h>
#include <sys/sem.h>

#ifndef SEM_STAT_ANY
#define SEM_STAT_ANY 20
#endif
#define MOST 32767

union semun { int val; struct semid_ds *buf; unsigned short *array; struct seminfo *info; };

static int op(int id, int number, int change, int flags)
{
    struct sembuf one = { number, change, flags };
    return semop(id, &one, 1);
}

static int op2(int id, struct sembuf a, struct sembuf b)
{
    struct sembuf both[2] = { a, b };
    return semop(id, both, 2);
}

static int value(int id, int number) { return semctl(id, number, GETVAL); }
static int set_value(int id, int number, int to) { return semctl(id, number, SETVAL, (union semun){ .val = to }); }
static int new_set(int count) { return semget(IPC_PRIVATE, count, 0600); }
static void end_set(int id) { semctl(id, 0, IPC_RMID); }
static struct semid_ds stat_of(int id)
{
    struct semid_ds status;
    memset(&status, 0xee, sizeof status);
    semctl(id, 0, IPC_STAT, (union semun){ .buf = &status });
    return status;
}

static int timed(int id, int number, int change, int flags, long long ns)
{
    struct sembuf one = { number, change, flags };
    struct timespec limit = { ns / 1000000000, ns % 1000000000 };
    return syscall(SYS_semtimedop, id, &one, 1, &limit);
}

// A child that does one operation and ends with its error number.
static pid_t child_op(int id, int number, int change, int flags)
{
    pid_t child = check_fork();
    if (child == 0)
        _exit(op(id, number, change, flags) ? errno : 0);
    return child;
}

static int reap(pid_t child)
{
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) { }
    return status;
}

// Gives way until so many wait for a semaphore.
static void await_waiters(int id, int number, int command, int count)
{
    while (semctl(id, number, command) != count)
        sched_yield();
}

static void keys(void)
{
    key_t key = 0x4a696600 + (getpid() & 0xff);
    CHECK_ERR("get: none there", semget(key, 1, 0), ENOENT);
    CHECK_ERR("get: no semaphores", semget(key, 0, IPC_CREAT | 0600), EINVAL);
    CHECK_ERR("get: negative", semget(key, -1, IPC_CREAT | 0600), EINVAL);
    CHECK_ERR("get: too many", semget(key, 32001, IPC_CREAT | 0600), EINVAL);
    int id = semget(key, 3, IPC_CREAT | IPC_EXCL | 0640);
    CHECK("get: made", id >= 0);
    CHECK_EQ("get: found", semget(key, 0, 0), id);
    CHECK_EQ("get: found with IPC_CREAT", semget(key, 3, IPC_CREAT | 0640), id);
    CHECK_EQ("get: fewer are asked for", semget(key, 2, 0400), id);
    CHECK_ERR("get: more than there are", semget(key, 4, 0), EINVAL);
    CHECK_ERR("get: exclusively", semget(key, 3, IPC_CREAT | IPC_EXCL | 0640), EEXIST);
    int other = new_set(1), third = new_set(1);
    CHECK("private sets are others", other >= 0 && third >= 0 && other != third && other != id);
    end_set(third);
    struct semid_ds status = stat_of(id);
    CHECK_EQ("stat: key", status.sem_perm.__key, key);
    CHECK_EQ("stat: mode", status.sem_perm.mode, 0640);
    CHECK_EQ("stat: count", status.sem_nsems, 3);
    CHECK_EQ("stat: owner", status.sem_perm.uid, geteuid());
    CHECK_EQ("stat: creator's group", status.sem_perm.cgid, getegid());
    CHECK_EQ("stat: no operation yet", status.sem_otime, 0);
    CHECK("stat: time of making", status.sem_ctime > 0 && labs((long)(time(NULL) - status.sem_ctime)) < 100);
    CHECK_EQ("new ones are zero", value(id, 0) + value(id, 1) + value(id, 2), 0);
    op(id, 1, 1, 0);
    CHECK("stat: time of the operation", stat_of(id).sem_otime >= status.sem_ctime);
    end_set(id);
    CHECK_ERR("removed: by key", semget(key, 0, 0), ENOENT);
    CHECK_ERR("removed: by id", semctl(id, 0, GETVAL), EINVAL);
    CHECK_ERR("removed: twice", semctl(id, 0, IPC_RMID), EINVAL);
    int again = semget(key, 3, IPC_CREAT | IPC_EXCL | 0600);
    CHECK("an old id is not used again at once", again >= 0 && again != id);
    end_set(again);
    end_set(other);
}

static void bad(void)
{
    int id = new_set(2);
    struct sembuf many[501] = { { 0, 0, 0 } };
    CHECK_ERR("op: no set", op(INT_MAX, 0, 1, 0), EINVAL);
    CHECK_ERR("op: negative id", op(-1, 0, 1, 0), EINVAL);
    CHECK_ERR("op: none", semop(id, many, 0), EINVAL);
    CHECK_ERR("op: too many", semop(id, many, 501), E2BIG);
    CHECK_OK("op: as many as there may be", semop(id, many, 500));
    CHECK_ERR("op: no such semaphore", op(id, 2, 1, 0), EFBIG);
    CHECK_ERR("op: bad pointer", semop(id, (struct sembuf *)8, 1), EFAULT);
    CHECK_ERR("op: too large", op(id, 0, MOST, 0) ?: op(id, 0, 1, 0), ERANGE);
    CHECK_EQ("op: which changes nothing", value(id, 0), MOST);
    CHECK_ERR("ctl: no such semaphore", semctl(id, 2, GETVAL), EINVAL);
    CHECK_ERR("ctl: negative semaphore", semctl(id, -1, GETNCNT), EINVAL);
    CHECK_ERR("ctl: no such command", semctl(id, 0, 99), EINVAL);
    CHECK_ERR("ctl: negative id", semctl(-1, 0, GETVAL), EINVAL);
    CHECK_ERR("setval: too large", set_value(id, 0, MOST + 1), ERANGE);
    CHECK_ERR("setval: negative", set_value(id, 0, -1), ERANGE);
    CHECK_ERR("setval: no such semaphore", set_value(id, 9, 1), EINVAL);
    CHECK_ERR("stat: bad pointer", semctl(id, 0, IPC_STAT, (union semun){ .buf = (void *)8 }), EFAULT);
    CHECK_ERR("getall: bad pointer", semctl(id, 0, GETALL, (union semun){ .array = (void *)8 }), EFAULT);
    unsigned short values[2] = { 1, 40000 };
    CHECK_ERR("setall: too large", semctl(id, 0, SETALL, (union semun){ .array = values }), ERANGE);
    CHECK_EQ("setall: which changes nothing", value(id, 0), MOST);
    CHECK_ERR("timedop: bad time", timed(id, 1, -1, 0, -1), EINVAL);
    CHECK_ERR("timedop: bad pointer", syscall(SYS_semtimedop, id, many, 1, (void *)8), EFAULT);
    end_set(id);
}

static void values(void)
{
    int id = new_set(1000);
    static unsigned short all[1000], got[1000];
    for (int i = 0; i < 1000; i++)
        all[i] = i * 7;
    CHECK_OK("setall", semctl(id, 0, SETALL, (union semun){ .array = all }));
    CHECK_OK("getall", semctl(id, 0, GETALL, (union semun){ .array = got }));
    CHECK_EQ("getall: the same", memcmp(all, got, sizeof all), 0);
    CHECK_EQ("getval", value(id, 999), 999 * 7);
    CHECK_EQ("getpid: who set it", semctl(id, 999, GETPID), getpid());
    pid_t child = child_op(id, 999, -1, 0);
    CHECK_EQ("a child's operation", reap(child), EXITED(0));
    CHECK_EQ("getpid: the child", semctl(id, 999, GETPID), child);
    CHECK_EQ("and no other's", semctl(id, 998, GETPID), getpid());
    child = child_op(id, 0, 0, 0);
    reap(child);
    CHECK_EQ("getpid: waiting for zero counts, too", semctl(id, 0, GETPID), child);
    end_set(id);
}

static void together(void)
{
    int id = new_set(3);
    set_value(id, 0, 2);
    CHECK_ERR("two operations: the second cannot", op2(id, (struct sembuf){ 0, -1, 0 }, (struct sembuf){ 1, -1, IPC_NOWAIT }), EAGAIN);
    CHECK_EQ("so the first was not done", value(id, 0), 2);
    CHECK_ERR("the first waits, the second would not", op2(id, (struct sembuf){ 1, -1, IPC_NOWAIT }, (struct sembuf){ 0, -1, 0 }), EAGAIN);
    CHECK_OK("the same semaphore twice", op2(id, (struct sembuf){ 2, 5, 0 }, (struct sembuf){ 2, -3, 0 }));
    CHECK_EQ("in order", value(id, 2), 2);
    CHECK_ERR("in the other order it must wait", op2(id, (struct sembuf){ 2, -3, IPC_NOWAIT }, (struct sembuf){ 2, 5, 0 }), EAGAIN);
    CHECK_ERR("too large on the way", op2(id, (struct sembuf){ 2, MOST, 0 }, (struct sembuf){ 2, -MOST, 0 }), ERANGE);
    CHECK_OK("test for zero and take", op2(id, (struct sembuf){ 1, 0, 0 }, (struct sembuf){ 1, 1, 0 }));
    CHECK_ERR("once", op2(id, (struct sembuf){ 1, 0, IPC_NOWAIT }, (struct sembuf){ 1, 1, 0 }), EAGAIN);
    CHECK_EQ("values", value(id, 0) * 100 + value(id, 1) * 10 + value(id, 2), 212);

    // A sleeper gets both or none.
    pid_t child = check_fork();
    if (child == 0)
        _exit(op2(id, (struct sembuf){ 0, -3, 0 }, (struct sembuf){ 1, -2, 0 }) ? errno : 0);
    await_waiters(id, 0, GETNCNT, 1);
    CHECK_EQ("waits for the first", semctl(id, 1, GETNCNT), 0);
    op(id, 0, 1, 0);
    await_waiters(id, 1, GETNCNT, 1);
    CHECK_EQ("then for the second", semctl(id, 0, GETNCNT), 0);
    CHECK_EQ("and has taken nothing", value(id, 0), 3);
    op(id, 1, 1, 0);
    CHECK_EQ("got both", reap(child), EXITED(0));
    CHECK_EQ("both gone", value(id, 0) + value(id, 1), 0);
    end_set(id);
}

static volatile int caught;
static void count_signal(int signal) { (void)signal; caught++; }

static void waiting(void)
{
    int id = new_set(2);
    pid_t taker = child_op(id, 0, -2, 0);
    await_waiters(id, 0, GETNCNT, 1);
    op(id, 0, 1, 0);
    CHECK_EQ("one is not enough", semctl(id, 0, GETNCNT), 1);
    CHECK_OK("another overtakes", op(id, 0, -1, IPC_NOWAIT));
    op(id, 0, 2, 0);
    CHECK_EQ("two are", reap(taker), EXITED(0));
    CHECK_EQ("taken", value(id, 0), 0);

    set_value(id, 1, 2);
    pid_t zero[3];
    for (int i = 0; i < 3; i++)
        zero[i] = child_op(id, 1, 0, 0);
    await_waiters(id, 1, GETZCNT, 3);
    CHECK_EQ("nobody waits for more", semctl(id, 1, GETNCNT), 0);
    op(id, 1, -1, 0);
    CHECK_EQ("one is not zero", semctl(id, 1, GETZCNT), 3);
    op(id, 1, -1, 0);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(check_name("zero: %d", i), reap(zero[i]), EXITED(0));

    // In the order they came.
    int order[2];
    (void)!pipe(order);
    pid_t queue[4];
    for (int i = 0; i < 4; i++) {
        queue[i] = check_fork();
        if (queue[i] == 0) {
            op(id, 0, -1, 0);
            char digit = '0' + i;
            (void)!write(order[1], &digit, 1);
            op(id, 1, 1, 0);
            _exit(0);
        }
        await_waiters(id, 0, GETNCNT, i + 1);
    }
    for (int i = 0; i < 4; i++) {
        op(id, 0, 1, 0);
        op(id, 1, -1, 0);
    }
    char digits[5] = "";
    CHECK_EQ("four in turn", read(order[0], digits, 4), 4);
    CHECK_STR("as they came", digits, "0123");
    for (int i = 0; i < 4; i++)
        reap(queue[i]);

    // SETVAL and SETALL serve the sleepers, too.
    taker = child_op(id, 0, -3, 0);
    await_waiters(id, 0, GETNCNT, 1);
    set_value(id, 0, 5);
    CHECK_EQ("setval wakes", reap(taker), EXITED(0));
    CHECK_EQ("and what was taken is gone", value(id, 0), 2);
    taker = child_op(id, 1, -3, 0);
    await_waiters(id, 1, GETNCNT, 1);
    unsigned short all[2] = { 0, 4 };
    semctl(id, 0, SETALL, (union semun){ .array = all });
    CHECK_EQ("setall wakes", reap(taker), EXITED(0));
    CHECK_EQ("and what was taken is gone", value(id, 1), 1);

    // Ends of a wait.
    CHECK_ERR("a time-out", timed(id, 0, -9, 0, 2000000), EAGAIN);
    CHECK_ERR("a time-out of zero", timed(id, 0, -9, 0, 0), EAGAIN);
    CHECK_OK("no wait, no time-out", timed(id, 1, -1, 0, 0));
    for (int restart = 0; restart < 2; restart++) {
        struct sigaction action = { .sa_handler = count_signal, .sa_flags = restart ? SA_RESTART : 0 };
        sigaction(SIGUSR1, &action, NULL);
        caught = 0;
        pid_t parent = getpid(), child = check_fork();
        if (child == 0) {
            await_waiters(id, 0, GETNCNT, 1);
            check_await_state(parent, 'S');
            kill(parent, SIGUSR1);
            _exit(0);
        }
        CHECK_ERR(check_name("a handler ends it, SA_RESTART %d", restart), op(id, 0, -9, 0), EINTR);
        CHECK_EQ("which ran", caught, 1);
        CHECK_EQ("nobody waits now", semctl(id, 0, GETNCNT), 0);
        reap(child);
    }
    taker = child_op(id, 0, -1, 0);
    await_waiters(id, 0, GETNCNT, 1);
    kill(taker, SIGKILL);
    CHECK_EQ("a killed sleeper", reap(taker), KILLED(SIGKILL));
    CHECK_EQ("waits no longer", semctl(id, 0, GETNCNT), 0);
    taker = child_op(id, 0, -1, 0);
    zero[0] = child_op(id, 0, -1, SEM_UNDO);
    await_waiters(id, 0, GETNCNT, 2);
    end_set(id);
    CHECK_EQ("removal: one sleeper", reap(taker), EXITED(EIDRM));
    CHECK_EQ("removal: another", reap(zero[0]), EXITED(EIDRM));
}

static int shared_undo_child(void *argument)
{
    int id = *(int *)argument;
    op(id, 0, 1, SEM_UNDO);
    syscall(SYS_exit, 0);
    return 0;
}

static void undo(void)
{
    int id = new_set(40);
    op(id, 0, 5, 0);
    pid_t child = check_fork();
    if (child == 0) {
        op(id, 0, -2, SEM_UNDO);
        op(id, 0, -1, SEM_UNDO);
        op(id, 1, 3, SEM_UNDO);
        op(id, 39, 7, SEM_UNDO);
        op(id, 39, -2, 0);
        _exit(value(id, 0) * 10 + value(id, 1));
    }
    CHECK_EQ("while it lives", reap(child), EXITED(23));
    CHECK_EQ("undone: taken comes back", value(id, 0), 5);
    CHECK_EQ("undone: given goes", value(id, 1), 0);
    CHECK_EQ("undone: not below zero", value(id, 39), 0);
    CHECK_EQ("undone: by whom", semctl(id, 0, GETPID), child);

    child = check_fork();
    if (child == 0) {
        op(id, 0, -5, SEM_UNDO);
        raise(SIGKILL);
    }
    CHECK_EQ("killed", reap(child), KILLED(SIGKILL));
    CHECK_EQ("undone all the same", value(id, 0), 5);

    // What is undone serves sleepers.
    struct gate gate = gate_make();
    child = check_fork();
    if (child == 0) {
        op(id, 0, -5, SEM_UNDO);
        gate_wait(&gate);
        _exit(0);
    }
    await_waiters(id, 0, GETNCNT, 0);
    while (value(id, 0))
        sched_yield();
    pid_t taker = child_op(id, 0, -4, 0);
    await_waiters(id, 0, GETNCNT, 1);
    gate_open(&gate);
    reap(child);
    CHECK_EQ("a sleeper gets what comes back", reap(taker), EXITED(0));
    CHECK_EQ("the rest is there", value(id, 0), 1);

    // A child of fork has nothing to undo; exec keeps what there is.
    child = check_fork();
    if (child == 0) {
        op(id, 0, 10, SEM_UNDO);
        pid_t grandchild = check_fork();
        if (grandchild == 0)
            _exit(0);
        reap(grandchild);
        if (value(id, 0) != 11)
            _exit(1);
        execl("/proc/self/exe", "sysvsem", "nothing", NULL);
        _exit(2);
    }
    CHECK_EQ("fork and exec", reap(child), EXITED(0));
    CHECK_EQ("undone after exec", value(id, 0), 1);

    // SETVAL and SETALL forget what was to be undone.
    child = check_fork();
    if (child == 0) {
        op(id, 0, 1, SEM_UNDO);
        op(id, 1, 1, SEM_UNDO);
        set_value(id, 0, 20);
        _exit(0);
    }
    reap(child);
    CHECK_EQ("setval: nothing is undone", value(id, 0), 20);
    CHECK_EQ("setval: of that one", value(id, 1), 0);

    // An adjustment has its bounds: a sum beyond them changes nothing.
    child = check_fork();
    if (child == 0) {
        set_value(id, 2, 0);
        int first = op(id, 2, MOST, SEM_UNDO), taken = op(id, 2, -MOST, 0), second = op(id, 2, 1, SEM_UNDO), third = op(id, 2, 2, SEM_UNDO);
        _exit(first == 0 && taken == 0 && second == 0 && third == -1 && errno == ERANGE && value(id, 2) == 1 ? 0 : 1);
    }
    CHECK_EQ("an adjustment too large", reap(child), EXITED(0));

    // Shared with CLONE_SYSVSEM: undone when the last one ends.
    set_value(id, 0, 0);
    child = check_fork();
    if (child == 0) {
        static char stack[16384] __attribute__((aligned(16)));
        pid_t other = clone(shared_undo_child, stack + sizeof stack, CLONE_VM | CLONE_SYSVSEM | SIGCHLD, &id);
        reap(other);
        if (value(id, 0) != 1)
            _exit(1);
        other = clone(shared_undo_child, stack + sizeof stack, CLONE_VM | SIGCHLD, &id);
        reap(other);
        _exit(value(id, 0) == 1 ? 0 : 2);
    }
    CHECK_EQ("clone: shared and not", reap(child), EXITED(0));
    CHECK_EQ("clone: undone with the last", value(id, 0), 0);

    // unshare lets go at once.
    child = check_fork();
    if (child == 0) {
        op(id, 0, 3, SEM_UNDO);
        if (unshare(CLONE_SYSVSEM))
            _exit(errno);
        _exit(value(id, 0) == 0 ? 0 : 99);
    }
    CHECK_EQ("unshare undoes", reap(child), EXITED(0));

    // The set goes first.
    child = check_fork();
    if (child == 0) {
        op(id, 0, 3, SEM_UNDO);
        end_set(id);
        _exit(0);
    }
    CHECK_EQ("nothing to undo any more", reap(child), EXITED(0));
}

static void permissions(void)
{
    if (geteuid() != 0) {
        check_skip("permissions", "not root");
        return;
    }
    static struct semid_ds nothing;
    int own = semget(IPC_PRIVATE, 1, 0600), read_only = semget(IPC_PRIVATE, 1, 0644), none = semget(0x4a696a00, 1, IPC_CREAT | 0), all = semget(IPC_PRIVATE, 1, 0666);
    pid_t child = check_fork();
    if (child == 0) {
        check_counts = (struct check_counts){ 0, 0, 0 };
        (void)!setgid(NOBODY), (void)!setuid(NOBODY);
        CHECK_ERR("another's: read", semctl(own, 0, GETVAL), EACCES);
        CHECK_ERR("another's: operate", op(own, 0, 1, 0), EACCES);
        CHECK_ERR("another's: stat", semctl(own, 0, IPC_STAT, (union semun){ .buf = &nothing }), EACCES);
        CHECK_ERR("another's: set", semctl(own, 0, IPC_SET, (union semun){ .buf = &nothing }), EPERM);
        CHECK_ERR("another's: remove", semctl(own, 0, IPC_RMID), EPERM);
        CHECK_OK("may be read", semctl(read_only, 0, GETVAL));
        CHECK_OK("may be waited for zero", op(read_only, 0, 0, 0));
        CHECK_ERR("may not be changed", op(read_only, 0, 1, 0), EACCES);
        CHECK_ERR("setval", set_value(read_only, 0, 1), EACCES);
        CHECK_ERR("may be changed, not removed", op(all, 0, 1, 0) ?: semctl(all, 0, IPC_RMID), EPERM);
        CHECK_ERR("by key: without permission", semget(0x4a696a00, 1, 0400), EACCES);
        CHECK_EQ("by key: nothing asked for", semget(0x4a696a00, 1, 0), none);
        CHECK_ERR("and still nothing allowed", semctl(none, 0, GETVAL), EACCES);
        int mine = semget(IPC_PRIVATE, 1, 0);
        CHECK_ERR("one's own: without permission", semctl(mine, 0, GETVAL), EACCES);
        struct semid_ds status = { .sem_perm = { .uid = NOBODY, .gid = NOBODY, .mode = 0600 } };
        CHECK_OK("one's own: set", semctl(mine, 0, IPC_SET, (union semun){ .buf = &status }));
        CHECK_OK("one's own: now", semctl(mine, 0, GETVAL));
        CHECK_OK("one's own: remove", semctl(mine, 0, IPC_RMID));
        _exit(check_counts.failed);
    }
    CHECK_EQ("as another user", reap(child), EXITED(0));
    struct semid_ds status = { .sem_perm = { .uid = NOBODY, .gid = 7, .mode = 07777 } };
    CHECK_OK("set: owner and mode", semctl(own, 0, IPC_SET, (union semun){ .buf = &status }));
    status = stat_of(own);
    CHECK_EQ("set: mode", status.sem_perm.mode, 0777);
    CHECK("set: owner, not creator", status.sem_perm.uid == NOBODY && status.sem_perm.gid == 7 && status.sem_perm.cuid == 0);
    status.sem_perm.uid = -1;
    CHECK_ERR("set: no user", semctl(own, 0, IPC_SET, (union semun){ .buf = &status }), EINVAL);
    end_set(own), end_set(read_only), end_set(none), end_set(all);
}

static int put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY), result = fd < 0 ? -1 : (int)write(fd, text, strlen(text));
    close(fd);
    return result;
}

static void shown(void)
{
    int id = semget(0x4a696bab, 5, IPC_CREAT | 0640);
    struct seminfo info;
    memset(&info, 0xee, sizeof info);
    int highest = semctl(0, 0, IPC_INFO, (union semun){ .info = &info });
    CHECK("info: highest index", highest >= (id & 0x7fff));
    CHECK_EQ("info: per set", info.semmsl, 32000);
    CHECK_EQ("info: sets", info.semmni, 32000);
    CHECK_EQ("info: all", info.semmns, 1024000000);
    CHECK_EQ("info: per call", info.semopm, 500);
    CHECK_EQ("info: largest", info.semvmx, MOST);
    CHECK_EQ("info: largest adjustment", info.semaem, MOST);
    CHECK("info: the rest", info.semmap == 1024000000 && info.semmnu == 1024000000 && info.semume == 500 && info.semusz == 20);
    semctl(0, 0, SEM_INFO, (union semun){ .info = &info });
    CHECK("use: sets and semaphores", info.semusz >= 1 && info.semaem >= 5);
    struct semid_ds status;
    CHECK_EQ("by index", semctl(id & 0x7fff, 0, SEM_STAT, (union semun){ .buf = &status }), id);
    CHECK_EQ("by index: the set", status.sem_nsems, 5);
    CHECK_EQ("by index, anyone", semctl(id & 0x7fff, 0, SEM_STAT_ANY, (union semun){ .buf = &status }), id);
    CHECK_ERR("by index: none", semctl(0x7ffe, 0, SEM_STAT, (union semun){ .buf = &status }), EINVAL);
    char text[8192] = "", line[256];
    int fd = open("/proc/sysvipc/sem", O_RDONLY);
    CHECK("shown", read(fd, text, sizeof text - 1) > 0);
    close(fd);
    CHECK("shown: head", !strncmp(text, "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n", 85));
    status = stat_of(id);
    snprintf(line, sizeof line, "%10d %10d  %4o %10u %5u %5u %5u %5u %10llu %10llu\n", 0x4a696bab, id, 0640, 5, geteuid(), getegid(), geteuid(), getegid(), 0ull, (unsigned long long)status.sem_ctime);
    CHECK("shown: the line", strstr(text, line) != NULL);
    end_set(id);
    if (geteuid() != 0) {
        check_skip("limits", "not root");
        return;
    }
    char old[128] = "";
    fd = open("/proc/sys/kernel/sem", O_RDONLY);
    CHECK("limits: shown", read(fd, old, sizeof old - 1) > 0);
    CHECK_STR("limits: usual", old, "32000\t1024000000\t500\t32000\n");
    close(fd);
    CHECK("limits: set", put("/proc/sys/kernel/sem", "10 12 3 2") > 0);
    struct sembuf four[4] = { { 0, 0, 0 } };
    CHECK_ERR("limits: per set", semget(IPC_PRIVATE, 11, 0600), EINVAL);
    id = new_set(10);
    CHECK_ERR("limits: all", semget(IPC_PRIVATE, 3, 0600), ENOSPC);
    int second = new_set(2);
    CHECK_ERR("limits: sets", semget(IPC_PRIVATE, 1, 0600), ENOSPC);
    CHECK_ERR("limits: per call", semop(id, four, 4), E2BIG);
    CHECK_EQ("limits: not sets beyond what ids can tell", put("/proc/sys/kernel/sem", "10 12 3 32769"), -1);
    put("/proc/sys/kernel/sem", old);
    end_set(id), end_set(second);
}

// Many processes pass what there is around: at the end all of it is there.
static void crowd(void)
{
    enum { CHILDREN = 6, ROUNDS = 300 };
    int id = new_set(4);
    unsigned short start[4] = { 2, 1, 0, 3 };
    semctl(id, 0, SETALL, (union semun){ .array = start });
    pid_t children[CHILDREN];
    for (int i = 0; i < CHILDREN; i++)
        if ((children[i] = check_fork()) == 0) {
            unsigned seed = i + 1;
            for (int round = 0; round < ROUNDS; round++) {
                seed = seed * 1103515245 + 12345;
                int from = seed >> 16 & 3, to = seed >> 18 & 3, failed;
                if (round % 7 == 6)
                    failed = timed(id, from, -1, SEM_UNDO, 50000) || op(id, from, 1, SEM_UNDO);
                else
                    failed = op2(id, (struct sembuf){ from, -1, (seed >> 20 & 3) ? 0 : IPC_NOWAIT }, (struct sembuf){ to, 1, 0 });
                if (failed && errno != EAGAIN)
                    _exit(1);
                if (failed) // so that nobody waits for what all wait for
                    for (int number = 0; number < 4; number++)
                        op2(id, (struct sembuf){ number, -1, IPC_NOWAIT }, (struct sembuf){ (number + 1) & 3, 1, 0 });
            }
            _exit(0);
        }

    // Someone must stir as long as they live: all may wait for the same one.
    int left = CHILDREN, status, wrong = 0;
    while (left > 0) {
        for (int number = 0; number < 4; number++)
            op2(id, (struct sembuf){ number, -1, IPC_NOWAIT }, (struct sembuf){ (number + 1) & 3, 1, 0 });
        pid_t ended = waitpid(-1, &status, WNOHANG);
        if (ended > 0) {
            left--;
            wrong += status != 0;
        }
        sched_yield();
    }
    CHECK_EQ("crowd: no error", wrong, 0);
    CHECK_EQ("crowd: nothing lost, nothing gained", value(id, 0) + value(id, 1) + value(id, 2) + value(id, 3), 6);
    end_set(id);
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return 0;
    check_begin(90);
    keys();
    bad();
    values();
    together();
    waiting();
    undo();
    permissions();
    shown();
    crowd();
    return check_end();
}
