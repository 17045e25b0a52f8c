; What compiled C# calls by name: stores of references, interface dispatch, stack probes, block copies.
; Calling convention: System V, as the compiler uses it on Linux. No vector register above xmm7 is touched.
; Functions in .text.leaf have no frame: the stack walker finds their return address at [rsp].

CACHE_ENTRIES   equ 1024                ; as in InterfaceDispatch.cs
CACHE_MASK      equ (CACHE_ENTRIES - 1) * 32

%macro function 1
    global %1
    align 16
    %1:
%endmacro

; A function that returns the address of a linker symbol, for C#.
%macro address 2
    extern %2
    function %1
        mov     rax, %2
        ret
%endmacro

section .text.leaf progbits alloc exec nowrite align=16

; There is no garbage collector to tell, so a reference is stored like any word. rdi: where, rsi: what.
global RhpCheckedAssignRef
function RhpAssignRef
RhpCheckedAssignRef:
    mov     [rdi], rsi
    ret

; Copies one reference from [rsi] to [rdi] and moves both on; only rcx is clobbered.
function RhpByRefAssignRef
    mov     rcx, [rsi]
    mov     [rdi], rcx
    add     rdi, 8
    add     rsi, 8
    ret

; Borders of unmanaged code, which mean nothing without a garbage collector.
global RhpPInvokeReturn, RhpReversePInvoke, RhpReversePInvokeReturn
function RhpPInvoke
RhpPInvokeReturn:
RhpReversePInvoke:
RhpReversePInvokeReturn:
    ret

; void *memmove(void *to, const void *from, size_t count). Sizes up to 64 bytes are loaded whole before the first store;
; above, 64 bytes a turn in the direction that overlap allows, with the far end loaded beforehand.
global memcpy
function memmove
memcpy:
    mov     rax, rdi
    cmp     rdx, 16
    ja      .above16
    cmp     edx, 8
    jae     .from8
    cmp     edx, 4
    jae     .from4
    cmp     edx, 2
    jae     .from2
    test    edx, edx
    jz      .done
    movzx   ecx, byte [rsi]
    mov     [rdi], cl
.done:
    ret
.from8:
    mov     rcx, [rsi]
    mov     r8, [rsi + rdx - 8]
    mov     [rdi], rcx
    mov     [rdi + rdx - 8], r8
    ret
.from4:
    mov     ecx, [rsi]
    mov     r8d, [rsi + rdx - 4]
    mov     [rdi], ecx
    mov     [rdi + rdx - 4], r8d
    ret
.from2:
    movzx   ecx, word [rsi]
    movzx   r8d, word [rsi + rdx - 2]
    mov     [rdi], cx
    mov     [rdi + rdx - 2], r8w
    ret
.above16:
    cmp     rdx, 32
    ja      .above32
    movups  xmm0, [rsi]
    movups  xmm1, [rsi + rdx - 16]
    movups  [rdi], xmm0
    movups  [rdi + rdx - 16], xmm1
    ret
.above32:
    cmp     rdx, 64
    ja      .above64
    movups  xmm0, [rsi]
    movups  xmm1, [rsi + 16]
    movups  xmm2, [rsi + rdx - 32]
    movups  xmm3, [rsi + rdx - 16]
    movups  [rdi], xmm0
    movups  [rdi + 16], xmm1
    movups  [rdi + rdx - 32], xmm2
    movups  [rdi + rdx - 16], xmm3
    ret
.above64:
    mov     rcx, rdi
    sub     rcx, rsi
    cmp     rcx, rdx
    jb      .backward
    lea     r8, [rdi + rdx - 64]        ; where the last 64 bytes go
    movups  xmm4, [rsi + rdx - 64]
    movups  xmm5, [rsi + rdx - 48]
    movups  xmm6, [rsi + rdx - 32]
    movups  xmm7, [rsi + rdx - 16]
.forward:
    movups  xmm0, [rsi]
    movups  xmm1, [rsi + 16]
    movups  xmm2, [rsi + 32]
    movups  xmm3, [rsi + 48]
    movups  [rdi], xmm0
    movups  [rdi + 16], xmm1
    movups  [rdi + 32], xmm2
    movups  [rdi + 48], xmm3
    add     rsi, 64
    add     rdi, 64
    cmp     rdi, r8
    jb      .forward
    movups  [r8], xmm4
    movups  [r8 + 16], xmm5
    movups  [r8 + 32], xmm6
    movups  [r8 + 48], xmm7
    ret
.backward:
    movups  xmm4, [rsi]                 ; the first 64 bytes, stored last
    movups  xmm5, [rsi + 16]
    movups  xmm6, [rsi + 32]
    movups  xmm7, [rsi + 48]
.backward_turn:
    movups  xmm0, [rsi + rdx - 16]
    movups  xmm1, [rsi + rdx - 32]
    movups  xmm2, [rsi + rdx - 48]
    movups  xmm3, [rsi + rdx - 64]
    movups  [rdi + rdx - 16], xmm0
    movups  [rdi + rdx - 32], xmm1
    movups  [rdi + rdx - 48], xmm2
    movups  [rdi + rdx - 64], xmm3
    sub     rdx, 64
    cmp     rdx, 64
    ja      .backward_turn
    movups  [rdi], xmm4
    movups  [rdi + 16], xmm5
    movups  [rdi + 32], xmm6
    movups  [rdi + 48], xmm7
    ret

