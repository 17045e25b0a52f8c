; Interrupts and exceptions: one stub per vector, then one common way for entries from user mode and one for entries
; from the kernel. Interrupt gates: interrupts are off throughout, until C# turns them on where that is allowed.
; GS: user mode's base while in user mode, the CPU's CpuArea in the kernel. An entry from user mode swaps first and an
; exit to it swaps last; an entry from kernel mode never swaps. Only double faults and machine checks may arrive in
; between; they look at the base itself. NMIs use neither GS nor C#.
; Stacks: the processor pushes onto the stack of the interrupted context (from user mode: its empty kernel stack). An interrupt
; then goes on on its CPU's interrupt stack, unless it came while that one was in use; exceptions stay. Before the way back
; into the kernel is taken, which may switch contexts, the context's own stack is in use again.
%include "entry.inc"
default rel

extern machine_user_trap
extern machine_kernel_trap
extern machine_user_interrupt
extern machine_kernel_interrupt
extern machine_return_to_kernel
extern machine_return_to_user
extern machine_bad_return_address
extern machine_abort

section .text

; --- stubs ---------------------------------------------------------------------------------------------------------

%macro stub 1
align 16
vector_%+%1:
%if !(%1 = 8 || (%1 >= 10 && %1 <= 14) || %1 = 17 || %1 = 21 || %1 = 29 || %1 = 30)
    push 0                          ; where others have an error code
%endif
    push rdi
    mov edi, %1
%if %1 = 8 || %1 = 18
    jmp abort
%else
    jmp trap
%endif
%endmacro

%assign v 0
%rep 256
%if v <> 2
    stub v
%endif
%assign v v + 1
%endrep

; NMI: the way to stop a CPU that has interrupts off, or to look at what it does: then its registers are left on its stack
; until whoever asked has read them. Own stack; neither GS nor C#.
align 16
vector_2:
    push 0
    push rdi
    push_registers
    mov rax, rsp                    ; this stack lies in the CpuArea, which is a frame
    and rax, -4096
    inc qword [rax + AREA_NMIS]
    cmp dword [stop_requested], 0
    jne .stop
    cmp qword [sample_wanted], 0
    je .leave
    mov [sample_registers], rsp
.shown:
    pause
    cmp dword [stop_requested], 0
    jne .stop
    cmp qword [sample_wanted], 0
    jne .shown
    mov qword [sample_registers], 0
.leave:
    pop_registers_to_rdi
    add rsp, 8
    iretq
.stop:
    cli
    hlt
    jmp .stop

; --- the common way ------------------------------------------------------------------------------------------------

align 16
trap:
    cld
    clear_ac
    push_registers
    test byte [rsp + REGS_CS], 3
    jz .kernel

    swapgs
    push_vectors
    lea rsi, [rsp + XMM_BYTES]
    xor ebp, ebp                    ; where a stack walk ends
    cmp edi, FIRST_INTERRUPT
    jae .user_interrupt
    call machine_user_trap
    jmp return_to_user

.user_interrupt:
    mov rbx, rsp
    mov rax, [gs:AREA_TOP]
    mov rcx, [rax + BLOCK_OWNER]
    mov rsp, [gs:AREA_INTERRUPTS]
    mov [rsp + BLOCK_OWNER], rcx
    call machine_user_interrupt
    mov rsp, rbx
    jmp return_to_user

.kernel:
    push_vectors
    lea rsi, [rsp + XMM_BYTES]
    mov rbp, rsi                    ; where a stack walk finds the interrupted code's registers
..@walkable:
    cmp edi, FIRST_INTERRUPT
    jae .kernel_interrupt
    call machine_kernel_trap
..@walkable_end:
.kernel_out:
    pop_vectors
    pop_registers_to_rdi
    add rsp, 8                      ; error code
    iretq

..@interrupts:
.kernel_interrupt:
    mov rbx, rsp
    mov rax, [gs:AREA_INTERRUPTS]
    mov rcx, rsp                    ; the block of the stack in use
    or rcx, STACK_BYTES - 1
    sub rcx, BLOCK_BYTES - 1
    cmp rcx, rax
    je .nested
    mov rcx, [rcx + BLOCK_OWNER]
    mov [rax + BLOCK_OWNER], rcx
    mov rsp, rax
    call machine_kernel_interrupt
    mov rsp, rbx
    call machine_return_to_kernel
    jmp .kernel_out
.nested:
    call machine_kernel_interrupt
    jmp .kernel_out
trap_end:

