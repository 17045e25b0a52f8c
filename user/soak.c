// A soak: rounds of all that takes and gives back kernel memory, and the kernel's own counts before and after. Each kind of round
// is warmed up, since pools and caches fill in the first ones; then not one frame and not one pool object may be missing.
// The first argument is the number of rounds of fork, exec, pipe and wait; the other kinds get a part of it each. On a kernel
// whose counts are not exact (any but ours) only the rounds themselves are judged.
// test: 2000
// timeout: 300
// cpus: 1 2 4
#include "counts.h"
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/time.h>

static int is_exact;
static char block[40000];

// ---- Kinds of rounds: each gives 1 if all went as it should ---------------------------------------------------

static int reap(pid_t child, int expected)
{
    int status = -1;
    return child > 0 && waitpid(child, &status, 0) == child && status == expected;
}

// The child writes to its copy of a page, becomes `soak reply NUMBER` and answers through the pipe.
static int programs(int number)
{
    static volatile char page[16384];
    int ends[2], answer = -1;
    char digits[16];
    page[number * 4096 & 16383] = 1; // the same four, so that this program itself grows no more
    if (pipe(ends))
        return 0;
    pid_t child = fork();
    if (child == 0) {
        page[number * 4096 & 16383]++;
        snprintf(digits, sizeof digits, "%d", number);
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        execl("/proc/self/exe", "soak", "reply", digits, (char *)NULL);
        _exit(126);
    }
    close(ends[1]);
    int right = child > 0 && read(ends[0], &answer, sizeof answer) == sizeof answer && answer == number;
    right &= reap(child, EXITED(number & 0x7f));
    close(ends[0]);
    return right;
}

static int reply(int number)
{
    return write(1, &number, sizeof number) == sizeof number ? number & 0x7f : 127;
}

static int make_file(const char *name, const char *contents, size_t length, int mode)
{
    int fd = open(name, O_CREAT | O_WRONLY | O_TRUNC, mode);
    int right = fd >= 0 && write(fd, contents, length) == (ssize_t)length;
    close(fd);
    return right;
}

// Programs that cannot be run, one cause after the other, then a script that can.
static int failing_exec(int number)
{
    (void)number;
    static const char script[] = "#!/proc/self/exe reply\n", lost[] = "#!/no/such/program\n", loop[] = "#!loop\n";
    char *arguments[] = { "x", "y", NULL }, *none[] = { NULL };
    int right = make_file("script", script, sizeof script - 1, 0755) & make_file("lost", lost, sizeof lost - 1, 0755)
        & make_file("loop", loop, sizeof loop - 1, 0755) & make_file("garbage", "garbage", 7, 0755) & make_file("data", "x", 1, 0644);
    pid_t child = fork();
    if (child == 0) {
        int failed = 0;
        failed += execve("missing", arguments, none) == -1 && errno == ENOENT;
        failed += execve("lost", arguments, none) == -1 && errno == ENOENT;
        failed += execve("loop", arguments, none) == -1 && errno == ELOOP;
        failed += execve("garbage", arguments, none) == -1 && errno == ENOEXEC;
        failed += execve("data", arguments, none) == -1 && errno == EACCES;
        failed += execve(".", arguments, none) == -1 && errno == EACCES;
        failed += syscall(SYS_execve, "script", 8, none) == -1 && errno == EFAULT;
        failed += syscall(SYS_execve, "script", arguments, 8) == -1 && errno == EFAULT;
        _exit(failed);
    }
    right &= reap(child, EXITED(8));
    int null = open("/dev/null", O_WRONLY);
    child = fork();
    if (child == 0) {
        dup2(null, 1);
        execve("script", arguments, none);
        _exit(126);
    }
    close(null);
    return right & reap(child, EXITED(0));
}

