// The functions that the kernel lends to programs (man 7 vdso): found as a C library finds them; what they tell lies between two
// system calls, on every CPU; threads on all CPUs that ask both ways never see time go back; what does not exist is refused; the
// mappings can be read, copied on write as far as that is allowed, moved and unmapped, and lie elsewhere in every program.
// cpus: 1 2 4
// flags: -static -pthread
#include "check.h"
#include "vdso.h"
#include <pthread.h>
#include <sched.h>

#ifndef CLOCK_TAI
#define CLOCK_TAI 11
#endif

static const struct { clockid_t id; const char *name; } clocks[] = {
    { CLOCK_REALTIME, "REALTIME" }, { CLOCK_MONOTONIC, "MONOTONIC" }, { CLOCK_MONOTONIC_RAW, "MONOTONIC_RAW" },
    { CLOCK_REALTIME_COARSE, "REALTIME_COARSE" }, { CLOCK_MONOTONIC_COARSE, "MONOTONIC_COARSE" }, { CLOCK_BOOTTIME, "BOOTTIME" },
    { CLOCK_TAI, "TAI" }, { CLOCK_PROCESS_CPUTIME_ID, "PROCESS_CPUTIME_ID" }, { CLOCK_THREAD_CPUTIME_ID, "THREAD_CPUTIME_ID" },
};
#define CLOCKS (sizeof clocks / sizeof *clocks)

static void symbols(void)
{
    static const char *names[] = { "clock_gettime", "clock_getres", "gettimeofday", "time", "getcpu" };
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        int plain = vdso_index(names[i]), full = vdso_index(check_name("__vdso_%s", names[i]));
        CHECK(check_name("symbol %s: weak, and the same as __vdso_%s", names[i], names[i]), plain && full
            && ELF64_ST_BIND(vdso.symbols[plain].st_info) == STB_WEAK && ELF64_ST_BIND(vdso.symbols[full].st_info) == STB_GLOBAL
            && vdso.symbols[plain].st_value == vdso.symbols[full].st_value);
    }
}

static void between(void)
{
    for (unsigned i = 0; i < CLOCKS; i++) {
        int right = 0;
        for (int turn = 0; turn < 2000; turn++) {
            long long before = kernel_clock(clocks[i].id), asked = vdso_clock(clocks[i].id), after = kernel_clock(clocks[i].id);
            right += before >= 0 && before <= asked && asked <= after;
        }
        CHECK_EQ(check_name("%s lies between two system calls", clocks[i].name), right, 2000);
    }
}

static void resolutions(void)
{
    for (unsigned i = 0; i < CLOCKS; i++) {
        struct timespec ours = { -1, -1 }, theirs = { -2, -2 };
        long result = vdso.clock_getres(clocks[i].id, &ours);
        CHECK(check_name("resolution of %s", clocks[i].name), result == syscall(SYS_clock_getres, clocks[i].id, &theirs)
            && ours.tv_sec == theirs.tv_sec && ours.tv_nsec == theirs.tv_nsec);
    }
    CHECK_EQ("resolution: nobody wants it", vdso.clock_getres(CLOCK_MONOTONIC, NULL), 0);
}

static void errors(void)
{
    static const int wrong[] = { 10, 12, 63, 1000, 0x7fffffff, -1, (int)0x80000000 };
    struct timespec time = { 5, 6 };
    for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK_EQ(check_name("clock %d does not exist", wrong[i]), vdso.clock_gettime(wrong[i], &time), -EINVAL);
        CHECK_EQ(check_name("clock %d has no resolution", wrong[i]), vdso.clock_getres(wrong[i], &time), -EINVAL);
    }
    CHECK("errors: nothing was written", time.tv_sec == 5 && time.tv_nsec == 6);
}

