// POSIX message queues: names, attributes, priorities and order, blocking both ways with time-outs and signals, notification, poll and select,
// the file system that shows them, permissions and umask, limits, and many processes at once.
// cpus: 1 2 4
// host: root
// timeout: 100
#include "check.h"
#include <mqueue.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/statfs.h>

#define CAP_SYS_RESOURCE_NUMBER 24

static char buffer[70000];

static mqd_t new_queue(const char *name, int flags, long most, long bytes)
{
    struct mq_attr attributes = { .mq_maxmsg = most, .mq_msgsize = bytes };
    return mq_open(name, O_CREAT | flags, 0600, &attributes);
}

static int put(mqd_t queue, const char *text, unsigned priority) { return mq_send(queue, text, strlen(text), priority); }

// The text, NUL behind it; or NULL.
static const char *get(mqd_t queue, unsigned *priority)
{
    ssize_t length = mq_receive(queue, buffer, sizeof buffer - 1, priority);
    if (length < 0)
        return NULL;
    buffer[length] = 0;
    return buffer;
}

static struct mq_attr attributes_of(mqd_t queue)
{
    struct mq_attr attributes = { .mq_curmsgs = -1 };
    mq_getattr(queue, &attributes);
    return attributes;
}

static long held(mqd_t queue) { return attributes_of(queue).mq_curmsgs; }

static int reap(pid_t child)
{
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) { }
    return status;
}

static struct timespec in(long long ns)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    time.tv_nsec += ns % 1000000000, time.tv_sec += ns / 1000000000;
    if (time.tv_nsec >= 1000000000)
        time.tv_nsec -= 1000000000, time.tv_sec++;
    return time;
}

static pid_t child_get(mqd_t queue)
{
    pid_t child = check_fork();
    if (child == 0) {
        ssize_t length = mq_receive(queue, buffer, sizeof buffer, NULL);
        _exit(length < 0 ? 100 + errno : length);
    }
    return child;
}

static pid_t child_put(mqd_t queue, const char *text, unsigned priority)
{
    pid_t child = check_fork();
    if (child == 0)
        _exit(put(queue, text, priority) ? errno : 0);
    return child;
}

static void names(void)
{
    CHECK_ERR("open: none there", mq_open("/check-none", O_RDWR), ENOENT);
    CHECK_ERR("unlink: none there", mq_unlink("/check-none"), ENOENT);
    mqd_t queue = mq_open("/check-a", O_RDWR | O_CREAT | O_EXCL, 0640, NULL);
    CHECK("open: made", queue >= 0);
    struct mq_attr attributes = attributes_of(queue);
    CHECK("usual attributes", attributes.mq_maxmsg == 10 && attributes.mq_msgsize == 8192 && attributes.mq_curmsgs == 0 && attributes.mq_flags == 0);
    CHECK_ERR("open: exclusively", mq_open("/check-a", O_RDWR | O_CREAT | O_EXCL, 0600, NULL), EEXIST);
    mqd_t second = mq_open("/check-a", O_RDONLY | O_NONBLOCK);
    CHECK("open: found", second >= 0);
    CHECK_EQ("its own flags", attributes_of(second).mq_flags, O_NONBLOCK);
    CHECK_EQ("closed by exec", fcntl(queue, F_GETFD), FD_CLOEXEC);
    put(queue, "through", 0);
    CHECK_STR("one queue", get(second, NULL), "through");
    CHECK("empty", get(second, NULL) == NULL && errno == EAGAIN);
    CHECK_ERR("not opened for it: send", mq_send(second, "x", 1, 0), EBADF);
    mqd_t third = mq_open("/check-a", O_WRONLY);
    CHECK_ERR("not opened for it: receive", mq_receive(third, buffer, sizeof buffer, NULL), EBADF);
    CHECK_OK("unlink", mq_unlink("/check-a"));
    CHECK_ERR("unlinked: its name", mq_open("/check-a", O_RDWR), ENOENT);
    put(third, "still", 0);
    CHECK_STR("unlinked: lives on", get(queue, NULL), "still");
    mq_close(queue), mq_close(second), mq_close(third);
    CHECK_ERR("a slash within", syscall(SYS_mq_open, "a/b", O_CREAT | O_RDWR, 0600, NULL), EACCES);
    CHECK_ERR("a slash in front", syscall(SYS_mq_open, "/b", O_CREAT | O_RDWR, 0600, NULL), EACCES);
    CHECK_ERR("a dot", syscall(SYS_mq_open, ".", O_RDWR, 0600, NULL), EACCES);
    CHECK_ERR("no name", syscall(SYS_mq_open, "", O_CREAT | O_RDWR, 0600, NULL), ENOENT);
    char name[300] = "";
    memset(name, 'n', 256);
    CHECK_ERR("a long name", syscall(SYS_mq_open, name, O_CREAT | O_RDWR, 0600, NULL), ENAMETOOLONG);
    CHECK_ERR("a bad name", syscall(SYS_mq_open, 8l, O_CREAT | O_RDWR, 0600, NULL), EFAULT);
    CHECK_ERR("bad attributes", syscall(SYS_mq_open, "check-b", O_CREAT | O_RDWR, 0600, 8l), EFAULT);
    CHECK_ERR("no messages", new_queue("/check-b", O_RDWR, 0, 10), EINVAL);
    CHECK_ERR("no bytes", new_queue("/check-b", O_RDWR, 10, 0), EINVAL);
    CHECK_ERR("negative", new_queue("/check-b", O_RDWR, -1, 10), EINVAL);
}

