// System V message queues: by key, in order, by type, up to a type, by place (MSG_COPY), too long ones, blocking both ways and what ends a
// wait, room for those who wait, permissions, limits, removal beside sleepers, /proc/sysvipc/msg, and many processes at once.
// cpus: 1 2 4
// host: root
// timeout: 100
#include "check.h"
#include <limits.h>
#include <sched.h>
#include <sys/ipc.h>
#include <sys/msg.h>

#ifndef MSG_COPY
#define MSG_COPY 040000
#endif
#ifndef MSG_STAT_ANY
#define MSG_STAT_ANY 13
#endif
#ifndef MSG_STAT
#define MSG_STAT 11
#define MSG_INFO 12
#endif

struct information { int pool, map, max, mnb, mni, ssz, tql; unsigned short seg; };

static struct { long type; char text[20000]; } buffer;

static int put(int id, long type, const char *text, int flags)
{
    struct { long type; char text[64]; } message = { .type = type };
    strcpy(message.text, text);
    return msgsnd(id, &message, strlen(text), flags);
}

static int put_bytes(int id, long type, int count, int flags)
{
    memset(&buffer, 'a' + type % 26, sizeof buffer);
    buffer.type = type;
    return msgsnd(id, &buffer, count, flags);
}

// The text, NUL behind it; or NULL.
static const char *get(int id, long type, int flags)
{
    ssize_t length = msgrcv(id, &buffer, sizeof buffer.text - 1, type, flags);
    if (length < 0)
        return NULL;
    buffer.text[length] = 0;
    return buffer.text;
}

static int new_queue(void) { return msgget(IPC_PRIVATE, 0600); }
static void end_queue(int id) { msgctl(id, IPC_RMID, NULL); }

static struct msqid_ds stat_of(int id)
{
    struct msqid_ds status;
    memset(&status, 0xee, sizeof status);
    msgctl(id, IPC_STAT, &status);
    return status;
}

static int reap(pid_t child)
{
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) { }
    return status;
}

static pid_t child_put(int id, long type, int count)
{
    pid_t child = check_fork();
    if (child == 0)
        _exit(put_bytes(id, type, count, 0) ? errno : 0);
    return child;
}

// Ends with the number of bytes it got, or 200 and the error.
static pid_t child_get(int id, long type, int room, int flags)
{
    pid_t child = check_fork();
    if (child == 0) {
        ssize_t length = msgrcv(id, &buffer, room, type, flags);
        _exit(length < 0 ? 200 + (errno == EIDRM ? 1 : errno == E2BIG ? 2 : errno == EACCES ? 3 : errno == EINTR ? 4 : 9) : length);
    }
    return child;
}

static void keys(void)
{
    key_t key = 0x4a697100 + (getpid() & 0xff);
    CHECK_ERR("get: none there", msgget(key, 0), ENOENT);
    int id = msgget(key, IPC_CREAT | IPC_EXCL | 0620);
    CHECK("get: made", id >= 0);
    CHECK_EQ("get: found", msgget(key, 0), id);
    CHECK_EQ("get: found with IPC_CREAT", msgget(key, IPC_CREAT | 0600), id);
    CHECK_ERR("get: exclusively", msgget(key, IPC_CREAT | IPC_EXCL), EEXIST);
    struct msqid_ds status = stat_of(id);
    CHECK_EQ("stat: key", status.msg_perm.__key, key);
    CHECK_EQ("stat: mode", status.msg_perm.mode, 0620);
    CHECK("stat: nothing yet", status.msg_qnum == 0 && status.msg_stime == 0 && status.msg_rtime == 0 && status.msg_lspid == 0 && status.msg_lrpid == 0);
    CHECK_EQ("stat: what it holds", status.msg_qbytes, 16384);
    CHECK("stat: time of making", status.msg_ctime > 0 && labs((long)(time(NULL) - status.msg_ctime)) < 100);
    put(id, 1, "hello", 0);
    put(id, 2, "", 0);
    status = stat_of(id);
    CHECK("stat: two messages", status.msg_qnum == 2 && status.msg_lspid == getpid() && status.msg_stime >= status.msg_ctime);
    get(id, 0, 0);
    status = stat_of(id);
    CHECK("stat: one is left", status.msg_qnum == 1 && status.msg_lrpid == getpid() && status.msg_rtime >= status.msg_stime);
    end_queue(id);
    CHECK_ERR("removed: by key", msgget(key, 0), ENOENT);
    CHECK_ERR("removed: send", put(id, 1, "x", IPC_NOWAIT), EINVAL);
    CHECK_ERR("removed: receive", msgrcv(id, &buffer, 1, 0, IPC_NOWAIT), EINVAL);
    CHECK_ERR("removed: twice", msgctl(id, IPC_RMID, NULL), EINVAL);
}

