// inotify: every event with its name and cookie, order, files and directories, links, watches that change and end, once, without unlinked
// names, equal events as one, overflow, reading in parts, poll and epoll, FIONREAD, unmount, limits, /proc, bad use.
// cpus: 1 2
// host: root
#include "check.h"
#include <poll.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#ifndef IN_MASK_CREATE
#define IN_MASK_CREATE 0x10000000
#endif

static const struct { uint32_t bit; const char *name; } bits[] = {
    { IN_ACCESS, "ACCESS" }, { IN_MODIFY, "MODIFY" }, { IN_ATTRIB, "ATTRIB" }, { IN_CLOSE_WRITE, "CLOSE_WRITE" },
    { IN_CLOSE_NOWRITE, "CLOSE_NOWRITE" }, { IN_OPEN, "OPEN" }, { IN_MOVED_FROM, "MOVED_FROM" }, { IN_MOVED_TO, "MOVED_TO" },
    { IN_CREATE, "CREATE" }, { IN_DELETE, "DELETE" }, { IN_DELETE_SELF, "DELETE_SELF" }, { IN_MOVE_SELF, "MOVE_SELF" },
    { IN_UNMOUNT, "UNMOUNT" }, { IN_Q_OVERFLOW, "Q_OVERFLOW" }, { IN_IGNORED, "IGNORED" }, { IN_ISDIR, "ISDIR" } };

static uint32_t cookies[64];
static int cookie_count;

// All events that wait, as "WD:EVENT|EVENT:name ...".
static const char *told(int fd)
{
    static char text[8192], buffer[8192] __attribute__((aligned(8)));
    size_t at = 0;
    text[0] = 0;
    cookie_count = 0;
    ssize_t length;
    while ((length = read(fd, buffer, sizeof buffer)) > 0) {
        for (char *next = buffer; next < buffer + length;) {
            struct inotify_event *event = (struct inotify_event *)next;
            at += snprintf(text + at, sizeof text - at, "%s%d:", at ? " " : "", event->wd);
            const char *separator = "";
            for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
                if (event->mask & bits[i].bit) {
                    at += snprintf(text + at, sizeof text - at, "%s%s", separator, bits[i].name);
                    separator = "|";
                }
            if (event->len)
                at += snprintf(text + at, sizeof text - at, ":%s", event->name);
            if (event->cookie && cookie_count < 64)
                cookies[cookie_count++] = event->cookie;
            next += sizeof *event + event->len;
        }
    }
    return text;
}

static void make(const char *name)
{
    int file = open(name, O_CREAT | O_WRONLY, 0644);
    close(file);
}