static void of_day(void)
{
    struct timeval before, time, after;
    struct { int west, saving; } zone = { 77, 77 }, theirs = { 88, 88 };
    int right = 0, seconds_right = 0;
    for (int i = 0; i < 1000; i++) {
        time_t stored = 0;
        syscall(SYS_gettimeofday, &before, NULL);
        int result = vdso.gettimeofday(&time, NULL);
        time_t seconds = vdso.time(&stored);
        syscall(SYS_gettimeofday, &after, NULL);
        long long us[] = { before.tv_sec * 1000000ll + before.tv_usec, time.tv_sec * 1000000ll + time.tv_usec, after.tv_sec * 1000000ll + after.tv_usec };
        right += result == 0 && time.tv_usec < 1000000 && us[0] <= us[1] && us[1] <= us[2];
        // Seconds may be those of the last tick: a little behind.
        seconds_right += seconds == stored && seconds >= before.tv_sec - 1 && seconds <= after.tv_sec;
    }
    CHECK_EQ("gettimeofday lies between two system calls", right, 1000);
    CHECK_EQ("time does so, too", seconds_right, 1000);
    CHECK("gettimeofday: time zone", vdso.gettimeofday(NULL, &zone) == 0 && syscall(SYS_gettimeofday, NULL, &theirs) == 0
        && zone.west == theirs.west && zone.saving == theirs.saving);
    CHECK("time: only the result", vdso.time(NULL) >= before.tv_sec);
}

static void cpu_numbers(void)
{
    cpu_set_t all, one;
    sched_getaffinity(0, sizeof all, &all);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        unsigned seen = ~0u, node = ~0u;
        if (!CPU_ISSET(cpu, &all))
            continue;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        sched_setaffinity(0, sizeof one, &one);
        CHECK(check_name("getcpu on CPU %d", cpu), vdso.getcpu(&seen, &node, NULL) == 0 && seen == (unsigned)cpu && node == 0);
    }
    sched_setaffinity(0, sizeof all, &all);
    CHECK_EQ("getcpu: nobody wants it", vdso.getcpu(NULL, NULL, NULL), 0);
}

// ---- Threads on all CPUs -------------------------------------------------------------------------------------

static struct { clockid_t clock; long long latest; int backwards, turns; } shared;

static void *compare(void *seed)
{
    unsigned random = (unsigned)(long)seed;
    for (int i = 0; i < shared.turns; i++) {
        long long latest = __atomic_load_n(&shared.latest, __ATOMIC_SEQ_CST);
        random = random * 1103515245 + 12345;
        long long now = random >> 16 & 1 ? vdso_clock(shared.clock) : kernel_clock(shared.clock);
        if (now < latest)
            __atomic_add_fetch(&shared.backwards, 1, __ATOMIC_RELAXED);
        while (now > latest && !__atomic_compare_exchange_n(&shared.latest, &latest, now, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) { }
    }
    return NULL;
}

static void threads(void)
{
    static const clockid_t steady[] = { CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME, CLOCK_MONOTONIC_COARSE, CLOCK_REALTIME };
    for (unsigned i = 0; i < sizeof steady / sizeof *steady; i++) {
        pthread_t thread[4];
        shared = (typeof(shared)){ steady[i], 0, 0, 5000 };
        for (long n = 0; n < 4; n++)
            pthread_create(&thread[n], NULL, compare, (void *)(n + 1));
        for (int n = 0; n < 4; n++)
            pthread_join(thread[n], NULL);
        CHECK_EQ(check_name("4 threads, clock %d: it never goes back", steady[i]), shared.backwards, 0);
    }
}

// ---- The mappings --------------------------------------------------------------------------------------------

struct range { char *start; unsigned long bytes; char rights[5]; };

static int find_range(const char *name, struct range *range)
{
    char line[256];
    int found = 0;
    FILE *file = fopen("/proc/self/maps", "r");
    while (file && !found && fgets(line, sizeof line, file)) {
        unsigned long start, end;
        if (strstr(line, name) && sscanf(line, "%lx-%lx %4s", &start, &end, range->rights) == 3) {
            *range = (struct range){ (char *)start, end - start, { range->rights[0], range->rights[1], range->rights[2], range->rights[3] } };
            found = 1;
        }
    }
    if (file)
        fclose(file);
    return found;
}

static struct range code, values;

static int write_code(void) { *(volatile char *)code.start = 1; return 0; }
static int write_values(void) { *(volatile char *)values.start = 1; return 0; }
static int without_values(void)
{
    if (munmap(values.start, values.bytes))
        return 9;
    return (int)vdso_clock(CLOCK_MONOTONIC);
}

static int without_all(void)
{
    struct timespec time;
    if (munmap(values.start, values.bytes) || munmap(code.start, code.bytes))
        return 9;
    return syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &time) ? 8 : 7;
}

