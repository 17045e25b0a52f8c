// Sessions and process groups: setsid and setpgid with all their refusals, who is in which group after fork, groups across exec,
// orphaned groups with stopped members (SIGHUP and SIGCONT), and the foreground group of a terminal if there is one.
// cpus: 1 2
#include "check.h"
#include <sys/ioctl.h>
#include <termios.h>

static volatile sig_atomic_t hangups, continues;
static void count_hangup(int signal) { (void)signal; hangups++; }
static void count_continue(int signal) { (void)signal; continues++; }

static pid_t waiting_child(void)
{
    pid_t child = check_fork();
    if (child == 0)
        for (;;)
            pause();
    return child;
}

static void end(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static void sessions(void)
{
    CHECK_EQ("getsid: 0 is self", getsid(0), getsid(getpid()));
    CHECK_EQ("getpgid: 0 is self", getpgid(0), getpgrp());
    CHECK_ERR("getsid: no such process", getsid(0x3fffff0), ESRCH);
    CHECK_ERR("getpgid: no such process", getpgid(0x3fffff0), ESRCH);
    CHECK_ERR("getpgid: negative", getpgid(-1), ESRCH);
    pid_t self = getpid(), old = getsid(0);
    CHECK("setsid: a session of its own", old != self);
    CHECK_EQ("setsid: gives the pid", setsid(), self);
    CHECK_EQ("setsid: the session", getsid(0), self);
    CHECK_EQ("setsid: the group", getpgrp(), self);
    CHECK_ERR("setsid: a group leader may not", setsid(), EPERM);
    CHECK_ERR("setsid: no terminal", open("/dev/tty", O_RDWR), ENXIO);
    CHECK_ERR("setpgid: a session leader may not", setpgid(0, 0), EPERM);
}

static void groups(void)
{
    pid_t self = getpid(), first = waiting_child(), second = waiting_child();
    CHECK_EQ("fork: the same group", getpgid(first), self);
    CHECK_EQ("fork: the same session", getsid(first), self);
    CHECK_OK("setpgid: a group of its own for a child", setpgid(first, 0));
    CHECK_EQ("setpgid: it leads it", getpgid(first), first);
    CHECK_OK("setpgid: another one into it", setpgid(second, first));
    CHECK_EQ("setpgid: it is in it", getpgid(second), first);
    CHECK_ERR("setpgid: a negative group", setpgid(second, -1), EINVAL);
    CHECK_ERR("setpgid: a group that is not there", setpgid(second, 0x3fffff0), EPERM);
    CHECK_ERR("setpgid: not a child", setpgid(getppid(), 0), ESRCH);
    CHECK_ERR("setpgid: no such process", setpgid(0x3fffff0, 0), ESRCH);
    CHECK_ERR("setpgid: a group of another session", setpgid(second, getpgid(getppid())), EPERM);

    // The group stays while it has a member, though its leader has gone.
    end(first);
    CHECK_OK("group: outlives its leader", kill(-first, 0));
    CHECK_EQ("group: still its member's", getpgid(second), first);
    end(second);
    CHECK_ERR("group: gone with its last member", kill(-first, 0), ESRCH);

    // A grandchild is nobody's business.
    int ends[2];
    pid_t grandchild = 0;
    if (pipe(ends))
        return;
    first = check_fork();
    if (first == 0) {
        grandchild = waiting_child();
        if (write(ends[1], &grandchild, sizeof grandchild) == sizeof grandchild)
            pause();
        _exit(1);
    }
    if (read(ends[0], &grandchild, sizeof grandchild) == sizeof grandchild)
        CHECK_ERR("setpgid: a grandchild", setpgid(grandchild, 0), ESRCH);
    kill(grandchild, SIGKILL);
    end(first);
    close(ends[0]), close(ends[1]);

    // A child in a session of its own, and one that has executed.
    struct gate gate = gate_make();
    first = check_fork();
    if (first == 0) {
        setsid();
        gate_open(&gate);
        for (;;)
            pause();
    }
    gate_wait(&gate);
    CHECK_ERR("setpgid: a child in another session", setpgid(first, self), EPERM);
    end(first);
    int status;
    first = check_fork();
    if (first == 0) {
        execl("/proc/self/exe", "session", "wait", (char *)NULL);
        _exit(126);
    }
    if (CHECK_EQ("exec: the child stops itself when it is there", waitpid(first, &status, WUNTRACED), first)) {
        CHECK_EQ("exec: kept the group", getpgid(first), self);
        CHECK_ERR("setpgid: a child that has executed", setpgid(first, 0), EACCES);
    }
    end(first);
    gate_close(&gate);
}

// parent - middle - member: when the middle one ends, the member's group has no one left in the session outside of it, and as a
// member is stopped, all of it get SIGHUP, then SIGCONT.
static void orphaned_group(void)
{
    struct { volatile int ready, hangups, continues; } *shared = check_shared(4096);
    struct gate done = gate_make();
    pid_t middle = check_fork();
    if (middle == 0) {
        pid_t member = check_fork();
        if (member == 0) {
            setpgid(0, 0);
            signal(SIGHUP, count_hangup);
            signal(SIGCONT, count_continue);
            shared->ready = 1;
            raise(SIGSTOP);
            shared->hangups = hangups;
            shared->continues = continues;
            gate_open(&done);
            _exit(0);
        }
        int status;
        waitpid(member, &status, WUNTRACED);
        _exit(WIFSTOPPED(status) ? 0 : 1);
    }
    int status;
    waitpid(middle, &status, 0);
    CHECK_EQ("orphaned group: the member was stopped", status, 0);
    gate_wait(&done);
    CHECK_EQ("orphaned group: SIGHUP", shared->hangups, 1);
    CHECK_EQ("orphaned group: SIGCONT", shared->continues, 1);
    gate_close(&done);

    // A process in an orphaned group does not stop by SIGTSTP; only SIGSTOP stops it.
    struct gate answer = gate_make();
    middle = check_fork();
    if (middle == 0) {
        pid_t parent = getpid();
        if (check_fork() == 0) {
            setpgid(0, 0);
            while (getppid() == parent)
                syscall(SYS_sched_yield);
            raise(SIGTSTP);
            raise(SIGTTIN);
            gate_open(&answer);
            _exit(0);
        }
        _exit(0);
    }
    waitpid(middle, NULL, 0);
    gate_wait(&answer);
    check_pass("orphaned group: SIGTSTP and SIGTTIN do not stop");
    gate_close(&answer);
}

// On a terminal that is ours: what tcgetpgrp says. This program made a session without a terminal, so it may no longer be.
static void terminal(pid_t foreground, pid_t old_group, int is_terminal)
{
    struct termios settings;
    if (!is_terminal) {
        check_skip("terminal", "standard input is none");
        CHECK_ERR("tcgetpgrp: no terminal", tcgetpgrp(open("/dev/null", O_RDONLY)), ENOTTY);
        return;
    }
    CHECK("terminal: this program was started in its foreground", foreground == old_group);
    CHECK_OK("terminal: tcgetattr", tcgetattr(0, &settings));
    CHECK_ERR("terminal: not ours after setsid", tcgetpgrp(0), ENOTTY);
    CHECK_ERR("terminal: nor can its foreground be set", tcsetpgrp(0, getpgrp()), ENOTTY);
}

// A terminal that is somebody's alone: none but the superuser may open it again.
static int try_open(const char *path)
{
    pid_t child = check_fork();
    if (child == 0) {
        if (setgid(NOBODY) || setuid(NOBODY))
            _exit(9);
        _exit(open(path, O_RDWR | O_NOCTTY | O_NONBLOCK) >= 0 ? 1 : errno == EBUSY ? 2 : errno == EACCES ? 3 : 4);
    }
    int status;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

static void exclusive(void)
{
    const char *path = "/dev/ttyS0";
    struct stat status;
    int fd = geteuid() == 0 ? open(path, O_RDWR | O_NOCTTY | O_NONBLOCK) : -1;
    if (fd < 0 || !isatty(fd) || fstat(fd, &status)) {
        check_skip("exclusive", "no terminal to be had");
        return;
    }
    fchmod(fd, 0666);
    CHECK_EQ("exclusive: anybody may open it", try_open(path), 1);
    CHECK_OK("exclusive: TIOCEXCL", ioctl(fd, TIOCEXCL));
    CHECK_EQ("exclusive: others may not", try_open(path), 2);
    int again = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
    CHECK("exclusive: the superuser may", again >= 0);
    close(again);
    CHECK_OK("exclusive: TIOCNXCL", ioctl(fd, TIOCNXCL));
    CHECK_EQ("exclusive: anybody again", try_open(path), 1);
    fchmod(fd, status.st_mode & 07777);
    close(fd);
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "wait")) {
        raise(SIGSTOP);
        return 0;
    }
    check_begin(50);
    int is_terminal = isatty(0);
    pid_t foreground = is_terminal ? tcgetpgrp(0) : 0, group = getpgrp();
    // All in a child, which leads no group yet and may found a session.
    pid_t child = check_fork();
    if (child == 0) {
        check_rearm();
        sessions();
        groups();
        orphaned_group();
        terminal(foreground, group, is_terminal);
        exclusive();
        _exit(check_end());
    }
    int status;
    waitpid(child, &status, 0);
    return status != 0;
}