static void order(void)
{
    int id = new_queue();
    long types[] = { 5, 3, 9, 3, 1, 7 };
    for (int i = 0; i < 6; i++)
        put(id, types[i], (char[2]){ 'a' + i, 0 }, 0);
    CHECK_STR("the first of all", get(id, 0, IPC_NOWAIT), "a");
    CHECK_EQ("its type", buffer.type, 5);
    CHECK_STR("the first of a type", get(id, 3, IPC_NOWAIT), "b");
    CHECK_STR("of any other type", get(id, 9, IPC_NOWAIT | MSG_EXCEPT), "d");
    CHECK_STR("the lowest up to 8", get(id, -8, IPC_NOWAIT), "e");
    CHECK_STR("and the next", get(id, -8, IPC_NOWAIT), "f");
    CHECK("and none", get(id, -8, IPC_NOWAIT) == NULL && errno == ENOMSG);
    CHECK("none of that type", get(id, 4, IPC_NOWAIT) == NULL && errno == ENOMSG);
    CHECK_STR("the lowest up to anything", get(id, LONG_MIN, IPC_NOWAIT), "c");
    CHECK("nothing is left", get(id, 0, IPC_NOWAIT) == NULL && errno == ENOMSG);
    put(id, 4, "first", 0), put(id, 4, "second", 0), put(id, 2, "third", 0), put(id, 2, "fourth", 0);
    CHECK_STR("of the lowest, the first", get(id, -4, IPC_NOWAIT), "third");
    CHECK_STR("then its second", get(id, -4, IPC_NOWAIT), "fourth");
    CHECK_STR("then the other", get(id, -4, IPC_NOWAIT), "first");
    put(id, 8, "fifth", 0);
    CHECK_STR("copy: by place", get(id, 1, IPC_NOWAIT | MSG_COPY), "fifth");
    CHECK_STR("copy: the first", get(id, 0, IPC_NOWAIT | MSG_COPY), "second");
    CHECK_EQ("copy: its type", buffer.type, 4);
    CHECK("copy: none there", get(id, 2, IPC_NOWAIT | MSG_COPY) == NULL && errno == ENOMSG);
    CHECK_ERR("copy: not without IPC_NOWAIT", msgrcv(id, &buffer, 10, 0, MSG_COPY), EINVAL);
    CHECK_ERR("copy: not with MSG_EXCEPT", msgrcv(id, &buffer, 10, 1, MSG_COPY | IPC_NOWAIT | MSG_EXCEPT), EINVAL);
    CHECK_ERR("copy: too long", msgrcv(id, &buffer, 2, 0, MSG_COPY | IPC_NOWAIT), E2BIG);
    CHECK_EQ("copy: nothing was taken", stat_of(id).msg_qnum, 2);
    CHECK_EQ("copy: nobody received", stat_of(id).msg_cbytes, 11);
    end_queue(id);
}

static void lengths(void)
{
    int id = new_queue();
    for (int count = 0; count <= 8192; count = count * 3 + 1) {
        CHECK_EQ(check_name("send %d", count), put_bytes(id, count + 1, count, 0), 0);
        memset(&buffer, 0, sizeof buffer);
        ssize_t length = msgrcv(id, &buffer, sizeof buffer.text, 0, 0);
        int same = length == count && buffer.type == count + 1 && buffer.text[count] == 0;
        for (int i = 0; i < count; i++)
            same &= buffer.text[i] == 'a' + (count + 1) % 26;
        CHECK_EQ(check_name("receive %d", count), same, 1);
    }
    put(id, 1, "too long", 0);
    CHECK_ERR("too long", msgrcv(id, &buffer, 7, 0, 0), E2BIG);
    CHECK_EQ("is still there", stat_of(id).msg_qnum, 1);
    memset(&buffer, 0, sizeof buffer);
    CHECK_EQ("cut", msgrcv(id, &buffer, 3, 0, MSG_NOERROR), 3);
    CHECK_STR("what is left of it", buffer.text, "too");
    CHECK_EQ("nothing is", stat_of(id).msg_qnum, 0);
    end_queue(id);
}

