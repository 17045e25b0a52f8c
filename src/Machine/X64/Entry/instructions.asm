; Single instructions that C# cannot express, as functions. Their C# side is Cpu/Instructions.cs.
%include "entry.inc"
default rel

section .text.leaf progbits alloc exec nowrite align=16

function cpu_read_msr
    mov ecx, edi
    rdmsr
    shl rdx, 32
    or rax, rdx
    ret
function cpu_write_msr
    mov ecx, edi
    mov eax, esi
    mov rdx, rsi
    shr rdx, 32
    wrmsr
    ret

; void cpu_id(uint leaf, uint subleaf, uint* eaxEbxEcxEdx)
function cpu_id
    push rbx
    mov r8, rdx
    mov eax, edi
    mov ecx, esi
    cpuid
    mov [r8], eax
    mov [r8 + 4], ebx
    mov [r8 + 8], ecx
    mov [r8 + 12], edx
    pop rbx
    ret

; What fits into the five bytes of a call is put in the call's place when the image is built (src/Cli/Build/ShortCalls.cs).
function cpu_disable_interrupts         ; the flags as they were
    pushfq
    pop rax
    cli
    ret
function cpu_read_flags
    pushfq
    pop rax
    ret
function cpu_enable_interrupts
    sti
    ret
function cpu_clear_interrupts
    cli
    ret
function cpu_pause
    pause
    ret
function cpu_wait
    sti
    hlt
    ret
function cpu_halt
    cli
    hlt
    jmp cpu_halt

function cpu_read_cr2
    mov rax, cr2
    ret
function cpu_read_cr3
    mov rax, cr3
    ret
function cpu_write_cr3
    mov cr3, rdi
    ret
function cpu_read_cr4
    mov rax, cr4
    ret
function cpu_write_cr4
    mov cr4, rdi
    ret
function cpu_write_cr0
    mov cr0, rdi
    ret
function cpu_read_cr0
    mov rax, cr0
    ret
function cpu_invalidate_page
    invlpg [rdi]
    ret

; void cpu_load_tables(void* gdtPointer, void* idtPointer, ulong tssSelector)
function cpu_load_tables
    lgdt [rdi]
    lidt [rsi]
    ltr dx
    mov eax, KERNEL_DS
    mov ss, eax
    xor eax, eax
    mov ds, eax
    mov es, eax
    mov fs, eax
    mov gs, eax
    pop rax
    push KERNEL_CS
    push rax
    o64 retf

function cpu_read_tsc
    lfence
    rdtsc
    shl rdx, 32
    or rax, rdx
    ret

; long clock_now(ClockScale* scale): (TSC - start) * multiplier / 2^32, in 128 bits.
function clock_now
    lfence
    rdtsc
    shl rdx, 32
    or rax, rdx
    sub rax, [rdi]
    mul qword [rdi + 8]
    shrd rax, rdx, 32
    ret

; bool cpu_random(ulong* value)
function cpu_random
    mov ecx, 16
.again:
    rdrand rax
    jc .have
    dec ecx
    jnz .again
    xor eax, eax
    ret
.have:
    mov [rdi], rax
    mov eax, 1
    ret

; Plain stores in place of string instructions: under emulation a string instruction costs a turn of the emulator's loop for each word.
function memory_clear_frame
    mov ecx, 4096 / 128
    xor eax, eax
.next:
%assign i 0
%rep 16
    mov [rdi + 8 * i], rax
%assign i i + 1
%endrep
    add rdi, 128
    dec ecx
    jnz .next
    ret
function memory_copy_frame
    mov ecx, 4096 / 64
.next:
%assign i 0
%rep 4
    mov rax, [rsi + 16 * i]
    mov rdx, [rsi + 16 * i + 8]
    mov [rdi + 16 * i], rax
    mov [rdi + 16 * i + 8], rdx
%assign i i + 1
%endrep
    add rsi, 64
    add rdi, 64
    dec ecx
    jnz .next
    ret

section .note.GNU-stack noalloc noexec nowrite progbits
