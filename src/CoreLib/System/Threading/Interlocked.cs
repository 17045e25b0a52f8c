// Atomic operations. The [Intrinsic] ones become locked instructions (And and Or only where the old value is not asked for); the rest is built on them.
// There is no garbage collector, so references are exchanged as plain words.
using System.Runtime.CompilerServices;

namespace System.Threading;

public static class Interlocked
{
    [Intrinsic]
    public static int CompareExchange(ref int location, int value, int comparand) => CompareExchange(ref location, value, comparand);

    [Intrinsic]
    public static long CompareExchange(ref long location, long value, long comparand) => CompareExchange(ref location, value, comparand);

    [Intrinsic]
    public static int Exchange(ref int location, int value) => Exchange(ref location, value);

    [Intrinsic]
    public static long Exchange(ref long location, long value) => Exchange(ref location, value);

    [Intrinsic]
    private static int ExchangeAdd(ref int location, int value) => ExchangeAdd(ref location, value);

    [Intrinsic]
    private static long ExchangeAdd(ref long location, long value) => ExchangeAdd(ref location, value);

    [Intrinsic]
    public static void MemoryBarrier() => MemoryBarrier();

    public static uint CompareExchange(ref uint location, uint value, uint comparand) =>
        (uint)CompareExchange(ref Unsafe.As<uint, int>(ref location), (int)value, (int)comparand);

    public static ulong CompareExchange(ref ulong location, ulong value, ulong comparand) =>
        (ulong)CompareExchange(ref Unsafe.As<ulong, long>(ref location), (long)value, (long)comparand);

    public static nint CompareExchange(ref nint location, nint value, nint comparand) =>
        (nint)CompareExchange(ref Unsafe.As<nint, long>(ref location), value, comparand);

    public static object? CompareExchange(ref object? location, object? value, object? comparand) =>
        CompareExchange<object?>(ref location, value, comparand);

    public static T CompareExchange<T>(ref T location, T value, T comparand) where T : class?
    {
        var seen = CompareExchange(ref Unsafe.As<T, long>(ref location), Unsafe.As<T, long>(ref value), Unsafe.As<T, long>(ref comparand));
        return Unsafe.As<long, T>(ref seen);
    }

    public static uint Exchange(ref uint location, uint value) => (uint)Exchange(ref Unsafe.As<uint, int>(ref location), (int)value);

    public static ulong Exchange(ref ulong location, ulong value) => (ulong)Exchange(ref Unsafe.As<ulong, long>(ref location), (long)value);

    public static nint Exchange(ref nint location, nint value) => (nint)Exchange(ref Unsafe.As<nint, long>(ref location), value);

    public static object? Exchange(ref object? location, object? value) => Exchange<object?>(ref location, value);

    public static T Exchange<T>(ref T location, T value) where T : class?
    {
        var seen = Exchange(ref Unsafe.As<T, long>(ref location), Unsafe.As<T, long>(ref value));
        return Unsafe.As<long, T>(ref seen);
    }

    public static int Add(ref int location, int value) => ExchangeAdd(ref location, value) + value;
    public static long Add(ref long location, long value) => ExchangeAdd(ref location, value) + value;
    public static uint Add(ref uint location, uint value) => (uint)Add(ref Unsafe.As<uint, int>(ref location), (int)value);
    public static ulong Add(ref ulong location, ulong value) => (ulong)Add(ref Unsafe.As<ulong, long>(ref location), (long)value);

    public static int Increment(ref int location) => Add(ref location, 1);
    public static long Increment(ref long location) => Add(ref location, 1);
    public static uint Increment(ref uint location) => Add(ref location, 1);
    public static ulong Increment(ref ulong location) => Add(ref location, 1);

    public static int Decrement(ref int location) => Add(ref location, -1);
    public static long Decrement(ref long location) => Add(ref location, -1);
    public static uint Decrement(ref uint location) => Add(ref location, uint.MaxValue);
    public static ulong Decrement(ref ulong location) => Add(ref location, ulong.MaxValue);

    public static long Read(ref readonly long location) => Volatile.Read(in location);
    public static ulong Read(ref readonly ulong location) => Volatile.Read(in location);

    [Intrinsic]
    public static int And(ref int location, int value)
    {
        var seen = location;
        while (true)
        {
            var before = CompareExchange(ref location, seen & value, seen);
            if (before == seen)
                return before;
            seen = before;
        }
    }

    [Intrinsic]
    public static int Or(ref int location, int value)
    {
        var seen = location;
        while (true)
        {
            var before = CompareExchange(ref location, seen | value, seen);
            if (before == seen)
                return before;
            seen = before;
        }
    }

    [Intrinsic]
    public static long And(ref long location, long value)
    {
        var seen = location;
        while (true)
        {
            var before = CompareExchange(ref location, seen & value, seen);
            if (before == seen)
                return before;
            seen = before;
        }
    }

    [Intrinsic]
    public static long Or(ref long location, long value)
    {
        var seen = location;
        while (true)
        {
            var before = CompareExchange(ref location, seen | value, seen);
            if (before == seen)
                return before;
            seen = before;
        }
    }

    public static uint And(ref uint location, uint value) => (uint)And(ref Unsafe.As<uint, int>(ref location), (int)value);
    public static uint Or(ref uint location, uint value) => (uint)Or(ref Unsafe.As<uint, int>(ref location), (int)value);
    public static ulong And(ref ulong location, ulong value) => (ulong)And(ref Unsafe.As<ulong, long>(ref location), (long)value);
    public static ulong Or(ref ulong location, ulong value) => (ulong)Or(ref Unsafe.As<ulong, long>(ref location), (long)value);
}
