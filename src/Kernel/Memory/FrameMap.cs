// A sparse array of frames by page index: what holds the pages of an object that is not an address space. A radix tree whose nodes
// are frames of 1024 slots; it gets as many levels as the largest index needs and gives its nodes back when it is cleared.
// Contexts and locks: the owner's lock guards it; taking nodes does not sleep. Linux: struct xarray.
using System;
using System.Runtime.InteropServices;
using Jiffy.Machine;

namespace Jiffy.Kernel.Memory;

public struct FrameMap
{
    private const int SlotBits = 10;
    private const int Slots = 1 << SlotBits;
    private const int MaxLevels = 4;

    private FrameNumber _root;
    private int _levels;

    /// <summary>The most pages a map can hold: 4 PiB of contents.</summary>
    public const long MaxPages = 1L << (SlotBits * MaxLevels);

    /// <summary>Pages held.</summary>
    public long Count { get; private set; }

    /// <summary>The frame of a page, or none.</summary>
    public readonly FrameNumber Get(long index)
    {
        if (_root.IsNone || index < 0 || index >> (SlotBits * _levels) != 0)
            return FrameNumber.None;
        var node = _root;
        for (var level = _levels - 1; level > 0; level--)
        {
            node = Slot(node, index, level);
            if (node.IsNone)
                return node;
        }

        return Slot(node, index, 0);
    }

    /// <summary>Puts a frame in an empty place; the map now holds the caller's reference. False: out of memory, or index too large.</summary>
    public bool TryAdd(long index, FrameNumber frame)
    {
        if ((ulong)index >= MaxPages || !TryReach(index))
            return false;
        var node = _root;
        for (var level = _levels - 1; level > 0; level--)
        {
            ref var slot = ref Node(node)[(int)(index >> (SlotBits * level)) & (Slots - 1)];
            if (slot == 0)
            {
                if (!FrameAllocator.TryTakeUserClear(out var below))
                    return false;
                slot = below.Value;
            }

            node = new FrameNumber(slot);
        }

        Node(node)[(int)index & (Slots - 1)] = frame.Value;
        Count++;
        return true;
    }

    /// <summary>Takes a frame out; the caller has the map's reference now. None when there was none.</summary>
    public FrameNumber Remove(long index)
    {
        var frame = Get(index);
        if (frame.IsNone)
            return frame;
        var node = _root;
        for (var level = _levels - 1; level > 0; level--)
            node = Slot(node, index, level);
        Node(node)[(int)index & (Slots - 1)] = 0;
        Count--;
        return frame;
    }

    /// <summary>Finds the first page at or after <paramref name="index"/>, skipping holes quickly.</summary>
    public readonly bool TryFind(ref long index, out FrameNumber frame)
    {
        frame = default;
        while (!_root.IsNone && index >> (SlotBits * _levels) == 0)
        {
            var node = _root;
            var level = _levels - 1;
            for (; level > 0; level--)
            {
                var below = Slot(node, index, level);
                if (below.IsNone)
                    break;
                node = below;
            }

            if (level == 0)
            {
                frame = Slot(node, index, 0);
                if (!frame.IsNone)
                    return true;
            }

            var step = 1L << (SlotBits * level);
            index = (index & ~(step - 1)) + step;
        }

        return false;
    }

    /// <summary>Drops the reference to every page and gives the nodes back.</summary>
    public void Clear()
    {
        if (!_root.IsNone)
            ClearNode(_root, _levels - 1);
        this = default;
    }

    // Adds levels on top until the index fits.
    private bool TryReach(long index)
    {
        if (_root.IsNone)
        {
            if (!FrameAllocator.TryTakeUserClear(out _root))
                return false;
            _levels = 1;
        }

        while (index >> (SlotBits * _levels) != 0)
        {
            if (!FrameAllocator.TryTakeUserClear(out var top))
                return false;
            Node(top)[0] = _root.Value;
            _root = top;
            _levels++;
        }

        return true;
    }

    private static void ClearNode(FrameNumber node, int level)
    {
        foreach (var slot in Node(node))
        {
            if (slot == 0)
                continue;
            if (level > 0)
                ClearNode(new FrameNumber(slot), level - 1);
            else
                FrameTable.Drop(new FrameNumber(slot));
        }

        FrameAllocator.Give(node);
    }

    private static FrameNumber Slot(FrameNumber node, long index, int level) =>
        new(Node(node)[(int)(index >> (SlotBits * level)) & (Slots - 1)]);

    private static Span<uint> Node(FrameNumber node) => MemoryMarshal.Cast<byte, uint>(Frames.Bytes(node));
}