// An ELF file whose only segment cannot be mapped: the program is past the point of no return then.
static int broken_program(int number)
{
    (void)number;
    unsigned char header[64 + 56] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };
    unsigned long entry = 0x400000, offset = 64, address = 0x400000, size = 1UL << 46;
    header[16] = 2, header[18] = 62, header[20] = 1, header[52] = 64, header[54] = 56, header[56] = 1;
    memcpy(header + 24, &entry, 8);
    memcpy(header + 32, &offset, 8);
    header[64] = 1, header[68] = 7;
    memcpy(header + 64 + 16, &address, 8);
    memcpy(header + 64 + 40, &size, 8);
    int right = make_file("broken", (char *)header, sizeof header, 0755), status;
    pid_t child = fork();
    if (child == 0) {
        execl("./broken", "broken", (char *)NULL);
        raise(SIGSEGV);
    }
    return right & (waitpid(child, &status, 0) == child && WIFSIGNALED(status));
}

static void *end_at_once(void *argument)
{
    return argument;
}

static void *sleep_for_ever(void *argument)
{
    for (;;)
        pause();
    return argument;
}

static void *run_reply(void *argument)
{
    execl("/proc/self/exe", "soak", "reply", "5", (char *)NULL);
    return argument;
}

// Threads that are joined; a process that ends while its threads sleep; exec from a thread while others sleep.
static int threads(int number)
{
    (void)number;
    pthread_t thread[4];
    int right = 1, null = open("/dev/null", O_WRONLY);
    for (int i = 0; i < 4; i++)
        right &= pthread_create(&thread[i], NULL, end_at_once, NULL) == 0;
    for (int i = 0; i < 4; i++)
        right &= pthread_join(thread[i], NULL) == 0;
    for (int execs = 0; execs < 2; execs++) {
        pid_t child = fork();
        if (child == 0) {
            dup2(null, 1);
            pthread_create(&thread[0], NULL, sleep_for_ever, NULL);
            pthread_create(&thread[1], NULL, sleep_for_ever, NULL);
            if (!execs)
                _exit(3);
            pthread_create(&thread[2], NULL, run_reply, NULL);
            sleep_for_ever(NULL);
        }
        right &= reap(child, EXITED(execs ? 5 : 3));
    }
    close(null);
    return right;
}

// vfork: a child that becomes a program, one that ends, one that is killed while it has the parent's memory.
static int borrowed(int number)
{
    volatile int right = 1;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    pid_t child = vfork();
    if (child == 0) {
        dup2(null, 1);
        execl("/proc/self/exe", "soak", "reply", "9", (char *)NULL);
        _exit(126);
    }
    right &= reap(child, EXITED(9));
    child = vfork();
    if (child == 0)
        _exit(number & 15);
    right &= reap(child, EXITED(number & 15));
    child = vfork();
    if (child == 0) {
        syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
        _exit(126);
    }
    right &= reap(child, KILLED(SIGKILL));
    close(null);
    return right;
}

// Children nobody waits for: of a parent that ignores SIGCHLD, zombies given to such a parent, and orphans of orphans.
static int forgotten(int number)
{
    (void)number;
    signal(SIGCHLD, SIG_IGN);
    pid_t child = fork();
    if (child == 0)
        _exit(1);
    int right = child > 0 && waitpid(child, NULL, 0) == -1 && errno == ECHILD;
    child = fork();
    if (child == 0) {
        // The grandchildren are zombies of a parent that does not ignore them when it ends.
        signal(SIGCHLD, SIG_DFL);
        for (int i = 0; i < 3; i++)
            if (fork() == 0)
                _exit(i);
        if (fork() == 0) {
            fork();
            usleep(1000);
            _exit(0);
        }
        siginfo_t information;
        waitid(P_ALL, 0, &information, WEXITED | WNOWAIT);
        _exit(2);
    }
    right &= waitpid(child, NULL, 0) == -1 && errno == ECHILD;
    signal(SIGCHLD, SIG_DFL);
    return right;
}

