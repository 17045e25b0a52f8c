// User and group ids: what each call of the set*id family sets, what a plain user may and may not, how real, effective and saved
// ids move, supplementary groups, what fork and exec do with them, and set-user-id programs.
// host: root
#include "check.h"
#include <grp.h>
#include <sys/fsuid.h>

enum { A = 1001, B = 1002, C = 1003 };
#define SAME ((uid_t)-1)

static int uids_are(uid_t real, uid_t effective, uid_t saved)
{
    uid_t r, e, s;
    return getresuid(&r, &e, &s) == 0 && r == real && e == effective && s == saved && getuid() == real && geteuid() == effective;
}

static int gids_are(gid_t real, gid_t effective, gid_t saved)
{
    gid_t r, e, s;
    return getresgid(&r, &e, &s) == 0 && r == real && e == effective && s == saved && getgid() == real && getegid() == effective;
}

static void setuid_of_root(void)
{
    CHECK_OK("setuid: root", setuid(A));
    CHECK("setuid: root sets all three", uids_are(A, A, A));
    CHECK_ERR("setuid: no way back", setuid(0), EPERM);
    CHECK_ERR("setuid: nor elsewhere", setuid(B), EPERM);
    CHECK_OK("setuid: to oneself", setuid(A));
    CHECK_ERR("setgid: a plain user", setgid(A), EPERM);
    CHECK_ERR("setgroups: a plain user", setgroups(0, NULL), EPERM);
    CHECK_ERR("seteuid: a plain user", seteuid(0), EPERM);
    CHECK_ERR("setreuid: a plain user", setreuid(B, SAME), EPERM);
    CHECK_ERR("setresuid: a plain user", setresuid(SAME, SAME, B), EPERM);
}

static void seteuid_and_back(void)
{
    CHECK_OK("seteuid: root", seteuid(A));
    CHECK("seteuid: the effective one only", uids_are(0, A, 0));
    CHECK_ERR("seteuid: root's rights are gone", setgid(A), EPERM);
    CHECK_OK("seteuid: back, by the saved one", seteuid(0));
    CHECK("seteuid: back", uids_are(0, 0, 0));
    CHECK_OK("seteuid: again", seteuid(A));
    CHECK_OK("setuid: without root's rights sets the effective one", setuid(0));
    CHECK("setuid: only that", uids_are(0, 0, 0));
}

static void setreuid_rules(void)
{
    CHECK_OK("setreuid: both", setreuid(A, B));
    CHECK("setreuid: the saved one follows the effective one", uids_are(A, B, B));
    CHECK_OK("setreuid: exchange", setreuid(B, A));
    CHECK("setreuid: exchanged", uids_are(B, A, A));
    CHECK_ERR("setreuid: the real one to a foreign id", setreuid(C, SAME), EPERM);
    CHECK_ERR("setreuid: the effective one to a foreign id", setreuid(SAME, C), EPERM);
    CHECK("setreuid: nothing changed by a refusal", uids_are(B, A, A));
    CHECK_OK("setreuid: nothing to set", setreuid(SAME, SAME));
}

static void setresuid_rules(void)
{
    CHECK_OK("setresuid: three", setresuid(A, B, C));
    CHECK("setresuid: as said", uids_are(A, B, C));
    CHECK_OK("setresuid: any of the three, anywhere", setresuid(C, A, B));
    CHECK("setresuid: moved", uids_are(C, A, B));
    CHECK_ERR("setresuid: one foreign id refuses all", setresuid(A, B, 4242), EPERM);
    CHECK("setresuid: nothing changed", uids_are(C, A, B));
    CHECK_OK("setresuid: some only", setresuid(SAME, B, SAME));
    CHECK("setresuid: the others kept", uids_are(C, B, B));
    int status;
    pid_t child = check_fork();
    if (child == 0)
        _exit(!uids_are(C, B, B));
    waitpid(child, &status, 0);
    CHECK_EQ("fork: inherits all three", status, 0);
}

