// Spans over other things, and reinterpreted. Cast, AsBytes, Read and Write are safe for types without references.
using System.Runtime.CompilerServices;
using Internal.Runtime;

namespace System.Runtime.InteropServices;

public static class MemoryMarshal
{
    public static Span<T> CreateSpan<T>(scoped ref T reference, int length) => new(ref Unsafe.AsRef(in reference), length);

    public static ReadOnlySpan<T> CreateReadOnlySpan<T>(scoped ref readonly T reference, int length) =>
        new(ref Unsafe.AsRef(in reference), length);

    public static ref T GetReference<T>(Span<T> span) => ref span._reference;

    public static ref T GetReference<T>(ReadOnlySpan<T> span) => ref span._reference;

    [Intrinsic]
    public static ref T GetArrayDataReference<T>(T[] array) => ref GetArrayDataReference(array);

    public static Span<byte> AsBytes<T>(Span<T> span) where T : struct => Cast<T, byte>(span);

    public static ReadOnlySpan<byte> AsBytes<T>(ReadOnlySpan<T> span) where T : struct => Cast<T, byte>(span);

    /// <summary>The same memory as items of another type, as many as fit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Span<TTo> Cast<TFrom, TTo>(Span<TFrom> span) where TFrom : struct where TTo : struct
    {
        var length = CastLength<TFrom, TTo>(span.Length);
        return new Span<TTo>(ref Unsafe.As<TFrom, TTo>(ref span._reference), length);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ReadOnlySpan<TTo> Cast<TFrom, TTo>(ReadOnlySpan<TFrom> span) where TFrom : struct where TTo : struct
    {
        var length = CastLength<TFrom, TTo>(span.Length);
        return new ReadOnlySpan<TTo>(ref Unsafe.As<TFrom, TTo>(ref span._reference), length);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Read<T>(ReadOnlySpan<byte> source) where T : struct
    {
        CheckPlain<T>();
        if ((uint)Unsafe.SizeOf<T>() > (uint)source.Length)
            FaultHook.Raise(FaultKind.IndexOutOfRange);
        return Unsafe.ReadUnaligned<T>(in source._reference);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryRead<T>(ReadOnlySpan<byte> source, out T value) where T : struct
    {
        CheckPlain<T>();
        if ((uint)Unsafe.SizeOf<T>() > (uint)source.Length)
        {
            value = default;
            return false;
        }
        value = Unsafe.ReadUnaligned<T>(in source._reference);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write<T>(Span<byte> destination, in T value) where T : struct
    {
        if (!TryWrite(destination, in value))
            FaultHook.Raise(FaultKind.IndexOutOfRange);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryWrite<T>(Span<byte> destination, in T value) where T : struct
    {
        CheckPlain<T>();
        if ((uint)Unsafe.SizeOf<T>() > (uint)destination.Length)
            return false;
        Unsafe.WriteUnaligned(ref destination._reference, value);
        return true;
    }

    /// <summary>The bytes as one item of T, in place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref T AsRef<T>(Span<byte> span) where T : struct
    {
        CheckPlain<T>();
        if ((uint)Unsafe.SizeOf<T>() > (uint)span.Length)
            FaultHook.Raise(FaultKind.IndexOutOfRange);
        return ref Unsafe.As<byte, T>(ref span._reference);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref readonly T AsRef<T>(ReadOnlySpan<byte> span) where T : struct
    {
        CheckPlain<T>();
        if ((uint)Unsafe.SizeOf<T>() > (uint)span.Length)
            FaultHook.Raise(FaultKind.IndexOutOfRange);
        return ref Unsafe.As<byte, T>(ref span._reference);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int CastLength<TFrom, TTo>(int length)
    {
        CheckPlain<TFrom>();
        CheckPlain<TTo>();
        var result = (ulong)(uint)length * (uint)Unsafe.SizeOf<TFrom>() / (uint)Unsafe.SizeOf<TTo>();
        if (result > int.MaxValue)
            FaultHook.Raise(FaultKind.Overflow);
        return (int)result;
    }

    // Compile-time constant: code for types without references keeps nothing of it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CheckPlain<T>()
    {
        if (RuntimeHelpers.IsReferenceOrContainsReferences<T>())
            FaultHook.Raise(FaultKind.InvalidCast);
    }
}
