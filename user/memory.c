// Address spaces: brk, mmap (anonymous, of files, fixed, without replacing), munmap that splits, mprotect, mremap, madvise,
// faults with the right siginfo, stack growth and its limit, memory shared over fork, RLIMIT_AS and RLIMIT_DATA, and
// requests that no machine can grant.
// cpus: 1 2
#include "check.h"
#include <setjmp.h>
#include <sys/resource.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
enum { PAGE = 4096, RW = PROT_READ | PROT_WRITE, ANON = MAP_PRIVATE | MAP_ANONYMOUS };

static sigjmp_buf resume;
static volatile siginfo_t fault;

static void on_fault(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    memcpy((void *)&fault, info, sizeof fault);
    siglongjmp(resume, 1);
}

// Touches an address; gives 0, or the signal if it faulted.
static int reading(const volatile char *address)
{
    if (sigsetjmp(resume, 1))
        return fault.si_signo;
    (void)*address;
    return 0;
}

static int writing(volatile char *address)
{
    if (sigsetjmp(resume, 1))
        return fault.si_signo;
    *address = 7;
    return 0;
}

static int is_fault(int signal, int code, const void *address)
{
    return signal == SIGSEGV && fault.si_code == code && fault.si_addr == address;
}

static char *map(void *where, size_t size, int protection, int flags)
{
    return mmap(where, size, protection, flags, -1, 0);
}

static void program_break(void)
{
    char *start = (char *)syscall(SYS_brk, 0);
    char *grown = (char *)syscall(SYS_brk, start + 10 * PAGE + 1);
    CHECK("brk: grows to the byte", grown == start + 10 * PAGE + 1);
    CHECK("brk: new memory is zero", start[0] == 0 && start[10 * PAGE] == 0);
    memset(start, 1, 10 * PAGE);
    CHECK("brk: shrinks", (char *)syscall(SYS_brk, start) == start);
    char *next_page = (char *)(((unsigned long)start + PAGE - 1) & -PAGE);
    CHECK("brk: what is given back is gone", writing(next_page + PAGE) == SIGSEGV);
    syscall(SYS_brk, start + 10 * PAGE);
    CHECK_EQ("brk: and zero when it grows again", next_page[PAGE], 0);
    CHECK("brk: below the start is refused", (char *)syscall(SYS_brk, 16) == start + 10 * PAGE);
    CHECK("brk: into the kernel is refused", (char *)syscall(SYS_brk, 0xffffffff81000000) == start + 10 * PAGE);
    syscall(SYS_brk, start);
}

