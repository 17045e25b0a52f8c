// Sockets of the family AF_UNIX that are streams: pairs, names, connections, waiting, ends and errors, options, poll.
// cpus: 1 2 4
// timeout: 120
#include "check.h"
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>

#ifndef SIOCOUTQ
#define SIOCOUTQ 0x5411
#endif
#define HEADER ((socklen_t)offsetof(struct sockaddr_un, sun_path))

static int pair[2];
static void *volatile bad = (void *)8;

static void open_pair(int type)
{
    if (socketpair(AF_UNIX, type, 0, pair))
        check_fail("socketpair", "expected success, got errno %d", errno);
}

static void close_pair(void)
{
    close(pair[0]);
    close(pair[1]);
}

static socklen_t path_address(struct sockaddr_un *address, const char *path)
{
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, strlen(path));
    return HEADER + strlen(path) + 1;
}

static socklen_t abstract_address(struct sockaddr_un *address, const char *name)
{
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path + 1, name, strlen(name));
    return HEADER + 1 + strlen(name);
}

static int bound(const char *path, int type)
{
    struct sockaddr_un address;
    int fd = socket(AF_UNIX, type, 0);
    socklen_t length = path[0] == '@' ? abstract_address(&address, path + 1) : path_address(&address, path);
    if (bind(fd, (struct sockaddr *)&address, length))
        check_fail("bind", "expected %s bound, got errno %d", path, errno);
    return fd;
}

static int dial(int fd, const char *path)
{
    struct sockaddr_un address;
    socklen_t length = path[0] == '@' ? abstract_address(&address, path + 1) : path_address(&address, path);
    return connect(fd, (struct sockaddr *)&address, length);
}

static unsigned events(int fd)
{
    struct pollfd polled = { fd, POLLIN | POLLOUT | POLLRDHUP | POLLPRI, 0 };
    poll(&polled, 1, 0);
    return (unsigned short)polled.revents;
}

static int option(int fd, int name)
{
    int value = -1;
    socklen_t length = sizeof value;
    return getsockopt(fd, SOL_SOCKET, name, &value, &length) ? -errno : value;
}

