// Every step of what takes kernel memory fails once: the nth request that a call makes for a frame, an object or a stack is
// refused (/proc/self/fail-nth), for n from 1 until the call makes no more. Each time the call must succeed or say so, and
// nothing may be left behind.
// timeout: 120
// cpus: 2
// host: root
#include "counts.h"
#include <mqueue.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/timerfd.h>

#define MOST 80
#ifndef TFD_TIMER_CANCEL_ON_SET
#define TFD_TIMER_CANCEL_ON_SET 2
#endif

static struct counts at_rest;
static int fail_fd, failed;
static char stack[16384] __attribute__((aligned(16)));

static void arm(int nth)
{
    char digits[16];
    int length = snprintf(digits, sizeof digits, "%d", nth);
    (void)!pwrite(fail_fd, digits, length, 0);
}

// True when the failure asked for has come. Reading makes requests, too: a refusal now is one that the call did not meet.
static int has_failed(void)
{
    char digits[16] = "";
    return pread(fail_fd, digits, sizeof digits - 1, 0) > 0 && atoi(digits) == 0;
}

// The end of what may fail: what comes after only tidies up.
static void settle(void)
{
    failed = has_failed();
    arm(0);
}

// ---- Calls: each gives 0 or an error number, and undoes what it did after settle() -------------------------------

static int of(long result)
{
    return result == -1 ? errno : 0;
}

static int reap(pid_t child)
{
    int error = of(child), status;
    settle();
    if (child > 0)
        waitpid(child, &status, 0);
    return error;
}

static int call_fork(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    return reap(child);
}

static int call_vfork(void)
{
    volatile pid_t child = vfork();
    if (child == 0)
        _exit(0);
    return reap(child);
}

static int thread_body(void *argument)
{
    syscall(SYS_exit, 0);
    return argument != NULL;
}

static int call_thread(void)
{
    static volatile int id;
    id = 1;
    const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_CHILD_CLEARTID;
    int result = clone(thread_body, stack + sizeof stack, flags, NULL, NULL, NULL, &id);
    int error = of(result);
    settle();
    while (result > 0 && id)
        sched_yield();
    return error;
}

static int call_pipe(void)
{
    int ends[2] = { 0, 0 }, error = of(pipe(ends));
    if (!error)
        error = of(write(ends[1], stack, 10000));
    settle();
    if (error && !ends[0])
        return error;
    close(ends[0]);
    close(ends[1]);
    return error;
}

static int call_open(void)
{
    int fd = open("made", O_CREAT | O_RDWR, 0600), error = of(fd);
    if (!error)
        error = of(pwrite(fd, stack, 10000, 0));
    if (!error)
        error = of(pwrite(fd, stack, 10, 100 << 20));
    settle();
    close(fd);
    unlink("made");
    return error;
}

static int call_names(void)
{
    char target[200];
    memset(target, 'x', sizeof target - 1);
    target[sizeof target - 1] = 0;
    int error = of(mkdir("directory", 0700));
    if (!error)
        error = of(symlink(target, "directory/link"));
    if (!error)
        error = of(mkfifo("directory/fifo", 0600));
    if (!error)
        error = of(rename("directory/fifo", "directory/other"));
    settle();
    unlink("directory/link");
    unlink("directory/fifo");
    unlink("directory/other");
    rmdir("directory");
    return error;
}

static int call_map(void)
{
    char *shared = mmap(NULL, 1 << 22, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int error = shared == MAP_FAILED ? errno : 0;
    char *own = error ? MAP_FAILED : mmap(NULL, 1 << 22, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!error && own == MAP_FAILED)
        error = errno;
    if (!error) {
        shared[8192] = own[1 << 21] = own[100] = 1; // faults do not fail: they are tried again
        error = of(mprotect(own + 40960, 4096, PROT_READ));
        if (!error)
            error = of(munmap(own + 81920, 8192));
    }
    settle();
    if (own != MAP_FAILED)
        munmap(own, 1 << 22);
    if (shared != MAP_FAILED)
        munmap(shared, 1 << 22);
    return error;
}

static int call_poll(void)
{
    struct pollfd polled[3] = { { 0, POLLIN, 0 }, { fail_fd, POLLIN, 0 }, { 0, POLLERR, 0 } };
    return of(poll(polled, 3, 1));
}

static int call_proc(void)
{
    char piece[600];
    int fd = open("/proc/self/status", O_RDONLY), error = of(fd);
    if (!error)
        error = of(read(fd, piece, sizeof piece));
    close(fd);
    fd = open("/proc/self/fd", O_RDONLY | O_DIRECTORY);
    if (fd >= 0 && !error)
        error = of(syscall(SYS_getdents64, fd, piece, sizeof piece));
    close(fd);
    return error;
}

static int call_mount(void)
{
    int error = of(mount("none", "place", "tmpfs", 0, NULL));
    if (!error)
        error = of(mkdir("place/a", 0700));
    settle();
    umount("place");
    return error;
}

static int call_signal(void)
{
    sigset_t set;
    struct timespec none = { 0, 0 };
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 3);
    sigprocmask(SIG_BLOCK, &set, NULL);
    union sigval carried = { .sival_int = 1 };
    int error = of(sigqueue(getpid(), SIGRTMIN + 3, carried));
    settle();
    while (sigtimedwait(&set, NULL, &none) > 0) { }
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    return error;
}

