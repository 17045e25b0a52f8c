// How the locks of log and console are taken: plainly in ordinary times; with bounded patience while this CPU reports a fault, because
// the faulting code may hold them; not at all in a panic, when all other CPUs stand still. Contexts: any. Linux: bust_spinlocks().
using Jiffy.Kernel.Sync;
using Jiffy.Machine;

namespace Jiffy.Kernel.Observe;

internal static class ReportLock
{
    /// <summary>Attempts of one report: longer than anybody alive holds one of these locks.</summary>
    private const int Patience = 100_000;

    private static int s_attemptsLeft; // guard: belongs to the CPU that reports

    /// <summary>A report begins.</summary>
    public static void Begin() => s_attemptsLeft = Patience;

    /// <summary>True: the lock was taken, and <c>Release(token)</c> must follow. False: go on without it.</summary>
    public static bool Enter<TRank>(ref SpinLock<TRank, IrqsOff> guard, out bool token)
        where TRank : struct, ILockRank
    {
        token = false;
        if (Panic.HasBegun)
            return false;
        if (FaultReport.IsReportingHere)
            return TryEnter(ref guard, out token);
        token = guard.AcquireUnguarded();
        return true;
    }

    private static bool TryEnter<TRank>(ref SpinLock<TRank, IrqsOff> guard, out bool token)
        where TRank : struct, ILockRank
    {
        token = false;
        while (!guard.TryAcquire(out token))
        {
            if (s_attemptsLeft == 0)
                return false;
            s_attemptsLeft--;
            Cpu.Interleave();
        }

        return true;
    }
}