static void making(void)
{
    int value[2] = { -7, -7 };
    CHECK_ERR("socket: unknown family", socket(200, SOCK_STREAM, 0), EAFNOSUPPORT);
    CHECK_ERR("socket: negative family", socket(-1, SOCK_STREAM, 0), EAFNOSUPPORT);
    CHECK_ERR("socket: unknown type", socket(AF_UNIX, 14, 0), EINVAL);
    CHECK_ERR("socket: type of other families", socket(AF_UNIX, SOCK_RDM, 0), ESOCKTNOSUPPORT);
    CHECK_ERR("socket: unknown protocol", socket(AF_UNIX, SOCK_STREAM, 5), EPROTONOSUPPORT);
    CHECK_ERR("socket: unknown flag", socket(AF_UNIX, SOCK_STREAM | 0x100000, 0), EINVAL);
    CHECK_ERR("socketpair: unknown flag", socketpair(AF_UNIX, SOCK_STREAM | 0x100000, 0, value), EINVAL);
    CHECK_ERR("socketpair: bad address", socketpair(AF_UNIX, SOCK_STREAM, 0, bad), EFAULT);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    CHECK_EQ("socket: close on exec", fcntl(fd, F_GETFD), FD_CLOEXEC);
    CHECK_EQ("socket: flags", fcntl(fd, F_GETFL), O_RDWR | O_NONBLOCK);
    struct stat status;
    fstat(fd, &status);
    CHECK_EQ("fstat: type and mode", status.st_mode, S_IFSOCK | 0777);
    CHECK_EQ("fstat: size", status.st_size, 0);
    char path[64], target[64], expected[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(path, target, sizeof target - 1);
    target[length < 0 ? 0 : length] = 0;
    snprintf(expected, sizeof expected, "socket:[%lu]", (unsigned long)status.st_ino);
    CHECK_STR("/proc/self/fd", target, expected);
    CHECK_ERR("opened through /proc", open(path, O_RDWR), ENXIO);
    CHECK_ERR("lseek", lseek(fd, 0, SEEK_SET), ESPIPE);
    char byte = 0;
    CHECK_ERR("pread", pread(fd, &byte, 1, 0), ESPIPE);
    CHECK_ERR("ftruncate", ftruncate(fd, 0), EINVAL);
    CHECK_ERR("fsync", fsync(fd), EINVAL);
    close(fd);
    CHECK_ERR("not a socket", listen(1, 1), ENOTSOCK);
    CHECK_ERR("not open", listen(99, 1), EBADF);
    CHECK_ERR("not a socket: send", send(open("/dev/null", O_RDWR), "x", 1, 0), ENOTSOCK);
}

static void pairs(void)
{
    char text[100] = "";
    open_pair(SOCK_STREAM);
    CHECK_EQ("pair: written", write(pair[0], "hello", 5), 5);
    CHECK_EQ("pair: written again", send(pair[0], " you", 4, 0), 4);
    CHECK_EQ("pair: read joins", read(pair[1], text, sizeof text), 9);
    CHECK_STR("pair: the text", text, "hello you");
    write(pair[1], "abcdef", 6);
    CHECK_EQ("pair: the other way, in parts", read(pair[0], text, 2), 2);
    CHECK_EQ("pair: rest", read(pair[0], text, sizeof text), 4);
    CHECK("pair: its text", !memcmp(text, "cdef", 4));
    struct iovec parts[3] = { { "ab", 2 }, { "", 0 }, { "cde", 3 } };
    CHECK_EQ("writev", writev(pair[0], parts, 3), 5);
    char one[2], two[10];
    struct iovec into[2] = { { one, 2 }, { two, 10 } };
    CHECK_EQ("readv", readv(pair[1], into, 2), 5);
    CHECK("readv: the text", !memcmp(one, "ab", 2) && !memcmp(two, "cde", 3));
    CHECK_EQ("write of nothing", write(pair[0], "", 0), 0);
    CHECK_EQ("send of nothing", send(pair[0], "", 0, 0), 0);
    CHECK_EQ("read of nothing", read(pair[1], text, 0), 0);
    CHECK_ERR("recv: nothing there, not waiting", recv(pair[1], text, 1, MSG_DONTWAIT), EAGAIN);
    fcntl(pair[1], F_SETFL, O_NONBLOCK);
    CHECK_ERR("read: nothing there, O_NONBLOCK", read(pair[1], text, 1), EAGAIN);
    int off = 0;
    ioctl(pair[1], FIONBIO, &off);
    CHECK_EQ("FIONBIO", fcntl(pair[1], F_GETFL) & O_NONBLOCK, 0);
    write(pair[0], "peek", 4);
    CHECK_EQ("MSG_PEEK", recv(pair[1], text, 3, MSG_PEEK), 3);
    CHECK_EQ("MSG_PEEK: again, all", recv(pair[1], text, 90, MSG_PEEK), 4);
    int count = -1;
    CHECK_OK("FIONREAD", ioctl(pair[1], FIONREAD, &count));
    CHECK_EQ("FIONREAD: bytes", count, 4);
    CHECK_OK("SIOCOUTQ", ioctl(pair[0], SIOCOUTQ, &count));
    CHECK("SIOCOUTQ: something is on its way", count >= 4);
    CHECK_EQ("after the looks, read", read(pair[1], text, 90), 4);
    ioctl(pair[0], SIOCOUTQ, &count);
    CHECK_EQ("SIOCOUTQ: nothing is on its way", count, 0);
    CHECK_ERR("ioctl: unknown", ioctl(pair[0], 0x12345678, &count), ENOTTY);
    CHECK_ERR("send: bad address", send(pair[0], bad, 10, 0), EFAULT);
    write(pair[0], "xyz", 3);
    CHECK_ERR("recv: bad address", recv(pair[1], bad, 10, 0), EFAULT);
    CHECK_EQ("recv: the bytes are still there", recv(pair[1], text, 10, 0), 3);
    CHECK_ERR("send: to an address", sendto(pair[0], "x", 1, 0, (struct sockaddr *)&(struct sockaddr_un){ AF_UNIX, "nowhere" }, HEADER + 8), EISCONN);
    close_pair();
}

static void large(void)
{
    // Blocks of all sizes around the limits of pages; a child checks what comes.
    enum { Total = 300000 };
    open_pair(SOCK_STREAM);
    pid_t child = fork();
    if (child == 0) {
        close(pair[0]);
        static unsigned char block[7001];
        long at = 0;
        ssize_t got;
        int wrong = 0;
        while ((got = read(pair[1], block, 1 + at * 7 % 7000)) > 0)
            for (ssize_t i = 0; i < got; i++, at++)
                wrong += block[i] != (unsigned char)(at * 31 >> 3);
        _exit(wrong || at != Total || got < 0);
    }
    close(pair[1]);
    static unsigned char block[66000];
    long at = 0;
    static const int sizes[] = { 1, 255, 256, 257, 4095, 4096, 4097, 8192, 12289, 65536 };
    for (int i = 0; at < Total; i++) {
        long size = sizes[i % 10] < Total - at ? sizes[i % 10] : Total - at;
        for (long j = 0; j < size; j++)
            block[j] = (unsigned char)((at + j) * 31 >> 3);
        if (write(pair[0], block, size) != size)
            break;
        at += size;
    }
    close(pair[0]);
    int status = -1;
    waitpid(child, &status, 0);
    CHECK_EQ("large: all written", at, Total);
    CHECK_EQ("large: all read, in order", status, 0);
}

static void full(void)
{
    char block[1000] = "";
    open_pair(SOCK_STREAM);
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    long total = 0;
    ssize_t sent;
    while ((sent = write(pair[0], block, sizeof block)) > 0)
        total += sent;
    CHECK_EQ("full: EAGAIN", errno, EAGAIN);
    CHECK("full: a good deal fitted", total > 50000 && total < 1000000);
    CHECK_EQ("full: not writable", events(pair[0]), 0);
    CHECK_EQ("full: the other is readable and writable", events(pair[1]), POLLIN | POLLOUT);
    CHECK_ERR("full: nothing more fits", send(pair[0], block, 1, MSG_DONTWAIT), EAGAIN);
    fcntl(pair[0], F_SETFL, 0);
    struct timeval soon = { 0, 30000 };
    setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon);
    CHECK_ERR("full: SO_SNDTIMEO", write(pair[0], block, 1), EAGAIN);
    setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){ 0, 0 }, sizeof soon);
    pid_t child = fork();
    if (child == 0)
        _exit(write(pair[0], block, sizeof block) != sizeof block);
    long got = 0;
    static char all[1000000];
    for (ssize_t part; got < total + (long)sizeof block && (part = read(pair[1], all, sizeof all)) > 0;)
        got += part;
    int status = -1;
    waitpid(child, &status, 0);
    CHECK_EQ("full: a writer that waited wrote", status, 0);
    CHECK_EQ("full: all came", got, total + (long)sizeof block);
    CHECK_EQ("empty: writable", events(pair[0]), POLLOUT);
    int small = 1;
    CHECK_OK("SO_SNDBUF", setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small));
    CHECK_EQ("SO_SNDBUF: the least", option(pair[0], SO_SNDBUF), 4608);
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    total = 0;
    while ((sent = write(pair[0], block, 100)) > 0)
        total += sent;
    CHECK("SO_SNDBUF: less fits", total >= 100 && total <= 8192);
    close_pair();
}

