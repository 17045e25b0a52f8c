// splice, tee, vmsplice and sendfile: between pipes and files, offsets and positions, what each refuses and in which order, waiting and
// not, SIGPIPE, that bytes are moved and not lost, pages that several pipes share, and that what a file had is not changed through a pipe.
// cpus: 1 2 4
#include "check.h"
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

enum { PAGE = 4096, CAPACITY = 65536 };
static char data[1 << 18], got[1 << 18];

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

static int pending(int fd)
{
    int count = -1;
    return ioctl(fd, FIONREAD, &count) ? -1 : count;
}

static int file_of(const char *name, long bytes)
{
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, data, bytes) != bytes)
        check_fail("file", "expected a file of %ld bytes, got errno %d", bytes, errno);
    lseek(fd, 0, SEEK_SET);
    return fd;
}

static long read_all(int fd, long most)
{
    long total = 0, length;
    while (total < most && (length = read(fd, got + total, most - total)) > 0)
        total += length;
    return total;
}

static int wait_code(pid_t child)
{
    int status;
    waitpid(child, &status, 0);
    return status;
}

static void from_file(void)
{
    int ends[2], file = file_of("from", 3 * PAGE + 100);
    make(ends, 0);
    CHECK_EQ("from a file: splice", splice(file, NULL, ends[1], NULL, 5000, 0), 5000);
    CHECK_EQ("from a file: its position moved", lseek(file, 0, SEEK_CUR), 5000);
    CHECK_EQ("from a file: FIONREAD", pending(ends[0]), 5000);
    loff_t offset = 100;
    CHECK_EQ("from a file: with an offset", splice(file, &offset, ends[1], NULL, 3000, SPLICE_F_MOVE), 3000);
    CHECK_EQ("from a file: the offset moved", offset, 3100);
    CHECK_EQ("from a file: the position did not", lseek(file, 0, SEEK_CUR), 5000);
    CHECK_EQ("from a file: all is read", read_all(ends[0], 8000), 8000);
    CHECK("from a file: contents", !memcmp(got, data, 5000) && !memcmp(got + 5000, data + 100, 3000));
    CHECK_EQ("from a file: to its end", splice(file, NULL, ends[1], NULL, 1 << 20, 0), 3 * PAGE + 100 - 5000);
    CHECK_EQ("from a file: behind its end", splice(file, NULL, ends[1], NULL, 100, 0), 0);
    CHECK_EQ("from a file: the rest", read_all(ends[0], 3 * PAGE + 100 - 5000), 3 * PAGE + 100 - 5000);
    CHECK("from a file: contents of the rest", !memcmp(got, data + 5000, 3 * PAGE + 100 - 5000));

    CHECK_OK("from a file: a hole", ftruncate(file, 5 * PAGE));
    offset = 3 * PAGE + 50;
    CHECK_EQ("from a file: into the hole", splice(file, &offset, ends[1], NULL, PAGE, 0), PAGE);
    read_all(ends[0], PAGE);
    static const char zeros[PAGE];
    CHECK("from a file: what was there", !memcmp(got, data + 3 * PAGE + 50, 50));
    CHECK("from a file: a hole is zeros", !memcmp(got + 50, zeros, PAGE - 50));
    close(file);

    // A pipe takes as many pages as it has slots; more would wait, but something was moved.
    file = file_of("from", 3 * CAPACITY);
    CHECK_EQ("from a file: what the pipe takes", splice(file, NULL, ends[1], NULL, 3 * CAPACITY, 0), CAPACITY);
    CHECK_ERR("from a file: a full pipe", splice(file, NULL, ends[1], NULL, 1, SPLICE_F_NONBLOCK), EAGAIN);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    CHECK_ERR("from a file: the pipe's O_NONBLOCK", splice(file, NULL, ends[1], NULL, 1, 0), EAGAIN);
    CHECK_EQ("from a file: the position did not move", lseek(file, 0, SEEK_CUR), CAPACITY);
    shut(ends);
    close(file);
}