static void bad(void)
{
    int id = new_queue();
    CHECK_ERR("send: no queue", put(INT_MAX, 1, "x", 0), EINVAL);
    CHECK_ERR("send: negative id", put(-1, 1, "x", 0), EINVAL);
    CHECK_ERR("send: type 0", put(id, 0, "x", 0), EINVAL);
    CHECK_ERR("send: negative type", put(id, -1, "x", 0), EINVAL);
    CHECK_ERR("send: too long", put_bytes(id, 1, 8193, 0), EINVAL);
    CHECK_ERR("send: negative length", syscall(SYS_msgsnd, id, &buffer, -1l, 0), EINVAL);
    CHECK_ERR("send: bad pointer", syscall(SYS_msgsnd, id, 8l, 1l, 0), EFAULT);
    CHECK_ERR("send: bad text", syscall(SYS_msgsnd, id, (char *)check_shared(4096) + 4088, 5000l, 0), EINVAL);
    CHECK_ERR("receive: negative room", syscall(SYS_msgrcv, id, &buffer, -1l, 0, 0), EINVAL);
    CHECK_ERR("receive: negative id", msgrcv(-1, &buffer, 1, 0, 0), EINVAL);
    put(id, 1, "x", 0);
    CHECK_ERR("receive: bad pointer", syscall(SYS_msgrcv, id, 8l, 10l, 0l, 0), EFAULT);
    CHECK_EQ("receive: which is gone", stat_of(id).msg_qnum, 0);
    CHECK_ERR("ctl: no such command", msgctl(id, 99, NULL), EINVAL);
    CHECK_ERR("ctl: negative id", msgctl(-1, IPC_STAT, &(struct msqid_ds){ .msg_qnum = 0 }), EINVAL);
    CHECK_ERR("ctl: bad pointer", msgctl(id, IPC_STAT, (void *)8), EFAULT);
    end_queue(id);
}

static volatile int caught;
static void count_signal(int signal) { (void)signal; caught++; }

