// The way in and out of every interrupt: counted, timed, and at the end of the outermost one the pending softirqs. The machine then calls
// ReturnToKernel or ReturnPath.ToUser, the preemption points. On hardware all but these two run on the CPU's interrupt stack.
// Contexts: hardirq, interrupts off. Locks: none. Linux: irq_enter(), irq_exit(), preempt_schedule_irq().
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.Irq;

public static class Interrupts
{
    public static void Init()
    {
        InterruptTable.Init();
        CrossCall.Init();
    }

    /// <summary>The alarm of this CPU went off.</summary>
    [HardirqContext]
    public static void Timer(bool fromUser)
    {
        var start = Enter();
        InterruptTable.Count(InterruptKind.Timer);
        CpuTimer.Here.Interrupt(fromUser, start);
        BottomHalf.Tick();
        Leave(start);
    }

    /// <summary>A device's line is active.</summary>
    [HardirqContext]
    public static void Device(InterruptLine line, bool fromUser)
    {
        _ = fromUser;
        var start = Enter();
        InterruptTable.Handle(line);
        Leave(start);
    }

    /// <summary>
    /// Another CPU set this one's NeedReschedule flag, or wants it to look at its work flags; both are looked at on the way out. Or this CPU
    /// could not wake the log's readers where it wrote.
    /// </summary>
    [HardirqContext]
    public static void Reschedule()
    {
        var start = Enter();
        InterruptTable.Count(InterruptKind.Reschedule);
        KernelLog.WakeWaitingReaders();
        Leave(start);
    }

    /// <summary>Another CPU has calls for this one, or softirqs.</summary>
    [HardirqContext]
    public static void Call()
    {
        var start = Enter();
        InterruptTable.Count(InterruptKind.Call);
        CrossCall.RunHere();
        Softirq.TakeHanded();
        Leave(start);
    }

    /// <summary>The kernel's preemption point: interrupts off at entry and at return.</summary>
    public static void ReturnToKernel()
    {
        var current = Cpu.Current;
        if (current.PreemptCount == 0 && WorkFlag.IsSet(current, WorkFlag.NeedReschedule))
            Scheduler.PreemptFromInterrupt();
    }

    private static long Enter()
    {
        var current = Cpu.Current;
        if ((current.PreemptCount & Preemption.HardirqMask) == Preemption.HardirqMask)
            Invariant.Fail("interrupts nest too deeply");
        current.PreemptCount += Preemption.HardirqOne;
        var now = Clock.Now;
        CpuStatistics.Of(Cpu.Id).LeaveIdle(now);
        return now;
    }

    private static void Leave(long start)
    {
        CpuStatistics.Of(Cpu.Id).AddIrq(Clock.Now - start);
        Cpu.Current.PreemptCount -= Preemption.HardirqOne;
        if (!Preemption.InInterrupt && Softirq.IsPending)
            Softirq.RunPending();
    }
}
