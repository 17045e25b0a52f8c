// What a CPU does when it has nothing to do: halt, without a tick, until an interrupt.
// No wake-up is lost between the last look and the halt: both happen with interrupts off, the machine halts and turns them on in one step,
// and whoever makes this CPU's flags true sends an interrupt afterwards, which then ends the halt at once.
// Context: the idle task, preemption off for ever. Linux: do_idle(), cpu_startup_entry().
using System.Threading;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sched;

public static partial class Scheduler
{
    /// <summary>The end of each CPU's start: lets it take tasks, and idles. On its idle task, interrupts off. Does not return.</summary>
    public static void StartIdle()
    {
        Interlocked.Or(ref s_online, 1L << Cpu.Id);
        HasStarted = true;
        Cpu.EnableInterrupts();
        while (true)
        {
            ScheduleOnce(Cause.Call);
            while (!NeedsReschedule && !MustLook())
            {
            }
        }
    }

    // Halts once. True: there is a reason to choose anew that nobody set the flag for.
    private static bool MustLook()
    {
        Cpu.DisableInterrupts();
        var queue = RunQueue.Here;
        if (NeedsReschedule || Interlocked.Exchange(ref queue.WantsBalance, 0) != 0 || Balancer.CanPull(queue))
        {
            Cpu.EnableInterrupts();
            return true;
        }

        if (Softirq.IsPending || WorkFlag.IsSet(Cpu.Current, WorkFlag.BottomHalf))
        {
            Cpu.EnableInterrupts();
            BottomHalf.Reconcile();
            return false;
        }

        var statistics = CpuStatistics.Of(queue.Index);
        statistics.EnterIdle(Clock.Now);
        CpuTimer.Here.StopTick();
        Cpu.WaitForInterrupt();
        statistics.LeaveIdle(Clock.Now);
        return false;
    }
}
