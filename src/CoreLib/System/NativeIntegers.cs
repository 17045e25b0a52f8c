// Integers of pointer size.
namespace System;

public readonly struct IntPtr : IEquatable<nint>
{
    public static readonly nint Zero;

    public static int Size => 8;

    public static nint MinValue => unchecked((nint)long.MinValue);

    public static nint MaxValue => unchecked((nint)long.MaxValue);

    public bool Equals(nint other) => this == other;

    public override bool Equals(object? other) => other is nint value && this == value;

    public override int GetHashCode() => ((long)this).GetHashCode();
}

public readonly struct UIntPtr : IEquatable<nuint>
{
    public static readonly nuint Zero;

    public static int Size => 8;

    public static nuint MinValue => 0;

    public static nuint MaxValue => unchecked((nuint)ulong.MaxValue);

    public bool Equals(nuint other) => this == other;

    public override bool Equals(object? other) => other is nuint value && this == value;

    public override int GetHashCode() => ((ulong)this).GetHashCode();
}
