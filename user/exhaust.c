// Memory runs out, in every way a program can bring that about; the kernel answers ENOMEM, EAGAIN, ENFILE or ENOSPC, ends the largest
// process when a page is needed that is not there, goes on, and has everything back afterwards.
// Best on a small machine: tests/Guest/cases has all of it with 32 and 64 MiB; with the argument `some` it does what is quick on any.
// Says nothing on a kernel it may harm.
// test: some
// timeout: 120
// cpus: 2
#include "counts.h"
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define CHILDREN 2000

static struct counts before;
static char block[65536];
static long memory; // bytes

static void set_score(const char *score)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY);
    (void)!write(fd, score, strlen(score));
    close(fd);
}

// Runs in a child that may be chosen to be ended, and gives its wait status.
static int in_child(int (*body)(void))
{
    int status = -1;
    pid_t child = check_fork();
    if (child == 0) {
        set_score("500");
        _exit(body());
    }
    waitpid(child, &status, 0);
    return status;
}

static void as_before(const char *name)
{
    CHECK(check_name("%s: frames and objects are as before", name), counts_settle(&before));
}

static int touch_all(void)
{
    // In pieces, each of which might well be had.
    for (;;) {
        char *piece = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (piece == MAP_FAILED)
            return 1;
        for (int i = 0; i < 1 << 20; i += 4096)
            piece[i] = 1;
    }
}

