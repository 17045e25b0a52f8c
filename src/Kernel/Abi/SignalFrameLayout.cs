// Layout of what the kernel pushes for a signal handler: rt_sigframe with ucontext_t, sigcontext and siginfo_t, x86-64.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Jiffy.Kernel.Abi;

/// <summary>What a handler finds on its stack: where it returns to, the interrupted state, the signal's siginfo_t.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SignalFrameLayout
{
    public const int ContextAt = 8;
    public const int InfoAt = ContextAt + UserContext.Bytes;
    public const int Bytes = InfoAt + 128;

    public ulong ReturnAddress;
    public UserContext Context;
    public InfoBytes Info;

    [InlineArray(128)]
    public struct InfoBytes
    {
        private byte _first;
    }
}

/// <summary>ucontext_t: alternate stack, registers, the fault's cause, the signal mask.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct UserContext
{
    public const int Bytes = 304;

    public ulong Flags, Link;
    public ulong StackBase, StackFlags, StackBytes;
    public ulong R8, R9, R10, R11, R12, R13, R14, R15, Rdi, Rsi, Rbp, Rbx, Rdx, Rax, Rcx, Rsp, Rip, Rflags;

    /// <summary>Cs in the lowest 16 bits, Ss in the highest.</summary>
    public ulong Selectors;
    public ulong FaultError, FaultTrap, OldMask, FaultAddress;

    /// <summary>Where the vector state is, in FXSAVE layout; zero: nowhere.</summary>
    public ulong VectorPointer;

    private ReservedWords _reserved;
    public ulong Mask;

    [InlineArray(8)]
    private struct ReservedWords
    {
        private ulong _first;
    }
}
