// Files by descriptor: open's flags, O_APPEND, seeking, sparse files, truncation, readv and pread, unlinked files that stay open,
// dup and fcntl, stat's fields, the special files of /dev, and the limits of descriptors. Names and directories are the
// subject of names.c.
// cpus: 1 2
#include "check.h"
#include <limits.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>

static char buffer[65536];

static int make_file(const char *name, const char *text)
{
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        check_fail("make a file", "expected %s, got errno %d", name, errno);
    return fd;
}

static long size_of(int fd)
{
    struct stat status;
    return fstat(fd, &status) ? -1 : status.st_size;
}

static void opening(void)
{
    int fd = open("new", O_RDWR | O_CREAT | O_EXCL, 0640);
    CHECK("open: O_CREAT | O_EXCL makes it", fd >= 0);
    CHECK_ERR("open: O_EXCL and it exists", open("new", O_RDWR | O_CREAT | O_EXCL, 0640), EEXIST);
    CHECK_EQ("open: the lowest free descriptor", close(fd) || open("new", O_RDONLY) != fd, 0);
    CHECK_ERR("open: write to one open for reading", write(fd, "x", 1), EBADF);
    close(fd);
    fd = open("new", O_WRONLY);
    CHECK_ERR("open: read from one open for writing", read(fd, buffer, 1), EBADF);
    close(fd);
    CHECK_ERR("open: nothing there", open("nothing", O_RDONLY), ENOENT);
    CHECK_ERR("open: no such directory", open("nothing/x", O_RDWR | O_CREAT, 0600), ENOENT);
    CHECK_ERR("open: a file as a directory", open("new/x", O_RDONLY), ENOTDIR);
    CHECK_ERR("open: O_DIRECTORY on a file", open("new", O_RDONLY | O_DIRECTORY), ENOTDIR);
    CHECK_ERR("open: a directory for writing", open(".", O_WRONLY), EISDIR);
    fd = open(".", O_RDONLY);
    CHECK_ERR("open: read from a directory", read(fd, buffer, 10), EISDIR);
    close(fd);
    fd = make_file("new", "twelve bytes");
    close(fd);
    fd = open("new", O_WRONLY | O_TRUNC);
    CHECK_EQ("open: O_TRUNC", size_of(fd), 0);
    close(fd);
    CHECK_ERR("closed: read", read(fd, buffer, 1), EBADF);
    CHECK_ERR("closed: close", close(fd), EBADF);
    CHECK_ERR("descriptor -1", fcntl(-1, F_GETFD), EBADF);
    fd = open(".", O_PATH);
    CHECK_ERR("open: O_PATH does not read", read(fd, buffer, 1), EBADF);
    CHECK_EQ("open: O_PATH serves openat", close(openat(fd, "new", O_RDONLY)), 0);
    close(fd);
}

