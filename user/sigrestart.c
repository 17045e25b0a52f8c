// What a signal does to each call that waits: with a handler that asks for it (SA_RESTART) it is called again, or ends with EINTR in spite of
// it; without, EINTR; after a stop and SIGCONT it goes on, or ends with EINTR though no handler ran. One table, as man 7 signal has it.
// timeout: 120
// cpus: 1 2 4
#include "check.h"
#include <mqueue.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>

enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1 };
#ifndef P_PIDFD
#define P_PIDFD 3
#endif

// 'r': it goes on, and finish() ends it well. 'e': EINTR.
struct call {
    const char *name;
    int (*prepare)(void);   // before the fork; not zero: it cannot be done here
    long (*run)(void);      // in the child
    void (*finish)(void);   // in the parent, lets the call end well; none: the child is killed
    char with, without, stopped;
};

static int ends[2], other[2], file = -1, id = -1;
static pid_t inner;
static char bytes[1 << 17];
static volatile struct shared { int caught, word; } *shared;
static struct timespec long_time = { 1000, 0 };

static int new_pipes(void) { return pipe(ends) || pipe(other) ? errno : 0; }
static int full_pipes(void) { return new_pipes() || write(other[1], bytes, 65536) != 65536 || write(ends[1], bytes, 5) != 5; }
static void put_byte(void) { if (write(ends[1], "x", 1) != 1) check_fail("finish", "expected to write, got errno %d", errno); }
static void empty_pipe(void) { if (read(other[0], bytes, 65536) <= 0) check_fail("finish", "expected to read, got errno %d", errno); }

static long run_read(void) { return read(ends[0], bytes, 10); }
static long run_readv(void) { struct iovec part = { bytes, 10 }; return readv(ends[0], &part, 1); }
static long run_write(void) { return write(other[1], bytes, 10); }
static long run_writev(void) { struct iovec part = { bytes, 10 }; return writev(other[1], &part, 1); }
static long run_splice(void) { return splice(ends[0], NULL, other[1], NULL, 1, 0); }
static long run_tee(void) { return tee(ends[0], other[1], 1, 0); }
static long run_vmsplice(void) { struct iovec part = { bytes, 10 }; return vmsplice(other[1], &part, 1, 0); }
static long run_sendfile(void) { off_t from = 0; return sendfile(other[1], file, &from, 10); }
static int full_and_file(void)
{
    file = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);
    return full_pipes() || write(file, bytes, 100) != 100;
}

static int new_fifo(void) { unlink("fifo"); return mkfifo("fifo", 0600); }
static long run_open_read(void) { return open("fifo", O_RDONLY); }
static long run_open_write(void) { return open("fifo", O_WRONLY); }
static void open_write(void) { close(open("fifo", O_WRONLY)); }
static void open_read(void) { close(open("fifo", O_RDONLY)); }

// The call's child is the caller's; it ends with the pipe.
static void make_inner(void)
{
    inner = fork();
    if (inner == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ends[1]);
        char byte;
        _exit(read(ends[0], &byte, 1) < 0);
    }
}
static long run_wait4(void) { make_inner(); return wait4(-1, NULL, 0, NULL); }
static long run_waitid(void) { siginfo_t info; make_inner(); return waitid(P_PID, inner, &info, WEXITED); }
static long run_waitid_file(void)
{
    siginfo_t info;
    make_inner();
    int fd = syscall(SYS_pidfd_open, inner, 0);
    return fd < 0 ? 1000 : waitid(P_PIDFD, fd, &info, WEXITED);
}

static int locked(void)
{
    file = open("lock", O_RDWR | O_CREAT, 0600);
    return flock(file, LOCK_EX) || new_pipes();
}
static long run_flock(void) { return flock(open("lock", O_RDWR), LOCK_EX); }
static void unlock(void) { flock(file, LOCK_UN); }
static int range_locked(void)
{
    struct flock range = { .l_type = F_WRLCK };
    file = open("range", O_RDWR | O_CREAT, 0600);
    return fcntl(file, F_SETLK, &range);
}
static long run_setlkw(void) { struct flock range = { .l_type = F_WRLCK }; return fcntl(file, F_SETLKW, &range); }
static long run_ofd_setlkw(void) { struct flock range = { .l_type = F_WRLCK }; return fcntl(open("range", O_RDWR), F_OFD_SETLKW, &range); }
static void range_unlock(void) { struct flock range = { .l_type = F_UNLCK }; fcntl(file, F_SETLK, &range); }

