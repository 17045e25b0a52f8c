// exec: argv, environment and the auxiliary vector as the new program gets them; scripts with `#!`, one argument and a script
// as interpreter; the errors; what an exec keeps and what it resets; exec from one of several threads.
// cpus: 1 2
// host: root
// flags: -static -pthread
#include "check.h"
#include <elf.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

extern char **environ;
extern const char __ehdr_start[];
static char self[256];

// ---- The programs this program becomes: `exec MODE ...` ------------------------------------------------------

static int fail_mode(int line) { return line & 0x7f; }
#define REQUIRE(condition) do { if (!(condition)) return fail_mode(__LINE__); } while (0)

static int mode_arguments(int argc, char **argv)
{
    REQUIRE(argc == 5);
    REQUIRE(!strcmp(argv[0], "any name at all") && !strcmp(argv[2], "") && !strcmp(argv[3], "two words") && !strcmp(argv[4], "\xff\x01"));
    REQUIRE(argv[5] == NULL);
    REQUIRE(environ[0] && !strcmp(environ[0], "A=1") && !strcmp(environ[1], "B=") && environ[2] == NULL);
    return 0;
}

static int mode_auxiliary(char **argv)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)__ehdr_start;
    const unsigned char *random = (const unsigned char *)getauxval(AT_RANDOM);
    REQUIRE(getauxval(AT_PAGESZ) == 4096);
    REQUIRE(getauxval(AT_PHDR) == (unsigned long)__ehdr_start + header->e_phoff);
    REQUIRE(getauxval(AT_PHNUM) == header->e_phnum && getauxval(AT_PHENT) == sizeof(Elf64_Phdr));
    REQUIRE(getauxval(AT_ENTRY) == header->e_entry);
    REQUIRE(getauxval(AT_BASE) == 0);
    REQUIRE(getauxval(AT_UID) == getuid() && getauxval(AT_EUID) == geteuid() && getauxval(AT_GID) == getgid() && getauxval(AT_EGID) == getegid());
    REQUIRE(getauxval(AT_SECURE) == 0);
    REQUIRE(getauxval(AT_CLKTCK) == (unsigned long)sysconf(_SC_CLK_TCK));
    REQUIRE(!strcmp((const char *)getauxval(AT_EXECFN), argv[2]));
    REQUIRE(getauxval(AT_PLATFORM) && !strcmp((const char *)getauxval(AT_PLATFORM), "x86_64"));
    REQUIRE(random);
    int set = 0;
    for (int i = 0; i < 16; i++)
        set |= random[i];
    REQUIRE(set);
    unsigned long value = 0;
    memcpy(&value, random, sizeof value);
    REQUIRE(write(1, &value, sizeof value) == sizeof value);
    return 0;
}

static int mode_state(int argc, char **argv)
{
    struct sigaction action;
    sigset_t set;
    REQUIRE(argc == 5);
    REQUIRE(getpid() == atoi(argv[2]));
    REQUIRE(fcntl(atoi(argv[3]), F_GETFD) == 0);
    REQUIRE(fcntl(atoi(argv[4]), F_GETFD) == -1 && errno == EBADF);
    sigaction(SIGUSR1, NULL, &action);
    REQUIRE(action.sa_handler == SIG_DFL);
    sigaction(SIGUSR2, NULL, &action);
    REQUIRE(action.sa_handler == SIG_IGN);
    sigprocmask(SIG_BLOCK, NULL, &set);
    REQUIRE(sigismember(&set, SIGHUP) == 1 && sigismember(&set, SIGTERM) == 0);
    sigpending(&set);
    REQUIRE(sigismember(&set, SIGHUP) == 1);
    REQUIRE(umask(0) == 0123);
    char name[16], directory[64];
    prctl(PR_GET_NAME, name);
    REQUIRE(!strcmp(name, "exe") || !strncmp(name, "exec", 4));
    REQUIRE(getcwd(directory, sizeof directory) && !strcmp(directory, "/"));
    stack_t stack;
    REQUIRE(sigaltstack(NULL, &stack) == 0 && stack.ss_flags == SS_DISABLE);
    return 0;
}

// A thread's tid becomes the pid: the process has one task afterwards, and it is the leader.
static int mode_alone(char **argv)
{
    REQUIRE(getpid() == atoi(argv[2]));
    REQUIRE(syscall(SYS_gettid) == getpid());
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%s", argv[3]);
    REQUIRE(access(path, F_OK) == -1);
    return 55;
}

static int become(int argc, char **argv)
{
    if (!strcmp(argv[1], "arguments")) return mode_arguments(argc, argv);
    if (!strcmp(argv[1], "auxiliary")) return mode_auxiliary(argv);
    if (!strcmp(argv[1], "state")) return mode_state(argc, argv);
    if (!strcmp(argv[1], "alone")) return mode_alone(argv);
    if (!strcmp(argv[1], "count")) return argc;
    if (!strcmp(argv[1], "script")) return argc == 4 && !strcmp(argv[2], "./script") && !strcmp(argv[3], "given") ? 44 : 1;
    if (!strcmp(argv[1], "one argument")) return argc == 3 && !strcmp(argv[2], "./script") ? 45 : 1;
    if (!strcmp(argv[1], "./bare")) return argc == 2 ? 46 : 1;
    if (!strcmp(argv[1], "nested")) return argc == 4 && !strcmp(argv[2], "./script") && !strcmp(argv[3], "./outer") ? 47 : 1;
    return 99;
}