static void to_file(void)
{
    int ends[2], file = open("to", O_RDWR | O_CREAT | O_TRUNC, 0600);
    make(ends, 0);
    CHECK_EQ("to a file: fill", write(ends[1], data, 3 * PAGE), 3 * PAGE);
    CHECK_EQ("to a file: splice", splice(ends[0], NULL, file, NULL, 5000, 0), 5000);
    CHECK_EQ("to a file: its position moved", lseek(file, 0, SEEK_CUR), 5000);
    CHECK_EQ("to a file: left in the pipe", pending(ends[0]), 3 * PAGE - 5000);
    loff_t offset = 10000;
    CHECK_EQ("to a file: with an offset, all there is", splice(ends[0], NULL, file, &offset, 1 << 20, 0), 3 * PAGE - 5000);
    CHECK_EQ("to a file: the offset moved", offset, 10000 + 3 * PAGE - 5000);
    CHECK_EQ("to a file: the position did not", lseek(file, 0, SEEK_CUR), 5000);
    CHECK_EQ("to a file: read back", pread(file, got, sizeof got, 0), offset);
    CHECK("to a file: contents", !memcmp(got, data, 5000) && !memcmp(got + 10000, data + 5000, 3 * PAGE - 5000) && got[7000] == 0);
    CHECK_ERR("to a file: an empty pipe", splice(ends[0], NULL, file, NULL, 1, SPLICE_F_NONBLOCK), EAGAIN);
    close(ends[1]);
    CHECK_EQ("to a file: no writer is left", splice(ends[0], NULL, file, NULL, 1, 0), 0);
    close(ends[0]);
    close(file);

    int null = open("/dev/null", O_WRONLY);
    make(ends, 0);
    CHECK_EQ("to /dev/null: fill", write(ends[1], data, 10000), 10000);
    CHECK_EQ("to /dev/null: splice", splice(ends[0], NULL, null, NULL, 20000, 0), 10000);
    CHECK_EQ("to /dev/null: the pipe is empty", pending(ends[0]), 0);
    close(null);
    shut(ends);
}

static void pipe_to_pipe(void)
{
    int a[2], b[2];
    make(a, 0);
    make(b, 0);
    CHECK_EQ("pipe to pipe: fill", write(a[1], data, 10000), 10000);
    CHECK_EQ("pipe to pipe: a part", splice(a[0], NULL, b[1], NULL, 6000, 0), 6000);
    CHECK_EQ("pipe to pipe: left", pending(a[0]), 4000);
    CHECK_EQ("pipe to pipe: arrived", pending(b[0]), 6000);

    // What is written now must not land in what the two share of a page.
    CHECK_EQ("pipe to pipe: more into the first", write(a[1], data + 10000, 50), 50);
    CHECK_EQ("pipe to pipe: more into the second", write(b[1], data + 20000, 70), 70);
    CHECK_EQ("pipe to pipe: the first", read_all(a[0], 4050), 4050);
    CHECK("pipe to pipe: contents of the first", !memcmp(got, data + 6000, 4050));
    CHECK_EQ("pipe to pipe: the second", read_all(b[0], 6070), 6070);
    CHECK("pipe to pipe: contents of the second", !memcmp(got, data, 6000) && !memcmp(got + 6000, data + 20000, 70));

    CHECK_ERR("pipe to pipe: an empty one", splice(a[0], NULL, b[1], NULL, 1, SPLICE_F_NONBLOCK), EAGAIN);
    fcntl(b[1], F_SETFL, O_NONBLOCK);
    CHECK_ERR("pipe to pipe: O_NONBLOCK of the second", splice(a[0], NULL, b[1], NULL, 1, 0), EAGAIN);
    fcntl(b[1], F_SETFL, 0);
    CHECK_EQ("pipe to pipe: fill both", write(a[1], data, PAGE) + write(b[1], data, CAPACITY), PAGE + CAPACITY);
    CHECK_ERR("pipe to pipe: a full one", splice(a[0], NULL, b[1], NULL, 1, SPLICE_F_NONBLOCK), EAGAIN);
    read_all(b[0], CAPACITY);

    pid_t child = check_fork();
    if (child == 0) {
        long first = splice(a[0], NULL, b[1], NULL, PAGE, 0), second = splice(a[0], NULL, b[1], NULL, PAGE, 0);
        _exit(first == PAGE && second == 3 ? 0 : 1);
    }
    check_await_state(child, 'S');
    CHECK_EQ("pipe to pipe: a write ends its wait", write(a[1], "abc", 3), 3);
    CHECK_EQ("pipe to pipe: the waiting one", wait_code(child), 0);
    close(a[1]);
    CHECK_EQ("pipe to pipe: no writer is left", splice(a[0], NULL, b[1], NULL, 1, 0), 0);
    close(a[0]);
    shut(b);
}

