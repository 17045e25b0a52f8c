// The end of the whole machine: say why, show where, stop all CPUs. Context: any; does not return. Never hangs: what goes wrong while
// the end is told ends the machine at once. Linux: panic().
using System;
using System.Threading;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Observe;

public static class Panic
{
    /// <summary>Number of the CPU that tells, plus one; zero: none.</summary>
    private static int s_teller;

    public static void Init() => s_teller = 0;

    /// <summary>The machine ends: locks of log and console no longer matter.</summary>
    public static bool HasBegun => Volatile.Read(ref s_teller) != 0;

    /// <summary>This CPU tells of the end just now.</summary>
    internal static bool IsTellingHere => Volatile.Read(ref s_teller) == Cpu.Id + 1;

    /// <summary>Panics with the caller's stack.</summary>
    public static void Stop(string why, long detail = 0)
    {
        Begin();
        if (detail == 0)
            KernelLog.Write(LogLevel.Emergency, $"Kernel panic - not syncing: {why}");
        else
            KernelLog.Write(LogLevel.Emergency, $"Kernel panic - not syncing: {why} ({detail:x})");
        Span<ulong> addresses = stackalloc ulong[FaultReport.MaxDepth];
        var count = Backtrace.WalkHere(addresses);
        FaultReport.PrintWho(Cpu.Current as Task);
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
        var me = Cpu.Id + 1;
        var teller = Interlocked.CompareExchange(ref s_teller, me, 0);
        if (teller == me)
            Power.Panicked(); // a second panic while the first is being told: nothing more can be trusted
        while (teller != 0)
            Cpu.Relax();      // another CPU tells, and stops this one
        Cpu.StopOthers();
    }

    private static void End()
    {
        KernelLog.Write(LogLevel.Emergency, "---[ end Kernel panic ]---"u8);
        Power.Panicked();
    }
}