static void positions(void)
{
    int fd = make_file("file", "0123456789");
    CHECK_EQ("lseek: where", lseek(fd, 0, SEEK_CUR), 10);
    CHECK_EQ("lseek: set", lseek(fd, 4, SEEK_SET), 4);
    CHECK_EQ("lseek: relative", lseek(fd, -2, SEEK_CUR), 2);
    CHECK_EQ("lseek: from the end", lseek(fd, -3, SEEK_END), 7);
    CHECK_EQ("read: up to the end", read(fd, buffer, 100), 3);
    CHECK_EQ("read: at the end", read(fd, buffer, 100), 0);
    CHECK_ERR("lseek: before the start", lseek(fd, -1, SEEK_SET), EINVAL);
    CHECK_ERR("lseek: wrong whence", lseek(fd, 0, 99), EINVAL);
    CHECK_EQ("pread: does not move", pread(fd, buffer, 4, 3) == 4 && !memcmp(buffer, "3456", 4) && lseek(fd, 0, SEEK_CUR) == 10, 1);
    CHECK_EQ("pwrite: does not move", pwrite(fd, "ab", 2, 0) == 2 && lseek(fd, 0, SEEK_CUR) == 10, 1);
    CHECK_ERR("pread: negative offset", pread(fd, buffer, 1, -1), EINVAL);

    // A child shares the position; another open of the same file does not.
    int other = open("file", O_RDONLY), status;
    lseek(fd, 0, SEEK_SET);
    pid_t child = check_fork();
    if (child == 0)
        _exit(read(fd, buffer, 5) != 5);
    waitpid(child, &status, 0);
    CHECK_EQ("shared with a child", lseek(fd, 0, SEEK_CUR), 5);
    CHECK_EQ("not shared with another open", lseek(other, 0, SEEK_CUR), 0);
    int copy = dup(fd);
    lseek(copy, 1, SEEK_SET);
    CHECK_EQ("shared with a dup", lseek(fd, 0, SEEK_CUR), 1);
    close(copy), close(other), close(fd);

    fd = open("file", O_WRONLY | O_APPEND);
    CHECK_EQ("O_APPEND: at the end wherever it stood", lseek(fd, 0, SEEK_SET) == 0 && write(fd, "Z", 1) == 1 && lseek(fd, 0, SEEK_CUR) == 11, 1);
    close(fd);

    struct iovec parts[3] = { { buffer, 2 }, { buffer + 100, 0 }, { buffer + 200, 50 } };
    fd = open("file", O_RDWR);
    CHECK_EQ("readv", readv(fd, parts, 3), 11);
    CHECK("readv: spread over its parts", !memcmp(buffer, "ab", 2) && !memcmp(buffer + 200, "23456789Z", 9));
    parts[2].iov_len = 3;
    CHECK_EQ("writev", writev(fd, parts, 3), 5);
    CHECK_EQ("writev: the size", size_of(fd), 16);
    CHECK_ERR("readv: a negative number of parts", readv(fd, parts, -1), EINVAL);
    CHECK_ERR("readv: too many parts", readv(fd, parts, 1025), EINVAL);
    close(fd);
}

// Four processes append records at once: none is lost or torn.
static void appending(void)
{
    make_file("log", "");
    for (int w = 0; w < 4; w++)
        if (check_fork() == 0) {
            int fd = open("log", O_WRONLY | O_APPEND);
            char record[16];
            memset(record, 'a' + w, sizeof record);
            for (int i = 0; i < 50; i++)
                if (write(fd, record, sizeof record) != sizeof record)
                    _exit(1);
            _exit(0);
        }
    while (wait(NULL) > 0) { }
    int fd = open("log", O_RDONLY), counts[4] = { 0 }, torn = 0;
    CHECK_EQ("O_APPEND: all of it is there", read(fd, buffer, sizeof buffer), 4 * 50 * 16);
    for (int i = 0; i < 200; i++) {
        for (int j = 1; j < 16; j++)
            torn += buffer[i * 16 + j] != buffer[i * 16];
        counts[(buffer[i * 16] - 'a') & 3]++;
    }
    CHECK("O_APPEND: each writer's records, none torn", torn == 0 && counts[0] == 50 && counts[1] == 50 && counts[2] == 50 && counts[3] == 50);
    close(fd);
}

static void sizes(void)
{
    int fd = make_file("sparse", "head");
    CHECK_EQ("sparse: a write far out", pwrite(fd, "tail", 4, 1000000), 4);
    CHECK_EQ("sparse: the size", size_of(fd), 1000004);
    memset(buffer, 1, sizeof buffer);
    int zero = pread(fd, buffer, sizeof buffer, 400000) == sizeof buffer;
    for (unsigned i = 0; i < sizeof buffer; i++)
        zero &= buffer[i] == 0;
    CHECK("sparse: zero between", zero);
    CHECK_OK("ftruncate: shorter", ftruncate(fd, 2));
    CHECK_EQ("ftruncate: the size", size_of(fd), 2);
    CHECK_OK("ftruncate: longer", ftruncate(fd, 6));
    CHECK_EQ("ftruncate: the old bytes are not back", pread(fd, buffer, 10, 0) == 6 && !memcmp(buffer, "he\0\0\0\0", 6), 1);
    CHECK_OK("truncate: by name", truncate("sparse", 3));
    CHECK_EQ("truncate: the size", size_of(fd), 3);
    CHECK_ERR("ftruncate: negative", ftruncate(fd, -1), EINVAL);
    close(fd);
    fd = open("sparse", O_RDONLY);
    CHECK_ERR("ftruncate: open for reading", ftruncate(fd, 0), EINVAL);
    close(fd);
    CHECK_ERR("truncate: a directory", truncate(".", 0), EISDIR);

    fd = make_file("doomed", "still here");
    CHECK_OK("unlinked: while open", unlink("doomed"));
    CHECK_ERR("unlinked: the name is gone", open("doomed", O_RDONLY), ENOENT);
    struct stat status;
    fstat(fd, &status);
    CHECK_EQ("unlinked: no links", status.st_nlink, 0);
    CHECK("unlinked: readable and writable", write(fd, "!", 1) == 1 && pread(fd, buffer, 100, 0) == 11);
    close(fd);
}

