// The integer types. Their arithmetic is the compiler's; here are limits, comparison and what checked multiplication calls.
using Internal.Runtime;

namespace System;

public readonly struct SByte : IEquatable<sbyte>, IComparable<sbyte>
{
    public const sbyte MinValue = -128;
    public const sbyte MaxValue = 127;

    public bool Equals(sbyte other) => this == other;

    public override bool Equals(object? other) => other is sbyte value && this == value;

    public override int GetHashCode() => this;

    public int CompareTo(sbyte other) => this < other ? -1 : this > other ? 1 : 0;
}

public readonly struct Byte : IEquatable<byte>, IComparable<byte>
{
    public const byte MinValue = 0;
    public const byte MaxValue = 255;

    public bool Equals(byte other) => this == other;

    public override bool Equals(object? other) => other is byte value && this == value;

    public override int GetHashCode() => this;

    public int CompareTo(byte other) => this < other ? -1 : this > other ? 1 : 0;
}

public readonly struct Int16 : IEquatable<short>, IComparable<short>
{
    public const short MinValue = -32768;
    public const short MaxValue = 32767;

    public bool Equals(short other) => this == other;

    public override bool Equals(object? other) => other is short value && this == value;

    public override int GetHashCode() => this;

    public int CompareTo(short other) => this < other ? -1 : this > other ? 1 : 0;
}

public readonly struct UInt16 : IEquatable<ushort>, IComparable<ushort>
{
    public const ushort MinValue = 0;
    public const ushort MaxValue = 65535;

    public bool Equals(ushort other) => this == other;

    public override bool Equals(object? other) => other is ushort value && this == value;

    public override int GetHashCode() => this;

    public int CompareTo(ushort other) => this < other ? -1 : this > other ? 1 : 0;
}

public readonly struct Int32 : IEquatable<int>, IComparable<int>
{
    public const int MinValue = -2147483648;
    public const int MaxValue = 2147483647;

    public bool Equals(int other) => this == other;

    public override bool Equals(object? other) => other is int value && this == value;

    public override int GetHashCode() => this;

    public int CompareTo(int other) => this < other ? -1 : this > other ? 1 : 0;
}

public readonly struct UInt32 : IEquatable<uint>, IComparable<uint>
{
    public const uint MinValue = 0;
    public const uint MaxValue = 4294967295;

    public bool Equals(uint other) => this == other;

    public override bool Equals(object? other) => other is uint value && this == value;

    public override int GetHashCode() => (int)this;

    public int CompareTo(uint other) => this < other ? -1 : this > other ? 1 : 0;
}

public readonly struct Int64 : IEquatable<long>, IComparable<long>
{
    public const long MinValue = -9223372036854775808;
    public const long MaxValue = 9223372036854775807;

    public bool Equals(long other) => this == other;

    public override bool Equals(object? other) => other is long value && this == value;

    public override int GetHashCode() => (int)this ^ (int)(this >> 32);

    public int CompareTo(long other) => this < other ? -1 : this > other ? 1 : 0;

    // Called by the compiler for checked(a * b).
    private static long MultiplyChecked(long a, long b)
    {
        var negative = (a < 0) != (b < 0);
        var high = Math.BigMul(Magnitude(a), Magnitude(b), out var low);
        if (high != 0 || low > (negative ? 1UL << 63 : long.MaxValue))
            FaultHook.Raise(FaultKind.Overflow);
        return negative ? -(long)low : (long)low;
    }

    private static ulong Magnitude(long value) => value < 0 ? (ulong)-value : (ulong)value;
}

public readonly struct UInt64 : IEquatable<ulong>, IComparable<ulong>
{
    public const ulong MinValue = 0;
    public const ulong MaxValue = 18446744073709551615;

    public bool Equals(ulong other) => this == other;

    public override bool Equals(object? other) => other is ulong value && this == value;

    public override int GetHashCode() => (int)this ^ (int)(this >> 32);

    public int CompareTo(ulong other) => this < other ? -1 : this > other ? 1 : 0;

    // Called by the compiler for checked(a * b).
    private static ulong MultiplyChecked(ulong a, ulong b)
    {
        if (Math.BigMul(a, b, out var low) != 0)
            FaultHook.Raise(FaultKind.Overflow);
        return low;
    }
}