static void *reader_all(void *unused)
{
    (void)unused;
    static char block[10];
    return (void *)(intptr_t)recv(pair[1], block, sizeof block, MSG_WAITALL);
}

static void waiting(void)
{
    pthread_t thread;
    void *got;
    char block[64];
    open_pair(SOCK_STREAM);
    pthread_create(&thread, NULL, reader_all, NULL);
    for (int i = 0; i < 10; i++) {
        write(pair[0], "x", 1);
        sched_yield();
    }
    pthread_join(thread, &got);
    CHECK_EQ("MSG_WAITALL: all", (intptr_t)got, 10);
    pthread_create(&thread, NULL, reader_all, NULL);
    write(pair[0], "abc", 3);
    shutdown(pair[0], SHUT_WR);
    pthread_join(thread, &got);
    CHECK_EQ("MSG_WAITALL: what there is at the end", (intptr_t)got, 3);
    close_pair();
    open_pair(SOCK_STREAM);
    struct timeval soon = { 0, 20000 };
    CHECK_OK("SO_RCVTIMEO", setsockopt(pair[1], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon));
    CHECK_ERR("SO_RCVTIMEO: passes", read(pair[1], block, 1), EAGAIN);
    CHECK_ERR("SO_RCVTIMEO: microseconds", setsockopt(pair[1], SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){ 0, 1000000 }, sizeof soon), EDOM);
    setsockopt(pair[1], SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){ 2, 500000 }, sizeof soon);
    struct timeval told = { -1, -1 };
    socklen_t length = sizeof told;
    getsockopt(pair[1], SOL_SOCKET, SO_RCVTIMEO, &told, &length);
    CHECK("SO_RCVTIMEO: told", told.tv_sec == 2 && told.tv_usec == 500000 && length == sizeof told);
    int low = 5;
    setsockopt(pair[1], SOL_SOCKET, SO_RCVLOWAT, &low, sizeof low);
    write(pair[0], "12", 2);
    pid_t child = fork();
    if (child == 0) {
        write(pair[0], "345", 3);
        _exit(0);
    }
    CHECK_EQ("SO_RCVLOWAT: waits for as many", read(pair[1], block, sizeof block), 5);
    waitpid(child, NULL, 0);
    close_pair();
}

static volatile int handled;

static void handler(int signal)
{
    (void)signal;
    handled++;
}

// A child sends the signal once this process sleeps in the call, and then a byte.
static pid_t interrupter(int fd)
{
    pid_t parent = getpid(), child = fork();
    if (child != 0)
        return child;
    char path[64], state[256];
    snprintf(path, sizeof path, "/proc/%d/stat", parent);
    for (;;) {
        int stat = open(path, O_RDONLY);
        ssize_t length = read(stat, state, sizeof state - 1);
        close(stat);
        state[length < 0 ? 0 : length] = 0;
        char *end = strrchr(state, ')');
        if (end && end[2] == 'S')
            break;
        sched_yield();
    }
    kill(parent, SIGUSR1);
    write(fd, "x", 1);
    _exit(0);
}

static void interrupted(void)
{
    struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };
    char byte;
    sigaction(SIGUSR1, &action, NULL);
    open_pair(SOCK_STREAM);
    pid_t child = interrupter(pair[0]);
    CHECK_EQ("signal with SA_RESTART: read goes on", read(pair[1], &byte, 1), 1);
    CHECK_EQ("signal: handled", handled, 1);
    waitpid(child, NULL, 0);
    setsockopt(pair[1], SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){ 100, 0 }, sizeof(struct timeval));
    child = interrupter(pair[0]);
    CHECK_ERR("signal with a time-out: EINTR", read(pair[1], &byte, 1), EINTR);
    waitpid(child, NULL, 0);
    read(pair[1], &byte, 1);
    setsockopt(pair[1], SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){ 0, 0 }, sizeof(struct timeval));
    action.sa_flags = 0;
    sigaction(SIGUSR1, &action, NULL);
    child = interrupter(pair[0]);
    CHECK_ERR("signal without SA_RESTART: EINTR", recv(pair[1], &byte, 1, 0), EINTR);
    waitpid(child, NULL, 0);
    CHECK_EQ("signal: handled each time", handled, 3);
    close_pair();
}

