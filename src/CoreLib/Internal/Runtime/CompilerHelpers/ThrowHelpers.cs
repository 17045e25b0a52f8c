// What compiled code calls where .NET would throw. The compiler looks the methods up by name, with these signatures.
using System;
using System.Diagnostics.CodeAnalysis;

namespace Internal.Runtime.CompilerHelpers;

internal static class ThrowHelpers
{
    [DoesNotReturn]
    public static void ThrowOverflowException() => FaultHook.Raise(FaultKind.Overflow);

    [DoesNotReturn]
    public static void ThrowIndexOutOfRangeException() => FaultHook.Raise(FaultKind.IndexOutOfRange);

    [DoesNotReturn]
    public static void ThrowNullReferenceException() => FaultHook.Raise(FaultKind.NullReference);

    [DoesNotReturn]
    public static void ThrowDivideByZeroException() => FaultHook.Raise(FaultKind.DivideByZero);

    [DoesNotReturn]
    public static void ThrowArgumentOutOfRangeException() => FaultHook.Raise(FaultKind.IndexOutOfRange);

    [DoesNotReturn]
    public static void ThrowArgumentException() => FaultHook.Raise(FaultKind.Assertion);

    // Code that could not be compiled ends in one of these.
    [DoesNotReturn]
    public static void ThrowPlatformNotSupportedException() => FaultHook.Raise(FaultKind.Unsupported, "PlatformNotSupportedException");

    [DoesNotReturn]
    public static void ThrowNotImplementedException() => FaultHook.Raise(FaultKind.Unsupported, "NotImplementedException");

    [DoesNotReturn]
    public static void ThrowTypeLoadException() => FaultHook.Raise(FaultKind.Unsupported, "TypeLoadException");

    [DoesNotReturn]
    public static void ThrowTypeLoadExceptionWithArgument() => FaultHook.Raise(FaultKind.Unsupported, "TypeLoadExceptionWithArgument");

    [DoesNotReturn]
    public static void ThrowMissingMethodException() => FaultHook.Raise(FaultKind.Unsupported, "MissingMethodException");

    [DoesNotReturn]
    public static void ThrowMissingFieldException() => FaultHook.Raise(FaultKind.Unsupported, "MissingFieldException");

    [DoesNotReturn]
    public static void ThrowFileNotFoundException() => FaultHook.Raise(FaultKind.Unsupported, "FileNotFoundException");

    [DoesNotReturn]
    public static void ThrowInvalidProgramException() => FaultHook.Raise(FaultKind.Unsupported, "InvalidProgramException");

    [DoesNotReturn]
    public static void ThrowInvalidProgramExceptionWithArgument() => FaultHook.Raise(FaultKind.Unsupported, "InvalidProgramExceptionWithArgument");

    [DoesNotReturn]
    public static void ThrowBadImageFormatException() => FaultHook.Raise(FaultKind.Unsupported, "BadImageFormatException");

    [DoesNotReturn]
    public static void ThrowMarshalDirectiveException() => FaultHook.Raise(FaultKind.Unsupported, "MarshalDirectiveException");

    [DoesNotReturn]
    public static void ThrowAmbiguousMatchException() => FaultHook.Raise(FaultKind.Unsupported, "AmbiguousMatchException");

    [DoesNotReturn]
    public static void ThrowBodyRemoved() => FaultHook.Raise(FaultKind.Unsupported, "BodyRemoved");

    [DoesNotReturn]
    public static void ThrowFeatureBodyRemoved() => FaultHook.Raise(FaultKind.Unsupported, "FeatureBodyRemoved");

    [DoesNotReturn]
    public static void ThrowInstanceBodyRemoved() => FaultHook.Raise(FaultKind.Unsupported, "InstanceBodyRemoved");

    [DoesNotReturn]
    public static void ThrowNotSupportedInlineArrayEqualsGetHashCode() => FaultHook.Raise(FaultKind.Unsupported, "NotSupportedInlineArrayEqualsGetHashCode");

    [DoesNotReturn]
    public static void ThrowUnavailableType() => FaultHook.Raise(FaultKind.Unsupported, "UnavailableType");
}

// The compiler wants these classes to exist.
internal static class StartupCodeHelpers
{
}

internal static class InteropHelpers
{
}

internal static class LdTokenHelpers
{
    private static RuntimeTypeHandle GetRuntimeTypeHandle(nint methodTable) => new() { _value = methodTable };

    private static RuntimeFieldHandle GetRuntimeFieldHandle(nint handle) => default;

    private static RuntimeMethodHandle GetRuntimeMethodHandle(nint handle) => default;
}
