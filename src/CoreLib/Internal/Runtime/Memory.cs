// Copying and clearing. The assembly routines handle overlap and choose by size.
using System.Runtime;
using System.Runtime.CompilerServices;

namespace Internal.Runtime;

public static unsafe class Memory
{
    [RuntimeImport("*", "memmove"), MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void* MoveBytes(void* to, void* from, nuint count);

    [RuntimeImport("*", "memset"), MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void* SetBytes(void* to, int value, nuint count);

    public static void Move(void* to, void* from, nuint count) => MoveBytes(to, from, count);

    public static void Set(void* to, byte value, nuint count) => SetBytes(to, value, count);

    internal static void Move(ref byte to, ref byte from, nuint count) =>
        MoveBytes(Unsafe.AsPointer(ref to), Unsafe.AsPointer(ref from), count);

    internal static void Move<T>(ref T to, ref T from, int count) =>
        MoveBytes(Unsafe.AsPointer(ref to), Unsafe.AsPointer(ref from), (nuint)(uint)count * (nuint)Unsafe.SizeOf<T>());

    /// <summary>Compares byte by byte, eight at a time.</summary>
    internal static bool AreSame<T>(ref T a, ref T b, int count)
    {
        var left = (byte*)Unsafe.AsPointer(ref a);
        var right = (byte*)Unsafe.AsPointer(ref b);
        var bytes = (nuint)(uint)count * (nuint)Unsafe.SizeOf<T>();
        for (; bytes >= sizeof(ulong); bytes -= sizeof(ulong), left += sizeof(ulong), right += sizeof(ulong))
        {
            if (*(ulong*)left != *(ulong*)right)
                return false;
        }
        for (; bytes > 0; bytes--)
        {
            if (*left++ != *right++)
                return false;
        }
        return true;
    }

    internal static void Clear(ref byte to, nuint count) => SetBytes(Unsafe.AsPointer(ref to), 0, count);
}
