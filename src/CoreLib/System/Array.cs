// Arrays of one dimension. The element count follows the method table; elements start 16 bytes into the object.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Internal.Runtime;

namespace System;

public abstract class Array
{
    internal int _numComponents; // the compiler knows this name

    private protected Array()
    {
    }

    public int Length => _numComponents;

    public long LongLength => _numComponents;

    public static unsafe void Clear(Array array)
    {
        if (array is null)
            FaultHook.Raise(FaultKind.NullReference);
        Memory.Clear(ref Unsafe.As<RawArrayData>(array).Data, (nuint)array.Length * array.OwnType->ComponentSize);
    }

    public static void Fill<T>(T[] array, T value) => new Span<T>(array).Fill(value);

    public static int IndexOf<T>(T[] array, T value) where T : IEquatable<T> => new ReadOnlySpan<T>(array).IndexOf(value);
}

// The compiler takes the interfaces of T[] from here: there are none.
internal class Array<T> : Array
{
}

[StructLayout(LayoutKind.Sequential)]
internal class RawArrayData
{
    public uint Length;
    public uint Padding;
    public byte Data;
}
