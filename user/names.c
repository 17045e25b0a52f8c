// Names and directories: links, rename over, symbolic links and their loops, mkdir and rmdir and their errors, reading a directory
// while it changes, the *at calls, chdir and getcwd, umask, permissions of a plain user, and names that are too long.
// test: 300
// cpus: 1 2
// host: root
#include "check.h"
#include <dirent.h>
#include <limits.h>

static char buffer[65536];

static void make_file(const char *name, const char *text)
{
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        check_fail("make a file", "expected %s, got errno %d", name, errno);
    close(fd);
}

static const char *contents(const char *name)
{
    int fd = open(name, O_RDONLY);
    ssize_t length = fd < 0 ? -1 : read(fd, buffer, sizeof buffer - 1);
    close(fd);
    buffer[length < 0 ? 0 : length] = 0;
    return length < 0 ? NULL : buffer;
}

static int links(const char *name)
{
    struct stat status;
    return lstat(name, &status) ? -1 : (int)status.st_nlink;
}

static void hard_links(void)
{
    make_file("a", "contents");
    CHECK_OK("link", link("a", "b"));
    CHECK_EQ("link: two", links("a"), 2);
    CHECK_STR("link: the same contents", contents("b"), "contents");
    CHECK_ERR("link: to a name in use", link("a", "b"), EEXIST);
    CHECK_ERR("link: of nothing", link("nothing", "c"), ENOENT);
    mkdir("d", 0755);
    CHECK_ERR("link: of a directory", link("d", "e"), EPERM);
    CHECK_OK("unlink", unlink("a"));
    CHECK_EQ("unlink: one left", links("b"), 1);
    CHECK_ERR("unlink: nothing", unlink("a"), ENOENT);
    CHECK_ERR("unlink: a directory", unlink("d"), EISDIR);
}

static void renaming(void)
{
    make_file("old", "new contents");
    make_file("target", "old contents");
    CHECK_OK("rename: over a file", rename("old", "target"));
    CHECK_STR("rename: replaced", contents("target"), "new contents");
    CHECK_EQ("rename: the old name is gone", links("old"), -1);
    CHECK_OK("rename: to itself", rename("target", "target"));
    CHECK_ERR("rename: of nothing", rename("old", "x"), ENOENT);
    mkdir("full", 0755), mkdir("empty", 0755);
    make_file("full/file", "");
    CHECK_ERR("rename: a file over a directory", rename("target", "empty"), EISDIR);
    CHECK_ERR("rename: a directory over a file", rename("empty", "target"), ENOTDIR);
    CHECK_ERR("rename: a directory over one that is not empty", rename("empty", "full"), ENOTEMPTY);
    CHECK_ERR("rename: a directory into itself", rename("full", "full/below"), EINVAL);
    CHECK_OK("rename: a directory over an empty one", rename("full", "empty"));
    CHECK_EQ("rename: its file came along", links("empty/file"), 1);
    mkdir("other", 0755);
    CHECK_OK("rename: into another directory", rename("empty", "other/moved"));
    CHECK_EQ("rename: the directory's links", links("other"), 3);
    int fd = open("other/moved/..", O_RDONLY | O_DIRECTORY);
    struct stat above, other;
    CHECK("rename: its .. follows", fstat(fd, &above) == 0 && stat("other", &other) == 0 && above.st_ino == other.st_ino);
    close(fd);
    make_file("x", "x"), make_file("y", "y");
    CHECK_ERR("renameat2: RENAME_NOREPLACE", syscall(SYS_renameat2, AT_FDCWD, "x", AT_FDCWD, "y", 1), EEXIST);
}