static int new_word(void) { shared->word = 0; return 0; }
static long run_futex(void) { return syscall(SYS_futex, &shared->word, FUTEX_WAIT, 0, NULL, NULL, 0); }
static long run_futex_timed(void) { return syscall(SYS_futex, &shared->word, FUTEX_WAIT, 0, &long_time, NULL, 0); }
static void wake_word(void)
{
    shared->word = 1;
    syscall(SYS_futex, &shared->word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static long run_poll(void) { struct pollfd one = { .fd = ends[0], .events = POLLIN }; return poll(&one, 1, -1); }
static long run_poll_timed(void) { struct pollfd one = { .fd = ends[0], .events = POLLIN }; return poll(&one, 1, 1000000); }
static long run_ppoll(void) { struct pollfd one = { .fd = ends[0], .events = POLLIN }; return ppoll(&one, 1, NULL, NULL); }
static long run_select(void) { fd_set set; FD_ZERO(&set); FD_SET(ends[0], &set); return select(ends[0] + 1, &set, NULL, NULL, NULL); }
static long run_pselect(void) { fd_set set; FD_ZERO(&set); FD_SET(ends[0], &set); return pselect(ends[0] + 1, &set, NULL, NULL, &long_time, NULL); }
static int new_epoll(void)
{
    struct epoll_event event = { .events = EPOLLIN };
    return new_pipes() || (id = epoll_create1(0)) < 0 || epoll_ctl(id, EPOLL_CTL_ADD, ends[0], &event);
}
static long run_epoll(void) { struct epoll_event event; return epoll_wait(id, &event, 1, -1); }
static long run_epoll_timed(void) { struct epoll_event event; return epoll_wait(id, &event, 1, 1000000); }
static void close_id(void) { close(id); }
static void put_and_close(void) { put_byte(); close_id(); }

static int nothing(void) { return 0; }
static long run_nanosleep(void) { return syscall(SYS_nanosleep, &long_time, NULL); }
static long run_clock_nanosleep(void) { return syscall(SYS_clock_nanosleep, CLOCK_REALTIME, 0, &long_time, NULL); }
static long run_clock_nanosleep_until(void)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += 1000;
    return syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}
static long run_pause(void) { return pause(); }
static long run_sigsuspend(void) { sigset_t none; sigemptyset(&none); return sigsuspend(&none); }
static long wait_for_signal(struct timespec *time)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return syscall(SYS_rt_sigtimedwait, &set, NULL, time, 8);
}
static long run_sigtimedwait(void) { return wait_for_signal(&long_time); }
static long run_sigwaitinfo(void) { return wait_for_signal(NULL); }

static int new_timerfd(void)
{
    struct itimerspec never = { { 0, 0 }, { 100000, 0 } };
    return (id = timerfd_create(CLOCK_MONOTONIC, 0)) < 0 || timerfd_settime(id, 0, &never, NULL);
}
static long run_read_id(void) { return read(id, bytes, 1000); }
static void set_timerfd(void) { struct itimerspec soon = { { 0, 0 }, { 0, 1 } }; timerfd_settime(id, 0, &soon, NULL); close_id(); }
static int new_eventfd(void) { return (id = eventfd(0, 0)) < 0; }
static long run_write_id(void) { unsigned long long much = ~1ull; return write(id, &much, 8) < 0 ? -1 : write(id, &much, 8); }
static void put_event(void) { unsigned long long one = 1; if (write(id, &one, 8) < 0) check_fail("finish", "errno %d", errno); close_id(); }
static void take_event(void) { unsigned long long all; if (read(id, &all, 8) < 0) check_fail("finish", "errno %d", errno); close_id(); }
static int new_inotify(void) { return (id = inotify_init()) < 0 || inotify_add_watch(id, ".", IN_CREATE) < 0; }
static void create_name(void) { unlink("name"); close(open("name", O_CREAT | O_RDWR, 0600)); close_id(); }
static int new_signalfd(void) { sigset_t set; sigemptyset(&set); sigaddset(&set, SIGUSR2); return (id = signalfd(-1, &set, 0)) < 0; }

