// Arithmetic, spans, arrays, structures, atomics.
using System;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace Jiffy.Machine;

internal static partial class LanguageTests
{
    private enum Colour
    {
        Red,
        Green = 5,
        Blue,
    }

    private record struct Pair(int A, long B);

    [StructLayout(LayoutKind.Explicit)]
    private struct Overlay
    {
        [FieldOffset(0)] public uint All;
        [FieldOffset(0)] public byte Low;
        [FieldOffset(3)] public byte High;
    }

    [InlineArray(8)]
    private struct Eight
    {
        private int _first;
    }

    private struct Big
    {
        public long A, B, C, D, E, F, G, H;
    }

    private ref struct Scope
    {
        private readonly ref int _counter;

        public Scope(ref int counter)
        {
            _counter = ref counter;
            _counter++;
        }

        public readonly void Dispose() => _counter += 10;
    }

    private static int s_trace;

    private static void Arithmetic()
    {
        var million = Opaque(1_000_000_007UL);
        Check("division", million / 1000 == 1_000_000 && million % 1000 == 7);
        var large = Opaque(1L << 40);
        Check("checked conversion", checked((int)(large >> 20)) == 1 << 20 && checked((byte)(large >> 36)) == 16);
        Check("checked multiplication", checked(large * 1000) == 1000L << 40 && checked((ulong)large * 5) == 5UL << 40);
        var high = Math.BigMul(Opaque(ulong.MaxValue), 3UL, out var low);
        Check("128-bit product", high == 2 && low == ulong.MaxValue - 2);
        Check("signed 128-bit product", Math.BigMul(Opaque(-2L), 3L, out var signedLow) == -1 && signedLow == -6);
        Check("minimum, maximum, clamp", Math.Min(Opaque(-1), 2) == -1 && Math.Max(Opaque(3UL), 2) == 3 && Math.Clamp(Opaque(9), 0, 5) == 5);
        Check("leading zeros", BitOperations.LeadingZeroCount(Opaque(1u)) == 31 && BitOperations.LeadingZeroCount(Opaque(0UL)) == 64);
        Check("trailing zeros", BitOperations.TrailingZeroCount(Opaque(8u)) == 3 && BitOperations.TrailingZeroCount(Opaque(1UL << 63)) == 63);
        Check("population count", BitOperations.PopCount(Opaque(0xff00ffUL)) == 16 && BitOperations.PopCount(Opaque(7u)) == 3);
        Check("logarithm", BitOperations.Log2(Opaque(1025UL)) == 10 && BitOperations.Log2(Opaque(1u)) == 0);
        Check("powers of two", BitOperations.RoundUpToPowerOf2(Opaque(33u)) == 64 && BitOperations.IsPow2(Opaque(64UL)));
        Check("rotation", BitOperations.RotateLeft(Opaque(0x80000001u), 4) == 0x18);
    }