static void descriptors(void)
{
    int fd = make_file("file", "x");
    CHECK_EQ("dup2: to a number", dup2(fd, 100), 100);
    CHECK_EQ("dup2: to itself", dup2(fd, fd), fd);
    CHECK_ERR("dup2: of a closed one", dup2(777, 5), EBADF);
    CHECK_ERR("dup2: to -1", dup2(fd, -1), EBADF);
    CHECK_ERR("dup3: to itself", dup3(fd, fd, 0), EINVAL);
    CHECK_EQ("dup3: O_CLOEXEC", dup3(fd, 101, O_CLOEXEC) == 101 && fcntl(101, F_GETFD) == FD_CLOEXEC, 1);
    CHECK_EQ("dup: the flag is not copied", fcntl(dup2(101, 102), F_GETFD), 0);
    CHECK_EQ("F_DUPFD: at least", fcntl(fd, F_DUPFD, 200), 200);
    CHECK_EQ("F_DUPFD_CLOEXEC", fcntl(fcntl(fd, F_DUPFD_CLOEXEC, 201), F_GETFD), FD_CLOEXEC);
    CHECK_EQ("F_SETFD", fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC, 1);
    CHECK_EQ("F_GETFL", fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND), O_RDWR);
    CHECK_EQ("F_SETFL", fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK) == 0 && (fcntl(100, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK)) == (O_RDWR | O_APPEND | O_NONBLOCK), 1);
    CHECK_ERR("fcntl: no such command", fcntl(fd, 9999), EINVAL);
    for (int i = 100; i < 203; i++)
        close(i);
    close(fd);
}

static void out_of_descriptors(void)
{
    struct rlimit limit = { 32, 32 };
    setrlimit(RLIMIT_NOFILE, &limit);
    int last = -1, fd;
    while ((fd = open("/dev/null", O_RDONLY)) >= 0)
        last = fd;
    CHECK_EQ("EMFILE: open", errno, EMFILE);
    CHECK_EQ("EMFILE: the last is the limit less one", last, 31);
    int ends[2];
    CHECK_ERR("EMFILE: dup", dup(last), EMFILE);
    CHECK_ERR("EMFILE: pipe", pipe(ends), EMFILE);
    close(last);
    CHECK_ERR("EMFILE: pipe with one left", pipe(ends), EMFILE);
    CHECK_EQ("EMFILE: the one left is still there", open("/dev/null", O_RDONLY), last);
    CHECK_ERR("EMFILE: dup2 beyond the limit", dup2(last, 40), EBADF);
    CHECK_ERR("EMFILE: F_DUPFD beyond the limit", fcntl(last, F_DUPFD, 40), EINVAL);
    // check_in_child still needs its pipe, which it opened before.
}

