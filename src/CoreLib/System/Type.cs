// Types and handles as the compiler names them. There is no reflection.
using Internal.Runtime;

namespace System;

public abstract class Type
{
}

internal sealed unsafe class RuntimeType : Type
{
    internal MethodTable* _methodTable;
}

public struct RuntimeTypeHandle
{
    internal nint _value;
}

public struct RuntimeMethodHandle
{
    private nint _value;
}

public struct RuntimeFieldHandle
{
    private nint _value;
}

public ref struct TypedReference
{
}

public ref struct RuntimeArgumentHandle
{
}