static int call_lock(void)
{
    int fd = open("place", O_RDONLY), error = of(fd);
    struct flock range = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 5, .l_len = 10 };
    if (!error)
        error = of(fcntl(fd, F_SETLK, &range));
    range.l_type = F_UNLCK, range.l_start = 8, range.l_len = 2;
    if (!error)
        error = of(fcntl(fd, F_SETLK, &range));
    close(fd);
    return error;
}

static int call_timer(void)
{
    int id = -1, error = of(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id));
    struct itimerspec spec = { { 100, 0 }, { 100, 0 } };
    if (!error)
        error = of(syscall(SYS_timer_settime, id, 0, &spec, NULL));
    settle();
    if (id >= 0)
        syscall(SYS_timer_delete, id);
    return error;
}

static int call_timerfd(void)
{
    int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK), error = of(fd);
    struct itimerspec spec = { { 100, 0 }, { 4000000000, 0 } };
    if (!error)
        error = of(timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &spec, NULL));
    settle();
    close(fd);
    return error;
}

// Sets with values and adjustments in frames, and many operations at once.
static int call_semaphores(void)
{
    struct sembuf many[20];
    for (int i = 0; i < 20; i++)
        many[i] = (struct sembuf){ i * 50, 1, SEM_UNDO };
    int id = semget(IPC_PRIVATE, 1000, 0600), error = of(id);
    if (!error)
        error = of(semop(id, many, 20));
    static unsigned short values[1000];
    if (!error)
        error = of(semctl(id, 0, GETALL, values));
    settle();
    if (id >= 0)
        semctl(id, 0, IPC_RMID);
    return error;
}

static int call_messages(void)
{
    static struct { long type; char text[6000]; } message = { .type = 1 };
    int id = msgget(IPC_PRIVATE, 0600), error = of(id);
    if (!error)
        error = of(msgsnd(id, &message, 6000, IPC_NOWAIT));
    if (!error)
        error = of(msgsnd(id, &message, 10, IPC_NOWAIT));
    if (!error)
        error = of(msgrcv(id, &message, 6000, 0, IPC_NOWAIT | 040000)); // MSG_COPY
    settle();
    if (id >= 0)
        msgctl(id, IPC_RMID, NULL);
    return error;
}

static int call_segment(void)
{
    int id = shmget(IPC_PRIVATE, 5 << 20, 0600), error = of(id);
    char *place = error ? (char *)-1 : shmat(id, NULL, 0);
    if (!error && place == (char *)-1)
        error = errno;
    if (!error) {
        place[0] = place[(5 << 20) - 1] = 1;
        error = of(munmap(place + 8192, 4096));
    }
    settle();
    if (place != (char *)-1)
        shmdt(place);
    if (id >= 0)
        shmctl(id, IPC_RMID, NULL);
    return error;
}

static int call_queue(void)
{
    mqd_t queue = mq_open("/failing", O_CREAT | O_RDWR, 0600, NULL);
    int error = of(queue);
    if (!error)
        error = of(mq_send(queue, stack, 5000, 3));
    if (!error)
        error = of(mq_receive(queue, stack, 8192, NULL));
    settle();
    if (queue >= 0)
        mq_close(queue);
    mq_unlink("/failing");
    return error;
}

static const struct { const char *name; int (*call)(void); } calls[] = {
    { "fork", call_fork }, { "vfork", call_vfork }, { "thread", call_thread }, { "pipe", call_pipe }, { "files", call_open },
    { "names", call_names }, { "mappings", call_map }, { "poll", call_poll }, { "proc", call_proc }, { "mount", call_mount },
    { "signals", call_signal }, { "locks", call_lock },
    { "timer", call_timer }, { "timer's file", call_timerfd },
    { "semaphores", call_semaphores }, { "messages", call_messages }, { "segments", call_segment }, { "POSIX queues", call_queue },
};

static int is_refusal(int error)
{
    return error == 0 || error == ENOMEM || error == EAGAIN || error == ENFILE || error == ENOLCK;
}