static void ends(void)
{
    char text[16];
    struct sigaction action = { .sa_handler = handler };
    sigaction(SIGPIPE, &action, NULL);
    open_pair(SOCK_STREAM);
    CHECK_EQ("poll: a pair at rest", events(pair[0]), POLLOUT);
    write(pair[0], "last", 4);
    close(pair[0]);
    CHECK_EQ("closed: poll with data", events(pair[1]), POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
    CHECK_EQ("closed: data are read", read(pair[1], text, sizeof text), 4);
    CHECK_EQ("closed: then the end", read(pair[1], text, sizeof text), 0);
    CHECK_EQ("closed: poll", events(pair[1]), POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
    handled = 0;
    CHECK_ERR("closed: EPIPE", write(pair[1], "x", 1), EPIPE);
    CHECK_EQ("closed: SIGPIPE", handled, 1);
    CHECK_ERR("closed: EPIPE without a signal", send(pair[1], "x", 1, MSG_NOSIGNAL), EPIPE);
    CHECK_EQ("closed: MSG_NOSIGNAL", handled, 1);
    close(pair[1]);

    open_pair(SOCK_STREAM);
    write(pair[0], "unread", 6);
    write(pair[1], "own", 3);
    close(pair[1]);
    CHECK_EQ("cut off: poll", events(pair[0]), POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
    CHECK_EQ("cut off: what was sent is read", read(pair[0], text, sizeof text), 3);
    CHECK_ERR("cut off: ECONNRESET", read(pair[0], text, sizeof text), ECONNRESET);
    CHECK_EQ("cut off: then the end", read(pair[0], text, sizeof text), 0);
    close(pair[0]);

    open_pair(SOCK_STREAM);
    write(pair[0], "unread", 6);
    close(pair[1]);
    CHECK_EQ("SO_ERROR: the reset", option(pair[0], SO_ERROR), ECONNRESET);
    CHECK_EQ("SO_ERROR: once", option(pair[0], SO_ERROR), 0);
    close(pair[0]);

    open_pair(SOCK_STREAM);
    write(pair[0], "half", 4);
    CHECK_OK("shutdown: sending", shutdown(pair[0], SHUT_WR));
    CHECK_EQ("shutdown: poll of who ended", events(pair[0]), POLLOUT);
    CHECK_EQ("shutdown: poll of the other", events(pair[1]), POLLIN | POLLOUT | POLLRDHUP);
    handled = 0;
    CHECK_ERR("shutdown: EPIPE", write(pair[0], "x", 1), EPIPE);
    CHECK_EQ("shutdown: SIGPIPE", handled, 1);
    CHECK_EQ("shutdown: read", read(pair[1], text, sizeof text), 4);
    CHECK_EQ("shutdown: end", read(pair[1], text, sizeof text), 0);
    CHECK_EQ("shutdown: the other way goes on", write(pair[1], "back", 4), 4);
    CHECK_EQ("shutdown: and is read", read(pair[0], text, sizeof text), 4);
    CHECK_OK("shutdown: receiving", shutdown(pair[0], SHUT_RD));
    CHECK_EQ("shutdown: both, poll", events(pair[0]), POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
    CHECK_ERR("shutdown: the other cannot send", send(pair[1], "x", 1, MSG_NOSIGNAL), EPIPE);
    CHECK_ERR("shutdown: how", shutdown(pair[0], 3), EINVAL);
    close_pair();
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_EQ("unconnected: poll", events(fd), POLLOUT | POLLHUP);
    CHECK_ERR("unconnected: read", read(fd, text, 1), EINVAL);
    CHECK_ERR("unconnected: write", write(fd, text, 1), ENOTCONN);
    struct sockaddr_un other;
    socklen_t length = sizeof other;
    CHECK_ERR("unconnected: getpeername", getpeername(fd, (struct sockaddr *)&other, &length), ENOTCONN);
    CHECK_ERR("unconnected: sent to an address", sendto(fd, "x", 1, 0, (struct sockaddr *)&(struct sockaddr_un){ AF_UNIX, "nowhere" }, HEADER + 8), EOPNOTSUPP);
    CHECK_OK("unconnected: shutdown", shutdown(fd, SHUT_RDWR));
    CHECK_ERR("unconnected: accept", accept(fd, NULL, NULL), EINVAL);
    CHECK_ERR("unconnected: listen without a name", listen(fd, 1), EINVAL);
    close(fd);
}

static void names(void)
{
    struct sockaddr_un address, got;
    struct stat status;
    socklen_t length;
    umask(027);
    int fd = bound("name", SOCK_STREAM);
    umask(022);
    stat("name", &status);
    CHECK_EQ("bind: type and mode of the file", status.st_mode, S_IFSOCK | 0750);
    CHECK_ERR("bind: its file cannot be opened", open("name", O_RDWR), ENXIO);
    length = sizeof got;
    memset(&got, 1, sizeof got);
    CHECK_OK("getsockname", getsockname(fd, (struct sockaddr *)&got, &length));
    CHECK_EQ("getsockname: length", length, HEADER + 5);
    CHECK_STR("getsockname: path", got.sun_path, "name");
    CHECK_EQ("getsockname: family", got.sun_family, AF_UNIX);
    length = 4;
    memset(&got, 1, sizeof got);
    getsockname(fd, (struct sockaddr *)&got, &length);
    CHECK("getsockname: cut, the whole length told", length == HEADER + 5 && got.sun_path[1] == 'a' && got.sun_path[2] == 1);
    int negative = -1;
    CHECK_ERR("getsockname: negative length", getsockname(fd, (struct sockaddr *)&got, (socklen_t *)&negative), EINVAL);
    CHECK_ERR("getsockname: bad address", getsockname(fd, bad, &length), EFAULT);
    length = path_address(&address, "other");
    CHECK_ERR("bind: twice", bind(fd, (struct sockaddr *)&address, length), EINVAL);
    CHECK_ERR("bind: twice leaves no file", stat("other", &status), ENOENT);
    int second = socket(AF_UNIX, SOCK_STREAM, 0);
    length = path_address(&address, "name");
    CHECK_ERR("bind: name taken", bind(second, (struct sockaddr *)&address, length), EADDRINUSE);
    close(open("file", O_CREAT | O_WRONLY, 0600));
    length = path_address(&address, "file");
    CHECK_ERR("bind: name of a file", bind(second, (struct sockaddr *)&address, length), EADDRINUSE);
    length = path_address(&address, "none/name");
    CHECK_ERR("bind: no such directory", bind(second, (struct sockaddr *)&address, length), ENOENT);
    length = path_address(&address, "file/name");
    CHECK_ERR("bind: no directory", bind(second, (struct sockaddr *)&address, length), ENOTDIR);
    address.sun_family = AF_INET;
    CHECK_ERR("bind: another family", bind(second, (struct sockaddr *)&address, length), EINVAL);
    CHECK_ERR("bind: too short", bind(second, (struct sockaddr *)&address, 1), EINVAL);
    CHECK_ERR("bind: too long", bind(second, (struct sockaddr *)&address, sizeof address + 1), EINVAL);
    CHECK_ERR("bind: bad address", bind(second, bad, 10), EFAULT);
    memset(&address, 'x', sizeof address);
    address.sun_family = AF_UNIX;
    CHECK_OK("bind: a path that fills the address", bind(second, (struct sockaddr *)&address, sizeof address));
    char longest[200];
    length = sizeof longest;
    getsockname(second, (struct sockaddr *)longest, &length);
    CHECK_EQ("bind: its length", length, sizeof address + 1);
    memset(longest, 'x', 108);
    longest[108] = 0;
    CHECK_OK("bind: its file", stat(longest, &status));
    close(second);
    CHECK_OK("a closed socket's file stays", stat(longest, &status));
    close(fd);

    second = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_ERR("connect: nobody has the file open", dial(second, "name"), ECONNREFUSED);
    CHECK_ERR("connect: no such file", dial(second, "none"), ENOENT);
    CHECK_ERR("connect: another kind of file", dial(second, "file"), ECONNREFUSED);
    CHECK_ERR("connect: no such abstract name", dial(second, "@jiffy none"), ECONNREFUSED);
    fd = bound("datagram", SOCK_DGRAM);
    CHECK_ERR("connect: another type", dial(second, "datagram"), EPROTOTYPE);
    close(fd);
    fd = bound("deaf", SOCK_STREAM);
    CHECK_ERR("connect: it does not listen", dial(second, "deaf"), ECONNREFUSED);
    listen(fd, 1);
    if (getuid() == 0) {
        chmod("deaf", 0555);
        if (fork() == 0) {
            setresuid(NOBODY, NOBODY, NOBODY);
            _exit(dial(second, "deaf") != -1 || errno != EACCES);
        }
        int denied = -1;
        wait(&denied);
        CHECK_EQ("connect: not allowed to write the file", denied, 0);
    }
    unlink("deaf");
    CHECK_ERR("connect: the name has gone", dial(second, "deaf"), ENOENT);
    close(fd);
    address.sun_family = AF_UNSPEC;
    CHECK_ERR("connect: AF_UNSPEC", connect(second, (struct sockaddr *)&address, sizeof(sa_family_t)), EINVAL);
    address.sun_family = AF_UNIX;
    CHECK_ERR("connect: no name", connect(second, (struct sockaddr *)&address, sizeof(sa_family_t)), EINVAL);
    close(second);

    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    length = sizeof got;
    getsockname(fd, (struct sockaddr *)&got, &length);
    CHECK_EQ("unnamed: only the family", length, sizeof(sa_family_t));
    CHECK_OK("autobind", bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t)));
    length = sizeof got;
    getsockname(fd, (struct sockaddr *)&got, &length);
    CHECK_EQ("autobind: a zero and five digits", length, HEADER + 6);
    CHECK("autobind: abstract", got.sun_path[0] == 0 && strspn(got.sun_path + 1, "0123456789abcdef") >= 5);
    CHECK_OK("autobind: twice keeps the name", bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t)));
    close(fd);
    fd = bound("@jiffy abstract", SOCK_STREAM);
    length = sizeof got;
    getsockname(fd, (struct sockaddr *)&got, &length);
    CHECK("abstract: told as it is", length == HEADER + 15 && !memcmp(got.sun_path, "\0jiffy abstract", 15));
    second = socket(AF_UNIX, SOCK_STREAM, 0);
    length = abstract_address(&address, "jiffy abstract");
    CHECK_ERR("abstract: taken", bind(second, (struct sockaddr *)&address, length), EADDRINUSE);
    CHECK_OK("abstract: with a zero more it is another", bind(second, (struct sockaddr *)&address, length + 1));
    int third = socket(AF_UNIX, SOCK_DGRAM, 0);
    CHECK_OK("abstract: another type has its own", bind(third, (struct sockaddr *)&address, length));
    close(fd);
    close(third);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_OK("abstract: free again once closed", bind(fd, (struct sockaddr *)&address, length));
    close(fd);
    close(second);
}