// The same with a subreaper that ignores SIGCHLD: the zombies it inherits must not stay.
static int adopted(int number)
{
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_CHILD_SUBREAPER, 1);
        signal(SIGCHLD, SIG_IGN);
        pid_t middle = fork();
        if (middle == 0) {
            signal(SIGCHLD, SIG_DFL);
            for (int i = 0; i < 3; i++)
                if (fork() == 0)
                    _exit(i);
            siginfo_t information;
            waitid(P_ALL, 0, &information, WEXITED | WNOWAIT);
            _exit(0);
        }
        waitpid(-1, NULL, 0);
        _exit(waitpid(-1, NULL, 0) == -1 && errno == ECHILD ? number & 3 : 64);
    }
    return reap(child, EXITED(number & 3));
}

// Signals that are still queued when their process ends, to it and to its thread; timers that still run then.
static int pending(int number)
{
    pid_t child = fork();
    if (child == 0) {
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, NULL);
        union sigval carried = { .sival_int = number };
        for (int i = 0; i < 8; i++) {
            sigqueue(getpid(), SIGRTMIN + 1 + i % 3, carried);
            syscall(SYS_tkill, getpid(), SIGRTMIN + 2);
        }
        kill(getpid(), SIGUSR1);
        struct itimerval soon = { { 0, 1000 }, { 0, 1000 } };
        setitimer(ITIMER_REAL, &soon, NULL);
        setitimer(ITIMER_PROF, &soon, NULL);
        _exit(6);
    }
    return reap(child, EXITED(6));
}

// Sessions and process groups of one process and of several; a group left behind by the process that made it.
static int groups(int number)
{
    (void)number;
    struct gate gate = gate_make();
    pid_t child = fork();
    if (child == 0) {
        setsid();
        pid_t first = fork();
        if (first == 0) {
            setpgid(0, 0);
            gate_wait(&gate);
            _exit(0);
        }
        setpgid(first, first);
        pid_t second = fork();
        if (second == 0) {
            setpgid(0, first);
            _exit(0);
        }
        waitpid(second, NULL, 0);
        gate_open(&gate);
        waitpid(first, NULL, 0);
        setpgid(0, 0);
        _exit(4);
    }
    int right = reap(child, EXITED(4));
    gate_close(&gate);
    return right;
}

// Killed while asleep, with everything open that a sleeper can hold on to: poll, select, a pipe, a fifo, a lock, wait.
static int killed_asleep(int number)
{
    struct gate ready = gate_make(), never = gate_make();
    mkfifo("fifo", 0600);
    pid_t child = fork();
    if (child == 0) {
        struct pollfd polled[3] = { { never.ends[0], POLLIN, 0 }, { never.ends[0], POLLIN, 0 }, { ready.ends[0], POLLERR, 0 } };
        fd_set set;
        FD_ZERO(&set);
        FD_SET(never.ends[0], &set);
        int file = open("lock", O_CREAT | O_RDWR, 0600);
        struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10 };
        fcntl(file, F_SETLK, &range);
        flock(file, LOCK_EX);
        pid_t sleeper = fork();
        if (sleeper == 0) {
            fcntl(file, F_SETLKW, &range);
            _exit(0);
        }
        gate_open(&ready);
        switch (number % 6) {
        case 0: poll(polled, 3, -1); break;
        case 1: select(never.ends[0] + 1, &set, NULL, NULL, NULL); break;
        case 2: gate_wait(&never); break;
        case 3: open("fifo", O_RDONLY); break;
        case 4: pause(); break;
        default: waitpid(-1, NULL, WUNTRACED); break;
        }
        _exit(0);
    }
    gate_wait(&ready);
    if (number & 8)
        check_await_state(child, 'S');
    kill(child, SIGKILL);
    int status, right = waitpid(child, &status, 0) == child && (number % 6 == 5 || status == KILLED(SIGKILL));
    gate_close(&ready);
    gate_close(&never);
    unlink("fifo");
    unlink("lock");
    return right;
}

