; Copies between kernel and user memory. A page fault that the kernel cannot repair goes on at the fix-up of the routine it
; hit: the table at the end says where, and which routines fail at once instead of faulting pages in. C# has checked that
; the user range ends below UserMemory.Limit. Each returns 0, or 1 for a bad address, unless it says otherwise.
%include "entry.inc"
default rel

section .text.leaf progbits alloc exec nowrite align=16

; int user_copy(void* to, void* from, ulong count): either side may be the user's. Plain moves, the last bytes first or last and overlapping: a
; string instruction takes some thirty cycles to begin, and under emulation a turn of the emulator's loop for each word.
function user_copy
    set_ac
user_copy_begin:
    cmp rdx, 16
    jb .below16
    movups xmm4, [rsi + rdx - 16]
    lea r8, [rdi + rdx - 16]
    mov ecx, edx
    shr rdx, 8
    jz .rest
.next256:
    movups xmm0, [rsi]
    movups xmm1, [rsi + 16]
    movups xmm2, [rsi + 32]
    movups xmm3, [rsi + 48]
    movups [rdi], xmm0
    movups [rdi + 16], xmm1
    movups [rdi + 32], xmm2
    movups [rdi + 48], xmm3
    movups xmm0, [rsi + 64]
    movups xmm1, [rsi + 80]
    movups xmm2, [rsi + 96]
    movups xmm3, [rsi + 112]
    movups [rdi + 64], xmm0
    movups [rdi + 80], xmm1
    movups [rdi + 96], xmm2
    movups [rdi + 112], xmm3
    movups xmm0, [rsi + 128]
    movups xmm1, [rsi + 144]
    movups xmm2, [rsi + 160]
    movups xmm3, [rsi + 176]
    movups [rdi + 128], xmm0
    movups [rdi + 144], xmm1
    movups [rdi + 160], xmm2
    movups [rdi + 176], xmm3
    movups xmm0, [rsi + 192]
    movups xmm1, [rsi + 208]
    movups xmm2, [rsi + 224]
    movups xmm3, [rsi + 240]
    movups [rdi + 192], xmm0
    movups [rdi + 208], xmm1
    movups [rdi + 224], xmm2
    movups [rdi + 240], xmm3
    add rsi, 256
    add rdi, 256
    dec rdx
    jnz .next256
.rest:
    mov edx, ecx
    and edx, 0xc0
    jz .below64
.next:
    movups xmm0, [rsi]
    movups xmm1, [rsi + 16]
    movups xmm2, [rsi + 32]
    movups xmm3, [rsi + 48]
    movups [rdi], xmm0
    movups [rdi + 16], xmm1
    movups [rdi + 32], xmm2
    movups [rdi + 48], xmm3
    add rsi, 64
    add rdi, 64
    sub edx, 64
    jnz .next
.below64:
    and ecx, 63
    sub ecx, 16
    jbe .last
.next16:
    movups xmm0, [rsi]
    movups [rdi], xmm0
    add rsi, 16
    add rdi, 16
    sub ecx, 16
    ja .next16
.last:
    movups [r8], xmm4
    jmp user_copy_end
.below16:
    cmp edx, 8
    jb .below8
    mov rax, [rsi]
    mov rcx, [rsi + rdx - 8]
    mov [rdi], rax
    mov [rdi + rdx - 8], rcx
    jmp user_copy_end
.below8:
    cmp edx, 4
    jb .below4
    mov eax, [rsi]
    mov ecx, [rsi + rdx - 4]
    mov [rdi], eax
    mov [rdi + rdx - 4], ecx
    jmp user_copy_end
.below4:
    test edx, edx
    jz user_copy_end
    movzx eax, byte [rsi]
    mov [rdi], al
    cmp edx, 1
    je user_copy_end
    movzx eax, word [rsi + rdx - 2]
    mov [rdi + rdx - 2], ax
user_copy_end:
    clear_ac
    xor eax, eax
    ret

; int user_clear(void* at, ulong count)
function user_clear
    mov rcx, rsi
    xor eax, eax
    set_ac
user_clear_begin:
    shr rcx, 3
    rep stosq
    mov ecx, esi
    and ecx, 7
    rep stosb
user_clear_end:
    clear_ac
    ret

; long user_read_string(byte* to, byte* from, ulong limit): the length, the limit when there is no NUL within it, -1.
function user_read_string
    xor eax, eax
    set_ac
user_read_string_begin:
    cmp rax, rdx
    je user_read_string_end
    mov cl, [rsi + rax]
    test cl, cl
    jz user_read_string_end
    mov [rdi + rax], cl
    inc rax
    jmp user_read_string_begin
user_read_string_end:
    clear_ac
    ret

; int user_read_word(uint* to, uint* from): does not fault pages in.
function user_read_word
    set_ac
user_read_word_begin:
    mov eax, [rsi]
user_read_word_end:
    clear_ac
    mov [rdi], eax
    xor eax, eax
    ret

; int user_compare_exchange(uint* at, uint value, uint expected, uint* previous)
function user_compare_exchange
    mov eax, edx
    set_ac
user_compare_exchange_begin:
    lock cmpxchg [rdi], esi
user_compare_exchange_end:
    clear_ac
    mov [rcx], eax
    xor eax, eax
    ret

; int user_compare_exchange_atomic(uint* at, uint value, uint expected, uint* previous): does not fault pages in.
function user_compare_exchange_atomic
    mov eax, edx
    set_ac
user_compare_exchange_atomic_begin:
    lock cmpxchg [rdi], esi
user_compare_exchange_atomic_end:
    clear_ac
    mov [rcx], eax
    xor eax, eax
    ret

user_fixup:
    clear_ac
    mov eax, 1
    ret

user_read_string_fixup:
    clear_ac
    mov rax, -1
    ret

address_of user_fixup_table, fixups
address_of user_smap_table, usercopy_smap

smap_table usercopy_smap

; First address, end, where to go on, 1 when pages are not to be faulted in. A zero ends it.
section .rodata
align 8
fixups:
    dq user_copy_begin, user_copy_end, user_fixup, 0
    dq user_clear_begin, user_clear_end, user_fixup, 0
    dq user_read_string_begin, user_read_string_end, user_read_string_fixup, 0
    dq user_read_word_begin, user_read_word_end, user_fixup, 1
    dq user_compare_exchange_begin, user_compare_exchange_end, user_fixup, 0
    dq user_compare_exchange_atomic_begin, user_compare_exchange_atomic_end, user_fixup, 1
    dq 0

section .note.GNU-stack noalloc noexec nowrite progbits