// ---- The checks ----------------------------------------------------------------------------------------------

// Gives the wait status of a child that executes this; errno as exit status if it cannot.
static int run(const char *path, char *const *argv, char *const *environment)
{
    int status = -1;
    pid_t child = check_fork();
    if (child == 0) {
        execve(path, argv, environment);
        _exit(errno);
    }
    waitpid(child, &status, 0);
    return status;
}

#define RUN(path, ...) run((path), (char *[]){ __VA_ARGS__, NULL }, environ)

static void passing(void)
{
    char *arguments[] = { "any name at all", "arguments", "", "two words", "\xff\x01", NULL };
    char *environment[] = { "A=1", "B=", NULL };
    CHECK_EQ("arguments and environment", run(self, arguments, environment), 0);

    unsigned long random[2] = { 0, 0 };
    for (int i = 0; i < 2; i++) {
        int ends[2], status = -1;
        if (pipe(ends))
            return;
        pid_t child = check_fork();
        if (child == 0) {
            dup2(ends[1], 1);
            execl(self, self, "auxiliary", self, (char *)NULL);
            _exit(126);
        }
        close(ends[1]);
        CHECK_EQ(check_name("auxiliary vector: random bytes, %d", i + 1), read(ends[0], &random[i], 8), 8);
        waitpid(child, &status, 0);
        CHECK_EQ(check_name("auxiliary vector: every entry, %d (or the line that failed)", i + 1), status, 0);
        close(ends[0]);
    }
    CHECK("auxiliary vector: AT_RANDOM differs from run to run", random[0] != random[1]);
}

static void keeping(void)
{
    int status = -1;
    pid_t child = check_fork();
    if (child == 0) {
        static char memory[16384];
        stack_t stack = { .ss_sp = memory, .ss_size = sizeof memory };
        char pid[16], kept[16], closed[16];
        snprintf(pid, sizeof pid, "%d", (int)getpid());
        snprintf(kept, sizeof kept, "%d", open("/dev/null", O_RDONLY));
        snprintf(closed, sizeof closed, "%d", open("/dev/null", O_RDONLY | O_CLOEXEC));
        signal(SIGUSR1, check_overdue);
        signal(SIGUSR2, SIG_IGN);
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGHUP);
        sigprocmask(SIG_BLOCK, &set, NULL);
        raise(SIGHUP);
        umask(0123);
        sigaltstack(&stack, NULL);
        if (chdir("/") == 0)
            execl(self, "exec", "state", pid, kept, closed, (char *)NULL);
        _exit(126);
    }
    waitpid(child, &status, 0);
    CHECK_EQ("what exec keeps and resets (or the line that failed)", status, 0);
}

static void write_file(const char *name, const char *text, size_t length, int mode)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0700);
    if (fd < 0 || write(fd, text, length) != (ssize_t)length)
        check_fail("writing a file", "expected %s, got errno %d", name, errno);
    close(fd);
    chmod(name, mode);
}

static void write_script(const char *name, const char *format, const char *interpreter)
{
    char text[600];
    int length = snprintf(text, sizeof text, format, interpreter);
    write_file(name, text, length, 0755);
}

static void scripts(void)
{
    write_script("script", "#!%s script\nanything\n", self);
    CHECK_EQ("script: an argument, the script, the rest", RUN("./script", "x", "given"), EXITED(44));
    write_script("script", "#! \t%s   one argument  \n", self);
    CHECK_EQ("script: what follows is one argument, trimmed", RUN("./script", "x"), EXITED(45));
    write_script("bare", "#!%s\n", self);
    CHECK_EQ("script: without an argument", RUN("./bare", "x"), EXITED(46));
    write_script("bare", "#!%s", self);
    CHECK_EQ("script: without an end of line", RUN("./bare", "x"), EXITED(46));
    write_script("script", "#!%s nested\n", self);
    write_script("outer", "#!%s\n", "./script");
    CHECK_EQ("script: interpreted by a script", RUN("./outer", "x"), EXITED(47));
    write_script("script", "#!%s\n", "./script");
    CHECK_EQ("script: interpreted by itself", RUN("./script", "x"), EXITED(ELOOP));
    write_script("script", "#!%s\n", "/no/such/interpreter");
    CHECK_EQ("script: no interpreter", RUN("./script", "x"), EXITED(ENOENT));
    write_file("script", "#!\n", 3, 0755);
    CHECK_EQ("script: an empty line", RUN("./script", "x"), EXITED(ENOEXEC));
}

