// Type tests, casts and stores into arrays of references. Names and signatures are the compiler's contract.
// Interfaces match exactly: variance through interfaces is not offered.
using System.Runtime.CompilerServices;
using Internal.Runtime;

namespace System.Runtime;

internal static unsafe class TypeCast
{
    [RuntimeExport("RhTypeCast_IsInstanceOfClass")]
    internal static object? IsInstanceOfClass(MethodTable* type, object? value)
    {
        if (value is null)
            return null;
        var own = value.OwnType;
        if (own->IsArray)
            return own == type || type == ArrayType || type == ObjectType ? value : null;
        return DerivesFrom(own, type) ? value : null;
    }

    [RuntimeExport("RhTypeCast_IsInstanceOfInterface")]
    internal static object? IsInstanceOfInterface(MethodTable* type, object? value) =>
        value is not null && Implements(value.OwnType, type) ? value : null;

    [RuntimeExport("RhTypeCast_IsInstanceOfAny")]
    internal static object? IsInstanceOfAny(MethodTable* type, object? value) =>
        value is not null && IsAssignable(value.OwnType, type) ? value : null;

    [RuntimeExport("RhTypeCast_IsInstanceOfException")]
    internal static bool IsInstanceOfException(MethodTable* type, object? value) =>
        value is not null && IsAssignable(value.OwnType, type);

    [RuntimeExport("RhTypeCast_CheckCastAny")]
    internal static object? CheckCastAny(MethodTable* type, object? value) => Check(type, value);

    [RuntimeExport("RhTypeCast_CheckCastInterface")]
    internal static object? CheckCastInterface(MethodTable* type, object? value) => Check(type, value);

    [RuntimeExport("RhTypeCast_CheckCastClass")]
    internal static object? CheckCastClass(MethodTable* type, object? value) => Check(type, value);

    [RuntimeExport("RhTypeCast_CheckCastClassSpecial")]
    internal static object? CheckCastClassSpecial(MethodTable* type, object? value) => Check(type, value);

    [RuntimeExport("RhpStelemRef")]
    internal static void StelemRef(object?[] array, nint index, object? value)
    {
        if (array is null)
            FaultHook.Raise(FaultKind.NullReference);
        if ((ulong)index >= (uint)array.Length)
            FaultHook.Raise(FaultKind.IndexOutOfRange);
        if (value is not null)
        {
            var element = array.OwnType->Related;
            if (value.OwnType != element && !IsAssignable(value.OwnType, element))
                FaultHook.Raise(FaultKind.ArrayTypeMismatch);
        }
        Elements(array)[index] = *(void**)&value;
    }

    [RuntimeExport("RhpLdelemaRef")]
    internal static ref object? LdelemaRef(object?[] array, nint index, MethodTable* elementType)
    {
        if (array is null)
            FaultHook.Raise(FaultKind.NullReference);
        if ((ulong)index >= (uint)array.Length)
            FaultHook.Raise(FaultKind.IndexOutOfRange);
        if (array.OwnType->Related != elementType)
            FaultHook.Raise(FaultKind.ArrayTypeMismatch);
        return ref Unsafe.AsRef<object?>(Elements(array) + index);
    }

    // An enum unboxes as its underlying type and the other way round.
    internal static bool IsSameValueType(MethodTable* boxed, MethodTable* wanted) =>
        boxed == wanted || (boxed->IsPrimitive && wanted->IsPrimitive && boxed->ElementType == wanted->ElementType);

    private static object? Check(MethodTable* type, object? value)
    {
        if (value is not null && !IsAssignable(value.OwnType, type))
            FaultHook.Raise(FaultKind.InvalidCast);
        return value;
    }

    private static bool IsAssignable(MethodTable* from, MethodTable* to)
    {
        if (from == to)
            return true;
        if (to->IsInterface)
            return Implements(from, to);
        if (from->IsArray)
            return to->IsArray ? IsArrayAssignable(from, to) : to == ArrayType || to == ObjectType;
        if (from->IsInterface)
            return to == ObjectType;
        return DerivesFrom(from, to);
    }

    private static bool IsArrayAssignable(MethodTable* from, MethodTable* to)
    {
        MethodTable* element = from->Related, wanted = to->Related;
        return from->ComponentSize == 8 && to->ComponentSize == 8
            && !element->IsValueType && !wanted->IsValueType && IsAssignable(element, wanted);
    }

    private static bool DerivesFrom(MethodTable* type, MethodTable* ancestor)
    {
        for (; type != null; type = type->Related)
        {
            if (type == ancestor)
                return true;
        }
        return false;
    }

    private static bool Implements(MethodTable* type, MethodTable* wanted)
    {
        var interfaces = MethodTable.Interfaces(type);
        for (var i = 0; i < type->InterfaceCount; i++)
        {
            if (interfaces[i] == wanted)
                return true;
        }
        return false;
    }

    private static void** Elements(object?[] array) => (void**)(*(byte**)&array + 16);

    private static MethodTable* ObjectType => MethodTable.Of<object>();

    private static MethodTable* ArrayType => MethodTable.Of<Array>();
}