static void anonymous(void)
{
    char *area = map(NULL, 8 * PAGE, RW, ANON);
    CHECK("mmap: a page-aligned address", area != MAP_FAILED && ((unsigned long)area & (PAGE - 1)) == 0);
    int zero = 1;
    for (int i = 0; i < 8 * PAGE; i++)
        zero &= area[i] == 0;
    CHECK("mmap: zero", zero);

    char *fixed = map(area + 2 * PAGE, PAGE, RW, ANON | MAP_FIXED);
    memset(area, 5, 8 * PAGE);
    CHECK("fixed: exactly there", fixed == area + 2 * PAGE);
    CHECK("fixed: replaces", map(fixed, PAGE, RW, ANON | MAP_FIXED) == fixed && fixed[0] == 0 && fixed[-1] == 5 && fixed[PAGE] == 5);
    CHECK_ERR("noreplace: EEXIST", map(area, PAGE, RW, ANON | MAP_FIXED_NOREPLACE), EEXIST);
    CHECK_EQ("noreplace: nothing was lost", area[0], 5);
    CHECK("hint: an occupied one is not replaced", (fixed = map(area, PAGE, RW, ANON)) != area && fixed != MAP_FAILED && area[0] == 5);
    munmap(fixed, PAGE);
    memset(area, 5, 8 * PAGE);

    CHECK_OK("munmap: a hole in the middle", munmap(area + 3 * PAGE, 2 * PAGE));
    CHECK("munmap: the hole faults", is_fault(reading(area + 3 * PAGE + 9), SEGV_MAPERR, area + 3 * PAGE + 9));
    CHECK("munmap: both sides stay", area[3 * PAGE - 1] == 5 && area[5 * PAGE] == 5);
    CHECK("noreplace: the hole is free", map(area + 3 * PAGE, 2 * PAGE, RW, ANON | MAP_FIXED_NOREPLACE) == area + 3 * PAGE);
    CHECK_OK("munmap: over holes and several areas", munmap(area, 8 * PAGE));
    CHECK_OK("munmap: of nothing", munmap(area, 8 * PAGE));
    CHECK("munmap: all gone", reading(area) == SIGSEGV && reading(area + 7 * PAGE) == SIGSEGV);

    CHECK_ERR("mmap: length 0", map(NULL, 0, RW, ANON), EINVAL);
    CHECK_ERR("mmap: neither private nor shared", map(NULL, PAGE, RW, MAP_ANONYMOUS), EINVAL);
    CHECK_ERR("mmap: fixed and unaligned", map((void *)0x10001, PAGE, RW, ANON | MAP_FIXED), EINVAL);
    CHECK_ERR("mmap: fixed in the kernel", map((void *)0xffffffff81000000, PAGE, RW, ANON | MAP_FIXED), ENOMEM);
    CHECK_ERR("mmap: no file", mmap(NULL, PAGE, RW, MAP_PRIVATE, -1, 0), EBADF);
    CHECK_ERR("mmap: offset not of a page", syscall(SYS_mmap, NULL, PAGE, RW, MAP_PRIVATE, 0, 5), EINVAL);
    CHECK_ERR("mmap: more than there are addresses", map(NULL, 1ul << 47, RW, ANON), ENOMEM);
    CHECK_ERR("mmap: a length that wraps round", syscall(SYS_mmap, NULL, -4096L, RW, ANON, -1, 0), ENOMEM);
    CHECK_ERR("munmap: unaligned", munmap((void *)0x10001, PAGE), EINVAL);
    CHECK_ERR("munmap: length 0", munmap((void *)0x10000, 0), EINVAL);
    CHECK_ERR("munmap: the kernel", munmap((void *)0xffffffff81000000, PAGE), EINVAL);
}

static void protection(void)
{
    char *area = map(NULL, 6 * PAGE, RW, ANON);
    memset(area, 3, 6 * PAGE);
    CHECK_OK("mprotect: read only in the middle", mprotect(area + 2 * PAGE, 2 * PAGE, PROT_READ));
    CHECK("mprotect: readable", reading(area + 2 * PAGE) == 0);
    CHECK("mprotect: a write faults with SEGV_ACCERR", is_fault(writing(area + 2 * PAGE + 8), SEGV_ACCERR, area + 2 * PAGE + 8));
    CHECK("mprotect: the neighbours are writable", writing(area + 2 * PAGE - 1) == 0 && writing(area + 4 * PAGE) == 0);
    mprotect(area, PAGE, PROT_NONE);
    CHECK("PROT_NONE: a read faults with SEGV_ACCERR", is_fault(reading(area), SEGV_ACCERR, area));
    CHECK_OK("mprotect: back, over all", mprotect(area, 6 * PAGE, RW));
    CHECK("mprotect: contents are kept", area[0] == 3 && area[2 * PAGE] == 3 && writing(area) == 0);

    area[0] = (char)0xc3;   // ret
    if (sigsetjmp(resume, 1) == 0) {
        ((void (*)(void))area)();
        check_fail("no execute: data does not run", "expected a fault, got a return");
    } else
        CHECK("no execute: data does not run", is_fault(fault.si_signo, SEGV_ACCERR, area));
    mprotect(area, PAGE, PROT_READ | PROT_EXEC);
    ((void (*)(void))area)();
    check_pass("execute: it runs when allowed to");

    munmap(area + PAGE, PAGE);
    CHECK_ERR("mprotect: a hole", mprotect(area, 3 * PAGE, PROT_READ), ENOMEM);
    CHECK_ERR("mprotect: unaligned", syscall(SYS_mprotect, area + 1, PAGE, PROT_READ), EINVAL);
    munmap(area, 6 * PAGE);
    CHECK("text is not writable", is_fault(writing((char *)(unsigned long)protection), SEGV_ACCERR, (void *)(unsigned long)protection));
}

