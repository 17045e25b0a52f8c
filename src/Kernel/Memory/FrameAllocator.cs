// The buddy allocator: free memory in blocks of 2^order frames, each aligned to its size. A request splits the smallest block that
// is large enough; a block given back joins its buddy as long as that is free too, so memory does not stay in pieces.
// The last frames are kept for the kernel: user pages stop at a reserve, so that a full memory leaves the kernel able to
// answer, to unmap and to end tasks.
// Contexts: any but NMI; nothing sleeps. Lock: s_lock (rank FrameAllocator) guards the lists, the counts and FrameInfo but for References.
// Linux: __alloc_pages(), __free_pages(), watermarks.
using System;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Machine;

namespace Jiffy.Kernel.Memory;

public static class FrameAllocator
{
    /// <summary>The largest block has 2^MaxOrder frames: 4 MiB.</summary>
    public const int MaxOrder = 10;

    private const uint None = 0;
    private const int MaxRanges = 32;

    private static SpinLock<FrameAllocatorRank, IrqsOff> s_lock;
    private static uint[]? s_first;        // per order, the first free block; null before Init is done
    private static int[] s_blocks = null!; // per order, how many
    private static int[] s_early = null!;  // per range of the machine's, frames taken from its end before Init was done
    private static long s_free, s_total, s_reserve, s_room;