static void group_ids(void)
{
    CHECK_OK("setgid: root", setgid(A));
    CHECK("setgid: root sets all three", gids_are(A, A, A));
    CHECK_OK("setegid", setegid(B));
    CHECK("setegid: the effective one only", gids_are(A, B, A));
    CHECK_OK("setregid", setregid(B, C));
    CHECK("setregid: the saved one follows", gids_are(B, C, C));
    CHECK_OK("setresgid", setresgid(A, B, C));
    CHECK("setresgid: as said", gids_are(A, B, C));
    setuid(A);
    CHECK_OK("setresgid: a plain user, among its own", setresgid(C, A, B));
    CHECK_ERR("setresgid: a plain user, a foreign id", setresgid(4242, SAME, SAME), EPERM);
    CHECK_ERR("setgid: a plain user, a foreign id", setgid(4242), EPERM);
    CHECK("setgid: nothing changed", gids_are(C, A, B));
}

static void supplementary(void)
{
    gid_t list[70000 / 4], wanted[3] = { 7, 5, 9 };
    CHECK_OK("setgroups: three", setgroups(3, wanted));
    CHECK_EQ("getgroups: how many", getgroups(0, NULL), 3);
    CHECK_EQ("getgroups: the list", getgroups(10, list), 3);
    CHECK_EQ("getgroups: each of them", list[0] + list[1] + list[2], 21);
    CHECK_ERR("getgroups: too small a list", getgroups(2, list), EINVAL);
    CHECK_ERR("setgroups: too many", setgroups(65537, list), EINVAL);
    int fd = open("file", O_RDWR | O_CREAT, 0600);
    close(fd);
    CHECK_OK("chown", chown("file", 0, 5));
    chmod("file", 0060);
    setgid(A);
    setuid(A);
    CHECK_OK("groups: a supplementary one counts", close(open("file", O_RDWR)));
    CHECK_ERR("chown: a plain user", chown("file", A, A), EPERM);
    fd = open("own", O_RDWR | O_CREAT, 0600);
    struct stat status;
    CHECK("a new file belongs to the effective ids", fstat(fd, &status) == 0 && status.st_uid == A && status.st_gid == A);
    CHECK_OK("chown: the owner may give it to a group of his", fchown(fd, SAME, 7));
    CHECK_ERR("chown: but not to another one", fchown(fd, SAME, 4242), EPERM);
    CHECK_ERR("chown: nor to another user", fchown(fd, B, SAME), EPERM);
    unlink("own");
}

// A copy of this program that belongs to a user and carries the bits runs with his ids.
static void set_user_id(void)
{
    static char block[65536];
    ssize_t length;
    int from = open("/proc/self/exe", O_RDONLY), to = open("copy", O_WRONLY | O_CREAT, 0700), status;
    while ((length = read(from, block, sizeof block)) > 0)
        if (write(to, block, length) != length)
            return;
    close(from);
    CHECK_OK("set-user-id: chown", fchown(to, B, C));
    CHECK_OK("set-user-id: chmod", fchmod(to, 06755));
    close(to);
    setgroups(0, NULL);
    setgid(A);
    setuid(A);
    pid_t child = check_fork();
    if (child == 0) {
        execl("./copy", "ids", "program", (char *)NULL);
        _exit(126);
    }
    waitpid(child, &status, 0);
    CHECK_EQ("set-user-id: runs with the owner's effective and saved ids", status, EXITED(9));
    to = open("copy", O_WRONLY);
    CHECK("set-user-id: another user may not write it", to < 0);
}

static int program(void)
{
    return uids_are(A, B, B) && gids_are(A, C, C) ? 9 : 1;
}

static void file_system_ids(void)
{
    CHECK_EQ("setfsuid: gives the old one", setfsuid(A), 0);
    CHECK_EQ("setfsuid: as set", setfsuid(SAME), A);
    CHECK("setfsuid: the others stay", uids_are(0, 0, 0));
    CHECK_OK("seteuid: sets it, too", seteuid(B));
    CHECK_EQ("setfsuid: follows the effective one", setfsuid(SAME), B);
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "program"))
        return program();
    check_begin(50);
    CHECK("ids agree with getresuid", uids_are(getuid(), geteuid(), geteuid()) || getuid() != geteuid());
    if (getuid() != 0) {
        check_skip("everything else", "not root");
        return check_end();
    }
    check_in_child("setuid", setuid_of_root);
    check_in_child("seteuid", seteuid_and_back);
    check_in_child("setreuid", setreuid_rules);
    check_in_child("setresuid", setresuid_rules);
    check_in_child("groups", group_ids);
    check_in_child("file system ids", file_system_ids);
    check_scratch();
    check_in_child("set-user-id", set_user_id);
    check_in_child("supplementary groups", supplementary);
    return check_end();
}
