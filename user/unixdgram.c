// Sockets of the family AF_UNIX that send messages: datagrams and packets of a connection (SOCK_SEQPACKET). Bounds, addresses, filters, limits,
// waiting, ends and errors, poll, several messages in a call.
// cpus: 1 2 4
// timeout: 120
#include "check.h"
#include "counts.h"
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>

#define HEADER ((socklen_t)offsetof(struct sockaddr_un, sun_path))

static int pair[2];
static void *volatile bad = (void *)8;

static socklen_t address_of(struct sockaddr_un *address, const char *name)
{
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, name, strlen(name));
    if (name[0] != '@')
        return HEADER + strlen(name) + 1;
    address->sun_path[0] = 0;
    return HEADER + strlen(name);
}

static int bound(const char *name, int type)
{
    struct sockaddr_un address;
    socklen_t length = address_of(&address, name);
    int fd = socket(AF_UNIX, type, 0);
    if (bind(fd, (struct sockaddr *)&address, length))
        check_fail("bind", "expected %s bound, got errno %d", name, errno);
    return fd;
}

static int dial(int fd, const char *name)
{
    struct sockaddr_un address;
    socklen_t length = address_of(&address, name);
    return connect(fd, (struct sockaddr *)&address, length);
}

static ssize_t send_to(int fd, const char *name, const void *bytes, size_t count, int flags)
{
    struct sockaddr_un address;
    socklen_t length = address_of(&address, name);
    return sendto(fd, bytes, count, flags, (struct sockaddr *)&address, length);
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

// Waits until the child sleeps, or has ended.
static void until_asleep(pid_t child)
{
    char path[64], state[256];
    snprintf(path, sizeof path, "/proc/%d/stat", child);
    for (;;) {
        int stat = open(path, O_RDONLY);
        if (stat < 0)
            return;
        ssize_t length = read(stat, state, sizeof state - 1);
        close(stat);
        state[length < 0 ? 0 : length] = 0;
        char *end = strrchr(state, ')');
        if (end && (end[2] == 'S' || end[2] == 'Z'))
            return;
        sched_yield();
    }
}

static int status_of(pid_t child)
{
    int status = -1;
    waitpid(child, &status, 0);
    return status;
}

static void bounds(int type, const char *kind)
{
    char text[300000] = "";
    if (socketpair(AF_UNIX, type, 0, pair)) {
        check_fail("socketpair", "expected success, got errno %d", errno);
        return;
    }
    CHECK_EQ(check_name("%s: poll at rest", kind), events(pair[0]), POLLOUT);
    write(pair[0], "first", 5);
    send(pair[0], "second one", 10, 0);
    CHECK_EQ(check_name("%s: zero bytes are a message", kind), send(pair[0], "", 0, 0), 0);
    write(pair[0], "third", 5);
    int count = -1;
    ioctl(pair[1], FIONREAD, &count);
    CHECK_EQ(check_name("%s: FIONREAD", kind), count, type == SOCK_DGRAM ? 5 : 20);
    CHECK_EQ(check_name("%s: poll with messages", kind), events(pair[1]), POLLIN | POLLOUT);
    CHECK_EQ(check_name("%s: one at a time", kind), read(pair[1], text, 100), 5);
    CHECK_EQ(check_name("%s: a look", kind), recv(pair[1], text, 4, MSG_PEEK), 4);
    CHECK_EQ(check_name("%s: a look at its whole length", kind), recv(pair[1], text, 4, MSG_PEEK | MSG_TRUNC), 10);
    struct iovec part = { text, 6 };
    struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
    CHECK_EQ(check_name("%s: cut", kind), recvmsg(pair[1], &header, 0), 6);
    CHECK_EQ(check_name("%s: MSG_TRUNC told", kind), header.msg_flags, MSG_TRUNC);
    CHECK_EQ(check_name("%s: the empty one", kind), recv(pair[1], text, 10, 0), 0);
    CHECK_EQ(check_name("%s: MSG_TRUNC asked: the whole length", kind), recv(pair[1], text, 2, MSG_TRUNC), 5);
    CHECK_ERR(check_name("%s: nothing left", kind), recv(pair[1], text, 2, MSG_DONTWAIT), EAGAIN);
    for (int i = 0; i < 200000; i++)
        text[i] = (char)(i * 13 >> 4);
    static const int sizes[] = { 1, 255, 256, 257, 1536, 1537, 4096, 4097, 100000, 200000 };
    static char got[300000];
    int wrong = 0;
    for (int i = 0; i < 10; i++)
        if (send(pair[0], text, sizes[i], 0) != sizes[i] || recv(pair[1], got, sizeof got, 0) != sizes[i] || memcmp(text, got, sizes[i]))
            wrong++;
    CHECK_EQ(check_name("%s: every size arrives whole", kind), wrong, 0);
    CHECK_ERR(check_name("%s: longer than the buffer", kind), send(pair[0], text, 212992 - 31, 0), EMSGSIZE);
    CHECK_ERR(check_name("%s: bad address", kind), send(pair[0], bad, 10, 0), EFAULT);
    write(pair[0], "lost", 4);
    CHECK_ERR(check_name("%s: received to a bad address", kind), recv(pair[1], bad, 10, 0), EFAULT);
    CHECK_ERR(check_name("%s: and gone", kind), recv(pair[1], got, 10, MSG_DONTWAIT), EAGAIN);
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    int sent = 0;
    while (send(pair[0], text, 100, 0) == 100)
        sent++;
    CHECK(check_name("%s: full", kind), errno == EAGAIN && sent > 100 && sent < 1000);
    CHECK_EQ(check_name("%s: full, poll", kind), events(pair[0]), 0);
    fcntl(pair[0], F_SETFL, 0);
    pid_t child = fork();
    if (child == 0)
        _exit(send(pair[0], text, 7, 0) != 7);
    until_asleep(child);
    while (recv(pair[1], got, 100, MSG_DONTWAIT) == 100)
        ;
    CHECK_EQ(check_name("%s: a sender that waited sent", kind), status_of(child), 0);
    int zero = 0;
    setsockopt(pair[1], SOL_SOCKET, SO_PEEK_OFF, &zero, sizeof zero);
    while (recv(pair[1], got, 100, MSG_DONTWAIT) > 0)
        ;
    write(pair[0], "abcd", 4);
    write(pair[0], "ef", 2);
    CHECK_EQ(check_name("%s: SO_PEEK_OFF", kind), recv(pair[1], got, 3, MSG_PEEK), 3);
    CHECK_EQ(check_name("%s: SO_PEEK_OFF, rest of the first", kind), recv(pair[1], got, 3, MSG_PEEK), 1);
    CHECK_EQ(check_name("%s: SO_PEEK_OFF, the second", kind), recv(pair[1], got, 3, MSG_PEEK), 2);
    CHECK_EQ(check_name("%s: SO_PEEK_OFF, read", kind), recv(pair[1], got, 9, 0), 4);
    close(pair[0]);
    close(pair[1]);
}

static void addresses(void)
{
    struct sockaddr_un from;
    socklen_t length = sizeof from;
    char text[64];
    int server = bound("server", SOCK_DGRAM), client = bound("@jiffy client", SOCK_DGRAM), unnamed = socket(AF_UNIX, SOCK_DGRAM, 0);
    CHECK_EQ("sendto", send_to(client, "server", "hello", 5, 0), 5);
    CHECK_EQ("recvfrom", recvfrom(server, text, sizeof text, 0, (struct sockaddr *)&from, &length), 5);
    CHECK("recvfrom: the sender's name", length == HEADER + 13 && !memcmp(from.sun_path, "\0jiffy client", 13));
    CHECK_EQ("answered", sendto(server, "back", 4, 0, (struct sockaddr *)&from, length), 4);
    length = sizeof from;
    CHECK_EQ("answer", recvfrom(client, text, sizeof text, 0, (struct sockaddr *)&from, &length), 4);
    CHECK("answer: from the path", length == HEADER + 7 && !strcmp(from.sun_path, "server"));
    send_to(unnamed, "server", "who", 3, 0);
    length = sizeof from;
    recvfrom(server, text, sizeof text, 0, (struct sockaddr *)&from, &length);
    CHECK_EQ("a sender without a name", length, 0);
    CHECK_ERR("no destination", send(unnamed, "x", 1, 0), ENOTCONN);
    CHECK_ERR("no such name", send_to(unnamed, "none", "x", 1, 0), ENOENT);
    CHECK_ERR("no such abstract name", send_to(unnamed, "@jiffy none", "x", 1, 0), ECONNREFUSED);
    CHECK_ERR("bad destination", sendto(unnamed, "x", 1, 0, (struct sockaddr *)&from, 1), EINVAL);
    CHECK_ERR("destination of another type", send_to(unnamed, "stream", "x", 1, (close(bound("stream", SOCK_STREAM)), 0)), ECONNREFUSED);
    int stream = bound("stream2", SOCK_STREAM);
    CHECK_ERR("destination of another type, open", send_to(unnamed, "stream2", "x", 1, 0), EPROTOTYPE);
    close(stream);
    CHECK_ERR("listen", listen(server, 1), EOPNOTSUPP);
    CHECK_ERR("accept", accept(server, NULL, NULL), EOPNOTSUPP);
    // A message's sender is told even when it has gone.
    send_to(client, "server", "x", 1, 0);
    close(client);
    length = sizeof from;
    recvfrom(server, text, sizeof text, 0, (struct sockaddr *)&from, &length);
    CHECK_EQ("a sender that has gone: its name", length, HEADER + 13);
    close(unnamed);
    close(server);
}

static void connected(void)
{
    char text[64];
    struct sockaddr_un from;
    socklen_t length = sizeof from;
    int a = bound("@jiffy a", SOCK_DGRAM), b = bound("@jiffy b", SOCK_DGRAM), c = bound("@jiffy c", SOCK_DGRAM);
    CHECK_OK("connect", dial(a, "@jiffy b"));
    CHECK_EQ("connected: sent", send(a, "to b", 4, 0), 4);
    CHECK_EQ("connected: received", recv(b, text, 10, 0), 4);
    CHECK_OK("getpeername", getpeername(a, (struct sockaddr *)&from, &length));
    CHECK_EQ("getpeername: length", length, HEADER + 8);
    CHECK_ERR("filter: another cannot send", send_to(c, "@jiffy a", "x", 1, 0), EPERM);
    CHECK_ERR("filter: nor connect", dial(c, "@jiffy a"), EPERM);
    CHECK_EQ("filter: its peer can", send_to(b, "@jiffy a", "x", 1, 0), 1);
    recv(a, text, 10, 0);
    CHECK_EQ("connected: an address given counts", send_to(a, "@jiffy c", "x", 1, 0), 1);
    recv(c, text, 10, 0);
    CHECK_OK("connect: another time", dial(a, "@jiffy c"));
    CHECK_EQ("connect: another receives", send(a, "y", 1, 0), 1);
    CHECK_EQ("connect: it did", recv(c, text, 10, 0), 1);
    struct sockaddr_un none = { .sun_family = AF_UNSPEC };
    CHECK_OK("AF_UNSPEC: nobody any more", connect(a, (struct sockaddr *)&none, sizeof(sa_family_t)));
    CHECK_ERR("AF_UNSPEC: no destination", send(a, "y", 1, 0), ENOTCONN);
    CHECK_EQ("AF_UNSPEC: anybody may send", send_to(c, "@jiffy a", "z", 1, 0), 1);
    recv(a, text, 10, 0);

    // Both connected with each other; one goes away.
    dial(a, "@jiffy b");
    dial(b, "@jiffy a");
    send(b, "lost", 4, 0);
    dial(a, "@jiffy c");
    CHECK_EQ("who was left: ECONNRESET", option(b, SO_ERROR), ECONNRESET);
    CHECK_ERR("who left: what was sent is lost", recv(a, text, 10, MSG_DONTWAIT), EAGAIN);
    CHECK_ERR("who was left: it is not sent to it", send(b, "x", 1, 0), EPERM);
    close(c);
    CHECK_ERR("closed: ECONNREFUSED", send(a, "x", 1, 0), ECONNREFUSED);
    CHECK_ERR("closed: then nobody", send(a, "x", 1, 0), ENOTCONN);
    CHECK_EQ("closed: poll", events(a), POLLOUT);
    close(a);
    CHECK_ERR("its name is free", send_to(b, "@jiffy a", "x", 1, 0), ECONNREFUSED);
    close(b);
    int self = bound("@jiffy self", SOCK_DGRAM);
    CHECK_OK("connected with itself", dial(self, "@jiffy self"));
    for (int i = 0; i < 30; i++)
        send(self, "me", 2, 0);
    CHECK_EQ("itself: no limit but the buffer", send(self, "me", 2, MSG_DONTWAIT), 2);
    CHECK_EQ("itself: received", recv(self, text, 10, 0), 2);
    close(self);
}

static void limits(void)
{
    char text[64];
    int server = bound("@jiffy limit", SOCK_DGRAM), client = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0), sent = 0;
    while (send_to(client, "@jiffy limit", "x", 1, 0) == 1)
        sent++;
    CHECK_EQ("limit: eleven messages", sent, 11);
    CHECK_EQ("limit: EAGAIN", errno, EAGAIN);
    CHECK_EQ("limit: not connected, poll knows nothing", events(client), POLLOUT);
    CHECK_OK("limit: connect", dial(client, "@jiffy limit"));
    CHECK_EQ("limit: connected, poll", events(client), 0);
    pid_t child = fork();
    if (child == 0) {
        struct pollfd polled = { client, POLLOUT, 0 };
        _exit(poll(&polled, 1, -1) != 1 || polled.revents != POLLOUT);
    }
    until_asleep(child);
    recv(server, text, 10, 0);
    CHECK_EQ("limit: who polls hears of room", status_of(child), 0);
    CHECK_EQ("limit: poll with room", events(client), POLLOUT);
    send(client, "x", 1, 0);
    fcntl(client, F_SETFL, 0);
    child = fork();
    if (child == 0)
        _exit(send(client, "waited", 6, 0) != 6);
    until_asleep(child);
    for (int i = 0; i < 11; i++)
        recv(server, text, 10, 0);
    CHECK_EQ("limit: the last one", recv(server, text, 10, 0), 6);
    CHECK_EQ("limit: who waited has sent", status_of(child), 0);
    for (int i = 0; i < 11; i++)
        send(client, "x", 1, 0);
    setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){ 0, 20000 }, sizeof(struct timeval));
    CHECK_ERR("limit: SO_SNDTIMEO", send(client, "x", 1, 0), EAGAIN);
    setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){ 0, 0 }, sizeof(struct timeval));
    child = fork();
    if (child == 0) {
        close(server);
        _exit(send(client, "x", 1, 0) == -1 && errno == ECONNREFUSED ? 0 : 1);
    }
    until_asleep(child);
    close(server);
    CHECK_EQ("limit: who waits for one that closes", status_of(child), 0);
    close(client);

    server = bound("@jiffy shut", SOCK_DGRAM);
    client = socket(AF_UNIX, SOCK_DGRAM, 0);
    dial(client, "@jiffy shut");
    send(client, "before", 6, 0);
    shutdown(server, SHUT_RD);
    CHECK_ERR("shut: EPIPE, and no signal", send(client, "x", 1, 0), EPIPE);
    CHECK_EQ("shut: what came before is read", recv(server, text, 10, 0), 6);
    CHECK_EQ("shut: then the end", recv(server, text, 10, 0), 0);
    CHECK_ERR("shut: not waiting, nothing there", recv(server, text, 10, MSG_DONTWAIT), EAGAIN);
    CHECK_EQ("shut: poll", events(server), POLLIN | POLLOUT | POLLRDHUP);
    CHECK_EQ("shut: poll of the other", events(client), POLLOUT);
    shutdown(client, SHUT_WR);
    CHECK_ERR("shut: own end, EPIPE", send(client, "x", 1, 0), EPIPE);
    shutdown(server, SHUT_WR);
    CHECK_EQ("shut: both, poll", events(server), POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
    close(client);
    close(server);
}

