// A set of signals, bit n-1 for signal n: the ABI's sigset_t. A value.
using System.Numerics;
using static Jiffy.Kernel.Abi.SignalNumber;

namespace Jiffy.Kernel.Signals;

public readonly struct SignalSet
{
    public readonly ulong Bits;

    public SignalSet(ulong bits) => Bits = bits;

    public static SignalSet None => default;

    /// <summary>These cannot be blocked, caught or ignored.</summary>
    public static SignalSet Unblockable => new(Bit(SIGKILL) | Bit(SIGSTOP));

    /// <summary>Raised by the thread's own instructions; delivered before others.</summary>
    public static SignalSet Synchronous => new(Bit(SIGSEGV) | Bit(SIGBUS) | Bit(SIGILL) | Bit(SIGTRAP) | Bit(SIGFPE) | Bit(SIGSYS));

    /// <summary>Default action: stop.</summary>
    public static SignalSet Stops => new(Bit(SIGSTOP) | Bit(SIGTSTP) | Bit(SIGTTIN) | Bit(SIGTTOU));

    /// <summary>Default action: nothing.</summary>
    public static SignalSet IgnoredByDefault => new(Bit(SIGCONT) | Bit(SIGCHLD) | Bit(SIGWINCH) | Bit(SIGURG));

    /// <summary>Default action: end with a core dump, where dumps are made.</summary>
    public static SignalSet Dumps => new(
        Bit(SIGQUIT) | Bit(SIGILL) | Bit(SIGTRAP) | Bit(SIGABRT) | Bit(SIGFPE) | Bit(SIGSEGV) | Bit(SIGBUS) | Bit(SIGSYS) | Bit(SIGXCPU) | Bit(SIGXFSZ));

    public static SignalSet Of(int signal) => new(Bit(signal));

    public bool IsEmpty => Bits == 0;
    public bool Contains(int signal) => (Bits & Bit(signal)) != 0;
    public SignalSet With(int signal) => new(Bits | Bit(signal));
    public SignalSet Without(int signal) => new(Bits & ~Bit(signal));
    public SignalSet And(SignalSet other) => new(Bits & other.Bits);
    public SignalSet Or(SignalSet other) => new(Bits | other.Bits);
    public SignalSet Except(SignalSet other) => new(Bits & ~other.Bits);

    /// <summary>The lowest signal in the set, or zero.</summary>
    public int First => Bits == 0 ? 0 : BitOperations.TrailingZeroCount(Bits) + 1;

    private static ulong Bit(int signal) => 1UL << (signal - 1);
}