static void contents(void)
{
    int fd = inotify_init1(IN_NONBLOCK);
    char byte = 'x';
    CHECK_EQ("the first number", inotify_add_watch(fd, ".", IN_ALL_EVENTS), 1);
    CHECK_STR("nothing yet", told(fd), "");
    int file = open("a", O_CREAT | O_RDWR, 0600);
    CHECK_STR("made", told(fd), "1:CREATE:a 1:OPEN:a");
    CHECK_EQ("the file itself", inotify_add_watch(fd, "a", IN_ALL_EVENTS), 2);
    CHECK_EQ("write", write(file, &byte, 1), 1);
    CHECK_STR("written", told(fd), "1:MODIFY:a 2:MODIFY");
    CHECK_EQ("write nothing", write(file, &byte, 0), 0);
    CHECK_STR("nothing written, nothing told", told(fd), "");
    CHECK_EQ("read", pread(file, &byte, 1, 0), 1);
    CHECK_STR("read", told(fd), "1:ACCESS:a 2:ACCESS");
    CHECK_EQ("read at the end", read(file, &byte, 1), 0);
    CHECK_STR("nothing read, nothing told", told(fd), "");
    if (ftruncate(file, 0) || truncate("a", 5))
        check_fail("truncate", "expected success, got errno %d", errno);
    CHECK_STR("length changed: twice the same pair", told(fd), "1:MODIFY:a 2:MODIFY 1:MODIFY:a 2:MODIFY");
    fchmod(file, 0644);
    CHECK_STR("mode changed", told(fd), "1:ATTRIB:a 2:ATTRIB");
    utimensat(AT_FDCWD, "a", NULL, 0);
    CHECK_STR("both times", told(fd), "1:ATTRIB:a 2:ATTRIB");
    utimensat(AT_FDCWD, "a", (struct timespec[2]){ { 5, 0 }, { 0, UTIME_OMIT } }, 0);
    CHECK_STR("time of access", told(fd), "1:ACCESS:a 2:ACCESS");
    utimensat(AT_FDCWD, "a", (struct timespec[2]){ { 0, UTIME_OMIT }, { 5, 0 } }, 0);
    CHECK_STR("time of change", told(fd), "1:MODIFY:a 2:MODIFY");
    close(file);
    CHECK_STR("closed after writing", told(fd), "1:CLOSE_WRITE:a 2:CLOSE_WRITE");
    close(open("a", O_RDONLY));
    CHECK_STR("opened and closed", told(fd), "1:OPEN:a 2:OPEN 1:CLOSE_NOWRITE:a 2:CLOSE_NOWRITE");
    close(open("a", O_WRONLY | O_TRUNC));
    const char *text = told(fd); // newer kernels tell of the opening first
    CHECK("emptied", !strcmp(text, "1:MODIFY:a 2:MODIFY 1:OPEN:a 2:OPEN 1:CLOSE_WRITE:a 2:CLOSE_WRITE")
        || !strcmp(text, "1:OPEN:a 2:OPEN 1:MODIFY:a 2:MODIFY 1:CLOSE_WRITE:a 2:CLOSE_WRITE"));
    close(open("a", O_PATH));
    CHECK_STR("a mere place", told(fd), "");
    file = open("a", O_RDONLY);
    int copy = dup(file);
    close(file);
    CHECK_STR("not closed while a copy is open", told(fd), "1:OPEN:a 2:OPEN");
    close(copy);
    CHECK_STR("closed with the last", told(fd), "1:CLOSE_NOWRITE:a 2:CLOSE_NOWRITE");
    link("a", "b");
    CHECK_STR("another name", told(fd), "2:ATTRIB 1:CREATE:b");
    unlink("a");
    CHECK_STR("one name less", told(fd), "2:ATTRIB 1:DELETE:a");
    unlink("b");
    CHECK_STR("the last name", told(fd), "2:ATTRIB 2:DELETE_SELF 2:IGNORED 1:DELETE:b");
    CHECK_ERR("its watch has ended", inotify_rm_watch(fd, 2), EINVAL);
    close(fd);
}

static void directories(void)
{
    int fd = inotify_init1(IN_NONBLOCK);
    inotify_add_watch(fd, ".", IN_ALL_EVENTS);
    mkdir("d", 0700);
    CHECK_STR("directory made", told(fd), "1:CREATE|ISDIR:d");
    CHECK_EQ("watched itself", inotify_add_watch(fd, "d", IN_ALL_EVENTS | IN_ONLYDIR), 2);
    int directory = open("d", O_RDONLY | O_DIRECTORY);
    char entries[1024];
    syscall(SYS_getdents64, directory, entries, sizeof entries);
    close(directory);
    CHECK_STR("directory read", told(fd), "1:OPEN|ISDIR:d 2:OPEN|ISDIR 1:ACCESS|ISDIR:d 2:ACCESS|ISDIR 1:CLOSE_NOWRITE|ISDIR:d 2:CLOSE_NOWRITE|ISDIR");
    symlink("nowhere", "d/l");
    mkfifo("d/p", 0600);
    CHECK_STR("other kinds", told(fd), "2:CREATE:l 2:CREATE:p");
    chmod("d", 0711);
    CHECK_STR("its mode", told(fd), "1:ATTRIB|ISDIR:d 2:ATTRIB|ISDIR");
    unlink("d/l"), unlink("d/p");
    CHECK_STR("names gone", told(fd), "2:DELETE:l 2:DELETE:p");
    rmdir("d");
    CHECK_STR("directory gone", told(fd), "2:DELETE_SELF 2:IGNORED 1:DELETE|ISDIR:d");
    close(fd);
}

