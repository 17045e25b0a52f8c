// The root of all classes. The first word of every object is its method table.
using System.Runtime.CompilerServices;
using Internal.Runtime;

namespace System;

public unsafe class Object
{
    internal MethodTable* m_pEEType; // the compiler knows this name

    public Object() { }

    ~Object() { } // the compiler wants the slot; nothing is ever finalised

    public virtual bool Equals(object? other) => ReferenceEquals(this, other);

    public virtual int GetHashCode() => RuntimeHelpers.GetHashCode(this);

    public virtual string? ToString() => "object";

    public static bool ReferenceEquals(object? a, object? b) => a == b;

    public static bool Equals(object? a, object? b) => a == b || (a is not null && b is not null && a.Equals(b));

    internal MethodTable* OwnType => m_pEEType;
}

public abstract class ValueType
{
}

public abstract class Enum : ValueType
{
}

public struct Void
{
}
