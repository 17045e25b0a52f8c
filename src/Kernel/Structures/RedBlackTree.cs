// A balanced search tree whose links live in the items: inserting and removing allocate nothing and cost O(log n).
// Items that compare equal keep the order of insertion. First is kept at hand. A tree may be augmented: each item then knows
// something of the subtree below it (the widest gap, the earliest deadline), kept right through every change.
// Code that several types of items share asks a table at run time where an item's links are: ten instructions each time. So what every change
// goes through is inlined where the type is known, and only the repairs are shared. Owners insert and remove in one place each.
// Contexts: any; the owner's lock guards it. Linux: struct rb_root_cached, rb_insert_augmented().
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Jiffy.Kernel.Structures;

public struct TreeLinks<T> where T : class
{
    internal T? Parent, Left, Right;
    internal bool IsRed, IsLinked;
}

/// <summary>Says which of an item's links a tree uses and how its items are ordered.</summary>
public interface ITreeItem<T> where T : class
{
    static abstract ref TreeLinks<T> Links(T item);

    /// <summary>Negative when <paramref name="a"/> sorts before <paramref name="b"/>.</summary>
    static abstract int Compare(T a, T b);

    /// <summary>True when <see cref="Augment"/> does something. A constant.</summary>
    static abstract bool IsAugmented { get; }

    /// <summary>Computes anew what <paramref name="item"/> knows of its subtree, from itself and its children (either may be null).</summary>
    static abstract void Augment(T item, T? left, T? right);
}

/// <summary>Compares a key with items, in the order the tree has.</summary>
public interface ITreeKey<T, TKey> where T : class
{
    /// <summary>Negative when <paramref name="key"/> lies before <paramref name="item"/>, zero when the item is meant.</summary>
    static abstract int Compare(TKey key, T item);
}

