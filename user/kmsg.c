// The kernel log: /dev/kmsg (records, levels, poll, positions, records lost before they were read), syslog(2), and the line about a
// program that ends from a bad access. Runs in a guest only: on the host it would write into the host's log.
// cpus: 1 2 4
#include "check.h"
#include <poll.h>
#include <sys/klog.h>
#include <sys/resource.h>
#include <sys/utsname.h>

enum { READ = 2, READ_ALL = 3, READ_CLEAR = 4, CLEAR = 5, CONSOLE_OFF = 6, CONSOLE_ON = 7, CONSOLE_LEVEL = 8, SIZE_UNREAD = 9, SIZE_BUFFER = 10 };

static int log_file;
static char record[4096], everything[1 << 20];
static int priority;
static long long sequence, microseconds;
static const char *text;

static void say(const char *line)
{
    if (write(log_file, line, strlen(line)) != (ssize_t)strlen(line))
        check_fail("write", "expected %zu bytes to be taken, got errno %d", strlen(line), errno);
}

// Reads records up to one that contains `wanted`; 1 if there was one.
static int find(const char *wanted)
{
    ssize_t length;
    while ((length = read(log_file, record, sizeof record - 1)) > 0) {
        record[length] = 0;
        if (!strstr(record, wanted))
            continue;
        char *start = strchr(record, ';');
        text = start ? start + 1 : "";
        return sscanf(record, "%d,%lld,%lld,", &priority, &sequence, &microseconds) == 3;
    }
    return 0;
}

static void check_records(void)
{
    lseek(log_file, 0, SEEK_END);
    say("<3>kmsg: first\n");
    CHECK("a record is there at once", find("kmsg: first"));
    CHECK_EQ("its level, and the facility of programs", priority, 1 << 3 | 3);
    CHECK_STR("its text, and an end of line", text, "kmsg: first\n");
    long long before = sequence, then = microseconds;
    say("kmsg: second");
    CHECK("one without level", find("kmsg: second"));
    CHECK_EQ("a warning", priority, 1 << 3 | 4);
    CHECK("a later number", sequence > before);
    CHECK("no earlier time", microseconds >= then);
    say("<30>kmsg: third");
    CHECK("one with a facility", find("kmsg: third") && priority == 30);
    say("<>kmsg: fourth");
    CHECK("no number: part of the text", find("kmsg: fourth") && !strncmp(text, "<>kmsg", 6) && priority == 12);
    say("kmsg: tab\there \\ \x7f");
    CHECK("control characters as numbers", find("kmsg: tab") && !strcmp(text, "kmsg: tab\\x09here \\x5c \\x7f\n"));
    CHECK_ERR("a buffer that is too short for the next record", (say("kmsg: fifth"), read(log_file, record, 5)), EINVAL);
    CHECK("which is still there", find("kmsg: fifth"));
    CHECK_ERR("the end", read(log_file, record, sizeof record), EAGAIN);
}

static void check_positions(void)
{
    CHECK_EQ("to the start", lseek(log_file, 0, SEEK_SET), 0);
    CHECK("the first of all is not the first of ours", find(",") && sequence < 100000 && !strstr(text, "kmsg: fifth"));
    CHECK_EQ("to the end", lseek(log_file, 0, SEEK_END), 0);
    CHECK_ERR("nothing there", read(log_file, record, sizeof record), EAGAIN);
    CHECK_ERR("not to a place", lseek(log_file, 10, SEEK_SET), ESPIPE);
    CHECK_ERR("not from here", lseek(log_file, 0, SEEK_CUR), EINVAL);
    say("kmsg: before clearing");
    CHECK_OK("clear", klogctl(CLEAR, NULL, 0));
    say("kmsg: after clearing");
    CHECK_EQ("to what came after", lseek(log_file, 0, SEEK_DATA), 0);
    CHECK("is that", find("kmsg: ") && strstr(text, "after clearing"));
}

static void check_poll(void)
{
    struct pollfd watched = { .fd = log_file, .events = POLLIN };
    lseek(log_file, 0, SEEK_END);
    CHECK_EQ("nothing to read", poll(&watched, 1, 0), 0);
    say("kmsg: polled");
    CHECK_EQ("something to read", poll(&watched, 1, 0), 1);
    CHECK_EQ("and nothing else", watched.revents, POLLIN);
    CHECK("it", find("kmsg: polled"));

    struct gate gate = gate_make();
    pid_t child = check_fork();
    if (child == 0) {
        watched.fd = open("/dev/kmsg", O_RDONLY);
        lseek(watched.fd, 0, SEEK_END);
        gate_open(&gate);
        int ready = poll(&watched, 1, -1) == 1;
        _exit(ready && read(watched.fd, record, sizeof record) > 0 ? 7 : 1);
    }
    int status;
    gate_wait(&gate);
    check_await_state(child, 'S');
    say("kmsg: wakes poll");
    waitpid(child, &status, 0);
    CHECK_EQ("a sleeper in poll is woken", status, EXITED(7));
    gate_close(&gate);
}

static void check_sleeping_reader(void)
{
    struct gate gate = gate_make();
    pid_t child = check_fork();
    if (child == 0) {
        log_file = open("/dev/kmsg", O_RDONLY);
        lseek(log_file, 0, SEEK_END);
        gate_open(&gate);
        _exit(find("kmsg: wakes read") ? 8 : 1);
    }
    int status;
    gate_wait(&gate);
    check_await_state(child, 'S');
    say("kmsg: wakes read");
    waitpid(child, &status, 0);
    CHECK_EQ("a sleeper in read is woken", status, EXITED(8));
    gate_close(&gate);
}

