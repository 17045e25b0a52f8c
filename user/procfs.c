// What /proc says of one process, read as ps and top read it: every field's place and type after proc(5), and that the files
// agree with each other and with the system calls. The files of the whole machine are the subject of procsys.c.
// cpus: 1 2 4
// flags: -static -pthread
#include "proc.h"
#include <ctype.h>
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/sysinfo.h>

extern char **environ;
// ---- One process -------------------------------------------------------------------------------------------

struct stat_fields { char state; long long number[64]; int count; };

static int parse_stat(struct stat_fields *fields)
{
    char *at = strrchr(text, ')'), *end;
    memset(fields, 0, sizeof *fields);
    if (!at || at[1] != ' ')
        return 0;
    fields->state = at[2];
    at += 3;
    // number[i] is field i of proc(5), which counts from 1; pid, comm and state come before.
    for (fields->count = 3; fields->count < 63; fields->count++) {
        long long value = strtoll(at, &end, 10);
        if (end == at)
            break;
        fields->number[fields->count + 1] = value;
        at = end;
    }
    return 1;
}

static void stat_file(void)
{
    struct stat_fields fields;
    CHECK("stat: is there", slurp("/proc/self/stat") > 0);
    CHECK("stat: one line", strchr(text, '\n') == text + strlen(text) - 1);
    CHECK("stat: begins with the pid and the name", atoi(text) == getpid() && strstr(text, " (procfs"));
    CHECK("stat: can be parsed", parse_stat(&fields));
    CHECK_EQ("stat: 52 fields", fields.count, 52);
    CHECK_EQ("stat: state", fields.state, 'R');
    CHECK_EQ("stat: ppid", fields.number[4], getppid());
    CHECK_EQ("stat: pgrp", fields.number[5], getpgrp());
    CHECK_EQ("stat: session", fields.number[6], getsid(0));
    CHECK_EQ("stat: threads", fields.number[20], 1);
    CHECK_EQ("stat: priority is 20 + nice", fields.number[18], 20 + fields.number[19]);
    // proc(5) calls the resident size inexact: Linux counts it in batches, so that a small program may show 0.
    CHECK("stat: sizes", fields.number[23] > 4096 && fields.number[24] >= 0 && fields.number[24] * 4096 <= fields.number[23]);
    CHECK("stat: faults", fields.number[10] > 0);
    struct sysinfo info;
    sysinfo(&info);
    CHECK("stat: start time is in the past", fields.number[22] >= 0 && fields.number[22] / sysconf(_SC_CLK_TCK) <= (long long)info.uptime + 1);

    // A name with what would mislead a parser.
    prctl(PR_SET_NAME, "a) R (b c");
    slurp("/proc/self/stat");
    CHECK("stat: a name with parentheses", parse_stat(&fields) && fields.number[4] == getppid() && strstr(text, "(a) R (b c)"));
    CHECK_EQ("comm: the name and an end of line", slurp("/proc/self/comm") == 10 && !strcmp(text, "a) R (b c\n"), 1);
    prctl(PR_SET_NAME, "procfs");
}

static void status_file(void)
{
    struct stat_fields fields;
    slurp("/proc/self/stat");
    parse_stat(&fields);
    CHECK("status: is there", slurp("/proc/self/status") > 0);
    CHECK("status: Name first", !strncmp(text, "Name:\tprocfs\n", 13));
    CHECK("status: State", strstr(text, "\nState:\tR (running)\n") != NULL);
    CHECK_EQ("status: Tgid", value_of("Tgid:"), getpid());
    CHECK_EQ("status: Pid", value_of("Pid:"), getpid());
    CHECK_EQ("status: PPid", value_of("PPid:"), getppid());
    CHECK_EQ("status: Threads", value_of("Threads:"), 1);
    unsigned ids[4] = { 9, 9, 9, 9 };
    char *line = strstr(text, "\nUid:");
    CHECK("status: Uid, four", line && sscanf(line + 5, "%u %u %u %u", ids, ids + 1, ids + 2, ids + 3) == 4 && ids[0] == getuid() && ids[1] == geteuid());
    line = strstr(text, "\nGid:");
    CHECK("status: Gid, four", line && sscanf(line + 5, "%u %u %u %u", ids, ids + 1, ids + 2, ids + 3) == 4 && ids[0] == getgid());
    long long size = value_of("VmSize:"), resident = value_of("VmRSS:");
    CHECK("status: VmSize agrees with stat", size * 1024 == fields.number[23]);
    CHECK("status: VmRSS is not above VmSize", resident > 0 && resident <= size);
    CHECK("status: sizes in kB", strstr(text, " kB\n") != NULL);

    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGUSR1);
    signal(SIGUSR2, SIG_IGN);
    slurp("/proc/self/status");
    char *blocked = strstr(text, "\nSigBlk:\t"), *pending = strstr(text, "\nSigPnd:\t"), *shared = strstr(text, "\nShdPnd:\t"), *ignored = strstr(text, "\nSigIgn:\t"),
        *handled = strstr(text, "\nSigCgt:\t");
    CHECK("status: the signal sets, 16 hexadecimal digits", blocked && pending && shared && ignored && handled && blocked[25] == '\n');
    if (blocked && pending && shared && ignored && handled) {
        CHECK_EQ("status: SigBlk", strtoull(blocked + 9, NULL, 16), 1u << (SIGUSR1 - 1));
        CHECK_EQ("status: SigPnd and ShdPnd", strtoull(pending + 9, NULL, 16) | strtoull(shared + 9, NULL, 16), 1u << (SIGUSR1 - 1));
        CHECK("status: SigIgn", strtoull(ignored + 9, NULL, 16) & 1u << (SIGUSR2 - 1));
        CHECK("status: SigCgt", strtoull(handled + 9, NULL, 16) & 1u << (SIGALRM - 1));
    }
    signal(SIGUSR2, SIG_DFL);
    signal(SIGUSR1, SIG_IGN);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    signal(SIGUSR1, SIG_DFL);

    long pages[7] = { 0 };
    slurp("/proc/self/statm");
    CHECK_EQ("statm: seven numbers", sscanf(text, "%ld %ld %ld %ld %ld %ld %ld", pages, pages + 1, pages + 2, pages + 3, pages + 4, pages + 5, pages + 6), 7);
    CHECK("statm: in pages, agrees with status", pages[0] * 4 == size && pages[1] >= 0 && pages[1] <= pages[0]);
}

