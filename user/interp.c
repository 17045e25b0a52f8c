// Programs that name an interpreter (man 2 execve, "PT_INTERP"), both written by this one: the interpreter is entered, finds itself and
// the program through the auxiliary vector, and hands over; what cannot be an interpreter is refused with the documented error, and the
// caller goes on.
// cpus: 1 2
#include "check.h"
#include <elf.h>
#include <stddef.h>

// ---- The interpreter: code that stands alone in its section, written to a file of its own ---------------------

#define INTERPRETER __attribute__((section("interpreter"), used, noinline))
extern const char __start_interpreter[], __stop_interpreter[];

INTERPRETER __attribute__((naked, noreturn)) static void interpreter_entry(void)
{
    __asm__("mov %rsp, %rdi\n lea interpreter_entry(%rip), %rsi\n and $-16, %rsp\n call interpret\n mov %eax, %edi\n mov $60, %eax\n syscall");
}

INTERPRETER static unsigned long value_of(const unsigned long *auxiliary, unsigned long type)
{
    for (; auxiliary[0]; auxiliary += 2)
        if (auxiliary[0] == type)
            return auxiliary[1];
    return 0;
}

// The first argument's first letter says what to do; the exit status is 33, or how far it got.
INTERPRETER int interpret(const unsigned long *stack, unsigned long entry)
{
    const char *mode = (const char *)stack[2];
    const unsigned long *auxiliary = stack + 1 + stack[0] + 1;
    while (*auxiliary++) { }
    const Elf64_Phdr *program = (const void *)value_of(auxiliary, AT_PHDR);
    const Elf64_Ehdr *header = (const void *)((unsigned long)program - sizeof *header);
    unsigned long bias = header->e_type == ET_DYN ? (unsigned long)header : 0;
    if (value_of(auxiliary, AT_BASE) != (entry & ~0xffful) - 0x1000)
        return 1;
    if (header->e_ident[1] != 'E' || header->e_phnum != value_of(auxiliary, AT_PHNUM) || program[0].p_type != PT_INTERP)
        return 2;
    if (value_of(auxiliary, AT_ENTRY) != header->e_entry + bias)
        return 3;
    if (mode[0] == 'a' && ((unsigned long)header % 0x200000 || program[1].p_align != 0x200000))
        return 4;
    if (mode[0] == 'h')
        ((void (*)(void))value_of(auxiliary, AT_ENTRY))();
    return 33;
}

// ---- The programs ---------------------------------------------------------------------------------------------

struct program {
    Elf64_Ehdr header;
    Elf64_Phdr interp, load;
    char code[16];
    char name[4200];
};

struct interpreter {
    Elf64_Ehdr header;
    Elf64_Phdr load;
    char code[4096] __attribute__((aligned(4096)));
};

// exit(44)
static const char code[] = { '\xb8', 60, 0, 0, 0, '\xbf', 44, 0, 0, 0, '\x0f', '\x05' };

static Elf64_Ehdr header_of(int type, unsigned long entry, int headers)
{
    Elf64_Ehdr header = {
        .e_type = type, .e_machine = EM_X86_64, .e_version = 1, .e_entry = entry, .e_phoff = sizeof header, .e_ehsize = sizeof header,
        .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = headers,
    };
    memcpy(header.e_ident, ELFMAG "\2\1\1", 7);
    return header;
}

static struct program make(int type, const char *interpreter)
{
    struct program it;
    unsigned long base = type == ET_EXEC ? 0x20000000 : 0;
    memset(&it, 0, sizeof it);
    it.header = header_of(type, base + offsetof(struct program, code), 2);
    it.interp = (Elf64_Phdr){ PT_INTERP, PF_R, offsetof(struct program, name), 0, 0, strlen(interpreter) + 1, 0, 1 };
    it.load = (Elf64_Phdr){ PT_LOAD, PF_R | PF_X, 0, base, base, sizeof it, sizeof it, 0x1000 };
    memcpy(it.code, code, sizeof code);
    snprintf(it.name, sizeof it.name, "%s", interpreter);
    return it;
}

static struct interpreter make_interpreter(void)
{
    static struct interpreter it;
    size_t length = __stop_interpreter - __start_interpreter;
    it.header = header_of(ET_DYN, offsetof(struct interpreter, code) + ((const char *)interpreter_entry - __start_interpreter), 1);
    it.load = (Elf64_Phdr){ PT_LOAD, PF_R | PF_X, 0, 0, 0, sizeof it, sizeof it, 0x1000 };
    memcpy(it.code, __start_interpreter, length < sizeof it.code ? length : sizeof it.code);
    return it;
}