static int proc_has(const char *text)
{
    static char all[60000];
    int fd = open("/proc/net/unix", O_RDONLY);
    ssize_t length = 0, part;
    while ((part = read(fd, all + length, sizeof all - 1 - length)) > 0)
        length += part;
    close(fd);
    all[length] = 0;
    return strstr(all, text) != NULL;
}

static void connections(void)
{
    struct sockaddr_un got;
    char text[16];
    int listener = bound("listener", SOCK_STREAM);
    CHECK_OK("listen", listen(listener, 5));
    CHECK_EQ("listener: poll", events(listener), 0);
    CHECK_EQ("SO_ACCEPTCONN", option(listener, SO_ACCEPTCONN), 1);
    CHECK_ERR("listener: read", read(listener, text, 1), EINVAL);
    CHECK_ERR("listener: write", write(listener, text, 1), ENOTCONN);
    fcntl(listener, F_SETFL, O_NONBLOCK);
    CHECK_ERR("accept: nobody", accept(listener, NULL, NULL), EAGAIN);
    fcntl(listener, F_SETFL, 0);
    int client = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_OK("connect", dial(client, "listener"));
    CHECK_ERR("connect: connected already", dial(client, "listener"), EISCONN);
    CHECK_EQ("listener: poll with a connection", events(listener), POLLIN);
    CHECK_EQ("connected: poll before it is accepted", events(client), POLLOUT);
    CHECK_EQ("connected: written before it is accepted", write(client, "early", 5), 5);
    socklen_t length = sizeof got;
    CHECK_OK("getpeername", getpeername(client, (struct sockaddr *)&got, &length));
    CHECK("getpeername: the listener's name", length == HEADER + 9 && !strcmp(got.sun_path, "listener"));
    length = sizeof got;
    CHECK_ERR("accept4: unknown flag", syscall(SYS_accept4, listener, NULL, NULL, 1), EINVAL);
    int server = accept4(listener, (struct sockaddr *)&got, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
    CHECK_OK("accept", server);
    CHECK_EQ("accept: the client has no name", length, sizeof(sa_family_t));
    CHECK_EQ("accept4: close on exec", fcntl(server, F_GETFD), FD_CLOEXEC);
    CHECK_EQ("accept4: not blocking", fcntl(server, F_GETFL), O_RDWR | O_NONBLOCK);
    length = sizeof got;
    getsockname(server, (struct sockaddr *)&got, &length);
    CHECK("accepted: has the listener's name", length == HEADER + 9 && !strcmp(got.sun_path, "listener"));
    CHECK_EQ("accepted: read", read(server, text, sizeof text), 5);
    CHECK_EQ("accepted: written", write(server, "late", 4), 4);
    CHECK_EQ("accepted: and read", read(client, text, sizeof text), 4);
    CHECK_EQ("accepted: SO_ACCEPTCONN", option(server, SO_ACCEPTCONN), 0);
    CHECK_ERR("accepted: listen", listen(server, 1), EINVAL);
    struct ucred who;
    length = sizeof who;
    getsockopt(server, SOL_SOCKET, SO_PEERCRED, &who, &length);
    CHECK("SO_PEERCRED", length == sizeof who && who.pid == getpid() && who.uid == geteuid() && who.gid == getegid());
    int alone = socket(AF_UNIX, SOCK_STREAM, 0);
    getsockopt(alone, SOL_SOCKET, SO_PEERCRED, &who, &length);
    CHECK("SO_PEERCRED: nobody", who.pid == 0 && who.uid == (uid_t)-1 && who.gid == (gid_t)-1);
    close(alone);
    CHECK("/proc/net/unix: the listener", proc_has("00010000 0001 01"));
    CHECK("/proc/net/unix: its name", proc_has(" listener\n"));
    close(server);
    CHECK_EQ("accepted: closed", read(client, text, 1), 0);
    close(client);
    close(listener);
    CHECK("/proc/net/unix: gone", !proc_has(" listener\n"));
}

static int blocked_dial(const char *path)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    int result = dial(fd, path);
    return result ? -errno : fd;
}

