// Single instructions that the compiler emits in place of these calls. All are part of the x86-64-v2 baseline.
using System.Runtime.CompilerServices;

namespace System.Runtime.Intrinsics.X86;

[Intrinsic]
internal abstract class X86Base
{
    internal static uint BitScanForward(uint value) => BitScanForward(value);

    internal static uint BitScanReverse(uint value) => BitScanReverse(value);

    [Intrinsic]
    internal abstract class X64
    {
        internal static ulong BitScanForward(ulong value) => BitScanForward(value);

        internal static ulong BitScanReverse(ulong value) => BitScanReverse(value);
    }
}

[Intrinsic]
internal abstract class Popcnt
{
    internal static uint PopCount(uint value) => PopCount(value);

    [Intrinsic]
    internal abstract class X64
    {
        internal static ulong PopCount(ulong value) => PopCount(value);
    }
}
