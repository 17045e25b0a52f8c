// RLIMIT_CPU: a process over its soft limit is sent SIGXCPU, and again for each second more; at the hard limit it is killed.
// Told by the tick, from the exact run time, so late by a tick at most for each CPU that the process runs on.
// Context: hardirq. Lock: TaskTree.Lock guards the limits; the first look is without it. Linux: check_process_timers(). man 2 getrlimit.
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Time;

internal static class CpuLimit
{
    private const long Second = 1_000_000_000;

    /// <summary>A tick found a thread of the process running, which has not told its end yet.</summary>
    public static void Check(ThreadGroup process)
    {
        if (!IsOver(process, process.SoftLimit(Resource.CPU)))
            return;
        using (TaskTree.Lock.Acquire())
        {
            ref var limit = ref process.Limits[(int)Resource.CPU];
            if (IsOver(process, limit.Hard))
            {
                SignalSender.SendToProcessLocked(process, SignalInfo.FromKernel(SignalNumber.SIGKILL));
            }
            else if (IsOver(process, limit.Soft))
            {
                // As on Linux the soft limit itself moves on.
                limit.Soft++;
                SignalSender.SendToProcessLocked(process, SignalInfo.FromKernel(SignalNumber.SIGXCPU));
            }
        }
    }

    private static bool IsOver(ThreadGroup process, ulong seconds) =>
        seconds != ResourceLimit.Infinity && (ulong)(Volatile.Read(ref process.RunTime) / Second) >= seconds;
}