static void tees(void)
{
    int a[2], b[2];
    make(a, 0);
    make(b, 0);
    CHECK_EQ("tee: fill", write(a[1], data, 10000), 10000);
    CHECK_EQ("tee: a part", tee(a[0], b[1], 5000, 0), 5000);
    CHECK_EQ("tee: nothing is taken", pending(a[0]), 10000);
    CHECK_EQ("tee: again, all", tee(a[0], b[1], 1 << 20, 0), 10000);
    CHECK_EQ("tee: write to the first", write(a[1], data + 10000, 100), 100);
    CHECK_EQ("tee: write to the second", write(b[1], data + 30000, 100), 100);
    CHECK_EQ("tee: the first", read_all(a[0], 10100), 10100);
    CHECK("tee: contents of the first", !memcmp(got, data, 10100));
    CHECK_EQ("tee: the second", read_all(b[0], 15100), 15100);
    CHECK("tee: contents of the second",
        !memcmp(got, data, 5000) && !memcmp(got + 5000, data, 10000) && !memcmp(got + 15000, data + 30000, 100));
    CHECK_ERR("tee: an empty one", tee(a[0], b[1], 1, SPLICE_F_NONBLOCK), EAGAIN);
    CHECK_EQ("tee: nothing", tee(a[0], b[1], 0, 0), 0);
    CHECK_ERR("tee: one pipe", tee(a[0], a[1], 1, 0), EINVAL);
    CHECK_ERR("tee: flags", tee(a[0], b[1], 1, 0x100), EINVAL);
    CHECK_ERR("tee: wrong ends", tee(a[1], b[1], 1, 0), EBADF);
    CHECK_ERR("tee: no descriptor", tee(-1, b[1], 1, 0), EBADF);
    int file = file_of("tee", 100);
    CHECK_ERR("tee: no pipe", tee(file, b[1], 1, 0), EINVAL);
    close(file);
    close(a[1]);
    CHECK_EQ("tee: no writer is left", tee(a[0], b[1], 1, 0), 0);
    close(a[0]);
    shut(b);
}

static void refusals(void)
{
    int a[2], b[2], file = file_of("refusals", 100), append = open("refusals", O_WRONLY | O_APPEND);
    make(a, 0);
    make(b, 0);
    loff_t offset = 0, minus = -1;
    write(a[1], data, 100);
    CHECK_EQ("refusals: nothing, whatever else", splice(-1, NULL, -1, NULL, 0, 0x100), 0);
    CHECK_ERR("refusals: flags", splice(file, NULL, a[1], NULL, 1, 0x100), EINVAL);
    CHECK_ERR("refusals: no descriptor", splice(-1, NULL, a[1], NULL, 1, 0), EBADF);
    CHECK_ERR("refusals: no second descriptor", splice(file, NULL, -1, NULL, 1, 0), EBADF);
    CHECK_ERR("refusals: no pipe", splice(file, NULL, file, NULL, 1, 0), EINVAL);
    CHECK_ERR("refusals: one pipe", splice(a[0], NULL, a[1], NULL, 1, 0), EINVAL);
    CHECK_ERR("refusals: the wrong end to read", splice(a[1], NULL, file, NULL, 1, 0), EBADF);
    CHECK_ERR("refusals: the wrong end to write", splice(file, NULL, a[0], NULL, 1, 0), EBADF);
    CHECK_ERR("refusals: an offset for a pipe to read", splice(a[0], &offset, file, NULL, 1, 0), ESPIPE);
    CHECK_ERR("refusals: an offset for a pipe to write", splice(file, NULL, a[1], &offset, 1, 0), ESPIPE);
    CHECK_ERR("refusals: an offset and two pipes", splice(a[0], NULL, b[1], &offset, 1, 0), ESPIPE);
    CHECK_ERR("refusals: a bad offset", splice(file, (void *)8, a[1], NULL, 1, 0), EFAULT);
    CHECK_ERR("refusals: a negative offset", splice(file, &minus, b[1], NULL, 1, 0), EINVAL);
    CHECK_ERR("refusals: O_APPEND", splice(a[0], NULL, append, NULL, 1, 0), EINVAL);
    CHECK_EQ("refusals: nothing was lost", pending(a[0]), 100);
    int directory = open(".", O_RDONLY | O_DIRECTORY);
    CHECK_ERR("refusals: a directory", splice(directory, NULL, b[1], NULL, 1, 0), EINVAL);
    close(directory);
    close(append);

    signal(SIGPIPE, SIG_IGN);
    close(b[0]);
    CHECK_ERR("refusals: no reader, from a file", splice(file, NULL, b[1], NULL, 1, 0), EPIPE);
    CHECK_ERR("refusals: no reader, from a pipe", splice(a[0], NULL, b[1], NULL, 1, 0), EPIPE);
    CHECK_ERR("refusals: no reader, tee", tee(a[0], b[1], 1, 0), EPIPE);
    struct iovec part = { data, 10 };
    CHECK_ERR("refusals: no reader, vmsplice", vmsplice(b[1], &part, 1, 0), EPIPE);
    signal(SIGPIPE, SIG_DFL);
    pid_t child = check_fork();
    if (child == 0)
        _exit(splice(a[0], NULL, b[1], NULL, 1, 0) > 0);
    CHECK_EQ("refusals: SIGPIPE", wait_code(child), KILLED(SIGPIPE));
    close(b[1]);
    shut(a);
    close(file);
}

