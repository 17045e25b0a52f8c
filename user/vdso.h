// Finds the functions that the kernel lends to programs, as a C library does: through AT_SYSINFO_EHDR and the object's own tables.
#ifndef VDSO_H
#define VDSO_H

#include <elf.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/time.h>
#include <time.h>

struct vdso {
    const char *base;
    Elf64_Addr bias;
    const Elf64_Sym *symbols;
    const char *strings;
    const Elf64_Versym *versions;
    const Elf64_Verdef *definitions;
    const Elf64_Word *hash;
    unsigned long bytes;
    int (*clock_gettime)(clockid_t, struct timespec *);
    int (*clock_getres)(clockid_t, struct timespec *);
    int (*gettimeofday)(struct timeval *, void *);
    time_t (*time)(time_t *);
    int (*getcpu)(unsigned *, unsigned *, void *);
};

static struct vdso vdso;

static int vdso_has_version(int symbol, const char *wanted)
{
    const Elf64_Verdef *at = vdso.definitions;
    for (; at; at = at->vd_next ? (const void *)((const char *)at + at->vd_next) : 0)
        if ((at->vd_ndx & 0x7fff) == (vdso.versions[symbol] & 0x7fff)) {
            const Elf64_Verdaux *name = (const void *)((const char *)at + at->vd_aux);
            return !(at->vd_flags & VER_FLG_BASE) && !strcmp(vdso.strings + name->vda_name, wanted);
        }
    return 0;
}

// The symbol's index, or 0. Looks through all of them: the number is the hash table's second word.
static int vdso_index(const char *name)
{
    for (unsigned i = 1; i < vdso.hash[1]; i++)
        if (!strcmp(vdso.strings + vdso.symbols[i].st_name, name) && vdso.symbols[i].st_shndx && vdso_has_version(i, "LINUX_2.6"))
            return i;
    return 0;
}

static void *vdso_find(const char *name)
{
    int index = vdso_index(name);
    return index ? (void *)(vdso.bias + vdso.symbols[index].st_value) : 0;
}

// 0: there is none.
static int vdso_open(void)
{
    const Elf64_Ehdr *header = (const void *)getauxval(AT_SYSINFO_EHDR);
    if (!header || memcmp(header->e_ident, ELFMAG, SELFMAG))
        return 0;
    const Elf64_Phdr *program = (const void *)((const char *)header + header->e_phoff);
    const Elf64_Dyn *dynamic = 0;
    vdso.base = (const char *)header;
    for (int i = 0; i < header->e_phnum; i++)
        if (program[i].p_type == PT_LOAD) {
            vdso.bias = (Elf64_Addr)header + program[i].p_offset - program[i].p_vaddr;
            vdso.bytes = (program[i].p_memsz + 4095) & ~4095ul;
        } else if (program[i].p_type == PT_DYNAMIC)
            dynamic = (const void *)((const char *)header + program[i].p_offset);
    for (; dynamic && dynamic->d_tag; dynamic++) {
        const void *at = (const void *)(vdso.bias + dynamic->d_un.d_ptr);
        switch (dynamic->d_tag) {
        case DT_SYMTAB: vdso.symbols = at; break;
        case DT_STRTAB: vdso.strings = at; break;
        case DT_VERSYM: vdso.versions = at; break;
        case DT_VERDEF: vdso.definitions = at; break;
        case DT_HASH: vdso.hash = at; break;
        }
    }
    if (!vdso.symbols || !vdso.strings || !vdso.versions || !vdso.definitions || !vdso.hash)
        return 0;
    vdso.clock_gettime = vdso_find("__vdso_clock_gettime");
    vdso.clock_getres = vdso_find("__vdso_clock_getres");
    vdso.gettimeofday = vdso_find("__vdso_gettimeofday");
    vdso.time = vdso_find("__vdso_time");
    vdso.getcpu = vdso_find("__vdso_getcpu");
    return vdso.clock_gettime && vdso.clock_getres && vdso.gettimeofday && vdso.time && vdso.getcpu;
}

static inline long long vdso_clock(clockid_t clock)
{
    struct timespec time;
    return vdso.clock_gettime(clock, &time) ? -1 : time.tv_sec * 1000000000ll + time.tv_nsec;
}

static inline long long kernel_clock(clockid_t clock)
{
    struct timespec time;
    return syscall(SYS_clock_gettime, clock, &time) ? -1 : time.tv_sec * 1000000000ll + time.tv_nsec;
}

#endif
