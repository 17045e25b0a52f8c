// What is in a pipe: a ring of slots, each a run of bytes in one frame. A write takes a frame for each page it fills, or goes on in
// the last slot's frame if the rest fits there wholly, which keeps small writes together and writes of a page atomic.
// Slots can also be promised: whoever will bring frames reserves their slots first, so that it need not hold the lock meanwhile.
// Guard: the pipe's lock; the questions whether it is empty or full may be asked without, then the answer is a hint that was true.
// Up to 16 slots lie in the object, more in a block of frames. One frame that has been read empty is kept for the next write.
// Linux: the ring of struct pipe_buffer in struct pipe_inode_info.
using System;
using System.Runtime.InteropServices;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;
using Jiffy.Machine;

namespace Jiffy.Kernel.Ipc;

public sealed class PipeRing
{
    public const int DefaultSlots = 16;

    private readonly PipeSlot[] _own = new PipeSlot[DefaultSlots];
    private FrameNumber _block; // where the slots lie when they are more than _own; none else
    private int _blockOrder;
    private int _slots = DefaultSlots; // a power of two
    private uint _taken, _filled;      // slots that have come and gone, and those that have come
    private int _reserved;
    private FrameNumber _spare;

    public bool IsEmpty => Volatile.Read(ref _filled) == Volatile.Read(ref _taken);

    public bool IsFull => FreeSlots <= 0;

    /// <summary>Slots in all: frames it holds at most.</summary>
    public int Slots => Volatile.Read(ref _slots);

    /// <summary>Slots that can be filled now.</summary>
    public int FreeSlots => Slots - Used - Volatile.Read(ref _reserved);

    /// <summary>Bytes to be read.</summary>
    public int Count
    {
        get
        {
            var count = 0;
            for (var at = _taken; at != _filled; at++)
                count += At(at).Length;
            return count;
        }
    }

    private int Used => (int)(Volatile.Read(ref _filled) - Volatile.Read(ref _taken));

    /// <summary>The oldest slot; there is one.</summary>
    public ref PipeSlot Oldest => ref At(_taken);

    /// <summary>The slot that came <paramref name="index"/> after the oldest; null reference: there is none.</summary>
    public bool TryGet(int index, out PipeSlot slot)
    {
        slot = index < Used ? At(_taken + (uint)index) : default;
        return index < Used;
    }

    /// <summary>An empty ring of so many slots, at most the default.</summary>
    public void Reset(int slots)
    {
        _slots = slots;
        _taken = _filled = 0;
        _reserved = 0;
    }

    /// <summary>Puts in what <paramref name="from"/> has, as far as it fits; how many bytes. <paramref name="outOfMemory"/>: a frame was missing.</summary>
    public int Write(ref IoBuffer from, bool packets, out bool outOfMemory)
    {
        outOfMemory = false;
        var written = Merge(ref from);
        while (from.Remaining > 0 && !IsFull)
        {
            if (!TryTakeFrame(out var frame))
            {
                outOfMemory = true;
                break;
            }

            var wanted = Math.Min(from.Remaining, Frames.Size);
            var copied = from.CopyTo(Frames.Bytes(frame).Slice(0, wanted));
            if (copied == 0)
            {
                Release(frame);
                break;
            }

            Put(new PipeSlot(frame, 0, copied, packets ? PipeSlotFlags.Packet : PipeSlotFlags.CanMerge));
            written += copied;
        }

        return written;
    }

    /// <summary>Adds a slot whose reference to its frame becomes the ring's; there is room.</summary>
    public void Put(in PipeSlot slot)
    {
        At(_filled) = slot;
        Volatile.Write(ref _filled, _filled + 1);
    }

    /// <summary>Takes the oldest slot out; its reference to its frame becomes the caller's.</summary>
    public PipeSlot Take()
    {
        var slot = At(_taken);
        Volatile.Write(ref _taken, _taken + 1);
        return slot;
    }

    /// <summary>Takes bytes out into <paramref name="to"/>, one packet at most; how many.</summary>
    public int Read(ref IoBuffer to)
    {
        var read = 0;
        while (to.Remaining > 0 && !IsEmpty)
        {
            ref var slot = ref Oldest;
            var part = slot.Contents(to.Remaining);
            if (to.CopyFrom(part) < part.Length)
                break;
            read += part.Length;
            if (slot.Has(PipeSlotFlags.Packet))
            {
                Release(Take().Frame);
                break;
            }

            Consume(part.Length);
        }

        return read;
    }