static void from_memory(void)
{
    int ends[2];
    make(ends, 0);
    char *page = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(page, data, 4 * PAGE);
    struct iovec parts[3] = { { page + 100, 5000 }, { page, 0 }, { page + 2 * PAGE, 300 } };
    CHECK_EQ("vmsplice: from memory", vmsplice(ends[1], parts, 3, 0), 5300);
    CHECK_EQ("vmsplice: FIONREAD", pending(ends[0]), 5300);
    CHECK_EQ("vmsplice: read", read_all(ends[0], 5300), 5300);
    CHECK("vmsplice: contents", !memcmp(got, data + 100, 5000) && !memcmp(got + 5000, data + 2 * PAGE, 300));

    // Given pages: the program goes on without them, what is in the pipe stays.
    struct iovec given = { page, 2 * PAGE };
    CHECK_EQ("vmsplice: given", vmsplice(ends[1], &given, 1, SPLICE_F_GIFT), 2 * PAGE);
    munmap(page, 4 * PAGE);
    CHECK_EQ("vmsplice: read what was given", read_all(ends[0], 2 * PAGE), 2 * PAGE);
    CHECK("vmsplice: contents of what was given", !memcmp(got, data, 2 * PAGE));

    // What follows in the page belongs to the program, not to the pipe.
    page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(page, data, PAGE);
    struct iovec start = { page, 10 };
    CHECK_EQ("vmsplice: the start of a page", vmsplice(ends[1], &start, 1, 0), 10);
    CHECK_EQ("vmsplice: a write behind it", write(ends[1], "zzzzzzzz", 8), 8);
    CHECK("vmsplice: the page is as it was", !memcmp(page, data, PAGE));
    CHECK_EQ("vmsplice: both", read_all(ends[0], 18), 18);
    CHECK("vmsplice: contents of both", !memcmp(got, data, 10) && !memcmp(got + 10, "zzzzzzzz", 8));
    munmap(page, PAGE);

    struct iovec out[2] = { { got, 5 }, { got + 100, 50 } };
    CHECK_EQ("vmsplice: to memory, fill", write(ends[1], data, 40), 40);
    CHECK_EQ("vmsplice: to memory", vmsplice(ends[0], out, 2, 0), 40);
    CHECK("vmsplice: to memory, contents", !memcmp(got, data, 5) && !memcmp(got + 100, data + 5, 35));
    CHECK_ERR("vmsplice: to memory, an empty pipe", vmsplice(ends[0], out, 2, SPLICE_F_NONBLOCK), EAGAIN);
    CHECK_EQ("vmsplice: nothing", vmsplice(ends[1], out, 0, 0), 0);
    CHECK_ERR("vmsplice: flags", vmsplice(ends[1], out, 1, 0x100), EINVAL);
    CHECK_ERR("vmsplice: too many", vmsplice(ends[1], out, 1025, 0), EINVAL);
    CHECK_ERR("vmsplice: no descriptor", vmsplice(-1, out, 1, 0), EBADF);
    struct iovec bad = { (void *)8, 100 };
    CHECK_ERR("vmsplice: a bad address", vmsplice(ends[1], &bad, 1, 0), EFAULT);
    CHECK_ERR("vmsplice: a bad array", vmsplice(ends[1], (void *)8, 1, 0), EFAULT);
    int file = file_of("vmsplice", 100);
    CHECK_ERR("vmsplice: no pipe", vmsplice(file, out, 1, 0), EBADF);
    close(file);
    CHECK_EQ("vmsplice: fill", write(ends[1], data, CAPACITY), CAPACITY);
    CHECK_ERR("vmsplice: a full pipe", vmsplice(ends[1], out, 1, SPLICE_F_NONBLOCK), EAGAIN);
    shut(ends);
}