static void waiting(void)
{
    int id = new_queue();
    CHECK_EQ("full: a message", put_bytes(id, 1, 8192, IPC_NOWAIT), 0);
    CHECK_EQ("full: another", put_bytes(id, 2, 8192, IPC_NOWAIT), 0);
    CHECK_ERR("full: no more", put_bytes(id, 3, 1, IPC_NOWAIT), EAGAIN);
    CHECK_EQ("full: an empty one fits", put_bytes(id, 9, 0, IPC_NOWAIT), 0);
    pid_t large = child_put(id, 4, 8192);
    check_await_state(large, 'S');
    pid_t small = child_put(id, 5, 100);
    check_await_state(small, 'S');
    CHECK_EQ("both wait", stat_of(id).msg_qnum, 3);
    get(id, 1, 0);
    CHECK_EQ("room: the first has it", reap(large), EXITED(0));
    CHECK_EQ("room: the second has not", check_task_state(small), 'S');
    get(id, 2, 0);
    CHECK_EQ("room: now it has", reap(small), EXITED(0));
    CHECK_EQ("room: sent by the last", stat_of(id).msg_lspid, small);
    get(id, 4, 0), get(id, 5, 0), get(id, 9, 0);

    // A sender that does not fit does not hold up one that does.
    put_bytes(id, 1, 8000, 0), put_bytes(id, 1, 8000, 0);
    large = child_put(id, 4, 8192);
    check_await_state(large, 'S');
    CHECK_EQ("a shorter one fits", put_bytes(id, 5, 300, IPC_NOWAIT), 0);
    get(id, 1, 0);
    CHECK_EQ("not yet", check_task_state(large), 'S');
    get(id, 5, 0);
    CHECK_EQ("but now", reap(large), EXITED(0));
    get(id, 0, 0), get(id, 0, 0);

    // Receivers get what they asked for, in the order they came.
    pid_t seven = child_get(id, 7, 100, 0);
    check_await_state(seven, 'S');
    pid_t any = child_get(id, 0, 100, 0);
    check_await_state(any, 'S');
    pid_t not_two = child_get(id, 2, 100, MSG_EXCEPT);
    check_await_state(not_two, 'S');
    pid_t up_to = child_get(id, -3, 100, 0);
    check_await_state(up_to, 'S');
    put_bytes(id, 2, 12, 0);
    CHECK_EQ("any: the first that takes it", reap(any), EXITED(12));
    put_bytes(id, 2, 13, 0);
    CHECK_EQ("up to a type", reap(up_to), EXITED(13));
    put_bytes(id, 8, 14, 0);
    CHECK_EQ("any other type", reap(not_two), EXITED(14));
    put_bytes(id, 7, 15, 0);
    CHECK_EQ("that type", reap(seven), EXITED(15));
    CHECK_EQ("received by the last", stat_of(id).msg_lrpid, seven);
    CHECK_EQ("none was queued", stat_of(id).msg_qnum, 0);
    pid_t narrow = child_get(id, 0, 4, 0);
    check_await_state(narrow, 'S');
    any = child_get(id, 0, 100, 0);
    check_await_state(any, 'S');
    put_bytes(id, 1, 5, 0);
    CHECK_EQ("too long for the first", reap(narrow), EXITED(202));
    CHECK_EQ("so the second has it", reap(any), EXITED(5));
    narrow = child_get(id, 0, 4, MSG_NOERROR);
    check_await_state(narrow, 'S');
    put_bytes(id, 1, 50, 0);
    CHECK_EQ("cut", reap(narrow), EXITED(4));

    // Ends of a wait.
    for (int restart = 0; restart < 2; restart++) {
        struct sigaction action = { .sa_handler = count_signal, .sa_flags = restart ? SA_RESTART : 0 };
        sigaction(SIGUSR1, &action, NULL);
        for (int sends = 0; sends < 2; sends++) {
            if (sends)
                put_bytes(id, 1, 8192, 0), put_bytes(id, 1, 8192, 0);
            caught = 0;
            pid_t parent = getpid(), child = check_fork();
            if (child == 0) {
                check_await_state(parent, 'S');
                kill(parent, SIGUSR1);
                _exit(0);
            }
            if (sends)
                CHECK_ERR(check_name("a handler ends msgsnd, SA_RESTART %d", restart), put_bytes(id, 2, 1, 0), EINTR);
            else
                CHECK_ERR(check_name("a handler ends msgrcv, SA_RESTART %d", restart), msgrcv(id, &buffer, 1, 0, 0), EINTR);
            CHECK_EQ("which ran", caught, 1);
            reap(child);
        }
        get(id, 0, 0), get(id, 0, 0);
        CHECK_EQ("nothing was sent", stat_of(id).msg_qnum, 0);
    }
    any = child_get(id, 0, 100, 0);
    check_await_state(any, 'S');
    int status;
    kill(any, SIGSTOP);
    waitpid(any, &status, WUNTRACED);
    kill(any, SIGCONT);
    check_await_state(any, 'S');
    put_bytes(id, 1, 33, 0);
    CHECK_EQ("a stop does not end it", reap(any), EXITED(33));
    any = child_get(id, 0, 100, 0);
    check_await_state(any, 'S');
    kill(any, SIGKILL);
    reap(any);
    CHECK_EQ("a killed receiver takes nothing", put_bytes(id, 1, 5, IPC_NOWAIT) ?: (int)stat_of(id).msg_qnum, 1);
    get(id, 0, 0);
    any = child_get(id, 0, 100, 0);
    seven = child_get(id, 7, 100, 0);
    check_await_state(any, 'S'), check_await_state(seven, 'S');
    end_queue(id);
    CHECK_EQ("removal: one receiver", reap(any), EXITED(201));
    CHECK_EQ("removal: another", reap(seven), EXITED(201));
    id = new_queue();
    put_bytes(id, 1, 8192, 0), put_bytes(id, 1, 8192, 0);
    large = child_put(id, 1, 1);
    check_await_state(large, 'S');
    end_queue(id);
    CHECK_EQ("removal: a sender", reap(large), EXITED(EIDRM));
}

