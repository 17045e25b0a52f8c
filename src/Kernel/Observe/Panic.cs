// The end of the whole machine: say why, show where, stop all CPUs. Context: any; does not return. Linux: panic().
using System;
using System.Threading;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Observe;

public static class Panic
{
    private static int s_begun;

    public static void Init() => s_begun = 0;

    /// <summary>Panics with the caller's stack.</summary>
    public static void Stop(string why, long detail = 0)
    {
        Begin();
        KernelLog.Write(LogLevel.Emergency, $"Kernel panic - not syncing: {why} ({detail:x})");
        Span<ulong> addresses = stackalloc ulong[FaultReport.MaxDepth];
        var count = Backtrace.WalkHere(addresses);
        FaultReport.PrintWho();
        FaultReport.PrintStack(addresses.Slice(0, count));
        End();
    }

    /// <summary>Panics after a report was printed.</summary>
    public static void StopAfterReport(string why)
    {
        Begin();
        KernelLog.Write(LogLevel.Emergency, $"Kernel panic - not syncing: {why}");
        End();
    }

    private static void Begin()
    {
        Cpu.DisableInterrupts();
        if (Interlocked.Exchange(ref s_begun, 1) != 0)
        {
            // A second panic while the first is being told: nothing more can be trusted.
            Power.Panicked();
        }

        Cpu.StopOthers();
        KernelConsole.IgnoreLock();
        KernelLog.ConsoleLevel = (int)LogLevel.Debug;
    }

    private static void End()
    {
        KernelLog.Write(LogLevel.Emergency, $"---[ end Kernel panic on task {Task.Current.Name} ]---");
        Power.Panicked();
    }
}