    /// <summary>Takes the first bytes of the oldest slot out.</summary>
    public void Consume(int count)
    {
        ref var slot = ref Oldest;
        slot.Skip(count);
        if (slot.Length == 0)
            Release(Take().Frame);
    }

    /// <summary>Promises free slots to the caller, at most <paramref name="most"/>; how many.</summary>
    public int Reserve(int most)
    {
        var count = Math.Min(most, FreeSlots);
        if (count <= 0)
            return 0;
        Volatile.Write(ref _reserved, _reserved + count);
        return count;
    }

    /// <summary>Takes a promise back, or fulfils it just before <see cref="Put"/>.</summary>
    public void Unreserve(int count) => Volatile.Write(ref _reserved, _reserved - count);

    /// <summary>Changes the number of slots to a power of two. EBUSY: more are filled or promised; ENOMEM.</summary>
    public Errno Resize(int slots)
    {
        var used = Used;
        if (used + _reserved > slots)
            return Errno.EBUSY;
        var order = 0;
        while ((long)slots * PipeSlot.Bytes > (long)Frames.Size << order)
            order++;
        var block = FrameNumber.None;
        if (slots > DefaultSlots && !FrameAllocator.TryTake(order, out block))
            return Errno.ENOMEM;
        Move(block, order, used);
        _blockOrder = order;
        Volatile.Write(ref _slots, slots);
        return Errno.None;
    }

    /// <summary>Throws all away and gives the frames back.</summary>
    public void Clear()
    {
        while (!IsEmpty)
            FrameTable.Drop(Take().Frame);
        if (!_spare.IsNone)
            FrameTable.Drop(_spare);
        _spare = FrameNumber.None;
        if (!_block.IsNone)
            FrameAllocator.Give(_block, _blockOrder);
        _block = FrameNumber.None;
    }

    // The slots move to the start of another place, in order.
    private void Move(FrameNumber block, int order, int used)
    {
        Span<PipeSlot> kept = stackalloc PipeSlot[DefaultSlots];
        var to = block.IsNone ? kept : InBlock(block, order);
        for (var i = 0; i < used; i++)
            to[i] = At(_taken + (uint)i);
        if (!_block.IsNone)
            FrameAllocator.Give(_block, _blockOrder);
        _block = block;
        if (block.IsNone)
            kept.CopyTo(_own);
        _taken = 0;
        Volatile.Write(ref _filled, (uint)used);
    }

    // The odd part of a write goes behind the last bytes if it fits there wholly.
    private int Merge(ref IoBuffer from)
    {
        var odd = from.Remaining & Frames.Size - 1;
        if (odd == 0 || IsEmpty)
            return 0;
        ref var last = ref At(_filled - 1);
        var end = last.Offset + last.Length;
        if (!last.Has(PipeSlotFlags.CanMerge) || end + odd > Frames.Size)
            return 0;
        var copied = from.CopyTo(Frames.Bytes(last.Frame).Slice(end, odd));
        last.Length += (ushort)copied;
        return copied;
    }

    private bool TryTakeFrame(out FrameNumber frame)
    {
        frame = _spare;
        _spare = FrameNumber.None;
        return !frame.IsNone || FrameAllocator.TryTakeUser(out frame);
    }

    // The ring's reference goes. A frame that nobody else has is kept for the next write.
    private void Release(FrameNumber frame)
    {
        if (_spare.IsNone && FrameTable.References(frame) == 1)
            _spare = frame;
        else
            FrameTable.Drop(frame);
    }

    private ref PipeSlot At(uint position)
    {
        var index = (int)(position & (uint)(_slots - 1));
        if (_block.IsNone)
            return ref _own[index];
        return ref InBlock(_block, _blockOrder)[index];
    }

    private static Span<PipeSlot> InBlock(FrameNumber block, int order) => MemoryMarshal.Cast<byte, PipeSlot>(Frames.Bytes(block, 1 << order));
}
