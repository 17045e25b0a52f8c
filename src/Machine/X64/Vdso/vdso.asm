; Code that user programs call in place of system calls: clocks and the CPU's number. Linked into a small shared object of its own
; (vdso.ld), which the kernel maps into every program with the page of clock values right below it. man 7 vdso.
; Runs in user mode, so that no mistake here can hurt more than the program that calls it. System V calling convention; no function
; touches the stack. The page changes under a sequence counter: odd while the kernel writes; whoever saw it change begins again.
; The arithmetic is that of clock_now (Entry/instructions.asm) on the same numbers, so that both ways of asking tell one time.
default rel

; Words of the page: Contract/UserCode.cs.
SEQUENCE        equ 0
USES_CYCLES     equ 1
START           equ 2
MULTIPLIER      equ 3
COARSE_GRAIN    equ 4
CPU_NUMBER_WAY  equ 5
OFFSETS         equ 8           ; one for each clock
MACHINE_BASE    equ 20
MONOTONIC_BASE  equ 21
ADJUSTMENT      equ 22          ; signed, in 2^-32

RAW             equ 4           ; the clock that is never slewed

; Clocks by number: REALTIME 0, MONOTONIC 1, MONOTONIC_RAW 4, REALTIME_COARSE 5, MONOTONIC_COARSE 6, BOOTTIME 7, TAI 11.
; The others, CPU time among them, are the kernel's to tell.
SERVED          equ 1 << 0 | 1 << 1 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 11
COARSE          equ 1 << 5 | 1 << 6
CLOCKS          equ 12

SYS_GETTIMEOFDAY equ 96
SYS_TIME        equ 201
SYS_CLOCK_GETTIME equ 228
SYS_CLOCK_GETRES equ 229

SECOND          equ 1000000000
CPU_SELECTOR    equ 0x53        ; a segment whose limit is the CPU's number: Cpu/CpuArea.cs
CPU_MASK        equ 0xfff       ; above it is the node's number, which is zero

extern __ehdr_start
%define word_of(n) [r8 - 4096 + 8 * (n)]

; A function under its own name and, weakly, under the C library's.
%macro exported 1
align 16
global __vdso_%1:function (%1_end - __vdso_%1)
global %1:function weak (%1_end - __vdso_%1)
__vdso_%1:
%1:
%endmacro

; rax: nanoseconds that clock edi shows. Goes to the label when the kernel must be asked. Leaves rdi (extended) and rsi alone.
%macro read_clock 1
    cmp     edi, CLOCKS
    jae     %1
    mov     edi, edi
    mov     eax, SERVED
    bt      eax, edi
    jnc     %1
    lea     r8, [__ehdr_start]
%%again:
    mov     r9d, word_of(SEQUENCE)
    test    r9d, 1
    jnz     %%wait
    cmp     qword word_of(USES_CYCLES), 0
    je      %1
    lfence                      ; the counter is read after the sequence, and not ahead of the program
    rdtsc
    shl     rdx, 32
    or      rax, rdx
    sub     rax, word_of(START)
    mul     qword word_of(MULTIPLIER)
    shrd    rax, rdx, 32
    cmp     edi, RAW
    je      %%fine
    sub     rax, word_of(MACHINE_BASE)
    mov     r10, word_of(ADJUSTMENT)
    test    r10, r10
    jz      %%even
    mov     r11, rax
    imul    r10                 ; rounds down, as the kernel does
    shrd    rax, rdx, 32
    add     rax, r11
%%even:
    add     rax, word_of(MONOTONIC_BASE)
    mov     ecx, COARSE
    bt      ecx, edi
    jnc     %%fine
    mov     r10, rax            ; coarse clocks show the last tick
    xor     edx, edx
    div     qword word_of(COARSE_GRAIN)
    sub     r10, rdx
    mov     rax, r10
%%fine:
    add     rax, [r8 - 4096 + 8 * OFFSETS + 8 * rdi]
    cmp     r9d, word_of(SEQUENCE)
    je      %%done
%%wait:
    pause
    jmp     %%again
