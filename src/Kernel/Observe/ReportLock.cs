// How the locks of log and console are taken: plainly in ordinary times; with bounded patience while this CPU reports a fault, because
// the faulting code may hold them; not at all in a panic, when all other CPUs stand still. Contexts: any. Linux: bust_spinlocks().
using Jiffy.Kernel.Sync;
using Jiffy.Machine;

namespace Jiffy.Kernel.Observe;

internal static class ReportLock
{
    /// <summary>Some milliseconds: longer than anybody alive holds one of these locks.</summary>
    private const int Attempts = 100_000;

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
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            if (guard.TryAcquire(out token))
                return true;
            Cpu.Relax();
        }

        return false;
    }
}