; void *memset(void *to, int value, size_t count)
function memset
    mov     rax, rdi
    movzx   esi, sil
    mov     rcx, 0x0101010101010101
    imul    rcx, rsi
    cmp     rdx, 16
    ja      .above16
    cmp     edx, 8
    jae     .from8
    cmp     edx, 4
    jae     .from4
    cmp     edx, 2
    jae     .from2
    test    edx, edx
    jz      .done
    mov     [rdi], cl
.done:
    ret
.from8:
    mov     [rdi], rcx
    mov     [rdi + rdx - 8], rcx
    ret
.from4:
    mov     [rdi], ecx
    mov     [rdi + rdx - 4], ecx
    ret
.from2:
    mov     [rdi], cx
    mov     [rdi + rdx - 2], cx
    ret
.above16:
    movq    xmm0, rcx
    punpcklqdq xmm0, xmm0
    lea     r8, [rdi + rdx - 16]        ; where the last 16 bytes go
    cmp     rdx, 64
    jb      .by16
    lea     r9, [rdi + rdx - 64]
.by64:
    movups  [rdi], xmm0
    movups  [rdi + 16], xmm0
    movups  [rdi + 32], xmm0
    movups  [rdi + 48], xmm0
    add     rdi, 64
    cmp     rdi, r9
    jbe     .by64
.by16:
    cmp     rdi, r8
    ja      .last
    movups  [rdi], xmm0
    add     rdi, 16
    jmp     .by16
.last:
    movups  [r8], xmm0
    ret

address modules_start, __modules_start
address modules_end, __modules_end
address eh_frame_start, __eh_frame_start
address eh_frame_end, __eh_frame_end
address text_start, __text_start
address text_end, __text_end
address leaf_start, __leaf_start
address leaf_end, __leaf_end
address rodata_start, __rodata_start
address rodata_end, __rodata_end
address data_start, __data_start
address symbols_start, __symbols_start
address symbols_end, __symbols_end
address kernel_start, __kernel_start
address kernel_end, __kernel_end
address boot_stack_address, boot_stack
address boot_stack_top_address, boot_stack_top
address dispatch_cache_address, dispatch_cache

; A call through an interface. r11: the call's dispatch cell, rdi: the receiver; all arguments must survive, so only rax and
; r10 are free. Looks at four entries of the cache, then asks C#. A null receiver faults on the first instruction.
global RhpInitialInterfaceDispatch
function RhpInitialDynamicInterfaceDispatch
RhpInitialInterfaceDispatch:
    mov     r10, [rdi]
    mov     eax, r11d
    shr     eax, 1
    xor     eax, r10d
    shr     eax, 3
    shl     eax, 5
%assign i 0
%rep 4
    and     eax, CACHE_MASK
    cmp     r11, [dispatch_cache + rax]
    jne     .next%[i]
    cmp     r10, [dispatch_cache + rax + 8]
    je      .hit
.next%[i]:
    add     eax, 32
%assign i i + 1
%endrep
    jmp     dispatch_miss
.hit:
    jmp     [dispatch_cache + rax + 16]

section .text

; Asks C# with the arguments kept, then goes where it says.
dispatch_miss:
    push    rbp
    mov     rbp, rsp
    push    rdi
    push    rsi
    push    rdx
    push    rcx
    push    r8
    push    r9
    sub     rsp, 128
%assign i 0
%rep 8
    movups  [rsp + i * 16], xmm%[i]
%assign i i + 1
%endrep
    mov     rsi, r11
    extern  jiffy_dispatch_miss
    call    jiffy_dispatch_miss
%assign i 0
%rep 8
    movups  xmm%[i], [rsp + i * 16]
%assign i i + 1
%endrep
    add     rsp, 128
    pop     r9
    pop     r8
    pop     rcx
    pop     rdx
    pop     rsi
    pop     rdi
    pop     rbp
    jmp     rax

; A function with a frame of more than a page touches each page of it, so that the guard page is not skipped.
; r11: the frame's lowest address. Everything but flags survives.
function RhpStackProbe
    push    rbp
    mov     rbp, rsp
.page:
    sub     rsp, 4096
    test    [rsp], eax
    cmp     rsp, r11
    ja      .page
    mov     rsp, rbp
    pop     rbp
    ret

; Exceptions are not supported: a throw is a kernel fault.
global RhpRethrow
function RhpThrowEx
RhpRethrow:
    push    rbp
    mov     rbp, rsp
    extern  jiffy_throw
    call    jiffy_throw
    ud2

section .bss
align 64
dispatch_cache: resb CACHE_ENTRIES * 32

section .data
align 8
global __security_cookie
__security_cookie: dq 0x5ec0de0ff1cec0de

section .note.GNU-stack noalloc noexec nowrite progbits
