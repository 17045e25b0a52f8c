; The context switch, and the ways onto a stack. Interrupts off. The vector registers that C# may hold are dead across a
; call, so only user mode's are kept, and only for contexts that have been there.
%include "entry.inc"
default rel

extern machine_start_task
extern return_to_user

section .text

; void* context_switch(ContextBlock* from, ContextBlock* to): the owner of the block switched from.
function context_switch
    push rbp
    push rbx
    push r12
    push r13
    push r14
    push r15
    mov [rdi + BLOCK_RSP], rsp
    mov rcx, [rdi + BLOCK_AREA]
    mov rax, [rdi + BLOCK_OWNER]
    cmp byte [rdi + BLOCK_HASUSER], 0
    je .load
    fxsave64 [rdi]
.load:
    mov [rsi + BLOCK_AREA], rcx
    mov [rcx + AREA_TOP], rsi
    mov [rcx + AREA_RSP0], rsi
    mov rsp, [rsi + BLOCK_RSP]
    cmp byte [rsi + BLOCK_HASUSER], 0
    je .go
    fxrstor64 [rsi]
.go:
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbx
    pop rbp
    ret

; Where a context begins: PrepareStart has put this as its return address, and six zeros above the saved vector registers.
; rax is the context switched from.
align 16
context_start:
    mov rdi, rax
    xor ebp, ebp
    call machine_start_task
    cli
    jmp return_to_user

; void stack_enter(void* stackPointer, delegate*<void> function): goes on in a function on an empty stack, for good.
function stack_enter
    mov rsp, rdi
    xor ebp, ebp
    call rsi
    ud2

; void fx_save(void* area), void fx_restore(void* area)
function fx_save
    fxsave64 [rdi]
    ret
function fx_restore
    fxrstor64 [rdi]
    ret

address_of cpu_context_start, context_start

section .note.GNU-stack noalloc noexec nowrite progbits