static int semaphore = -1, queue = -1;
static int new_semaphore(void) { return (semaphore = semget(IPC_PRIVATE, 1, 0600)) < 0 ? errno : 0; }
static long run_semop(void) { struct sembuf take = { 0, -1, 0 }; return semop(semaphore, &take, 1); }
static long run_semtimedop(void) { struct sembuf take = { 0, -1, 0 }; return semtimedop(semaphore, &take, 1, &long_time); }
static void raise_semaphore(void) { struct sembuf give = { 0, 1, 0 }; semop(semaphore, &give, 1); }
static struct { long type; char text[8000]; } message = { .type = 1 };
static int new_messages(void) { return (queue = msgget(IPC_PRIVATE, 0600)) < 0 ? errno : 0; }
static int full_messages(void)
{
    if (new_messages())
        return errno;
    while (msgsnd(queue, &message, sizeof message.text, IPC_NOWAIT) == 0) { }
    return errno != EAGAIN;
}
static long run_msgrcv(void) { return msgrcv(queue, &message, 100, 0, 0); }
static long run_msgsnd(void) { return msgsnd(queue, &message, sizeof message.text, 0); }
static void put_message(void) { msgsnd(queue, &message, 10, 0); }
static void take_messages(void) { while (msgrcv(queue, &message, sizeof message.text, 0, IPC_NOWAIT) > 0) { } }

static int new_queue(void)
{
    struct mq_attr attributes = { .mq_maxmsg = 1, .mq_msgsize = 10 };
    mq_unlink("/sigrestart");
    return (id = mq_open("/sigrestart", O_RDWR | O_CREAT | O_EXCL, 0600, &attributes)) < 0 ? errno : 0;
}
static int full_queue(void) { return new_queue() ? errno : mq_send(id, "x", 1, 0); }
static long run_mq_receive(void) { return mq_receive(id, bytes, 10, NULL); }
static long run_mq_send(void) { return mq_send(id, "x", 1, 0); }
static void send_message(void) { mq_send(id, "x", 1, 0); mq_unlink("/sigrestart"); close_id(); }
static void take_message(void) { mq_receive(id, bytes, 10, NULL); mq_unlink("/sigrestart"); close_id(); }

static int new_sockets(void) { return socketpair(AF_UNIX, SOCK_STREAM, 0, ends) ? errno : 0; }
static int timed_sockets(void)
{
    struct timeval time = { 1000, 0 };
    return new_sockets() || setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
}
static long run_recv(void) { return recv(ends[0], bytes, 10, 0); }
static long run_recvmsg(void) { struct iovec part = { bytes, 10 }; struct msghdr head = { .msg_iov = &part, .msg_iovlen = 1 }; return recvmsg(ends[0], &head, 0); }
static int full_sockets(void)
{
    if (new_sockets())
        return errno;
    while (send(ends[0], bytes, sizeof bytes, MSG_DONTWAIT) > 0) { }
    return errno != EAGAIN;
}
static long run_send(void) { return send(ends[0], bytes, 1, 0); }
static void empty_socket(void) { while (recv(ends[1], bytes, sizeof bytes, MSG_DONTWAIT) > 0) { } }
static struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };
static int listening(void)
{
    unlink("socket");
    return (id = socket(AF_UNIX, SOCK_STREAM, 0)) < 0 || bind(id, (void *)&address, sizeof address) || listen(id, 1);
}
static long run_accept(void) { return accept(id, NULL, NULL); }
static void connect_to(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(fd, (void *)&address, sizeof address))
        check_fail("finish", "expected to connect, got errno %d", errno);
    close(fd);
}