public struct RedBlackTree<T, TItem>
    where T : class
    where TItem : struct, ITreeItem<T>
{
    private T? _root, _first;
    private int _count;

    public readonly int Count => _count;
    public readonly bool IsEmpty => _root is null;

    /// <summary>The item that sorts first; O(1).</summary>
    public readonly T? First => _first;

    public readonly T? Last => _root is null ? null : Rightmost(_root);

    /// <summary>The top, for searches that are guided by augmented values.</summary>
    public readonly T? Root => _root;

    public static T? LeftOf(T item) => TItem.Links(item).Left;
    public static T? RightOf(T item) => TItem.Links(item).Right;
    public static T? ParentOf(T item) => TItem.Links(item).Parent;
    public static bool IsLinked(T item) => TItem.Links(item).IsLinked;

    /// <summary>The item after <paramref name="item"/> in order, or null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T? Next(T item)
    {
        var right = TItem.Links(item).Right;
        if (right is not null)
            return Leftmost(right);
        var parent = TItem.Links(item).Parent;
        while (parent is not null && TItem.Links(parent).Right == item)
        {
            item = parent;
            parent = TItem.Links(item).Parent;
        }

        return parent;
    }

    /// <summary>The item before <paramref name="item"/> in order, or null.</summary>
    public static T? Previous(T item)
    {
        var left = TItem.Links(item).Left;
        if (left is not null)
            return Rightmost(left);
        var parent = TItem.Links(item).Parent;
        while (parent is not null && TItem.Links(parent).Left == item)
        {
            item = parent;
            parent = TItem.Links(item).Parent;
        }

        return parent;
    }

    /// <summary>An item that <paramref name="key"/> means, or null.</summary>
    public readonly T? Find<TKey, TOrder>(TKey key) where TOrder : struct, ITreeKey<T, TKey>
    {
        var at = _root;
        while (at is not null)
        {
            var order = TOrder.Compare(key, at);
            if (order == 0)
                return at;
            at = order < 0 ? TItem.Links(at).Left : TItem.Links(at).Right;
        }

        return null;
    }

    /// <summary>The first item that is meant by <paramref name="key"/> or lies after it, or null.</summary>
    public readonly T? FindAtOrAfter<TKey, TOrder>(TKey key) where TOrder : struct, ITreeKey<T, TKey>
    {
        var at = _root;
        T? best = null;
        while (at is not null)
        {
            if (TOrder.Compare(key, at) <= 0)
            {
                best = at;
                at = TItem.Links(at).Left;
            }
            else
            {
                at = TItem.Links(at).Right;
            }
        }

        return best;
    }

    /// <summary>The last item that is meant by <paramref name="key"/> or lies before it, or null.</summary>
    public readonly T? FindAtOrBefore<TKey, TOrder>(TKey key) where TOrder : struct, ITreeKey<T, TKey>
    {
        var at = _root;
        T? best = null;
        while (at is not null)
        {
            if (TOrder.Compare(key, at) >= 0)
            {
                best = at;
                at = TItem.Links(at).Right;
            }
            else
            {
                at = TItem.Links(at).Left;
            }
        }

        return best;
    }

    /// <summary>Puts an item that is on no tree of these links into its place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Insert(T item)
    {
        T? parent = null;
        var at = _root;
        var goesLeft = false;
        var isFirst = true;
        while (at is not null)
        {
            parent = at;
            goesLeft = TItem.Compare(item, at) < 0;
            isFirst &= goesLeft;
            at = goesLeft ? TItem.Links(at).Left : TItem.Links(at).Right;
        }

        ref var links = ref TItem.Links(item);
        links.Parent = parent;
        links.Left = null;
        links.Right = null;
        links.IsRed = true;
        links.IsLinked = true;
        if (parent is null)
            _root = item;
        else if (goesLeft)
            TItem.Links(parent).Left = item;
        else
            TItem.Links(parent).Right = item;
        if (isFirst)
            _first = item;
        _count++;
        AugmentUpwards(item);
        if (parent is null)
            links.IsRed = false;
        else if (TItem.Links(parent).IsRed)
            RepairAfterInsert(item);
    }

    /// <summary>Takes an item off; it must be on this tree.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Remove(T item)
    {
        if (_first == item)
            _first = Next(item);
        _count--;
        var removedRed = Unlink(item, out var child, out var parent);
        TItem.Links(item) = default;
        if (parent is not null)
            AugmentUpwards(parent);
        if (removedRed)
            return;
        if (child is not null)
            TItem.Links(child).IsRed = false; // an only child is red, so this makes up for the black item
        else if (parent is not null)
            RepairAfterRemove(null, parent);
    }

    /// <summary>Must be called when what an item contributes to augmented values has changed in place.</summary>
    public readonly void Update(T item) => AugmentUpwards(item);

    // Takes the item (or, when it has two children, its successor, which then moves into its place) out of the shape. child took
    // the place that was vacated, below parent. True: the vacated place was red, so no path lost a black item.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Unlink(T item, out T? child, out T? parent)
    {
        ref var links = ref TItem.Links(item);
        if (links.Left is null || links.Right is null)
        {
            child = links.Left ?? links.Right;
            parent = links.Parent;
            PutInPlaceOf(item, child);
            return links.IsRed;
        }

        return UnlinkBetween(item, out child, out parent);
    }

    // The same for an item with two children.
    private bool UnlinkBetween(T item, out T? child, out T? parent)
    {
        ref var links = ref TItem.Links(item);
        var successor = Leftmost(links.Right!);
        ref var its = ref TItem.Links(successor);
        var wasRed = its.IsRed;
        child = its.Right;
        parent = its.Parent;
        if (parent == item)
        {
            parent = successor;
        }
        else
        {
            PutInPlaceOf(successor, child);
            its.Right = links.Right;
            TItem.Links(links.Right!).Parent = successor;
        }

        PutInPlaceOf(item, successor);
        its.Left = links.Left;
        TItem.Links(links.Left!).Parent = successor;
        its.IsRed = links.IsRed;
        return wasRed;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void PutInPlaceOf(T item, T? other)
    {
        var parent = TItem.Links(item).Parent;
        if (parent is null)
            _root = other;
        else if (TItem.Links(parent).Left == item)
            TItem.Links(parent).Left = other;
        else
            TItem.Links(parent).Right = other;
        if (other is not null)
            TItem.Links(other).Parent = parent;
    }

    private void RepairAfterInsert(T item)
    {
        while (TItem.Links(item).Parent is { } parent && TItem.Links(parent).IsRed)
        {
            var grand = TItem.Links(parent).Parent!; // a red item is never the root
            var parentIsLeft = TItem.Links(grand).Left == parent;
            var uncle = parentIsLeft ? TItem.Links(grand).Right : TItem.Links(grand).Left;
            if (IsRed(uncle))
            {
                TItem.Links(parent).IsRed = false;
                TItem.Links(uncle).IsRed = false;
                TItem.Links(grand).IsRed = true;
                item = grand;
                continue;
            }

            if (item == (parentIsLeft ? TItem.Links(parent).Right : TItem.Links(parent).Left))
            {
                Rotate(parent, toLeft: parentIsLeft);
                parent = item;
            }

            TItem.Links(parent).IsRed = false;
            TItem.Links(grand).IsRed = true;
            Rotate(grand, toLeft: !parentIsLeft);
            break;
        }

        TItem.Links(_root!).IsRed = false;
    }

    // Every path through item (which may be null, below parent) lacks one black item.
    private void RepairAfterRemove(T? item, T? parent)
    {
        while (parent is not null && !IsRed(item))
        {
            var isLeft = TItem.Links(parent).Left == item;
            var sibling = (isLeft ? TItem.Links(parent).Right : TItem.Links(parent).Left)!;
            if (TItem.Links(sibling).IsRed)
            {
                TItem.Links(sibling).IsRed = false;
                TItem.Links(parent).IsRed = true;
                Rotate(parent, toLeft: isLeft);
                sibling = (isLeft ? TItem.Links(parent).Right : TItem.Links(parent).Left)!;
            }

            var near = isLeft ? TItem.Links(sibling).Left : TItem.Links(sibling).Right;
            var far = isLeft ? TItem.Links(sibling).Right : TItem.Links(sibling).Left;
            if (!IsRed(near) && !IsRed(far))
            {
                TItem.Links(sibling).IsRed = true;
                item = parent;
                parent = TItem.Links(item).Parent;
                continue;
            }

            if (!IsRed(far))
            {
                TItem.Links(near!).IsRed = false;
                TItem.Links(sibling).IsRed = true;
                Rotate(sibling, toLeft: !isLeft);
                far = sibling;
                sibling = near!;
            }

            TItem.Links(sibling).IsRed = TItem.Links(parent).IsRed;
            TItem.Links(parent).IsRed = false;
            TItem.Links(far!).IsRed = false;
            Rotate(parent, toLeft: isLeft);
            return;
        }

        if (item is not null)
            TItem.Links(item).IsRed = false;
    }

    // Rotates the item down, to the left or to the right; its other child comes up into its place.
    private void Rotate(T item, bool toLeft)
    {
        ref var links = ref TItem.Links(item);
        var up = (toLeft ? links.Right : links.Left)!;
        ref var its = ref TItem.Links(up);
        var middle = toLeft ? its.Left : its.Right;
        PutInPlaceOf(item, up);
        if (toLeft)
        {
            links.Right = middle;
            its.Left = item;
        }
        else
        {
            links.Left = middle;
            its.Right = item;
        }

        links.Parent = up;
        if (middle is not null)
            TItem.Links(middle).Parent = item;
        if (TItem.IsAugmented)
        {
            TItem.Augment(item, links.Left, links.Right);
            TItem.Augment(up, its.Left, its.Right);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AugmentUpwards(T item)
    {
        if (!TItem.IsAugmented)
            return;
        for (T? at = item; at is not null; at = TItem.Links(at).Parent)
            TItem.Augment(at, TItem.Links(at).Left, TItem.Links(at).Right);
    }

    private static bool IsRed([NotNullWhen(true)] T? item) => item is not null && TItem.Links(item).IsRed;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Leftmost(T item)
    {
        while (TItem.Links(item).Left is { } left)
            item = left;
        return item;
    }

    private static T Rightmost(T item)
    {
        while (TItem.Links(item).Right is { } right)
            item = right;
        return item;
    }
}