static void remapping(void)
{
    char *area = map(NULL, 20 * PAGE, RW, ANON);
    munmap(area + 4 * PAGE, 16 * PAGE);
    for (int i = 0; i < 4; i++)
        area[i * PAGE] = i + 1;
    CHECK("mremap: grows in place into free space", mremap(area, 4 * PAGE, 6 * PAGE, 0) == area);
    CHECK("mremap: the new part is zero and writable", area[5 * PAGE] == 0 && writing(area + 5 * PAGE) == 0);
    CHECK("mremap: shrinks in place", mremap(area, 6 * PAGE, 4 * PAGE, 0) == area && reading(area + 4 * PAGE) == SIGSEGV);
    char *block = map(area + 4 * PAGE, PAGE, RW, ANON | MAP_FIXED);
    // Its own protection keeps the block from merging with the area.
    mprotect(block, PAGE, PROT_READ);
    CHECK_ERR("mremap: no room and may not move", mremap(area, 4 * PAGE, 6 * PAGE, 0), ENOMEM);
    char *moved = mremap(area, 4 * PAGE, 6 * PAGE, MREMAP_MAYMOVE);
    CHECK("mremap: moves", moved != MAP_FAILED && moved != area);
    CHECK("mremap: with its contents", moved[0] == 1 && moved[3 * PAGE] == 4 && moved[5 * PAGE] == 0);
    CHECK("mremap: the old place is free", reading(area) == SIGSEGV);
    char *target = map(NULL, 6 * PAGE, RW, ANON);
    CHECK("mremap: to a fixed place", mremap(moved, 6 * PAGE, 6 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target && target[PAGE] == 2);
    CHECK_ERR("mremap: overlap", mremap(target, 6 * PAGE, 6 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target + PAGE), EINVAL);
    CHECK_ERR("mremap: fixed needs maymove", mremap(target, PAGE, PAGE, MREMAP_FIXED, area), EINVAL);
    CHECK_ERR("mremap: of nothing", mremap(area, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT);
    CHECK_ERR("mremap: new size 0", mremap(target, PAGE, 0, MREMAP_MAYMOVE), EINVAL);
    munmap(target, 6 * PAGE);
    munmap(block, PAGE);
}

static void advice(void)
{
    char *area = map(NULL, 4 * PAGE, RW, ANON);
    memset(area, 9, 4 * PAGE);
    CHECK_OK("madvise: DONTNEED", madvise(area + PAGE, 2 * PAGE, MADV_DONTNEED));
    CHECK("madvise: zero again, the rest kept", area[0] == 9 && area[PAGE] == 0 && area[3 * PAGE - 1] == 0 && area[3 * PAGE] == 9);
    CHECK_ERR("madvise: unaligned", madvise(area + 1, PAGE, MADV_DONTNEED), EINVAL);
    CHECK_ERR("madvise: no such advice", madvise(area, PAGE, 9999), EINVAL);
    munmap(area, 2 * PAGE);
    CHECK_ERR("madvise: a hole", madvise(area, 4 * PAGE, MADV_DONTNEED), ENOMEM);
    munmap(area, 4 * PAGE);
}

static void files(void)
{
    check_scratch();
    int fd = open("file", O_RDWR | O_CREAT, 0600);
    static char text[2 * PAGE + 100];
    memset(text, 'a', sizeof text);
    text[PAGE] = 'b';
    CHECK_EQ("file: written", write(fd, text, sizeof text), (long)sizeof text);
    char *area = mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE, fd, 0);
    CHECK("file: private mapping", area != MAP_FAILED);
    CHECK("file: contents", area[0] == 'a' && area[PAGE] == 'b' && area[2 * PAGE + 99] == 'a');
    CHECK_EQ("file: the rest of the last page is zero", area[2 * PAGE + 100], 0);
    CHECK("file: beyond its end is SIGBUS", reading(area + 3 * PAGE) == SIGBUS && fault.si_addr == area + 3 * PAGE);
    area[0] = 'X';
    char byte;
    CHECK("file: a private write stays private", pread(fd, &byte, 1, 0) == 1 && byte == 'a');
    char *second = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE);
    CHECK("file: with an offset", second != MAP_FAILED && second[0] == 'b');
    close(fd);
    CHECK_EQ("file: stays mapped when closed", second[1], 'a');
    pid_t child = check_fork();
    if (child == 0)
        _exit(area[0] == 'X' && second[0] == 'b' ? 0 : 1);
    int status;
    waitpid(child, &status, 0);
    CHECK_EQ("file: a child sees the same", status, 0);
    munmap(area, 4 * PAGE);
    munmap(second, PAGE);
    fd = open("file", O_WRONLY);
    CHECK_ERR("file: not open for reading", mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0), EACCES);
    close(fd);
}