static const struct call calls[] = {
    { "read of a pipe", new_pipes, run_read, put_byte, 'r', 'e', 'r' },
    { "readv of a pipe", new_pipes, run_readv, put_byte, 'r', 'e', 'r' },
    { "write of a pipe", full_pipes, run_write, empty_pipe, 'r', 'e', 'r' },
    { "writev of a pipe", full_pipes, run_writev, empty_pipe, 'r', 'e', 'r' },
    { "splice, nothing to read", new_pipes, run_splice, put_byte, 'r', 'e', 'r' },
    { "splice, no room", full_pipes, run_splice, empty_pipe, 'r', 'e', 'r' },
    { "tee", new_pipes, run_tee, put_byte, 'r', 'e', 'r' },
    { "vmsplice", full_pipes, run_vmsplice, empty_pipe, 'r', 'e', 'r' },
    { "sendfile", full_and_file, run_sendfile, empty_pipe, 'r', 'e', 'r' },
    { "open of a FIFO to read", new_fifo, run_open_read, open_write, 'r', 'e', 'r' },
    { "open of a FIFO to write", new_fifo, run_open_write, open_read, 'r', 'e', 'r' },
    { "wait4", new_pipes, run_wait4, put_byte, 'r', 'e', 'r' },
    { "waitid", new_pipes, run_waitid, put_byte, 'r', 'e', 'r' },
    { "waitid of a pidfd", new_pipes, run_waitid_file, put_byte, 'r', 'e', 'r' },
    { "flock", locked, run_flock, unlock, 'r', 'e', 'r' },
    { "F_SETLKW", range_locked, run_setlkw, range_unlock, 'r', 'e', 'r' },
    { "F_OFD_SETLKW", range_locked, run_ofd_setlkw, range_unlock, 'r', 'e', 'r' },
    { "FUTEX_WAIT", new_word, run_futex, wake_word, 'r', 'e', 'r' },
    { "FUTEX_WAIT with a time", new_word, run_futex_timed, wake_word, 'e', 'e', 'r' },
    { "poll", new_pipes, run_poll, put_byte, 'e', 'e', 'r' },
    { "poll with a time", new_pipes, run_poll_timed, put_byte, 'e', 'e', 'r' },
    { "ppoll", new_pipes, run_ppoll, put_byte, 'e', 'e', 'r' },
    { "select", new_pipes, run_select, put_byte, 'e', 'e', 'r' },
    { "pselect with a time", new_pipes, run_pselect, put_byte, 'e', 'e', 'r' },
    { "epoll_wait", new_epoll, run_epoll, put_and_close, 'e', 'e', 'e' },
    { "epoll_wait with a time", new_epoll, run_epoll_timed, put_and_close, 'e', 'e', 'e' },
    { "nanosleep", nothing, run_nanosleep, NULL, 'e', 'e', 'r' },
    { "clock_nanosleep", nothing, run_clock_nanosleep, NULL, 'e', 'e', 'r' },
    { "clock_nanosleep until", nothing, run_clock_nanosleep_until, NULL, 'e', 'e', 'r' },
    { "pause", nothing, run_pause, NULL, 'e', 'e', 'r' },
    { "sigsuspend", nothing, run_sigsuspend, NULL, 'e', 'e', 'r' },
    { "sigtimedwait", nothing, run_sigtimedwait, NULL, 'e', 'e', 'e' },
    { "sigwaitinfo", nothing, run_sigwaitinfo, NULL, 'e', 'e', 'e' },
    { "read of a timerfd", new_timerfd, run_read_id, set_timerfd, 'r', 'e', 'r' },
    { "read of an eventfd", new_eventfd, run_read_id, put_event, 'r', 'e', 'r' },
    { "write of an eventfd", new_eventfd, run_write_id, take_event, 'r', 'e', 'r' },
    { "read of an inotify", new_inotify, run_read_id, create_name, 'r', 'e', 'r' },
    { "read of a signalfd", new_signalfd, run_read_id, NULL, 'r', 'e', 'r' },
    { "semop", new_semaphore, run_semop, raise_semaphore, 'e', 'e', 'e' },
    { "semtimedop", new_semaphore, run_semtimedop, raise_semaphore, 'e', 'e', 'e' },
    { "msgrcv", new_messages, run_msgrcv, put_message, 'e', 'e', 'r' },
    { "msgsnd", full_messages, run_msgsnd, take_messages, 'e', 'e', 'r' },
    { "mq_receive", new_queue, run_mq_receive, send_message, 'r', 'e', 'r' },
    { "mq_send", full_queue, run_mq_send, take_message, 'r', 'e', 'r' },
    { "recv", new_sockets, run_recv, put_byte, 'r', 'e', 'r' },
    { "recvmsg", new_sockets, run_recvmsg, put_byte, 'r', 'e', 'r' },
    { "recv with SO_RCVTIMEO", timed_sockets, run_recv, put_byte, 'e', 'e', 'e' },
    { "send", full_sockets, run_send, empty_socket, 'r', 'e', 'r' },
    { "accept", listening, run_accept, connect_to, 'r', 'e', 'r' },
};

