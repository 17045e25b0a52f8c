// What a user address stands for, so that two spaces that share memory can tell that they mean the same word (futexes).
// Context: process; may sleep. Lock: _lock. Linux: get_futex_key().
namespace Jiffy.Kernel.Memory;

public sealed partial class AddressSpace
{
    /// <summary>
    /// The object that a shared mapping's pages come from, and the page within it; null: the word is the space's own, or nothing is mapped.
    /// The reference is for comparing only. <paramref name="mayChange"/>: something is mapped that somebody could write.
    /// </summary>
    public object? FindSharedSource(ulong address, out long page, out bool mayChange)
    {
        page = 0;
        mayChange = false;
        using (_lock.Acquire())
        {
            if (Find(address) is not { } area)
                return null;
            mayChange = area.IsShared || area.IsWritable || area.File is not null;
            if (!area.IsShared || area.HasNoSource)
                return null;
            page = area.PageIndex(address);
            return area.Shared is { } shared ? shared : area.File!.Inode;
        }
    }
}