static void backlog(void)
{
    int listener = bound("backlog", SOCK_STREAM), clients[3];
    listen(listener, 1);
    for (int i = 0; i < 3; i++) {
        clients[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (i < 2)
            CHECK_OK(check_name("backlog of one: connection %d", i), dial(clients[i], "backlog"));
        else
            CHECK_ERR("backlog of one: full", dial(clients[i], "backlog"), EAGAIN);
    }
    fcntl(clients[2], F_SETFL, 0);
    setsockopt(clients[2], SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){ 0, 20000 }, sizeof(struct timeval));
    CHECK_ERR("backlog: SO_SNDTIMEO", dial(clients[2], "backlog"), EAGAIN);
    pid_t child = fork();
    if (child == 0) {
        int fd = blocked_dial("backlog");
        _exit(fd < 0 || write(fd, "x", 1) != 1);
    }
    int accepted[3];
    char byte;
    for (int i = 0; i < 3; i++)
        CHECK_OK(check_name("backlog: accepted %d", i), accepted[i] = accept(listener, NULL, NULL));
    CHECK_EQ("backlog: who waited is connected", read(accepted[2], &byte, 1), 1);
    int status = -1;
    waitpid(child, &status, 0);
    CHECK_EQ("backlog: and knows", status, 0);
    for (int i = 0; i < 3; i++)
        close(accepted[i]), close(clients[i]);

    // Connections that nobody accepts end with the listener; who waits to connect is refused.
    clients[0] = blocked_dial("backlog");
    clients[1] = blocked_dial("backlog");
    write(clients[0], "x", 1);
    child = fork();
    if (child == 0) {
        close(listener);
        int fd = blocked_dial("backlog");
        _exit(fd == -ECONNREFUSED ? 0 : 1);
    }
    char path[64], state[256];
    snprintf(path, sizeof path, "/proc/%d/stat", child);
    for (;;) {
        int stat = open(path, O_RDONLY);
        ssize_t length = read(stat, state, sizeof state - 1);
        close(stat);
        state[length < 0 ? 0 : length] = 0;
        char *end = strrchr(state, ')');
        if (end && end[2] == 'S')
            break;
        sched_yield();
    }
    close(listener);
    waitpid(child, &status, 0);
    CHECK_EQ("listener closes: who waits is refused", status, 0);
    CHECK_ERR("listener closes: ECONNRESET", read(clients[0], &byte, 1), ECONNRESET);
    CHECK_EQ("listener closes: then the end", read(clients[0], &byte, 1), 0);
    CHECK_ERR("listener closes: EPIPE", send(clients[1], "x", 1, MSG_NOSIGNAL), EPIPE);
    close(clients[0]);
    close(clients[1]);
    unlink("backlog");

    listener = bound("@jiffy shut", SOCK_STREAM);
    listen(listener, 1);
    child = fork();
    if (child == 0)
        _exit(accept(listener, NULL, NULL) == -1 && errno == EINVAL ? 0 : 1);
    shutdown(listener, SHUT_RD);
    waitpid(child, &status, 0);
    CHECK_EQ("listener shut: accept ends", status, 0);
    CHECK_EQ("listener shut: connect", blocked_dial("@jiffy shut"), -ECONNREFUSED);
    close(listener);
}

