// Which word of memory a futex call means: (address space, address) where the memory is the process's own, (source, offset) where it is
// shared. Linux: union futex_key.
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Ipc;

internal readonly struct FutexKey
{
    private readonly object? _source; // compared, never followed
    private readonly ulong _offset;

    private FutexKey(object? source, ulong offset)
    {
        _source = source;
        _offset = offset;
    }

    /// <summary>The key of a word in the running task's memory. May sleep when the word may be shared.</summary>
    /// <returns>False, for words that may be shared: nothing is mapped there, or private memory that nobody can ever change.</returns>
    public static bool TryFind(ulong address, bool isPrivate, out FutexKey key)
    {
        var space = Task.Current.Memory!;
        key = new FutexKey(space, address);
        if (isPrivate)
            return true;
        if (space.FindSharedSource(address, out var page, out var mayChange) is { } source)
            key = new FutexKey(source, ((ulong)page << MemoryLayout.PageShift) | (address & MemoryLayout.PageMask));
        return mayChange;
    }

    public bool Equals(in FutexKey other) => _offset == other._offset && _source == other._source;

    /// <summary>Spreads words over <paramref name="buckets"/> (a power of two). Objects do not enter: they have no stable number.</summary>
    public int Hash(int buckets)
    {
        var mixed = (_offset >> 2) * 0x9e3779b97f4a7c15;
        return (int)(mixed >> 40) & (buckets - 1);
    }
}
