; The user program of the machine's self test, copied to user memory. Entered with a number in rdi, from which the contents of
; all registers are derived, and rounds in rsi. System calls: 1 gives way, 2 ends with a status, 3 sends it to a bad address
; and back to r12, 4 runs a copy of it to its end, 5 saves, spoils and loads the vector state. Faults on purpose: a page that comes on demand at 0x500000, an undefined instruction, a privileged one.
CALL_YIELD      equ 1
CALL_EXIT       equ 2
CALL_BAD_RIP    equ 3
CALL_FORK       equ 4
CALL_VECTORS    equ 5
DEMAND_PAGE     equ 0x500000

%macro check 2
    sub     %1, rbp
    cmp     %1, %2
    jne     .fail
%endmacro

%macro check_vectors 0
    mov     rcx, rbp
%assign i 0
%rep 16
    inc     rcx
    movq    rax, xmm%+i
    cmp     rax, rcx
    jne     .fail
    movhlps xmm%+i, xmm%+i
    movq    rax, xmm%+i
    cmp     rax, rcx
    jne     .fail
%assign i i + 1
%endrep
%endmacro

section .rodata
align 16
bits 64
user_program:
    mov     rbp, rdi
    mov     rbx, rsi
    mov     rax, rdi
%assign i 0
%rep 16
    inc     rax
    movq    xmm%+i, rax
    movlhps xmm%+i, xmm%+i
%assign i i + 1
%endrep

    mov     [abs DEMAND_PAGE], rax
    cmp     [abs DEMAND_PAGE], rax
    jne     .fail
    ud2                                 ; the test steps over it
    hlt                                 ; likewise
    lea     r12, [rel .back]
    mov     eax, CALL_BAD_RIP
    syscall
    jmp     .fail
.back:

.round:
    lea     rdi, [rbp + 101]
    lea     rsi, [rbp + 102]
    lea     rdx, [rbp + 103]
    lea     r8, [rbp + 104]
    lea     r9, [rbp + 105]
    lea     r10, [rbp + 106]
    lea     r12, [rbp + 107]
    lea     r13, [rbp + 108]
    lea     r14, [rbp + 109]
    lea     r15, [rbp + 110]
    mov     eax, CALL_YIELD
    syscall
    cmp     rax, rbp                    ; the call's result
    jne     .fail
    check   rdi, 101
    check   rsi, 102
    check   rdx, 103
    check   r8, 104
    check   r9, 105
    check   r10, 106
    check   r12, 107
    check   r13, 108
    check   r14, 109
    check   r15, 110
    check_vectors
    mov     ecx, 2000                   ; long enough that some interrupts fall here
.spin:
    mov     rax, rbp
    inc     rax
    movq    rdx, xmm0
    cmp     rax, rdx
    jne     .fail
    dec     ecx
    jnz     .spin
    dec     rbx
    jnz     .round

    mov     eax, CALL_VECTORS
    syscall
    test    rax, rax
    jnz     .fail
    check_vectors
    mov     eax, CALL_FORK
    syscall
    test    rax, rax                    ; 0 in the copy, 1 in the original
    jz      .copy
    cmp     rax, 1
    jne     .fail
.copy:
    check_vectors

    xor     edi, edi
    jmp     .exit
.fail:
    mov     edi, 1
.exit:
    mov     eax, CALL_EXIT
    syscall
    ud2
user_program_end:

section .text
global test_user_program, test_user_program_bytes, test_overflow, test_write, test_jump
test_user_program:
    lea     rax, [rel user_program]
    ret
test_user_program_bytes:
    mov     eax, user_program_end - user_program
    ret

; Uses up its stack.
test_overflow:
    call    test_overflow
    ret

; void test_write(void* at), void test_jump(void* at)
test_write:
    mov     byte [rdi], 0
    ret
test_jump:
    jmp     rdi

section .note.GNU-stack noalloc noexec nowrite progbits
