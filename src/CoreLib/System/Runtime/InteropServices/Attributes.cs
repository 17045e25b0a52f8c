// Layout of structures, and calls across the managed border.
namespace System.Runtime.InteropServices;

public enum LayoutKind
{
    Sequential = 0,
    Explicit = 2,
    Auto = 3,
}

public enum CharSet
{
    None = 1,
    Ansi = 2,
    Unicode = 3,
    Auto = 4,
}

// The language marks `where T : unmanaged` with it.
public enum UnmanagedType
{
    Bool = 2,
    I1 = 3,
    U1 = 4,
}

public sealed class StructLayoutAttribute : Attribute
{
    public StructLayoutAttribute(LayoutKind layoutKind) => Value = layoutKind;

    public LayoutKind Value { get; }

    public int Pack;
    public int Size;
    public CharSet CharSet;
}

public sealed class FieldOffsetAttribute : Attribute
{
    public FieldOffsetAttribute(int offset) { }
}

public sealed class InAttribute : Attribute
{
}

public sealed class OutAttribute : Attribute
{
}

public sealed class UnmanagedCallersOnlyAttribute : Attribute
{
    public string? EntryPoint;
    public Type[]? CallConvs;
}

public sealed class DllImportAttribute : Attribute
{
    public DllImportAttribute(string dllName) { }

    public string? EntryPoint;
    public bool ExactSpelling;
}

public sealed class SuppressGCTransitionAttribute : Attribute
{
}

// The compiler asks whether an object answers casts itself; none does.
internal interface IDynamicInterfaceCastable
{
    RuntimeTypeHandle GetDynamicInterfaceImplementation(RuntimeTypeHandle interfaceType);

    bool IsInterfaceImplemented(RuntimeTypeHandle interfaceType, bool throwIfNotImplemented);
}