static void *accepting(void *listener)
{
    for (;;) {
        int fd = accept((int)(intptr_t)listener, NULL, NULL);
        char byte;
        if (fd < 0)
            return NULL;
        if (read(fd, &byte, 1) == 1)
            write(fd, &byte, 1);
        close(fd);
    }
}

static void *calling(void *wrong)
{
    for (int i = 0; i < 100; i++) {
        char byte = (char)i;
        int fd = blocked_dial("@jiffy many");
        if (fd < 0 || write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1 || byte != (char)i || read(fd, &byte, 1) != 0)
            __atomic_add_fetch((int *)wrong, 1, __ATOMIC_RELAXED);
        close(fd);
    }
    return NULL;
}

static void many(void)
{
    int listener = bound("@jiffy many", SOCK_STREAM), wrong = 0;
    pthread_t accepters[3], callers[4];
    listen(listener, 2);
    for (int i = 0; i < 3; i++)
        pthread_create(&accepters[i], NULL, accepting, (void *)(intptr_t)listener);
    for (int i = 0; i < 4; i++)
        pthread_create(&callers[i], NULL, calling, &wrong);
    for (int i = 0; i < 4; i++)
        pthread_join(callers[i], NULL);
    shutdown(listener, SHUT_RDWR);
    for (int i = 0; i < 3; i++)
        pthread_join(accepters[i], NULL);
    close(listener);
    CHECK_EQ("many: every call was answered", wrong, 0);
}

