// Pipes: atomic writes up to PIPE_BUF with several writers, end of file, EPIPE with SIGPIPE, O_NONBLOCK, writers and readers
// that block and go on, restart after a signal, writes larger than the pipe, poll, FIONREAD, flags and seeking; slots, packets, sizes and
// the limits of sizes, FIFOs in every mode of opening.
// test: 40
// cpus: 1 2 4
// host: root
#include "check.h"
#include <limits.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/uio.h>

enum { CAPACITY = 65536 };
static int rounds;
static char buffer[1 << 20];

static void make(int ends[2], int flags)
{
    if (pipe2(ends, flags)) {
        check_fail("pipe2", "expected a pipe, got errno %d", errno);
        exit(check_end());
    }
}

static void shut(int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

static short events_of(int fd)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN | POLLOUT };
    return poll(&poll_fd, 1, 0) < 0 ? -1 : poll_fd.revents;
}

static int pending(int fd)
{
    int count = -1;
    return ioctl(fd, FIONREAD, &count) ? -1 : count;
}

static void basics(void)
{
    int ends[2];
    make(ends, 0);
    CHECK_EQ("basics: write", write(ends[1], "hello", 5), 5);
    CHECK_EQ("basics: FIONREAD", pending(ends[0]), 5);
    CHECK_EQ("basics: short read", read(ends[0], buffer, 2), 2);
    CHECK_EQ("basics: the rest", read(ends[0], buffer + 2, 100), 3);
    CHECK("basics: contents", !memcmp(buffer, "hello", 5));
    CHECK_EQ("basics: a write of nothing", write(ends[1], "", 0), 0);
    CHECK_EQ("basics: a read of nothing", read(ends[0], buffer, 0), 0);
    struct iovec parts[3] = { { "ab", 2 }, { "", 0 }, { "cde", 3 } };
    CHECK_EQ("basics: writev", writev(ends[1], parts, 3), 5);
    CHECK_EQ("basics: read over its seams", read(ends[0], buffer, 100), 5);
    CHECK("basics: writev contents", !memcmp(buffer, "abcde", 5));
    CHECK_ERR("basics: write to the read end", write(ends[0], "x", 1), EBADF);
    CHECK_ERR("basics: read from the write end", read(ends[1], buffer, 1), EBADF);
    CHECK_ERR("basics: no seeking", lseek(ends[0], 0, SEEK_SET), ESPIPE);
    CHECK_ERR("basics: no pread", pread(ends[0], buffer, 1, 0), ESPIPE);
    struct stat status;
    CHECK("basics: fstat says fifo", fstat(ends[0], &status) == 0 && S_ISFIFO(status.st_mode));
    CHECK_ERR("basics: pipe2 with wrong flags", pipe2(ends + 0, 0x10), EINVAL);
    shut(ends);

    make(ends, O_CLOEXEC | O_NONBLOCK);
    CHECK_EQ("basics: O_CLOEXEC", fcntl(ends[0], F_GETFD), FD_CLOEXEC);
    CHECK_EQ("basics: O_NONBLOCK and access mode", fcntl(ends[1], F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_WRONLY | O_NONBLOCK);
    shut(ends);
}

static void end_of_file(void)
{
    int ends[2];
    make(ends, 0);
    CHECK_EQ("eof: write", write(ends[1], "last", 4), 4);
    int copy = dup(ends[1]);
    close(ends[1]);
    close(copy);
    CHECK_EQ("eof: POLLIN and POLLHUP while there is data", events_of(ends[0]), POLLIN | POLLHUP);
    CHECK_EQ("eof: data first", read(ends[0], buffer, 100), 4);
    CHECK_EQ("eof: then the end", read(ends[0], buffer, 100), 0);
    CHECK_EQ("eof: again", read(ends[0], buffer, 100), 0);
    CHECK_EQ("eof: POLLHUP alone", events_of(ends[0]), POLLHUP);
    close(ends[0]);
}

static volatile int caught;
static void count_signal(int signal) { (void)signal; caught++; }

static int write_to_nobody(void)
{
    int ends[2];
    make(ends, 0);
    close(ends[0]);
    return write(ends[1], "x", 1) == 1;
}

static void broken(void)
{
    int ends[2];
    make(ends, 0);
    close(ends[0]);
    struct sigaction action = { .sa_handler = count_signal };
    sigaction(SIGPIPE, &action, NULL);
    caught = 0;
    CHECK_ERR("broken: EPIPE", write(ends[1], "x", 1), EPIPE);
    CHECK_EQ("broken: with SIGPIPE", caught, 1);
    CHECK_EQ("broken: POLLERR", events_of(ends[1]), POLLOUT | POLLERR);
    signal(SIGPIPE, SIG_IGN);
    CHECK_ERR("broken: EPIPE when ignored", write(ends[1], "x", 1), EPIPE);
    signal(SIGPIPE, SIG_DFL);
    close(ends[1]);
    CHECK_EQ("broken: SIGPIPE kills by default", check_status(write_to_nobody), KILLED(SIGPIPE));
}

static void nonblocking(void)
{
    int ends[2];
    make(ends, O_NONBLOCK);
    CHECK_ERR("nonblock: an empty one", read(ends[0], buffer, 1), EAGAIN);
    CHECK_EQ("nonblock: an empty one is writable only", events_of(ends[1]), POLLOUT);
    CHECK_EQ("nonblock: and not readable", events_of(ends[0]), 0);
    long total = 0, length;
    while ((length = write(ends[1], buffer, PIPE_BUF)) == PIPE_BUF)
        total += length;
    CHECK_ERR("nonblock: a full one", write(ends[1], buffer, PIPE_BUF), EAGAIN);
    CHECK_EQ("nonblock: it held the capacity", total, CAPACITY);
    CHECK_EQ("nonblock: F_GETPIPE_SZ", fcntl(ends[0], F_GETPIPE_SZ), CAPACITY);
    CHECK_EQ("nonblock: a full one is not writable", events_of(ends[1]), 0);
    CHECK_EQ("nonblock: a page is read", read(ends[0], buffer, PIPE_BUF), PIPE_BUF);
    CHECK_EQ("nonblock: then writable", events_of(ends[1]), POLLOUT);
    CHECK_EQ("nonblock: a large write is partial", write(ends[1], buffer, 3 * PIPE_BUF), PIPE_BUF);
    while (read(ends[0], buffer, sizeof buffer) > 0) { }
    close(ends[1]);
    CHECK_EQ("nonblock: end of file, not EAGAIN", read(ends[0], buffer, 1), 0);
    close(ends[0]);
}

// Several writers of records of PIPE_BUF bytes each; a record's bytes all say who wrote it and which it is.
static void atomicity(void)
{
    enum { WRITERS = 5 };
    int ends[2], next[WRITERS] = { 0 }, torn = 0, disordered = 0;
    make(ends, 0);
    for (int w = 0; w < WRITERS; w++)
        if (check_fork() == 0) {
            static int record[PIPE_BUF / sizeof(int)];
            close(ends[0]);
            for (int r = 0; r < rounds; r++) {
                for (unsigned i = 0; i < PIPE_BUF / sizeof(int); i++)
                    record[i] = w << 24 | r;
                // Lengths that never line up with a page.
                int length = w == 0 ? PIPE_BUF : PIPE_BUF - 4 * (w * 97 + r % 50);
                record[0] = w << 24 | length;
                if (write(ends[1], record, length) != length)
                    _exit(1);
            }
            _exit(0);
        }
    close(ends[1]);
    int head, body[PIPE_BUF / sizeof(int)];
    while (read(ends[0], &head, 4) == 4) {
        int writer = head >> 24, left = (head & 0xffffff) - 4, got = 0, length;
        if (writer < 0 || writer >= WRITERS || left < 0 || left > PIPE_BUF) {
            torn++;
            break;
        }
        while (got < left && (length = read(ends[0], (char *)body + got, left - got)) > 0)
            got += length;
        for (int i = 0; i < left / 4; i++)
            torn += body[i] != (writer << 24 | next[writer]);
        next[writer]++;
    }
    close(ends[0]);
    for (int w = 0; w < WRITERS; w++)
        disordered += next[w] != rounds;
    int status, failed = 0;
    while (wait(&status) > 0)
        failed += status != 0;
    CHECK_EQ("atomic: no record is torn", torn, 0);
    CHECK_EQ("atomic: every record arrived, in each writer's order", disordered, 0);
    CHECK_EQ("atomic: every writer ended well", failed, 0);
}

// One write of a megabyte through a pipe of 64 KiB: the writer blocks, is resumed, and the result is the whole length.
static void big_write(void)
{
    int ends[2];
    make(ends, 0);
    for (unsigned i = 0; i < sizeof buffer; i++)
        buffer[i] = i * 31 >> 5;
    pid_t child = check_fork();
    if (child == 0) {
        close(ends[0]);
        _exit(write(ends[1], buffer, sizeof buffer) != sizeof buffer);
    }
    close(ends[1]);
    static char part[7777];
    long total = 0, wrong = 0, length;
    while ((length = read(ends[0], part, sizeof part)) > 0) {
        wrong += memcmp(part, buffer + total, length) != 0;
        total += length;
    }
    int status;
    waitpid(child, &status, 0);
    CHECK_EQ("big write: all bytes arrived", total, (long)sizeof buffer);
    CHECK_EQ("big write: in order", wrong, 0);
    CHECK_EQ("big write: one call wrote all", status, 0);
    close(ends[0]);
}

static void blocking(void)
{
    int ends[2];
    make(ends, 0);
    pid_t reader = check_fork();
    if (reader == 0) {
        char byte;
        _exit(read(ends[0], &byte, 1) == 1 ? byte : 1);
    }
    check_await_state(reader, 'S');
    int status;
    CHECK_EQ("blocking: the reader waits", waitpid(reader, &status, WNOHANG), 0);
    CHECK_EQ("blocking: a byte", write(ends[1], "\x2a", 1), 1);
    waitpid(reader, &status, 0);
    CHECK_EQ("blocking: the reader got it", status, EXITED(0x2a));

    CHECK_EQ("blocking: the pipe is filled", write(ends[1], buffer, CAPACITY), CAPACITY);
    pid_t writer = check_fork();
    if (writer == 0)
        _exit(write(ends[1], buffer, PIPE_BUF) == PIPE_BUF ? 7 : 1);
    check_await_state(writer, 'S');
    CHECK_EQ("blocking: the writer waits", waitpid(writer, &status, WNOHANG), 0);
    CHECK_EQ("blocking: room is made", read(ends[0], buffer, 2 * PIPE_BUF), 2 * PIPE_BUF);
    waitpid(writer, &status, 0);
    CHECK_EQ("blocking: the writer went on", status, EXITED(7));

    // A writer that waits for room is told when the last reader leaves.
    writer = check_fork();
    if (writer == 0) {
        close(ends[0]);
        signal(SIGPIPE, SIG_IGN);
        while (write(ends[1], buffer, PIPE_BUF) == PIPE_BUF) { }
        _exit(errno == EPIPE ? 8 : 1);
    }
    check_await_state(writer, 'S');
    shut(ends);
    waitpid(writer, &status, 0);
    CHECK_EQ("blocking: the last reader's leaving wakes the writer", status, EXITED(8));
}

// A signal in a blocked read: restarted with SA_RESTART, EINTR without.
static void restart(int flags, int expected, const char *name)
{
    int ends[2];
    make(ends, 0);
    pid_t reader = check_fork();
    if (reader == 0) {
        struct sigaction action = { .sa_handler = count_signal, .sa_flags = flags };
        sigaction(SIGUSR1, &action, NULL);
        char byte;
        caught = 0;
        long length = read(ends[0], &byte, 1);
        int code = length == 1 ? 1 : errno == EINTR ? 2 : 3;
        _exit(caught == 1 ? code : 4);
    }
    check_await_state(reader, 'S');
    kill(reader, SIGUSR1);
    if (expected == 1) {
        // The reader handles the signal and sleeps again; the byte ends its restarted read either way.
        while (check_task_state(reader) != 'S')
            syscall(SYS_sched_yield);
        if (write(ends[1], "x", 1) != 1)
            return;
    }
    int status;
    waitpid(reader, &status, 0);
    CHECK_EQ(name, status, EXITED(expected));
    shut(ends);
}

// A write that has moved some bytes and is interrupted gives their count, not EINTR.
static void interrupted_write(void)
{
    int ends[2];
    make(ends, 0);
    pid_t writer = check_fork();
    if (writer == 0) {
        struct sigaction action = { .sa_handler = count_signal };
        sigaction(SIGUSR1, &action, NULL);
        _exit(write(ends[1], buffer, 2 * CAPACITY) == CAPACITY ? 6 : 1);
    }
    check_await_state(writer, 'S');
    kill(writer, SIGUSR1);
    int status;
    waitpid(writer, &status, 0);
    CHECK_EQ("interrupted write: the count of what was moved", status, EXITED(6));
    shut(ends);
}

// A named pipe: open blocks until the other side comes.
static void fifo(void)
{
    check_scratch();
    if (mkfifo("fifo", 0600)) {
        check_skip("fifo", "mkfifo fails");
        return;
    }
    CHECK_ERR("fifo: non-blocking open to write without a reader", open("fifo", O_WRONLY | O_NONBLOCK), ENXIO);
    pid_t child = check_fork();
    if (child == 0) {
        int fd = open("fifo", O_WRONLY);
        _exit(write(fd, "through", 7) != 7);
    }
    int fd = open("fifo", O_RDONLY), status;
    CHECK("fifo: open", fd >= 0);
    CHECK_EQ("fifo: read", read(fd, buffer, 100), 7);
    waitpid(child, &status, 0);
    CHECK_EQ("fifo: the writer", status, 0);
    CHECK_EQ("fifo: end of file", read(fd, buffer, 100), 0);
    close(fd);
}

// A pipe has a slot for each page; a write goes on in the last one if it fits there wholly.
static void slots(void)
{
    int ends[2], count = 0;
    make(ends, O_NONBLOCK);
    while (write(ends[1], buffer, 3000) == 3000)
        count++;
    CHECK_EQ("slots: writes that do not share a page", count, 16);
    CHECK_EQ("slots: one that fits behind the last", write(ends[1], buffer, 1096), 1096);
    CHECK_ERR("slots: then none", write(ends[1], buffer, 1), EAGAIN);
    CHECK_EQ("slots: not writable", events_of(ends[1]), 0);
    CHECK_EQ("slots: what is in", pending(ends[0]), 16 * 3000 + 1096);
    CHECK_EQ("slots: part of a page is read", read(ends[0], buffer, 2999), 2999);
    CHECK_EQ("slots: which makes no slot free", events_of(ends[1]), 0);
    CHECK_ERR("slots: so nothing can be written", write(ends[1], buffer, 1), EAGAIN);
    CHECK_EQ("slots: the rest of it is read", read(ends[0], buffer, 1), 1);
    CHECK_EQ("slots: that does", events_of(ends[1]), POLLOUT);
    CHECK_EQ("slots: of two pages one fits", write(ends[1], buffer, 2 * PIPE_BUF), PIPE_BUF);
    shut(ends);

    make(ends, O_NONBLOCK);
    for (count = 0; write(ends[1], "x", 1) == 1; count++) { }
    CHECK_EQ("slots: single bytes fill all", count, CAPACITY);
    CHECK_EQ("slots: large reads take from many", read(ends[0], buffer, sizeof buffer), CAPACITY);
    shut(ends);

    make(ends, O_NONBLOCK);
    CHECK_EQ("slots: a fault after a good page", write(ends[1], buffer, 100), 100);
    char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(pages + 4096, 4096);
    CHECK_ERR("slots: a bad address", write(ends[1], pages + 4096, 10), EFAULT);
    CHECK_EQ("slots: nothing came of it", pending(ends[0]), 100);
    CHECK_ERR("slots: a bad address to read", read(ends[0], pages + 4096, 10), EFAULT);
    CHECK_EQ("slots: nothing was lost", pending(ends[0]), 100);
    munmap(pages, 4096);
    shut(ends);
}

static void packets(void)
{
    int ends[2];
    make(ends, O_DIRECT);
    CHECK_EQ("packets: O_DIRECT shows", fcntl(ends[1], F_GETFL) & O_DIRECT, O_DIRECT);
    CHECK_EQ("packets: write three", write(ends[1], "one", 3) + write(ends[1], "second", 6) + write(ends[1], "3", 1), 10);
    CHECK_EQ("packets: FIONREAD", pending(ends[0]), 10);
    CHECK_EQ("packets: a read gives one", read(ends[0], buffer, 100), 3);
    CHECK_EQ("packets: a short read", read(ends[0], buffer, 2), 2);
    CHECK_EQ("packets: throws the rest away", read(ends[0], buffer, 100), 1);
    CHECK_EQ("packets: the third", buffer[0], '3');
    CHECK_EQ("packets: a large write", write(ends[1], buffer, 2 * PIPE_BUF + 10), 2 * PIPE_BUF + 10);
    CHECK_EQ("packets: is split", read(ends[0], buffer, sizeof buffer), PIPE_BUF);
    CHECK_EQ("packets: again", read(ends[0], buffer, sizeof buffer), PIPE_BUF);
    CHECK_EQ("packets: the last", read(ends[0], buffer, sizeof buffer), 10);
    CHECK_EQ("packets: a write of nothing", write(ends[1], "", 0), 0);
    CHECK_EQ("packets: is no packet", pending(ends[0]), 0);
    fcntl(ends[1], F_SETFL, O_NONBLOCK | O_DIRECT);
    int count = 0;
    while (write(ends[1], "x", 1) == 1)
        count++;
    CHECK_EQ("packets: each takes a slot", count, 16);
    fcntl(ends[1], F_SETFL, 0);
    CHECK_EQ("packets: switched off", fcntl(ends[1], F_GETFL) & O_DIRECT, 0);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    while (read(ends[0], buffer, 1) == 1) { }
    CHECK_EQ("packets: then bytes", write(ends[1], "ab", 2) + write(ends[1], "cd", 2), 4);
    CHECK_EQ("packets: are read together", read(ends[0], buffer, 100), 4);
    shut(ends);
}

static long setting(const char *name)
{
    char path[64], text[32] = "";
    snprintf(path, sizeof path, "/proc/sys/fs/%s", name);
    int fd = open(path, O_RDONLY);
    if (fd < 0 || read(fd, text, sizeof text - 1) < 0)
        check_fail(name, "expected to read it, got errno %d", errno);
    close(fd);
    return atol(text);
}

static int as_nobody(void)
{
    int ends[2];
    if (setgid(NOBODY) || setuid(NOBODY))
        return 9;
    make(ends, 0);
    int largest = setting("pipe-max-size");
    CHECK_EQ("sizes: nobody's largest", fcntl(ends[0], F_SETPIPE_SZ, largest), largest);
    CHECK_ERR("sizes: nobody's, one more", fcntl(ends[0], F_SETPIPE_SZ, largest + 1), EPERM);
    CHECK_EQ("sizes: smaller is always allowed", fcntl(ends[0], F_SETPIPE_SZ, 1), PIPE_BUF);
    shut(ends);

    // Pages of all pipes of one user together: over the soft limit a new pipe is small, and none may grow.
    enum { PIPES = 300 };
    static int many[PIPES][2];
    int made = 0, soft = setting("pipe-user-pages-soft");
    for (; made < PIPES && !pipe(many[made]); made++)
        if (fcntl(many[made][0], F_SETPIPE_SZ, largest) < 0)
            break;
    CHECK_EQ("limits: pipes of the largest size", made, soft / (largest / PIPE_BUF));
    CHECK_EQ("limits: then pages are few", fcntl(many[made][0], F_GETPIPE_SZ), 2 * PIPE_BUF);
    CHECK_ERR("limits: and it may not grow", fcntl(many[made][0], F_SETPIPE_SZ, 4 * PIPE_BUF), EPERM);
    close(many[0][0]), close(many[0][1]);
    CHECK_EQ("limits: until another goes", fcntl(many[made][0], F_SETPIPE_SZ, 4 * PIPE_BUF), 4 * PIPE_BUF);
    return check_counts.failed != 0;
}

static void sizes(void)
{
    int ends[2];
    make(ends, O_NONBLOCK);
    CHECK_EQ("sizes: default", fcntl(ends[1], F_GETPIPE_SZ), CAPACITY);
    CHECK_EQ("sizes: rounded up to a page", fcntl(ends[1], F_SETPIPE_SZ, 1), PIPE_BUF);
    CHECK_EQ("sizes: zero is a page", fcntl(ends[1], F_SETPIPE_SZ, 0), PIPE_BUF);
    CHECK_EQ("sizes: it holds a page", write(ends[1], buffer, sizeof buffer), PIPE_BUF);
    CHECK_EQ("sizes: rounded up to a power of two", fcntl(ends[1], F_SETPIPE_SZ, 5 * PIPE_BUF), 8 * PIPE_BUF);
    CHECK_EQ("sizes: there is room", write(ends[1], buffer, sizeof buffer), 7 * PIPE_BUF);
    CHECK_ERR("sizes: too small for what is in", fcntl(ends[1], F_SETPIPE_SZ, 4 * PIPE_BUF), EBUSY);
    CHECK_EQ("sizes: is as it was", fcntl(ends[0], F_GETPIPE_SZ), 8 * PIPE_BUF);
    CHECK_ERR("sizes: beyond 2 GiB", fcntl(ends[1], F_SETPIPE_SZ, -1), EINVAL);
    for (unsigned i = 0; i < sizeof buffer; i++)
        buffer[i] = i * 13 >> 4;
    read(ends[0], buffer + (1 << 19), 3 * PIPE_BUF);
    CHECK_EQ("sizes: bytes over the ring's end", write(ends[1], buffer, 3 * PIPE_BUF), 3 * PIPE_BUF);
    read(ends[0], buffer + (1 << 19), 5 * PIPE_BUF);
    CHECK_EQ("sizes: smaller again", fcntl(ends[1], F_SETPIPE_SZ, 4 * PIPE_BUF), 4 * PIPE_BUF);
    CHECK_EQ("sizes: larger than an object holds", fcntl(ends[1], F_SETPIPE_SZ, 1 << 20), 1 << 20);
    CHECK_EQ("sizes: what was in", read(ends[0], buffer + (1 << 19), 4 * PIPE_BUF), 3 * PIPE_BUF);
    CHECK("sizes: contents", !memcmp(buffer, buffer + (1 << 19), 3 * PIPE_BUF));
    CHECK_EQ("sizes: a mebibyte at once", write(ends[1], buffer, sizeof buffer), (long)sizeof buffer);
    CHECK_EQ("sizes: and back", read(ends[0], buffer, sizeof buffer), (long)sizeof buffer);
    CHECK_EQ("sizes: the default again", fcntl(ends[1], F_SETPIPE_SZ, CAPACITY), CAPACITY);
    shut(ends);
    int null = open("/dev/null", O_RDWR);
    CHECK_ERR("sizes: of no pipe", fcntl(null, F_GETPIPE_SZ), EBADF);
    CHECK_ERR("sizes: of no pipe, to set", fcntl(null, F_SETPIPE_SZ, PIPE_BUF), EBADF);
    close(null);
    if (geteuid() == 0) {
        make(ends, 0);
        if (prctl(PR_CAPBSET_READ, 24) == 0) // CAP_SYS_RESOURCE
            check_skip("sizes: root's may be beyond the limit", "root may not");
        else
            CHECK_EQ("sizes: root's may be beyond the limit", fcntl(ends[0], F_SETPIPE_SZ, 1 << 21), 1 << 21);
        shut(ends);
        CHECK_EQ("sizes and limits for nobody", check_status(as_nobody), 0);
    } else {
        check_skip("sizes and limits for nobody", "needs root");
    }
}

// Every way to open a FIFO. The other side comes, or has to.
static void fifo_modes(void)
{
    if (mkfifo("modes", 0600))
        return;
    int both = open("modes", O_RDWR);
    CHECK("modes: O_RDWR does not wait", both >= 0);
    CHECK_EQ("modes: it is both ends", write(both, "x", 1) + read(both, buffer, 1), 2);
    CHECK_EQ("modes: it is never hung up", events_of(both), POLLOUT);
    int writer = open("modes", O_WRONLY | O_NONBLOCK);
    CHECK("modes: now a writer need not wait", writer >= 0);
    close(writer);
    close(both);

    int reader = open("modes", O_RDONLY | O_NONBLOCK);
    CHECK("modes: a non-blocking reader", reader >= 0);
    CHECK_EQ("modes: at the end of an empty file", read(reader, buffer, 1), 0);
    CHECK_EQ("modes: not hung up before a writer came", events_of(reader), 0);
    writer = open("modes", O_WRONLY | O_NONBLOCK);
    CHECK("modes: a non-blocking writer with a reader", writer >= 0);
    CHECK_ERR("modes: nothing to read yet", read(reader, buffer, 1), EAGAIN);
    CHECK_EQ("modes: what it writes", write(writer, "abc", 3), 3);
    close(writer);
    CHECK_EQ("modes: it hung up with bytes left", events_of(reader), POLLIN | POLLHUP);
    CHECK_EQ("modes: they are read", read(reader, buffer, 100), 3);
    CHECK_EQ("modes: hung up", events_of(reader), POLLHUP);
    writer = open("modes", O_WRONLY | O_NONBLOCK);
    CHECK_EQ("modes: another writer ends that", events_of(reader), 0);
    close(reader);
    CHECK_EQ("modes: no reader is left", events_of(writer), POLLOUT | POLLERR);
    close(writer);
    CHECK_ERR("modes: nobody is left", open("modes", O_WRONLY | O_NONBLOCK), ENXIO);

    // What was written and not read has gone with the last who had it open.
    both = open("modes", O_RDWR);
    write(both, "old", 3);
    close(both);
    both = open("modes", O_RDWR | O_NONBLOCK);
    CHECK_ERR("modes: bytes do not stay in it", read(both, buffer, 3), EAGAIN);
    close(both);

    // An open that waits ends with a signal; a reader that only came and went lets a writer's open go on.
    pid_t child = check_fork();
    if (child == 0) {
        struct sigaction action = { .sa_handler = count_signal };
        sigaction(SIGUSR1, &action, NULL);
        _exit(open("modes", O_RDONLY) < 0 && errno == EINTR ? 5 : 1);
    }
    check_await_state(child, 'S');
    kill(child, SIGUSR1);
    int status;
    waitpid(child, &status, 0);
    CHECK_EQ("modes: a signal ends an open", status, EXITED(5));
    child = check_fork();
    if (child == 0)
        _exit(open("modes", O_WRONLY) >= 0 ? 6 : 1);
    check_await_state(child, 'S');
    close(open("modes", O_RDONLY | O_NONBLOCK));
    waitpid(child, &status, 0);
    CHECK_EQ("modes: a reader that came and went", status, EXITED(6));
    struct stat status_of;
    CHECK("modes: it is a FIFO of no bytes", stat("modes", &status_of) == 0 && S_ISFIFO(status_of.st_mode) && status_of.st_size == 0);
}

int main(int argc, char **argv)
{
    rounds = argc > 1 ? atoi(argv[1]) : 40;
    check_begin(50);
    basics();
    end_of_file();
    broken();
    nonblocking();
    atomicity();
    big_write();
    blocking();
    restart(SA_RESTART, 1, "restart: SA_RESTART goes on reading");
    restart(0, 2, "restart: without it, EINTR");
    interrupted_write();
    fifo();
    slots();
    packets();
    sizes();
    fifo_modes();
    return check_end();
}
