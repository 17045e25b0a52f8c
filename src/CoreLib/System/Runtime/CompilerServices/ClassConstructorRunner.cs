// The compiler calls this for statics it could not initialise at compile time. The kernel has none: the image build fails when
// a class constructor is left over, so that the lazy check, which is neither free nor safe on several CPUs, cannot creep in.
using System.Runtime.InteropServices;
using Internal.Runtime;

namespace System.Runtime.CompilerServices;

[StructLayout(LayoutKind.Sequential)]
internal struct StaticClassConstructionContext
{
    public nint cctorMethodAddress;
}

internal static unsafe class ClassConstructorRunner
{
    private static void CheckStaticClassConstruction(StaticClassConstructionContext* context) => Refuse();

    private static object? CheckStaticClassConstructionReturnGCStaticBase(StaticClassConstructionContext* context, object? gcStaticBase)
    {
        Refuse();
        return gcStaticBase;
    }

    private static nint CheckStaticClassConstructionReturnNonGCStaticBase(StaticClassConstructionContext* context, nint nonGcStaticBase)
    {
        Refuse();
        return nonGcStaticBase;
    }

    private static void Refuse() => FaultHook.Raise(FaultKind.Unsupported, "class constructor at run time");
}
