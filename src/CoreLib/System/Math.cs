using Internal.Runtime;

namespace System;

public static class Math
{
    public static int Min(int a, int b) => a < b ? a : b;
    public static uint Min(uint a, uint b) => a < b ? a : b;
    public static long Min(long a, long b) => a < b ? a : b;
    public static ulong Min(ulong a, ulong b) => a < b ? a : b;

    public static int Max(int a, int b) => a > b ? a : b;
    public static uint Max(uint a, uint b) => a > b ? a : b;
    public static long Max(long a, long b) => a > b ? a : b;
    public static ulong Max(ulong a, ulong b) => a > b ? a : b;

    public static int Abs(int value)
    {
        if (value == int.MinValue)
            FaultHook.Raise(FaultKind.Overflow);
        return value < 0 ? -value : value;
    }

    public static long Abs(long value)
    {
        if (value == long.MinValue)
            FaultHook.Raise(FaultKind.Overflow);
        return value < 0 ? -value : value;
    }

    public static int Sign(int value) => value < 0 ? -1 : value > 0 ? 1 : 0;
    public static int Sign(long value) => value < 0 ? -1 : value > 0 ? 1 : 0;

    public static int Clamp(int value, int min, int max) => value < min ? min : value > max ? max : value;
    public static uint Clamp(uint value, uint min, uint max) => value < min ? min : value > max ? max : value;
    public static long Clamp(long value, long min, long max) => value < min ? min : value > max ? max : value;
    public static ulong Clamp(ulong value, ulong min, ulong max) => value < min ? min : value > max ? max : value;

    public static long BigMul(int a, int b) => (long)a * b;

    /// <summary>The 128-bit product: returns its upper half.</summary>
    public static ulong BigMul(ulong a, ulong b, out ulong low)
    {
        ulong aLow = (uint)a, aHigh = a >> 32, bLow = (uint)b, bHigh = b >> 32;
        var lowLow = aLow * bLow;
        var lowHigh = aLow * bHigh;
        var highLow = aHigh * bLow;
        var middle = (lowLow >> 32) + (uint)lowHigh + (uint)highLow;
        low = a * b;
        return aHigh * bHigh + (lowHigh >> 32) + (highLow >> 32) + (middle >> 32);
    }

    /// <summary>The signed 128-bit product: returns its upper half.</summary>
    public static long BigMul(long a, long b, out long low)
    {
        var high = BigMul((ulong)a, (ulong)b, out var unsignedLow);
        low = (long)unsignedLow;
        return (long)high - ((a >> 63) & b) - ((b >> 63) & a);
    }

    public static (int Quotient, int Remainder) DivRem(int left, int right)
    {
        var quotient = left / right;
        return (quotient, left - quotient * right);
    }

    public static (long Quotient, long Remainder) DivRem(long left, long right)
    {
        var quotient = left / right;
        return (quotient, left - quotient * right);
    }

    public static (ulong Quotient, ulong Remainder) DivRem(ulong left, ulong right)
    {
        var quotient = left / right;
        return (quotient, left - quotient * right);
    }

    // Called by the compiler for checked conversions.
    private static int ConvertToInt32Checked(double value)
    {
        if (!(value > -2147483649.0 && value < 2147483648.0))
            FaultHook.Raise(FaultKind.Overflow);
        return (int)value;
    }

    private static uint ConvertToUInt32Checked(double value)
    {
        if (!(value > -1.0 && value < 4294967296.0))
            FaultHook.Raise(FaultKind.Overflow);
        return (uint)value;
    }

    private static long ConvertToInt64Checked(double value)
    {
        if (!(value >= -9223372036854775808.0 && value < 9223372036854775808.0))
            FaultHook.Raise(FaultKind.Overflow);
        return (long)value;
    }

    private static ulong ConvertToUInt64Checked(double value)
    {
        if (!(value > -1.0 && value < 18446744073709551616.0))
            FaultHook.Raise(FaultKind.Overflow);
        return (ulong)value;
    }
}
