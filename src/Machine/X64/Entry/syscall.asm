; The system call entry. SYSCALL has put Rip into rcx and Rflags into r11, turned interrupts off and cleared the
; direction and AC flags (see Cpu/Msr: FMASK); everything else is still user mode's.
%include "entry.inc"
default rel

extern machine_system_call
extern return_to_user

section .text

align 16
system_call_entry:
    swapgs
    mov [gs:AREA_USERRSP], rsp
    mov rsp, [gs:AREA_TOP]
    push USER_DS
    push qword [gs:AREA_USERRSP]
    sti
    push r11
    push USER_CS
    push rcx
    push rax                        ; OriginalRax
    push rdi
    push_registers
    push_vectors
    lea rdi, [rsp + XMM_BYTES]
    call machine_system_call
    cli
    jmp return_to_user

address_of cpu_system_call_entry, system_call_entry

section .note.GNU-stack noalloc noexec nowrite progbits
