// Physical memory in frames of 4 KiB.
using System;

namespace Jiffy.Machine;

/// <summary>Number of a physical frame: its address divided by 4096. Zero is never handed out and means none.</summary>
public readonly struct FrameNumber : IEquatable<FrameNumber>
{
    public readonly uint Value;

    public FrameNumber(uint value) => Value = value;

    public static FrameNumber None => default;
    public bool IsNone => Value == 0;
    public ulong PhysicalAddress => (ulong)Value << 12;

    public bool Equals(FrameNumber other) => Value == other.Value;
    public override bool Equals(object? other) => other is FrameNumber frame && frame.Value == Value;
    public override int GetHashCode() => (int)Value;
    public static bool operator ==(FrameNumber a, FrameNumber b) => a.Value == b.Value;
    public static bool operator !=(FrameNumber a, FrameNumber b) => a.Value != b.Value;
    public static FrameNumber operator +(FrameNumber a, int count) => new(a.Value + (uint)count);
}

/// <summary>A run of frames.</summary>
public readonly struct FrameRange
{
    public readonly FrameNumber First;
    public readonly int Count;

    public FrameRange(FrameNumber first, int count)
    {
        First = first;
        Count = count;
    }
}

public static partial class Frames
{
    public const int Size = 4096;
    public const int Shift = 12;

    /// <summary>One more than the highest usable frame's number.</summary>
    public static partial int Limit { get; }

    /// <summary>Ranges of memory free for the kernel at start-up: not image, boot heap, ramdisk or firmware. At most 32.</summary>
    public static partial int FreeRangeCount { get; }

    public static partial FrameRange FreeRange(int index);

    /// <summary>The bytes of one frame. The caller owns the frame.</summary>
    public static partial Span<byte> Bytes(FrameNumber frame);

    /// <summary>The bytes of a run of frames that is contiguous in physical memory.</summary>
    public static partial Span<byte> Bytes(FrameNumber first, int count);

    public static partial void Clear(FrameNumber frame);

    public static partial void Copy(FrameNumber from, FrameNumber to);
}
