// Capabilities: capget and capset with their versions and errors, what each set may become, the bounding and the ambient set, secure bits, what a change
// of user and exec make of them, what the kernel asks for them, and /proc/PID/status.
// host: root
// cpus: 2
#include "check.h"
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#ifndef PR_CAP_AMBIENT
#define PR_CAP_AMBIENT 47
#define PR_CAP_AMBIENT_IS_SET 1
#define PR_CAP_AMBIENT_RAISE 2
#define PR_CAP_AMBIENT_LOWER 3
#define PR_CAP_AMBIENT_CLEAR_ALL 4
#endif
enum { A = 1001, CAP_CHOWN = 0, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID, CAP_KILL, CAP_SETGID, CAP_SETUID, CAP_SETPCAP,
    CAP_LINUX_IMMUTABLE, CAP_NET_ADMIN = 12, CAP_SYS_CHROOT = 18, CAP_SYS_ADMIN = 21, CAP_SYS_NICE = 23, CAP_SYS_RESOURCE = 24, CAP_MKNOD = 27, CAP_MAC_OVERRIDE = 32 };
enum { CAPABILITY_VERSION_1 = 0x19980330, CAPABILITY_VERSION_3 = 0x20080522 };
struct header { unsigned version; int pid; };
struct words { unsigned effective, permitted, inheritable; };
#define BIT(capability) (1ull << (capability))
#define FILES (BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_FOWNER) | BIT(CAP_FSETID) | BIT(CAP_LINUX_IMMUTABLE) | BIT(CAP_MKNOD) | BIT(CAP_MAC_OVERRIDE))
typedef unsigned long long set;

static set had; // what this program was given: all of it, as a rule

static long get(pid_t id, set *effective, set *permitted, set *inheritable)
{
    struct header header = { CAPABILITY_VERSION_3, id };
    struct words data[2] = { { 0, 0, 0 }, { 0, 0, 0 } };
    long result = syscall(SYS_capget, &header, data);
    *effective = data[0].effective | (set)data[1].effective << 32;
    *permitted = data[0].permitted | (set)data[1].permitted << 32;
    *inheritable = data[0].inheritable | (set)data[1].inheritable << 32;
    return result;
}

static long put(set effective, set permitted, set inheritable)
{
    struct header header = { CAPABILITY_VERSION_3, 0 };
    struct words data[2] = { { effective, permitted, inheritable }, { effective >> 32, permitted >> 32, inheritable >> 32 } };
    return syscall(SYS_capset, &header, data);
}

static int are(set effective, set permitted, set inheritable)
{
    set e, p, i;
    get(0, &e, &p, &i);
    if (e == effective && p == permitted && i == inheritable)
        return 1;
    check_line("# effective %llx, permitted %llx, inheritable %llx", e, p, i);
    return 0;
}

static int shown(const char *name, set value)
{
    char text[4096], line[64];
    int file = open("/proc/self/status", O_RDONLY);
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    text[length < 0 ? 0 : length] = 0;
    snprintf(line, sizeof line, "\n%s:\t%016llx\n", name, value);
    return strstr(text, line) != NULL;
}

static void calls(void)
{
    struct header header = { 0x12345678, 0 };
    struct words data[2];
    CHECK_ERR("get: a version there is not", syscall(SYS_capget, &header, data), EINVAL);
    CHECK_EQ("get: the version to use is told", header.version, CAPABILITY_VERSION_3);
    header.version = 1;
    CHECK_OK("get: only asks for the version", syscall(SYS_capget, &header, NULL));
    CHECK_EQ("get: told again", header.version, CAPABILITY_VERSION_3);
    CHECK_ERR("get: no header", syscall(SYS_capget, NULL, data), EFAULT);
    CHECK_ERR("get: data nowhere", syscall(SYS_capget, &header, (void *)8), EFAULT);
    header.pid = -1;
    CHECK_ERR("get: of no process", syscall(SYS_capget, &header, data), EINVAL);
    header.pid = 4194303;
    CHECK_ERR("get: of one there is not", syscall(SYS_capget, &header, data), ESRCH);
    CHECK_ERR("set: of another", syscall(SYS_capset, &header, data), EPERM);
    header.pid = getpid();
    CHECK_OK("get: of oneself by id", syscall(SYS_capget, &header, data));
    CHECK_OK("set: of oneself by id", syscall(SYS_capset, &header, data));
    CHECK_ERR("set: data nowhere", syscall(SYS_capset, &header, (void *)8), EFAULT);
    header.version = 77;
    CHECK_ERR("set: a version there is not", syscall(SYS_capset, &header, data), EINVAL);
    memset(data, 0x55, sizeof data);
    header.version = CAPABILITY_VERSION_1;
    CHECK_OK("get: the first version", syscall(SYS_capget, &header, data));
    CHECK("get: it has one word", data[0].permitted == (unsigned)had && data[1].permitted == 0x55555555);
    set e, p, i;
    pid_t child = fork();
    if (child == 0)
        pause();
    CHECK_OK("get: a child's", get(child, &e, &p, &i));
    CHECK("get: a child has what its parent has", p == had && e == had);
    kill(child, SIGKILL), waitpid(child, NULL, 0);
}