static void put(const char *path, const void *bytes, size_t length, int mode)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);
    if (file < 0 || write(file, bytes, length) != (ssize_t)length)
        check_fail(path, "expected to write it, got errno %d", errno);
    fchmod(file, mode);
    close(file);
}

static const char *run_mode;

static int run(void)
{
    execl("./program", "program", run_mode, NULL);
    return errno;
}

// The wait status of a program with this interpreter; EXITED(errno) when it could not be started.
static int status_of(const struct program *it, const char *mode)
{
    put("program", it, sizeof *it, 0755);
    run_mode = mode;
    return check_status(run);
}

static int status_with(const char *interpreter)
{
    struct program it = make(ET_DYN, interpreter);
    return status_of(&it, "stay");
}

static void entered(void)
{
    struct program fixed = make(ET_EXEC, "./interpreter"), movable = make(ET_DYN, "./interpreter");
    CHECK_EQ("a movable program: its interpreter runs", status_of(&movable, "stay"), EXITED(33));
    CHECK_EQ("a fixed program: its interpreter runs", status_of(&fixed, "stay"), EXITED(33));
    CHECK_EQ("the interpreter hands over to the movable program", status_of(&movable, "hand over"), EXITED(44));
    CHECK_EQ("the interpreter hands over to the fixed program", status_of(&fixed, "hand over"), EXITED(44));
    movable.load.p_align = 0x200000;
    CHECK_EQ("a program that wants to be aligned is", status_of(&movable, "aligned"), EXITED(33));
    struct program two = make(ET_DYN, "./interpreter");
    two.load = two.interp;
    two.interp.p_type = PT_NULL;
    two.header.e_phnum = 2;
    CHECK_EQ("a program with nothing to load is none", status_of(&two, "stay") == EXITED(33), 0);
}

static void refused(void)
{
    static char long_name[4096];
    char text[4096];
    memset(long_name, '/', sizeof long_name);
    strcpy(long_name + 4095 - strlen("interpreter"), "interpreter");
    long_name[0] = '.';
    CHECK_EQ("a name as long as a path may be", status_with(long_name), EXITED(33));
    CHECK_EQ("an interpreter that does not exist: ENOENT", status_with("./nothing"), EXITED(ENOENT));
    mkdir("directory", 0755);
    CHECK_EQ("a directory: EACCES", status_with("./directory"), EXITED(EACCES));
    put("plain", "#!/bin/sh\n", 10, 0644);
    CHECK_EQ("a file that must not be executed: EACCES", status_with("./plain"), EXITED(EACCES));
    CHECK_EQ("a name through a file: ENOTDIR", status_with("./plain/more"), EXITED(ENOTDIR));
    symlink("loop", "loop");
    CHECK_EQ("a name that never ends: ELOOP", status_with("./loop"), EXITED(ELOOP));
    memset(text, 'x', sizeof text);
    put("text", text, sizeof text, 0755);
    CHECK_EQ("a file of another kind: ELIBBAD", status_with("./text"), EXITED(ELIBBAD));
    struct program other = make(ET_DYN, "./none");
    other.header.e_machine = EM_AARCH64;
    put("other", &other, sizeof other, 0755);
    CHECK_EQ("an interpreter for another processor: ELIBBAD", status_with("./other"), EXITED(ELIBBAD));

    struct program it = make(ET_DYN, "./interpreter");
    it.name[strlen(it.name)] = 'x';
    CHECK_EQ("a name without an end: ENOEXEC", status_of(&it, "stay"), EXITED(ENOEXEC));
    it = make(ET_DYN, "./interpreter");
    it.interp.p_filesz = 1;
    CHECK_EQ("a name of no length: ENOEXEC", status_of(&it, "stay"), EXITED(ENOEXEC));
    it.interp.p_filesz = 4097;
    CHECK_EQ("a name that is too long: ENOEXEC", status_of(&it, "stay"), EXITED(ENOEXEC));
    it = make(ET_DYN, "./interpreter");
    it.interp.p_offset = sizeof it - 3;
    CHECK_EQ("a name beyond the end of the file: EIO", status_of(&it, "stay"), EXITED(EIO));
}

// What lies in the last page of data behind the data themselves is zeros: dynamic linkers make their first objects there.
static void rest_of_page(void)
{
    extern const char _end[];
    int others = 0;
    for (const char *at = _end; (unsigned long)at & 4095; at++)
        others += *at != 0;
    CHECK_EQ("behind the program's data all is zero to the page's end", others, 0);
}

int main(void)
{
    rest_of_page();
    check_begin(50);
    check_scratch();
    struct interpreter it = make_interpreter();
    put("interpreter", &it, sizeof it, 0755);
    entered();
    refused();
    return check_end();
}
