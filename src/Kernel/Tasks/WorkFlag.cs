// Bits of TaskContext.WorkFlags: what a task must look at before it returns to user mode. Linux: TIF_*.
using System.Threading;
using Jiffy.Machine;

namespace Jiffy.Kernel.Tasks;

public static class WorkFlag
{
    /// <summary>A better task waits for this CPU.</summary>
    public const int NeedReschedule = 1 << 0;

    /// <summary>A signal may be deliverable.</summary>
    public const int SignalPending = 1 << 1;

    /// <summary>The old signal mask must be put back when no handler runs (sigsuspend, ppoll).</summary>
    public const int RestoreMask = 1 << 2;

    /// <summary>The task was told to die and must not go back to user mode.</summary>
    public const int MustExit = 1 << 3;

    /// <summary>The task marked a bottom half, or queued for the scheduler's task queue: both run at the next reconciliation point.</summary>
    public const int BottomHalf = 1 << 4;

    public static void Set(TaskContext task, int flag) => Interlocked.Or(ref task.WorkFlags, flag);
    public static void Clear(TaskContext task, int flag) => Interlocked.And(ref task.WorkFlags, ~flag);
    public static bool IsSet(TaskContext task, int flag) => (Volatile.Read(ref task.WorkFlags) & flag) != 0;
}
