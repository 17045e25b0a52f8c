// Spinning for a sleeping lock while its owner runs on another CPU: it will most likely be given back before this task could be put to sleep
// and woken. Ends as soon as the owner leaves its CPU, somebody better wants this one, or a signal comes.
// Contexts: process. Locks: none. The owner may have ended meanwhile: task objects stay tasks for ever, so what is read is stale at worst.
// Linux: mutex_spin_on_owner(), rwsem_spin_on_owner().
using System.Threading;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sync;

internal static class OwnerSpin
{
    private const int Reasons = WorkFlag.NeedReschedule | WorkFlag.SignalPending | WorkFlag.MustExit;

    /// <summary>True: <paramref name="owner"/> is another one now, or nobody, so trying may help. False: the time for spinning is over.</summary>
    public static bool UntilChange(ref Task? owner)
    {
        var current = Cpu.Current;
        Preemption.Disable(); // else a spinner that is preempted could not tell its own absence from the owner's
        var seen = Volatile.Read(ref owner);
        var hasChanged = seen is null;
        while (!hasChanged && IsRunning(seen!) && !WorkFlag.IsSet(current, Reasons))
        {
            Cpu.Relax();
            hasChanged = Volatile.Read(ref owner) != seen;
        }

        Preemption.Enable();
        return hasChanged;
    }

    private static bool IsRunning(Task task) => RunQueue.Of(task.CpuIndex).Running == task;
}