static void moves(void)
{
    int fd = inotify_init1(IN_NONBLOCK);
    mkdir("x", 0700), mkdir("y", 0700), make("x/f"), make("y/g");
    inotify_add_watch(fd, "x", IN_MOVE | IN_MOVE_SELF | IN_DELETE | IN_CREATE | IN_DELETE_SELF);
    inotify_add_watch(fd, "y", IN_MOVE | IN_MOVE_SELF | IN_DELETE | IN_CREATE | IN_DELETE_SELF);
    inotify_add_watch(fd, "x/f", IN_MOVE_SELF | IN_ATTRIB);
    inotify_add_watch(fd, "y/g", IN_MOVE_SELF | IN_ATTRIB | IN_DELETE_SELF);
    rename("x/f", "y/h");
    CHECK_STR("moved", told(fd), "1:MOVED_FROM:f 2:MOVED_TO:h 3:MOVE_SELF");
    CHECK_EQ("with one cookie", cookie_count == 2 && cookies[0] == cookies[1], 1);
    uint32_t first = cookies[0];
    rename("y/h", "y/g");
    CHECK_STR("over another", told(fd), "2:MOVED_FROM:h 2:MOVED_TO:g 4:ATTRIB 3:MOVE_SELF 4:DELETE_SELF 4:IGNORED");
    CHECK_EQ("with another cookie", cookie_count == 2 && cookies[0] == cookies[1] && cookies[0] != first, 1);
    make("x/k");
    told(fd);
    syscall(SYS_renameat2, AT_FDCWD, "x/k", AT_FDCWD, "y/g", 2u);
    CHECK_STR("exchanged", told(fd), "1:MOVED_FROM:k 2:MOVED_TO:g 2:MOVED_FROM:g 1:MOVED_TO:k 3:MOVE_SELF");
    rename("y", "x/y");
    CHECK_STR("a watched directory", told(fd), "1:MOVED_TO|ISDIR:y 2:MOVE_SELF");
    unlink("x/y/g"), unlink("x/k"), rmdir("x/y"), rmdir("x");
    close(fd);
}

static void watching(void)
{
    int fd = inotify_init1(IN_NONBLOCK), other = inotify_init();
    make("w");
    symlink("w", "s");
    CHECK_EQ("a number", inotify_add_watch(fd, "w", IN_OPEN), 1);
    CHECK_EQ("the same file: the same number", inotify_add_watch(fd, "s", IN_ATTRIB), 1);
    close(open("w", O_RDONLY));
    CHECK_STR("replaced", told(fd), "");
    inotify_add_watch(fd, "w", IN_OPEN | IN_MASK_ADD);
    close(open("w", O_RDONLY)), chmod("w", 0600);
    CHECK_STR("added", told(fd), "1:OPEN 1:ATTRIB");
    CHECK_ERR("only if new", inotify_add_watch(fd, "w", IN_OPEN | IN_MASK_CREATE), EEXIST);
    CHECK_ERR("not both", inotify_add_watch(fd, "w", IN_OPEN | IN_MASK_CREATE | IN_MASK_ADD), EINVAL);
    CHECK_EQ("the link itself", inotify_add_watch(fd, "s", IN_ALL_EVENTS | IN_DONT_FOLLOW), 2);
    CHECK_ERR("only directories", inotify_add_watch(fd, "w", IN_OPEN | IN_ONLYDIR), ENOTDIR);
    CHECK_ERR("not there", inotify_add_watch(fd, "none", IN_OPEN), ENOENT);
    CHECK_ERR("no events", inotify_add_watch(fd, "w", 0), EINVAL);
    CHECK_ERR("bad path", inotify_add_watch(fd, (char *)8, IN_OPEN), EFAULT);
    CHECK_ERR("bad descriptor", inotify_add_watch(999, "w", IN_OPEN), EBADF);
    CHECK_ERR("no instance", inotify_add_watch(0, "w", IN_OPEN), EINVAL);
    CHECK_ERR("no instance to remove from", inotify_rm_watch(0, 1), EINVAL);
    CHECK_ERR("bad descriptor to remove from", inotify_rm_watch(999, 1), EBADF);
    CHECK_ERR("no such number", inotify_rm_watch(fd, 77), EINVAL);
    CHECK_ERR("another's number", inotify_rm_watch(other, 1), EINVAL);
    CHECK_ERR("unknown flags", inotify_init1(1), EINVAL);
    CHECK_OK("removed", inotify_rm_watch(fd, 1));
    CHECK_STR("says so", told(fd), "1:IGNORED");
    CHECK_EQ("another number", inotify_add_watch(fd, "w", IN_OPEN | IN_ONESHOT), 3);
    close(open("w", O_RDONLY)), close(open("w", O_RDONLY));
    CHECK_STR("once", told(fd), "3:OPEN 3:IGNORED");
    CHECK_EQ("still the link", inotify_rm_watch(fd, 2), 0);
    told(fd);

    CHECK_EQ("the directory", inotify_add_watch(fd, ".", IN_ATTRIB | IN_MODIFY | IN_EXCL_UNLINK), 4);
    CHECK_EQ("in another instance, too", inotify_add_watch(other, ".", IN_ATTRIB | IN_MODIFY), 1);
    int file = open("w", O_RDWR);
    unlink("w");
    told(fd);
    char c = 'x';
    CHECK_EQ("write without a name", write(file, &c, 1), 1);
    CHECK_STR("is not told with IN_EXCL_UNLINK", told(fd), "");
    fcntl(other, F_SETFL, O_NONBLOCK);
    CHECK_STR("but without", told(other), "1:MODIFY:w");
    close(file);
    unlink("s");
    close(fd), close(other);
}

