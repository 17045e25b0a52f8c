// Bodies of the frame contract, over the direct map.
using System;

namespace Jiffy.Machine;

public static unsafe partial class Frames
{
    public static partial int Limit => MemoryMap.FrameLimit;

    public static partial int FreeRangeCount => MemoryMap.Free.Count;

    public static partial FrameRange FreeRange(int index)
    {
        var range = MemoryMap.Free[index];
        return new FrameRange(new FrameNumber((uint)(range.Start >> Shift)), (int)(range.Bytes >> Shift));
    }

    public static partial Span<byte> Bytes(FrameNumber frame) => new(Address(frame), Size);

    public static partial Span<byte> Bytes(FrameNumber first, int count) => new(Address(first), count * Size);

    public static partial void Clear(FrameNumber frame) => Instructions.ClearFrame(Address(frame));

    public static partial void Copy(FrameNumber from, FrameNumber to) => Instructions.CopyFrame(Address(to), Address(from));

    internal static void* Address(FrameNumber frame) => AddressSpace.Direct(frame.PhysicalAddress);
}
