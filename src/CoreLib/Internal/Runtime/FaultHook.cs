// Where broken invariants go: everything that would throw in .NET comes here, and from here to the machine, which reports.
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Internal.Runtime;

public enum FaultKind
{
    NullReference,
    IndexOutOfRange,
    DivideByZero,
    Overflow,
    InvalidCast,
    ArrayTypeMismatch,
    OutOfHeap,
    Assertion,

    /// <summary>Something the core library does not offer was used.</summary>
    Unsupported,
}

public static unsafe class FaultHook
{
    /// <summary>Set once by start-up code; must not return. The message may be null.</summary>
    public static delegate*<FaultKind, string?, void> Handler;

    // The throw below is never reached: it tells the compiler that this call does not return, so that callers keep the
    // failing path out of line.
    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Raise(FaultKind kind)
    {
        Stop(kind, null);
        throw null!;
    }

    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Raise(FaultKind kind, string? message)
    {
        Stop(kind, message);
        throw null!;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Stop(FaultKind kind, string? message)
    {
        if (Handler != null)
            Handler(kind, message);
        while (true)
        {
        }
    }
}
