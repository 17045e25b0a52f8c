// An intrusive doubly linked list: the links live in the items, so adding and removing allocate nothing and cost O(1).
// Inlined, because code that several types of items share asks a table at run time where the links are: 16 instructions to add an item, not 32.
// Contexts: any; the owner's lock guards it. Linux: struct list_head.
using System.Runtime.CompilerServices;

namespace Jiffy.Kernel.Structures;

public struct Links<T> where T : class
{
    internal T? Next, Previous;
    internal bool IsLinked;
}

/// <summary>Says which of an item's links a list uses; an item can be on one list per link.</summary>
public interface ILinksOf<T> where T : class
{
    static abstract ref Links<T> Of(T item);
}

public struct LinkedRing<T, TLinks>
    where T : class
    where TLinks : struct, ILinksOf<T>
{
    private T? _first, _last;

    public readonly T? First => _first;
    public readonly T? Last => _last;
    public readonly bool IsEmpty => _first is null;

    public static T? After(T item) => TLinks.Of(item).Next;
    public static T? Before(T item) => TLinks.Of(item).Previous;
    public static bool IsLinked(T item) => TLinks.Of(item).IsLinked;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddFirst(T item)
    {
        ref var links = ref TLinks.Of(item);
        links.Next = _first;
        links.Previous = null;
        links.IsLinked = true;
        if (_first is null)
            _last = item;
        else
            TLinks.Of(_first).Previous = item;
        _first = item;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddLast(T item)
    {
        ref var links = ref TLinks.Of(item);
        links.Previous = _last;
        links.Next = null;
        links.IsLinked = true;
        if (_last is null)
            _first = item;
        else
            TLinks.Of(_last).Next = item;
        _last = item;
    }

    /// <summary>Puts an item behind <paramref name="place"/>, which is on this list.</summary>
    public void InsertAfter(T place, T item)
    {
        ref var before = ref TLinks.Of(place);
        if (before.Next is not { } next)
        {
            AddLast(item);
            return;
        }

        ref var links = ref TLinks.Of(item);
        links.Previous = place;
        links.Next = next;
        links.IsLinked = true;
        before.Next = item;
        TLinks.Of(next).Previous = item;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Remove(T item)
    {
        ref var links = ref TLinks.Of(item);
        if (links.Previous is null)
            _first = links.Next;
        else
            TLinks.Of(links.Previous).Next = links.Next;
        if (links.Next is null)
            _last = links.Previous;
        else
            TLinks.Of(links.Next).Previous = links.Previous;
        links = default;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T? RemoveFirst()
    {
        var item = _first;
        if (item is not null)
            Remove(item);
        return item;
    }
}
