// Block copies of every size and overlap, the heap, function pointers, calls with many arguments.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Internal.Runtime;

namespace Jiffy.Machine;

internal static unsafe partial class LanguageTests
{
    private const int Largest = 300;

    private static void Blocks()
    {
        Span<byte> memory = new byte[2 * Largest];
        Check("copy, all sizes", AllSizes(memory, static (m, size) => CopiesRight(m, size, 0, Largest)));
        Check("copy to lower overlap", AllSizes(memory, static (m, size) => CopiesRight(m, size, 17, 0)));
        Check("copy to higher overlap", AllSizes(memory, static (m, size) => CopiesRight(m, size, 0, 17)));
        Check("set, all sizes", AllSizes(memory, static (m, size) => SetsRight(m, size)));
    }

    private delegate bool BlockTest(Span<byte> memory, int size);

    private static bool AllSizes(Span<byte> memory, BlockTest test)
    {
        for (var size = 0; size < Largest - 17; size++)
        {
            if (!test(memory, size))
                return false;
        }
        return true;
    }

    private static bool CopiesRight(Span<byte> memory, int size, int from, int to)
    {
        for (var i = 0; i < memory.Length; i++)
            memory[i] = (byte)(i * 7);
        memory.Slice(from, size).CopyTo(memory.Slice(to, size));
        for (var i = 0; i < size; i++)
        {
            if (memory[to + i] != (byte)((from + i) * 7))
                return false;
        }
        return memory[to + size] == (byte)((to + size) * 7) && (to == 0 || memory[to - 1] == (byte)((to - 1) * 7));
    }

    private static bool SetsRight(Span<byte> memory, int size)
    {
        memory.Fill(1);
        Memory.Set(Unsafe.AsPointer(ref memory[8]), 0xa5, (nuint)size);
        for (var i = 0; i < size; i++)
        {
            if (memory[8 + i] != 0xa5)
                return false;
        }
        return memory[7] == 1 && memory[8 + size] == 1;
    }

    private static void HeapAndCalls()
    {
        var before = Heap.Used;
        var node = Opaque(new Node { Value = 3 });
        Check("heap counts", Heap.Used - before == 32 && node.Value == 3);
        Check("heap reserves", Heap.TryReserve(4096) && !Heap.TryReserve(1UL << 40));
        Check("heap clears", new byte[1000].AsSpan().IndexOfAnyNonZero() < 0);
        delegate*<int, int> managed = &Triple;
        delegate* unmanaged<int, int> unmanaged = &Next;
        Check("function pointers", managed(Opaque(5)) == 15 && unmanaged(Opaque(5)) == 6);
        Check("many arguments", Mix(1, 2, 3, 4, 5, 6, 7, 8, Opaque(9L)) == 285);
        Check("interface dispatch with many types", ManyTypes());
    }

    private static int IndexOfAnyNonZero(this Span<byte> bytes)
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] != 0)
                return i;
        }
        return -1;
    }

    [UnmanagedCallersOnly]
    private static int Next(int x) => x + 1;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long Mix(long a, long b, long c, long d, long e, long f, long g, long h, long i) =>
        a * a + b * b + c * c + d * d + e * e + f * f + g * g + h * h + i * i;

    // The same call site with several receivers, often enough to come from the cache.
    private static bool ManyTypes()
    {
        IShape[] shapes = [new Square(2), new Rectangle(2, 3), new Point { X = 1, Y = 5 }];
        var total = 0;
        for (var i = 0; i < 300; i++)
            total += CallArea(shapes[i % 3]);
        return total == 100 * (4 + 6 + 5);
    }
}
