// Copy-on-write after fork, seen two ways: by contents (neither side sees what the other writes) and by the count of minor
// faults (a page is copied when it is first written, by whichever side, and not before; the last owner of a page
// does not copy it again).
// test: 64
// cpus: 1 2
#include "check.h"
#include <sys/resource.h>

enum { PAGE = 4096 };
static int pages;
static unsigned char *area;
static struct results { long child_read, child_write, child_again; int child_saw; } *results;

static long minor_faults(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
}

// Faults taken by reading, or writing, one byte of each page.
static long faults_of_reading(void)
{
    long before = minor_faults();
    for (int i = 0; i < pages; i++)
        *(volatile unsigned char *)(area + i * PAGE);
    return minor_faults() - before;
}

static long faults_of_writing(unsigned char value)
{
    long before = minor_faults();
    for (int i = 0; i < pages; i++)
        *(volatile unsigned char *)(area + i * PAGE + 5) = value;
    return minor_faults() - before;
}

static int all_are(unsigned char value)
{
    for (int i = 0; i < pages; i++)
        if (area[i * PAGE + 5] != value)
            return 0;
    return 1;
}

static unsigned char *new_area(int sharing)
{
    unsigned char *memory = mmap(NULL, (size_t)pages * PAGE, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        check_fail("area", "expected a mapping, got errno %d", errno);
        exit(check_end());
    }
    // Without huge pages, should the machine give them unasked, faults are counted per page.
    madvise(memory, (size_t)pages * PAGE, MADV_NOHUGEPAGE);
    return memory;
}

// A page or two of slack: the counting code's own stack and data fault too after a fork.
static int about(long value, long expected)
{
    return value >= expected && value <= expected + 8;
}

static void demand_zero(void)
{
    area = new_area(MAP_PRIVATE);
    long faults = faults_of_writing(1);
    CHECK("demand zero: one fault per page written", about(faults, pages));
    CHECK("demand zero: none afterwards", faults_of_writing(2) <= 2);
    munmap(area, (size_t)pages * PAGE);

    area = new_area(MAP_PRIVATE);
    faults_of_reading();
    CHECK("demand zero: reads as zero", all_are(0));
    CHECK("demand zero: a page read first still faults when written", about(faults_of_writing(1), pages));
    munmap(area, (size_t)pages * PAGE);
}

static void child_writes_first(void)
{
    area = new_area(MAP_PRIVATE);
    faults_of_writing(1);
    pid_t child = check_fork();
    if (child == 0) {
        results->child_read = faults_of_reading();
        results->child_saw = all_are(1);
        results->child_write = faults_of_writing(2);
        results->child_again = faults_of_writing(3);
        results->child_saw += all_are(3);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    CHECK_EQ("child first: ended well", status, 0);
    CHECK("child first: reading copies nothing", results->child_read <= 8);
    CHECK("child first: one copy per page written", about(results->child_write, pages));
    CHECK("child first: a second write is free", results->child_again <= 2);
    CHECK_EQ("child first: the child saw the old, then its own", results->child_saw, 2);
    CHECK("child first: the parent sees nothing of it", all_are(1));
    faults_of_writing(4);
    CHECK("child first: the parent writes its own", all_are(4));
    CHECK("child first: a second write is free for the parent", faults_of_writing(5) <= 2);
    munmap(area, (size_t)pages * PAGE);
}

static void parent_writes_first(void)
{
    area = new_area(MAP_PRIVATE);
    faults_of_writing(1);
    struct gate go = gate_make();
    pid_t child = check_fork();
    if (child == 0) {
        gate_wait(&go);
        results->child_saw = all_are(1);
        _exit(0);
    }
    long faults = faults_of_writing(2);
    CHECK("parent first: one copy per page written", about(faults, pages));
    gate_open(&go);
    waitpid(child, NULL, 0);
    CHECK_EQ("parent first: the child sees the old", results->child_saw, 1);
    CHECK("parent first: the parent sees its own", all_are(2));
    gate_close(&go);
    munmap(area, (size_t)pages * PAGE);
}

// The kernel writes for the user as well: read(2) into a shared page has to copy it, too.
static void kernel_writes(void)
{
    area = new_area(MAP_PRIVATE);
    faults_of_writing(1);
    int zero = open("/dev/zero", O_RDONLY);
    pid_t child = check_fork();
    if (child == 0) {
        int length = pages * PAGE;
        results->child_saw = read(zero, area, length) == length && all_are(0);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    CHECK_EQ("kernel writes: the child's read filled its copy", results->child_saw, 1);
    CHECK("kernel writes: the parent's pages are untouched", all_are(1));
    close(zero);
    munmap(area, (size_t)pages * PAGE);
}

static void generations(void)
{
    enum { DEPTH = 8 };
    area = new_area(MAP_PRIVATE);
    faults_of_writing(0);
    int depth = 0;
    pid_t child;
    while (depth < DEPTH && (child = check_fork()) == 0) {
        depth++;
        area[depth * PAGE + 5] = depth;
    }
    int status = 0, right = 1;
    for (int i = 1; i < pages; i++)
        right &= area[i * PAGE + 5] == (i <= depth ? i : 0);
    if (depth < DEPTH)
        waitpid(child, &status, 0);
    if (depth > 0)
        _exit(right && status == 0 ? 0 : 1);
    CHECK_EQ("generations: eight deep, each sees its ancestors' writes", status, 0);
    CHECK("generations: the first sees none", right && all_are(0));
    munmap(area, (size_t)pages * PAGE);
}

static void shared_stays_shared(void)
{
    area = new_area(MAP_SHARED);
    faults_of_writing(1);
    pid_t child = check_fork();
    if (child == 0) {
        faults_of_writing(2);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    CHECK("shared: the child's writes are seen", all_are(2));
    munmap(area, (size_t)pages * PAGE);
}

// mprotect after fork must not make a shared page writable in place.
static void protection(void)
{
    area = new_area(MAP_PRIVATE);
    faults_of_writing(1);
    pid_t child = check_fork();
    if (child == 0) {
        mprotect(area, (size_t)pages * PAGE, PROT_READ);
        mprotect(area, (size_t)pages * PAGE, PROT_READ | PROT_WRITE);
        faults_of_writing(2);
        _exit(!all_are(2));
    }
    int status;
    waitpid(child, &status, 0);
    CHECK_EQ("protection: the child writes after mprotect", status, 0);
    CHECK("protection: the parent does not see it", all_are(1));
    munmap(area, (size_t)pages * PAGE);
}

// Field 10 of /proc/self/stat is the same count.
static void stat_agrees(void)
{
    char text[512];
    int file = open("/proc/self/stat", O_RDONLY);
    long before = minor_faults();
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
    long after = minor_faults(), counted = -1;
    if (length > 0) {
        text[length] = 0;
        char *rest = strrchr(text, ')');
        if (rest)
            sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %ld", &counted);
    }
    CHECK("/proc/self/stat: minflt agrees with getrusage", counted >= before && counted <= after);
    close(file);
}

int main(int argc, char **argv)
{
    pages = argc > 1 ? atoi(argv[1]) : 64;
    check_begin(50);
    results = check_shared(sizeof *results);
    demand_zero();
    child_writes_first();
    parent_writes_first();
    kernel_writes();
    generations();
    shared_stays_shared();
    protection();
    stat_agrees();
    return check_end();
}
