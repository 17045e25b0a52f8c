// A soak: rounds of pipe, fork, copy-on-write, exec and wait, with the free memory and the number of processes before and after,
// so that what leaks shows. The first argument is the number of rounds; the second, if given, how many kB of free
// memory may be lost (on a machine where nothing else runs).
// test: 200
// timeout: 300
// cpus: 1 2 4
#include "check.h"
#include <dirent.h>

static long meminfo(const char *key)
{
    static char text[4096];
    int fd = open("/proc/meminfo", O_RDONLY);
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    close(fd);
    if (length <= 0)
        return -1;
    text[length] = 0;
    char *line = strstr(text, key);
    return line ? atol(line + strlen(key) + 1) : -1;
}

static int process_count(void)
{
    int count = 0;
    DIR *directory = opendir("/proc");
    struct dirent *entry;
    while (directory && (entry = readdir(directory)))
        count += entry->d_name[0] >= '0' && entry->d_name[0] <= '9';
    if (directory)
        closedir(directory);
    return count;
}

// One round: the child writes to its copy of a page, becomes `soak reply NUMBER` and answers through the pipe.
static int one_round(int number)
{
    static volatile char page[16384];
    int ends[2], status, answer = -1;
    char text[16];
    page[number & 16383] = 1;
    if (pipe(ends))
        return 0;
    pid_t child = fork();
    if (child == 0) {
        page[(number * 7) & 16383]++;
        snprintf(text, sizeof text, "%d", number);
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        execl("/proc/self/exe", "soak", "reply", text, (char *)NULL);
        _exit(126);
    }
    close(ends[1]);
    int right = child > 0 && read(ends[0], &answer, sizeof answer) == sizeof answer && answer == number;
    right &= child > 0 && waitpid(child, &status, 0) == child && status == EXITED(number & 0x7f);
    close(ends[0]);
    return right;
}

static int reply(int number)
{
    return write(1, &number, sizeof number) == sizeof number ? number & 0x7f : 127;
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "reply"))
        return reply(atoi(argv[2]));
    int rounds = argc > 1 ? atoi(argv[1]) : 200, right = 0;
    long allowed = argc > 2 ? atol(argv[2]) : -1;
    check_begin(10 + rounds);
    // Pools and caches fill in the first rounds; they are not counted.
    for (int i = 0; i < 20; i++)
        right += one_round(i);
    CHECK_EQ("first rounds", right, 20);
    right = 0;
    int processes = process_count();
    long before = meminfo("MemFree:");
    for (int i = 0; i < rounds; i++)
        right += one_round(i);
    long after = meminfo("MemFree:");
    CHECK_EQ(check_name("%d rounds of fork, exec, pipe and wait", rounds), right, rounds);
    CHECK_ERR("no child is left", waitpid(-1, NULL, WNOHANG), ECHILD);
    check_line("MemFree before %ld kB, after %ld kB, difference %ld kB", before, after, after - before);
    check_line("processes before %d, after %d", processes, process_count());
    CHECK("MemFree is known", before > 0 && after > 0);
    if (allowed >= 0)
        CHECK(check_name("not more than %ld kB are lost", allowed), before - after <= allowed);
    return check_end();
}