static void setting(void)
{
    CHECK_OK("set: less effective", put(BIT(CAP_KILL), had, 0));
    CHECK("set: less is effective", are(BIT(CAP_KILL), had, 0) && shown("CapEff", BIT(CAP_KILL)) && shown("CapPrm", had));
    CHECK_ERR("what is not effective does not count", sethostname("x", 1), EPERM);
    CHECK_OK("set: effective again", put(had, had, 0));
    CHECK_ERR("set: effective beyond permitted", put(BIT(1) | BIT(2), BIT(1), 0), EPERM);
    CHECK_OK("set: inheritable", put(had, had, BIT(CAP_KILL) | BIT(CAP_SYS_NICE)));
    CHECK("inheritable: shown", shown("CapInh", BIT(CAP_KILL) | BIT(CAP_SYS_NICE)));
    CHECK_OK("set: fewer permitted", put(BIT(CAP_KILL), BIT(CAP_KILL), BIT(CAP_KILL)));
    CHECK_ERR("set: permitted does not grow", put(BIT(CAP_KILL), BIT(CAP_KILL) | BIT(CAP_CHOWN), BIT(CAP_KILL)), EPERM);
    CHECK_ERR("set: inheritable does not grow beyond permitted", put(BIT(CAP_KILL), BIT(CAP_KILL), BIT(CAP_KILL) | BIT(CAP_CHOWN)), EPERM);
    CHECK("unchanged by what failed", are(BIT(CAP_KILL), BIT(CAP_KILL), BIT(CAP_KILL)));
    CHECK_OK("set: nothing", put(0, 0, 0));
    CHECK_ERR("set: nothing comes back", put(BIT(CAP_KILL), BIT(CAP_KILL), 0), EPERM);
    CHECK("unknown bits are left out", put(0, 0, BIT(50)) == 0 && are(0, 0, 0));
}

static void bounding(void)
{
    CHECK_EQ("bounding: has it", prctl(PR_CAPBSET_READ, CAP_CHOWN, 0, 0, 0), 1);
    CHECK_ERR("bounding: read what is none", prctl(PR_CAPBSET_READ, 64, 0, 0, 0), EINVAL);
    CHECK_ERR("bounding: drop what is none", prctl(PR_CAPBSET_DROP, 64, 0, 0, 0), EINVAL);
    CHECK_OK("bounding: drop", prctl(PR_CAPBSET_DROP, CAP_CHOWN, 0, 0, 0));
    CHECK_EQ("bounding: it is gone", prctl(PR_CAPBSET_READ, CAP_CHOWN, 0, 0, 0), 0);
    CHECK("bounding: nothing else is touched", are(had, had, 0));
    CHECK_ERR("bounding: not inheritable any more", put(had, had, BIT(CAP_CHOWN)), EPERM);
    put(had & ~BIT(CAP_SETPCAP), had & ~BIT(CAP_SETPCAP), 0);
    CHECK_ERR("bounding: drop without the right", prctl(PR_CAPBSET_DROP, CAP_KILL, 0, 0, 0), EPERM);
}

static void ambient(void)
{
    CHECK_ERR("ambient: not inheritable", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0), EPERM);
    put(had, had, BIT(CAP_KILL) | BIT(CAP_SYS_NICE));
    CHECK_OK("ambient: raise", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
    CHECK_OK("ambient: raise another", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_NICE, 0, 0));
    CHECK_EQ("ambient: is set", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0), 1);
    CHECK_EQ("ambient: is not set", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0), 0);
    CHECK("ambient: shown", shown("CapAmb", BIT(CAP_KILL) | BIT(CAP_SYS_NICE)));
    CHECK_OK("ambient: lower", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, CAP_KILL, 0, 0));
    CHECK("ambient: lowered", shown("CapAmb", BIT(CAP_SYS_NICE)));
    CHECK_OK("ambient: not inheritable any more", put(had, had, 0));
    CHECK("ambient: goes with it", shown("CapAmb", 0));
    put(had, had, BIT(CAP_KILL)), prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0);
    CHECK_ERR("ambient: clear with an argument", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 1, 0, 0), EINVAL);
    CHECK_OK("ambient: clear", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
    CHECK("ambient: cleared", shown("CapAmb", 0));
    CHECK_ERR("ambient: another word", prctl(PR_CAP_AMBIENT, 9, 0, 0, 0), EINVAL);
    CHECK_ERR("ambient: none of that number", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 64, 0, 0), EINVAL);
    CHECK_OK("secure bits: no raising", prctl(PR_SET_SECUREBITS, 64, 0, 0, 0));
    CHECK_ERR("ambient: raising is shut off", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0), EPERM);
}

