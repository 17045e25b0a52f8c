// The last thing before user mode: gives the CPU away if a better task waits, runs bottom halves, delivers signals, and looks again, because either may have
// made the other necessary. Interrupts are off from the last look to user mode, so nothing can slip in between.
// Context: process, interrupts off at entry and at return, no lock held. Linux: exit_to_user_mode_loop().
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Irq;

public static class ReturnPath
{
    private const int SignalWork = WorkFlag.SignalPending | WorkFlag.RestoreMask | WorkFlag.MustExit;

    public static void ToUser(ref UserRegisters user)
    {
        var current = Task.Current;
        while (true)
        {
            var work = System.Threading.Volatile.Read(ref current.WorkFlags);
            if ((work & (WorkFlag.NeedReschedule | WorkFlag.BottomHalf | SignalWork)) == 0)
                break;
            Cpu.EnableInterrupts();
            if ((work & WorkFlag.BottomHalf) != 0)
                BottomHalf.Reconcile();
            if ((work & WorkFlag.NeedReschedule) != 0)
                Scheduler.PreemptCurrent();
            if ((work & SignalWork) != 0)
                SignalDelivery.Deliver(ref user);
            Cpu.DisableInterrupts();
        }

        LockChecks.HoldingNothing(current);
        if (MachineTraits.ChecksLocks && current.PreemptCount != 0)
            Invariant.Fail("return to user mode with preemption off");
    }
}
