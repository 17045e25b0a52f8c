namespace System;

public readonly struct Char : IEquatable<char>, IComparable<char>
{
    public const char MinValue = '\0';
    public const char MaxValue = '\uffff';

    public bool Equals(char other) => this == other;

    public override bool Equals(object? other) => other is char value && this == value;

    public override int GetHashCode() => this;

    public int CompareTo(char other) => this - other;

    public static bool IsAsciiDigit(char c) => (uint)(c - '0') <= 9;

    public static bool IsAsciiLetter(char c) => (uint)((c | 0x20) - 'a') <= 25;

    public static bool IsAsciiLetterOrDigit(char c) => IsAsciiLetter(c) || IsAsciiDigit(c);
}
