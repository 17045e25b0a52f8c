// Preemption, softirq and hardirq levels in one counter per task, as Linux's preempt_count: zero means the kernel may be
// preempted here. The counter belongs to the running task and to interrupts nested on it, so plain arithmetic is enough. Where locks are
// checked, so is every level: none may leave its bits. There is no level for NMIs: they never run kernel code (Entry/vectors.asm).
// Contexts: any. Linux: preempt_disable(), preempt_enable(), preempt_enable_no_resched(), preempt_check_resched(), in_interrupt().
using System.Runtime.CompilerServices;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sched;

public static class Preemption
{
    public const int PreemptOne = 1;
    public const int PreemptMask = 0xff;
    public const int SoftirqOne = 0x100;
    public const int SoftirqMask = 0xff00;

    /// <summary>Softirqs turned off by a task counts two, so that one unit means that one is being served.</summary>
    public const int SoftirqOffOne = 2 * SoftirqOne;

    public const int HardirqOne = 0x10000;
    public const int HardirqMask = 0xf0000;

    public static int Count => Cpu.Current.PreemptCount;
    public static bool InHardirq => (Count & HardirqMask) != 0;
    public static bool InSoftirq => (Count & SoftirqMask) != 0;
    public static bool InInterrupt => (Count & (HardirqMask | SoftirqMask)) != 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Disable()
    {
        if (MachineTraits.ChecksLocks && (Count & PreemptMask) == PreemptMask)
            Invariant.Fail("preemption turned off too often");
        Cpu.Current.PreemptCount += PreemptOne;
    }

    /// <summary>Allows preemption again, and gives way at once if a better task waits.</summary>
    public static void Enable()
    {
        EnableNoReschedule();
        Check();
    }

    /// <summary>Allows preemption again without looking whether somebody waits.</summary>
    public static void EnableNoReschedule() => EnableNoReschedule(Cpu.Current);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void EnableNoReschedule(TaskContext current)
    {
        if (MachineTraits.ChecksLocks && (current.PreemptCount & PreemptMask) == 0)
            Invariant.Fail("preemption turned on that was not off");
        current.PreemptCount -= PreemptOne;
    }

    /// <summary>Gives way if a better task waits and preemption is possible here.</summary>
    public static void Check() => Check(Cpu.Current);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Check(TaskContext current)
    {
        if ((current.WorkFlags & WorkFlag.NeedReschedule) != 0)
            CheckAll();
    }

    [AsksContext]
    private static void CheckAll()
    {
        if (Count == 0 && Cpu.InterruptsOn)
            Scheduler.PreemptCurrent();
    }
}