static void shared(void)
{
    volatile int *words = check_shared(2 * PAGE);
    pid_t child = check_fork();
    if (child == 0) {
        words[0] = 17;
        words[PAGE / 4] = 18;
        if (check_fork() == 0) {
            words[1] = 19;
            _exit(0);
        }
        wait(NULL);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    CHECK("shared: a child's and a grandchild's writes", words[0] == 17 && words[PAGE / 4] == 18 && words[1] == 19);
    munmap((void *)words, 2 * PAGE);
}

// ---- Limits ------------------------------------------------------------------------------------------------

static int deep(int pages)
{
    volatile char frame[PAGE];
    frame[pages & (PAGE - 1)] = 1;
    return pages == 0 ? 0 : deep(pages - 1) + frame[pages & (PAGE - 1)];
}

static int within_stack(void) { return deep(1500) == 1500 ? 0 : 1; }      // 6 MB of the usual 8
static int beyond_stack(void)
{
    struct rlimit limit = { 1 << 20, 1 << 20 };
    struct rlimit no_core = { 0, 0 };
    setrlimit(RLIMIT_CORE, &no_core);
    setrlimit(RLIMIT_STACK, &limit);
    signal(SIGSEGV, SIG_DFL);
    return deep(1500);
}

static int far_below_stack(void)
{
    // Below the limit the stack does not grow, however the address was reached.
    unsigned long here = (unsigned long)__builtin_frame_address(0);
    return writing((char *)(here - (64ul << 20))) == SIGSEGV ? 0 : 1;
}

static int address_limit(void)
{
    struct rlimit limit = { 64 << 20, 64 << 20 };
    setrlimit(RLIMIT_AS, &limit);
    int right = map(NULL, 256 << 20, RW, ANON) == MAP_FAILED && errno == ENOMEM;
    right += map(NULL, 1 << 20, RW, ANON) != MAP_FAILED;
    long end = syscall(SYS_brk, 0);
    right += syscall(SYS_brk, end + (256 << 20)) == end;
    return right;
}

static int data_limit(void)
{
    struct rlimit limit = { 16 << 20, 16 << 20 };
    setrlimit(RLIMIT_DATA, &limit);
    long end = syscall(SYS_brk, 0);
    return syscall(SYS_brk, end + (64 << 20)) == end ? 0 : 1;
}

// More areas than most tables have room for at first.
static int many_areas(void)
{
    int count = 0;
    for (; count < 2000; count++) {
        char *page = map(NULL, PAGE, count & 1 ? RW : PROT_READ, ANON);
        if (page == MAP_FAILED)
            return errno == ENOMEM ? 0 : 1;
    }
    return 0;
}

static void limits(void)
{
    CHECK_EQ("stack: grows to 6 MB", check_status(within_stack), 0);
    CHECK_EQ("stack: not over its limit", check_status(beyond_stack) & 0x7f, KILLED(SIGSEGV));
    CHECK_EQ("stack: not far below the limit", check_status(far_below_stack), 0);
    CHECK_EQ("RLIMIT_AS: binds mmap and brk", check_status(address_limit), EXITED(3));
    CHECK_EQ("RLIMIT_DATA: binds brk", check_status(data_limit), 0);
    CHECK_EQ("2000 areas, or ENOMEM", check_status(many_areas), 0);
}

int main(void)
{
    check_begin(50);
    struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    program_break();
    anonymous();
    protection();
    remapping();
    advice();
    files();
    shared();
    limits();
    return check_end();
}