// A file's page that is in a pipe is the file's still: neither the file nor others' pipes see what is written into the pipe behind it.
static void sharing(void)
{
    int ends[2], file = file_of("sharing", PAGE);
    make(ends, 0);
    loff_t offset = 0;
    CHECK_EQ("sharing: a part of a page", splice(file, &offset, ends[1], NULL, 1000, 0), 1000);
    CHECK_EQ("sharing: a write behind it", write(ends[1], "xxxxxxxx", 8), 8);
    CHECK_EQ("sharing: the file", pread(file, got, PAGE, 0), PAGE);
    CHECK("sharing: is as it was", !memcmp(got, data, PAGE));
    CHECK_EQ("sharing: the pipe", read_all(ends[0], 1008), 1008);
    CHECK("sharing: has both", !memcmp(got, data, 1000) && !memcmp(got + 1000, "xxxxxxxx", 8));

    offset = 0;
    CHECK_EQ("sharing: the whole page", splice(file, &offset, ends[1], NULL, PAGE, 0), PAGE);
    CHECK_OK("sharing: the file shrinks", ftruncate(file, 0));
    close(file);
    unlink("sharing");
    CHECK_EQ("sharing: the pipe has it still", read_all(ends[0], PAGE), PAGE);
    CHECK("sharing: contents", !memcmp(got, data, PAGE));
    shut(ends);
}

static void send_file(void)
{
    int from = file_of("send", 3 * PAGE + 7), to = open("sent", O_RDWR | O_CREAT | O_TRUNC, 0600), ends[2];
    CHECK_EQ("sendfile: to a file", sendfile(to, from, NULL, 5000), 5000);
    CHECK_EQ("sendfile: the positions moved", lseek(from, 0, SEEK_CUR) + lseek(to, 0, SEEK_CUR), 10000);
    off_t offset = 100;
    CHECK_EQ("sendfile: with an offset", sendfile(to, from, &offset, 1 << 20), 3 * PAGE + 7 - 100);
    CHECK_EQ("sendfile: the offset moved", offset, 3 * PAGE + 7);
    CHECK_EQ("sendfile: the position did not", lseek(from, 0, SEEK_CUR), 5000);
    pread(to, got, sizeof got, 0);
    CHECK("sendfile: contents", !memcmp(got, data, 5000) && !memcmp(got + 5000, data + 100, 3 * PAGE + 7 - 100));
    make(ends, O_NONBLOCK);
    offset = 0;
    CHECK_EQ("sendfile: to a pipe", sendfile(ends[1], from, &offset, 6000), 6000);
    CHECK_EQ("sendfile: read", read_all(ends[0], 6000), 6000);
    CHECK("sendfile: contents in the pipe", !memcmp(got, data, 6000));
    while (write(ends[1], data, PAGE) > 0) { }
    CHECK_ERR("sendfile: to a full pipe", sendfile(ends[1], from, NULL, 10), EAGAIN);
    CHECK_ERR("sendfile: from a pipe", sendfile(to, ends[0], NULL, 10), EINVAL);
    CHECK_ERR("sendfile: from a pipe with an offset", sendfile(to, ends[0], &offset, 10), ESPIPE);
    off_t minus = -1;
    CHECK_ERR("sendfile: a negative offset", sendfile(to, from, &minus, 10), EINVAL);
    CHECK_ERR("sendfile: a bad offset", sendfile(to, from, (void *)8, 10), EFAULT);
    CHECK_ERR("sendfile: no descriptor", sendfile(to, -1, NULL, 10), EBADF);
    int only = open("send", O_WRONLY), append = open("sent", O_WRONLY | O_APPEND);
    CHECK_ERR("sendfile: not open for reading", sendfile(to, only, NULL, 10), EBADF);
    int read_only = open("sent", O_RDONLY);
    CHECK_ERR("sendfile: not open for writing", sendfile(read_only, from, NULL, 10), EBADF);
    CHECK_ERR("sendfile: O_APPEND", sendfile(append, from, NULL, 10), EINVAL);
    CHECK_EQ("sendfile: nothing", sendfile(to, from, NULL, 0), 0);
    lseek(from, 0, SEEK_END);
    CHECK_EQ("sendfile: behind the end", sendfile(to, from, NULL, 10), 0);
    close(only), close(append), close(read_only), close(from), close(to);
    shut(ends);
}