static void reading(void)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), ep = epoll_create1(0);
    char buffer[4096];
    CHECK_EQ("closed on exec", fcntl(fd, F_GETFD), FD_CLOEXEC);
    CHECK_EQ("flags", fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDONLY | O_NONBLOCK);
    inotify_add_watch(fd, ".", IN_CREATE | IN_DELETE | IN_OPEN);
    CHECK_ERR("empty", read(fd, buffer, sizeof buffer), EAGAIN);
    CHECK_ERR("empty, whatever the room", read(fd, buffer, 1), EAGAIN);
    CHECK_ERR("cannot be written", write(fd, buffer, 1), EBADF);
    struct pollfd item = { fd, POLLIN, 0 };
    struct epoll_event event = { EPOLLIN, { .u32 = 1 } };
    epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
    CHECK_EQ("not readable", poll(&item, 1, 0), 0);
    mknod("abc", S_IFREG | 0600, 0);
    mknod("0123456789abcdef", S_IFREG | 0600, 0);
    CHECK_EQ("readable", poll(&item, 1, 0), 1);
    CHECK_EQ("in a set, too", epoll_wait(ep, &event, 1, 0), 1);
    int bytes = 0;
    CHECK_OK("FIONREAD", ioctl(fd, FIONREAD, &bytes));
    CHECK_EQ("bytes: names are padded", bytes, 16 + 16 + 16 + 32);
    CHECK_ERR("too small for the first", read(fd, buffer, 31), EINVAL);
    CHECK_EQ("the first only", read(fd, buffer, 32 + 47), 32);
    CHECK_EQ("its padded length", ((struct inotify_event *)buffer)->len, 16);
    CHECK_EQ("then the other", read(fd, buffer, sizeof buffer), 48);
    CHECK_EQ("its padded length", ((struct inotify_event *)buffer)->len, 32);
    for (int i = 0; i < 3; i++)
        open("abc", O_RDONLY);
    CHECK_STR("equal events are one", told(fd), "1:OPEN:abc");
    char path[64], link[64] = "", text[2048] = "", expected[100];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (readlink(path, link, sizeof link - 1) < 0)
        link[0] = 0;
    CHECK_STR("name", link, "anon_inode:inotify");
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    int file = open(path, O_RDONLY);
    if (read(file, text, sizeof text - 1) < 0)
        text[0] = 0;
    close(file);
    struct stat status;
    stat(".", &status);
    snprintf(expected, sizeof expected, "inotify wd:1 ino:%lx sdev:", (unsigned long)status.st_ino);
    CHECK("fdinfo: which file", strstr(text, expected));
    CHECK("fdinfo: which events", strstr(text, " mask:320 ignored_mask:0 "));
    unlink("abc"), unlink("0123456789abcdef");
    close(ep), close(fd);

    // A reader that waits.
    fd = inotify_init();
    inotify_add_watch(fd, ".", IN_CREATE);
    pid_t parent = getpid(), child = check_fork();
    if (child == 0) {
        check_await_state(parent, 'S');
        make("late");
        _exit(0);
    }
    CHECK_EQ("waits for an event", read(fd, buffer, sizeof buffer), 32);
    waitpid(child, NULL, 0);
    unlink("late");
    close(fd);
}