static int map_too_much(void)
{
    void *all = mmap(NULL, memory * 4, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return all == MAP_FAILED ? errno : 0;
}

// Read faults cost page tables only, two for each page.
static int touch_tables(void)
{
    set_score("0");
    for (unsigned long at = 0x10000000000; at < 0x600000000000; at += 1UL << 30) {
        volatile char *page = mmap((void *)at, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        if (page == MAP_FAILED)
            return errno;
        (void)*page;
    }
    return 0;
}

static int many_areas(void)
{
    for (long i = 0; i < 1 << 20; i++)
        if (mmap((void *)(0x20000000000 + i * 8192), 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
            return errno;
    return 0;
}

// Forks until it is refused; each child waits, some of them after using memory. Gives the errno of the refusal.
static int fork_all(int touched)
{
    struct gate gate = gate_make();
    int made = 0, error = 0, gone = 0;
    signal(SIGCHLD, SIG_DFL);
    while (made < CHILDREN) {
        pid_t child = fork();
        if (child == 0) {
            close(gate.ends[1]);
            char *own = mmap(NULL, touched + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            for (int i = 0; i < touched; i += 4096)
                own[i] = 1;
            gate_wait(&gate);
            _exit(0);
        }
        if (child < 0) {
            error = errno;
            break;
        }
        made++;
        while (waitpid(-1, NULL, WNOHANG) > 0)
            gone++;
        if (gone > 20)
            break;
    }
    gate_close(&gate);
    while (waitpid(-1, NULL, 0) > 0) { }
    return gone ? ENOMEM : error;
}

static int fork_plain(void)
{
    set_score("-1000");
    int error = fork_all(0);
    return error == EAGAIN || error == ENOMEM ? 9 : error;
}

static int fork_limited(void)
{
    struct rlimit limit = { 100, 100 };
    setrlimit(RLIMIT_NPROC, &limit);
    return setuid(NOBODY) ? 1 : fork_all(0) == EAGAIN ? 9 : 2;
}

static int fork_hungry(void)
{
    set_score("-1000");
    // The children inherit that score; they give it up.
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_CHILD_SUBREAPER, 1);
        set_score("500");
        _exit(fork_all(1 << 20) == 0);
    }
    int status;
    waitpid(child, &status, 0);
    while (waitpid(-1, NULL, 0) > 0) { }
    return 9;
}

static void *stack_of_threads;

static int thread_body(void *argument)
{
    for (;;)
        pause();
    return argument != NULL;
}

static int thread_all(void)
{
    const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
    stack_of_threads = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 40000; i++)
        if (clone(thread_body, (char *)stack_of_threads + 16384, flags, NULL) == -1)
            return errno;
    return 0;
}

static int fill(const char *name)
{
    int fd = open(name, O_CREAT | O_WRONLY, 0600), error = 0;
    while (!error)
        if (write(fd, block, sizeof block) < 0)
            error = errno;
    // The kernel still answers, with full memory, and others still run.
    int ends[2];
    if (pipe(ends) == 0)
        close(ends[0]), close(ends[1]);
    pid_t child = fork();
    if (child == 0)
        _exit(block[100] + 3);
    int status = 0;
    if (child > 0)
        waitpid(child, &status, 0);
    close(fd);
    unlink(name);
    return child > 0 && status != EXITED(3) ? 1000 + status : error;
}

static int fill_file(void)
{
    return fill("all");
}

static int map_full_file(void)
{
    // 100 KiB of room, a file of 200: the page that finds no room is a bus error, and nobody is ended for it.
    int fd = open("limited/mapped", O_CREAT | O_RDWR, 0600);
    if (ftruncate(fd, 200 << 10))
        return 1;
    char *mapped = mmap(NULL, 200 << 10, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    for (int i = 0; i < 200 << 10; i += 4096)
        mapped[i] = 1;
    return 0;
}

static int all_pipes(void)
{
    struct rlimit many = { 4096, 4096 };
    setrlimit(RLIMIT_NOFILE, &many);
    for (;;) {
        int ends[2];
        if (pipe2(ends, O_NONBLOCK))
            return errno;
        while (write(ends[1], block, sizeof block) > 0) { }
        if (errno != EAGAIN)
            return errno;
    }
}

// One process after the other opens all it may, until the system has no more.
static int all_files(void)
{
    struct rlimit many = { 4096, 4096 };
    struct gate gate = gate_make();
    int ends[2], error = 0;
    setrlimit(RLIMIT_NOFILE, &many);
    for (int made = 0; made < 40 && (!error || error == EMFILE); made++) {
        if (pipe(ends))
            return errno;
        pid_t child = fork();
        if (child == -1)
            return errno;
        if (child == 0) {
            close(gate.ends[1]);
            while (open("/dev/null", O_RDONLY) >= 0) { }
            (void)!write(ends[1], &errno, sizeof errno);
            gate_wait(&gate);
            _exit(0);
        }
        close(ends[1]);
        if (read(ends[0], &error, sizeof error) != sizeof error)
            error = ENOMEM;
        close(ends[0]);
    }
    gate_close(&gate);
    while (waitpid(-1, NULL, 0) > 0) { }
    return error;
}

static int is_exhaustion(int status)
{
    return status == EXITED(ENOMEM) || status == EXITED(EAGAIN) || status == EXITED(ENFILE) || status == EXITED(EMFILE)
        || status == EXITED(ENOSPC) || status == KILLED(SIGKILL);
}

static void exhausts(const char *name, int (*body)(void))
{
    int status = in_child(body);
    check_line("%s: wait status 0x%x", name, status);
    CHECK(check_name("%s: refused, or ended", name), is_exhaustion(status));
    as_before(name);
}

static void answers(const char *name, int (*body)(void), int status)
{
    CHECK_EQ(name, in_child(body), status);
    as_before(name);
}

int main(int argc, char **argv)
{
    int all = argc < 2 || strcmp(argv[1], "some");
    if (!counts_are_exact() || getpid() == 1) {
        check_skip("all", "would harm a machine that is used for other things");
        return check_end();
    }
    check_begin(110);
    check_scratch();
    memory = sysconf(_SC_PHYS_PAGES) * 4096L;
    set_score("-1000");
    int limited = mkdir("limited", 0700) == 0 && mount("none", "limited", "tmpfs", 0, "size=100k") == 0
        && mkdir("unlimited", 0700) == 0 && mount("none", "unlimited", "ramfs", 0, NULL) == 0;
    for (int i = 0; i < 3; i++)
        in_child(fork_limited);
    counts_begin(&before);
    answers("more than there is", map_too_much, EXITED(ENOMEM));
    answers("all memory touched", touch_all, KILLED(SIGKILL));
    exhausts("areas", many_areas);
    exhausts("page tables", touch_tables);
    answers("forks under a limit", fork_limited, EXITED(9));
    if (all) {
        answers("forks without a limit", fork_plain, EXITED(9));
        answers("forks that use memory", fork_hungry, EXITED(9));
        exhausts("threads", thread_all);
    }
    if (limited && chdir("unlimited") == 0) {
        answers("a file of all memory", fill_file, EXITED(ENOMEM));
        (void)!chdir("..");
    }
    if (all) {
        exhausts("pipes", all_pipes);
        exhausts("open files", all_files);
    }
    if (limited) {
        if (chdir("limited") == 0) {
            answers("a file of all its file system", fill_file, EXITED(ENOSPC));
            (void)!chdir("..");
        }
        CHECK_EQ("a mapped file of more", in_child(map_full_file), KILLED(SIGBUS));
        unlink("limited/mapped");
        as_before("a mapped file of more");
        umount("limited");
        umount("unlimited");
    }
    CHECK_ERR("no child is left", waitpid(-1, NULL, WNOHANG), ECHILD);
    return check_end();
}
