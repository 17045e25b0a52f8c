// What the lock checks found, for the report of the fault: the two locks, and where the first was taken, if that was kept. The report's own stack
// shows where the second is wanted. Context: that of the report. Linux: print_circular_bug(), print_usage_bug().
using System;
using Jiffy.Kernel.Sync;

namespace Jiffy.Kernel.Observe;

internal static class LockReport
{
    private const int Depth = 16;

    /// <summary>Tells once.</summary>
    public static void Tell()
    {
        if (LockChecks.Wanted == 0)
            return;
        var held = LockChecks.Held;
        var wanted = LockChecks.Wanted;
        LockChecks.Forget();
        KernelLog.Write(LogLevel.Alert, $"lock {LockRankNames.Of(wanted)} ({(int)wanted}) is wanted; held, or taken otherwise before: {LockRankNames.Of(held)} ({(int)held})");
        Span<ulong> addresses = stackalloc ulong[Depth];
        var count = LockChecks.CopyHeldPlace(addresses);
        if (count == 0)
            return;
        KernelLog.Write(LogLevel.Alert, $"{LockRankNames.Of(held)} was taken here:");
        FaultReport.PrintStack(addresses.Slice(0, count));
        KernelLog.Write(LogLevel.Alert, "and now:"u8);
    }
}
