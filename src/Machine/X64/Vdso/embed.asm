; The linked vDSO as bytes of the image, filled up to whole pages. The build makes vdso.so before this file is assembled.
section .rodata progbits alloc noexec nowrite align=16
image:
    incbin "vdso.so"
    align 4096, db 0            ; of the section; what counts is the length
image_end:

section .text.leaf progbits alloc exec nowrite align=16
align 16
global vdso_start:function
vdso_start:
    lea     rax, [rel image]
    ret
align 16
global vdso_end:function
vdso_end:
    lea     rax, [rel image_end]
    ret

section .note.GNU-stack noalloc noexec nowrite progbits
