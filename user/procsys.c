// What /proc says of the whole machine, as free, uptime, top and mount read it: its form after proc(5), that it agrees with the
// system calls, and that a file gives the same text however it is read.
// cpus: 1 2 4
#include "proc.h"
#include <sys/sysinfo.h>
#include <sys/utsname.h>

static int count_lines(const char *start)
{
    int count = 0;
    for (char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        count += !strncmp(line, start, strlen(start));
    return count;
}

static int end_at_once(void) { return 0; }

static void machine(void)
{
    int cpus = sysconf(_SC_NPROCESSORS_ONLN);
    slurp("/proc/cpuinfo");
    CHECK_EQ("cpuinfo: a processor for each CPU", count_lines("processor\t: "), cpus);
    CHECK_EQ("cpuinfo: model name and flags for each", count_lines("model name\t: ") + count_lines("flags\t\t: "), 2 * cpus);

    slurp("/proc/meminfo");
    long long total = value_of("MemTotal:"), free = value_of("MemFree:"), available = value_of("MemAvailable:");
    struct sysinfo info;
    sysinfo(&info);
    CHECK("meminfo: MemTotal, MemFree, MemAvailable", total > 0 && free > 0 && free <= total && available > 0 && available <= total);
    CHECK_EQ("meminfo: agrees with sysinfo", total, (long long)info.totalram * info.mem_unit / 1024);
    CHECK("meminfo: Buffers, Cached, SwapTotal", value_of("Buffers:") >= 0 && value_of("Cached:") >= 0 && value_of("SwapTotal:") >= 0 && value_of("SwapFree:") >= 0);

    slurp("/proc/stat");
    long long first[10] = { 0 }, sum = 0, user[10];
    CHECK_EQ("stat: the line of all CPUs, ten numbers", sscanf(text, "cpu %lld %lld %lld %lld %lld %lld %lld %lld %lld %lld", first, first + 1, first + 2, first + 3, first + 4,
        first + 5, first + 6, first + 7, first + 8, first + 9), 10);
    for (char *line = strstr(text, "\ncpu"); line; line = strstr(line + 1, "\ncpu"))
        if (sscanf(line, "\ncpu%*d %lld", user) == 1)
            sum += user[0];
    CHECK("stat: user time is the CPUs' sum", sum <= first[0] + cpus && sum >= first[0] - cpus);
    CHECK_EQ("stat: a line for each CPU", count_lines("cpu"), cpus + 1);
    long long switches = value_of("ctxt"), processes = value_of("processes");
    CHECK("stat: intr, ctxt, btime, processes", value_of("intr") > 0 && switches > 0 && value_of("btime") > 0 && processes > 0);
    CHECK("stat: procs_running counts this one", value_of("procs_running") >= 1 && value_of("procs_blocked") >= 0);
    time_t now = time(NULL);
    CHECK("stat: btime is now less the uptime", value_of("btime") >= now - (long long)info.uptime - 3 && value_of("btime") <= now - (long long)info.uptime + 3);
    for (int i = 0; i < 5; i++)
        check_status(end_at_once);
    slurp("/proc/stat");
    CHECK("stat: forks and switches are counted", value_of("processes") >= processes + 5 && value_of("ctxt") >= switches + 5);

    double up = 0, idle = 0, load[3];
    slurp("/proc/uptime");
    CHECK("uptime: two numbers", sscanf(text, "%lf %lf\n", &up, &idle) == 2 && up > 0 && idle >= 0 && idle <= up * cpus + 5);
    struct timespec boot;
    clock_gettime(CLOCK_BOOTTIME, &boot);
    CHECK("uptime: agrees with the clock", up <= boot.tv_sec + 1 && up >= boot.tv_sec - 5);
    int running = 0, all = 0, last = 0;
    slurp("/proc/loadavg");
    CHECK("loadavg: its form", sscanf(text, "%lf %lf %lf %d/%d %d\n", load, load + 1, load + 2, &running, &all, &last) == 6);
    CHECK("loadavg: this one runs; the last pid", running >= 1 && all >= running && last > 0);

    struct utsname name;
    uname(&name);
    slurp("/proc/version");
    CHECK("version: as uname says", !strncmp(text, name.sysname, strlen(name.sysname)) && strstr(text, " version ") && strstr(text, name.release));
    slurp("/proc/filesystems");
    CHECK("filesystems: proc and tmpfs, without a device", strstr(text, "nodev\tproc\n") && strstr(text, "nodev\ttmpfs\n"));
    slurp("/proc/mounts");
    CHECK("mounts: the root and proc", strstr(text, " / ") && strstr(text, " /proc proc "));
    int bad = 0;
    for (char *line = text; *line; line = strchr(line, '\n') + 1) {
        char fields[4][128];
        int numbers[2];
        bad += sscanf(line, "%127s %127s %127s %127s %d %d", fields[0], fields[1], fields[2], fields[3], numbers, numbers + 1) != 6;
        if (!strchr(line, '\n'))
            break;
    }
    CHECK_EQ("mounts: six fields in each line", bad, 0);
    CHECK("mounts: the same for this process", slurp("/proc/self/mounts") > 0 && strstr(text, " /proc proc "));
    slurp("/proc/interrupts");
    CHECK("interrupts: a column for each CPU", strstr(text, "CPU0") && strchr(text, '\n') && strchr(text, ':') > strchr(text, '\n'));
}

static void settings(void)
{
    struct utsname name;
    uname(&name);
    static const char *const files[] = { "hostname", "ostype", "osrelease" };
    const char *values[] = { name.nodename, name.sysname, name.release };
    for (int i = 0; i < 3; i++) {
        slurp("/proc/sys/kernel/%s", files[i]);
        text[strcspn(text, "\n")] = 0;
        CHECK_STR(check_name("sys/kernel/%s: as uname says", files[i]), text, values[i]);
    }
    slurp("/proc/sys/kernel/pid_max");
    CHECK("sys/kernel/pid_max: above this pid", atoi(text) > getpid());
    slurp("/proc/sys/kernel/threads-max");
    CHECK("sys/kernel/threads-max: some", atoi(text) > 10);
}

// A file gives the same text however it is read.
static void pieces(void)
{
    static char small[4096];
    char byte;
    long whole = slurp("/proc/version"), length = 0;
    int fd = open("/proc/version", O_RDONLY);
    while (length < (long)sizeof small && read(fd, &byte, 1) == 1)
        small[length++] = byte;
    CHECK("reading: byte by byte", length == whole && !memcmp(small, text, whole));
    CHECK_EQ("reading: from an offset", pread(fd, small, 5, 3) == 5 && !memcmp(small, text + 3, 5), 1);
    CHECK_EQ("reading: beyond the end", pread(fd, small, 5, whole + 100), 0);
    CHECK_EQ("reading: again after lseek", lseek(fd, 0, SEEK_SET) == 0 && read(fd, small, sizeof small) == whole, 1);
    close(fd);
    struct stat status;
    CHECK("a proc file: regular, of size 0", stat("/proc/version", &status) == 0 && S_ISREG(status.st_mode) && status.st_size == 0);
    CHECK("a process: a directory of its owner", stat("/proc/self/", &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid());
    CHECK_ERR("nothing can be made in it", mkdir("/proc/new", 0755), ENOENT);
}

int main(void)
{
    check_begin(50);
    // On all CPUs, so that their number as the library counts it (by affinity) is the machine's.
    unsigned char mask[128];
    memset(mask, 0xff, sizeof mask);
    syscall(SYS_sched_setaffinity, 0, sizeof mask, mask);
    machine();
    settings();
    pieces();
    return check_end();
}
