// Register sets as the kernel sees them. The layout is what the X64 entry code pushes; the names are the ABI's.
using System.Runtime.InteropServices;

namespace Jiffy.Machine;

/// <summary>User mode's general registers, kept at the top of the task's kernel stack while it is in the kernel.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct UserRegisters
{
    public ulong R15, R14, R13, R12, Rbp, Rbx, R11, R10, R9, R8, Rax, Rcx, Rdx, Rsi, Rdi;

    /// <summary>The system call's number as entered (Rax is overwritten by its result); -1 when not in a system call.</summary>
    public long OriginalRax;

    public ulong Rip, Cs, Rflags, Rsp, Ss;

    /// <summary>Segment selectors of 64-bit user code and data on Linux.</summary>
    public const ulong UserCodeSelector = 0x33, UserDataSelector = 0x2b;
}

/// <summary>The registers of interrupted or faulting kernel code that a stack walk and a report need.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct KernelRegisters
{
    public ulong R15, R14, R13, R12, Rbp, Rbx, R11, R10, R9, R8, Rax, Rcx, Rdx, Rsi, Rdi, Error, Rip, Cs, Rflags, Rsp, Ss;
}
