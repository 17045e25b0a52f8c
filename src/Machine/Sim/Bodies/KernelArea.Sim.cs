// Areas lie on the host's heap; their frames are taken from the kernel only so that their number can be checked.
using System;
using Jiffy.Machine.Sim;

namespace Jiffy.Machine;

public readonly partial struct KernelArea
{
    public static partial ulong RangeStart => SimMachine.AreasStart;

    public static partial int RangePages => SimMachine.AreasPages;

    public partial bool TryFill()
    {
        SimMachine.Point(PointKind.PageTable);
        return SimMachine.Current.TryFillArea(this);
    }

    public partial void Empty()
    {
        SimMachine.Point(PointKind.PageTable);
        SimMachine.Current.EmptyArea(this);
    }

    public partial Span<byte> Bytes => SimMachine.Current.AreaBytes(this);
}
