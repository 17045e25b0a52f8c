// What sockets of the family AF_UNIX carry besides bytes: descriptors (SCM_RIGHTS) and credentials (SCM_CREDENTIALS). Where descriptors stop a
// stream, room for them, limits, sockets in sockets and in themselves, and that nothing is left behind.
// cpus: 1 2 4
// timeout: 120
// host: root
#include "check.h"
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#ifndef SCM_CREDENTIALS
#define SCM_CREDENTIALS 2
#endif

// The C library copies control data; these checks want the kernel to see what they pass.
#define sendmsg(socket, message, flags) syscall(SYS_sendmsg, socket, message, flags)

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

// Sends bytes and descriptors. The bytes of control data are the caller's when they are given.
static ssize_t give(int socket, const char *text, const int *fds, int count)
{
    static char control[4096];
    struct iovec part = { (void *)text, strlen(text) };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(count * sizeof(int)) };
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    memset(control, 0, sizeof control);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(header), fds, count * sizeof(int));
    return sendmsg(socket, &message, MSG_NOSIGNAL);
}

static int give_one(int socket, int fd) { return (int)give(socket, "x", &fd, 1); }

struct taken {
    char text[64];
    int fds[300], count, flags;
    struct ucred who;
    int has_who;
    size_t control;
};

static ssize_t take(int socket, struct taken *taken, size_t bytes, size_t room, int flags)
{
    static char control[4096];
    struct iovec part = { taken->text, bytes };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = room };
    memset(taken, 0, sizeof *taken);
    ssize_t result = recvmsg(socket, &message, flags);
    taken->flags = message.msg_flags;
    taken->control = message.msg_controllen;
    for (struct cmsghdr *header = result < 0 ? NULL : CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET)
            continue;
        if (header->cmsg_type == SCM_RIGHTS) {
            taken->count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            memcpy(taken->fds, CMSG_DATA(header), taken->count * sizeof(int));
        } else if (header->cmsg_type == SCM_CREDENTIALS) {
            taken->has_who = 1;
            memcpy(&taken->who, CMSG_DATA(header), sizeof taken->who);
        }
    }
    return result;
}

static void close_taken(struct taken *taken)
{
    for (int i = 0; i < taken->count; i++)
        close(taken->fds[i]);
}