static void texts(int argc, char **argv)
{
    long length = slurp("/proc/self/cmdline"), expected = 0;
    int same = 1;
    for (int i = 0; i < argc; i++) {
        same &= !strcmp(text + expected, argv[i]);
        expected += strlen(argv[i]) + 1;
    }
    CHECK("cmdline: the arguments, a NUL behind each", same && length == expected);
    length = slurp("/proc/self/environ"), expected = 0;
    for (int i = 0; environ[i]; i++) {
        same &= !strcmp(text + expected, environ[i]);
        expected += strlen(environ[i]) + 1;
    }
    CHECK("environ: the same way", same && length == expected);

    char link[256];
    ssize_t size = readlink("/proc/self/exe", link, sizeof link - 1);
    link[size < 0 ? 0 : size] = 0;
    struct stat through, direct;
    CHECK("exe: names this file", size > 0 && link[0] == '/' && stat("/proc/self/exe", &through) == 0 && stat(link, &direct) == 0 && through.st_ino == direct.st_ino);
    char directory[256];
    size = readlink("/proc/self/cwd", link, sizeof link - 1);
    link[size < 0 ? 0 : size] = 0;
    CHECK_STR("cwd: agrees with getcwd", link, getcwd(directory, sizeof directory));
    size = readlink("/proc/self", link, sizeof link - 1);
    link[size < 0 ? 0 : size] = 0;
    CHECK_EQ("self: is the pid", atoi(link), getpid());
}

static void maps_file(void)
{
    char *area = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(area + 4096, 4096, PROT_READ);
    CHECK("maps: is there", slurp("/proc/self/maps") > 0);
    unsigned long last = 0, lines = 0, bad = 0, unsorted = 0;
    int here = 0, stack = 0, code = 0, protected = 0;
    for (char *line = text; *line; lines++) {
        unsigned long start, end, offset, inode;
        char access[5];
        unsigned major, minor;
        char *next = strchr(line, '\n');
        if (!next)
            break;
        *next = 0;
        bad += sscanf(line, "%lx-%lx %4s %lx %x:%x %lu", &start, &end, access, &offset, &major, &minor, &inode) != 7 || end <= start || (start | end) & 4095;
        unsorted += start < last;
        last = end;
        unsigned long local = (unsigned long)&local, function = (unsigned long)maps_file;
        stack += local >= start && local < end && strstr(line, "[stack]") && !strncmp(access, "rw-p", 4);
        code += function >= start && function < end && !strncmp(access, "r-xp", 4) && strchr(line, '/') && inode != 0;
        here += (unsigned long)area >= start && (unsigned long)area < end && !strncmp(access, "rw-p", 4);
        protected += (unsigned long)area + 4096 == start && end == start + 4096 && !strncmp(access, "r--p", 4);
        line = next + 1;
    }
    CHECK("maps: every line well formed", lines > 4 && bad == 0);
    CHECK_EQ("maps: sorted, without overlap", unsorted, 0);
    CHECK_EQ("maps: the stack, by its name", stack, 1);
    CHECK_EQ("maps: the code, with its file", code, 1);
    CHECK_EQ("maps: an anonymous area", here, 1);
    CHECK_EQ("maps: split by mprotect", protected, 1);
    munmap(area, 3 * 4096);
}

