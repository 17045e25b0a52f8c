// Sets that watch sets. A circle would wake itself for ever, and many paths from one file to many sets would make one wake-up cost
// thousands; so both are looked for before a set is watched, or a file enters a set that is.
// Context: process; may sleep. Lock: s_nesting, before any set's contents: only under it a set comes to be watched by another.
// Linux: ep_loop_check(), reverse_path_check().
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;

namespace Jiffy.Kernel.Files;

internal sealed partial class Epoll
{
    private const int DeepestNest = 4, Endless = 1000;

    private static Mutex<EpollNestingRank> s_nesting;
    private static int s_visit;

    // How many paths from the file that is looked at have so many sets between it and the outermost; those without any do not count.
    private static PathCounts s_paths;

    private int _visit; // the search that has been here last
    private int _depth; // what it found

    private struct PathCounts
    {
        public int One, Two, Three, Four;

        public bool TryCount(int depth) => depth switch
        {
            0 => true,
            1 => ++One <= 500,
            2 => ++Two <= 100,
            3 => ++Three <= 50,
            _ => ++Four <= 10,
        };
    }

    private Errno AddNested(OpenFile target, int descriptor, in EpollEvent wanted)
    {
        using (s_nesting.Acquire())
        {
            if (target.Private is Epoll inner && !MayWatch(inner))
                return Errno.ELOOP;
            return AddLocked(target, descriptor, wanted, isNested: true);
        }
    }

    // At most so many sets above one another, whichever way they were put together, and no circle.
    private bool MayWatch(Epoll inner)
    {
        s_visit++;
        var below = inner.DepthBelow(this, 0);
        if (below > DeepestNest)
            return false;
        s_visit++;
        return below + 1 + File.HeightAbove() <= DeepestNest;
    }

    // How many sets stand below one another in this one; Endless when the outer set is among them.
    private int DepthBelow(Epoll outer, int depth)
    {
        if (_visit == s_visit)
            return _depth;
        if (this == outer || depth > DeepestNest)
            return Endless;
        _contents.AcquireNested();
        _visit = s_visit;
        _depth = 0;
        for (var item = _items.First; item is not null && _depth <= DeepestNest; item = RedBlackTree<EpollItem, EpollItem.ByFile>.Next(item))
        {
            if (item.Nested is { } inner)
                _depth = Math.Max(_depth, inner.DepthBelow(outer, depth + 1) + 1);
        }

        _contents.Release();
        return _depth;
    }

    /// <summary>How many sets stand above one another over this one; s_nesting held.</summary>
    internal int HeightAbove()
    {
        if (_visit != s_visit)
        {
            _visit = s_visit;
            _depth = File.HeightAbove();
        }

        return _depth;
    }

    // For each file at the end of what was just added. The item is in the file's list already.
    private static bool HasTooManyPaths(OpenFile target)
    {
        s_visit++;
        return target.Private is Epoll inner ? inner.HasLeafWithTooManyPaths() : !HasFewPaths(target);
    }

    private bool HasLeafWithTooManyPaths()
    {
        _contents.AcquireNested();
        _visit = s_visit;
        var found = false;
        for (var item = _items.First; item is not null && !found; item = RedBlackTree<EpollItem, EpollItem.ByFile>.Next(item))
        {
            if (item.Nested is not { } inner)
                found = !HasFewPaths(item.File);
            else if (inner._visit != s_visit)
                found = inner.HasLeafWithTooManyPaths();
        }

        _contents.Release();
        return found;
    }

    private static bool HasFewPaths(OpenFile leaf)
    {
        s_paths = default;
        return leaf.HasFewPaths(0);
    }

    /// <summary>One more way leads from the file that is looked at to a set of nobody's, through so many sets. False: too many.</summary>
    internal static bool TryCountPath(int depth) => s_paths.TryCount(depth);

    /// <summary>Sets in sets deeper than this are refused.</summary>
    internal static bool IsTooDeep(int depth) => depth > DeepestNest;
}
