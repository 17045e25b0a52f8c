// What the kernel knows of each frame of memory: who has it and how many refer to it.
// A frame that is mapped by several address spaces, or held by a file's page cache and mapped, has one reference for each; whoever
// drops the last gives it back. Reading one while the caller's own reference is the only one is stable: nobody else can add to it.
// Contexts: any. Locks: references change by atomic operations; the other fields belong to FrameAllocator and its lock.
// Linux: struct page, get_page(), put_page().
using System.Runtime.CompilerServices;
using System.Threading;
using Jiffy.Kernel.Observe;
using Jiffy.Machine;

namespace Jiffy.Kernel.Memory;

internal enum FrameState : byte
{
    /// <summary>Not memory the kernel may hand out: a hole, the image, firmware. The zero value.</summary>
    Reserved,

    /// <summary>First frame of a free block, on the list of its order.</summary>
    FreeHead,

    /// <summary>Inside a free block.</summary>
    FreeTail,

    /// <summary>First frame of a block in use.</summary>
    UsedHead,

    /// <summary>Inside a block in use.</summary>
    UsedTail,
}

internal struct FrameInfo
{
    public uint Next, Previous; // neighbours on the free list; only while FreeHead
    public int References;      // only while UsedHead
    public FrameState State;
    public byte Order;          // of the block; only in a head
}

public static class FrameTable
{
    // In pieces, so that no machine needs one very large object.
    private const int PieceShift = 15;
    private const int PieceFrames = 1 << PieceShift;

    private static FrameInfo[]?[] s_pieces = null!;

    /// <summary>Makes the pieces for the ranges that the machine has. Boot; False: out of memory.</summary>
    internal static bool TryInit()
    {
        s_pieces = new FrameInfo[]?[(Frames.Limit + PieceFrames - 1) >> PieceShift];
        for (var i = 0; i < s_pieces.Length; i++)
        {
            if (!TryMakePiece(i))
                return false;
        }

        return true;
    }

    private static bool TryMakePiece(int index)
    {
        var frames = System.Math.Min(PieceFrames, Frames.Limit - (index << PieceShift));
        if (!ObjectHeap.TryReserve(frames * 16 + 64))
            return false;
        s_pieces[index] = new FrameInfo[frames];
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ref FrameInfo Of(uint frame) => ref s_pieces[frame >> PieceShift]![frame & (PieceFrames - 1)];

    internal static bool Exists(uint frame) => frame < (uint)Frames.Limit;

    /// <summary>One more reference to a frame that the caller already holds one to.</summary>
    public static void Share(FrameNumber frame)
    {
        var count = Interlocked.Increment(ref Of(frame.Value).References);
        Invariant.That(count > 1, "a shared frame had an owner");
    }

    /// <summary>Gives up one reference; the last one gives the frame back.</summary>
    public static void Drop(FrameNumber frame)
    {
        var count = Interlocked.Decrement(ref Of(frame.Value).References);
        Invariant.That(count >= 0, "a dropped frame had an owner");
        if (count == 0)
            FrameAllocator.GiveUnreferenced(frame, 0);
    }

    /// <summary>How many references there are; only one's own single reference makes the answer stable.</summary>
    public static int References(FrameNumber frame) => Volatile.Read(ref Of(frame.Value).References);
}
