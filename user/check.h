// The one header of the guest test programs: checks, children, a scratch directory, a deadline. No dependencies but libc.
//
// Every program prints a line per check, `ok NAME`, `FAIL NAME: expected ..., got ...` or `skip NAME: why`, and last
// `N passed, N failed`; it exits with 0 only if nothing failed. All output goes through write(2) line by line, so that
// nothing is buffered across fork and lines of several processes do not mix.
//
// A program must end: check_begin(seconds) sets an alarm in the program and in each child made with check_fork().
// Nothing here sleeps in order to wait; a program waits with pipes, waitpid or futexes.
#ifndef CHECK_H
#define CHECK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))
#define NOBODY 65534

struct check_counts { int passed, failed, skipped; };
static struct check_counts check_counts;
static unsigned check_seconds;
static char check_directory[128];

// ---- Lines ------------------------------------------------------------------------------------------------

static void check_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void check_line(const char *format, ...)
{
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    if (length > (int)sizeof line - 2)
        length = sizeof line - 2;
    line[length] = '\n';
    if (write(1, line, length + 1) < 0)
        _exit(120);
}

static inline int check_pass(const char *name)
{
    __atomic_add_fetch(&check_counts.passed, 1, __ATOMIC_RELAXED);
    check_line("ok %s", name);
    return 1;
}

static int check_fail(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));
UNUSED static int check_fail(const char *name, const char *format, ...)
{
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    __atomic_add_fetch(&check_counts.failed, 1, __ATOMIC_RELAXED);
    check_line("FAIL %s: %s", name, text);
    return 0;
}

UNUSED static void check_skip(const char *name, const char *why)
{
    __atomic_add_fetch(&check_counts.skipped, 1, __ATOMIC_RELAXED);
    check_line("skip %s: %s", name, why);
}

// A name made with printf, for checks in a loop. Valid until the next call in the same thread.
UNUSED static const char *check_name(const char *format, ...) __attribute__((format(printf, 1, 2)));
UNUSED static const char *check_name(const char *format, ...)
{
    static __thread char name[160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    return name;
}

// ---- Checks -----------------------------------------------------------------------------------------------
// Each gives 1 if it held. Every expression is evaluated once.

// The condition holds. errno is left as it was, for the condition to ask for, and is reported with a failure.
#define CHECK(name, condition) \
    check_true((name), !!(condition), #condition)

// The value is the one expected.
#define CHECK_EQ(name, value, expected) check_equal((name), (long long)(value), (long long)(expected))

// The two strings are equal.
#define CHECK_STR(name, value, expected) check_strings((name), (value), (expected))

// The call does not give -1.
#define CHECK_OK(name, call) (errno = 0, check_success((name), (long)(call), #call))

// The call gives -1 with this errno.
#define CHECK_ERR(name, call, error) (errno = 0, check_error((name), (long)(call), (error), #error))

UNUSED static int check_true(const char *name, int held, const char *text)
{
    int error = errno;
    return held ? check_pass(name) : check_fail(name, "expected %s, got false (errno %d)", text, error);
}

UNUSED static int check_equal(const char *name, long long value, long long expected)
{
    if (value == expected)
        return check_pass(name);
    return check_fail(name, "expected %lld (0x%llx), got %lld (0x%llx)", expected, expected, value, value);
}

UNUSED static int check_strings(const char *name, const char *value, const char *expected)
{
    if (value && !strcmp(value, expected))
        return check_pass(name);
    return check_fail(name, "expected \"%s\", got \"%s\"", expected, value ? value : "(null)");
}

UNUSED static int check_success(const char *name, long result, const char *text)
{
    int error = errno;
    if (result != -1)
        return check_pass(name);
    return check_fail(name, "expected success of %.200s, got errno %d (%s)", text, error, strerror(error));
}

UNUSED static int check_error(const char *name, long result, int expected, const char *text)
{
    int error = errno;
    if (result == -1 && error == expected)
        return check_pass(name);
    if (result != -1)
        return check_fail(name, "expected errno %d (%s), got the result %ld", expected, text, result);
    return check_fail(name, "expected errno %d (%s), got errno %d (%s)", expected, text, error, strerror(error));
}

// ---- Begin and end ----------------------------------------------------------------------------------------

static void check_overdue(int signal)
{
    (void)signal;
    check_fail("deadline", "expected an end within %u s, got a time-out", check_seconds);
    check_line("%d passed, %d failed", check_counts.passed, check_counts.failed);
    _exit(1);
}

// Sets the deadline. A program that uses SIGALRM itself must set it back with check_rearm().
UNUSED static void check_rearm(void)
{
    struct sigaction action = { .sa_handler = check_overdue };
    sigaction(SIGALRM, &action, NULL);
    alarm(check_seconds);
}

UNUSED static void check_begin(unsigned seconds)
{
    check_seconds = seconds;
    check_rearm();
}

UNUSED static int check_remove(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status, (void)type, (void)where;
    return remove(path), 0;
}

// A new empty directory, made the working directory and removed at the end.
UNUSED static const char *check_scratch(void)
{
    const char *parent = getenv("TMPDIR");
    if (!parent)
        mkdir(parent = "/tmp", 01777);
    snprintf(check_directory, sizeof check_directory, "%s/check.%d", parent, (int)getpid());
    if (mkdir(check_directory, 0777) || chmod(check_directory, 0777) || chdir(check_directory)) {
        check_fail("scratch directory", "expected to make %s, got errno %d", check_directory, errno);
        exit(1);
    }
    return check_directory;
}

// The last line and the exit status: `return check_end();`
UNUSED static int check_end(void)
{
    if (check_directory[0] && chdir("/") == 0)
        nftw(check_directory, check_remove, 16, FTW_DEPTH | FTW_PHYS);
    if (check_counts.skipped)
        check_line("%d passed, %d failed, %d skipped", check_counts.passed, check_counts.failed, check_counts.skipped);
    else
        check_line("%d passed, %d failed", check_counts.passed, check_counts.failed);
    return check_counts.failed || check_counts.passed + check_counts.skipped == 0;
}

// ---- Children ---------------------------------------------------------------------------------------------

// fork() that ends the program on failure and gives the child the deadline too, with SIGALRM's default action.
UNUSED static pid_t check_fork(void)
{
    pid_t child = fork();
    if (child < 0) {
        check_fail("fork", "expected a child, got errno %d (%s)", errno, strerror(errno));
        exit(check_end());
    }
    if (child == 0) {
        signal(SIGALRM, SIG_DFL);
        alarm(check_seconds);
    }
    return child;
}

// Runs a function in a child and gives the wait status; the function's result is the exit status.
UNUSED static int check_status(int (*body)(void))
{
    int status = -1;
    pid_t child = check_fork();
    if (child == 0)
        _exit(body());
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) { }
    return status;
}

// Runs a function with checks of its own in a child and adds its counts to ours. The child must end by returning.
UNUSED static void check_in_child(const char *name, void (*body)(void))
{
    int ends[2], status = -1;
    struct check_counts counts = { 0, 0, 0 };
    if (pipe(ends)) {
        check_fail(name, "expected a pipe, got errno %d", errno);
        return;
    }
    pid_t child = check_fork();
    if (child == 0) {
        close(ends[0]);
        check_counts = counts;
        body();
        _exit(write(ends[1], &check_counts, sizeof check_counts) != sizeof check_counts);
    }
    close(ends[1]);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) { }
    int whole = read(ends[0], &counts, sizeof counts) == sizeof counts;
    close(ends[0]);
    check_counts.passed += counts.passed;
    check_counts.failed += counts.failed;
    check_counts.skipped += counts.skipped;
    if (status || !whole)
        check_fail(name, "expected the child to end by itself, got wait status 0x%x", status);
}