static void fail_each(const char *name, int (*call)(void))
{
    static struct counts before;
    int wrong = 0, nth = 1, refused = 0;
    for (int i = 0; i < 3; i++)
        call();
    counts_take(&before);
    for (; nth <= MOST; nth++) {
        arm(nth);
        failed = -1;
        int error = call();
        if (failed == -1)
            settle();
        refused += error != 0;
        if (!is_refusal(error) || (!failed && error)) {
            check_line("  request %d of %s: errno %d, failed %d", nth, name, error, failed);
            wrong++;
        }
        if (!failed)
            break;
    }
    CHECK_EQ(check_name("%s: %d requests refused, %d errors", name, nth - 1, refused), wrong, 0);
    CHECK(check_name("%s: requests are made, and come to an end", name), nth > 1 && nth <= MOST);
    CHECK(check_name("%s: frames and objects are as before", name), counts_settle(&before));
}

// A session or a process group that cannot be made.
static void fail_groups(void)
{
    static struct counts before;
    int status = 0;
    for (int round = 0; round < 6 && !status; round++) {
        if (round == 2)
            counts_take(&before);
        pid_t child = fork();
        if (child == 0) {
            fail_fd = open("/proc/self/fail-nth", O_RDWR);
            arm(1 + round / 2 % 2);
            int error = round % 2 ? of(setsid()) : of(setpgid(0, 0));
            settle();
            if (!is_refusal(error) || (error && !failed))
                _exit(1);
            _exit(error && setsid() != getpid());
        }
        waitpid(child, &status, 0);
    }
    CHECK_EQ("sessions and groups that cannot be made", status, 0);
    CHECK("sessions and groups: frames and objects are as before", counts_settle(&before));
}

// Timers of processes that end, are killed, or call exec with timers armed and files open: nothing is left of them.
static void end_with_timers(void)
{
    static struct counts before;
    int status = 0;
    for (int round = 0; round < 12; round++) {
        if (round == 3)
            counts_take(&before);
        pid_t child = fork();
        if (child == 0) {
            struct itimerspec soon = { { 0, 100000 }, { 0, 100000 } };
            int id;
            sigset_t set;
            sigemptyset(&set);
            sigaddset(&set, SIGALRM);
            sigprocmask(SIG_BLOCK, &set, NULL);
            for (int i = 0; i < 20; i++) {
                syscall(SYS_timer_create, i % 2 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, NULL, &id);
                syscall(SYS_timer_settime, id, 0, &soon, NULL);
                timerfd_settime(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), 0, &soon, NULL);
            }
            if (round % 3 == 0)
                kill(getpid(), SIGKILL);
            if (round % 3 == 1)
                execl("/proc/self/exe", "failing", "end", (char *)NULL);
            _exit(7);
        }
        waitpid(child, &status, 0);
        if (status != EXITED(7) && status != KILLED(SIGKILL))
            check_fail("timers at the end", "expected an end of its own, got status 0x%x", status);
    }
    CHECK("timers at the end: frames and objects are as before", counts_settle(&before));
}

// A program that replaces itself: it says how far it came, or is ended beyond the point of no return.
static void fail_exec(const char *path)
{
    static struct counts before;
    int refused = 0, ended = 0, done = 0, status;
    for (int nth = 0; nth <= MOST; nth++) {
        if (nth == 1)
            counts_take(&before);
        pid_t child = fork();
        if (child == 0) {
            fail_fd = open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC);
            arm(nth);
            execl(path, "failing", "end", (char *)NULL);
            int error = errno;
            arm(0);
            _exit(is_refusal(error) ? 100 : 101);
        }
        waitpid(child, &status, 0);
        refused += status == EXITED(100);
        ended += status == KILLED(SIGSEGV) || status == KILLED(SIGKILL);
        done += status == EXITED(7);
    }
    check_line("exec of %s: %d refused, %d ended, %d done", path, refused, ended, done);
    CHECK_EQ(check_name("exec of %s: refused, ended or done", path), refused + ended + done, MOST + 1);
    CHECK(check_name("exec of %s: of each kind", path), refused && ended && done);
    CHECK(check_name("exec of %s: frames and objects are as before", path), counts_settle(&before));
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "end"))
        return 7;
    fail_fd = open("/proc/self/fail-nth", O_RDWR);
    if (fail_fd < 0 || !counts_are_exact()) {
        check_skip("all", "this kernel has no /proc/self/fail-nth or no exact counts");
        return check_end();
    }
    check_begin(110);
    check_scratch();
    counts_begin(&at_rest);
    settle(); // the file's text is there from now on
    mkdir("place", 0700);
    int fd = open("script", O_CREAT | O_WRONLY, 0700);
    (void)!write(fd, "#!/proc/self/exe end\n", 21);
    close(fd);
    for (unsigned i = 0; i < sizeof calls / sizeof *calls; i++)
        fail_each(calls[i].name, calls[i].call);
    fail_groups();
    end_with_timers();
    fail_exec("/proc/self/exe");
    fail_exec("./script");
    CHECK_ERR("no child is left", waitpid(-1, NULL, WNOHANG), ECHILD);
    return check_end();
}
