; The register set of the caller, for stack walks.

section .text.leaf progbits alloc exec nowrite align=16

; void capture_registers(KernelRegisters *to): what a callee preserves, and the caller's rip and rsp after this call.
; The offsets are those of KernelRegisters in Machine/Contract/Registers.cs.
global capture_registers
capture_registers:
    mov     [rdi], r15
    mov     [rdi + 8], r14
    mov     [rdi + 16], r13
    mov     [rdi + 24], r12
    mov     [rdi + 32], rbp
    mov     [rdi + 40], rbx
    mov     rax, [rsp]
    mov     [rdi + 128], rax            ; rip
    lea     rax, [rsp + 8]
    mov     [rdi + 152], rax            ; rsp
    ret

section .note.GNU-stack noalloc noexec nowrite progbits
