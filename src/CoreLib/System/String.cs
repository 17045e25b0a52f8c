// Immutable text, in practice literals. Making strings is not offered: kernel code writes text into spans.
using System.Diagnostics.CodeAnalysis;
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Internal.Runtime;

namespace System;

public sealed class String : IEquatable<string>
{
    private readonly int _stringLength; // the compiler knows these names and their order
    private char _firstChar;

    public static readonly string Empty = "";

    private String()
    {
    }

    public int Length
    {
        [Intrinsic]
        get => _stringLength;
    }

    [IndexerName("Chars")]
    public char this[int index]
    {
        [Intrinsic]
        get
        {
            if ((uint)index >= (uint)_stringLength)
                FaultHook.Raise(FaultKind.IndexOutOfRange);
            return Unsafe.Add(ref _firstChar, index);
        }
    }

    public static bool IsNullOrEmpty([NotNullWhen(false)] string? value) => value is null || value.Length == 0;

    internal static unsafe string Create(ReadOnlySpan<char> text)
    {
        var made = Unsafe.As<string>(RuntimeExports.NewArray(Empty.OwnType, text.Length));
        text.CopyTo(MemoryMarshal.CreateSpan(ref made._firstChar, text.Length));
        return made;
    }

    public ref readonly char GetPinnableReference() => ref _firstChar;

    public bool Equals(string? other) => Equals(this, other);

    public override bool Equals(object? other) => other is string text && Equals(this, text);

    public static bool Equals(string? a, string? b)
    {
        if ((object?)a == b)
            return true;
        return a is not null && b is not null && MemoryExtensions.SequenceEqual<char>(a, b);
    }

    public override int GetHashCode()
    {
        var hash = 17;
        foreach (var c in (ReadOnlySpan<char>)this)
            hash = hash * 31 + c;
        return hash;
    }

    public override string ToString() => this;

    public static bool operator ==(string? a, string? b) => Equals(a, b);

    public static bool operator !=(string? a, string? b) => !Equals(a, b);

    public static implicit operator ReadOnlySpan<char>(string? value) =>
        value.AsSpan();
}
