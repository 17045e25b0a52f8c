// A run of bytes in a pipe: part of one frame, to which the slot has one reference. The frame may be a file's or a program's page,
// or be shared with other pipes; then nobody writes to it through the pipe. Linux: struct pipe_buffer.
using System;
using Jiffy.Machine;

namespace Jiffy.Kernel.Ipc;

[Flags]
public enum PipeSlotFlags : ushort
{
    None = 0,

    /// <summary>The bytes behind its own are this slot's to fill: the next write may go on there.</summary>
    CanMerge = 1,

    /// <summary>One packet: what a read leaves of it is thrown away.</summary>
    Packet = 2,
}

public struct PipeSlot
{
    /// <summary>Bytes of one slot, for the memory that rings take.</summary>
    public const int Bytes = 12;

    private uint _frame;
    public ushort Offset, Length;
    public PipeSlotFlags Flags;

    public PipeSlot(FrameNumber frame, int offset, int length, PipeSlotFlags flags = PipeSlotFlags.None)
    {
        _frame = frame.Value;
        Offset = (ushort)offset;
        Length = (ushort)length;
        Flags = flags;
    }

    public readonly FrameNumber Frame => new(_frame);

    /// <summary>The bytes, at most <paramref name="most"/>.</summary>
    public readonly Span<byte> Contents(int most = Frames.Size) => Frames.Bytes(Frame).Slice(Offset, Math.Min(Length, most));

    public readonly bool Has(PipeSlotFlags flag) => (Flags & flag) != 0;

    /// <summary>Leaves out the first bytes.</summary>
    public void Skip(int count)
    {
        Offset += (ushort)count;
        Length -= (ushort)count;
    }
}