static void note(int signal) { (void)signal; shared->caught++; }

// Until the child sleeps again, or has ended.
static int settle(pid_t child)
{
    int state;
    while ((state = check_task_state(child)) != 'S' && state != 'Z')
        syscall(SYS_sched_yield);
    return state;
}

// 'r', 'e', or what else came of it.
static int outcome(const struct call *call, pid_t child)
{
    int status, state = settle(child);
    if (state == 'S' && call->finish)
        call->finish();
    else if (state == 'S')
        kill(child, SIGKILL);
    waitpid(child, &status, 0);
    if (state == 'S' && (status == EXITED(1) || (!call->finish && status == KILLED(SIGKILL))))
        return 'r';
    return status == EXITED(2) ? 'e' : WIFEXITED(status) ? 'x' : 'k';
}

enum way { WITH, WITHOUT, STOPPED };

static int try_call(const struct call *call, enum way way)
{
    if (call->prepare())
        return '-';
    shared->caught = 0;
    pid_t child = check_fork();
    if (child == 0) {
        struct sigaction action = { .sa_handler = note, .sa_flags = way == WITH ? SA_RESTART : 0 };
        sigaction(SIGUSR1, &action, NULL);
        errno = 0;
        long result = call->run();
        int interrupted = result == -1 && errno == EINTR;
        _exit(interrupted ? 2 : result == -1 ? 3 : result == 1000 ? 4 : 1);
    }
    check_await_state(child, 'S');
    if (way == STOPPED) {
        int status;
        kill(child, SIGSTOP);
        waitpid(child, &status, WUNTRACED);
        kill(child, SIGCONT);
        waitpid(child, &status, WCONTINUED);
    } else {
        kill(child, SIGUSR1);
        while (shared->caught == 0)
            syscall(SYS_sched_yield);
    }
    return outcome(call, child);
}

static void tidy(void)
{
    for (int fd = 3; fd < 40; fd++)
        close(fd);
    if (semaphore >= 0)
        semctl(semaphore, 0, IPC_RMID);
    if (queue >= 0)
        msgctl(queue, IPC_RMID, NULL);
    semaphore = queue = -1;
    ends[0] = ends[1] = other[0] = other[1] = file = id = -1;
}

int main(void)
{
    static const char *const ways[] = { "with SA_RESTART", "without", "after a stop" };
    check_begin(100);
    check_scratch();
    signal(SIGPIPE, SIG_IGN);
    shared = check_shared(sizeof *shared);
    for (unsigned i = 0; i < sizeof calls / sizeof *calls; i++) {
        const char wanted[] = { calls[i].with, calls[i].without, calls[i].stopped };
        for (enum way way = WITH; way <= STOPPED; way++) {
            int got = try_call(&calls[i], way);
            const char *name = check_name("%s %s", calls[i].name, ways[way]);
            if (got == '-')
                check_skip(name, "it cannot be done here");
            else if (got == wanted[way])
                check_pass(name);
            else
                check_fail(name, "expected '%c', got '%c'", wanted[way], got);
            tidy();
        }
    }
    return check_end();
}
