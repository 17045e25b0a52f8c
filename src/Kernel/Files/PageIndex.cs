// Which frame holds which page of a file: a radix tree whose nodes are frames of 1024 frame numbers. A file of one page needs no
// node, holes need none, and three levels reach 4 TiB. Nodes are freed when the last page goes.
// Contexts: process, and page faults; the inode's page lock guards it. Nothing sleeps. Linux: struct address_space's xarray.
using System;
using System.Runtime.InteropServices;
using Jiffy.Kernel.Memory;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files;

public struct PageIndex
{
    /// <summary>The most pages a file can have: 4 TiB.</summary>
    public const long MaxPages = 1L << 30;

    private const int Bits = 10;
    private const int Fan = 1 << Bits;

    private FrameNumber _root;
    private int _height; // levels of nodes; 0: _root is page 0 itself

    /// <summary>The frame of a page, or none.</summary>
    public readonly FrameNumber Find(long page)
    {
        if (page >> _height * Bits != 0)
            return FrameNumber.None;
        var frame = _root;
        for (var level = _height - 1; level >= 0 && !frame.IsNone; level--)
            frame = new FrameNumber(Node(frame)[Slot(page, level)]);
        return frame;
    }

    /// <summary>Puts a frame at a page that has none. False: no memory for a node.</summary>
    public bool TryInsert(long page, FrameNumber frame)
    {
        if (!TryGrow(page))
            return false;
        if (_height == 0)
        {
            _root = frame;
            return true;
        }

        var node = _root;
        for (var level = _height - 1; level > 0; level--)
        {
            ref var slot = ref Node(node)[Slot(page, level)];
            if (slot == 0)
            {
                if (!FrameAllocator.TryTakeClear(out var made))
                    return false;
                slot = made.Value;
            }

            node = new FrameNumber(slot);
        }

        Node(node)[Slot(page, 0)] = frame.Value;
        return true;
    }

    /// <summary>Takes a page out; its frame, which is now the caller's, or none.</summary>
    public FrameNumber Remove(long page)
    {
        var frame = Find(page);
        if (frame.IsNone)
            return frame;
        if (_height == 0)
        {
            _root = FrameNumber.None;
            return frame;
        }

        var node = _root;
        for (var level = _height - 1; level > 0; level--)
            node = new FrameNumber(Node(node)[Slot(page, level)]);
        Node(node)[Slot(page, 0)] = 0;
        return frame;
    }

    /// <summary>The first page at or after <paramref name="page"/> that has a frame, or -1.</summary>
    public readonly long Next(long page)
    {
        if (_root.IsNone || page >> _height * Bits != 0)
            return -1;
        return _height == 0 ? 0 : NextIn(_root, _height - 1, page);
    }

    /// <summary>Gives all nodes back; no page is left.</summary>
    public void FreeNodes()
    {
        if (_height > 0 && !_root.IsNone)
            FreeNode(_root, _height - 1);
        _root = FrameNumber.None;
        _height = 0;
    }

    // Adds levels above until the page fits. What was the whole tree becomes the first branch.
    private bool TryGrow(long page)
    {
        if (_root.IsNone)
        {
            // An empty tree takes its height at once.
            for (_height = 0; page >> _height * Bits != 0;)
                _height++;
            return _height == 0 || FrameAllocator.TryTakeClear(out _root);
        }

        while (page >> _height * Bits != 0)
        {
            if (!FrameAllocator.TryTakeClear(out var top))
                return false;
            Node(top)[0] = _root.Value;
            _root = top;
            _height++;
        }

        return true;
    }

    // At most three levels deep.
    private static long NextIn(FrameNumber node, int level, long page)
    {
        var entries = Node(node);
        var first = Slot(page, level);
        for (var slot = first; slot < Fan; slot++)
        {
            if (entries[slot] == 0)
                continue;
            var above = page >> (level + 1) * Bits << (level + 1) * Bits;
            var start = slot == first ? page : above + ((long)slot << level * Bits);
            if (level == 0)
                return start;
            var found = NextIn(new FrameNumber(entries[slot]), level - 1, start);
            if (found >= 0)
                return found;
        }

        return -1;
    }

    private static void FreeNode(FrameNumber node, int level)
    {
        if (level > 0)
        {
            foreach (var entry in Node(node))
            {
                if (entry != 0)
                    FreeNode(new FrameNumber(entry), level - 1);
            }
        }

        FrameAllocator.Give(node);
    }

    private static int Slot(long page, int level) => (int)(page >> level * Bits) & Fan - 1;

    private static Span<uint> Node(FrameNumber frame) => MemoryMarshal.Cast<byte, uint>(Frames.Bytes(frame));
}
