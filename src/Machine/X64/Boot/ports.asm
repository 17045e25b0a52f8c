; Input and output ports, for C#.

%macro function 1
    global %1
    align 16
    %1:
%endmacro

section .text.leaf progbits alloc exec nowrite align=16

function port_read8
    mov     edx, edi
    xor     eax, eax
    in      al, dx
    ret

function port_write8
    mov     edx, edi
    mov     eax, esi
    out     dx, al
    ret

function port_read16
    mov     edx, edi
    xor     eax, eax
    in      ax, dx
    ret

function port_write16
    mov     edx, edi
    mov     eax, esi
    out     dx, ax
    ret

function port_read32
    mov     edx, edi
    in      eax, dx
    ret

function port_write32
    mov     edx, edi
    mov     eax, esi
    out     dx, eax
    ret

section .note.GNU-stack noalloc noexec nowrite progbits
