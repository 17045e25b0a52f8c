using System;
using Jiffy.Machine.Sim;

namespace Jiffy.Machine;

public static partial class Frames
{
    public static partial int Limit => SimMachine.Current.FrameLimit;

    public static partial int FreeRangeCount => 1;

    public static partial FrameRange FreeRange(int index) => new(new FrameNumber(1), SimMachine.Current.RamdiskFirst - 1);

    public static partial Span<byte> Bytes(FrameNumber frame) => SimMachine.Current.Bytes(frame, 1);

    public static partial Span<byte> Bytes(FrameNumber first, int count) => SimMachine.Current.Bytes(first, count);

    public static partial void Clear(FrameNumber frame)
    {
        SimMachine.Point(PointKind.Frame);
        Bytes(frame).Clear();
    }

    public static partial void Copy(FrameNumber from, FrameNumber to)
    {
        SimMachine.Point(PointKind.Frame);
        Bytes(from).CopyTo(Bytes(to));
    }
}
