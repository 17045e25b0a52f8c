// Reinterpretation and address arithmetic, expanded by the compiler. Not for kernel sources, which are safe code.
namespace System.Runtime.CompilerServices;

public static unsafe class Unsafe
{
    [Intrinsic]
    public static void* AsPointer<T>(ref readonly T value) where T : allows ref struct => AsPointer(in value);

    [Intrinsic]
    public static T As<T>(object? value) where T : class? => As<T>(value);

    [Intrinsic]
    public static ref TTo As<TFrom, TTo>(ref TFrom source) where TFrom : allows ref struct where TTo : allows ref struct =>
        ref As<TFrom, TTo>(ref source);

    [Intrinsic]
    public static ref T Add<T>(ref T source, int elementOffset) where T : allows ref struct => ref Add(ref source, elementOffset);

    [Intrinsic]
    public static ref T Add<T>(ref T source, nint elementOffset) where T : allows ref struct => ref Add(ref source, elementOffset);

    [Intrinsic]
    public static ref T AsRef<T>(void* source) where T : allows ref struct => ref AsRef<T>(source);

    [Intrinsic]
    public static ref T AsRef<T>(scoped ref readonly T source) where T : allows ref struct => ref AsRef(in source);

    [Intrinsic]
    public static int SizeOf<T>() where T : allows ref struct => SizeOf<T>();

    [Intrinsic]
    public static bool AreSame<T>(ref readonly T left, ref readonly T right) where T : allows ref struct => AreSame(in left, in right);

    [Intrinsic]
    public static T ReadUnaligned<T>(ref readonly byte source) where T : allows ref struct => ReadUnaligned<T>(in source);

    [Intrinsic]
    public static void WriteUnaligned<T>(ref byte destination, T value) where T : allows ref struct => WriteUnaligned(ref destination, value);

    [Intrinsic]
    public static void SkipInit<T>(out T value) where T : allows ref struct => SkipInit(out value);
}
