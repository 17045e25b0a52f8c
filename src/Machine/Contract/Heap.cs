// Memory for objects, which are never given back: pools recycle them.
namespace Jiffy.Machine;

public static partial class ObjectHeap
{
    /// <summary>Makes sure that objects of <paramref name="bytes"/> in all can be made now. False: memory is exhausted. No lock, any context but hardirq.</summary>
    public static partial bool TryReserve(int bytes);

    /// <summary>Bytes in use by objects.</summary>
    public static partial long Used { get; }
}