static int exhaust(void)
{
    if (setgid(4712) || setuid(4712))
        return 1;
    int count = 0;
    while (count < 1000 && inotify_init() >= 0)
        count++;
    return count == 128 && errno == EMFILE ? 0 : 2;
}

static long setting(const char *name, long value)
{
    char path[80], text[32] = "";
    snprintf(path, sizeof path, "/proc/sys/fs/inotify/%s", name);
    int file = open(path, value < 0 ? O_RDONLY : O_WRONLY);
    int length = value < 0 ? (int)read(file, text, sizeof text - 1) : (int)write(file, text, snprintf(text, sizeof text, "%ld\n", value));
    close(file);
    return length <= 0 ? -1 : atol(text);
}

static int watch_three(void)
{
    if (setgid(4713) || setuid(4713))
        return 1;
    int fd = inotify_init();
    if (inotify_add_watch(fd, "/", IN_OPEN) != 1 || inotify_add_watch(fd, "/proc", IN_OPEN) != 2)
        return 2;
    if (inotify_add_watch(fd, "/tmp", IN_OPEN) != -1 || errno != ENOSPC)
        return 3;
    if (inotify_add_watch(fd, "/proc", IN_ATTRIB) != 2)
        return 4;
    inotify_rm_watch(fd, 1);
    return inotify_add_watch(fd, "/tmp", IN_OPEN) > 2 ? 0 : 5;
}

static void limits(void)
{
    long instances = setting("max_user_instances", -1), watches = setting("max_user_watches", -1), events = setting("max_queued_events", -1);
    CHECK("limits are shown", instances >= 128 && watches >= 4096 && events == 16384);
    if (geteuid() || setting("max_queued_events", 10) < 0) {
        check_skip("limits", "must be root");
        return;
    }
    int fd = inotify_init1(IN_NONBLOCK);
    inotify_add_watch(fd, ".", IN_CREATE | IN_DELETE);
    setting("max_queued_events", 16384);
    int second = inotify_init1(IN_NONBLOCK);
    inotify_add_watch(second, ".", IN_CREATE | IN_DELETE);
    for (int i = 0; i < 10; i++)
        make("o"), unlink("o");
    const char *first = told(fd);
    const char *end = strstr(first, "-1:Q_OVERFLOW");
    CHECK("overflow is told, once and last", end && !strcmp(end, "-1:Q_OVERFLOW") && !strncmp(first, "1:CREATE:o 1:DELETE:o", 20));
    int count = 0;
    for (const char *at = told(second); (at = strstr(at, ":o")); at++)
        count++;
    CHECK_EQ("another instance has all", count, 20);
    make("p");
    CHECK_STR("after an overflow it goes on", told(fd), "1:CREATE:p");
    unlink("p");
    close(fd), close(second);
    setting("max_user_instances", 128);
    CHECK_EQ("instances of a user", check_status(exhaust), EXITED(0));
    setting("max_user_instances", instances);
    setting("max_user_watches", 2);
    CHECK_EQ("watches of a user", check_status(watch_three), EXITED(0));
    setting("max_user_watches", watches);
}

static void unmounting(void)
{
    mkdir("m", 0700);
    if (geteuid() || mount("none", "m", "tmpfs", 0, "")) {
        check_skip("unmount", "must be root");
        return;
    }
    int fd = inotify_init1(IN_NONBLOCK);
    make("m/f");
    inotify_add_watch(fd, "m", IN_CREATE);
    inotify_add_watch(fd, "m/f", IN_OPEN);
    CHECK_OK("a watch does not hold a mount", umount("m"));
    const char *text = told(fd);
    CHECK("the root's watch ends", strstr(text, "1:UNMOUNT|ISDIR 1:IGNORED"));
    CHECK("the file's watch ends", strstr(text, "2:UNMOUNT 2:IGNORED"));
    close(fd);
    rmdir("m");
}

int main(void)
{
    check_begin(50);
    check_scratch();
    contents();
    directories();
    moves();
    watching();
    reading();
    limits();
    unmounting();
    return check_end();
}