static void order(void)
{
    mqd_t queue = new_queue("/check-order", O_RDWR, 8, 20);
    mq_unlink("/check-order");
    unsigned priority = 99;
    put(queue, "a", 1), put(queue, "b", 5), put(queue, "c", 1), put(queue, "d", 32767), put(queue, "e", 5), put(queue, "", 0);
    CHECK_EQ("how many", held(queue), 6);
    CHECK_STR("the highest", get(queue, &priority), "d");
    CHECK_EQ("its priority", priority, 32767);
    CHECK_STR("of one priority the first", get(queue, &priority), "b");
    CHECK_STR("then the second", get(queue, &priority), "e");
    CHECK_EQ("its priority", priority, 5);
    put(queue, "f", 4);
    CHECK_STR("one that came later", get(queue, NULL), "f");
    CHECK_STR("lower ones", get(queue, NULL), "a");
    CHECK_STR("in order", get(queue, NULL), "c");
    CHECK_STR("an empty one", get(queue, &priority), "");
    CHECK_EQ("of priority 0", priority, 0);
    CHECK_ERR("priority too high", put(queue, "x", 32768), EINVAL);
    CHECK_ERR("too long", mq_send(queue, buffer, 21, 0), EMSGSIZE);
    CHECK_OK("as long as may be", mq_send(queue, buffer, 20, 0));
    CHECK_ERR("too little room", mq_receive(queue, buffer, 19, NULL), EMSGSIZE);
    CHECK_EQ("still there", held(queue), 1);
    CHECK_EQ("received", mq_receive(queue, buffer, 20, NULL), 20);
    CHECK_ERR("send: bad pointer", syscall(SYS_mq_timedsend, queue, 8l, 5l, 0, NULL), EFAULT);
    put(queue, "x", 0);
    CHECK_ERR("receive: bad pointer", syscall(SYS_mq_timedreceive, queue, 8l, 20l, NULL, NULL), EFAULT);
    CHECK_EQ("which is gone", held(queue), 0);
    int other = open("/dev/null", O_RDWR);
    CHECK_ERR("no queue: send", put(other, "x", 0), EBADF);
    CHECK_ERR("no queue: receive", mq_receive(other, buffer, 20, NULL), EBADF);
    CHECK_ERR("no queue: attributes", mq_getattr(other, &(struct mq_attr){ 0 }), EBADF);
    CHECK_ERR("no queue: notify", mq_notify(other, NULL), EBADF);
    CHECK_ERR("no file", put(-1, "x", 0), EBADF);
    close(other);

    // Flags are the opening's, and all that can be set.
    struct mq_attr wanted = { .mq_flags = O_NONBLOCK, .mq_maxmsg = 3 }, old;
    CHECK_OK("setattr", mq_setattr(queue, &wanted, &old));
    CHECK("setattr: what it was", old.mq_flags == 0 && old.mq_maxmsg == 8);
    CHECK("setattr: what it is", attributes_of(queue).mq_flags == O_NONBLOCK && attributes_of(queue).mq_maxmsg == 8);
    CHECK_EQ("fcntl sees it", fcntl(queue, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    wanted.mq_flags = O_APPEND;
    CHECK_ERR("setattr: another flag", mq_setattr(queue, &wanted, NULL), EINVAL);
    for (int i = 0; i < 8; i++)
        put(queue, "12345", i);
    CHECK_ERR("full", put(queue, "x", 0), EAGAIN);
    mq_close(queue);
}

static volatile int caught, caught_code, caught_value, caught_pid;
static void count_signal(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    caught_code = info->si_code, caught_value = info->si_value.sival_int, caught_pid = info->si_pid;
    caught++;
}

static void catch(int flags)
{
    struct sigaction action = { .sa_sigaction = count_signal, .sa_flags = SA_SIGINFO | flags };
    sigaction(SIGUSR1, &action, NULL);
    caught = 0;
}

static void waiting(void)
{
    mqd_t queue = new_queue("/check-wait", O_RDWR, 2, 100);
    mq_unlink("/check-wait");
    pid_t first = child_get(queue);
    check_await_state(first, 'S');
    pid_t second = child_get(queue);
    check_await_state(second, 'S');
    put(queue, "12345", 1);
    CHECK_EQ("receivers: the first", reap(first), EXITED(5));
    put(queue, "1234567", 1);
    CHECK_EQ("receivers: the second", reap(second), EXITED(7));
    CHECK_EQ("receivers: none was queued", held(queue), 0);
    put(queue, "a", 1), put(queue, "b", 2);
    first = child_put(queue, "low", 0);
    check_await_state(first, 'S');
    second = child_put(queue, "high", 9);
    check_await_state(second, 'S');
    CHECK_STR("senders: what is there", get(queue, NULL), "b");
    CHECK_EQ("senders: the first has room", reap(first), EXITED(0));
    CHECK_EQ("senders: full again", held(queue), 2);
    CHECK_STR("senders: by priority", get(queue, NULL), "a");
    CHECK_EQ("senders: the second has room", reap(second), EXITED(0));
    CHECK_STR("senders: by priority", get(queue, NULL), "high");
    CHECK_STR("senders: the last", get(queue, NULL), "low");

    // Among those who wait the highest scheduling priority comes first.
    struct sched_param fifo = { .sched_priority = 10 };
    first = child_get(queue);
    check_await_state(first, 'S');
    struct gate gate = gate_make();
    second = check_fork();
    if (second == 0) {
        if (syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &fifo))
            _exit(99);
        gate_open(&gate);
        ssize_t length = mq_receive(queue, buffer, sizeof buffer, NULL);
        _exit(length);
    }
    struct pollfd opened = { gate.ends[0], POLLIN, 0 };
    while (check_task_state(second) != 'Z' && !poll(&opened, 1, 0))
        sched_yield();
    if (poll(&opened, 1, 0)) {
        check_await_state(second, 'S');
        put(queue, "123", 0);
        CHECK_EQ("by priority of the receiver", reap(second), EXITED(3));
    } else {
        check_skip("by priority of the receiver", "no real-time priority");
        reap(second);
    }
    gate_close(&gate);
    put(queue, "12", 0);
    CHECK_EQ("then the other", reap(first), EXITED(2));

    // Ends of a wait.
    struct timespec limit = in(3000000);
    CHECK_ERR("receive: a time-out", mq_timedreceive(queue, buffer, sizeof buffer, NULL, &limit), ETIMEDOUT);
    struct timespec after = in(0);
    CHECK("receive: not early", after.tv_sec > limit.tv_sec || (after.tv_sec == limit.tv_sec && after.tv_nsec >= limit.tv_nsec));
    limit.tv_sec = 1;
    CHECK_ERR("receive: long ago", mq_timedreceive(queue, buffer, sizeof buffer, NULL, &limit), ETIMEDOUT);
    limit.tv_nsec = 1000000000;
    CHECK_ERR("receive: a bad time", mq_timedreceive(queue, buffer, sizeof buffer, NULL, &limit), EINVAL);
    put(queue, "x", 0), put(queue, "y", 0);
    limit = in(3000000);
    CHECK_ERR("send: a time-out", mq_timedsend(queue, "z", 1, 0, &limit), ETIMEDOUT);
    limit.tv_nsec = -1;
    CHECK_ERR("send: a bad time", mq_timedsend(queue, "z", 1, 0, &limit), EINVAL);
    CHECK_EQ("send: nothing was sent", held(queue), 2);
    limit = (struct timespec){ 1, 0 };
    CHECK_EQ("a message that is there, whatever the time", mq_timedreceive(queue, buffer, sizeof buffer, NULL, &limit), 1);
    get(queue, NULL);
    for (int restart = 0; restart < 2; restart++) {
        catch(restart ? SA_RESTART : 0);
        pid_t parent = getpid(), child = check_fork();
        if (child == 0) {
            check_await_state(parent, 'S');
            kill(parent, SIGUSR1);
            if (restart)
                put(queue, "after", 0);
            _exit(0);
        }
        if (restart)
            CHECK_STR("a handler with SA_RESTART: goes on", get(queue, NULL), "after");
        else
            CHECK("a handler: EINTR", get(queue, NULL) == NULL && errno == EINTR);
        reap(child);
        CHECK_EQ("which ran", caught, 1);
    }
    first = child_get(queue);
    check_await_state(first, 'S');
    kill(first, SIGKILL);
    reap(first);
    put(queue, "1", 0);
    CHECK_EQ("a killed receiver takes nothing", held(queue), 1);
    mq_close(queue);
}

static void notification(void)
{
    mqd_t queue = new_queue("/check-notify", O_RDWR | O_NONBLOCK, 4, 100);
    mq_unlink("/check-notify");
    catch(0);
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 4711 };
    CHECK_OK("register", mq_notify(queue, &event));
    CHECK_ERR("register: twice", mq_notify(queue, &event), EBUSY);
    CHECK_OK("another process does not unregister it", reap(check_fork() ?: (mq_notify(queue, NULL), _exit(0), 0)));
    pid_t child = child_put(queue, "a", 0);
    reap(child);
    CHECK_EQ("told", caught, 1);
    CHECK("told what", caught_code == SI_MESGQ && caught_value == 4711 && caught_pid == child);
    put(queue, "b", 0);
    CHECK_OK("registered again", mq_notify(queue, &event));
    put(queue, "c", 0);
    CHECK_EQ("not of a message beside others", caught, 1);
    get(queue, NULL), get(queue, NULL), get(queue, NULL);
    put(queue, "d", 0);
    CHECK_EQ("of the first in an empty queue", caught, 2);
    get(queue, NULL);
    put(queue, "e", 0);
    CHECK_EQ("once", caught, 2);
    get(queue, NULL);
    mq_notify(queue, &event);
    struct mq_attr blocking = { .mq_flags = 0 };
    mq_setattr(queue, &blocking, NULL);
    pid_t receiver = child_get(queue);
    check_await_state(receiver, 'S');
    put(queue, "f", 0);
    reap(receiver);
    CHECK_EQ("not when somebody waits for it", caught, 2);
    CHECK_OK("unregistered", mq_notify(queue, NULL));
    put(queue, "g", 0), get(queue, NULL);
    CHECK_EQ("nothing is told", caught, 2);
    event.sigev_notify = SIGEV_NONE;
    CHECK_OK("silently", mq_notify(queue, &event));
    CHECK_ERR("which is a registration", mq_notify(queue, &event), EBUSY);
    char text[200] = "", line[200];
    snprintf(line, sizeof line, "QSIZE:%-10lu NOTIFY:%-5d SIGNO:%-5d NOTIFY_PID:%-6d\n", 0ul, SIGEV_NONE, 0, getpid());
    pread(queue, text, sizeof text - 1, 0);
    CHECK_STR("shown", text, line);
    put(queue, "12345", 0);
    memset(text, 0, sizeof text);
    pread(queue, text, sizeof text - 1, 0);
    CHECK_STR("shown: bytes", text, "QSIZE:5          NOTIFY:0     SIGNO:0     NOTIFY_PID:0     \n");
    get(queue, NULL);
    event.sigev_notify = SIGEV_SIGNAL;
    child = check_fork();
    if (child == 0) {
        mq_notify(queue, &event);
        _exit(0);
    }
    reap(child);
    CHECK_OK("a process that has ended is none", mq_notify(queue, &event));
    close(dup(queue));
    CHECK_OK("closing any descriptor of it unregisters", mq_notify(queue, &event));
    mq_notify(queue, NULL);
    event.sigev_signo = 65;
    CHECK_ERR("no such signal", mq_notify(queue, &event), EINVAL);
    event.sigev_notify = 77;
    CHECK_ERR("no such kind", mq_notify(queue, &event), EINVAL);
    CHECK_ERR("bad pointer", syscall(SYS_mq_notify, queue, 8l), EFAULT);
    struct { unsigned long cookie; int signo, notify; char rest[48]; } thread = { (unsigned long)buffer, queue, 2, "" };
    CHECK_ERR("a thread: on something that is no socket", syscall(SYS_mq_notify, queue, &thread), ENOTSOCK);
    thread.signo = -1;
    CHECK_ERR("a thread: on nothing", syscall(SYS_mq_notify, queue, &thread), EBADF);
    mq_close(queue);
}

