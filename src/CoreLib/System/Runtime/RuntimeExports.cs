// What compiled code calls to make and box objects. The export names and signatures are the compiler's contract.
using System.Runtime.CompilerServices;
using Internal.Runtime;

namespace System.Runtime;

internal static unsafe class RuntimeExports
{
    [RuntimeExport("RhpNewFast")]
    internal static object NewObject(MethodTable* type)
    {
        var start = Heap.Allocate(type->BaseSize);
        return Publish(start, type);
    }

    [RuntimeExport("RhpNewFinalizable")]
    internal static object NewFinalizable(MethodTable* type) => NewObject(type);

    [RuntimeExport("RhNewObject")]
    internal static object RhNewObject(MethodTable* type) => NewObject(type);

    [RuntimeExport("RhpNewArrayFast")]
    internal static object NewArray(MethodTable* type, nint length)
    {
        if ((ulong)length > int.MaxValue)
            FaultHook.Raise(FaultKind.Overflow);
        var start = Heap.Allocate(type->BaseSize + (ulong)length * type->ComponentSize);
        ((int*)start)[4] = (int)length;
        return Publish(start, type);
    }

    [RuntimeExport("RhpNewPtrArrayFast")]
    internal static object NewPointerArray(MethodTable* type, nint length) => NewArray(type, length);

    [RuntimeExport("RhNewArray")]
    internal static object RhNewArray(MethodTable* type, nint length) => NewArray(type, length);

    [RuntimeExport("RhNewString")]
    internal static object NewString(MethodTable* type, nint length) => NewArray(type, length);

    [RuntimeExport("RhBox")]
    internal static object RhBox(MethodTable* type, ref byte data)
    {
        if (type->IsNullable)
            FaultHook.Raise(FaultKind.Unsupported, "boxing of T?");
        var boxed = NewObject(type);
        Memory.Move(ref DataOf(boxed), ref data, type->ValueSize);
        return boxed;
    }

    [RuntimeExport("RhUnbox2")]
    internal static ref byte RhUnbox2(MethodTable* type, object boxed)
    {
        if (boxed is null)
            FaultHook.Raise(FaultKind.NullReference);
        if (!TypeCast.IsSameValueType(boxed.OwnType, type))
            FaultHook.Raise(FaultKind.InvalidCast);
        return ref DataOf(boxed);
    }

    internal static void RhUnboxTypeTest(MethodTable* type, MethodTable* boxedType)
    {
        if (!TypeCast.IsSameValueType(boxedType, type))
            FaultHook.Raise(FaultKind.InvalidCast);
    }

    [RuntimeExport("RhUnboxNullable")]
    internal static void RhUnboxNullable(ref byte data, MethodTable* type, object boxed) =>
        FaultHook.Raise(FaultKind.Unsupported, "unboxing to T?");

    [RuntimeExport("RhSpanHelpers_MemCopy")]
    internal static void MemCopy(byte* to, byte* from, nuint count) => Memory.Move(to, from, count);

    [RuntimeExport("RhSpanHelpers_MemSet")]
    internal static void MemSet(byte* to, byte value, nuint count) => Memory.Set(to, value, count);

    [RuntimeExport("RhSpanHelpers_MemZero")]
    internal static void MemZero(byte* to, nuint count) => Memory.Set(to, 0, count);

    [RuntimeExport("RhpFallbackFailFast")]
    internal static void FailFast() => FaultHook.Raise(FaultKind.Unsupported, "fail fast");

    // From RhpThrowEx and RhpRethrow.
    [RuntimeExport("jiffy_throw")]
    internal static void Throw() => FaultHook.Raise(FaultKind.Unsupported, "throw");

    // An object's reference points 8 bytes into its memory: the word before it is the (unused) header.
    private static object Publish(byte* start, MethodTable* type)
    {
        var reference = start + sizeof(ulong);
        *(MethodTable**)reference = type;
        return *(object*)&reference;
    }

    private static ref byte DataOf(object boxed) => ref *(*(byte**)&boxed + sizeof(ulong));
}