static void options(void)
{
    int value;
    socklen_t length;
    open_pair(SOCK_STREAM);
    CHECK_EQ("SO_TYPE", option(pair[0], SO_TYPE), SOCK_STREAM);
    CHECK_EQ("SO_DOMAIN", option(pair[0], SO_DOMAIN), AF_UNIX);
    CHECK_EQ("SO_PROTOCOL", option(pair[0], SO_PROTOCOL), 0);
    CHECK_EQ("SO_ERROR", option(pair[0], SO_ERROR), 0);
    CHECK_EQ("SO_REUSEADDR", option(pair[0], SO_REUSEADDR), 0);
    value = 5;
    CHECK_OK("SO_REUSEADDR: set", setsockopt(pair[0], SOL_SOCKET, SO_REUSEADDR, &value, sizeof value));
    CHECK_EQ("SO_REUSEADDR: told", option(pair[0], SO_REUSEADDR), 1);
    value = 10000;
    setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &value, sizeof value);
    setsockopt(pair[0], SOL_SOCKET, SO_RCVBUF, &value, sizeof value);
    CHECK_EQ("SO_SNDBUF: twice", option(pair[0], SO_SNDBUF), 20000);
    CHECK_EQ("SO_RCVBUF: twice", option(pair[0], SO_RCVBUF), 20000);
    CHECK_EQ("SO_SNDLOWAT", option(pair[0], SO_SNDLOWAT), 1);
    CHECK_EQ("SO_PEEK_OFF: none", option(pair[0], SO_PEEK_OFF), -1);
    CHECK_EQ("unknown option", option(pair[0], 9999), -ENOPROTOOPT);
    CHECK_ERR("unknown option: set", setsockopt(pair[0], SOL_SOCKET, 9999, &value, sizeof value), ENOPROTOOPT);
    CHECK_ERR("SO_TYPE: set", setsockopt(pair[0], SOL_SOCKET, SO_TYPE, &value, sizeof value), ENOPROTOOPT);
    CHECK_ERR("set: too short", setsockopt(pair[0], SOL_SOCKET, SO_REUSEADDR, &value, 3), EINVAL);
    CHECK_ERR("set: bad address", setsockopt(pair[0], SOL_SOCKET, SO_REUSEADDR, bad, 4), EFAULT);
    CHECK_ERR("another level", setsockopt(pair[0], 6, 1, &value, sizeof value), EOPNOTSUPP);
    length = sizeof value;
    CHECK_ERR("another level: get", getsockopt(pair[0], 6, 1, &value, &length), EOPNOTSUPP);
    length = 2;
    value = 0x7f7f7f7f;
    CHECK_OK("get: cut", getsockopt(pair[0], SOL_SOCKET, SO_TYPE, &value, &length));
    CHECK("get: two bytes", length == 2 && value == 0x7f7f0001);
    int negative = -1;
    CHECK_ERR("get: negative length", getsockopt(pair[0], SOL_SOCKET, SO_TYPE, &value, (socklen_t *)&negative), EINVAL);
    struct linger linger = { 1, 7 }, told = { 0, 0 };
    setsockopt(pair[0], SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    length = sizeof told;
    getsockopt(pair[0], SOL_SOCKET, SO_LINGER, &told, &length);
    CHECK("SO_LINGER", told.l_onoff == 1 && told.l_linger == 7);
    char text[8] = "";
    value = 0;
    CHECK_OK("SO_PEEK_OFF", setsockopt(pair[1], SOL_SOCKET, SO_PEEK_OFF, &value, sizeof value));
    write(pair[0], "abcd", 4);
    recv(pair[1], text, 2, MSG_PEEK);
    CHECK_EQ("SO_PEEK_OFF: the next look goes on", recv(pair[1], text, 8, MSG_PEEK), 2);
    CHECK("SO_PEEK_OFF: there", !memcmp(text, "cd", 2));
    CHECK_EQ("SO_PEEK_OFF: told", option(pair[1], SO_PEEK_OFF), 4);
    CHECK_EQ("SO_PEEK_OFF: reading starts at the start", recv(pair[1], text, 3, 0), 3);
    CHECK_EQ("SO_PEEK_OFF: and moves it", option(pair[1], SO_PEEK_OFF), 1);
    close_pair();
}

static void selecting(void)
{
    fd_set set;
    open_pair(SOCK_STREAM);
    pid_t child = fork();
    if (child == 0) {
        write(pair[0], "x", 1);
        _exit(0);
    }
    FD_ZERO(&set);
    FD_SET(pair[1], &set);
    CHECK_EQ("select: waits for data", select(pair[1] + 1, &set, NULL, NULL, NULL), 1);
    CHECK("select: that one", FD_ISSET(pair[1], &set));
    waitpid(child, NULL, 0);
    child = fork();
    if (child == 0) {
        close(pair[1]);
        shutdown(pair[0], SHUT_WR);
        _exit(0);
    }
    struct pollfd polled = { pair[1], POLLRDHUP, 0 };
    struct timespec enough = { 60, 0 };
    CHECK_EQ("ppoll: waits for the end", ppoll(&polled, 1, &enough, NULL), 1);
    CHECK_EQ("ppoll: POLLRDHUP", polled.revents, POLLRDHUP);
    waitpid(child, NULL, 0);
    close_pair();
}

static void moved(void)
{
    int fd = open("data", O_CREAT | O_TRUNC | O_RDWR, 0600), pipes[2];
    static char text[20000], got[20000];
    for (unsigned i = 0; i < sizeof text; i++)
        text[i] = (char)(i * 7 >> 2);
    write(fd, text, sizeof text);
    lseek(fd, 0, SEEK_SET);
    open_pair(SOCK_STREAM);
    CHECK_EQ("sendfile", syscall(SYS_sendfile, pair[0], fd, NULL, sizeof text), (long)sizeof text);
    CHECK_EQ("sendfile: received", recv(pair[1], got, sizeof got, MSG_WAITALL), (long)sizeof got);
    CHECK("sendfile: the same", !memcmp(text, got, sizeof got));
    pipe(pipes);
    write(pipes[1], "spliced", 7);
    CHECK_EQ("splice: into a socket", splice(pipes[0], NULL, pair[0], NULL, 7, 0), 7);
    CHECK_EQ("splice: out of a socket", splice(pair[1], NULL, pipes[1], NULL, 100, 0), 7);
    CHECK_EQ("splice: there", read(pipes[0], got, 100), 7);
    close(pipes[0]), close(pipes[1]), close(fd);
    close_pair();
}

int main(void)
{
    check_begin(100);
    check_scratch();
    making();
    pairs();
    large();
    full();
    waiting();
    interrupted();
    ends();
    names();
    connections();
    backlog();
    many();
    options();
    selecting();
    moved();
    return check_end();
}
