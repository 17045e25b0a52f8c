// Assertions: present when the calling assembly is compiled with DEBUG. A failed one is a kernel fault.
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Internal.Runtime;

namespace System.Diagnostics;

public static class Debug
{
    [Conditional("DEBUG")]
    public static void Assert([DoesNotReturnIf(false)] bool condition)
    {
        if (!condition)
            FaultHook.Raise(FaultKind.Assertion);
    }

    [Conditional("DEBUG")]
    public static void Assert([DoesNotReturnIf(false)] bool condition, string? message)
    {
        if (!condition)
            FaultHook.Raise(FaultKind.Assertion, message);
    }

    [Conditional("DEBUG")]
    [DoesNotReturn]
    public static void Fail(string? message) => FaultHook.Raise(FaultKind.Assertion, message);
}