%%done:
%endmacro

; rax: seconds, rdx: nanoseconds that are left over.
%macro split_seconds 0
    xor     edx, edx
    mov     ecx, SECOND
    div     rcx
%endmacro

section .text
text_start:

; int clock_gettime(clockid_t clock, struct timespec *time)
exported clock_gettime
    read_clock .kernel
    split_seconds
    mov     [rsi], rax
    mov     [rsi + 8], rdx
    xor     eax, eax
    ret
.kernel:
    mov     eax, SYS_CLOCK_GETTIME
    syscall
    ret
clock_gettime_end:

; int gettimeofday(struct timeval *time, struct timezone *zone): the zone of old is the kernel's to tell.
exported gettimeofday
    test    rsi, rsi
    jnz     .kernel
    test    rdi, rdi
    jz      .kernel
    mov     rsi, rdi
    xor     edi, edi
    read_clock .kernel_again
    split_seconds
    mov     [rsi], rax
    mov     eax, edx
    xor     edx, edx
    mov     ecx, 1000
    div     ecx
    mov     [rsi + 8], rax
    xor     eax, eax
    ret
.kernel_again:
    mov     rdi, rsi
    xor     esi, esi
.kernel:
    mov     eax, SYS_GETTIMEOFDAY
    syscall
    ret
gettimeofday_end:

; time_t time(time_t *time)
exported time
    mov     rsi, rdi
    xor     edi, edi
    read_clock .kernel
    split_seconds
    test    rsi, rsi
    jz      .done
    mov     [rsi], rax
.done:
    ret
.kernel:
    mov     rdi, rsi
    mov     eax, SYS_TIME
    syscall
    ret
time_end:

; int clock_getres(clockid_t clock, struct timespec *resolution): one nanosecond, or the tick.
exported clock_getres
    cmp     edi, CLOCKS
    jae     .kernel
    mov     eax, SERVED
    bt      eax, edi
    jnc     .kernel
    lea     r8, [__ehdr_start]
    cmp     qword word_of(USES_CYCLES), 0
    je      .kernel
    test    rsi, rsi
    jz      .done
    mov     ecx, 1
    mov     eax, COARSE
    bt      eax, edi
    jnc     .write
    mov     rcx, word_of(COARSE_GRAIN)
.write:
    mov     qword [rsi], 0
    mov     [rsi + 8], rcx
.done:
    xor     eax, eax
    ret
.kernel:
    mov     eax, SYS_CLOCK_GETRES
    syscall
    ret
clock_getres_end:

; int getcpu(unsigned *cpu, unsigned *node, void *unused)
exported getcpu
    lea     r8, [__ehdr_start]
    cmp     qword word_of(CPU_NUMBER_WAY), 0
    je      .segment
    rdpid   rax
    jmp     .have
.segment:
    mov     ecx, CPU_SELECTOR
    lsl     eax, ecx
.have:
    mov     ecx, eax
    and     eax, CPU_MASK
    shr     ecx, 12
    test    rdi, rdi
    jz      .node
    mov     [rdi], eax
.node:
    test    rsi, rsi
    jz      .done
    mov     [rsi], ecx
.done:
    xor     eax, eax
    ret
getcpu_end:

text_end:

; For debuggers and unwinders: everywhere above, the return address is at [rsp].
section .eh_frame progbits alloc noexec nowrite align=8
cie:
    dd      .end - .start
.start:
    dd      0
    db      1, "zR", 0          ; version, augmentation: how addresses are encoded
    db      1, 0x78, 16         ; code in steps of 1, data in steps of -8; column 16 is the return address
    db      1, 0x1b             ; relative to their place, 32 bits
    db      0x0c, 7, 8          ; the frame is at rsp + 8
    db      0x90, 1             ; the return address is 8 below it
    align   8, db 0
.end:
fde:
    dd      .end - .start
.start:
    dd      .start - cie
    dd      text_start - $
    dd      text_end - text_start
    db      0
    align   8, db 0
.end:

section .note.GNU-stack noalloc noexec nowrite progbits