// A file goes through two pipes and three processes into another file, in odd pieces; nothing is lost or torn.
static void chain(void)
{
    int a[2], b[2], from = file_of("chain", sizeof data), to = open("chained", O_RDWR | O_CREAT | O_TRUNC, 0600);
    make(a, 0);
    make(b, 0);
    pid_t source = check_fork();
    if (source == 0) {
        long length;
        for (long piece = 1; (length = splice(from, NULL, a[1], NULL, piece % 9000 + 1, 0)) > 0; piece += 777) { }
        _exit(length != 0);
    }
    pid_t middle = check_fork();
    if (middle == 0) {
        close(a[1]);
        long length;
        for (long piece = 5; (length = splice(a[0], NULL, b[1], NULL, piece % 6000 + 1, 0)) > 0; piece += 1231) { }
        _exit(length != 0);
    }
    shut(a);
    close(b[1]);
    long total = 0, length;
    for (long piece = 3; (length = splice(b[0], NULL, to, NULL, piece % 7000 + 1, 0)) > 0; piece += 555)
        total += length;
    CHECK_EQ("chain: all arrived", total, (long)sizeof data);
    CHECK_EQ("chain: the first", wait_code(source), 0);
    CHECK_EQ("chain: the second", wait_code(middle), 0);
    pread(to, got, sizeof got, 0);
    CHECK("chain: contents", !memcmp(got, data, sizeof data));
    close(b[0]), close(from), close(to);
}

static volatile int caught;
static void count_signal(int signal) { (void)signal; caught++; }

// A signal with a handler ends the wait or, with SA_RESTART, does not.
static void interrupted(void)
{
    int a[2], b[2];
    make(a, 0);
    make(b, 0);
    for (int restart = 0; restart < 2; restart++) {
        pid_t child = check_fork();
        if (child == 0) {
            struct sigaction action = { .sa_handler = count_signal, .sa_flags = restart ? SA_RESTART : 0 };
            sigaction(SIGUSR1, &action, NULL);
            long length = splice(a[0], NULL, b[1], NULL, 1, 0);
            _exit(caught != 1 ? 3 : length == 1 ? 1 : length < 0 && errno == EINTR ? 2 : 4);
        }
        check_await_state(child, 'S');
        kill(child, SIGUSR1);
        if (restart)
            write(a[1], "x", 1);
        CHECK_EQ(check_name("interrupted: %s SA_RESTART", restart ? "with" : "without"), wait_code(child), EXITED(restart ? 1 : 2));
    }
    shut(a);
    shut(b);
}

int main(void)
{
    check_begin(50);
    check_scratch();
    for (unsigned i = 0; i < sizeof data; i++)
        data[i] = i * 31 + (i >> 8) * 7 + (i >> 12);
    from_file();
    to_file();
    pipe_to_pipe();
    tees();
    refusals();
    from_memory();
    sharing();
    send_file();
    chain();
    interrupted();
    return check_end();
}