static void check_lost_records(void)
{
    struct utsname system;
    uname(&system);
    if (!strstr(system.release, "jiffy")) {
        check_skip("records lost", "Linux keeps more, and takes fewer");
        return;
    }
    lseek(log_file, 0, SEEK_END);
    for (int i = 0; i < 600; i++)
        say(check_name("<7>kmsg: flood %d", i));
    struct pollfd watched = { .fd = log_file, .events = POLLIN };
    poll(&watched, 1, 0);
    CHECK("poll tells that some are lost", (watched.revents & (POLLIN | POLLERR)) == (POLLIN | POLLERR));
    CHECK_ERR("the reader is told", read(log_file, record, sizeof record), EPIPE);
    CHECK("and goes on with the oldest", find("kmsg: flood 88\n"));
    CHECK("the next follows", find("kmsg: flood 89\n"));
    CHECK("up to the newest", find("kmsg: flood 599"));
}

static void as_nobody(void)
{
    CHECK_OK("to be nobody", setuid(NOBODY));
    CHECK_ERR("nobody may not clear", klogctl(CLEAR, NULL, 0), EPERM);
    CHECK_ERR("nor change the console's level", klogctl(CONSOLE_LEVEL, NULL, 4), EPERM);
    CHECK_ERR("nor write", open("/dev/kmsg", O_WRONLY), EACCES);
}

static int console_level(void)
{
    char levels[64] = "";
    int file = open("/proc/sys/kernel/printk", O_RDONLY);
    if (file < 0 || read(file, levels, sizeof levels - 1) < 0)
        return -1;
    close(file);
    return atoi(levels);
}

static void check_syslog(void)
{
    CHECK("the buffer's size", klogctl(SIZE_BUFFER, NULL, 0) >= 4096);
    say("<6>kmsg: by syslog");
    int length = klogctl(READ_ALL, everything, sizeof everything - 1);
    CHECK("read all", length > 0);
    everything[length > 0 ? length : 0] = 0;
    char *line = strstr(everything, "kmsg: by syslog\n");
    CHECK("the last line with priority and time", line && line[16] == 0 && line - everything > 20 && line[-2] == ']');
    while (line && line > everything && line[-1] != '\n')
        line--;
    CHECK("priority", line && !strncmp(line, "<14>[", 5));
    CHECK_EQ("a short buffer gets the newest lines", klogctl(READ_ALL, record, 60) > 0 && memmem(record, 60, "by syslog", 9) != NULL, 1);

    int unread = klogctl(SIZE_UNREAD, NULL, 0);
    CHECK("something is unread", unread > 60);
    CHECK_EQ("a part of a line", klogctl(READ, record, 10), 10);
    CHECK_EQ("is read then", klogctl(SIZE_UNREAD, NULL, 0), unread - 10);
    CHECK_EQ("the rest", klogctl(READ, everything, sizeof everything), unread - 10);
    CHECK_EQ("all is read", klogctl(SIZE_UNREAD, NULL, 0), 0);
    CHECK("read and clear", klogctl(READ_CLEAR, everything, sizeof everything) > 0);
    CHECK_EQ("it is clear", klogctl(READ_ALL, everything, sizeof everything), 0);

    CHECK_ERR("no such action", klogctl(99, NULL, 0), EINVAL);
    CHECK_ERR("no buffer", klogctl(READ_ALL, NULL, 10), EINVAL);
    CHECK_ERR("a negative length", klogctl(READ_ALL, record, -1), EINVAL);
    CHECK_ERR("level 0", klogctl(CONSOLE_LEVEL, NULL, 0), EINVAL);
    CHECK_ERR("level 9", klogctl(CONSOLE_LEVEL, NULL, 9), EINVAL);
    int level = console_level();
    CHECK_OK("level 3", klogctl(CONSOLE_LEVEL, NULL, 3));
    CHECK_EQ("/proc tells it", console_level(), 3);
    CHECK_OK("console off", klogctl(CONSOLE_OFF, NULL, 0));
    CHECK_EQ("lowest level", console_level(), 1);
    CHECK_OK("console on", klogctl(CONSOLE_ON, NULL, 0));
    CHECK_EQ("as before", console_level(), 3);
    klogctl(CONSOLE_LEVEL, NULL, level);
}

static int *volatile nowhere = (int *)0x10;

static int bad_access(void)
{
    struct rlimit none = { 0, 0 };
    setrlimit(RLIMIT_CORE, &none);
    return *nowhere;
}

static void check_bad_access(void)
{
    lseek(log_file, 0, SEEK_END);
    CHECK_EQ("a bad access ends a program", check_status(bad_access) & 0x7f, SIGSEGV);
    CHECK("the log tells of it", find("segfault at 10 ip ") && strstr(text, " sp ") && strstr(text, " error 4"));
    CHECK_EQ("for information", priority, 6);
    for (int i = 0; i < 40; i++)
        check_status(bad_access);
    int lines = 0;
    while (find("segfault at 10"))
        lines++;
    CHECK("but not every time", lines < 20);
}

int main(void)
{
    if (access("/etc/jiffy", F_OK) || getuid() != 0) {
        check_skip("the kernel log", "not in a guest");
        return check_end();
    }
    check_begin(50);
    log_file = open("/dev/kmsg", O_RDWR | O_NONBLOCK);
    if (!CHECK("open /dev/kmsg", log_file >= 0))
        return check_end();
    check_records();
    check_positions();
    check_poll();
    check_sleeping_reader();
    check_bad_access();
    check_in_child("nobody", as_nobody);
    check_syslog();
    check_lost_records();
    return check_end();
}