static int same_file(int one, int other)
{
    struct stat a, b;
    return !fstat(one, &a) && !fstat(other, &b) && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

static int open_count(void)
{
    int count = 0;
    for (int fd = 0; fd < 512; fd++)
        count += fcntl(fd, F_GETFD) != -1;
    return count;
}

static void passing(int type, const char *kind)
{
    struct taken got;
    int pipes[2], before = open_count();
    open_pair(type);
    pipe(pipes);
    CHECK_EQ(check_name("%s: two descriptors sent", kind), give(pair[0], "with", pipes, 2), 4);
    CHECK_EQ(check_name("%s: received", kind), take(pair[1], &got, 64, 256, 0), 4);
    CHECK_EQ(check_name("%s: two came", kind), got.count, 2);
    CHECK(check_name("%s: new numbers", kind), got.fds[0] > pair[1] && got.fds[1] > pair[1] && got.fds[0] != got.fds[1]);
    CHECK(check_name("%s: the same files", kind), same_file(got.fds[0], pipes[0]) && same_file(got.fds[1], pipes[1]));
    CHECK_EQ(check_name("%s: length of control data", kind), got.control, CMSG_SPACE(2 * sizeof(int)));
    CHECK_EQ(check_name("%s: flags", kind), got.flags, 0);
    CHECK_EQ(check_name("%s: not close on exec", kind), fcntl(got.fds[0], F_GETFD), 0);
    write(got.fds[1], "through", 7);
    CHECK_EQ(check_name("%s: they work", kind), read(pipes[0], got.text, 10), 7);
    close_taken(&got);
    give(pair[0], "with", pipes, 1);
    CHECK_EQ(check_name("%s: a look", kind), take(pair[1], &got, 64, 256, MSG_PEEK), 4);
    CHECK_EQ(check_name("%s: a look gives descriptors too", kind), got.count, 1);
    close_taken(&got);
    take(pair[1], &got, 64, 256, MSG_CMSG_CLOEXEC);
    CHECK_EQ(check_name("%s: MSG_CMSG_CLOEXEC", kind), fcntl(got.fds[0], F_GETFD), FD_CLOEXEC);
    CHECK_EQ(check_name("%s: MSG_CMSG_CLOEXEC, told", kind), got.flags, MSG_CMSG_CLOEXEC);
    close_taken(&got);

    give(pair[0], "with", pipes, 2);
    CHECK_EQ(check_name("%s: read by read", kind), read(pair[1], got.text, 10), 4);
    give(pair[0], "with", pipes, 2);
    take(pair[1], &got, 64, CMSG_LEN(sizeof(int)), 0);
    CHECK(check_name("%s: room for one", kind), got.count == 1 && got.flags == MSG_CTRUNC);
    close_taken(&got);
    give(pair[0], "with", pipes, 2);
    take(pair[1], &got, 64, 0, 0);
    CHECK(check_name("%s: room for none", kind), got.count == 0 && got.flags == MSG_CTRUNC);
    give(pair[0], "with", pipes, 2);
    close(pipes[1]);
    CHECK_EQ(check_name("%s: in flight they are open", kind), recv(pair[1], got.text, 10, MSG_PEEK), 4);
    take(pair[1], &got, 64, 256, 0);
    close(got.fds[1]);
    CHECK_EQ(check_name("%s: the last one closed ends the pipe", kind), read(pipes[0], got.text, 10), 0);
    close(got.fds[0]);
    close(pipes[0]);
    pipe(pipes);
    give(pair[0], "lost", pipes, 2);
    close(pipes[1]);
    close(pair[1]);
    CHECK_EQ(check_name("%s: closed with the socket they wait in", kind), read(pipes[0], got.text, 10), 0);
    close(pair[0]);
    close(pipes[0]);
    CHECK_EQ(check_name("%s: no descriptor is left", kind), open_count(), before);
}

static void streams(void)
{
    struct taken got;
    int fd = open("/dev/null", O_RDWR);
    open_pair(SOCK_STREAM);
    write(pair[0], "before ", 7);
    give(pair[0], "with ", &fd, 1);
    write(pair[0], "after", 5);
    CHECK_EQ("stream: up to the message with the descriptor", take(pair[1], &got, 64, 256, 0), 12);
    CHECK_EQ("stream: and with it", got.count, 1);
    close_taken(&got);
    CHECK_EQ("stream: then the rest", take(pair[1], &got, 64, 256, 0), 5);
    CHECK_EQ("stream: without one", got.count, 0);
    give(pair[0], "0123456789", &fd, 1);
    CHECK_EQ("stream: in part", take(pair[1], &got, 4, 256, 0), 4);
    CHECK_EQ("stream: the descriptor comes with the first", got.count, 1);
    close_taken(&got);
    CHECK_EQ("stream: the rest", take(pair[1], &got, 64, 256, 0), 6);
    CHECK_EQ("stream: without it", got.count, 0);
    CHECK_EQ("stream: no bytes, no message", give(pair[0], "", &fd, 1), 0);
    CHECK_ERR("stream: nothing there", recv(pair[1], got.text, 1, MSG_DONTWAIT), EAGAIN);
    give(pair[0], "one", &fd, 1);
    give(pair[0], "two", &fd, 1);
    CHECK_EQ("stream: two with descriptors stay apart", take(pair[1], &got, 64, 256, 0), 3);
    close_taken(&got);
    take(pair[1], &got, 64, 256, 0);
    close_taken(&got);
    close(fd);
    close_pair();
}

static ssize_t raw(int socket, const void *control, size_t length)
{
    struct iovec part = { "x", 1 };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = (void *)control, .msg_controllen = length };
    return sendmsg(socket, &message, 0);
}

