// Process life at scale: a tree of a thousand processes whose every status is collected and compared, the same number as
// simultaneous zombies, orphans that go to init or to a subreaper, pids that are not reused early, and a fork storm
// from several parents at once.
// test: 1000
// timeout: 120
// cpus: 1 2 4
#include "check.h"
#include <sys/prctl.h>

enum { FANOUT = 10 };

// The exit code a process of the tree is to give: any function of its number will do.
static int code_of(int number)
{
    return (number * 7 + 3) % 251;
}

// Makes the subtree of processes [first, first+count): a child per slice, each of which does the same with its slice.
// Gives the number of processes below whose status was right.
static int grow(int first, int count, int results)
{
    struct { pid_t pid; int number; } children[FANOUT];
    int born = 0, right = 0;
    for (int slice = 0; slice < FANOUT; slice++) {
        int from = first + count * slice / FANOUT, to = first + count * (slice + 1) / FANOUT;
        if (from == to)
            continue;
        pid_t pid = fork();
        if (pid < 0)
            break;
        if (pid == 0) {
            alarm(check_seconds);
            int below = grow(from + 1, to - from - 1, results);
            if (write(results, &below, sizeof below) != sizeof below)
                _exit(255);
            _exit(code_of(from));
        }
        children[born].pid = pid;
        children[born++].number = from;
    }
    for (int i = 0; i < born; i++) {
        int status;
        if (waitpid(children[i].pid, &status, 0) == children[i].pid && status == EXITED(code_of(children[i].number)))
            right++;
    }
    return right;
}

static void tree(int size)
{
    int results[2], right, below, replies = 0;
    CHECK_OK("tree: pipe", pipe(results));
    // The replies of a thousand processes (4 bytes each) fit in the pipe, so nobody waits for a reader.
    right = grow(0, size, results[1]);
    close(results[1]);
    while (read(results[0], &below, sizeof below) == sizeof below)
        right += below, replies++;
    close(results[0]);
    CHECK_EQ("tree: every process replied", replies, size);
    CHECK_EQ("tree: every status was collected and right", right, size);
    CHECK_ERR("tree: no child is left", waitpid(-1, NULL, WNOHANG), ECHILD);
}

static void zombies(int count)
{
    pid_t *pids = malloc(count * sizeof *pids);
    struct gate gate = gate_make();
    int born = 0;
    for (; born < count; born++) {
        pids[born] = check_fork();
        if (pids[born] == 0) {
            close(gate.ends[0]);
            _exit(code_of(born));
        }
    }
    // End of file on the gate means that every child has ended, or at least closed its files.
    close(gate.ends[1]);
    char byte;
    CHECK_EQ("zombies: all are dead", read(gate.ends[0], &byte, 1), 0);
    close(gate.ends[0]);

    check_await_state(pids[born / 2], 'Z');
    CHECK_EQ("zombies: one shows as Z", check_task_state(pids[born / 2]), 'Z');
    CHECK_OK("zombies: can be signalled to no effect", kill(pids[born / 2], SIGKILL));

    int right = 0;
    for (int i = born - 1; i >= 0; i--) {
        int status;
        if (waitpid(pids[i], &status, 0) == pids[i] && status == EXITED(code_of(i)))
            right++;
    }
    CHECK_EQ("zombies: reaped in reverse order, statuses right", right, count);
    CHECK_ERR("zombies: a reaped one is gone", kill(pids[0], 0), ESRCH);
    CHECK_ERR("zombies: no child is left", waitpid(-1, NULL, 0), ECHILD);
    free(pids);
}

// Makes a middle process with one child, kills the middle, and gives the orphan's new parent as the orphan sees it.
static pid_t parent_after_orphaning(pid_t *orphan)
{
    struct { pid_t self, parent; } seen = { 0, 0 };
    int answer[2];
    if (pipe(answer))
        return -1;
    pid_t middle = check_fork();
    if (middle == 0) {
        pid_t old = getpid();
        if (check_fork() == 0) {
            while (getppid() == old)
                syscall(SYS_sched_yield);
            seen.self = getpid();
            seen.parent = getppid();
            _exit(write(answer[1], &seen, sizeof seen) == sizeof seen ? 33 : 1);
        }
        _exit(0);
    }
    waitpid(middle, NULL, 0);
    if (read(answer[0], &seen, sizeof seen) != sizeof seen)
        seen.parent = -1;
    close(answer[0]);
    close(answer[1]);
    *orphan = seen.self;
    return seen.parent;
}