static void permissions(void)
{
    if (geteuid() != 0) {
        check_skip("permissions", "not root");
        return;
    }
    int own = msgget(IPC_PRIVATE, 0600), read_only = msgget(IPC_PRIVATE, 0644), write_only = msgget(0x4a697200, IPC_CREAT | 0622), all = msgget(IPC_PRIVATE, 0666);
    put(read_only, 1, "r", 0);
    pid_t child = check_fork();
    if (child == 0) {
        check_counts = (struct check_counts){ 0, 0, 0 };
        (void)!setgid(NOBODY), (void)!setuid(NOBODY);
        struct msqid_ds status = { .msg_qbytes = 100 };
        CHECK_ERR("another's: send", put(own, 1, "x", IPC_NOWAIT), EACCES);
        CHECK_ERR("another's: receive", msgrcv(own, &buffer, 1, 0, IPC_NOWAIT), EACCES);
        CHECK_ERR("another's: stat", msgctl(own, IPC_STAT, &status), EACCES);
        CHECK_ERR("another's: set", msgctl(own, IPC_SET, &status), EPERM);
        CHECK_ERR("another's: remove", msgctl(own, IPC_RMID, NULL), EPERM);
        CHECK_STR("may be received", get(read_only, 0, IPC_NOWAIT), "r");
        CHECK_ERR("not sent", put(read_only, 1, "x", IPC_NOWAIT), EACCES);
        CHECK_OK("may be sent", put(write_only, 1, "x", IPC_NOWAIT));
        CHECK_ERR("not received", msgrcv(write_only, &buffer, 1, 0, IPC_NOWAIT), EACCES);
        CHECK_ERR("by key: to read", msgget(0x4a697200, 0400), EACCES);
        CHECK_EQ("by key: to write", msgget(0x4a697200, 0200), write_only);
        int mine = msgget(IPC_PRIVATE, 0600);
        status = stat_of(mine);
        status.msg_qbytes = 16385;
        CHECK_ERR("one's own: larger than allowed", msgctl(mine, IPC_SET, &status), EPERM);
        status.msg_qbytes = 10;
        CHECK_OK("one's own: smaller", msgctl(mine, IPC_SET, &status));
        CHECK_ERR("which counts", put_bytes(mine, 1, 11, IPC_NOWAIT), EAGAIN);
        end_queue(mine);
        _exit(check_counts.failed);
    }
    CHECK_EQ("as another user", reap(child), EXITED(0));

    // A change of permissions or room is felt by those who wait.
    child = check_fork();
    if (child == 0) {
        (void)!setgid(NOBODY), (void)!setuid(NOBODY);
        _exit(msgrcv(all, &buffer, 1, 0, 0) < 0 ? errno : 0);
    }
    check_await_state(child, 'S');
    struct msqid_ds status = stat_of(all);
    status.msg_perm.mode = 0600;
    status.msg_qbytes = 12000;
    CHECK_OK("set: permissions and room", msgctl(all, IPC_SET, &status));
    CHECK_EQ("a receiver that may no more", reap(child), EXITED(EACCES));
    put_bytes(all, 1, 8000, 0), put_bytes(all, 1, 4000, 0);
    child = child_put(all, 2, 1);
    check_await_state(child, 'S');
    status.msg_qbytes = 12001;
    msgctl(all, IPC_SET, &status);
    CHECK_EQ("a sender that has room now", reap(child), EXITED(0));
    CHECK("set: the time", stat_of(all).msg_ctime >= status.msg_ctime && stat_of(all).msg_perm.mode == 0600);
    end_queue(own), end_queue(read_only), end_queue(write_only), end_queue(all);
}

static int put_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY), result = fd < 0 ? -1 : (int)write(fd, text, strlen(text));
    close(fd);
    return result;
}

