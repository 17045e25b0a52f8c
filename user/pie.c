// A static position-independent program: it is loaded somewhere random, relocates itself, and its auxiliary vector
// says where it is.
// libc: glibc
// flags: -static-pie
#include "check.h"
#include <elf.h>
#include <sys/auxv.h>

extern const char __ehdr_start[];
static int datum = 5;
static int *volatile relocated = &datum;
static void (*volatile function)(int) = check_overdue;

static unsigned long own_base(void) { return (unsigned long)__ehdr_start; }

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        unsigned long base = own_base();
        return write(1, &base, sizeof base) != sizeof base;
    }
    check_begin(20);
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)__ehdr_start;
    CHECK_EQ("the file is of type DYN", header->e_type, ET_DYN);
    CHECK("the base is page-aligned and not 0", own_base() != 0 && (own_base() & 4095) == 0);
    CHECK("data is relocated", *relocated == 5 && relocated == &datum);
    CHECK("a function pointer is relocated", function == check_overdue);
    CHECK_EQ("AT_PHDR", getauxval(AT_PHDR), own_base() + header->e_phoff);
    CHECK_EQ("AT_PHNUM", getauxval(AT_PHNUM), header->e_phnum);
    CHECK_EQ("AT_ENTRY", getauxval(AT_ENTRY), own_base() + header->e_entry);
    CHECK_EQ("AT_BASE: no interpreter", getauxval(AT_BASE), 0);

    unsigned long bases[3] = { 0 };
    for (int i = 0; i < 3; i++) {
        int ends[2], status = -1;
        if (pipe(ends))
            return check_end();
        pid_t child = check_fork();
        if (child == 0) {
            dup2(ends[1], 1);
            execl("/proc/self/exe", "pie", "where", (char *)NULL);
            _exit(126);
        }
        close(ends[1]);
        CHECK_EQ(check_name("run %d says where it is", i + 1), read(ends[0], &bases[i], sizeof bases[i]), 8);
        waitpid(child, &status, 0);
        CHECK_EQ(check_name("run %d ends well", i + 1), status, 0);
        close(ends[0]);
    }
    CHECK("the place differs from run to run", bases[0] != bases[1] || bases[1] != bases[2]);
    return check_end();
}