static void orphans(void)
{
    pid_t orphan;
    int status = 0;
    // Who adopts without a subreaper is init, or a subreaper above this program (as under systemd or a container).
    pid_t adopter = parent_after_orphaning(&orphan);
    CHECK("orphans: adopted by init or a subreaper above", adopter > 0 && adopter != getpid());

    if (prctl(PR_SET_CHILD_SUBREAPER, 1)) {
        check_skip("orphans: subreaper", "prctl gives no PR_SET_CHILD_SUBREAPER");
        return;
    }
    int set = 0;
    CHECK_OK("orphans: PR_GET_CHILD_SUBREAPER", prctl(PR_GET_CHILD_SUBREAPER, &set));
    CHECK_EQ("orphans: the subreaper is set", set, 1);
    CHECK_EQ("orphans: adopted by the subreaper", parent_after_orphaning(&orphan), getpid());
    CHECK_EQ("orphans: the subreaper reaps it", waitpid(-1, &status, 0), orphan);
    CHECK_EQ("orphans: with its status", status, EXITED(33));
    prctl(PR_SET_CHILD_SUBREAPER, 0);
}

// A zombie whose parent dies is reaped by the new parent: it must not stay.
static void orphaned_zombie(void)
{
    int answer[2];
    pid_t zombie = 0;
    CHECK_OK("orphaned zombie: pipe", pipe(answer));
    pid_t middle = check_fork();
    if (middle == 0) {
        pid_t child = check_fork();
        if (child == 0)
            _exit(0);
        check_await_state(child, 'Z');
        _exit(write(answer[1], &child, sizeof child) != sizeof child);
    }
    waitpid(middle, NULL, 0);
    CHECK_EQ("orphaned zombie: its pid", read(answer[0], &zombie, sizeof zombie), sizeof zombie);
    while (kill(zombie, 0) == 0)
        syscall(SYS_sched_yield);
    CHECK_ERR("orphaned zombie: reaped by the one that adopts", kill(zombie, 0), ESRCH);
    close(answer[0]);
    close(answer[1]);
}

static void pids_are_fresh(void)
{
    pid_t seen[64];
    int repeated = 0;
    for (int i = 0; i < 64; i++) {
        seen[i] = check_fork();
        if (seen[i] == 0)
            _exit(0);
        waitpid(seen[i], NULL, 0);
        for (int j = 0; j < i; j++)
            repeated += seen[i] == seen[j];
    }
    CHECK_EQ("pids: none of 64 in a row is reused", repeated, 0);
}

static void storm(int forks)
{
    enum { PARENTS = 4 };
    int right = 0;
    pid_t parents[PARENTS];
    for (int p = 0; p < PARENTS; p++)
        if ((parents[p] = check_fork()) == 0) {
            for (int i = 0; i < forks; i++) {
                int status;
                pid_t child = fork();
                if (child == 0)
                    _exit(code_of(i));
                if (child < 0 || waitpid(child, &status, 0) != child || status != EXITED(code_of(i)))
                    _exit(1);
            }
            _exit(42);
        }
    for (int p = 0; p < PARENTS; p++) {
        int status;
        right += waitpid(parents[p], &status, 0) == parents[p] && status == EXITED(42);
    }
    CHECK_EQ("storm: four parents fork and reap at once", right, PARENTS);
}

int main(int argc, char **argv)
{
    int size = argc > 1 ? atoi(argv[1]) : 1000;
    check_begin(110);
    tree(size);
    zombies(size / 5);
    orphans();
    orphaned_zombie();
    pids_are_fresh();
    storm(size / 20);
    return check_end();
}