static void polling(void)
{
    mqd_t queue = new_queue("/check-poll", O_RDWR | O_NONBLOCK, 1, 10);
    mq_unlink("/check-poll");
    struct pollfd polled = { queue, POLLIN | POLLOUT, 0 };
    CHECK("empty: writable", poll(&polled, 1, 0) == 1 && polled.revents == POLLOUT);
    put(queue, "x", 0);
    CHECK("full: readable", poll(&polled, 1, 0) == 1 && polled.revents == POLLIN);
    pid_t child = check_fork();
    if (child == 0) {
        polled.events = POLLOUT;
        _exit(poll(&polled, 1, -1) == 1 ? 0 : 1);
    }
    check_await_state(child, 'S');
    get(queue, NULL);
    CHECK_EQ("room wakes", reap(child), EXITED(0));
    child = check_fork();
    if (child == 0) {
        fd_set set;
        FD_ZERO(&set);
        FD_SET(queue, &set);
        _exit(select(queue + 1, &set, NULL, NULL, NULL) == 1 ? 0 : 1);
    }
    check_await_state(child, 'S');
    put(queue, "x", 0);
    CHECK_EQ("a message wakes", reap(child), EXITED(0));
    CHECK_ERR("not written", write(queue, "x", 1), EINVAL);
    mq_close(queue);
}

