// An array of small values in frames, made for one length and given back whole: one frame when they fit, else an index frame of frames.
// Contexts and guard: the owner's; making one does not sleep. Linux: kvmalloc_array().
using System;
using System.Runtime.InteropServices;
using Jiffy.Kernel.Memory;
using Jiffy.Machine;

namespace Jiffy.Kernel.Ipc;

internal struct FrameArray<T> where T : unmanaged
{
    private const int MaxFrames = Frames.Size / sizeof(uint);

    private FrameNumber _top; // the only frame of values, or the index

    /// <summary>Values there are.</summary>
    public int Length { get; private set; }

    private static int PerFrame
    {
        get
        {
            T one = default;
            return Frames.Size / MemoryMarshal.AsBytes(new Span<T>(ref one)).Length;
        }
    }

    private readonly bool HasIndex => Length > PerFrame;

    /// <summary>An array of zeros. False: out of memory, or more than an index frame can tell of.</summary>
    public static bool TryCreate(int length, out FrameArray<T> made)
    {
        made = default;
        var frames = (length + PerFrame - 1) / PerFrame;
        if (frames == 0)
            return true;
        if (frames > MaxFrames || !FrameAllocator.TryTakeClear(out made._top))
            return false;
        made.Length = length;
        if (!made.HasIndex)
            return true;
        foreach (ref var entry in made.Index.Slice(0, frames))
        {
            if (!FrameAllocator.TryTakeClear(out var frame))
            {
                made.Free();
                return false;
            }

            entry = frame.Value;
        }

        return true;
    }

    public readonly ref T this[int index] => ref From(index)[0];

    /// <summary>The values from <paramref name="index"/> on that lie in one piece.</summary>
    public readonly Span<T> From(int index)
    {
        var frame = HasIndex ? new FrameNumber(Index[index / PerFrame]) : _top;
        var values = MemoryMarshal.Cast<byte, T>(Frames.Bytes(frame));
        var start = index % PerFrame;
        return values.Slice(start, Math.Min(values.Length - start, Length - index));
    }

    /// <summary>Gives the frames back.</summary>
    public void Free()
    {
        if (Length == 0)
            return;
        if (HasIndex)
        {
            foreach (var entry in Index)
            {
                if (entry == 0)
                    break;
                FrameAllocator.Give(new FrameNumber(entry));
            }
        }

        FrameAllocator.Give(_top);
        this = default;
    }

    private readonly Span<uint> Index => MemoryMarshal.Cast<byte, uint>(Frames.Bytes(_top));
}
