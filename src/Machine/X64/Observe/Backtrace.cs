// Who called whom, for fault reports.
using System;

namespace Jiffy.Machine;

public static partial class Backtrace
{
    public static partial int Walk(ref KernelRegisters from, Span<ulong> addresses) => 0;

    public static partial int WalkHere(Span<ulong> addresses) => 0;

    public static partial bool TryDescribe(ulong address, out CodeLocation location)
    {
        location = default;
        return false;
    }
}
