// Counting and finding bits.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace System.Numerics;

public static class BitOperations
{
    public static bool IsPow2(int value) => value > 0 && (value & (value - 1)) == 0;
    public static bool IsPow2(uint value) => value != 0 && (value & (value - 1)) == 0;
    public static bool IsPow2(long value) => value > 0 && (value & (value - 1)) == 0;
    public static bool IsPow2(ulong value) => value != 0 && (value & (value - 1)) == 0;

    /// <summary>The smallest power of two not below the value; 0 when it does not fit or the value is 0.</summary>
    public static uint RoundUpToPowerOf2(uint value) => value <= 1 ? value : (uint)(1UL << (32 - LeadingZeroCount(value - 1)));

    public static ulong RoundUpToPowerOf2(ulong value)
    {
        if (value <= 1)
            return value;
        var shift = 64 - LeadingZeroCount(value - 1);
        return shift == 64 ? 0 : 1UL << shift;
    }

    public static int LeadingZeroCount(uint value) => value == 0 ? 32 : 31 - (int)X86Base.BitScanReverse(value);
    public static int LeadingZeroCount(ulong value) => value == 0 ? 64 : 63 - (int)X86Base.X64.BitScanReverse(value);

    public static int TrailingZeroCount(int value) => TrailingZeroCount((uint)value);
    public static int TrailingZeroCount(uint value) => value == 0 ? 32 : (int)X86Base.BitScanForward(value);
    public static int TrailingZeroCount(long value) => TrailingZeroCount((ulong)value);
    public static int TrailingZeroCount(ulong value) => value == 0 ? 64 : (int)X86Base.X64.BitScanForward(value);

    /// <summary>The number of the highest set bit; 0 for 0.</summary>
    public static int Log2(uint value) => value == 0 ? 0 : (int)X86Base.BitScanReverse(value);
    public static int Log2(ulong value) => value == 0 ? 0 : (int)X86Base.X64.BitScanReverse(value);

    public static int PopCount(uint value) => (int)Popcnt.PopCount(value);
    public static int PopCount(ulong value) => (int)Popcnt.X64.PopCount(value);

    public static uint RotateLeft(uint value, int offset) => (value << offset) | (value >> (32 - offset));
    public static ulong RotateLeft(ulong value, int offset) => (value << offset) | (value >> (64 - offset));
    public static uint RotateRight(uint value, int offset) => (value >> offset) | (value << (32 - offset));
    public static ulong RotateRight(ulong value, int offset) => (value >> offset) | (value << (64 - offset));
}