static void shown(void)
{
    int id = msgget(0x4a697bad, IPC_CREAT | 0640);
    put(id, 1, "12345", 0), put(id, 1, "678", 0);
    struct information info;
    memset(&info, 0xee, sizeof info);
    CHECK("info: highest index", msgctl(0, IPC_INFO, (void *)&info) >= (id & 0x7fff));
    CHECK("info: limits", info.max == 8192 && info.mnb == 16384 && info.mni == 32000);
    CHECK("info: the rest", info.pool == 512000 && info.map == 16384 && info.ssz == 16 && info.tql == 16384 && info.seg == 0xffff);
    msgctl(0, MSG_INFO, (void *)&info);
    CHECK("use: queues, messages, bytes", info.pool >= 1 && info.map >= 2 && info.tql >= 8);
    struct msqid_ds status;
    CHECK_EQ("by index", msgctl(id & 0x7fff, MSG_STAT, &status), id);
    CHECK_EQ("by index: the queue", status.msg_qnum, 2);
    CHECK_EQ("by index, anyone", msgctl(id & 0x7fff, MSG_STAT_ANY, &status), id);
    CHECK_ERR("by index: none", msgctl(0x7ffe, MSG_STAT, &status), EINVAL);
    char text[8192] = "", line[256];
    int fd = open("/proc/sysvipc/msg", O_RDONLY);
    CHECK("shown", read(fd, text, sizeof text - 1) > 0);
    close(fd);
    CHECK("shown: head", !strncmp(text, "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid      stime      rtime      ctime\n", 117));
    snprintf(line, sizeof line, "%10d %10d  %4o  %10lu %10lu %5u %5u %5u %5u %5u %5u %10llu %10llu %10llu\n", 0x4a697bad, id, 0640, 8ul, 2ul, getpid(), 0,
        geteuid(), getegid(), geteuid(), getegid(), (unsigned long long)status.msg_stime, 0ull, (unsigned long long)status.msg_ctime);
    CHECK("shown: the line", strstr(text, line) != NULL);
    end_queue(id);
    if (geteuid() != 0) {
        check_skip("limits", "not root");
        return;
    }
    CHECK("limits: set", put_text("/proc/sys/kernel/msgmax", "10") > 0 && put_text("/proc/sys/kernel/msgmnb", "15") > 0);
    id = new_queue();
    CHECK_EQ("limits: a queue", stat_of(id).msg_qbytes, 15);
    CHECK_ERR("limits: a message", put_bytes(id, 1, 11, IPC_NOWAIT), EINVAL);
    CHECK_EQ("limits: one that fits", put_bytes(id, 1, 10, IPC_NOWAIT), 0);
    CHECK_ERR("limits: a queue's bytes", put_bytes(id, 1, 6, IPC_NOWAIT), EAGAIN);
    int sent = 1;
    while (sent < 100 && put_bytes(id, 1, 0, IPC_NOWAIT) == 0)
        sent++;
    CHECK_EQ("limits: as many messages as bytes", sent, 15);
    put_text("/proc/sys/kernel/msgmni", "1");
    CHECK_ERR("limits: queues", msgget(IPC_PRIVATE, 0600), ENOSPC);
    CHECK_EQ("limits: not beyond what ids can tell", put_text("/proc/sys/kernel/msgmni", "32769"), -1);
    put_text("/proc/sys/kernel/msgmni", "32000"), put_text("/proc/sys/kernel/msgmax", "8192"), put_text("/proc/sys/kernel/msgmnb", "16384");
    end_queue(id);
}

// Senders and receivers, more than there is room for; each message arrives once, and those of one sender in their order.
static void crowd(void)
{
    enum { SENDERS = 4, RECEIVERS = 3, EACH = 300 };
    struct { int count[SENDERS], last[RECEIVERS][SENDERS], wrong; long sum; } *seen = check_shared(4096);
    int id = new_queue(), failed = 0;
    struct msqid_ds status = stat_of(id);
    status.msg_qbytes = 3000;
    msgctl(id, IPC_SET, &status);
    pid_t receivers[RECEIVERS], senders[SENDERS];
    for (int r = 0; r < RECEIVERS; r++)
        if ((receivers[r] = check_fork()) == 0)
            for (;;) {
                ssize_t length = msgrcv(id, &buffer, sizeof buffer.text, r == 0 ? 0 : r == 1 ? -1000 : 99, r == 2 ? MSG_EXCEPT : 0);
                if (length < 0)
                    _exit(errno == EIDRM ? 0 : 1);
                int from = buffer.type - 1, number;
                memcpy(&number, buffer.text, sizeof number);
                if (number <= seen->last[r][from] - 1 || length != 4 + number % 700)
                    __atomic_add_fetch(&seen->wrong, 1, __ATOMIC_SEQ_CST);
                seen->last[r][from] = number + 1;
                __atomic_add_fetch(&seen->sum, number, __ATOMIC_SEQ_CST);
                __atomic_add_fetch(&seen->count[from], 1, __ATOMIC_SEQ_CST);
            }
    for (int s = 0; s < SENDERS; s++)
        if ((senders[s] = check_fork()) == 0) {
            for (int i = 0; i < EACH; i++) {
                buffer.type = s + 1;
                memcpy(buffer.text, &i, sizeof i);
                if (msgsnd(id, &buffer, 4 + i % 700, 0))
                    _exit(1);
            }
            _exit(0);
        }
    for (int s = 0; s < SENDERS; s++)
        failed += reap(senders[s]) != 0;
    while (stat_of(id).msg_qnum || seen->count[0] + seen->count[1] + seen->count[2] + seen->count[3] < SENDERS * EACH)
        sched_yield();
    end_queue(id);
    for (int r = 0; r < RECEIVERS; r++)
        failed += reap(receivers[r]) != 0;
    CHECK_EQ("crowd: no error", failed, 0);
    CHECK_EQ("crowd: in order and whole", seen->wrong, 0);
    CHECK_EQ("crowd: each once", seen->sum, (long)SENDERS * EACH * (EACH - 1) / 2);
}

int main(void)
{
    check_begin(90);
    keys();
    order();
    lengths();
    bad();
    waiting();
    permissions();
    shown();
    crowd();
    return check_end();
}