static void errors(void)
{
    CHECK_EQ("ENOENT: no file", RUN("./nothing", "x"), EXITED(ENOENT));
    CHECK_EQ("ENOENT: empty path", RUN("", "x"), EXITED(ENOENT));
    CHECK_EQ("ENOTDIR", RUN("./script/x", "x"), EXITED(ENOTDIR));
    mkdir("directory", 0755);
    CHECK_EQ("EACCES: a directory", RUN("./directory", "x"), EXITED(EACCES));
    write_file("plain", "text\n", 5, 0644);
    CHECK_EQ("EACCES: not executable, for root too", RUN("./plain", "x"), EXITED(EACCES));
    chmod("plain", 0755);
    CHECK_EQ("ENOEXEC: neither ELF nor script", RUN("./plain", "x"), EXITED(ENOEXEC));
    write_file("empty", "", 0, 0755);
    CHECK_EQ("ENOEXEC: empty", RUN("./empty", "x"), EXITED(ENOEXEC));
    write_file("torn", "\177ELF", 4, 0755);
    CHECK_EQ("ENOEXEC: four bytes of ELF", RUN("./torn", "x"), EXITED(ENOEXEC));

    // A header that is whole but for one field.
    Elf64_Ehdr header;
    memcpy(&header, __ehdr_start, sizeof header);
    header.e_machine = EM_AARCH64;
    write_file("foreign", (char *)&header, sizeof header, 0755);
    CHECK_EQ("ENOEXEC: another machine", RUN("./foreign", "x"), EXITED(ENOEXEC));
    memcpy(&header, __ehdr_start, sizeof header);
    header.e_phoff = 0x7fffffffffff0000;
    write_file("foreign", (char *)&header, sizeof header, 0755);
    int status = RUN("./foreign", "x");
    CHECK("a program header table beyond the file: an error", WIFEXITED(status) ? WEXITSTATUS(status) != 0 : 1);
    struct { Elf64_Ehdr header; Elf64_Phdr program; } image = { header, { 0 } };
    image.header.e_phoff = sizeof header;
    image.header.e_phnum = 1;
    image.program = (Elf64_Phdr){ .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = 0xffffffff81000000, .p_filesz = 64, .p_memsz = 1ul << 62, .p_align = 4096 };
    write_file("foreign", (char *)&image, sizeof image, 0755);
    status = RUN("./foreign", "x");
    CHECK("a segment in the kernel: an error or a signal", status != 0);
    image.program.p_vaddr = 0x400000, image.program.p_memsz = 4096, image.header.e_entry = 0x800000000000;
    write_file("foreign", (char *)&image, sizeof image, 0755);
    CHECK_EQ("an entry point nowhere: SIGSEGV", RUN("./foreign", "x") & 0x7f, KILLED(SIGSEGV));

    static char big[200000];
    memset(big, 'b', sizeof big - 1);
    CHECK_EQ("E2BIG: one argument over 128 KiB", RUN(self, "x", big), EXITED(E2BIG));
    big[100000] = 0;
    CHECK_EQ("one argument under 128 KiB", RUN(self, "x", "count", big), EXITED(3));
    char **many = calloc(101, sizeof *many);
    for (int i = 0; i < 100; i++)
        many[i] = i == 1 ? "count" : big;
    CHECK_EQ("E2BIG: ten megabytes in all", run(self, many, environ), EXITED(E2BIG));
    for (int i = 0; i < 100; i++)
        many[i] = i == 1 ? "count" : "short";
    CHECK_EQ("a hundred arguments", run(self, many, environ), EXITED(100));
    free(many);

    int fd = open("busy", O_RDWR | O_CREAT, 0755);
    write_script("busy", "#!%s script\n", self);
    close(fd);
    if (getuid() == 0) {
        pid_t child = check_fork();
        if (child == 0) {
            chmod("script", 0700);
            if (setuid(NOBODY))
                _exit(127);
            execl("./script", "x", (char *)NULL);
            _exit(errno);
        }
        waitpid(child, &status, 0);
        CHECK_EQ("EACCES: another user's", status, EXITED(EACCES));
    } else
        check_skip("EACCES: another user's", "not root");
}

static void *pause_for_ever(void *unused)
{
    for (;;)
        pause();
    return unused;
}

static void *execute(void *unused)
{
    char pid[16], tid[16];
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    snprintf(tid, sizeof tid, "%d", (int)syscall(SYS_gettid));
    execl(self, "exec", "alone", pid, tid, (char *)NULL);
    _exit(126);
    return unused;
}

static int execute_in_thread(void)
{
    pthread_t thread;
    for (int i = 0; i < 6; i++)
        pthread_create(&thread, NULL, pause_for_ever, NULL);
    pthread_create(&thread, NULL, execute, NULL);
    pause_for_ever(NULL);
    return 1;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return become(argc, argv);
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0)
        snprintf(self, sizeof self, "%s", argv[0]);
    check_begin(50);
    passing();
    keeping();
    check_scratch();
    scripts();
    errors();
    CHECK_EQ("exec in a thread: the others end, it becomes the process", check_status(execute_in_thread), EXITED(55));
    return check_end();
}