; Interrupts off; the stack pointer is at the saved vector registers. Jumped to by every entry from user mode and by the
; first start of a context.
align 16
global return_to_user
return_to_user:
    lea rdi, [rsp + XMM_BYTES]
    call machine_return_to_user

    mov rcx, [rsp + XMM_BYTES + REGS_RIP]
    mov rax, rcx
    shr rax, 47
    jnz .bad_address                ; IRET and SYSRET would fault in the kernel
    pop_vectors

    mov r11, [rsp + REGS_RFLAGS]
    mov eax, r11d
    and eax, ~SYSRET_FLAGS
    cmp eax, FLAG_IF | 2
    jne .iret
    cmp rcx, [rsp + REGS_RCX]
    jne .iret
    cmp r11, [rsp + REGS_R11]
    jne .iret

    pop_registers_to_rdi            ; leaves rcx and r11 as they are: equal to Rip and Rflags
    mov rsp, [rsp + REGS_RSP - REGS_ERROR]
    swapgs
    o64 sysret

.iret:
    and r11d, USER_FLAGS
    or r11d, FLAG_IF | 2
    mov [rsp + REGS_RFLAGS], r11
    mov qword [rsp + REGS_CS], USER_CS
    mov qword [rsp + REGS_SS], USER_DS
    pop_registers_to_rdi
    add rsp, 8
    swapgs
    iretq

.bad_address:
    lea rdi, [rsp + XMM_BYTES]
    call machine_bad_return_address
    jmp return_to_user

; --- double fault and machine check: own stacks, no way back -----------------------------------------------------

align 16
abort:
    cld
    clear_ac
    push_registers
    mov ebx, edi
    mov ecx, 0xc0000101             ; GS base: the kernel's are in the upper half
    rdmsr
    test edx, edx
    js .have_area
    swapgs
.have_area:
    ; This stack belongs to the interrupted context from here on: Cpu.Current finds it through the block at its end.
    mov rax, [gs:AREA_TOP]
    mov rdx, rsp
    or rdx, STACK_BYTES - 1
    sub rdx, BLOCK_BYTES - 1
    mov rcx, [rax + BLOCK_OWNER]
    mov [rdx + BLOCK_OWNER], rcx
    mov rcx, [rax + BLOCK_AREA]
    mov [rdx + BLOCK_AREA], rcx

    mov edi, ebx
    mov rsi, rsp
    sub rsp, 8
    call machine_abort
    ud2

; --- for C# --------------------------------------------------------------------------------------------------------

address_of cpu_vector_table, vector_table
address_of cpu_stop_flag, stop_requested
address_of cpu_stack_sample, sample_wanted
address_of entry_smap_table, vectors_smap
address_of entry_layout, layout_words
address_of cpu_trap_start, trap
address_of cpu_trap_end, trap_end

smap_table vectors_smap

section .rodata
align 8
vector_table:
%assign v 0
%rep 256
    dq vector_%+v
%assign v v + 1
%endrep

; For the self test: the numbers above as C# should see them.
layout_words:
    dq ENTRY_XMM_SAVED, REGS_BYTES, BLOCK_BYTES, BLOCK_RSP, BLOCK_OWNER, BLOCK_AREA, BLOCK_HASUSER
    dq AREA_TOP, AREA_USERRSP, AREA_RSP0, AREA_INTERRUPTS, AREA_NMIS

section .data
align 8
stop_requested: dq 0

; StackSample.Request
sample_wanted: dq 0
sample_registers: dq 0

; For gdb: where RBP points to the interrupted code's registers, each lies at its offset from there, and the frame ends where its stack
; pointer was. DWARF call frame information; the kernel's own stack walk knows the same without it.
section .debug_frame progbits noalloc
align 8
frame_section:

%macro saved_at 2                       ; DWARF's register, offset from RBP
%if %2 < 64
    db 0x10, %1, 2, 0x76, %2
%else
    db 0x10, %1, 3, 0x76, %2 & 0x7f | 0x80, %2 >> 7
%endif
%endmacro

    dd frame_common_end - frame_common
frame_common:
    dd 0xffffffff
    db 1, "S", 0, 1, 0x78, 16           ; version, a trap's frame, code and data in units of 1 and -8, the return address's register
    db 0x0f, 4, 0x76, REGS_RSP & 0x7f | 0x80, REGS_RSP >> 7, 0x06
    saved_at 15, REGS_R15
    saved_at 14, 8
    saved_at 13, 16
    saved_at 12, 24
    saved_at 6, 32
    saved_at 3, 40
    saved_at 11, REGS_R11
    saved_at 10, 56
    saved_at 9, 64
    saved_at 8, 72
    saved_at 0, REGS_RAX
    saved_at 2, REGS_RCX
    saved_at 1, 96
    saved_at 4, 104
    saved_at 5, REGS_RDI
    saved_at 16, REGS_RIP
    align 8, db 0
frame_common_end:

%macro frame 2                          ; code from, to
    dd 20
    dd 0
    dq %1, %2 - %1
%endmacro
    frame ..@walkable, ..@walkable_end
    frame ..@interrupts, trap_end

section .note.GNU-stack noalloc noexec nowrite progbits
