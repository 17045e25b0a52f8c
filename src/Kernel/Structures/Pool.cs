// Objects of one type, recycled for ever: memory once used for a type stays of that type, so a stale reference can be
// stale but never corrupt. Pools grow from the object heap up to a limit and never shrink.
// Contexts: any but NMI; Take and Give do not sleep. Lock: _lock (rank Pool) guards the free list and the counts.
// Linux: kmem_cache with SLAB_TYPESAFE_BY_RCU.
using System.Diagnostics.CodeAnalysis;
using Jiffy.Kernel.Sync;
using Jiffy.Machine;

namespace Jiffy.Kernel.Structures;

/// <summary>What a pool must know of its objects.</summary>
public interface IPooled<T> : ILinksOf<T> where T : class
{
    /// <summary>Makes a new object; the only <c>new</c> after start-up.</summary>
    static abstract T Create();

    /// <summary>An upper bound of the bytes <see cref="Create"/> takes, sub-objects included.</summary>
    static abstract int Bytes { get; }
}

public sealed class Pool<T, TItem> : PoolRegistry
    where T : class
    where TItem : struct, IPooled<T>
{
    private SpinLock<PoolRank, IrqsOff> _lock;
    private T? _free; // the first free object; each knows the next in its Links
    private int _made, _used;

    public Pool(string name, int limit)
        : base(name, limit)
    {
    }

    /// <summary>Objects in use now.</summary>
    public override int Used => _used;

    /// <summary>Objects made so far, in use or free.</summary>
    public override int Made => _made;

    public override int ObjectBytes => TItem.Bytes;

    /// <summary>Takes an object; its fields are as its last user left them. False: limit or memory exhausted.</summary>
    public bool TryTake([NotNullWhen(true)] out T? item)
    {
        item = null;
        if (FaultInjection.ShouldFail())
            return false;
        using (_lock.Acquire())
        {
            item = _free;
            if (item is not null)
            {
                ref var links = ref TItem.Of(item);
                _free = links.Next;
                links = default;
                _used++;
                return true;
            }

            if (_made >= Limit)
                return false;
            _made++;
            _used++;
        }

        if (ObjectHeap.TryReserve(TItem.Bytes))
        {
            item = TItem.Create();
            return true;
        }

        using (_lock.Acquire())
        {
            _made--;
            _used--;
        }

        return false;
    }

    /// <summary>Gives an object back. Nobody may use it afterwards but through a check that survives its reuse.</summary>
    public void Give(T item)
    {
        using (_lock.Acquire())
        {
            TItem.Of(item).Next = _free;
            _free = item;
            _used--;
        }
    }
}