static void errors(void)
{
    struct { size_t length; int level, type, fds[2]; } one = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS, { 400, 400 } };
    int many[254];
    open_pair(SOCK_DGRAM);
    for (int i = 0; i < 254; i++)
        many[i] = 1;
    CHECK_ERR("a bad descriptor", raw(pair[0], &one, sizeof one), EBADF);
    one.fds[0] = 1;
    one.length = 8;
    CHECK_ERR("length too small", raw(pair[0], &one, sizeof one), EINVAL);
    one.length = sizeof one + 1;
    CHECK_ERR("length too large", raw(pair[0], &one, sizeof one), EINVAL);
    one.length = CMSG_LEN(sizeof(int));
    one.type = 77;
    CHECK_ERR("unknown type", raw(pair[0], &one, sizeof one), EINVAL);
    one.level = 6;
    CHECK_EQ("another level is left out", raw(pair[0], &one, sizeof one), 1);
    CHECK_EQ("too short to be any", raw(pair[0], &one, 8), 1);
    CHECK_ERR("bad address", raw(pair[0], bad, sizeof one), EFAULT);
    CHECK_EQ("253 descriptors", give(pair[0], "x", many, 253), 1);
    CHECK_ERR("254 descriptors", give(pair[0], "x", many, 254), EINVAL);
    struct taken got;
    take(pair[1], &got, 1, 0, 0);
    take(pair[1], &got, 1, 0, 0);
    take(pair[1], &got, 1, 4096, 0);
    CHECK_EQ("253 came", got.count, 253);
    close_taken(&got);
    give(pair[0], "x", many, 5);
    struct rlimit old, few;
    getrlimit(RLIMIT_NOFILE, &old);
    few = old;
    few.rlim_cur = 0;
    for (int free = 0; free < 2; few.rlim_cur++)
        free += fcntl((int)few.rlim_cur, F_GETFD) == -1;
    setrlimit(RLIMIT_NOFILE, &few);
    take(pair[1], &got, 1, 4096, 0);
    CHECK("too few descriptors free", got.count == 2 && got.flags == MSG_CTRUNC);
    close_taken(&got);
    setrlimit(RLIMIT_NOFILE, &old);
    close_pair();
    if (getuid() != 0)
        return check_skip("limit of descriptors in flight", "not root");
    pid_t child = fork();
    if (child == 0) {
        few.rlim_cur = few.rlim_max = 40;
        open_pair(SOCK_STREAM);
        setrlimit(RLIMIT_NOFILE, &few);
        setresuid(NOBODY, NOBODY, NOBODY);
        int sent = 0;
        while (sent < 200 && give(pair[0], "x", many, 10) == 1)
            sent++;
        _exit(errno == ETOOMANYREFS && sent >= 4 && sent <= 6 ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    CHECK_EQ("limit of descriptors in flight: ETOOMANYREFS", status, 0);
}

static ssize_t say(int socket, pid_t pid, uid_t uid, gid_t gid)
{
    struct { size_t length; int level, type; struct ucred who; } one = { CMSG_LEN(sizeof(struct ucred)), SOL_SOCKET, SCM_CREDENTIALS, { pid, uid, gid } };
    return raw(socket, &one, CMSG_SPACE(sizeof(struct ucred)));
}

static void credentials(void)
{
    struct taken got;
    int on = 1;
    open_pair(SOCK_STREAM);
    write(pair[0], "before", 6);
    CHECK_OK("SO_PASSCRED", setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
    take(pair[1], &got, 64, 256, 0);
    CHECK("sent before it was asked for: nobody", got.has_who && got.who.pid == 0 && got.who.uid == NOBODY && got.who.gid == NOBODY);
    write(pair[0], "after", 5);
    take(pair[1], &got, 64, 256, 0);
    CHECK("write: who wrote", got.has_who && got.who.pid == getpid() && got.who.uid == getuid() && got.who.gid == getgid());
    pid_t child = fork();
    if (child == 0) {
        write(pair[0], "child", 5);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    write(pair[0], "parent", 6);
    CHECK_EQ("writers are kept apart", take(pair[1], &got, 64, 256, 0), 5);
    CHECK_EQ("the first one", got.who.pid, child);
    CHECK_EQ("the other one's", take(pair[1], &got, 64, 256, 0), 6);
    CHECK_EQ("own credentials said", say(pair[0], getpid(), getuid(), getgid()), 1);
    take(pair[1], &got, 64, CMSG_LEN(4), 0);
    CHECK_EQ("no room: MSG_CTRUNC", got.flags, MSG_CTRUNC);
    if (getuid() == 0) {
        CHECK_EQ("root may say that it is another", say(pair[0], 1, 5, 6), 1);
        take(pair[1], &got, 64, 256, 0);
        CHECK("another", got.who.pid == 1 && got.who.uid == 5 && got.who.gid == 6);
        CHECK_ERR("but one who lives", say(pair[0], 99999999, 5, 6), ESRCH);
    }
    child = fork();
    if (child == 0) {
        setresgid(NOBODY, NOBODY, NOBODY);
        setresuid(NOBODY, NOBODY, NOBODY);
        int wrong = say(pair[0], getpid(), 5, getgid()) != -1 || errno != EPERM;
        wrong |= say(pair[0], getpid(), getuid(), 6) != -1 || errno != EPERM;
        wrong |= say(pair[0], getppid(), getuid(), getgid()) != -1 || errno != EPERM;
        _exit(wrong);
    }
    int status = -1;
    waitpid(child, &status, 0);
    CHECK_EQ("others may not: EPERM", status, 0);
    int fd = 1;
    give(pair[0], "x", &fd, 1);
    take(pair[1], &got, 64, 256, 0);
    CHECK("both together", got.has_who && got.count == 1);
    close_taken(&got);
    close_pair();
    int server = socket(AF_UNIX, SOCK_DGRAM, 0);
    setsockopt(server, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
    struct sockaddr_un name = { AF_UNIX, "\0jiffy creds" };
    bind(server, (struct sockaddr *)&name, offsetof(struct sockaddr_un, sun_path) + 12);
    int client = socket(AF_UNIX, SOCK_DGRAM, 0);
    setsockopt(client, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
    connect(client, (struct sockaddr *)&name, offsetof(struct sockaddr_un, sun_path) + 12);
    socklen_t length = sizeof name;
    getsockname(client, (struct sockaddr *)&name, &length);
    CHECK_EQ("SO_PASSCRED: connecting finds a name", length, offsetof(struct sockaddr_un, sun_path) + 6);
    send(client, "x", 1, 0);
    take(server, &got, 64, 256, 0);
    CHECK("datagram: who sent", got.has_who && got.who.pid == getpid());
    close(server);
    close(client);
}

// The write end of a pipe shows whether what holds it has gone: then the read end is at its end.
static int end_of(int pipe_end)
{
    struct pollfd polled = { pipe_end, POLLIN, 0 };
    poll(&polled, 1, -1);
    return polled.revents & POLLHUP;
}

static void rings(void)
{
    int pipes[2], other[2];
    struct taken got;
    // A socket in its own queue, with a pipe.
    pipe(pipes);
    open_pair(SOCK_DGRAM);
    give_one(pair[0], pair[1]);
    give_one(pair[0], pipes[1]);
    close(pipes[1]);
    close_pair();
    CHECK("a socket in its own queue goes", end_of(pipes[0]));
    close(pipes[0]);

    // Two pairs, each in the other's queue.
    pipe(pipes);
    open_pair(SOCK_STREAM);
    socketpair(AF_UNIX, SOCK_STREAM, 0, other);
    give_one(pair[0], other[0]);
    give_one(pair[0], other[1]);
    give_one(other[0], pair[0]);
    give_one(other[0], pair[1]);
    give_one(other[0], pipes[1]);
    close(pipes[1]);
    close(other[0]), close(other[1]);
    struct pollfd polled = { pipes[0], POLLIN, 0 };
    CHECK_EQ("a ring that somebody holds stays", poll(&polled, 1, 0), 0);
    take(pair[1], &got, 1, 256, 0);
    close_taken(&got);
    take(pair[1], &got, 1, 256, 0);
    int second = got.fds[0];
    CHECK_EQ("and can be taken apart", take(second, &got, 1, 256, 0), 1);
    CHECK(check_name("it is the socket"), same_file(got.fds[0], pair[0]));
    close_taken(&got);
    give_one(pair[0], second);
    close(second);
    close_pair();
    CHECK("a ring of two pairs goes", end_of(pipes[0]));
    close(pipes[0]);

    // A connection that nobody has accepted, of a listener that is only in flight.
    pipe(pipes);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un name = { AF_UNIX, "\0jiffy ring" };
    bind(listener, (struct sockaddr *)&name, offsetof(struct sockaddr_un, sun_path) + 11);
    listen(listener, 1);
    connect(client, (struct sockaddr *)&name, offsetof(struct sockaddr_un, sun_path) + 11);
    give_one(client, listener);
    give_one(client, client);
    give_one(client, pipes[1]);
    close(pipes[1]);
    close(listener);
    close(client);
    CHECK("a listener in its own connection goes", end_of(pipes[0]));
    close(pipes[0]);
}

static void deep(void)
{
    // Each socket in the queue of the next; the last one closed takes all down.
    int pipes[2], inner;
    pipe(pipes);
    inner = pipes[1];
    for (int i = 0; i < 1000; i++) {
        open_pair(SOCK_DGRAM);
        if (give_one(pair[0], inner) != 1)
            check_fail("deep", "expected level %d, got errno %d", i, errno);
        close(inner);
        close(pair[0]);
        inner = pair[1];
    }
    struct pollfd polled = { pipes[0], POLLIN, 0 };
    CHECK_EQ("1000 sockets in each other", poll(&polled, 1, 0), 0);
    close(inner);
    CHECK("1000 sockets in each other: all gone", end_of(pipes[0]));
    close(pipes[0]);
}

// Threads pass descriptors round while others close, look and make rings.
static int shared[2];
static volatile int stop;

static void *shaking(void *seed)
{
    unsigned random = (unsigned)(uintptr_t)seed * 2654435761u + 1;
    int own[2];
    struct taken *got = malloc(sizeof *got);
    while (!stop) {
        random = random * 1103515245 + 12345;
        int fds[2], sent[2];
        switch (random >> 16 & 3) {
        case 0:
            socketpair(AF_UNIX, SOCK_DGRAM, 0, own);
            fds[0] = own[0];
            fds[1] = own[1];
            give(own[0], "ring", fds, 2);
            close(own[0]), close(own[1]);
            break;
        case 1:
            pipe(fds);
            { struct iovec part = { "x", 1 };
              char control[CMSG_SPACE(2 * sizeof(int))] = { 0 };
              struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
              struct cmsghdr *header = CMSG_FIRSTHDR(&message);
              *header = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(2 * sizeof(int)) };
              sent[0] = fds[0];
              sent[1] = (random >> 20 & 1) ? shared[1] : fds[1];
              memcpy(CMSG_DATA(header), sent, sizeof sent);
              sendmsg(shared[0], &message, MSG_DONTWAIT); }
            close(fds[0]), close(fds[1]);
            break;
        default: {
            char control[256];
            struct iovec part = { got->text, 8 };
            struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
            if (recvmsg(shared[1], &message, MSG_DONTWAIT | ((random >> 21 & 1) ? MSG_PEEK : 0)) > 0)
                for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header))
                    for (size_t i = 0; i < (header->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++)
                        close(((int *)CMSG_DATA(header))[i]);
        }
        }
    }
    free(got);
    return NULL;
}

static void shaken(int rounds)
{
    pthread_t threads[4];
    int before = open_count();
    socketpair(AF_UNIX, SOCK_DGRAM, 0, shared);
    stop = 0;
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, shaking, (void *)(uintptr_t)(i + 1));
    for (int i = 0; i < rounds; i++) {
        int own[2];
        socketpair(AF_UNIX, SOCK_STREAM, 0, own);
        close(own[0]), close(own[1]); // each close looks for garbage
        sched_yield();
    }
    stop = 1;
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    close(shared[0]), close(shared[1]);
    CHECK_EQ("shaken: no descriptor is left", open_count(), before);
}

// Objects in use, as /proc/slabinfo tells them on Jiffy; zero elsewhere.
static long objects(const char *pool)
{
    static char all[20000];
    int fd = open("/proc/slabinfo", O_RDONLY);
    ssize_t length = 0, part;
    while (fd >= 0 && (part = read(fd, all + length, sizeof all - 1 - length)) > 0)
        length += part;
    if (fd >= 0)
        close(fd);
    all[length] = 0;
    char *at = strstr(all, pool);
    return at ? strtol(at + strlen(pool), NULL, 10) : 0;
}

int main(int count, char **arguments)
{
    int rounds = count > 1 ? atoi(arguments[1]) : 300;
    check_begin(100);
    long sockets = objects("unix_socket "), messages = objects("socket_message "), rights = objects("socket_rights ");
    passing(SOCK_STREAM, "stream");
    passing(SOCK_DGRAM, "datagram");
    passing(SOCK_SEQPACKET, "packet");
    streams();
    errors();
    credentials();
    rings();
    deep();
    shaken(rounds);
    CHECK_EQ("no socket is left", objects("unix_socket "), sockets);
    CHECK_EQ("no message is left", objects("socket_message "), messages);
    CHECK_EQ("no set of descriptors is left", objects("socket_rights "), rights);
    return check_end();
}