// Files that have no name any more, a directory removed under its user's feet, names given and taken, links, memory files.
static int files(int number)
{
    struct stat status;
    int right = make_file("one", block, sizeof block, 0600) && link("one", "two") == 0 && symlink("one", "three") == 0
        && rename("two", "four") == 0;
    int fd = open("three", O_RDWR), memory = syscall(SYS_memfd_create, "soak", 0);
    right &= unlink("one") == 0 && unlink("four") == 0 && unlink("three") == 0 && fstat(fd, &status) == 0 && status.st_nlink == 0;
    right &= pwrite(fd, block, 100, 50000000) == 100 && pwrite(memory, block, 5000, 10000) == 5000;
    char *mapped = mmap(NULL, 40000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *own = mmap(NULL, 40000, PROT_READ | PROT_WRITE, MAP_PRIVATE, memory, 0);
    mapped[number % 40000] = own[8192 + number % 4096] = 1;
    pid_t child = fork();
    if (child == 0) {
        right = mkdir("gone", 0700) == 0 && chdir("gone") == 0 && rmdir("../gone") == 0;
        own[8192] = mapped[0] = 2;
        right &= open("x", O_CREAT | O_RDWR, 0600) == -1 && errno == ENOENT;
        ftruncate(fd, 20);
        _exit(right);
    }
    right &= reap(child, EXITED(1));
    int copies[40];
    for (int i = 0; i < 40; i++)
        copies[i] = open("/dev/zero", O_RDONLY);
    for (int i = 0; i < 40; i++)
        close(copies[i]);
    close(fd);
    close(memory);
    munmap(mapped, 40000);
    munmap(own, 40000);
    return right;
}

// Memory of all kinds, mapped, touched, cut in pieces, moved, shared with a child, left to exit to unmap.
static int memory(int number)
{
    (void)number;
    const int both = PROT_READ | PROT_WRITE;
    char *shared = mmap(NULL, 65536, both, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    char *own = mmap(NULL, 1 << 20, both, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 1 << 20; i += 16384)
        own[i] = 1;
    munmap(own + 65536, 65536);
    mprotect(own + 262144, 4096, PROT_READ);
    madvise(own + 524288, 65536, MADV_DONTNEED);
    pid_t child = fork();
    if (child == 0) {
        shared[40000] = 7;
        own[600000] = 1;
        *(char *)mmap((void *)0x100000000000, 4096, both, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) = 1;
        mmap(NULL, 1 << 20, both, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        own = mremap(own, 4096, 1 << 19, MREMAP_MAYMOVE);
        sbrk(100000);
        munmap(shared, 65536);
        shared[0] = 1;
    }
    int right = reap(child, KILLED(SIGSEGV)) && shared[40000] == 7;
    munmap(own, 1 << 20);
    munmap(shared, 65536);
    return right;
}

// The files of /proc of processes that run, are zombies, and are gone; kept open beyond the end.
static int observed(int number)
{
    static const char *const names[] = { "stat", "status", "maps", "cmdline", "environ", "exe", "cwd", "fd", "task", "mounts" };
    char path[64], piece[512];
    struct gate gate = gate_make();
    int fds[10], right = 1;
    pid_t child = fork();
    if (child == 0) {
        gate_wait(&gate);
        _exit(0);
    }
    for (int i = 0; i < 10; i++) {
        snprintf(path, sizeof path, "/proc/%d/%s", child, names[i]);
        fds[i] = open(path, O_RDONLY);
        right &= fds[i] >= 0;
        if (number & 1)
            (void)!read(fds[i], piece, sizeof piece);
    }
    gate_open(&gate);
    siginfo_t information;
    waitid(P_PID, child, &information, WEXITED | WNOWAIT);
    for (int i = 0; i < 5; i++)
        (void)!read(fds[i], piece, sizeof piece);
    right &= reap(child, EXITED(0));
    for (int i = 0; i < 10; i++) {
        (void)!read(fds[i], piece, sizeof piece);
        close(fds[i]);
    }
    gate_close(&gate);
    return right;
}

// File systems mounted, used, left in use and taken away, by a process that has the right to.
static int mounts(int number)
{
    mkdir("mount", 0700);
    if (mount("none", "mount", "tmpfs", 0, "size=200k"))
        return errno == EPERM;
    int right = make_file("mount/a", block, 10000, 0600) && mkdir("mount/b", 0700) == 0 && make_file("mount/b/c", "c", 1, 0600);
    right &= mount("none", "mount/b", "proc", 0, NULL) == 0 && access("mount/b/self/stat", R_OK) == 0;
    right &= mount("none", "missing", "tmpfs", 0, NULL) == -1 && mount("none", "mount", "nothing", 0, NULL) == -1;
    int fd = open("mount/a", O_RDONLY);
    right &= umount("mount") == -1 && errno == EBUSY && umount("mount/b") == 0;
    if (number & 1)
        close(fd);
    right &= umount2("mount", number & 1 ? 0 : MNT_DETACH) == 0;
    if (!(number & 1))
        close(fd);
    return right & (rmdir("mount") == 0);
}

// Forks that fail at a limit.
static int refused(int number)
{
    (void)number;
    pid_t child = fork();
    if (child == 0) {
        struct rlimit one = { 1, 1 };
        setrlimit(RLIMIT_NPROC, &one);
        if (setuid(NOBODY))
            _exit(5);
        int failed = 0;
        for (int i = 0; i < 4; i++) {
            pid_t refused = fork();
            if (refused == 0)
                _exit(0);
            failed += refused == -1 && errno == EAGAIN;
        }
        _exit(failed >= 4 ? 5 : failed);
    }
    return reap(child, EXITED(5));
}

// ---- The soak ---------------------------------------------------------------------------------------------

static const struct kind { const char *name; int (*round)(int); int part; } kinds[] = {
    { "fork, exec, pipe and wait", programs, 1 },
    { "exec that fails, scripts", failing_exec, 20 },
    { "a program that cannot be loaded", broken_program, 20 },
    { "threads, exit and exec among them", threads, 20 },
    { "vfork", borrowed, 20 },
    { "children nobody waits for", forgotten, 20 },
    { "zombies that are adopted", adopted, 20 },
    { "pending signals, running timers", pending, 20 },
    { "sessions and process groups", groups, 20 },
    { "killed asleep", killed_asleep, 10 },
    { "files without names", files, 20 },
    { "memory of all kinds", memory, 20 },
    { "files of /proc", observed, 20 },
    { "mounts", mounts, 20 },
    { "refused forks", refused, 20 },
};

static void soak(const struct kind *kind, int rounds)
{
    static struct counts before;
    int right = 0, warm = rounds < 12 ? rounds : 12;
    for (int i = 0; i < warm; i++)
        right += kind->round(i);
    CHECK_EQ(check_name("%s: first rounds", kind->name), right, warm);
    if (is_exact)
        counts_rest(&before, 6, 20000);
    right = 0;
    for (int i = 0; i < rounds; i++)
        right += kind->round(i);
    CHECK_EQ(check_name("%s: %d rounds", kind->name, rounds), right, rounds);
    if (is_exact)
        CHECK(check_name("%s: frames and objects are as before", kind->name), counts_settle(&before));
}

int main(int argc, char **argv)
{
    if (argc >= 3 && !strcmp(argv[1], "reply"))
        return reply(atoi(argv[2]));
    int rounds = argc > 1 ? atoi(argv[1]) : 200;
    const char *only = argc > 2 ? argv[2] : "";
    static struct counts before;
    is_exact = counts_are_exact();
    check_begin(60 + rounds / 10);
    check_scratch();
    for (int i = 0; i < 12; i++)
        programs(i);
    if (is_exact)
        counts_begin(&before);
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strstr(kinds[i].name, only))
            soak(&kinds[i], (rounds + kinds[i].part - 1) / kinds[i].part);
    CHECK_ERR("no child is left", waitpid(-1, NULL, WNOHANG), ECHILD);
    return check_end();
}