static void users(void)
{
    CHECK_OK("seteuid: away", seteuid(A));
    CHECK("seteuid: nothing is effective", are(0, had, 0));
    CHECK_OK("seteuid: back", seteuid(0));
    CHECK("seteuid: effective again", are(had, had, 0));
    setfsuid(A);
    CHECK("setfsuid: what concerns files goes", are(had & ~FILES, had, 0));
    setfsuid(0);
    CHECK("setfsuid: and comes back", are(had, had, 0));
    CHECK_OK("setresuid: one stays root", setresuid(A, A, 0));
    CHECK("setresuid: still permitted", are(0, had, 0));
    CHECK_OK("set: effective without being root", put(had, had, 0));
    CHECK_OK("sethostname without being root", sethostname("jiffy", 5));
    CHECK_OK("setresuid: the last one goes", setresuid(A, A, A));
    CHECK("setresuid: nothing is left", are(0, 0, 0));
}

static void keeping(void)
{
    CHECK_EQ("keep: not at first", prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0), 0);
    CHECK_ERR("keep: another value", prctl(PR_SET_KEEPCAPS, 2, 0, 0, 0), EINVAL);
    put(had, had, BIT(CAP_KILL)), prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0);
    CHECK_OK("keep: on", prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
    CHECK_EQ("keep: is a secure bit", prctl(PR_GET_SECUREBITS, 0, 0, 0, 0), 16);
    CHECK_OK("keep: setuid", setuid(A));
    CHECK("keep: permitted stays", are(0, had, BIT(CAP_KILL)));
    CHECK("keep: ambient does not", shown("CapAmb", 0));
    CHECK_OK("keep: some are made effective", put(BIT(CAP_SETUID), BIT(CAP_SETUID) | BIT(CAP_NET_ADMIN), 0));
    CHECK_OK("a plain user with the right to set ids", setresuid(A + 1, A, A));
    CHECK_ERR("but not that to set groups", setgid(A), EPERM);
}

static void secure_bits(void)
{
    CHECK_ERR("secure bits: unknown ones", prctl(PR_SET_SECUREBITS, 1 << 10, 0, 0, 0), EPERM);
    CHECK_OK("secure bits: ids mean nothing, for ever", prctl(PR_SET_SECUREBITS, 4 | 8, 0, 0, 0));
    CHECK_ERR("secure bits: a locked one", prctl(PR_SET_SECUREBITS, 8, 0, 0, 0), EPERM);
    CHECK_ERR("secure bits: a lock", prctl(PR_SET_SECUREBITS, 4, 0, 0, 0), EPERM);
    CHECK_OK("setuid", setuid(A));
    CHECK("secure bits: nothing goes", are(had, had, 0));
    CHECK_OK("secure bits: keeping, locked", prctl(PR_SET_SECUREBITS, 4 | 8 | 32, 0, 0, 0));
    CHECK_ERR("keep: locked", prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), EPERM);
    put(0, had, 0);
    CHECK_ERR("secure bits: without the right", prctl(PR_SET_SECUREBITS, 4 | 8 | 32, 0, 0, 0), EPERM);
}

// What a program finds when it begins: "capabilities show EFFECTIVE PERMITTED INHERITABLE AMBIENT".
static void runs_with(const char *name, const char *path, set effective, set permitted, set inheritable, set ambient_set)
{
    char words[4][20];
    set values[] = { effective, permitted, inheritable, ambient_set };
    for (int i = 0; i < 4; i++)
        snprintf(words[i], sizeof words[i], "%llx", values[i]);
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        execl(path, "capabilities", "show", words[0], words[1], words[2], words[3], NULL);
        _exit(99);
    }
    waitpid(child, &status, 0);
    CHECK_EQ(name, WEXITSTATUS(status), 0);
}

static int show(char **words)
{
    set values[4];
    for (int i = 0; i < 4; i++)
        values[i] = strtoull(words[i], NULL, 16);
    if (!are(values[0], values[1], values[2]))
        return 1;
    return shown("CapAmb", values[3]) ? 0 : 2;
}

static void exec_of_root(void)
{
    runs_with("exec: root has all", "./program", had, had, 0, 0);
    put(0, 0, 0);
    runs_with("exec: root has all again", "./program", had, had, 0, 0);
}

static void exec_of_bounded_root(void)
{
    prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN, 0, 0, 0);
    runs_with("exec: not what the bounding set lacks", "./program", had & ~BIT(CAP_SYS_ADMIN), had & ~BIT(CAP_SYS_ADMIN), 0, 0);
    prctl(PR_SET_SECUREBITS, 1, 0, 0, 0);
    runs_with("exec: root is nobody", "./program", 0, 0, 0, 0);
}

