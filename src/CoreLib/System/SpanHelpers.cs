// Block operations that the compiler calls for copies and clears of structures.
using Internal.Runtime;

namespace System;

internal static class SpanHelpers
{
    internal static void Memmove(ref byte to, ref byte from, nuint count) => Memory.Move(ref to, ref from, count);

    internal static unsafe void Fill(ref byte to, byte value, nuint count) =>
        Memory.Set(System.Runtime.CompilerServices.Unsafe.AsPointer(ref to), value, count);

    internal static void ClearWithoutReferences(ref byte to, nuint count) => Memory.Clear(ref to, count);
}

public static class Buffer
{
    internal static void BulkMoveWithWriteBarrier(ref byte to, ref byte from, nuint count) => Memory.Move(ref to, ref from, count);
}