static void packets(void)
{
    char text[64];
    int listener = bound("packets", SOCK_SEQPACKET), client = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    CHECK_EQ("packets: unconnected, poll", events(client), POLLOUT | POLLHUP);
    CHECK_ERR("packets: unconnected, send", send(client, "x", 1, 0), ENOTCONN);
    CHECK_ERR("packets: unconnected, recv", recv(client, text, 1, 0), ENOTCONN);
    CHECK_ERR("packets: not listening", dial(client, "packets"), ECONNREFUSED);
    listen(listener, 3);
    CHECK_OK("packets: connect", dial(client, "packets"));
    int server = accept(listener, NULL, NULL);
    CHECK_OK("packets: accept", server);
    for (int i = 0; i < 30; i++)
        send(client, "many", 4, MSG_DONTWAIT | MSG_EOR);
    CHECK_EQ("packets: no limit of eleven", send(client, "many", 4, MSG_DONTWAIT), 4);
    CHECK_EQ("packets: an address does not matter", send_to(client, "nowhere", "x", 1, 0), 1);
    for (int i = 0; i < 31; i++)
        recv(server, text, 10, 0);
    CHECK_EQ("packets: that one", recv(server, text, 10, 0), 1);
    send(server, "last", 4, 0);
    close(server);
    CHECK_EQ("packets: closed, poll", events(client), POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
    CHECK_ERR("packets: closed, EPIPE", send(client, "x", 1, MSG_NOSIGNAL), EPIPE);
    CHECK_EQ("packets: what was sent", recv(client, text, 10, 0), 4);
    CHECK_EQ("packets: the end", recv(client, text, 10, 0), 0);
    CHECK_EQ("packets: the end, not waiting", recv(client, text, 10, MSG_DONTWAIT), 0);
    close(client);
    client = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    dial(client, "packets");
    server = accept(listener, NULL, NULL);
    send(client, "unread", 6, 0);
    close(server);
    CHECK_ERR("packets: cut off", recv(client, text, 10, 0), ECONNRESET);
    CHECK_EQ("packets: then the end", recv(client, text, 10, 0), 0);
    // Whether a signal comes with EPIPE: it ends the child.
    pid_t child = fork();
    if (child == 0)
        _exit(send(client, "x", 1, 0) == -1 && errno == EPIPE ? 7 : 8);
    CHECK_EQ("packets: EPIPE without a signal", WEXITSTATUS(status_of(child)), 7);
    close(client);
    close(listener);
}

static void several(void)
{
    socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
    struct iovec parts[4] = { { "one", 3 }, { "three", 5 }, { "seven..", 7 }, { "eleven.....", 11 } };
    struct mmsghdr out[4] = { 0 }, in[4] = { 0 };
    char texts[4][20];
    struct iovec into[4];
    for (int i = 0; i < 4; i++) {
        out[i].msg_hdr.msg_iov = &parts[i];
        out[i].msg_hdr.msg_iovlen = 1;
        into[i] = (struct iovec){ texts[i], 20 };
        in[i].msg_hdr.msg_iov = &into[i];
        in[i].msg_hdr.msg_iovlen = 1;
    }
    CHECK_EQ("sendmmsg", syscall(SYS_sendmmsg, pair[0], out, 4, 0), 4);
    CHECK("sendmmsg: lengths", out[0].msg_len == 3 && out[3].msg_len == 11);
    CHECK_EQ("recvmmsg: two", syscall(SYS_recvmmsg, pair[1], in, 2, 0, NULL), 2);
    CHECK("recvmmsg: lengths", in[0].msg_len == 3 && in[1].msg_len == 5);
    CHECK_EQ("recvmmsg: MSG_WAITFORONE", syscall(SYS_recvmmsg, pair[1], in, 4, MSG_WAITFORONE, NULL), 2);
    CHECK("recvmmsg: the rest", in[0].msg_len == 7 && in[1].msg_len == 11 && !memcmp(texts[1], "eleven", 6));
    CHECK_ERR("recvmmsg: nothing", syscall(SYS_recvmmsg, pair[1], in, 4, MSG_DONTWAIT, NULL), EAGAIN);
    struct timespec time = { 0, -1 };
    CHECK_ERR("recvmmsg: time", syscall(SYS_recvmmsg, pair[1], in, 4, MSG_DONTWAIT, &time), EINVAL);
    syscall(SYS_sendmmsg, pair[0], out, 4, 0);
    time = (struct timespec){ 0, 0 };
    CHECK_EQ("recvmmsg: the time is over after one", syscall(SYS_recvmmsg, pair[1], in, 4, 0, &time), 1);
    out[1].msg_hdr.msg_iov = bad;
    CHECK_EQ("sendmmsg: as far as it goes", syscall(SYS_sendmmsg, pair[0], out, 4, 0), 1);
    CHECK_ERR("sendmmsg: none", syscall(SYS_sendmmsg, pair[0], out + 1, 3, 0), EFAULT);
    CHECK_EQ("sendmmsg: no messages", syscall(SYS_sendmmsg, pair[0], out, 0, 0), 0);
    struct msghdr header = { .msg_iov = parts, .msg_iovlen = 1025 };
    CHECK_ERR("sendmsg: too many parts", sendmsg(pair[0], &header, 0), EMSGSIZE);
    CHECK_ERR("sendmsg: bad address", syscall(SYS_sendmsg, pair[0], bad, 0), EFAULT);
    close(pair[0]);
    close(pair[1]);
}

static void tick(int signal) { (void)signal; }

// A signal ends the wait for a second message: the call tells of the first, and nothing of the signal stays with the socket.
// Linux keeps an errno there that is its own (512), and tells it to whoever calls next.
static void interrupted(void)
{
    struct sigaction action = { .sa_handler = tick }, old;
    struct itimerval every = { { 0, 5000 }, { 0, 5000 } }, limit;
    char text[20];
    struct iovec into = { text, sizeof text };
    struct mmsghdr in[2] = { 0 };
    in[0].msg_hdr.msg_iov = in[1].msg_hdr.msg_iov = &into;
    in[0].msg_hdr.msg_iovlen = in[1].msg_hdr.msg_iovlen = 1;
    socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
    sigaction(SIGALRM, &action, &old);
    send(pair[0], "one", 3, 0);
    setitimer(ITIMER_REAL, &every, &limit);
    long count = syscall(SYS_recvmmsg, pair[1], in, 2, 0, NULL);
    setitimer(ITIMER_REAL, &limit, NULL);
    sigaction(SIGALRM, &old, NULL);
    CHECK_EQ("recvmmsg: a signal after the first message", count, 1);
    count = recv(pair[1], text, sizeof text, MSG_DONTWAIT);
    CHECK("recvmmsg: the signal is not told to the next", count == -1 && (errno == EAGAIN || (errno == 512 && !counts_are_exact())));
    close(pair[0]);
    close(pair[1]);
}

// Many senders, one queue of eleven, several receivers: every message arrives once.
enum { Senders = 4, Each = 300, Receivers = 3 };
static int queue_fd, seen[Senders][Each];

static void *sending(void *number)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0), message[2] = { (int)(intptr_t)number, 0 };
    for (; message[1] < Each; message[1]++)
        send_to(fd, "@jiffy queue", message, sizeof message, 0);
    close(fd);
    return NULL;
}