static int entries(const char *path, int number)
{
    int count = 0, found = 0;
    DIR *directory = opendir(path);
    struct dirent *entry;
    while (directory && (entry = readdir(directory)))
        if (isdigit((unsigned char)entry->d_name[0])) {
            count++;
            found |= atoi(entry->d_name) == number;
        }
    if (directory)
        closedir(directory);
    return found ? count : -1;
}

static void *hold(void *tid)
{
    __atomic_store_n((int *)tid, syscall(SYS_gettid), __ATOMIC_SEQ_CST);
    prctl(PR_SET_NAME, "second");
    pthread_mutex_t *mutex = (pthread_mutex_t *)((int *)tid + 2);
    pthread_mutex_lock(mutex);
    return NULL;
}

static void directories(void)
{
    int ends[2], null = open("/dev/null", O_RDONLY);
    pipe(ends);
    char path[64], link[128];
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    ssize_t size = readlink(path, link, sizeof link - 1);
    link[size < 0 ? 0 : size] = 0;
    struct stat status;
    unsigned long inode = 0;
    fstat(ends[0], &status);
    CHECK("fd: a pipe, with its number", sscanf(link, "pipe:[%lu]", &inode) == 1 && inode == status.st_ino);
    snprintf(path, sizeof path, "/proc/self/fd/%d", null);
    size = readlink(path, link, sizeof link - 1);
    link[size < 0 ? 0 : size] = 0;
    CHECK_STR("fd: a file, with its name", link, "/dev/null");
    CHECK_OK("fd: can be opened through it", close(open(path, O_RDONLY)));
    CHECK("fd: listed", entries("/proc/self/fd", null) >= 3 && entries("/proc/self/fd", ends[1]) >= 3);
    close(null);
    CHECK_ERR("fd: gone when closed", readlink(path, link, sizeof link), ENOENT);
    close(ends[0]), close(ends[1]);

    struct { int tid, unused; pthread_mutex_t mutex; } shared = { 0, 0, PTHREAD_MUTEX_INITIALIZER };
    pthread_t thread;
    pthread_mutex_lock(&shared.mutex);
    pthread_create(&thread, NULL, hold, &shared);
    while (__atomic_load_n(&shared.tid, __ATOMIC_SEQ_CST) == 0)
        sched_yield();
    while (check_task_state(shared.tid) != 'S')
        sched_yield();
    CHECK_EQ("task: two threads", entries("/proc/self/task", shared.tid), 2);
    slurp("/proc/self/task/%d/comm", shared.tid);
    CHECK_STR("task: a thread's own name", text, "second\n");
    slurp("/proc/self/status");
    CHECK_EQ("status: Threads", value_of("Threads:"), 2);
    CHECK_EQ("task: a thread is not listed among the processes", entries("/proc", shared.tid), -1);
    pthread_mutex_unlock(&shared.mutex);
    pthread_join(thread, NULL);
    while (entries("/proc/self/task", getpid()) != 1)
        sched_yield();
    check_pass("task: one again");

    pid_t child = check_fork();
    if (child == 0)
        for (;;)
            pause();
    check_await_state(child, 'S');
    CHECK("processes: a child is listed", entries("/proc", child) >= 2 && entries("/proc", getpid()) >= 2 && entries("/proc", 1) >= 2);
    struct stat_fields fields;
    slurp("/proc/%d/stat", child);
    CHECK("processes: a sleeping child", parse_stat(&fields) && fields.state == 'S' && fields.number[4] == getpid());
    kill(child, SIGKILL);
    siginfo_t info;
    waitid(P_PID, child, &info, WEXITED | WNOWAIT);
    slurp("/proc/%d/stat", child);
    CHECK("zombie: state Z, no memory", parse_stat(&fields) && fields.state == 'Z' && fields.number[23] == 0);
    CHECK_EQ("zombie: no command line", slurp("/proc/%d/cmdline", child), 0);
    CHECK("zombie: no status of memory", slurp("/proc/%d/status", child) > 0 && strstr(text, "State:\tZ (zombie)") && !strstr(text, "VmSize:"));
    waitpid(child, NULL, 0);
    CHECK_EQ("processes: gone when reaped", slurp("/proc/%d/stat", child), -1);
    CHECK_ERR("processes: no such one", open("/proc/999999999/stat", O_RDONLY), ENOENT);
}

int main(int argc, char **argv)
{
    check_begin(50);
    prctl(PR_SET_NAME, "procfs");
    stat_file();
    status_file();
    texts(argc, argv);
    maps_file();
    directories();
    return check_end();
}
