// The compiler's description of a type, as ILC 10 lays it out:
//   flags, base size, related type (parent, or element type of an array), numbers of virtual methods and interfaces, hash;
//   the virtual method table; the interface map; then 32-bit relative pointers: type manager, writable data, dispatch map
//   (when the type has one), sealed virtual methods.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Internal.Runtime;

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MethodTable
{
    private const uint HasDispatchMapFlag = 0x0004_0000;

    private readonly uint _flags;
    internal readonly uint BaseSize;
    internal readonly MethodTable* Related;
    internal readonly ushort VirtualCount;
    internal readonly ushort InterfaceCount;
    private readonly uint _hashCode;

    [Intrinsic]
    internal static extern MethodTable* Of<T>();

    internal readonly uint ElementType => (_flags >> 26) & 0x1f;

    internal readonly ushort ComponentSize => (int)_flags < 0 ? (ushort)_flags : (ushort)0;

    /// <summary>Bytes of a value type's fields, rounded up to words as they are in a box.</summary>
    internal readonly uint ValueSize => BaseSize - 2 * (uint)sizeof(ulong);

    internal readonly bool IsPrimitive => ElementType is >= 0x02 and <= 0x0f;

    internal readonly bool IsValueType => ElementType is >= 0x02 and <= 0x12;

    internal readonly bool IsNullable => ElementType == 0x12;

    internal readonly bool IsInterface => ElementType == 0x15;

    internal readonly bool IsArray => ElementType is 0x17 or 0x18;

    internal static void** VirtualTable(MethodTable* type) => (void**)(type + 1);

    internal static MethodTable** Interfaces(MethodTable* type) => (MethodTable**)(VirtualTable(type) + type->VirtualCount);

    internal static bool TryGetDispatchMap(MethodTable* type, out DispatchMap* map)
    {
        map = null;
        if ((type->_flags & HasDispatchMapFlag) == 0)
            return false;
        map = (DispatchMap*)Follow(RelativeFields(type) + 2);
        return true;
    }

    internal static nint SealedVirtual(MethodTable* type, int index)
    {
        var hasMap = (type->_flags & HasDispatchMapFlag) != 0;
        var table = (int*)Follow(RelativeFields(type) + (hasMap ? 3 : 2));
        return (nint)Follow(table + index);
    }

    private static int* RelativeFields(MethodTable* type) => (int*)(Interfaces(type) + type->InterfaceCount);

    private static byte* Follow(int* relative) => (byte*)relative + *relative;
}

/// <summary>Which virtual slot implements which method of which interface; default implementations come last.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DispatchMap
{
    internal readonly ushort StandardCount;
    internal readonly ushort DefaultCount;
    private readonly ushort _standardStaticCount;
    private readonly ushort _defaultStaticCount;

    internal static DispatchEntry* Entries(DispatchMap* map) => (DispatchEntry*)(map + 1);
}

[StructLayout(LayoutKind.Sequential)]
internal struct DispatchEntry
{
    internal readonly ushort InterfaceIndex;
    internal readonly ushort InterfaceSlot;
    internal readonly ushort ImplementationSlot;
}