static void exec_of_user(void)
{
    put(had, had, BIT(CAP_KILL) | BIT(CAP_SYS_NICE));
    prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
    setuid(A);
    put(BIT(CAP_KILL), BIT(CAP_KILL) | BIT(CAP_SYS_NICE), BIT(CAP_KILL) | BIT(CAP_SYS_NICE));
    runs_with("exec: a user keeps nothing", "./program", 0, 0, BIT(CAP_KILL) | BIT(CAP_SYS_NICE), 0);
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0);
    runs_with("exec: but what is ambient", "./program", BIT(CAP_KILL), BIT(CAP_KILL), BIT(CAP_KILL) | BIT(CAP_SYS_NICE), BIT(CAP_KILL));
    runs_with("exec: set-user-id root", "./root", had, had, BIT(CAP_KILL) | BIT(CAP_SYS_NICE), 0);
}

static void files_of_others(void)
{
    const char *path = "secret";
    close(open(path, O_CREAT | O_WRONLY, 0600));
    prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
    setresuid(A, A, A);
    CHECK_ERR("files: without", open(path, O_RDONLY), EACCES);
    put(BIT(CAP_DAC_READ_SEARCH), had, 0);
    CHECK_OK("files: CAP_DAC_READ_SEARCH reads", open(path, O_RDONLY));
    CHECK_ERR("files: and does not write", open(path, O_WRONLY), EACCES);
    CHECK_ERR("access asks for the real user", access(path, R_OK), EACCES);
    put(BIT(CAP_DAC_OVERRIDE), had, 0);
    CHECK_OK("files: CAP_DAC_OVERRIDE writes", open(path, O_WRONLY));
    CHECK_ERR("files: and does not change modes", chmod(path, 0644), EPERM);
    put(BIT(CAP_FOWNER) | BIT(CAP_DAC_READ_SEARCH), had, 0);
    CHECK_OK("files: CAP_FOWNER changes modes", chmod(path, 0604));
    CHECK_ERR("files: and not owners", chown(path, A, A), EPERM);
    put(BIT(CAP_CHOWN) | BIT(CAP_DAC_READ_SEARCH), had, 0);
    CHECK_OK("files: CAP_CHOWN does", chown(path, A, A));
    unlink(path);
}

static void other_rights(void)
{
    struct sched_param parameter = { .sched_priority = 1 };
    put(had & ~BIT(CAP_SYS_NICE), had, 0);
    CHECK_ERR("CAP_SYS_NICE", syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &parameter), EPERM);
    struct rlimit limit;
    getrlimit(RLIMIT_CORE, &limit);
    limit.rlim_cur = 0, limit.rlim_max = 10;
    setrlimit(RLIMIT_CORE, &limit);
    limit.rlim_max = 20;
    put(had & ~BIT(CAP_SYS_RESOURCE), had, 0);
    CHECK_ERR("CAP_SYS_RESOURCE", setrlimit(RLIMIT_CORE, &limit), EPERM);
    put(had & ~BIT(CAP_SYS_CHROOT), had, 0);
    CHECK_ERR("CAP_SYS_CHROOT", chroot("/"), EPERM);
    put(had & ~BIT(CAP_SETGID), had, 0);
    CHECK_ERR("CAP_SETGID", setgid(A), EPERM);
    CHECK_OK("CAP_SETUID", setresuid(A, A, 0));
    CHECK_ERR("CAP_SYS_TIME", clock_settime(CLOCK_REALTIME, &(struct timespec){ 0, 0 }), EPERM);
    CHECK_ERR("CAP_KILL", kill(getppid(), 0), EPERM);
}

int main(int count, char **arguments)
{
    if (count == 6 && !strcmp(arguments[1], "show"))
        return show(arguments + 2);
    check_begin(50);
    set inheritable, effective;
    if (get(0, &effective, &had, &inheritable) || had != effective || inheritable || getuid() != 0 || prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) != 1) {
        check_skip("everything", "needs to be root with all rights");
        return check_end();
    }
    CHECK("shown: bounding", shown("CapBnd", had));
    check_scratch();
    char command[200];
    snprintf(command, sizeof command, "cat /proc/%d/exe >program; cp program root; chmod 755 program; chmod 4755 root", getpid());
    CHECK_EQ("copies", system(command), 0);
    void (*parts[])(void) = { calls, setting, bounding, ambient, users, keeping, secure_bits, exec_of_root, exec_of_bounded_root, exec_of_user, files_of_others,
        other_rights };
    for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++)
        check_in_child("a part", parts[i]);
    return check_end();
}
