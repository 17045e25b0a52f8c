// A CPU's cache of address translations, as real as hardware's: what is not flushed stays, and is used.
using System.Collections.Generic;

namespace Jiffy.Machine.Sim;

internal sealed class TranslationCache
{
    private readonly Dictionary<ulong, PageEntry> _pages = new();

    public bool TryGet(ulong page, out PageEntry entry) => _pages.TryGetValue(page, out entry);

    public void Put(ulong page, PageEntry entry) => _pages[page] = entry;

    public void Drop(ulong page) => _pages.Remove(page);

    public void Clear()
    {
        if (_pages.Count > 0)
            _pages.Clear();
    }

    public void Drop(ulong start, ulong end)
    {
        if ((end - start) >> Frames.Shift > (ulong)_pages.Count)
        {
            foreach (var page in _pages.Keys)
            {
                if (page >= start && page < end)
                    _pages.Remove(page);
            }
            return;
        }
        for (var page = start; page < end; page += Frames.Size)
            _pages.Remove(page);
    }
}