// Bare statuses, in the form wait gives them.
#define EXITED(code) ((code) << 8)
#define KILLED(signal) (signal)

// ---- Between processes ------------------------------------------------------------------------------------
// A gate holds processes back without time: they block in gate_wait until the other side calls gate_open.

struct gate { int ends[2]; };

UNUSED static struct gate gate_make(void)
{
    struct gate gate;
    if (pipe(gate.ends)) {
        check_fail("gate", "expected a pipe, got errno %d", errno);
        exit(check_end());
    }
    return gate;
}

UNUSED static void gate_open(struct gate *gate)
{
    while (write(gate->ends[1], "g", 1) < 0 && errno == EINTR) { }
}

UNUSED static void gate_wait(struct gate *gate)
{
    char byte;
    while (read(gate->ends[0], &byte, 1) < 0 && errno == EINTR) { }
}

UNUSED static void gate_close(struct gate *gate)
{
    close(gate->ends[0]);
    close(gate->ends[1]);
}

// Memory shared with the children to be.
UNUSED static void *check_shared(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        check_fail("shared memory", "expected a mapping, got errno %d", errno);
        exit(check_end());
    }
    return memory;
}

// The state letter of a task in /proc/PID/stat, or 0 if there is none.
UNUSED static char check_task_state(pid_t pid)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int file = open(path, O_RDONLY);
    if (file < 0)
        return 0;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0)
        return 0;
    text[length] = 0;
    char *end = strrchr(text, ')');
    return end ? end[2] : 0;
}

// Gives way until the task has this state ('S' sleeping, 'T' stopped, 'Z' zombie). The deadline bounds it.
UNUSED static void check_await_state(pid_t pid, char state)
{
    for (char now = 0; now != state; now = check_task_state(pid))
        if (now == 0 && kill(pid, 0) && errno == ESRCH)
            return;
        else
            syscall(SYS_sched_yield);
}

#endif
