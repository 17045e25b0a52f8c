; The first instructions: from the PVH entry (32 bits, no paging) to C# in the higher half at -2 GiB.
; In: ebx = physical address of the hvm_start_info structure, which jiffy_boot gets as its argument.
; The page tables made here map the first 4 GiB twice, one to one and (the first GiB) at -2 GiB, all writable and executable;
; the machine replaces them by its own, which keep the two apart, as soon as it can allocate.

KERNEL_BASE     equ 0xffffffff80000000
PAGE_TABLE      equ 0x003               ; present, writable
PAGE_LARGE      equ 0x083               ; present, writable, 2 MiB
CR0_SET         equ (1 << 31) | (1 << 16) | (1 << 1) | 1        ; PG, WP, MP, PE
CR0_CLEAR       equ (1 << 30) | (1 << 29) | (1 << 3) | (1 << 2) ; CD, NW, TS, EM
CR4_SET         equ (1 << 5) | (1 << 9) | (1 << 10)             ; PAE, OSFXSR, OSXMMEXCPT
MSR_EFER        equ 0xc0000080
EFER_SET        equ (1 << 11) | (1 << 8) | (1 << 0)             ; NXE, LME, SCE
STACK_BYTES     equ 32 * 1024

; Tells the loader that the kernel starts at boot_start32 in PVH manner (Xen ELF note 18).
section .note.pvh note alloc noexec nowrite align=4
    dd 4, 4, 18
    db "Xen", 0
    dd boot_start32

section .boot.text progbits alloc exec nowrite align=16
bits 32
global boot_start32
boot_start32:
    cli
    cld
    mov     esi, ebx

    ; Four tables of 512 pages of 2 MiB: 4 GiB.
    mov     edi, boot_directories
    mov     eax, PAGE_LARGE
    xor     edx, edx
.fill:
    mov     [edi], eax
    mov     dword [edi + 4], 0
    add     edi, 8
    add     eax, 0x200000
    jnc     .fill

    mov     eax, boot_directories + PAGE_TABLE
    mov     edi, boot_pointers_low
    mov     ecx, 4
.link:
    mov     [edi], eax
    add     edi, 8
    add     eax, 4096
    loop    .link
    mov     dword [boot_pointers_high + 510 * 8], boot_directories + PAGE_TABLE
    mov     dword [boot_root], boot_pointers_low + PAGE_TABLE
    mov     dword [boot_root + 511 * 8], boot_pointers_high + PAGE_TABLE

    mov     eax, cr4
    or      eax, CR4_SET
    mov     cr4, eax
    mov     eax, boot_root
    mov     cr3, eax
    mov     ecx, MSR_EFER
    rdmsr
    or      eax, EFER_SET
    wrmsr
    mov     eax, cr0
    and     eax, ~CR0_CLEAR
    or      eax, CR0_SET
    mov     cr0, eax
    lgdt    [boot_gdt_pointer]
    jmp     0x08:boot_start64

bits 64
boot_start64:
    mov     eax, 0x10
    mov     ds, eax
    mov     es, eax
    mov     ss, eax
    xor     eax, eax
    mov     fs, eax
    mov     gs, eax
    mov     edi, esi
    mov     rax, boot_start_high
    jmp     rax

align 8
boot_gdt:
    dq 0
    dq 0x00af9a000000ffff               ; 08: kernel code, 64 bits
    dq 0x00cf92000000ffff               ; 10: kernel data
boot_gdt_pointer:
    dw $ - boot_gdt - 1
    dd boot_gdt

; The loader clears this: it is part of the first segment's memory, beyond its file contents.
section .boot.bss nobits alloc write align=4096
boot_root:          resb 4096
boot_pointers_low:  resb 4096
boot_pointers_high: resb 4096
boot_directories:   resb 4 * 4096

section .text
extern jiffy_boot
boot_start_high:
    mov     rsp, boot_stack_top
    xor     ebp, ebp
    call    jiffy_boot
.halt:
    cli
    hlt
    jmp     .halt

section .bss
align 4096
boot_stack: resb STACK_BYTES
boot_stack_top:
global boot_stack, boot_stack_top

section .note.GNU-stack noalloc noexec nowrite progbits