static void *receiving(void *unused)
{
    int message[2];
    (void)unused;
    while (recv(queue_fd, message, sizeof message, 0) == sizeof message)
        __atomic_add_fetch(&seen[message[0]][message[1]], 1, __ATOMIC_RELAXED);
    return NULL;
}

static void many(void)
{
    pthread_t senders[Senders], receivers[Receivers];
    queue_fd = bound("@jiffy queue", SOCK_DGRAM);
    for (int i = 0; i < Receivers; i++)
        pthread_create(&receivers[i], NULL, receiving, NULL);
    for (int i = 0; i < Senders; i++)
        pthread_create(&senders[i], NULL, sending, (void *)(intptr_t)i);
    for (int i = 0; i < Senders; i++)
        pthread_join(senders[i], NULL);
    shutdown(queue_fd, SHUT_RD);
    for (int i = 0; i < Receivers; i++)
        pthread_join(receivers[i], NULL);
    close(queue_fd);
    int wrong = 0;
    for (int i = 0; i < Senders; i++)
        for (int j = 0; j < Each; j++)
            wrong += seen[i][j] != 1;
    CHECK_EQ("many: every message once", wrong, 0);
}

int main(void)
{
    check_begin(100);
    check_scratch();
    bounds(SOCK_DGRAM, "datagrams");
    bounds(SOCK_SEQPACKET, "packets");
    addresses();
    connected();
    limits();
    packets();
    several();
    interrupted();
    many();
    return check_end();
}