    private static void SpansAndArrays()
    {
        int[] array = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
        Span<int> span = array;
        foreach (ref var item in span.Slice(2, 3))
            item *= 10;
        Check("span over an array", Total(span) == 45 + 9 * 12 && Total(span.Slice(7)) == 17);
        var text = "kernel"u8;
        Check("text literal", text.Length == 6 && text[5] == (byte)'l' && text.StartsWith("ker"u8) && text.IndexOf((byte)'n') == 3);
        ReadOnlySpan<int> constants = [10, 20, 30, 40];
        Check("constant span", constants[3] == 40);
        Span<long> collected = [Opaque(1L), Opaque(2L)];
        Check("collection expression", collected.Length == 2 && collected[1] == 2);
        Span<long> local = stackalloc long[4];
        local[3] = 5;
        Check("stack allocation", local[3] == 5 && local[0] == 0);
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.Slice(4), 0x11223344);
        BinaryPrimitives.WriteUInt16BigEndian(bytes, 0x5566);
        Check("numbers in bytes", bytes[4] == 0x44 && bytes[0] == 0x55 && BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(4)) == 0x44332211);
        Check("reinterpretation", MemoryMarshal.Cast<byte, uint>(bytes)[1] == 0x11223344 && MemoryMarshal.AsBytes(local).Length == 32);
        bytes.Fill(7);
        bytes.Slice(0, 8).Clear();
        Check("fill and clear", bytes[7] == 0 && bytes[8] == 7 && bytes.IndexOf((byte)7) == 8);
        Check("comparison", bytes.Slice(8).SequenceEqual<byte>([7, 7, 7, 7, 7, 7, 7, 7]) && "ab"u8.SequenceCompareTo("b"u8) < 0);
        Shape[] shapes = new Square[3];
        shapes[0] = new Square(2);
        Check("array of references", shapes[0].Area() == 4 && Opaque<object>(shapes) is Shape[] && Opaque<object>(shapes) is not string[]);
        Check("array type test", Opaque<object>(array) is int[] && Opaque<object>(array) is Array && Opaque<object>(array) is not object[]);
        Array.Clear(array);
        Check("array clear", Total(array) == 0);
        var jagged = new int[3][];
        jagged[1] = [4, 5];
        Check("array of arrays", jagged[0] is null && jagged[1][1] == 5);
    }

    private static int Total(ReadOnlySpan<int> values)
    {
        var total = 0;
        foreach (var value in values)
            total += value;
        return total;
    }

    private static void Values()
    {
        Eight eight = default;
        eight[7] = 3;
        eight[0] = 1;
        var sum = 0;
        foreach (var value in eight)
            sum += value;
        Span<int> items = eight;
        Check("inline array", sum == 4 && items.Length == 8 && items[7] == 3);
        var overlay = new Overlay { All = 0xaabbccdd };
        Check("explicit layout", overlay.Low == 0xdd && overlay.High == 0xaa);
        Pair first = new(1, 2), second = first with { B = 3 };
        Check("record structure", first.A == second.A && second.B == 3 && first != second && first == new Pair(1, 2));
        Check("large structure", MakeBig(3).H == 6);
        int? some = Opaque<int?>(5), none = Opaque<int?>(null);
        Check("nullable", some.HasValue && some.Value == 5 && !none.HasValue && (none ?? 8) == 8);
        var colour = Opaque(Colour.Blue);
        Check("enumeration", (int)colour == 6 && colour != Colour.Green && colour switch { Colour.Blue => true, _ => false });
        (int Number, string Text) tuple = (1, "x");
        Check("tuple", tuple.Number == 1 && tuple.Text == "x");
        Check("string switch", Letter(Opaque("gamma")) == 3 && Letter(Opaque("theta")) == 8 && Letter(Opaque("nothing")) == 0);
        Check("try and finally", Finally(5) == 1 && s_trace == 1 && Finally(1) == 2 && s_trace == 12);
        var counter = 0;
        using (new Scope(ref counter))
            counter += 100;
        Check("scope with a reference field", counter == 111);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Big MakeBig(long a) => new() { A = a, B = 1, C = 1, D = 1, E = 1, F = 1, G = 1, H = a * 2 };

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Letter(string name) => name switch
    {
        "alpha" => 1,
        "beta" => 2,
        "gamma" => 3,
        "delta" => 4,
        "epsilon" => 5,
        "zeta" => 6,
        "eta" => 7,
        "theta" => 8,
        _ => 0,
    };

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Finally(int x)
    {
        try
        {
            if (x > 3)
                return 1;
            s_trace += 10;
        }
        finally
        {
            s_trace++;
        }
        return 2;
    }

    private static void Atomics()
    {
        var number = 5;
        Check("compare and exchange", Interlocked.CompareExchange(ref number, 9, 5) == 5 && number == 9);
        Check("exchange and add", Interlocked.Increment(ref number) == 10 && Interlocked.Exchange(ref number, 1) == 10 && Interlocked.Add(ref number, -3) == -2);
        number = 1;
        Check("atomic bits", Interlocked.Or(ref number, 6) == 1 && Interlocked.And(ref number, 5) == 7 && number == 5);
        var wide = 5UL;
        Check("64-bit atomics", Interlocked.CompareExchange(ref wide, 1UL << 40, 5) == 5 && Interlocked.Decrement(ref wide) == (1UL << 40) - 1);
        Node? reference = null;
        var node = new Node();
        Check("atomic references", Interlocked.CompareExchange(ref reference, node, null) is null && reference == node
            && Interlocked.Exchange(ref reference, null) == node);
        Volatile.Write(ref number, 77);
        Volatile.Write(ref reference, node);
        var flag = true;
        Check("volatile", Volatile.Read(ref number) == 77 && Volatile.Read(ref reference) == node && Volatile.Read(ref flag));
        Interlocked.MemoryBarrier();
    }
}