    private readonly struct FrameAllocatorRank : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.FrameAllocator;
    }

    /// <summary>Frames that could be taken now, the kernel's reserve included.</summary>
    public static long FreeFrames => s_free;

    /// <summary>All frames that were ever given to the allocator, less those that went to the object heap for ever.</summary>
    public static long TotalFrames => s_total;

    /// <summary>Frames that user pages leave to the kernel.</summary>
    public static long ReserveFrames => s_reserve;

    /// <summary>Free blocks of an order, for /proc/buddyinfo; a snapshot.</summary>
    public static int FreeBlocks(int order) => s_blocks[order];

    /// <summary>Takes over the machine's free memory. Boot, once, before anything takes frames.</summary>
    public static void Init()
    {
        s_lock = default;
        s_free = 0;
        s_total = 0;
        s_first = null;
        s_early = new int[MaxRanges];
        if (!FrameTable.TryInit())
            Invariant.Fail("there is memory for the frame table");
        s_blocks = new int[MaxOrder + 1];
        s_first = new uint[MaxOrder + 1];
        for (var i = 0; i < Frames.FreeRangeCount; i++)
        {
            var range = Frames.FreeRange(i);
            Add(new FrameRange(range.First, range.Count - s_early[i]));
        }

        s_reserve = Math.Min(s_total / 32, 512);
        s_room = Math.Min(s_total / 16, 2048);
    }

    /// <summary>Adds memory that was reserved so far (free ranges, the ramdisk's frames after use).</summary>
    public static void Add(FrameRange range)
    {
        var at = range.First.Value;
        var end = at + (uint)range.Count;
        if (at == 0 && end != 0)
            at = 1; // frame 0 means none
        using (s_lock.Acquire())
        {
            while (at < end)
            {
                var order = 0;
                while (order < MaxOrder && (at & ((2u << order) - 1)) == 0 && at + (2u << order) <= end)
                    order++;
                Invariant.That(FrameTable.Of(at).State == FrameState.Reserved, "memory is added once");
                s_total += 1L << order;
                Join(at, order);
                at += 1u << order;
            }
        }
    }

    /// <summary>Takes one frame for the kernel; its contents are what its last user left. It has one reference.</summary>
    public static bool TryTake(out FrameNumber frame) => TryTakeBlock(0, 0, out frame);

    /// <summary>Takes 2^<paramref name="order"/> frames, contiguous and aligned, for the kernel.</summary>
    public static bool TryTake(int order, out FrameNumber first) => TryTakeBlock(order, 0, out first);

    /// <summary>Takes one frame of zeros for the kernel.</summary>
    public static bool TryTakeClear(out FrameNumber frame)
    {
        if (!TryTake(out frame))
            return false;
        Frames.Clear(frame);
        return true;
    }

    /// <summary>Takes one frame for user data: a page of a program, of a file, of a pipe. False already when only the reserve is left.</summary>
    public static bool TryTakeUser(out FrameNumber frame) => TryTakeBlock(0, s_reserve, out frame);

    /// <summary>Takes one frame of zeros for user data.</summary>
    public static bool TryTakeUserClear(out FrameNumber frame)
    {
        if (!TryTakeUser(out frame))
            return false;
        Frames.Clear(frame);
        return true;
    }

    /// <summary>Takes one frame of zeros for contents that outlive their writer: files in memory. Leaves programs room to go on running.</summary>
    public static bool TryTakeContentsClear(out FrameNumber frame)
    {
        if (!TryTakeBlock(0, s_reserve + s_room, out frame))
            return false;
        Frames.Clear(frame);
        return true;
    }

    /// <summary>Takes frames that will never be given back (the object heap's, which grows at users' wish and so leaves the reserve).</summary>
    public static bool TryTakeForEver(int order, out FrameNumber first)
    {
        if (s_first is null)
            return TryTakeEarly(1 << order, out first);
        if (!TryTakeBlock(order, s_reserve, out first))
            return false;
        using (s_lock.Acquire())
            s_total -= 1L << order;
        return true;
    }

    /// <summary>Gives back what was taken with the same order. Nobody else may refer to it.</summary>
    public static void Give(FrameNumber first, int order = 0)
    {
        ref var info = ref FrameTable.Of(first.Value);
        Invariant.That(info.References == 1, "a frame given back has one reference");
        info.References = 0;
        GiveUnreferenced(first, order);
    }

    // The frame table itself lies in the object heap, which grows before there is an allocator: from the ends of the machine's ranges.
    private static bool TryTakeEarly(int count, out FrameNumber first)
    {
        for (var i = 0; i < Frames.FreeRangeCount; i++)
        {
            var range = Frames.FreeRange(i);
            var left = range.Count - s_early[i] - count;
            if (left < 0)
                continue;
            s_early[i] += count;
            first = range.First + left;
            return true;
        }

        first = default;
        return false;
    }

    internal static void GiveUnreferenced(FrameNumber first, int order)
    {
        using (s_lock.Acquire())
        {
            ref var info = ref FrameTable.Of(first.Value);
            Invariant.That(info.State == FrameState.UsedHead && info.Order == order, "a block is given back once, as it was taken");
            Join(first.Value, order);
        }
    }

    private static bool TryTakeBlock(int order, long reserve, out FrameNumber first)
    {
        first = default;
        if ((uint)order > MaxOrder || FaultInjection.ShouldFail())
            return false;
        using (s_lock.Acquire())
        {
            if (s_free - (1L << order) < reserve)
                return false;
            var found = order;
            while (found <= MaxOrder && s_first![found] == None)
                found++;
            if (found > MaxOrder)
                return false;
            first = new FrameNumber(Split(found, order));
        }

        FrameTable.Of(first.Value).References = 1;
        return true;
    }

    // Takes the first block of an order and puts its upper halves back until it has the wanted size.
    private static uint Split(int order, int wanted)
    {
        var block = s_first![order];
        Unlist(block, order);
        while (order > wanted)
        {
            order--;
            List(block + (1u << order), order);
        }

        ref var info = ref FrameTable.Of(block);
        info.State = FrameState.UsedHead;
        info.Order = (byte)wanted;
        for (var i = 1u; i < 1u << wanted; i++)
            FrameTable.Of(block + i).State = FrameState.UsedTail;
        s_free -= 1L << wanted;
        return block;
    }

    // Makes a block free and joins it with its buddy, and the result with its buddy, as far as they are free.
    private static void Join(uint block, int order)
    {
        s_free += 1L << order;
        for (var i = 0u; i < 1u << order; i++)
            FrameTable.Of(block + i).State = FrameState.FreeTail;
        while (order < MaxOrder)
        {
            var buddy = block ^ (1u << order);
            if (!FrameTable.Exists(buddy) || !IsFreeBlock(buddy, order))
                break;
            Unlist(buddy, order);
            block &= ~(1u << order);
            order++;
        }

        List(block, order);
    }

    private static bool IsFreeBlock(uint block, int order)
    {
        ref var info = ref FrameTable.Of(block);
        return info.State == FrameState.FreeHead && info.Order == order;
    }

    private static void List(uint block, int order)
    {
        ref var info = ref FrameTable.Of(block);
        info.State = FrameState.FreeHead;
        info.Order = (byte)order;
        info.Previous = None;
        info.Next = s_first![order];
        if (info.Next != None)
            FrameTable.Of(info.Next).Previous = block;
        s_first[order] = block;
        s_blocks[order]++;
    }

    private static void Unlist(uint block, int order)
    {
        ref var info = ref FrameTable.Of(block);
        info.State = FrameState.FreeTail;
        if (info.Previous == None)
            s_first![order] = info.Next;
        else
            FrameTable.Of(info.Previous).Next = info.Next;
        if (info.Next != None)
            FrameTable.Of(info.Next).Previous = info.Previous;
        s_blocks[order]--;
    }
}
