// All pools of the running kernel, for statistics. Filled while the kernel starts, on one CPU; read by anyone after.
// Linux: slab_caches.
namespace Jiffy.Kernel.Structures;

/// <summary>What is known of a pool whatever its objects are.</summary>
public abstract class PoolRegistry
{
    private static bool s_isOpen;

    private protected PoolRegistry(string name, int limit)
    {
        Name = name;
        Limit = limit;
        if (!s_isOpen)
            return;
        Next = First;
        First = this;
    }

    /// <summary>The pool made last; go on with <see cref="Next"/>.</summary>
    public static PoolRegistry? First { get; private set; }

    public PoolRegistry? Next { get; }

    public string Name { get; }

    /// <summary>The most objects there may be.</summary>
    public int Limit { get; }

    public abstract int Used { get; }
    public abstract int Made { get; }

    /// <summary>An upper bound of the bytes an object takes.</summary>
    public abstract int ObjectBytes { get; }

    /// <summary>Pools made from now on belong to this kernel. Boot, before the first pool; a kernel that never calls it keeps no list.</summary>
    public static void Init()
    {
        First = null;
        s_isOpen = true;
        FaultInjection.Init();
    }
}