// A debugger may do so: the writer gets a copy, nobody else sees it.
static int own_copy(void)
{
    if (mprotect(code.start, code.bytes, PROT_READ | PROT_WRITE | PROT_EXEC))
        return 9;
    code.start[code.bytes - 1] = 42;
    return code.start[code.bytes - 1];
}

static int moved(void)
{
    unsigned long distance = code.start - values.start;
    char *room = mmap(NULL, distance + code.bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mremap(values.start, values.bytes, values.bytes, MREMAP_MAYMOVE | MREMAP_FIXED, room) != room)
        return 9;
    if (mremap(code.start, code.bytes, code.bytes, MREMAP_MAYMOVE | MREMAP_FIXED, room + distance) != room + distance)
        return 8;
    int (*there)(clockid_t, struct timespec *) = (void *)((char *)vdso.clock_gettime - code.start + room + distance);
    struct timespec time = { 0, 0 };
    return there(CLOCK_MONOTONIC, &time) == 0 && time.tv_sec + time.tv_nsec > 0 ? 7 : 6;
}

static void mappings(void)
{
    if (!CHECK("maps: [vdso] and [vvar]", find_range("[vdso]", &code) && find_range("[vvar]", &values)))
        return;
    CHECK("maps: the code is where the auxiliary vector says", code.start == vdso.base && code.bytes >= vdso.bytes);
    CHECK_STR("maps: the code can be executed and not written", code.rights, "r-xp");
    CHECK_STR("maps: the values can only be read", values.rights, "r--p");
    CHECK_EQ("the code is not writable", check_status(write_code), KILLED(SIGSEGV));
    CHECK_EQ("the values are not writable", check_status(write_values), KILLED(SIGSEGV));
    CHECK_ERR("mprotect: the values cannot become writable", mprotect(values.start, values.bytes, PROT_READ | PROT_WRITE), EACCES);
    char last = code.start[code.bytes - 1];
    CHECK_EQ("mprotect: the code can, as a copy", check_status(own_copy), EXITED(42));
    CHECK_EQ("which nobody else sees", code.start[code.bytes - 1], last);
    CHECK_ERR("mremap: the code cannot grow", (long)mremap(code.start, code.bytes, code.bytes + 4096, MREMAP_MAYMOVE), EFAULT);
    CHECK_EQ("munmap: without the values a call fails", check_status(without_values), KILLED(SIGSEGV));
    CHECK_EQ("munmap: without both the kernel still answers", check_status(without_all), EXITED(7));
    int status = check_status(moved);
    if (status == EXITED(9))
        check_skip("mremap: both elsewhere", "this kernel keeps the values in place");
    else
        CHECK_EQ("mremap: both elsewhere", status, EXITED(7));
}

// ---- Every program gets its own place ------------------------------------------------------------------------

static unsigned long place_in(const char *self)
{
    int ends[2];
    unsigned long place = 0;
    if (pipe(ends))
        return 0;
    pid_t child = check_fork();
    if (child == 0) {
        dup2(ends[1], 5);
        execl(self, self, "place", NULL);
        _exit(126);
    }
    close(ends[1]);
    if (read(ends[0], &place, sizeof place) != sizeof place)
        place = 0;
    close(ends[0]);
    waitpid(child, NULL, 0);
    return place;
}

static void places(void)
{
    unsigned long first = place_in("/proc/self/exe"), other = first;
    for (int i = 0; i < 20 && other == first; i++)
        other = place_in("/proc/self/exe");
    CHECK("exec: another program has it", first != 0);
    CHECK("exec: not always in the same place", other != 0 && other != first);
}

static int in_child(void) { return vdso_clock(CLOCK_MONOTONIC) > 0 ? 7 : 1; }

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "place")) {
        unsigned long place = getauxval(AT_SYSINFO_EHDR);
        return write(5, &place, sizeof place) != sizeof place;
    }
    check_begin(50);
    if (!CHECK("the object is there, with all its functions", vdso_open()))
        return check_end();
    symbols();
    between();
    resolutions();
    errors();
    of_day();
    cpu_numbers();
    threads();
    mappings();
    places();
    CHECK_EQ("fork: the child has it, too", check_status(in_child), EXITED(7));
    return check_end();
}