static void shown(void)
{
    if (geteuid() != 0 || mkdir("mq", 0777) || mount("mqueue", "mq", "mqueue", 0, NULL)) {
        check_skip("the file system", "cannot be mounted");
        return;
    }
    struct stat status;
    struct statfs system;
    CHECK_OK("mounted", stat("mq", &status));
    CHECK_EQ("mounted: mode", status.st_mode, S_IFDIR | 01777);
    CHECK("mounted: what", statfs("mq", &system) == 0 && system.f_type == 0x19800202);
    umask(027);
    mqd_t queue = mq_open("/check-shown", O_RDWR | O_CREAT, 0666, NULL);
    umask(022);
    CHECK_OK("a queue is a file", stat("mq/check-shown", &status));
    CHECK_EQ("its mode", status.st_mode, S_IFREG | 0640);
    CHECK_EQ("its size", status.st_size, 80);
    put(queue, "1234", 0);
    int fd = open("mq/check-shown", O_RDONLY);
    char text[200] = "";
    CHECK_EQ("read", read(fd, text, sizeof text - 1), 60);
    CHECK("read: bytes", !strncmp(text, "QSIZE:4 ", 8));
    CHECK_EQ("read: the end", read(fd, text, 10), 0);
    CHECK_EQ("an opened file is a queue", mq_receive(fd, buffer, sizeof buffer, NULL), 4);
    close(fd);
    fd = open("mq/check-made", O_RDWR | O_CREAT, 0600);
    CHECK("a file made is a queue", fd >= 0 && put(fd, "x", 0) == 0);
    close(fd);
    mqd_t other = mq_open("/check-made", O_RDWR);
    CHECK_EQ("found by name", held(other), 1);
    CHECK_ERR("no directories", mkdir("mq/directory", 0777), EPERM);
    CHECK_ERR("not renamed", rename("mq/check-made", "mq/check-other"), EPERM);
    CHECK_ERR("no further name", link("mq/check-made", "mq/check-other"), EPERM);
    CHECK_OK("nothing to cut", close(open("mq/check-made", O_RDWR | O_TRUNC)));
    CHECK_EQ("which leaves the messages", held(other), 1);
    CHECK_OK("removed by name", unlink("mq/check-made"));
    CHECK_ERR("which is gone", mq_unlink("/check-made"), ENOENT);
    CHECK_OK("unlink", mq_unlink("/check-shown"));
    CHECK_ERR("its file is gone", stat("mq/check-shown", &status), ENOENT);
    mq_close(queue), mq_close(other);
    CHECK_OK("unmounted", umount("mq"));

    // Permissions.
    queue = new_queue("/check-own", O_RDWR, 4, 10);
    umask(0);
    other = mq_open("/check-all", O_RDWR | O_CREAT, 0644, NULL);
    umask(022);
    pid_t child = check_fork();
    if (child == 0) {
        check_counts = (struct check_counts){ 0, 0, 0 };
        (void)!setgid(NOBODY), (void)!setuid(NOBODY);
        CHECK_ERR("another's", mq_open("/check-own", O_RDONLY), EACCES);
        CHECK_ERR("another's: remove", syscall(SYS_mq_unlink, "check-own"), EPERM);
        CHECK("may be read", mq_open("/check-all", O_RDONLY) >= 0);
        CHECK_ERR("not written", mq_open("/check-all", O_RDWR), EACCES);
        CHECK_ERR("more messages than allowed", new_queue("/check-mine", O_RDWR, 11, 10), EINVAL);
        CHECK_ERR("longer messages than allowed", new_queue("/check-mine", O_RDWR, 10, 8193), EINVAL);
        mqd_t mine[12];
        int made = 0;
        char name[32];
        for (; made < 12; made++) { // 819200 bytes, each takes 81920 and its messages' cost
            snprintf(name, sizeof name, "/check-mine%d", made);
            if ((mine[made] = mq_open(name, O_RDWR | O_CREAT, 0600, NULL)) < 0)
                break;
        }
        CHECK_EQ("RLIMIT_MSGQUEUE", errno, EMFILE);
        CHECK_EQ("RLIMIT_MSGQUEUE: so many", made, 9);
        for (int i = 0; i < made; i++) {
            snprintf(name, sizeof name, "/check-mine%d", i);
            mq_close(mine[i]), mq_unlink(name);
        }
        CHECK("a queue less", mq_open("/check-mine", O_RDWR | O_CREAT, 0600, NULL) >= 0);
        CHECK_OK("one's own: remove", mq_unlink("/check-mine"));
        _exit(check_counts.failed);
    }
    CHECK_EQ("as another user", reap(child), EXITED(0));
    mq_unlink("/check-own"), mq_unlink("/check-all");
    mq_close(queue), mq_close(other);
    int limit = open("/proc/sys/fs/mqueue/msg_max", O_RDWR);
    CHECK("limits: shown", read(limit, text, 10) > 0 && atoi(text) == 10);
    CHECK_EQ("limits: set", pwrite(limit, "20", 2, 0), 2);
    CHECK_ERR("limits: not to zero", pwrite(limit, "0", 1, 0), EINVAL);
    pwrite(limit, "10", 2, 0);
    close(limit);
    CHECK("limits: the others", !access("/proc/sys/fs/mqueue/msgsize_max", R_OK) && !access("/proc/sys/fs/mqueue/queues_max", R_OK) && !access("/proc/sys/fs/mqueue/msg_default", R_OK));
    if (prctl(PR_CAPBSET_READ, CAP_SYS_RESOURCE_NUMBER) == 0) {
        check_skip("large queues", "root without CAP_SYS_RESOURCE");
        return;
    }
    queue = new_queue("/check-large", O_RDWR, 12, 60000);
    CHECK("the superuser may have more", queue >= 0);
    memset(buffer, 'q', 60000);
    CHECK_OK("a long message", mq_send(queue, buffer, 60000, 0));
    memset(buffer, 0, 60000);
    CHECK_EQ("a long message: received", mq_receive(queue, buffer, 60000, NULL), 60000);
    CHECK("a long message: whole", buffer[0] == 'q' && buffer[4096] == 'q' && buffer[59999] == 'q');
    mq_close(queue), mq_unlink("/check-large");
    CHECK_ERR("but not all", new_queue("/check-large", O_RDWR, 65537, 1), EINVAL);
    CHECK_ERR("RLIMIT_MSGQUEUE: his, too", new_queue("/check-large", O_RDWR, 65536, 16), EMFILE);
}