static void status_fields(void)
{
    struct timespec before, after;
    struct stat status, again;
    clock_gettime(CLOCK_REALTIME, &before);
    umask(0022);
    unlink("fields");
    int fd = open("fields", O_RDWR | O_CREAT, 0666);
    CHECK_EQ("stat: written", write(fd, buffer, 5000), 5000);
    CHECK_OK("stat", stat("fields", &status));
    clock_gettime(CLOCK_REALTIME, &after);
    CHECK_EQ("stat: mode with umask", status.st_mode, S_IFREG | 0644);
    CHECK_EQ("stat: size", status.st_size, 5000);
    CHECK_EQ("stat: links", status.st_nlink, 1);
    CHECK("stat: owner", status.st_uid == geteuid() && status.st_gid == getegid());
    CHECK("stat: blocks of 512", status.st_blocks >= 8 && status.st_blocks <= 64);
    CHECK("stat: block size", status.st_blksize >= 512);
    CHECK("stat: a number", status.st_ino != 0);
    CHECK("stat: times are now", status.st_mtime >= before.tv_sec - 1 && status.st_mtime <= after.tv_sec + 1 && status.st_ctime >= before.tv_sec - 1);
    CHECK("stat: fstat agrees", fstat(fd, &again) == 0 && again.st_ino == status.st_ino && again.st_dev == status.st_dev);
    CHECK("stat: fstatat of an empty path", fstatat(fd, "", &again, AT_EMPTY_PATH) == 0 && again.st_ino == status.st_ino);
    CHECK_OK("chmod", fchmod(fd, 04751));
    CHECK("chmod: the mode", fstat(fd, &again) == 0 && again.st_mode == (S_IFREG | 04751));
    struct timespec times[2] = { { 1000, 500 }, { 2000, 0 } };
    CHECK_OK("utimensat", futimens(fd, times));
    CHECK("utimensat: the times", fstat(fd, &again) == 0 && again.st_atime == 1000 && again.st_mtime == 2000);
    close(fd);
}

static void special_files(void)
{
    struct stat status;
    int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR), full = open("/dev/full", O_RDWR), random = open("/dev/urandom", O_RDONLY);
    CHECK("/dev/null: character device 1:3", fstat(null, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3));
    CHECK("/dev/null: empty, and takes all", read(null, buffer, 10) == 0 && write(null, buffer, 1000) == 1000);
    memset(buffer, 1, 100);
    CHECK("/dev/zero", read(zero, buffer, 100) == 100 && buffer[0] == 0 && buffer[99] == 0 && write(zero, "x", 1) == 1);
    CHECK("/dev/full: reads as zero", read(full, buffer, 10) == 10 && buffer[9] == 0);
    CHECK_ERR("/dev/full: no space", write(full, "x", 1), ENOSPC);
    char other[64];
    CHECK("/dev/urandom: differs", read(random, buffer, 64) == 64 && read(random, other, 64) == 64 && memcmp(buffer, other, 64) != 0);
    char *mapped = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, zero, 0);
    CHECK("/dev/zero: mapped, is anonymous memory", mapped != MAP_FAILED && mapped[5000] == 0 && (mapped[5000] = 1));
    munmap(mapped, 8192);
    close(null), close(zero), close(full), close(random);
}

// There may be sockets or not: other files are none.
static void not_sockets(void)
{
    static const int calls[] = {
        SYS_connect, SYS_accept, SYS_accept4, SYS_sendto, SYS_recvfrom, SYS_sendmsg, SYS_recvmsg, SYS_shutdown, SYS_bind, SYS_listen,
        SYS_getsockname, SYS_getpeername, SYS_setsockopt, SYS_getsockopt,
    };
    int fd = make_file("no-socket", "text");
    for (unsigned i = 0; i < sizeof calls / sizeof *calls; i++) {
        // A pointer that every call would take: some read what they need before they look at the descriptor.
        CHECK_ERR(check_name("call %d: a file is no socket", calls[i]), syscall(calls[i], fd, buffer, 4, 0, buffer, 4), ENOTSOCK);
        CHECK_ERR(check_name("call %d: a descriptor that is not open", calls[i]), syscall(calls[i], 999, buffer, 4, 0, buffer, 4), EBADF);
    }
    close(fd);
}

int main(void)
{
    check_begin(50);
    check_scratch();
    opening();
    positions();
    appending();
    sizes();
    descriptors();
    check_in_child("out of descriptors", out_of_descriptors);
    status_fields();
    special_files();
    not_sockets();
    return check_end();
}