static void symbolic_links(void)
{
    make_file("real", "real");
    CHECK_OK("symlink", symlink("real", "soft"));
    CHECK_STR("symlink: followed", contents("soft"), "real");
    CHECK_EQ("readlink: its length", readlink("soft", buffer, 100), 4);
    CHECK_EQ("readlink: cut to the buffer", readlink("soft", buffer, 2), 2);
    CHECK_ERR("readlink: not a link", readlink("real", buffer, 100), EINVAL);
    struct stat status;
    CHECK("lstat: the link itself", lstat("soft", &status) == 0 && S_ISLNK(status.st_mode) && status.st_size == 4);
    CHECK("stat: what it names", stat("soft", &status) == 0 && S_ISREG(status.st_mode));
    CHECK_ERR("O_NOFOLLOW", open("soft", O_RDONLY | O_NOFOLLOW), ELOOP);
    CHECK_ERR("O_CREAT | O_EXCL on a link", open("soft", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
    symlink("nowhere", "dangling");
    CHECK_ERR("dangling", open("dangling", O_RDONLY), ENOENT);
    CHECK_OK("dangling: O_CREAT makes its target", close(open("dangling", O_RDWR | O_CREAT, 0600)));
    CHECK_EQ("dangling: made", links("nowhere"), 1);
    symlink("loop1", "loop2"), symlink("loop2", "loop1");
    CHECK_ERR("loop: open", open("loop1", O_RDONLY), ELOOP);
    CHECK_ERR("loop: in the middle", open("loop1/x", O_RDONLY), ELOOP);
    symlink("self/self/self", "self");
    CHECK_ERR("loop: that grows", stat("self", &status), ELOOP);
    // Forty in a chain are followed, not more.
    char name[16], next[16];
    for (int i = 0; i <= 41; i++) {
        snprintf(name, sizeof name, "chain%d", i), snprintf(next, sizeof next, "chain%d", i + 1);
        symlink(i == 41 ? "real" : next, name);
    }
    CHECK_OK("chain of 40", stat("chain2", &status));
    CHECK_ERR("chain of 41", stat("chain1", &status), ELOOP);
    mkdir("way", 0755), symlink("way", "shortcut");
    CHECK_OK("in the middle of a path", close(open("shortcut/../real", O_RDONLY)));
    CHECK_OK("unlink: the link, not its target", unlink("soft"));
    CHECK_EQ("unlink: the target stays", links("real"), 1);
    CHECK_ERR("symlink: empty target", symlink("", "void"), ENOENT);
}

static void directories(void)
{
    CHECK_OK("mkdir", mkdir("dir", 0777));
    CHECK_EQ("mkdir: two links", links("dir"), 2);
    CHECK_ERR("mkdir: in use", mkdir("dir", 0777), EEXIST);
    CHECK_ERR("mkdir: no parent", mkdir("no/dir", 0777), ENOENT);
    CHECK_ERR("mkdir: below a file", mkdir("real/dir", 0777), ENOTDIR);
    CHECK_ERR("mkdir: the root", mkdir("/", 0777), EEXIST);
    CHECK_OK("mkdir: a slash at the end", mkdir("dir/sub/", 0777));
    CHECK_EQ("mkdir: three links", links("dir"), 3);
    CHECK_ERR("rmdir: not empty", rmdir("dir"), ENOTEMPTY);
    CHECK_ERR("rmdir: a file", rmdir("real"), ENOTDIR);
    CHECK_ERR("rmdir: nothing", rmdir("nothing"), ENOENT);
    CHECK_ERR("rmdir: .", rmdir("dir/sub/."), EINVAL);
    CHECK_OK("rmdir", rmdir("dir/sub"));
    CHECK_EQ("rmdir: two links again", links("dir"), 2);
    CHECK_ERR("a file with a slash", open("real/", O_RDONLY), ENOTDIR);
    CHECK_OK("slashes count once", access("./dir//..///real", F_OK));
    CHECK_ERR("an empty path", access("", F_OK), ENOENT);
}

static int count_entries(const char *name)
{
    int count = 0;
    DIR *directory = opendir(name);
    while (directory && readdir(directory))
        count++;
    if (directory)
        closedir(directory);
    return count;
}

// Every entry that is there throughout is seen exactly once, whatever is deleted meanwhile.
static void reading_while_deleting(int files)
{
    struct entry { unsigned long inode; long offset; unsigned short length; unsigned char type; char name[]; } *entry;
    char name[32];
    mkdir("many", 0755);
    for (int i = 0; i < files; i++) {
        snprintf(name, sizeof name, "many/file%04d", i);
        close(open(name, O_RDWR | O_CREAT, 0600));
    }
    CHECK_EQ("directory: all entries, . and ..", count_entries("many"), files + 2);

    char *seen = calloc(files, 1);
    int fd = open("many", O_RDONLY | O_DIRECTORY), twice = 0, missed = 0, dots = 0, length, bad = 0;
    while ((length = syscall(SYS_getdents64, fd, buffer, 600)) > 0)
        for (int at = 0; at < length; at += entry->length) {
            entry = (struct entry *)(buffer + at);
            bad += entry->length < 20 || entry->length % 8 || entry->inode == 0;
            if (entry->name[0] == '.') {
                dots++;
                continue;
            }
            int number = atoi(entry->name + 4);
            twice += seen[number]++;
            bad += entry->type != DT_REG;
            // Its own file goes, and so does an odd one ahead, which then may be seen or not.
            snprintf(name, sizeof name, "many/%s", entry->name);
            unlink(name);
            snprintf(name, sizeof name, "many/file%04d", (number | 1) % files);
            unlink(name);
        }
    for (int i = 0; i < files; i += 2)
        missed += !seen[i];
    CHECK_EQ("getdents64: well formed", length == 0 && bad == 0, 1);
    CHECK_EQ("getdents64: . and ..", dots, 2);
    CHECK_EQ("getdents64: nothing twice", twice, 0);
    CHECK_EQ("getdents64: nothing missed that stayed", missed, 0);
    CHECK_EQ("getdents64: all is gone", count_entries("many"), 2);
    lseek(fd, 0, SEEK_SET);
    CHECK_ERR("getdents64: a buffer for no entry", syscall(SYS_getdents64, fd, buffer, 8), EINVAL);
    CHECK_OK("getdents64: removed while open", rmdir("many"));
    lseek(fd, 0, SEEK_SET);
    CHECK("getdents64: of a removed directory: empty or ENOENT", (length = syscall(SYS_getdents64, fd, buffer, 600)) == 0 || (length == -1 && errno == ENOENT));
    close(fd);
    free(seen);
    fd = open("real", O_RDONLY);
    CHECK_ERR("getdents64: a file", syscall(SYS_getdents64, fd, buffer, 600), ENOTDIR);
    close(fd);
}

static void relative_to_descriptors(void)
{
    mkdir("base", 0755);
    int base = open("base", O_RDONLY | O_DIRECTORY), file = open("real", O_RDONLY);
    struct stat status;
    CHECK_OK("openat", close(openat(base, "one", O_RDWR | O_CREAT, 0644)));
    CHECK_OK("mkdirat", mkdirat(base, "two", 0755));
    CHECK_OK("symlinkat", symlinkat("one", base, "three"));
    CHECK_OK("linkat", linkat(base, "one", AT_FDCWD, "base/four", 0));
    CHECK_OK("renameat", renameat(base, "four", base, "two/four"));
    CHECK_OK("fstatat", fstatat(base, "two/four", &status, 0));
    CHECK("fstatat: AT_SYMLINK_NOFOLLOW", fstatat(base, "three", &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode));
    CHECK_EQ("readlinkat", readlinkat(base, "three", buffer, 100), 3);
    CHECK_OK("faccessat", faccessat(base, "one", R_OK, 0));
    CHECK_OK("unlinkat", unlinkat(base, "two/four", 0));
    CHECK_OK("unlinkat: AT_REMOVEDIR", unlinkat(base, "two", AT_REMOVEDIR));
    CHECK_ERR("unlinkat: wrong flags", unlinkat(base, "one", 0x40), EINVAL);
    CHECK_ERR("openat: relative to a file", openat(file, "x", O_RDONLY), ENOTDIR);
    CHECK_ERR("openat: relative to nothing", openat(999, "x", O_RDONLY), EBADF);
    CHECK_OK("openat: absolute, relative to nothing", close(openat(999, "/dev/null", O_RDONLY)));
    close(base), close(file);
}

static void working_directory(void)
{
    char start[PATH_MAX], now[PATH_MAX + 16], expected[PATH_MAX + 16];
    CHECK("getcwd", getcwd(start, sizeof start) != NULL);
    mkdir("here", 0755);
    CHECK_OK("chdir", chdir("here"));
    snprintf(expected, sizeof expected, "%s/here", start);
    CHECK_STR("getcwd: follows", getcwd(now, sizeof now), expected);
    CHECK_ERR("getcwd: too small", syscall(SYS_getcwd, now, 3), ERANGE);
    CHECK_OK("rename: the working directory", rename("../here", "../there"));
    snprintf(expected, sizeof expected, "%s/there", start);
    CHECK_STR("getcwd: after rename", getcwd(now, sizeof now), expected);
    CHECK_OK("rmdir: the working directory", rmdir("../there"));
    CHECK_ERR("getcwd: removed", syscall(SYS_getcwd, now, sizeof now), ENOENT);
    CHECK_ERR("open: in a removed directory", open("x", O_RDWR | O_CREAT, 0600), ENOENT);
    CHECK_OK("chdir: back", chdir(start));
    CHECK_ERR("chdir: a file", chdir("real"), ENOTDIR);
    CHECK_ERR("chdir: nothing", chdir("nothing"), ENOENT);
    int fd = open("/", O_RDONLY);
    CHECK_OK("fchdir", fchdir(fd));
    CHECK_STR("fchdir: the root", getcwd(now, sizeof now), "/");
    CHECK_OK("the root's .. is the root", chdir("../../.."));
    CHECK_STR("and stays it", getcwd(now, sizeof now), "/");
    close(fd);
    if (chdir(start))
        exit(check_end());
}

static void lengths(void)
{
    char name[5000];
    memset(name, 'n', sizeof name);
    name[255] = 0;
    CHECK_OK("a name of 255", close(open(name, O_RDWR | O_CREAT, 0600)));
    name[255] = 'n', name[256] = 0;
    CHECK_ERR("a name of 256", open(name, O_RDWR | O_CREAT, 0600), ENAMETOOLONG);
    for (int i = 0; i < 4096; i += 2)
        memcpy(name + i, "./", 2);
    name[4095] = 0;
    CHECK_OK("a path of 4095", access(name, F_OK));
    memcpy(name + 4094, "./.", 4);
    CHECK_ERR("a path of 4097", access(name, F_OK), ENAMETOOLONG);
}

static void as_nobody(void)
{
    if (setgid(NOBODY) || setuid(NOBODY)) {
        check_skip("permissions", "setuid fails");
        return;
    }
    CHECK_ERR("nobody: read another's", open("secret", O_RDONLY), EACCES);
    CHECK_OK("nobody: read what all may", close(open("public", O_RDONLY)));
    CHECK_ERR("nobody: write what all may read", open("public", O_WRONLY), EACCES);
    CHECK_ERR("nobody: make in another's directory", open("closed/x", O_RDWR | O_CREAT, 0600), EACCES);
    CHECK_ERR("nobody: remove from another's directory", unlink("closed/file"), EACCES);
    CHECK_ERR("nobody: search without x", access("dark/file", F_OK), EACCES);
    CHECK_ERR("nobody: list without r", open("unread", O_RDONLY | O_DIRECTORY), EACCES);
    CHECK_OK("nobody: pass through without r", access("unread/file", F_OK));
    CHECK_ERR("nobody: chmod another's", chmod("public", 0777), EPERM);
    CHECK_ERR("nobody: chown", chown("public", NOBODY, NOBODY), EPERM);
    CHECK_ERR("nobody: sticky, remove another's", unlink("sticky/file"), EPERM);
    CHECK_OK("nobody: sticky, make", close(open("sticky/own", O_RDWR | O_CREAT, 0600)));
    CHECK_OK("nobody: sticky, remove", unlink("sticky/own"));
    CHECK_EQ("nobody: access agrees", access("secret", R_OK) == -1 && access("public", R_OK) == 0 && access("public", W_OK) == -1, 1);
    CHECK_OK("nobody: the group's file", close(open("group", O_RDONLY)));
    CHECK_ERR("nobody: the owner's bits count first", open("owner", O_RDONLY), EACCES);
}

static void permissions(void)
{
    if (getuid() != 0) {
        check_skip("permissions", "not root");
        return;
    }
    umask(0);
    static const struct { const char *name; int mode; } made[] = { { "closed", 0755 }, { "dark", 0644 }, { "unread", 0711 }, { "sticky", 01777 } };
    for (int i = 0; i < 4; i++) {
        char file[64];
        mkdir(made[i].name, made[i].mode);
        chmod(made[i].name, made[i].mode);
        snprintf(file, sizeof file, "%s/file", made[i].name);
        make_file(file, "");
    }
    make_file("secret", ""), chmod("secret", 0600);
    make_file("public", ""), chmod("public", 0644);
    make_file("group", ""), chmod("group", 0640), chown("group", 0, NOBODY);
    make_file("owner", ""), chmod("owner", 0077), chown("owner", NOBODY, 0);
    CHECK_OK("root: reads all the same", close(open("owner", O_RDWR)));
    CHECK_ERR("root: executes only with an x", access("secret", X_OK), EACCES);
    check_in_child("permissions", as_nobody);
    CHECK_EQ("umask: gives the old one", umask(027), 0);
    struct stat status;
    mkdir("masked", 0777);
    CHECK("umask: binds mkdir", stat("masked", &status) == 0 && (status.st_mode & 07777) == 0750);
    umask(022);
}

int main(int argc, char **argv)
{
    check_begin(50);
    check_scratch();
    hard_links();
    renaming();
    symbolic_links();
    directories();
    reading_while_deleting(argc > 1 ? atoi(argv[1]) : 300);
    relative_to_descriptors();
    working_directory();
    lengths();
    permissions();
    return check_end();
}