// Senders and receivers, more than there is room for: each message arrives once, and those of one sender in their order.
static void crowd(void)
{
    enum { SENDERS = 4, RECEIVERS = 3, EACH = 300 };
    struct { int last[RECEIVERS][SENDERS], wrong; long sum; } *seen = check_shared(4096);
    struct message { int from, number; } message;
    mqd_t queue = new_queue("/check-crowd", O_RDWR, 3, sizeof message);
    mq_unlink("/check-crowd");
    pid_t receivers[RECEIVERS], senders[SENDERS];
    int failed = 0;
    for (int r = 0; r < RECEIVERS; r++)
        if ((receivers[r] = check_fork()) == 0)
            for (;;) {
                struct timespec limit = in(r * 200000);
                ssize_t length = r ? mq_timedreceive(queue, (char *)&message, sizeof message, NULL, &limit) : mq_receive(queue, (char *)&message, sizeof message, NULL);
                if (length < 0 && errno == ETIMEDOUT)
                    continue;
                if (length != sizeof message)
                    _exit(1);
                if (message.from < 0)
                    _exit(0);
                if (message.number < seen->last[r][message.from])
                    __atomic_add_fetch(&seen->wrong, 1, __ATOMIC_SEQ_CST);
                seen->last[r][message.from] = message.number + 1;
                __atomic_add_fetch(&seen->sum, message.number, __ATOMIC_SEQ_CST);
            }
    for (int s = 0; s < SENDERS; s++)
        if ((senders[s] = check_fork()) == 0) {
            for (int i = 0; i < EACH; i++) {
                message = (struct message){ s, i };
                struct timespec limit = in(100000);
                while (s & 1 ? mq_timedsend(queue, (char *)&message, sizeof message, 1, &limit) : mq_send(queue, (char *)&message, sizeof message, 1)) {
                    if (errno != ETIMEDOUT)
                        _exit(1);
                    limit = in(100000);
                }
            }
            _exit(0);
        }
    for (int s = 0; s < SENDERS; s++)
        failed += reap(senders[s]) != 0;
    for (int r = 0; r < RECEIVERS; r++) {
        message = (struct message){ -1, 0 };
        mq_send(queue, (char *)&message, sizeof message, 0);
    }
    for (int r = 0; r < RECEIVERS; r++)
        failed += reap(receivers[r]) != 0;
    CHECK_EQ("crowd: no error", failed, 0);
    CHECK_EQ("crowd: in order", seen->wrong, 0);
    CHECK_EQ("crowd: each once", seen->sum, (long)SENDERS * EACH * (EACH - 1) / 2);
    CHECK_EQ("crowd: nothing is left", held(queue), 0);
    mq_close(queue);
}

int main(void)
{
    check_begin(90);
    check_scratch();
    names();
    order();
    waiting();
    notification();
    polling();
    shown();
    crowd();
    return check_end();
}
