; Where the other processors begin: in real mode, in a copy of this code below 1 MiB. To long mode with a root table that maps
; the copy one to one, then, in the kernel image, to the kernel's own root, and to C# on the idle context's stack.
TRAMPOLINE      equ 0x8000              ; as in Cpu/Smp.cs
CR4_SET         equ (1 << 5) | (1 << 7) | (1 << 9) | (1 << 10)  ; PAE, PGE, OSFXSR, OSXMMEXCPT
CR0_CLEAR       equ (1 << 30) | (1 << 29) | (1 << 3) | (1 << 2) ; CD, NW, TS, EM
CR0_SET         equ (1 << 31) | (1 << 16) | (1 << 1) | 1        ; PG, WP, MP, PE
MSR_EFER        equ 0xc0000080
EFER_SET        equ (1 << 11) | (1 << 8) | (1 << 0)             ; NXE, LME, SCE

%define here(label) (TRAMPOLINE + label - trampoline)

section .rodata
align 16
bits 16
trampoline:
    cli
    cld
    xor     ax, ax
    mov     ds, ax
    lgdt    [here(gdt_pointer)]
    mov     eax, cr4
    or      eax, CR4_SET
    mov     cr4, eax
    mov     eax, [here(root)]
    mov     cr3, eax
    mov     ecx, MSR_EFER
    rdmsr
    or      eax, EFER_SET
    wrmsr
    mov     eax, cr0
    and     eax, ~CR0_CLEAR
    or      eax, CR0_SET
    mov     cr0, eax
    jmp     dword 0x08:here(long_mode)

bits 64
long_mode:
    mov     eax, 0x10
    mov     ds, eax
    mov     es, eax
    mov     ss, eax
    mov     rsp, [here(stack)]
    mov     rdi, [here(kernel_root)]
    mov     rax, [here(entry)]
    jmp     rax

align 8
gdt:
    dq 0
    dq 0x00af9a000000ffff
    dq 0x00cf92000000ffff
gdt_pointer:
    dw $ - gdt - 1
    dd here(gdt)
align 8
root:           dq 0
kernel_root:    dq 0
stack:          dq 0
entry:          dq 0
trampoline_end:

section .text
extern machine_start_secondary
secondary:
    mov     cr3, rdi
    xor     ebp, ebp
    call    machine_start_secondary
    ud2

global trampoline_start, trampoline_bytes, secondary_entry
trampoline_start:
    lea     rax, [rel trampoline]
    ret
trampoline_bytes:
    mov     eax, trampoline_end - trampoline
    ret
secondary_entry:
    lea     rax, [rel secondary]
    ret

section .note.GNU-stack noalloc noexec nowrite progbits
